// What nobody is told of at the moment: maintenance windows, and silences that people asked for.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/maintenance.h"
#include "daemon/log.h"
#include "domain/review.h"
#include "domain/silence.h"
#include "net/async.h"
#include "net/worker.h"
#include "store/silences.h"

namespace tocsin::daemon {

/// "maintenance `patch night` until 2026-11-29T02:00Z: Windows updates".
[[nodiscard]] Hold hold_of(const config::Maintenance& maintenance, Time until);
/// "silenced by alice until 2026-11-29T02:00Z: new disk".
[[nodiscard]] Hold hold_of(const Silence& silence);

/// On the loop's thread only.
class Silences {
 public:
  Silences(store::Silences stored, std::vector<config::Maintenance> maintenance, const Clock& clock,
           const Log& log)
      : stored_(std::move(stored)),
        maintenance_(std::move(maintenance)),
        clock_(clock),
        log_(log) {}

  /// What holds news of the service back, or (of an empty name) of its host.
  [[nodiscard]] std::optional<Hold> find(const HostName& host, const ServiceName& service,
                                         Time now) const;
  void set_maintenance(std::vector<config::Maintenance> maintenance) {
    maintenance_ = std::move(maintenance);
  }
  /// Reads what people asked for. Blocking: before anything else runs.
  [[nodiscard]] Result<> read();
  /// The same again and again on the store's thread, until it is cancelled. While it fails, what
  /// was known holds.
  net::awaitable<void> run(net::Worker& worker);

 private:
  void take(std::vector<Silence> silences);

  store::Silences stored_;
  std::vector<config::Maintenance> maintenance_;
  std::vector<Silence> silences_;  ///< that have not ended
  const Clock& clock_;
  const Log& log_;
};

}  // namespace tocsin::daemon
