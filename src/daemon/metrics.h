// What tocsin says about itself, in numbers for Prometheus.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/names.h"

namespace tocsin::daemon {

/// On the loop's thread only. Names and help texts stand in docs/metrics.md.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// A check of the host has ended; `outcome` is why it was not reached, or ok.
  void count_check(const HostName& host, std::string_view outcome,
                   std::chrono::duration<double> took);
  /// The host spoke of so many services by itself.
  void count_pushed(const HostName& host, std::size_t services);
  void set_stuck_threads(std::size_t threads);
  void set_lost_log_lines(std::size_t lines);
  /// The destination has taken, or will never have, so many services' reports of the status stream.
  void count_reported(const std::string& destination, std::size_t services);
  void count_unreported(const std::string& destination, std::size_t services);

  /// Everything, in the text format that Prometheus reads.
  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace tocsin::daemon
