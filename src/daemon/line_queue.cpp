#include "daemon/line_queue.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace tocsin::daemon {
namespace {

constexpr auto kLongestFlush = std::chrono::seconds(1);

}  // namespace

/// Shared with the thread, because one that stalls outlives the queue.
struct LineQueue::State {
  State(Write how, std::size_t at_most) : write(std::move(how)), most(at_most) {}

  const Write write;
  const std::size_t most;
  mutable std::mutex mutex;
  std::condition_variable idle;
  std::deque<Line> lines;
  bool writing = false;
  bool given_up = false;
  std::size_t lost = 0;
  std::size_t reported = 0;  ///< of these, those that a line has told of

  void write_all() {
    std::unique_lock lock(mutex);
    while (!lines.empty() && !given_up) {
      const Line line = std::move(lines.front());
      lines.pop_front();
      const auto gap = lost - reported;
      lock.unlock();
      const bool told = gap == 0 || write({config::LogLevel::warn, describe(gap)});
      const bool written = told && write(line);
      lock.lock();
      if (told) reported += gap;
      if (!written) lost++;
    }
    writing = false;
    idle.notify_all();
  }

  [[nodiscard]] static std::string describe(std::size_t gap) {
    return fmt::format("{} lines of this log are lost: they could not be written in time", gap);
  }
};

LineQueue::LineQueue(Write write, std::size_t most)
    : state_(std::make_shared<State>(std::move(write), most)) {}

LineQueue::~LineQueue() {
  const bool done = flush();
  const std::lock_guard lock(state_->mutex);
  if (done) return;
  state_->given_up = true;
  thread_.abandon(ticket_);
}

void LineQueue::put(Line line) {
  const std::lock_guard lock(state_->mutex);
  auto& lines = state_->lines;
  if (lines.size() >= state_->most) {
    lines.pop_front();
    state_->lost++;
  }
  lines.push_back(std::move(line));
  if (std::exchange(state_->writing, true)) return;
  ticket_ = thread_.submit([state = state_] { state->write_all(); });
}

bool LineQueue::flush() {
  std::unique_lock lock(state_->mutex);
  return state_->idle.wait_for(lock, kLongestFlush, [this] { return !state_->writing; });
}

std::size_t LineQueue::lost() const {
  const std::lock_guard lock(state_->mutex);
  return state_->lost;
}

}  // namespace tocsin::daemon
