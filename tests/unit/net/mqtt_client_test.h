// A client of a pretend broker.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kit/mqtt_imposter.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/mqtt_client.h"
#include "net/task_scope.h"

namespace tocsin::net {

inline constexpr auto kMqttTooLong = std::chrono::seconds(20);  // only a broken test waits for it

class MqttClientTest : public ::testing::TestWithParam<MqttVersion> {
 protected:
  MqttSettings settings(std::uint16_t port) {
    return {.host = "127.0.0.1",
            .port = port,
            .version = GetParam(),
            .client_id = "tocsin-test",
            .backoff = {.first = std::chrono::milliseconds(1),
                        .longest = std::chrono::milliseconds(20)}};
  }
  void connect_to(MqttSettings settings) {
    client_ = std::make_unique<MqttClient>(loop_.executor(), std::move(settings));
  }
  void connect_to(const kit::MqttImposter& broker) { connect_to(settings(broker.port())); }

  std::vector<Result<std::string>> publish(std::vector<MqttMessage> messages,
                                           std::chrono::milliseconds limit = kMqttTooLong) {
    return loop_.run_until_done(client_->publish(std::move(messages), within(limit)));
  }
  Result<std::string> publish(const std::string& topic, MqttQos qos = MqttQos::at_least_once,
                              std::chrono::milliseconds limit = kMqttTooLong) {
    return publish({{.topic = topic, .payload = "{}", .qos = qos}}, limit).front();
  }
  /// Until it arrives, as the pipeline does it; how often it was sent.
  int deliver(const std::string& topic) {
    for (int sent = 1;; sent++) {
      if (publish(topic)) return sent;
    }
  }
  /// Empty: there is none within so long.
  std::string next_warning(std::chrono::milliseconds limit) {
    std::string text;
    Event warned(loop_.executor());
    TaskScope scope(loop_.executor());
    const auto listen = [&]() -> awaitable<void> {
      text = co_await client_->warning();
      warned.set();
    };
    scope.spawn(listen());
    const auto wait = [&]() -> awaitable<void> {
      (void)co_await warned.wait_until(within(limit));
      scope.cancel();
      co_await scope.join();
    };
    loop_.run_until_done(wait());
    return text;
  }
  [[nodiscard]] bool is_v5() const { return GetParam() == MqttVersion::v5; }

  Loop loop_;
  std::unique_ptr<MqttClient> client_;
};

inline std::vector<std::string> topics_of(const kit::MqttImposter& broker) {
  std::vector<std::string> topics;
  for (const auto& message : broker.published()) topics.push_back(message.topic);
  return topics;
}

inline MqttSettings with_presence(MqttSettings settings) {
  settings.presence = {.topic = "status", .online = "on", .offline = "off", .lost = "lost"};
  return settings;
}

}  // namespace tocsin::net
