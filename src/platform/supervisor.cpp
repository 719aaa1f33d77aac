#include "platform/supervisor.h"

#include <fmt/format.h>

namespace tocsin::platform {

Result<> Supervisor::reloading() const {
  // By CLOCK_MONOTONIC, which the steady clock is on Linux.
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  return send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()));
}

Result<> Supervisor::status(std::string_view text) const {
  return send(fmt::format("STATUS={}", text));
}

}  // namespace tocsin::platform
