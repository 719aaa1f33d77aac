#include "net/mqtt_presence_doubts.h"

#include <chrono>

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

using Doubts = MqttPresenceDoubts;

constexpr Doubts::Refusal kNotAuthorized{.not_authorized = true, .login = true};
constexpr Doubts::Refusal kBusy{.not_authorized = false, .login = false};

class MqttPresenceDoubtsTest : public ::testing::Test {
 protected:
  Doubts free_{Doubts::Wanted::yes, Doubts::Login::free};
  Doubts guarded_{Doubts::Wanted::yes, Doubts::Login::guarded};
  Doubts::Time now_{std::chrono::hours(1)};
};

TEST_F(MqttPresenceDoubtsTest, NothingIsSentWhereNothingIsConfigured) {
  Doubts none(Doubts::Wanted::no, Doubts::Login::free);
  EXPECT_FALSE(none.is_sent(now_));
  EXPECT_FALSE(none.begin(now_));
  EXPECT_FALSE(none.refused(kNotAuthorized));
  EXPECT_FALSE(none.accepted(now_));
}

TEST_F(MqttPresenceDoubtsTest, ARefusalWithoutAGuardIsTriedWithoutTheWillInTurns) {
  EXPECT_TRUE(free_.begin(now_));
  EXPECT_FALSE(free_.refused(kNotAuthorized));
  EXPECT_FALSE(free_.begin(now_));
  EXPECT_FALSE(free_.refused(kNotAuthorized));
  EXPECT_TRUE(free_.begin(now_));
  EXPECT_FALSE(free_.refused(kBusy));
  EXPECT_TRUE(free_.begin(now_));
  EXPECT_FALSE(free_.accepted(now_));
}

TEST_F(MqttPresenceDoubtsTest, AGuardedLoginIsProvenBeforeTheWill) {
  EXPECT_FALSE(guarded_.begin(now_));
  EXPECT_TRUE(guarded_.accepted(now_)) << "once more, with the will";
  EXPECT_TRUE(guarded_.begin(now_));
  EXPECT_FALSE(guarded_.accepted(now_));
}

TEST_F(MqttPresenceDoubtsTest, AWillThatIsRefusedIsNoRefusedLogin) {
  EXPECT_FALSE(guarded_.begin(now_));
  EXPECT_TRUE(guarded_.accepted(now_));
  EXPECT_TRUE(guarded_.begin(now_));
  EXPECT_FALSE(guarded_.refused(kNotAuthorized));
  EXPECT_FALSE(guarded_.is_sent(now_));
  EXPECT_FALSE(guarded_.begin(now_));
  EXPECT_FALSE(guarded_.accepted(now_));
}

TEST_F(MqttPresenceDoubtsTest, ALoginIsRefusedBeforeAndAfterTheWillWasAccepted) {
  EXPECT_FALSE(guarded_.begin(now_));
  EXPECT_TRUE(guarded_.refused(kNotAuthorized));
  EXPECT_FALSE(guarded_.begin(now_));
  EXPECT_TRUE(guarded_.accepted(now_));
  EXPECT_TRUE(guarded_.begin(now_));
  EXPECT_FALSE(guarded_.accepted(now_));
  EXPECT_TRUE(guarded_.begin(now_));
  EXPECT_TRUE(guarded_.refused(kNotAuthorized)) << "the will was accepted before";
  EXPECT_FALSE(guarded_.begin(now_)) << "the login must be proven again";
}

TEST_F(MqttPresenceDoubtsTest, RestsWhenTwoConnectionsInARowEndWithIt) {
  free_.dropped(true, now_);
  EXPECT_TRUE(free_.is_sent(now_));
  free_.acknowledged();
  free_.dropped(true, now_);
  EXPECT_TRUE(free_.is_sent(now_)) << "it had passed between";
  free_.dropped(true, now_);
  EXPECT_FALSE(free_.is_sent(now_));
  EXPECT_TRUE(free_.is_resting(now_));
  EXPECT_FALSE(free_.begin(now_));
  EXPECT_TRUE(free_.is_sent(now_ + Doubts::kRest));
}

TEST_F(MqttPresenceDoubtsTest, IsClearedByAConnectionThatEndsWithoutIt) {
  free_.dropped(true, now_);
  free_.dropped(true, now_);
  EXPECT_TRUE(free_.is_resting(now_));
  free_.dropped(false, now_);
  EXPECT_FALSE(free_.is_resting(now_));
  EXPECT_TRUE(free_.is_sent(now_));
}

}  // namespace
}  // namespace tocsin::net
