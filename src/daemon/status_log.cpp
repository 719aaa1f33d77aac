#include "daemon/status_log.h"

#include <utility>

namespace tocsin::daemon {
namespace {

/// Losses of the same kind come with each batch; one line in so long is enough.
constexpr auto kTellEvery = std::chrono::minutes(10);

}  // namespace

void StatusLog::written(const notify::StatusSink& sink, std::size_t services) {
  metrics_.count_reported(sink.name(), services);
}

void StatusLog::lost(const notify::StatusSink& sink, std::size_t services, const std::string& why) {
  metrics_.count_unreported(sink.name(), services);
  const auto now = net::MonotonicClock::now();
  const auto [found, is_first] = losses_.try_emplace(sink.name());
  auto& losses = found->second;
  losses.untold += services;
  if (!is_first && losses.why == why && now - losses.told < kTellEvery) return;
  losses.told = now;
  losses.why = why;
  log_.error("{} does not get {} states of services: {}", sink.name(),
             std::exchange(losses.untold, 0), why);
}

void StatusLog::failing(const notify::StatusSink& sink, const std::string& why) {
  log_.warn("{} takes no states of services now, they wait: {}", sink.name(), why);
}

void StatusLog::recovered(const notify::StatusSink& sink) {
  log_.info("{} takes states of services again", sink.name());
}

}  // namespace tocsin::daemon
