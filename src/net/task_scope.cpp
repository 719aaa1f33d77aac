#include "net/task_scope.h"

#include <list>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "net/event.h"

namespace tocsin::net {

namespace asio = boost::asio;

namespace {

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
  struct Task {
    asio::cancellation_signal cancellation;
    bool begun = false;
  };

  explicit State(const Executor& on) : executor(on), empty(on) { empty.set(); }

  /// co_spawn() would run the task up to its first wait inside spawn().
  static awaitable<void> start_soon(std::shared_ptr<State> scope, std::shared_ptr<Task> here,
                                    awaitable<void> task) {
    here->begun = true;
    if (scope->cancelled) co_return;
    co_await asio::post(asio::use_awaitable);
    co_await std::move(task);
  }

  Executor executor;
  bool cancelled = false;
  std::list<std::shared_ptr<Task>> tasks;
  Event empty;
};

TaskScope::TaskScope(const Executor& executor) : state_(std::make_shared<State>(executor)) {}
TaskScope::~TaskScope() = default;

void TaskScope::spawn(awaitable<void> task) {
  if (state_->cancelled) return;
  const auto place = state_->tasks.insert(state_->tasks.end(), std::make_shared<State::Task>());
  state_->empty.reset();
  auto ended = [state = state_, place](const std::exception_ptr& failure) {
    state->tasks.erase(place);
    if (state->tasks.empty()) state->empty.set();
    if (failure && !is_cancellation(failure)) std::rethrow_exception(failure);
  };
  asio::co_spawn(state_->executor, State::start_soon(state_, *place, std::move(task)),
                 asio::bind_cancellation_slot((*place)->cancellation.slot(), std::move(ended)));
}

void TaskScope::cancel() {
  state_->cancelled = true;
  // A copy, because a task may end while it is being told to.
  const std::vector tasks(state_->tasks.begin(), state_->tasks.end());
  // From outside the loop, co_spawn() would pass it on later, when the task may have ended: it is
  // emitted in the loop.
  asio::dispatch(state_->executor, [tasks] {
    // What has not begun ends by itself: before that, co_spawn() of Boost 1.83 throws at a
    // cancellation where nobody catches it.
    for (const auto& task : tasks)
      if (task->begun) task->cancellation.emit(asio::cancellation_type::terminal);
  });
}

awaitable<void> TaskScope::join() {
  const auto state = state_;
  while (!state->tasks.empty()) co_await state->empty.wait();
}

awaitable<bool> TaskScope::join_until(Deadline deadline) {
  const auto state = state_;
  while (!state->tasks.empty())
    if (!co_await state->empty.wait_until(deadline)) co_return false;
  co_return true;
}

std::size_t TaskScope::size() const { return state_->tasks.size(); }

}  // namespace tocsin::net
