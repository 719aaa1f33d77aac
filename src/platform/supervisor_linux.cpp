#include "platform/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "base/text.h"
#include "platform/descriptor_linux.h"

namespace tocsin::platform {
namespace {

std::optional<std::uint64_t> number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

}  // namespace

Supervisor Supervisor::of_process(const Variables& variables) {
  auto socket = variables("NOTIFY_SOCKET");
  if (!socket || socket->empty()) return {};
  std::optional<std::chrono::microseconds> watchdog;
  const auto of = variables("WATCHDOG_PID");  // a parent's is not meant for us
  if (!of || number(of) == static_cast<std::uint64_t>(getpid())) {
    const auto limit = number(variables("WATCHDOG_USEC"));
    if (limit && *limit > 0) watchdog = std::chrono::microseconds(*limit);
  }
  return Supervisor(*std::move(socket), watchdog);
}

Result<> Supervisor::send(std::string_view lines) const {
  if (!is_there()) return {};
  const auto failed = [this](const std::string& why) {
    return fail(ErrorKind::unreachable, "NOTIFY_SOCKET " + printable(socket_) + ": " + why);
  };
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const bool is_abstract = socket_.starts_with('@');
  if (!is_abstract && !socket_.starts_with('/'))
    return failed("neither a path that begins with / nor an abstract name that begins with @");
  if (socket_.size() >= sizeof(address.sun_path)) return failed("the name is too long");
  std::ranges::copy(socket_, address.sun_path);
  if (is_abstract) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());

  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  if (socket.get() < 0 ||
      setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
      sendto(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), size) < 0)
    return failed(std::generic_category().message(errno));
  return {};
}

}  // namespace tocsin::platform
