// A channel: the form of an alert for a destination, and what its answers mean. Nothing else:
// waiting, order, retries, limits and records are the pipeline's.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "config/alert_sections.h"
#include "domain/alert.h"
#include "net/async.h"
#include "notify/answer.h"

namespace tocsin::notify {

/// The key of a channel: "slack:" and a hash of what makes it this one.
[[nodiscard]] std::string channel_key(std::string_view kind, std::string_view identity);

/// The most that one attempt may take; channels have shorter limits of their own.
constexpr std::chrono::milliseconds kDeliveryLimit = std::chrono::seconds(30);
/// The most that one request to a server may take.
constexpr std::chrono::milliseconds kRequestLimit = std::chrono::seconds(10);
class Channel {
 public:
  virtual ~Channel() = default;
  /// Stable over restarts and free of secrets (channel_key).
  [[nodiscard]] virtual const std::string& key() const = 0;
  /// For people: "webhook \"description\"".
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Whether it gets such an alert at all. The answer depends on nothing but the alert.
  [[nodiscard]] virtual bool wants(const Alert& /*alert*/) const { return true; }
  /// The sections of the configuration that exist for it, of which each may have an address or
  /// texts of its own; of `otherAlerts` the firing one. None: its settings hold for all alerts.
  [[nodiscard]] virtual std::vector<config::AlertSection> sections() const { return {}; }
  /// Sends one message once. Never throws but for cancellation; reasons hold no secret.
  virtual net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                         net::Deadline deadline) = 0;
};

}  // namespace tocsin::notify
