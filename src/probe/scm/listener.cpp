#include "probe/scm/listener.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "probe/scm/look.h"
#include "probe/scm_terms.h"

namespace tocsin::probe::scm {
namespace {

/// For closing handles; a thread that hangs in a call is left to itself.
constexpr auto kLongestEnd = std::chrono::seconds(1);

/// Asking for the state that a service is in would be answered at once, for ever.
std::uint32_t mask_besides(std::uint32_t current_state) {
  const auto bit = current_state >= svcctl::kStopped && current_state <= svcctl::kPaused
                       ? 1U << (current_state - 1)
                       : 0U;
  return (kNotifyAllStates & ~bit) | kNotifyDeletePending;
}

}  // namespace

/// Shared with the thread, which may hang in a call and outlive the listener.
struct Listener::State {
  State(std::shared_ptr<System> of, std::string at, Hear to)
      : system(std::move(of)),
        machine(std::move(at)),
        feed(system->make_feed(machine)),
        hear(std::move(to)) {}

  const std::shared_ptr<System> system;
  const std::string machine;
  const std::unique_ptr<Feed> feed;

  std::mutex mutex;  ///< over what follows
  Hear hear;         ///< empty: closing
  std::optional<std::vector<ServiceName>> wanted;
  bool ended = false;
  std::condition_variable end;

  // The thread's own.
  bool open = false;
  std::unordered_map<ServiceName, bool> services;  ///< whether each is armed

  [[nodiscard]] bool is_closing() {
    const std::lock_guard lock(mutex);
    return !hear;
  }

  /// Under the lock, so that nothing is heard once the destructor has returned.
  void tell(std::optional<ObservedService> service) {
    const std::lock_guard lock(mutex);
    if (hear) hear(std::move(service));
  }

  void run() {
    while (!is_closing()) {
      take_wishes();
      for (const auto& notification : feed->wait()) take(notification);
    }
    feed->shut();
    const std::lock_guard lock(mutex);
    ended = true;
    end.notify_all();
  }

  void take_wishes() {
    std::optional<std::vector<ServiceName>> wishes;
    {
      const std::lock_guard lock(mutex);
      wishes = std::exchange(wanted, std::nullopt);
    }
    if (!wishes) return;
    if (!open) {
      services.clear();
      if (feed->open() != svcctl::kSuccess) return;
      open = true;
      feed->arm_list();  // where it is not supported, checks find what comes and goes
    }
    const std::unordered_set<ServiceName> names(wishes->begin(), wishes->end());
    std::erase_if(services, [&](const auto& entry) {
      if (names.contains(entry.first)) return false;
      feed->close(entry.first.text());
      return true;
    });
    for (const auto& name : names) {
      auto& armed = services[name];
      if (!armed) armed = feed->arm(name.text(), mask_besides(0)) == svcctl::kSuccess;
    }
  }

  void take(const Feed::Notification& notification) {
    if (!notification.service) {
      if (notification.error == svcctl::kSuccess) feed->arm_list();
      return tell(std::nullopt);
    }
    const auto found = services.find(ServiceName(*notification.service));
    if (found == services.end()) return;  // the last word of one that was closed
    if (notification.error == svcctl::kServiceMarkedForDelete ||
        (notification.triggered & kNotifyDeletePending) != 0) {
      // Without our handle Windows can remove it.
      feed->close(found->first.text());
      services.erase(found);
      return tell(std::nullopt);
    }
    if (notification.error != svcctl::kSuccess) {
      // ERROR_SERVICE_NOTIFY_CLIENT_LAGGING, a host that is gone: what was armed is void. The next
      // check brings the wish to begin anew.
      feed->shut();
      open = false;
      return tell(std::nullopt);
    }
    auto status = to_status(notification.status);
    if (machine.empty()) {
      if (const auto processes = system->processes()) status = without_ghosts(status, *processes);
    }
    const auto mask = mask_besides(notification.status.current_state);
    found->second = feed->arm(found->first.text(), mask) == svcctl::kSuccess;
    tell(ObservedService{.name = found->first, .status = status, .details = {}});
  }
};

Listener::Listener(std::shared_ptr<System> system, std::string machine, Hear hear)
    : state_(std::make_shared<State>(std::move(system), std::move(machine), std::move(hear))) {
  // Detached, because a call to another machine may hang for minutes; it owns all that it touches.
  std::thread([state = state_] { state->run(); }).detach();
}

Listener::~Listener() {
  std::unique_lock lock(state_->mutex);
  state_->hear = nullptr;
  state_->feed->wake();
  state_->end.wait_for(lock, kLongestEnd, [this] { return state_->ended; });
}

void Listener::listen_to(std::vector<ServiceName> services) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->wanted = std::move(services);
  }
  state_->feed->wake();
}

}  // namespace tocsin::probe::scm
