#include "probe/diagnosis.h"

#include <fmt/format.h>

#include "probe/probe.h"

namespace tocsin::probe {

/// For a way without a network between us and the service manager.
net::awaitable<Diagnosis> Probe::diagnose(net::Deadline deadline) {
  const auto services = co_await list(deadline);
  if (services)
    co_return Diagnosis{{.step = Step::list,
                         .outcome = Outcome::works,
                         .found = fmt::format("{} services", services->size())}};
  co_return Diagnosis{
      {.step = Step::list, .outcome = Outcome::fails, .found = services.error().what}};
}

}  // namespace tocsin::probe
