// Names to addresses on a few threads, because the system's resolver blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/error.h"
#include "net/async.h"
#include "net/thread_pool.h"

namespace tocsin::net {

/// An IPv4 or IPv6 address, with or without brackets and %zone; nothing when it is a name.
[[nodiscard]] std::optional<boost::asio::ip::address> parse_address(const std::string& text);

/// Inside net/ only, since it drags Asio in.
class Resolver {
 public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  explicit Resolver(Executor executor) : executor_(std::move(executor)) {}

  /// At least one. An address resolves to itself, at once. not_found, unreachable, timed_out. A
  /// question given up on (by deadline or cancellation) keeps its thread until the system's own
  /// time limit; one that still waits for a thread is dropped.
  awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Deadline deadline);

 private:
  static constexpr std::size_t kThreads = 4;

  Executor executor_;
  boost::asio::io_context lookups_;  // never runs; Asio's blocking resolver wants one
  ThreadPool threads_{"resolver", kThreads};
};

}  // namespace tocsin::net
