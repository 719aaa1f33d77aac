#include "platform/windows.h"

#include <atomic>
#include <system_error>

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/windows/object_handle.hpp>

#include "platform/stop.h"
#include "platform/stop_event.h"

namespace tocsin::platform {

namespace asio = boost::asio;

namespace {

/// Handlers of Windows get no context, so there is one for the process. It is never destroyed: a
/// handler may still run when the program ends.
struct StopEvent {
  HANDLE set = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  std::atomic<bool> asked = false;
  std::atomic<StopReason> reason = StopReason::interrupt;
  std::atomic<bool> listens = false;
};

StopEvent& stop_event() {
  static auto& event = *new StopEvent;  // NOLINT(cppcoreguidelines-owning-memory): lives forever
  return event;
}

BOOL WINAPI on_console_event(DWORD event) {
  const auto [answer, reason] = answer_console(event, stop_event().asked);
  if (answer == Answer::pass_on) return FALSE;
  ask_to_stop(reason);
  if (answer == Answer::stop_and_hold) Sleep(INFINITE);  // ends with the process
  return TRUE;
}

void listen_to_console() {
  if (!stop_event().listens.exchange(true)) SetConsoleCtrlHandler(on_console_event, TRUE);
}

/// Asio does not by itself end the wait for a handle when the coroutine is cancelled.
class CancelTogether {
 public:
  CancelTogether(asio::cancellation_slot slot, asio::windows::object_handle& handle) : slot_(slot) {
    if (slot_.is_connected())
      slot_.assign([&handle](asio::cancellation_type /*type*/) {
        boost::system::error_code ignored;
        handle.cancel(ignored);
      });
  }
  ~CancelTogether() { slot_.clear(); }
  CancelTogether(const CancelTogether&) = delete;
  CancelTogether& operator=(const CancelTogether&) = delete;

 private:
  asio::cancellation_slot slot_;
};

HANDLE copy_of(HANDLE handle) {
  HANDLE copy = nullptr;
  const auto self = GetCurrentProcess();
  if (DuplicateHandle(self, handle, self, &copy, SYNCHRONIZE, FALSE, 0) == FALSE)
    throw std::system_error(static_cast<int>(GetLastError()), std::system_category(),
                            "DuplicateHandle");
  return copy;
}

}  // namespace

void ask_to_stop(StopReason reason) {
  auto& event = stop_event();
  if (event.asked.exchange(true)) return;
  event.reason = reason;
  SetEvent(event.set);
}

void ignore_console() { stop_event().listens = true; }

asio::awaitable<std::string> stop_request() {
  listen_to_console();
  asio::windows::object_handle event(co_await asio::this_coro::executor, copy_of(stop_event().set));
  const auto state = co_await asio::this_coro::cancellation_state;
  const CancelTogether together(state.slot(), event);
  co_await event.async_wait(asio::use_awaitable);
  co_return std::string(to_string(stop_event().reason.load()));
}

asio::awaitable<void> watch_reload_requests(std::function<void()> /*on_request*/) { co_return; }

}  // namespace tocsin::platform
