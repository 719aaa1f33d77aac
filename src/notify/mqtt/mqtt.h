// MQTT, with Butler's topics and fields (Butler 16, mqtt_handlers.js): changes as alerts, and every
// observed state.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/destinations/mqtt_config.h"
#include "net/mqtt_client.h"
#include "notify/channel.h"
#include "notify/destination.h"
#include "notify/status.h"

namespace tocsin::notify {

/// `{"serviceHost":...,"serviceStatusChanged":true,"kind":"stopped"}`, compact, raw UTF-8. Kinds
/// that Butler lacks (all but started and stopped) say more in a last key, `reason`.
[[nodiscard]] std::string mqtt_change(const Alert& alert);
/// The first eight of these keys.
[[nodiscard]] std::string mqtt_status(const HostName& host, const ServiceReport& report);
/// Where an alert is sent: by the status that it says, TOPIC/HOST/SERVICE, and of a host or
/// credential TOPIC/HOST/host or TOPIC/credential:NAME/credential. Empty: nowhere.
[[nodiscard]] std::string mqtt_topic(const config::Mqtt& settings, const Alert& alert);
/// How the broker is spoken to. Whoever sends only once takes an id of its own, so that it does
/// not push the running program off the broker, and says nothing of its presence.
[[nodiscard]] net::MqttSettings mqtt_settings(const config::Mqtt& settings,
                                              const std::string& version, Use use);

/// Changes: delivered when the broker has acknowledged them.
class MqttChannel final : public Channel {
 public:
  MqttChannel(config::Mqtt settings, std::shared_ptr<net::MqttTransport> transport);

  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool wants(const Alert& alert) const override;
  /// Ends within 10 seconds.
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                 net::Deadline deadline) override;

 private:
  config::Mqtt settings_;
  std::string key_;
  std::string name_;
  std::shared_ptr<net::MqttTransport> transport_;
};

/// States: one message for each service.
class MqttStatusSink final : public StatusSink {
 public:
  MqttStatusSink(config::Mqtt settings, std::shared_ptr<net::MqttTransport> transport,
                 Login login = {});

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] Login login() const override { return login_; }
  net::awaitable<Written> write(std::span<const StatusReport> reports,
                                net::Deadline deadline) override;
  /// Connects, and sends nothing.
  net::awaitable<Answer> test(net::Deadline deadline) override;

 private:
  config::Mqtt settings_;
  Login login_;
  std::string name_ = "MQTT";
  std::shared_ptr<net::MqttTransport> transport_;
};

/// Both, on one connection.
void add_channels(const config::Mqtt& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
