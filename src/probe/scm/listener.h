// Pushed changes of services, as a service manager reports them by itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/names.h"
#include "domain/service.h"
#include "probe/scm/system.h"

namespace tocsin::probe::scm {

/// One pushed change. `service` absent: services came or went, or something may have been missed;
/// only a check can tell what.
using Hear = std::function<void(std::optional<ObservedService> service)>;

/// One thread per host. Where changes are not pushed (an old Windows, a service that denies it),
/// checks go on as the safety net.
class Listener {
 public:
  /// `hear` is called on the listener's thread, until the destructor returns.
  Listener(std::shared_ptr<System> system, std::string machine, Hear hear);
  /// Waits a moment for the thread to close its handles, but not for another machine.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The services to listen to from now on; also tries again those that it could not listen to
  /// before.
  void listen_to(std::vector<ServiceName> services);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::probe::scm
