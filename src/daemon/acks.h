// Acknowledged alerts: nobody is reminded of them, and they do not escalate.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "daemon/log.h"
#include "domain/ack.h"
#include "domain/suppression.h"

namespace tocsin::daemon {

/// "acknowledged by alice: new disk is on its way".
[[nodiscard]] Suppression suppression_of(const Ack& ack);

/// On the loop's thread only.
class Acks {
 public:
  /// Since when an alert about the service, or (of an empty name) about the host itself, fires.
  using FiringSince = std::function<std::optional<Time>(const HostName&, const ServiceName&)>;

  explicit Acks(const Log& log) : log_(log) {}

  /// What acknowledges the alert that fires since then.
  [[nodiscard]] std::optional<Suppression> find(const HostName& host, const ServiceName& service,
                                                Time firing_since) const;
  /// All that people asked for and that the store does not call ended.
  void set_acks(std::vector<Ack> acks);
  /// Ends those whose alert fires no more, or is another one now; answers the ids of all whose end
  /// is to be stored.
  [[nodiscard]] std::vector<std::int64_t> end_with_alerts(const FiringSince& firing_since);

 private:
  std::vector<Ack> acks_;
  std::set<std::int64_t> ended_;  ///< and the store may not know it yet
  const Log& log_;
};

}  // namespace tocsin::daemon
