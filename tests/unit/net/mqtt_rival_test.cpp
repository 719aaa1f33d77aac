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
  EXPECT_EQ(rival.ended(taken_over, 1s), std::nullopt);
  EXPECT_FALSE(rival.is_suspected()) << "it may be our own successor, or a slip";
  EXPECT_EQ(rival.ended(taken_over, 1s), true);
  for (int i = 0; i < 100; i++) EXPECT_EQ(rival.ended(taken_over, 30s), std::nullopt);
  EXPECT_TRUE(rival.is_suspected());
}

TEST(MqttRival, IsOnlyAGuessWhereTheBrokerSaysNothing) {
  MqttRival rival;
  for (int i = 0; i < 3; i++) EXPECT_EQ(rival.ended(unexplained, 1s), std::nullopt);
  EXPECT_EQ(rival.ended(unexplained, 1s), false);
  EXPECT_EQ(rival.ended(unexplained, 1s), std::nullopt);
}

TEST(MqttRival, IsNotGuessedWhereSomethingElseExplainsTheEnd) {
  MqttRival rival;
  for (int i = 0; i < 10; i++) {
    EXPECT_EQ(rival.ended(unexplained, 1s), std::nullopt);
    EXPECT_EQ(rival.ended(other, 1s), std::nullopt);
    EXPECT_FALSE(rival.is_suspected());
  }
}

TEST(MqttRival, IsForgottenAfterALongConnection) {
  MqttRival rival;
  (void)rival.ended(taken_over, 1s);
  EXPECT_EQ(rival.ended(taken_over, 1s), true);
  EXPECT_EQ(rival.ended(other, MqttRival::kUnrivalled), std::nullopt);
  EXPECT_FALSE(rival.is_suspected());
  EXPECT_EQ(rival.ended(taken_over, 1s), std::nullopt);
  EXPECT_EQ(rival.ended(taken_over, 1s), true) << "another time";
}

}  // namespace
}  // namespace tocsin::net
