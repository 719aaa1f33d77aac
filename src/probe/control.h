// Changes what the services of one host do: the only thing that tocsin does to a host. It happens
// for a person who asks for it, or by `policy.recovery`, and only where the host has `control`.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "base/words.h"
#include "domain/service.h"
#include "net/async.h"

namespace tocsin::probe {

enum class ControlKind : std::uint8_t { start, stop, restart };
consteval auto table_of(ControlKind) {
  using enum ControlKind;
  return std::array{Word{start, "start"}, Word{stop, "stop"}, Word{restart, "restart"}};
}

struct ControlRequest {
  ControlKind kind{};
  ServiceName service;
  bool dry_run = false;  ///< only find out what would be done, and whether the account may do it
  /// Of a restart: nothing is done to a service that runs by then, or comes up while it is waited
  /// for.
  bool unless_running = false;
};

/// One service that is started or stopped. Services that need the one that is asked for are stopped
/// before it, and started after it where they ran before.
struct ControlStep {
  ControlKind kind{};  ///< never restart
  ServiceName service;
  Result<> outcome{};  ///< of a dry run: whether the account may do it
  Duration took{};     ///< of a dry run: zero
};

struct ControlReport {
  ServiceStatus before;  ///< of the service that was asked for
  /// In their order, up to the first that failed; behind that, the starts of what a restart had
  /// stopped before it, and of what it had not seen stop. None: the service was already as was
  /// asked for.
  std::vector<ControlStep> steps;
  ServiceStatus after;

  /// The outcome of the first step that failed; success: there is none.
  [[nodiscard]] Result<> outcome() const {
    for (const auto& step : steps)
      if (!step.outcome) return step.outcome;
    return {};
  }
};

/// Over a session of its own that lasts for one request, with the account of the host's `control`.
/// No handle stays open after it, whatever happens.
class Control {
 public:
  virtual ~Control() = default;
  /// Returns when each service of the steps is where it is to be, or has made no progress for its
  /// own wait hint (or ten seconds), or at the deadline; what it does then is what the next check
  /// shows. A restart has more patience with what stops: until three quarters of its time for each
  /// stop, and until the deadline before the start. Error: the host was not reached or refused the
  /// login (kinds as Probe's), there is no such service (not_found), it may not be queried
  /// (denied), or it is a driver or the template of a per-user service (unsupported). What the host
  /// answers to a step is in the report: denied (5), rejected with the Win32 code as native (1058:
  /// it is disabled; 1069: its account could not log on), timed_out.
  virtual net::awaitable<Result<ControlReport>> run(ControlRequest request,
                                                    net::Deadline deadline) = 0;
};

}  // namespace tocsin::probe
