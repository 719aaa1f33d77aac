#include "net/poller.h"

#include <algorithm>

#include "net/late_curl.h"

namespace tocsin::net {

/// Curl's multi handle, of which only the poll() is used: it has all that differs between systems.
struct Poller::Multi {
  Multi() {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    handle = curl_multi_init();
  }
  ~Multi() { curl_multi_cleanup(handle); }
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  CURLM* handle;
};

Poller::Poller() : multi_(std::make_unique<Multi>()) {}
Poller::~Poller() = default;

Poller::Ready Poller::wait(const std::optional<Wish>& wish, std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds kNever(0);
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(1);
  curl_waitfd socket{};
  if (wish) {
    socket.fd = static_cast<curl_socket_t>(wish->socket);
    socket.events = static_cast<short>((wish->readable ? CURL_WAIT_POLLIN : 0) |
                                       (wish->writable ? CURL_WAIT_POLLOUT : 0));
  }
  curl_multi_poll(multi_->handle, wish ? &socket : nullptr, wish ? 1 : 0,
                  static_cast<int>(std::clamp(limit, kNever, kLongest).count()), nullptr);
  return {.readable = (socket.revents & CURL_WAIT_POLLIN) != 0,
          .writable = (socket.revents & CURL_WAIT_POLLOUT) != 0};
}

void Poller::wake() { curl_multi_wakeup(multi_->handle); }

}  // namespace tocsin::net
