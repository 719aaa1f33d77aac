#include "net/resolver.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/failure.h"

namespace tocsin::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

struct Answer {
  boost::system::error_code error;
  std::vector<std::string> addresses;
};

Answer ask(const std::string& name) {
  Answer answer;
  asio::io_context blocking;  // never runs
  tcp::resolver resolver(blocking);
  for (const auto& entry : resolver.resolve(name, "", answer.error))
    answer.addresses.push_back(entry.endpoint().address().to_string());
  return answer;
}

}  // namespace

std::optional<std::string> as_address(const std::string& text) {
  const bool brackets = text.starts_with('[') && text.ends_with(']');
  boost::system::error_code no_address;
  const auto address =
      asio::ip::make_address(brackets ? text.substr(1, text.size() - 2) : text, no_address);
  if (no_address) return std::nullopt;
  return address.to_string();
}

std::string own_host_name() {
  boost::system::error_code nameless;
  return asio::ip::host_name(nameless);
}

Result<std::vector<std::string>> resolve_now(const std::string& name) {
  auto answer = ask(name);
  if (answer.error == asio::error::host_not_found || answer.error == asio::error::no_data ||
      (!answer.error && answer.addresses.empty()))
    return fail(ErrorKind::not_found, name + ": no such host name");
  if (answer.error) return fail(ErrorKind::unreachable, name + ": " + answer.error.message());
  return std::move(answer.addresses);
}

awaitable<Result<std::vector<std::string>>> Resolver::resolve(std::string name, Deadline deadline) {
  auto answer = co_await threads_.run_until([name] { return ask(name); }, deadline);
  if (!answer || answer->error) {
    co_return std::unexpected(describe_failure(answer ? answer->error : boost::system::error_code(),
                                               answer ? Expired::no : Expired::yes,
                                               co_await asio::this_coro::cancellation_state, name));
  }
  if (answer->addresses.empty()) co_return fail(ErrorKind::not_found, name + ": no such host name");
  co_return std::move(answer->addresses);
}

}  // namespace tocsin::net
