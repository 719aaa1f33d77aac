// What a request to start, stop or restart a service does, in which order, and how long it waits:
// the same for every way to reach a service manager.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "domain/service.h"
#include "net/async.h"
#include "probe/control.h"
#include "wire/svcctl/terms.h"

namespace tocsin::probe {

/// The service manager of one host, for one request. One call at a time. What the manager answers
/// is an error with the Win32 code as native.
class ControlledHost {
 public:
  struct Configuration {
    StartMode start_mode = StartMode::unknown;
    std::uint32_t type = 0;  ///< svcctl::ServiceType bits
  };

  virtual ~ControlledHost() = default;
  /// With these rights (svcctl::Access bits), and those to query it. It stays open as long as this
  /// lives, unless it is opened again. The other calls are for services that are open.
  virtual net::awaitable<Result<>> open(ServiceName service, std::uint32_t rights,
                                        net::Deadline deadline) = 0;
  /// Where the connection breaks after something was started or stopped, another is made, and the
  /// open services are opened again there, until the deadline: what was stopped is to be started.
  virtual net::awaitable<Result<ServiceStatus>> query_status(ServiceName service,
                                                             net::Deadline deadline) = 0;
  virtual net::awaitable<Result<Configuration>> query_configuration(ServiceName service,
                                                                    net::Deadline deadline) = 0;
  /// Those that do not rest, also those that depend on it through others, in the order in which
  /// they can be stopped.
  virtual net::awaitable<Result<std::vector<ServiceName>>> dependents(ServiceName service,
                                                                      net::Deadline deadline) = 0;
  virtual net::awaitable<Result<>> start(ServiceName service, net::Deadline deadline) = 0;
  virtual net::awaitable<Result<>> control(ServiceName service, svcctl::Control control,
                                           net::Deadline deadline) = 0;
};

/// As Control::run() says. All rights are asked for before anything is stopped, and a service that
/// could not be started again is not stopped by a restart.
[[nodiscard]] net::awaitable<Result<ControlReport>> run_control(ControlledHost& host,
                                                                ControlRequest request,
                                                                net::Deadline deadline);

}  // namespace tocsin::probe
