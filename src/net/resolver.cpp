#include "net/resolver.h"

#include <atomic>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/event.h"
#include "net/failure.h"

namespace tocsin::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Shared between the loop, which waits, and the thread, which asks.
struct Question {
  explicit Question(const Executor& executor) : answered(executor) {}

  Event answered;                      // the loop's
  std::atomic<bool> given_up = false;  // by the loop
  boost::system::error_code error;     // the thread's until it posts, then the loop's
  std::vector<std::string> addresses;  // likewise
};

}  // namespace

std::optional<std::string> as_address(const std::string& text) {
  const bool brackets = text.starts_with('[') && text.ends_with(']');
  boost::system::error_code no_address;
  const auto address =
      asio::ip::make_address(brackets ? text.substr(1, text.size() - 2) : text, no_address);
  if (no_address) return std::nullopt;
  return address.to_string();
}

awaitable<Result<std::vector<std::string>>> Resolver::resolve(std::string name, Deadline deadline) {
  const auto question = std::make_shared<Question>(executor_);
  threads_.submit([question, name, executor = executor_] {
    if (question->given_up) return;
    asio::io_context blocking;  // never runs
    tcp::resolver resolver(blocking);
    for (const auto& entry : resolver.resolve(name, "", question->error))
      question->addresses.push_back(entry.endpoint().address().to_string());
    asio::post(executor, [question] { question->answered.set(); });
  });
  struct GiveUp {
    std::atomic<bool>& flag;
    ~GiveUp() { flag = true; }
  } give_up{question->given_up};
  const bool in_time = co_await question->answered.wait_until(deadline);
  const auto error = in_time ? question->error : boost::system::error_code();
  if (!in_time || error) {
    co_return std::unexpected(describe_failure(error, in_time ? Expired::no : Expired::yes,
                                               co_await asio::this_coro::cancellation_state, name));
  }
  if (question->addresses.empty()) co_return fail(Kind::not_found, name + ": no such host name");
  co_return std::move(question->addresses);
}

}  // namespace tocsin::net
