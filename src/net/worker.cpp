#include "net/worker.h"

#include <exception>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/thread_pool.h"

namespace tocsin::net {

namespace asio = boost::asio;

struct Worker::Pool : ThreadPool {
  using ThreadPool::ThreadPool;
};

Worker::Worker(const std::string& name, std::size_t threads)
    : pool_(std::make_unique<Pool>(name, threads)) {}
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
  return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
      initiate, asio::use_awaitable, std::move(work));
}

}  // namespace tocsin::net
