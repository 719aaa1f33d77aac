#include "net/mqtt_suspects.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

using Topics = std::vector<std::string>;

class MqttSuspectsTest : public ::testing::Test {
 protected:
  MqttSuspects suspects_;
  MqttSuspects::Time now_{std::chrono::hours(1)};
};

TEST_F(MqttSuspectsTest, WhatWasInFlightTwiceIsSentAloneUntilItIsAcknowledged) {
  suspects_.dropped(Topics{"a", "b"}, now_);
  EXPECT_FALSE(suspects_.must_be_alone("a"));
  suspects_.dropped(Topics{"a", "b"}, now_);
  EXPECT_TRUE(suspects_.must_be_alone("a"));
  EXPECT_TRUE(suspects_.must_be_alone("b"));
  EXPECT_FALSE(suspects_.must_be_alone("c"));
  suspects_.acknowledged("a");
  EXPECT_FALSE(suspects_.must_be_alone("a"));
  EXPECT_TRUE(suspects_.must_be_alone("b"));
}

TEST_F(MqttSuspectsTest, IsGuiltyWhenItEndsConnectionsAloneWhileOthersPass) {
  suspects_.dropped(Topics{"a", "b"}, now_);
  suspects_.dropped(Topics{"a", "b"}, now_);
  suspects_.acknowledged("b");
  suspects_.dropped(Topics{"a"}, now_);
  EXPECT_FALSE(suspects_.is_guilty("a", now_));
  suspects_.dropped(Topics{"a"}, now_);
  EXPECT_TRUE(suspects_.is_guilty("a", now_));
  EXPECT_FALSE(suspects_.is_guilty("b", now_));
  // For a while; then it has one chance more, and rests twice as long.
  for (auto rest = MqttSuspects::kFirstRest; rest <= 4 * MqttSuspects::kLongestRest; rest *= 2) {
    const auto expected = std::min(rest, MqttSuspects::kLongestRest);
    EXPECT_TRUE(suspects_.is_guilty("a", now_ + expected - std::chrono::milliseconds(1)));
    now_ += expected;
    EXPECT_FALSE(suspects_.is_guilty("a", now_));
    EXPECT_TRUE(suspects_.must_be_alone("a"));
    suspects_.dropped(Topics{"a"}, now_);
  }
  suspects_.acknowledged("a");
  EXPECT_FALSE(suspects_.is_guilty("a", now_));
}

TEST_F(MqttSuspectsTest, ABrokerThatTakesNothingCondemnsNobody) {
  for (int i = 0; i < 100; i++) suspects_.dropped(Topics{"a"}, now_);
  EXPECT_TRUE(suspects_.must_be_alone("a"));
  EXPECT_FALSE(suspects_.is_guilty("a", now_));
}

TEST_F(MqttSuspectsTest, WhatWasAcknowledgedBeforeIsNoProof) {
  suspects_.acknowledged("b");
  for (int i = 0; i < 100; i++) suspects_.dropped(Topics{"a"}, now_);
  EXPECT_FALSE(suspects_.is_guilty("a", now_));
}

TEST_F(MqttSuspectsTest, RemembersNoMoreThanItMay) {
  for (std::size_t i = 0; i < 2 * MqttSuspects::kMost; i++) {
    const Topics topics{"topic " + std::to_string(i)};
    suspects_.dropped(topics, now_);
    suspects_.dropped(topics, now_);
  }
  EXPECT_TRUE(suspects_.must_be_alone("topic 0"));
  EXPECT_FALSE(suspects_.must_be_alone("topic " + std::to_string(MqttSuspects::kMost)));
}

}  // namespace
}  // namespace tocsin::net
