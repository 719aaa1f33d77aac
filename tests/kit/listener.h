// What the imposters have in common: a listener with a thread of its own, scripts, and the waiting
// for what they have received.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "kit/certificates.h"

namespace tocsin::kit {

/// On 127.0.0.1, at a port that the system chooses. The last member of its owner, for its sessions
/// end with it.
class Listener {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  /// One session on the listener's thread; connections are counted from 1. Returning closes the
  /// connection, and so does an exception.
  using Serve = std::function<boost::asio::awaitable<void>(Socket socket, std::size_t connection)>;

  explicit Listener(Serve serve);
  ~Listener() { stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  /// Ends the sessions and the thread.
  void stop();

 private:
  boost::asio::awaitable<void> accept();

  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  Serve serve_;
  std::list<boost::asio::cancellation_signal> sessions_;  ///< on the thread only
  std::thread thread_;
};

/// Guards what an imposter shares with its test.
struct Shared {
  mutable std::mutex mutex;
  mutable std::condition_variable changed;

  /// Whether the condition holds within 20 seconds; asked under the mutex, at each change.
  template <typename Condition>
  bool wait_until(Condition condition) const {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), condition);
  }
  template <typename Value>
  Value copy(const Value& value) const {
    const std::scoped_lock lock(mutex);
    return value;
  }
};

/// One reply after the other; the last one is given for ever after.
template <typename Reply>
struct Script {
  std::vector<Reply> replies;
  std::size_t next = 0;

  Reply take() {
    const Reply& reply = replies.at(next);
    if (next + 1 < replies.size()) ++next;
    return reply;
  }
};

/// For a server of that identity; none without one.
[[nodiscard]] std::optional<boost::asio::ssl::context> tls_for(const Identity* identity);

}  // namespace tocsin::kit
