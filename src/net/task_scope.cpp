#include "net/task_scope.h"

#include <list>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "net/event.h"

namespace tocsin::net {

namespace asio = boost::asio;

namespace {

using Cancellation = std::shared_ptr<asio::cancellation_signal>;

/// co_spawn() would run the task up to its first wait inside spawn().
awaitable<void> start_soon(awaitable<void> task) {
  co_await asio::post(asio::use_awaitable);
  co_await std::move(task);
}

bool is_cancellation(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace

struct TaskScope::State {
  explicit State(const Executor& on) : executor(on), empty(on) { empty.set(); }

  Executor executor;
  bool cancelled = false;
  std::list<Cancellation> tasks;
  Event empty;
};

TaskScope::TaskScope(const Executor& executor) : state_(std::make_shared<State>(executor)) {}
TaskScope::~TaskScope() = default;

void TaskScope::spawn(awaitable<void> task) {
  if (state_->cancelled) return;
  const auto place =
      state_->tasks.insert(state_->tasks.end(), std::make_shared<asio::cancellation_signal>());
  state_->empty.reset();
  auto ended = [state = state_, place](const std::exception_ptr& failure) {
    state->tasks.erase(place);
    if (state->tasks.empty()) state->empty.set();
    if (failure && !is_cancellation(failure)) std::rethrow_exception(failure);
  };
  asio::co_spawn(state_->executor, start_soon(std::move(task)),
                 asio::bind_cancellation_slot((*place)->slot(), std::move(ended)));
}

void TaskScope::cancel() {
  state_->cancelled = true;
  // A copy, because a task may end while it is being told to.
  const std::vector<Cancellation> tasks(state_->tasks.begin(), state_->tasks.end());
  for (const auto& task : tasks) task->emit(asio::cancellation_type::terminal);
}

awaitable<void> TaskScope::join() {
  const auto state = state_;
  while (!state->tasks.empty()) co_await state->empty.wait();
}

std::size_t TaskScope::size() const { return state_->tasks.size(); }

}  // namespace tocsin::net
