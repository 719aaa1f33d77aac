#include "daemon/supervision.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace tocsin::daemon {
namespace {

constexpr std::chrono::milliseconds kTellEvery = std::chrono::seconds(5);

}  // namespace

net::awaitable<void> Supervision::run() {
  const auto& supervisor = deps_.supervisor;
  if (!supervisor.is_there()) co_return;
  const auto watchdog = supervisor.watchdog();
  // Twice in its time at least, so that one that is late does no harm.
  auto pause = kTellEvery;
  if (watchdog)
    pause = std::min(pause, std::chrono::ceil<std::chrono::milliseconds>(*watchdog / 3));
  for (std::string told;; co_await net::sleep_for(pause)) {
    if (watchdog && !deps_.liveness.wants_restart()) note(supervisor.alive());
    if (auto status = deps_.status(); status != told) {
      note(supervisor.status(status));
      told = std::move(status);
    }
  }
}

void Supervision::note(const Result<>& told) {
  if (!told && !failing_) deps_.log.warn("the supervisor is told nothing: {}", told.error().what);
  failing_ = !told;
}

}  // namespace tocsin::daemon
