#include "net/semaphore.h"

#include <list>

#include "net/event.h"

namespace tocsin::net {

struct Semaphore::State {
  Executor executor;
  std::size_t free;
  std::list<Event*> waiting;  // who waits longest stands first
};

Semaphore::Semaphore(Executor executor, std::size_t slots)
    : state_(std::make_shared<State>(std::move(executor), slots)) {}

std::size_t Semaphore::free() const { return state_->free; }

awaitable<Semaphore::Slot> Semaphore::acquire() {
  co_return *co_await acquire_until(Deadline::max());
}

awaitable<std::optional<Semaphore::Slot>> Semaphore::acquire_until(Deadline deadline) {
  const auto state = state_;
  if (state->free > 0) {
    state->free--;
    co_return Slot(state);
  }
  struct Place {
    State& state;
    Event granted{state.executor};
    std::list<Event*>::iterator in_line = state.waiting.insert(state.waiting.end(), &granted);
    explicit Place(State& of) : state(of) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (!granted.is_set()) state.waiting.erase(in_line);
    }
  } place(*state);
  if (!co_await place.granted.wait_until(deadline)) co_return std::nullopt;
  co_return Slot(state);
}

Semaphore::Slot::~Slot() {
  if (!of_) return;
  if (of_->waiting.empty()) {
    of_->free++;
    return;
  }
  // The place passes on at once, so that nobody who comes later can take it.
  Event* next = of_->waiting.front();
  of_->waiting.pop_front();
  next->set();
}

}  // namespace tocsin::net
