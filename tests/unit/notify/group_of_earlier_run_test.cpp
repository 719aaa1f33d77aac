// Groups that an earlier run has begun.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/notify/group_test.h"

namespace tocsin::notify {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using enum TransitionKind;

TEST_F(Group, OfAnEarlierRunLeavesAsItWasBegun) {
  lanes_.expect("g", 2);
  auto first = make_delivery("1", stopped, "a");
  first.group = "g";
  auto second = make_delivery("2", stopped, "b");
  second.group = "g";
  lanes_.add(first, kStart);
  add({.id = "3", .service = "c"});
  EXPECT_THAT(send({}), ElementsAre("3")) << "not all members have come";
  lanes_.add(second, kStart);
  EXPECT_THAT(send(milliseconds(1)), ElementsAre("1 2"));
  EXPECT_EQ(id_.value, "g");
}

TEST_F(Group, OfAnEarlierRunMayHoldSeveralOfOneService) {
  lanes_.expect("g", 3);
  for (auto delivery : {make_delivery("1", stopped, "a"), make_delivery("2", started, "a"),
                        make_delivery("3", stopped, "b")}) {
    EXPECT_THAT(send({}), IsEmpty()) << "not all members have come";
    delivery.group = "g";
    lanes_.add(delivery, kStart);
  }
  EXPECT_THAT(send({}), ElementsAre("1 2 3"));
}

TEST_F(Group, OfAnEarlierRunLeavesWithAnEscalationThatWasDueThen) {
  lanes_.expect("g", 2);
  auto escalation = make_delivery("1", stopped, "a");
  escalation.conditional = true;
  escalation.not_before = kStart + seconds(1);
  escalation.group = "g";
  auto second = make_delivery("2", stopped, "b");
  second.group = "g";
  lanes_.add(escalation, kStart + seconds(2));
  add({.id = "3", .kind = started, .service = "a"}, seconds(2));
  lanes_.add(second, kStart + seconds(2));
  const auto* sending = lanes_.take(kStart + seconds(2));
  ASSERT_NE(sending, nullptr);
  EXPECT_EQ(sending->id.value, "g");
  ASSERT_THAT(sending->members, SizeIs(2)) << "its message speaks of both";
  EXPECT_EQ(sending->members.front()->alert.reason, "escalated");
  (void)lanes_.settle({"g"}, kTaken, kStart + seconds(2));
  EXPECT_THAT(send(seconds(2)), ElementsAre("3"));
}

TEST_F(Group, OfAnEarlierRunLeavesWithTheEndOfWhatIsNotKnown) {
  lanes_.expect("g", 2);
  auto end = make_delivery("1", started, "a");
  end.conditional = true;
  auto second = make_delivery("2", stopped, "b");
  for (auto* one : {&end, &second}) {
    one->group = "g";
    lanes_.add(*one, kStart);
  }
  EXPECT_THAT(send({}), ElementsAre("1 2"));
}

TEST_F(Group, OfAnEarlierRunSaysThatItsMembersWaitForTheOthers) {
  lanes_.expect("group", 2);
  auto member = make_delivery("1", stopped, "a");
  member.attempts = 1;
  member.group = "group";
  lanes_.add(member, kStart);
  const auto [delivery, wait] = lanes_.find_wait(HostName("host"), ServiceName("a"), kStart);
  ASSERT_NE(delivery, nullptr);
  EXPECT_EQ(wait.reason, Wait::Reason::group);
  EXPECT_EQ(wait.until, Time{}) << "nobody knows";
}

}  // namespace
}  // namespace tocsin::notify
