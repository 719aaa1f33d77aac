// Hears from a service manager what its services do, without asking.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/names.h"
#include "domain/service.h"
#include "probe/scm/system.h"

namespace tocsin::probe::scm {

/// One thing heard. `service` absent: services came or went, or something may have been missed;
/// only a look can tell what.
using Hear = std::function<void(std::optional<ObservedService> service)>;

/// One thread per host. What cannot be heard (an old Windows, a service that denies it) is simply
/// not heard: checks go on as the safety net.
class Listener {
 public:
  /// `hear` is called on the listener's thread, until the destructor returns.
  Listener(std::shared_ptr<System> system, std::string machine, Hear hear);
  /// Waits a moment for the thread to close its handles, but not for another machine.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The services to listen to from now on; also tries again what could not be heard before.
  void listen_to(std::vector<ServiceName> services);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::probe::scm
