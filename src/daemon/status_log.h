// Reports the status stream in the log and in metrics.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "daemon/log.h"
#include "daemon/metrics.h"
#include "net/async.h"
#include "notify/status_stream.h"

namespace tocsin::daemon {

class StatusLog final : public notify::StatusObserver {
 public:
  /// Both outlive it.
  StatusLog(const Log& log, Metrics& metrics) : log_(log), metrics_(metrics) {}

  void written(const notify::StatusSink& sink, std::size_t services,
               std::chrono::milliseconds took) override;
  void lost(const notify::StatusSink& sink, std::size_t services, const std::string& why) override;
  void failing(const notify::StatusSink& sink, const std::string& why) override;
  void recovered(const notify::StatusSink& sink) override;
  void postponed(const notify::StatusSink& sink, const std::string& why) override;

 private:
  struct Losses {
    net::MonotonicClock::time_point logged;
    std::size_t unlogged = 0;
    std::string why;
  };
  const Log& log_;
  Metrics& metrics_;
  std::map<std::string, Losses> losses_;
};

}  // namespace tocsin::daemon
