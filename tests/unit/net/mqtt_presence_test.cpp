// Presence, and other programs under the same client id.
#include <atomic>
#include <chrono>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST_P(MqttClientTest, SaysWhetherItIsThere) {
  const kit::MqttImposter broker;
  auto wanted = settings(broker.port());
  wanted.presence = {.topic = "status", .online = "on", .offline = "off", .lost = "lost"};
  connect_to(std::move(wanted));
  client_->open();
  ASSERT_TRUE(broker.wait_for_published(1));
  const auto before = std::chrono::steady_clock::now();
  client_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  ASSERT_TRUE(broker.wait_for_published(2));
  const auto connect = broker.connects().at(0);
  EXPECT_EQ(connect.will_topic, "status");
  EXPECT_EQ(connect.will, "lost");
  EXPECT_TRUE(connect.will_retained);
  EXPECT_EQ(broker.published()[0].payload, "on");
  EXPECT_EQ(broker.published()[1].payload, "off");
  EXPECT_TRUE(broker.published()[1].retain);
  EXPECT_TRUE(broker.wait_for_goodbyes(1));
}

TEST_P(MqttClientTest, DoesWithoutAWillThatTheBrokerRefuses) {
  kit::MqttImposter broker;
  const std::uint8_t refusal = is_v5() ? 0x87 : 5;
  broker.on_connect([refusal](const MqttConnect& connect) {
    return MqttReaction{.code = connect.will_topic.empty() ? std::uint8_t{0} : refusal};
  });
  auto wanted = settings(broker.port());
  wanted.presence = {.topic = "status", .online = "on", .offline = "off", .lost = "lost"};
  connect_to(std::move(wanted));
  EXPECT_FALSE(publish("a"));
  EXPECT_TRUE(publish("a"));
  EXPECT_THAT(topics_of(broker), ElementsAre("a"));
}

TEST_P(MqttClientTest, PresenceThatEndsConnectionsIsLeftOutAndNamed) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished& message) {
    return MqttReaction{.what = message.topic == "status" ? Do::close : Do::accept};
  });
  connect_to(with_presence(settings(broker.port())));
  for (int i = 0; i < 2; i++) {
    const auto answer = publish("a");
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().what, HasSubstr("it may be over the presence topic status"));
  }
  const auto answer = publish("a");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_THAT(*answer, HasSubstr("presence is not sent, because the broker closes the connection "
                                 "over its topic status: check that this user may write there"));
  EXPECT_EQ(broker.connects().back().will_topic, "");
  EXPECT_THAT(*publish("b"), HasSubstr("presence is not sent")) << "as long as it is left out";
}

TEST_P(MqttClientTest, PresenceIsNotBlamedForWhatHappensWithoutIt) {
  kit::MqttImposter broker;
  std::atomic<bool> dropping = true;
  broker.on_publish([&](const MqttPublished&) {
    return MqttReaction{.what = dropping ? Do::close : Do::accept};
  });
  connect_to(with_presence(settings(broker.port())));
  for (int i = 0; i < 3; i++) EXPECT_FALSE(publish("a"));  // the third one without presence
  dropping = false;
  const auto answer = publish("a");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(broker.connects().back().will_topic, "status");
}

TEST_P(MqttClientTest, ABrokerThatClosesEachConnectionWithoutAWordIsWarnedOf) {
  kit::MqttImposter broker;
  broker.on_publish(
      [](const MqttPublished&) { return MqttReaction{.what = Do::accept_and_close}; });
  auto wanted = with_presence(settings(broker.port()));
  wanted.backoff.longest = 200ms;
  connect_to(std::move(wanted));
  const auto before = std::chrono::steady_clock::now();
  client_->open();
  EXPECT_THAT(next_warning(kMqttTooLong),
              HasSubstr("another program may be using the client id tocsin-test"));
  ASSERT_TRUE(broker.wait_for_connects(10));
  EXPECT_EQ(next_warning(1ms), "") << "once is enough";
  // From the third on, each pause is at least half of one that doubles: 2, 4 ... 128 ms.
  EXPECT_GT(std::chrono::steady_clock::now() - before, 127ms);
}

TEST_P(MqttClientTest, OtherEndsOfConnectionsAreNotWarnedOf) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished&) { return MqttReaction{.what = Do::close}; });
  connect_to(broker);
  for (int i = 0; i < 10; i++) EXPECT_FALSE(publish("a"));
  EXPECT_EQ(next_warning(1ms), "");
}

}  // namespace
}  // namespace tocsin::net
