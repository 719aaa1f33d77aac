// The end of the supervisor in sd_notify(3): a real socket that datagrams are read from.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "kit/scratch.h"

namespace tocsin::kit {

class NotifySocket {
 public:
  enum class Kind : std::uint8_t { path, abstract };

  explicit NotifySocket(Kind kind = Kind::path)
      : name_(kind == Kind::path ? (folder_.path() / "notify").string()
                                 : "@tocsin-test-" + folder_.path().filename().string()) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::ranges::copy(name_, address.sun_path);
    if (kind == Kind::abstract) address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0)
      throw std::runtime_error("no socket " + name_);
  }
  ~NotifySocket() { close(socket_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// As $NOTIFY_SOCKET has it.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// The datagrams since the last call.
  [[nodiscard]] std::vector<std::string> received() const {
    std::vector<std::string> all;
    std::array<char, 4096> bytes{};
    for (;;) {
      const auto got = recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got < 0) return all;
      all.emplace_back(bytes.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  ScratchDirectory folder_;
  std::string name_;
  int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace tocsin::kit
