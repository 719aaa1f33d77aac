#include "net/loop.h"

#include <atomic>
#include <exception>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "net/time_source.h"

namespace tocsin::net {

namespace asio = boost::asio;

struct Loop::Context {
  asio::io_context io{1};  // one thread runs it; others only post
  std::atomic<bool> stop_asked = false;

  /// An io_context that ran out of work must be restarted, which would undo a stop.
  void begin() {
    io.restart();
    if (stop_asked) io.stop();
  }

  /// As io_context's, but where a TimeSource is installed, what would be waited for comes at once.
  std::size_t run_one() {
    auto* const source = TimeSource::installed();
    if (source == nullptr) return io.run_one();
    for (;;) {
      const auto count = io.poll_one();
      if (count > 0 || io.stopped()) return count;
      if (!source->pass_to_next_alarm()) return io.run_one();  // other threads, or the network
    }
  }
};

Loop::Loop() : context_(std::make_unique<Context>()) {}
Loop::~Loop() = default;

Executor Loop::executor() { return context_->io.get_executor(); }
void Loop::run() {
  context_->begin();
  while (context_->run_one() > 0) continue;
}

void Loop::stop() {
  context_->stop_asked = true;
  context_->io.stop();
}

void Loop::post(std::function<void()> work) { asio::post(context_->io, std::move(work)); }

void Loop::drive(awaitable<void> main) {
  struct Outcome {
    bool ended = false;
    std::exception_ptr failure;
  };
  const auto outcome = std::make_shared<Outcome>();
  context_->begin();
  asio::co_spawn(context_->io, std::move(main), [outcome](std::exception_ptr failure) {
    outcome->ended = true;
    outcome->failure = std::move(failure);
  });
  while (!outcome->ended) {
    if (context_->run_one() == 0) throw std::runtime_error("the loop was stopped");
  }
  if (outcome->failure) std::rethrow_exception(outcome->failure);
}

}  // namespace tocsin::net
