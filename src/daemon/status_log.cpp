#include "daemon/status_log.h"

#include <utility>

namespace tocsin::daemon {
namespace {

/// Losses of the same kind come with each batch; one line in so long is enough.
constexpr auto kLogEvery = std::chrono::minutes(10);

}  // namespace

void StatusLog::written(const notify::StatusSink& sink, std::size_t services,
                        std::chrono::milliseconds took) {
  metrics_.count_reported(sink.name(), services);
  log_.debug("{}: wrote {} service states in {} ms", sink.name(), services, took.count());
}

void StatusLog::lost(const notify::StatusSink& sink, std::size_t services, const std::string& why) {
  metrics_.count_unreported(sink.name(), services);
  const auto now = net::MonotonicClock::now();
  const auto [found, is_first] = losses_.try_emplace(sink.name());
  auto& losses = found->second;
  losses.unlogged += services;
  if (!is_first && losses.why == why && now - losses.logged < kLogEvery) return;
  losses.logged = now;
  losses.why = why;
  log_.error("{}: dropped {} service states: {}", sink.name(), std::exchange(losses.unlogged, 0),
             why);
}

void StatusLog::failing(const notify::StatusSink& sink, const std::string& why) {
  log_.warn("{}: service states wait, they cannot be written now: {}", sink.name(), why);
}

void StatusLog::recovered(const notify::StatusSink& sink) {
  log_.info("{}: service states are written again", sink.name());
}

void StatusLog::postponed(const notify::StatusSink& sink, const std::string& why) {
  log_.debug("{}: batch not written, tried again later: {}", sink.name(), why);
}

}  // namespace tocsin::daemon
