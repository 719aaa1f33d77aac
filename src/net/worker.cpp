#include "net/worker.h"

#include <exception>
#include <system_error>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/event.h"
#include "net/signal.h"
#include "net/thread_pool.h"
#include "net/time_source.h"

namespace tocsin::net {

namespace asio = boost::asio;

struct Worker::Pool : ThreadPool {
  using ThreadPool::ThreadPool;
};

namespace {

/// Null where time passes by itself.
std::shared_ptr<void> hold_time() {
  auto* const source = TimeSource::installed();
  return source == nullptr ? nullptr : source->hold();
}

}  // namespace

Worker::Worker(std::string name, std::size_t most)
    : pool_(std::make_unique<Pool>(std::move(name), most)) {}
Worker::~Worker() = default;

awaitable<void> Worker::run_erased(std::function<void()> work) {
  const auto initiate = [this](auto handler, std::function<void()> job) {
    // The guard keeps the loop running while only this thread is busy.
    auto guard = asio::make_work_guard(handler);
    pool_->submit(
        [job = std::move(job), handler = std::move(handler), guard = std::move(guard)]() mutable {
          std::exception_ptr failure;
          try {
            job();
          } catch (...) {
            failure = std::current_exception();
          }
          asio::post(guard.get_executor(),
                     [handler = std::move(handler), failure]() mutable { handler(failure); });
        });
  };
  const auto held = hold_time();
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
      initiate, asio::use_awaitable, std::move(work));
}

awaitable<bool> Worker::run_owned(std::move_only_function<void()> work, Deadline deadline) {
  Signal ended(co_await asio::this_coro::executor);
  const auto failure = std::make_shared<std::exception_ptr>();
  const auto held = hold_time();
  auto job = [work = std::move(work), failure, sender = ended.sender()]() mutable {
    try {
      work();
    } catch (...) {
      *failure = std::current_exception();
    }
    sender.send();
  };
  ThreadPool::Ticket ticket;
  try {
    ticket = pool_->submit(std::move(job));
  } catch (const std::system_error&) {
    co_return false;
  }
  struct AbandonUnlessEnded {
    ThreadPool& pool;
    const ThreadPool::Ticket& ticket;
    bool ended = false;
    ~AbandonUnlessEnded() {
      if (!ended) pool.abandon(ticket);
    }
  } waiting{*pool_, ticket};
  waiting.ended = co_await ended.event().wait_until(deadline);
  if (!waiting.ended) co_return false;
  if (*failure) std::rethrow_exception(*failure);
  co_return true;
}

std::size_t Worker::stuck() const { return pool_->stuck(); }

}  // namespace tocsin::net
