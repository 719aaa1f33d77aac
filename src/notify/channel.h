// A channel: the form of an alert for a destination, and what its answers mean. Nothing else:
// waiting, order, retries, limits and records are the pipeline's.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "config/destinations/alert_sections.h"
#include "domain/alert.h"
#include "net/async.h"
#include "notify/answer.h"
#include "notify/messages.h"

namespace tocsin::notify {

/// The key of a channel: "slack:" and a hash of what makes it this one.
[[nodiscard]] std::string channel_key(std::string_view kind, std::string_view identity);

/// The most that one attempt may take; channels have shorter limits of their own.
constexpr std::chrono::milliseconds kDeliveryLimit = std::chrono::seconds(30);
/// The most that one request to a server may take.
constexpr std::chrono::milliseconds kRequestLimit = std::chrono::seconds(10);

class GroupingChannel;

class Channel {
 public:
  virtual ~Channel() = default;
  /// Stable over restarts and free of secrets (channel_key).
  [[nodiscard]] virtual const std::string& key() const = 0;
  /// For people: "webhook \"description\"".
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Whether it gets such an alert at all. The answer depends on nothing but the alert.
  [[nodiscard]] virtual bool wants(const Alert& /*alert*/) const { return true; }
  /// The channel itself, where it is one for people, who would rather read one message than ten;
  /// null: each alert is a message, and leaves at once.
  [[nodiscard]] virtual GroupingChannel* grouping() { return nullptr; }
  /// The sections of the configuration that exist for it, of which each may have an address or
  /// texts of its own; of `otherAlerts` the firing one. None: its settings hold for all alerts.
  [[nodiscard]] virtual std::vector<config::AlertSection> sections() const { return {}; }
  /// Sends one message once. Never throws but for cancellation; reasons hold no secret.
  virtual net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                         net::Deadline deadline) = 0;
};

/// What one message says.
struct Contents {
  std::vector<const Alert*> alerts;  ///< never none, the oldest first
  /// What still fires after all of them, on the hosts that they are about, in the words of people.
  /// Says nothing where there is only one alert.
  std::vector<std::string> still_firing{};
};

/// One that writes a message first, for one alert or several, and then sends what it has written,
/// as often as it takes.
class GroupingChannel : public Channel {
 public:
  [[nodiscard]] GroupingChannel* grouping() final { return this; }
  /// What may share a message has the same answer: the way to the readers. Empty: a message of its
  /// own, as by a template that knows one service.
  [[nodiscard]] virtual std::string group_of(const Alert& alert) const = 0;
  [[nodiscard]] virtual Message write(const Contents& contents, const DeliveryId& id) = 0;
  /// Whether a message from the store is one that it may have written: only then is it sent.
  [[nodiscard]] virtual bool is_sound(const Message& message) const = 0;
  /// Sends what was written to where `first`, the first of its alerts, goes.
  virtual net::awaitable<Answer> send(const Alert& first, const Message& message,
                                      const DeliveryId& id, net::Deadline deadline) = 0;
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                 net::Deadline deadline) final {
    const auto message = write({.alerts = {&alert}}, id);
    co_return co_await send(alert, message, id, deadline);
  }
};

}  // namespace tocsin::notify
