#include "net/signal.h"

#include <mutex>
#include <utility>

#include <boost/asio/post.hpp>

namespace tocsin::net {

struct Signal::Shared {
  explicit Shared(Executor on) : event(on), executor(std::move(on)) {}

  Event event;  ///< the loop's
  std::mutex mutex;
  Executor executor;  ///< empty once the signal is gone: the loop may be, too
};

Signal::Signal(Executor executor) : shared_(std::make_shared<Shared>(std::move(executor))) {}

Signal::~Signal() {
  const std::lock_guard lock(shared_->mutex);
  shared_->executor = {};
}

Event& Signal::event() { return shared_->event; }

void Signal::Sender::send() const {
  const std::lock_guard lock(shared_->mutex);
  if (!shared_->executor) return;
  // What the loop never runs is destroyed with it, by which time the signal is gone.
  boost::asio::post(shared_->executor, [shared = shared_] { shared->event.set(); });
}

}  // namespace tocsin::net
