// What suppresses alerts at the moment: maintenance windows, and silences that people asked for.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/monitored/maintenance.h"
#include "daemon/log.h"
#include "domain/silence.h"
#include "domain/suppression.h"

namespace tocsin::daemon {

/// "maintenance `patch night` until 2026-11-29T02:00Z: Windows updates".
[[nodiscard]] Suppression suppression_of(const config::Maintenance& maintenance, Time until);
/// "silenced by alice until 2026-11-29T02:00Z: new disk".
[[nodiscard]] Suppression suppression_of(const Silence& silence);

/// On the loop's thread only.
class Silences {
 public:
  Silences(std::vector<config::Maintenance> maintenance, const Log& log)
      : maintenance_(std::move(maintenance)), log_(log) {}

  /// What suppresses alerts about the service, or (for an empty name) about its host.
  [[nodiscard]] std::optional<Suppression> find(const HostName& host, const ServiceName& service,
                                                Time now) const;
  [[nodiscard]] const std::vector<config::Maintenance>& maintenance() const { return maintenance_; }
  void set_maintenance(std::vector<config::Maintenance> maintenance) {
    maintenance_ = std::move(maintenance);
  }
  /// All that people asked for and that has not ended.
  void set_silences(std::vector<Silence> silences);

 private:
  std::vector<config::Maintenance> maintenance_;
  std::vector<Silence> silences_;
  const Log& log_;
};

}  // namespace tocsin::daemon
