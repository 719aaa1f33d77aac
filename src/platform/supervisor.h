// Who has started this program and wants to know how it fares: systemd, by the protocol of
// sd_notify(3), without its library. On Windows the service manager is told by platform/service.h.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace tocsin::platform {

/// From any thread; each call may take a second where the supervisor does not read, and fails then.
/// Without one, nobody is told anything and nothing fails.
class Supervisor {
 public:
  using Variables = std::function<std::optional<std::string>(const std::string& name)>;

  /// Nobody.
  Supervisor() = default;
  /// The datagram socket of this name: a path, or `@` and a name without one (abstract).
  explicit Supervisor(std::string socket,
                      std::optional<std::chrono::microseconds> watchdog = std::nullopt)
      : socket_(std::move(socket)), watchdog_(watchdog) {}
  /// As $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID say; nobody on Windows.
  [[nodiscard]] static Supervisor of_process(const Variables& variables);

  [[nodiscard]] bool is_there() const { return !socket_.empty(); }
  /// It restarts the program when no alive() comes for so long; nothing: never.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  /// Started, or reloaded.
  [[nodiscard]] Result<> ready() const { return send("READY=1"); }
  /// ready() follows, whatever comes of it.
  [[nodiscard]] Result<> reloading() const;
  [[nodiscard]] Result<> stopping() const { return send("STOPPING=1"); }
  [[nodiscard]] Result<> alive() const { return send("WATCHDOG=1"); }
  /// One line, for people.
  [[nodiscard]] Result<> status(std::string_view text) const;

 private:
  /// One datagram of lines NAME=VALUE.
  [[nodiscard]] Result<> send(std::string_view lines) const;

  std::string socket_;  ///< empty: nobody
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace tocsin::platform
