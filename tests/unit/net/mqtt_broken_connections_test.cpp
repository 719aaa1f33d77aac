// Connections to a broker that end: what is sent again, and what is not.
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/task_scope.h"
#include "unit/net/mqtt_client_test.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::MqttConnect;
using kit::MqttPublished;
using kit::MqttReaction;
using Do = kit::MqttReaction::Do;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_P(MqttClientTest, WhatHasFailedIsNeverSentLater) {
  kit::MqttImposter broker;
  std::atomic<bool> accepting = false;
  broker.on_connect([&](const MqttConnect&) {
    return MqttReaction{.what = accepting ? Do::accept : Do::nothing};
  });
  auto wanted = settings(broker.port());
  wanted.connect_limit = 200ms;
  connect_to(std::move(wanted));
  const auto early = publish("early", MqttQos::at_least_once, 10ms);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::timed_out);
  const auto refused = publish("refused");  // until the attempt to connect fails
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::timed_out);
  EXPECT_THAT(refused.error().what, HasSubstr("the broker does not answer"));
  accepting = true;
  deliver("late");
  EXPECT_THAT(topics_of(broker), ElementsAre("late"));
}

TEST_P(MqttClientTest, WhatWasInFlightIsNotSentAgainAfterAReconnection) {
  kit::MqttImposter broker;
  std::atomic<int> seen = 0;
  broker.on_publish([&](const MqttPublished&) {
    return MqttReaction{.what = seen++ < 2 ? Do::close : Do::accept};
  });
  connect_to(broker);
  for (int i = 0; i < 2; i++) {
    const auto answer = publish("a");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
    EXPECT_THAT(answer.error().what, HasSubstr("closed the connection"));
  }
  EXPECT_TRUE(publish("b"));
  EXPECT_THAT(topics_of(broker), ElementsAre("a", "a", "b"));
  for (const auto& message : broker.published()) EXPECT_FALSE(message.repeated);
  EXPECT_EQ(broker.connects().size(), 3U);
}

TEST_P(MqttClientTest, WhatWaitsIsSentOnTheNextConnection) {
  kit::MqttImposter broker;
  std::atomic<int> seen = 0;
  broker.on_publish([&](const MqttPublished&) {
    return MqttReaction{.what = seen++ == 0 ? Do::close : Do::accept};
  });
  auto wanted = settings(broker.port());
  wanted.most_in_flight = 1;
  connect_to(std::move(wanted));
  std::vector<bool> sent;
  loop_.run_until_done([&]() -> awaitable<void> {
    TaskScope scope(loop_.executor());
    for (const std::string topic : {"first", "second"}) {
      scope.spawn(
          [](MqttClient& client, std::string name, std::vector<bool>& out) -> awaitable<void> {
            std::vector<MqttMessage> messages;
            messages.push_back({.topic = std::move(name)});
            const auto answer = co_await client.publish(std::move(messages), within(kMqttTooLong));
            out.push_back(answer.front().has_value());
          }(*client_, topic, sent));
    }
    co_await scope.join();
  }());
  EXPECT_THAT(sent, ElementsAre(false, true));
  EXPECT_THAT(topics_of(broker), ElementsAre("first", "second"));
}

TEST_P(MqttClientTest, ABrokerThatDropsTheConnectionOnEachMessageLosesNothing) {
  kit::MqttImposter broker;
  std::atomic<bool> dropping = true;
  broker.on_publish([&](const MqttPublished&) {
    return MqttReaction{.what = dropping ? Do::close : Do::accept};
  });
  connect_to(broker);
  for (int i = 0; i < 10; i++) {
    const auto answer = publish("a");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unreachable) << answer.error().what;
  }
  dropping = false;
  EXPECT_TRUE(publish("a"));
}

TEST_P(MqttClientTest, OneMessageThatEndsConnectionsWaitsAndHarmsNoOther) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished& message) {
    return MqttReaction{.what = message.topic == "poison" ? Do::close : Do::accept};
  });
  connect_to(broker);
  std::optional<Error> last;
  for (int i = 0; i < 20 && !(last && last->kind == ErrorKind::rate_limited); i++) {
    const auto answers = publish({{.topic = "good"}, {.topic = "poison"}, {.topic = "fine"}});
    if (!answers[1]) last = answers[1].error();
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(last->kind, ErrorKind::rate_limited) << "it is sent later, and not never";
  EXPECT_THAT(last->what, HasSubstr("check that it allows"));
  const auto connections = broker.connects().size();
  const auto answers = publish({{.topic = "good"}, {.topic = "poison"}, {.topic = "fine"}});
  EXPECT_TRUE(answers[0]);
  EXPECT_FALSE(answers[1]);
  EXPECT_TRUE(answers[2]);
  EXPECT_EQ(broker.connects().size(), connections);
}

TEST_P(MqttClientTest, ABrokerThatAcknowledgesNothingIsGivenUp) {
  kit::MqttImposter broker;
  std::atomic<bool> deaf = true;
  broker.on_publish(
      [&](const MqttPublished&) { return MqttReaction{.what = deaf ? Do::nothing : Do::accept}; });
  auto wanted = settings(broker.port());
  wanted.acknowledge_limit = 100ms;
  connect_to(std::move(wanted));
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timed_out);
  EXPECT_THAT(answer.error().what, HasSubstr("acknowledges nothing"));
  deaf = false;
  EXPECT_TRUE(publish("a"));
  EXPECT_EQ(broker.connects().size(), 2U);
}

TEST_P(MqttClientTest, Garbage) {
  kit::MqttImposter broker;
  broker.on_connect([](const MqttConnect&) { return MqttReaction{.what = Do::garbage}; });
  connect_to(broker);
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::malformed);
  EXPECT_THAT(answer.error().what, HasSubstr("not MQTT"));
}

TEST_P(MqttClientTest, GarbageInPlaceOfAnAcknowledgement) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished&) { return MqttReaction{.what = Do::garbage}; });
  connect_to(broker);
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::malformed);
}

}  // namespace
}  // namespace tocsin::net
