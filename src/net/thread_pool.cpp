#include "net/thread_pool.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>

namespace tocsin::net {
namespace {

constexpr std::size_t kLongestName = 15;  // Linux refuses longer ones
constexpr auto kLongestIdle = std::chrono::minutes(1);

}  // namespace

class ThreadPool::Task {
 public:
  explicit Task(Job job) : job(std::move(job)) {}

  enum class Stage : std::uint8_t { queued, running, ended };
  Job job;
  Stage stage = Stage::queued;
  bool abandoned = false;
};

/// Shared with the threads, because those that are stuck outlive the pool.
struct ThreadPool::State : std::enable_shared_from_this<State> {
  State(std::string name, std::size_t most) : name(std::move(name)), most(most) {}

  const std::string name;
  const std::size_t most;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable ended;
  std::deque<Ticket> queue;
  bool closing = false;
  std::size_t alive = 0;
  std::size_t idle = 0;
  std::size_t stuck = 0;

  /// Every thread is detached, and counted until its very end: a stuck one cannot be joined.
  void start_thread() {
    std::thread([self = shared_from_this()] {
      pthread_setname_np(pthread_self(), self->name.substr(0, kLongestName).c_str());
      self->work();
    }).detach();
    alive++;
  }

  /// Where the system refuses a thread, those that there are work the job off.
  void push(const Ticket& task) {
    queue.push_back(task);
    if (idle >= queue.size() || alive >= most) return;
    try {
      start_thread();
    } catch (const std::system_error&) {
      if (alive > stuck) return;
      queue.pop_back();
      throw;
    }
  }

  /// The last thread stays: the system might refuse the next one.
  bool wait_for_job(std::unique_lock<std::mutex>& lock) {
    const auto wanted = [this] { return closing || !queue.empty(); };
    idle++;
    while (!wake.wait_for(lock, kLongestIdle, wanted) && alive - stuck == 1) {
    }
    idle--;
    return !queue.empty();
  }

  void work() {
    std::unique_lock lock(mutex);
    while (wait_for_job(lock)) {
      const Ticket task = std::move(queue.front());
      queue.pop_front();
      task->stage = Task::Stage::running;
      lock.unlock();
      task->job();
      task->job = nullptr;  // what it owns must not be destroyed under the lock
      lock.lock();
      task->stage = Task::Stage::ended;
      if (task->abandoned) stuck--;
    }
    alive--;
    ended.notify_all();
  }
};

ThreadPool::ThreadPool(std::string name, std::size_t most)
    : state_(std::make_shared<State>(std::move(name), most)) {}

ThreadPool::~ThreadPool() {
  std::unique_lock lock(state_->mutex);
  state_->closing = true;
  state_->wake.notify_all();
  state_->ended.wait(lock, [this] { return state_->alive == state_->stuck; });
}

ThreadPool::Ticket ThreadPool::submit(Job job) {
  auto task = std::make_shared<Task>(std::move(job));
  {
    const std::lock_guard lock(state_->mutex);
    state_->push(task);
  }
  state_->wake.notify_one();
  return task;
}

void ThreadPool::abandon(const Ticket& ticket) {
  Job dropped;  // destroyed after the lock
  const std::lock_guard lock(state_->mutex);
  if (ticket->stage == Task::Stage::queued) {
    std::erase(state_->queue, ticket);
    ticket->stage = Task::Stage::ended;
    dropped = std::exchange(ticket->job, nullptr);
  } else if (ticket->stage == Task::Stage::running && !std::exchange(ticket->abandoned, true)) {
    state_->stuck++;
    state_->ended.notify_all();
  }
}

std::size_t ThreadPool::stuck() const {
  const std::lock_guard lock(state_->mutex);
  return state_->stuck;
}

}  // namespace tocsin::net
