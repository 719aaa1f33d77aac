// Says in the log and in metrics what becomes of the deliveries.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log.h"
#include "daemon/metrics.h"
#include "notify/destination.h"
#include "notify/observer.h"

namespace tocsin::daemon {

class DeliveryLog final : public notify::Observer {
 public:
  /// `log` and `metrics` outlive it; `destinations` give the names for the keys.
  /// `on_settled` is called when deliveries have met an outcome; may be empty.
  DeliveryLog(const Log& log, Metrics& metrics,
              const std::vector<notify::Destination>& destinations,
              std::function<void()> on_settled = {});

  void settled(std::span<const notify::Outcome> outcomes) override;
  void abandoned(std::size_t count) override;
  void storage_failed(const Error& error, std::size_t unrecorded) override;
  void storage_recovered() override;
  void lost(const store::Delivery& delivery) override;

  [[nodiscard]] bool wants_steps() const override { return log_.wants(config::LogLevel::debug); }
  void queued(const store::Delivery& delivery) override;
  void waits(const store::Delivery& delivery, const notify::Wait& wait) override;
  void attempting(const store::Delivery& delivery) override;
  void answered(const store::Delivery& delivery, const notify::Answer& answer,
                std::chrono::milliseconds took) override;

 private:
  [[nodiscard]] PrefixedLog log_of(const store::Delivery& delivery) const;

  const Log& log_;
  Metrics& metrics_;
  std::function<void()> on_settled_;
  std::map<std::string, PrefixedLog, std::less<>> logs_;  ///< by the destination's key
};

}  // namespace tocsin::daemon
