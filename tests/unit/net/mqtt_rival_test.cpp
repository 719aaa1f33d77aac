#include "net/mqtt_rival.h"

#include <chrono>
#include <optional>

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using enum MqttEnd;

TEST(MqttRival, IsSaidAtTheSecondTakeoverAndOnce) {
  MqttRival rival;
  EXPECT_EQ(rival.ended({.how = taken_over, .lasted = 1s}), std::nullopt);
  EXPECT_FALSE(rival.is_suspected()) << "it may be our own successor, or a slip";
  EXPECT_EQ(rival.ended({.how = taken_over, .lasted = 1s}), true);
  for (int i = 0; i < 100; i++)
    EXPECT_EQ(rival.ended({.how = taken_over, .lasted = 30s}), std::nullopt);
  EXPECT_TRUE(rival.is_suspected());
}

TEST(MqttRival, IsOnlyAGuessWhereTheBrokerSaysNothing) {
  MqttRival rival;
  for (int i = 0; i < 3; i++)
    EXPECT_EQ(rival.ended({.how = unexplained, .lasted = 1s}), std::nullopt);
  EXPECT_EQ(rival.ended({.how = unexplained, .lasted = 1s}), false);
  EXPECT_EQ(rival.ended({.how = unexplained, .lasted = 1s}), std::nullopt);
}

TEST(MqttRival, IsNotGuessedWhereSomethingElseExplainsTheEnd) {
  MqttRival rival;
  for (int i = 0; i < 10; i++) {
    EXPECT_EQ(rival.ended({.how = unexplained, .lasted = 1s}), std::nullopt);
    EXPECT_EQ(rival.ended({.how = other, .lasted = 1s}), std::nullopt);
    EXPECT_FALSE(rival.is_suspected());
  }
}

/// With QoS 0 the broker says nothing of what it has taken or disliked.
TEST(MqttRival, IsGuessedWhereItThrowsOutWhoOnlyWritesNowAndThen) {
  MqttRival rival;
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(rival.ended({.how = unexplained, .lasted = 2s, .quiet = 1s}), std::nullopt);
    EXPECT_EQ(rival.ended({.how = unexplained, .lasted = 2s, .quiet = 100ms}), std::nullopt);
  }
  EXPECT_TRUE(rival.is_suspected());
  EXPECT_EQ(rival.ended({.how = unexplained, .lasted = 2s, .quiet = 1s}), false);
}

TEST(MqttRival, IsNotGuessedWhereAMessageWasJustWritten) {
  MqttRival rival;
  for (int i = 0; i < 10; i++)
    EXPECT_EQ(rival.ended({.how = unexplained, .lasted = 2s, .quiet = 100ms}), std::nullopt);
  EXPECT_FALSE(rival.is_suspected());
  for (int i = 0; i < 2; i++) (void)rival.ended({.how = taken_over, .lasted = 2s, .quiet = 100ms});
  EXPECT_TRUE(rival.is_suspected()) << "this the broker has said";
}

TEST(MqttRival, IsForgottenAfterALongConnection) {
  MqttRival rival;
  (void)rival.ended({.how = taken_over, .lasted = 1s});
  EXPECT_EQ(rival.ended({.how = taken_over, .lasted = 1s}), true);
  EXPECT_EQ(rival.ended({.how = other, .lasted = MqttRival::kUnrivalled}), std::nullopt);
  EXPECT_FALSE(rival.is_suspected());
  EXPECT_EQ(rival.ended({.how = taken_over, .lasted = 1s}), std::nullopt);
  EXPECT_EQ(rival.ended({.how = taken_over, .lasted = 1s}), true) << "another time";
}

}  // namespace
}  // namespace tocsin::net
