#include "net/resolver.h"

#include <atomic>
#include <memory>

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
  Resolver::Endpoints endpoints;       // likewise
};

}  // namespace

std::optional<asio::ip::address> parse_address(const std::string& text) {
  const bool brackets = text.starts_with('[') && text.ends_with(']');
  boost::system::error_code no_address;
  auto address =
      asio::ip::make_address(brackets ? text.substr(1, text.size() - 2) : text, no_address);
  if (no_address) return std::nullopt;
  return address;
}

awaitable<Result<Resolver::Endpoints>> Resolver::resolve(std::string host, std::uint16_t port,
                                                         Deadline deadline) {
  if (const auto address = parse_address(host)) co_return Endpoints{{*address, port}};

  const auto question = std::make_shared<Question>(executor_);
  threads_.submit([question, host, port, executor = executor_, &lookups = lookups_] {
    if (question->given_up) return;
    tcp::resolver resolver(lookups);
    for (const auto& entry : resolver.resolve(host, std::to_string(port),
                                              tcp::resolver::numeric_service, question->error))
      question->endpoints.push_back(entry.endpoint());
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
                                               co_await asio::this_coro::cancellation_state, host));
  }
  if (question->endpoints.empty()) co_return fail(Kind::not_found, host + ": no such host name");
  co_return std::move(question->endpoints);
}

}  // namespace tocsin::net
