#include "net/semaphore.h"

#include "net/event.h"

namespace tocsin::net {

struct Semaphore::State {
  std::size_t free;
  std::list<Turn*> line;  // who waits longest stands first
};

Semaphore::Semaphore(Executor executor, std::size_t slots)
    : executor_(std::move(executor)), state_(std::make_shared<State>(slots)) {}

std::size_t Semaphore::free() const { return state_->free; }

awaitable<Semaphore::Slot> Semaphore::acquire() {
  co_return *co_await acquire_until(Deadline::max());
}

awaitable<std::optional<Semaphore::Slot>> Semaphore::acquire_until(Deadline deadline) {
  Event come(executor_);
  Turn turn(*this, [&come] { come.set(); });
  if (!turn.has_come()) (void)co_await come.wait_until(deadline);
  co_return std::move(turn.slot_);
}

Semaphore::Turn::Turn(const Semaphore& of, std::function<void()> on_come)
    : of_(of.state_), on_come_(std::move(on_come)) {
  if (of_->free > 0) {
    of_->free--;
    slot_.emplace(of_);
  } else {
    in_line_ = of_->line.insert(of_->line.end(), this);
  }
}

Semaphore::Turn::~Turn() {
  if (in_line_) of_->line.erase(*in_line_);
}

Semaphore::Slot::~Slot() {
  if (!of_) return;
  if (of_->line.empty()) {
    of_->free++;
    return;
  }
  // The place passes on at once, so that nobody who comes later can take it.
  Turn* next = of_->line.front();
  of_->line.pop_front();
  next->in_line_.reset();
  next->slot_.emplace(of_);
  next->on_come_();
}

}  // namespace tocsin::net
