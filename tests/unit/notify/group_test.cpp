// Alerts that share a message: when it leaves, what is in it, and what becomes of its members.
#include "unit/notify/group_test.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using enum TransitionKind;

const Answer kBusy = RetryAfter{.after = {}, .reason = "503 Service Unavailable"};
const Answer kRefused = Rejected{.reason = "400 Bad Request"};

TEST_F(Group, TheFirstLeavesAtOnceAndWhatFollowsAfterTheWaitThenAtEachInterval) {
  add({.id = "1", .service = "a"});
  EXPECT_THAT(send({}), ElementsAre("1"));
  EXPECT_EQ(id_.value, "1") << "an ordinary message";
  add({.id = "2", .service = "b"}, seconds(2));
  add({.id = "3", .service = "c"}, seconds(4));
  EXPECT_THAT(send(seconds(4)), IsEmpty());
  EXPECT_EQ(wake(seconds(4)), seconds(5));
  EXPECT_THAT(send(seconds(5)), ElementsAre("2 3"));
  EXPECT_NE(id_.value, "2");
  EXPECT_THAT(outcomes_, SizeIs(2));
  for (const auto& [delivery, update] : outcomes_) {
    EXPECT_EQ(update.state, store::DeliveryState::delivered);
    EXPECT_EQ(update.group, id_.value);
  }
  add({.id = "4", .service = "d"}, seconds(6));
  EXPECT_THAT(send(milliseconds(34'999)), IsEmpty());
  EXPECT_THAT(send(seconds(35)), ElementsAre("4"));
  EXPECT_THAT(send(seconds(65)), IsEmpty()) << "an interval that brings nothing is the last";
  add({.id = "5", .service = "e"}, seconds(66));
  EXPECT_THAT(send(seconds(66)), ElementsAre("5"));
}

TEST_F(Group, AnEmptyWaitIsFollowedByAnInterval) {
  add({.id = "1", .service = "a"});
  EXPECT_THAT(send({}), ElementsAre("1"));
  EXPECT_THAT(send(seconds(5)), IsEmpty());
  add({.id = "2", .service = "b"}, seconds(10));
  EXPECT_THAT(send(seconds(10)), IsEmpty());
  EXPECT_THAT(send(seconds(35)), ElementsAre("2"));
}

TEST_F(Group, ChangesOfOneCheckAreOneMessage) {
  for (int i = 0; i < 250; i++)
    add({.id = std::to_string(i), .service = "service" + std::to_string(i)});
  const auto messages = send({});
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(std::ranges::count(messages[0], ' '), 249);
}

TEST_F(Group, ChangesPushedWithinHalfASecondAreOneMessage) {
  add({.id = "1", .service = "a"}, {}, true);
  EXPECT_THAT(send({}), IsEmpty());
  add({.id = "2", .service = "b"}, milliseconds(400), true);
  EXPECT_EQ(wake(milliseconds(400)), kGatherPushed);
  EXPECT_THAT(send(kGatherPushed), ElementsAre("1 2"));
}

TEST_F(Group, HostsAndAddressesAreGroupsOfTheirOwn) {
  apart_ = true;
  add({.id = "1", .service = "a"});
  add({.id = "2", .service = "a", .host = "other"});
  add({.id = "3", .kind = started, .service = "b"});
  EXPECT_THAT(send({}), UnorderedElementsAre("1", "2", "3"));
}

TEST_F(Group, AStoppedAndItsStartedShareAMessageInOrder) {
  add({.id = "1", .service = "a"});
  EXPECT_THAT(send({}), ElementsAre("1"));
  add({.id = "2", .kind = started, .service = "a"}, seconds(1));
  add({.id = "3", .service = "b"}, seconds(2));
  add({.id = "4", .service = "a"}, seconds(3));
  EXPECT_THAT(send(seconds(5)), ElementsAre("2 3 4"));
  EXPECT_THAT(still_, ElementsAre("a", "b"));
}

TEST_F(Group, WhereTheyGoDifferentWaysTheStartedWaitsForItsStopped) {
  apart_ = true;
  add({.id = "1", .service = "a"});
  EXPECT_THAT(send({}), ElementsAre("1"));
  add({.id = "2", .service = "b"}, seconds(1));
  add({.id = "3", .kind = started, .service = "b"}, seconds(2));
  EXPECT_THAT(send(seconds(2)), IsEmpty());
  EXPECT_THAT(send(seconds(5)), ElementsAre("2", "3"));
}

TEST_F(Group, WhatIsWorseThanAllThatWasToldLeavesAtOnceWithAllThatIsCollected) {
  add({.id = "1", .service = "a"});
  EXPECT_THAT(send({}), ElementsAre("1"));
  add({.id = "2", .service = "b"}, seconds(1));
  add({.id = "3", .service = "c", .severity = AlertSeverity::critical}, seconds(2));
  EXPECT_THAT(send(seconds(2)), ElementsAre("2 3"));
  add({.id = "4", .service = "d", .severity = AlertSeverity::critical}, seconds(3));
  EXPECT_THAT(send(seconds(4)), IsEmpty()) << "that bad was told";
  EXPECT_THAT(send(seconds(5)), ElementsAre("4"));
}

TEST_F(Group, OverAllHostsIsOneGroup) {
  across_hosts_ = true;
  std::vector<std::string> messages;
  for (int i = 0; i < 500; i++) {
    const Duration now = milliseconds(20) * i;
    add({.id = std::to_string(i), .kind = unreachable, .host = "host" + std::to_string(i)}, now);
    std::ranges::copy(send(now), std::back_inserter(messages));
  }
  EXPECT_THAT(messages, testing::Contains("0")) << "the first at once";
  for (Duration now = seconds(10); now <= seconds(40); now += seconds(1))
    std::ranges::copy(send(now), std::back_inserter(messages));
  EXPECT_THAT(messages, SizeIs(3)) << "500 hosts lost within 10 s";
}

TEST_F(Group, NamesWhatStillFiresAlsoFromBefore) {
  lanes_.remember(store::OpenAlert{"test:1", HostName("host"), ServiceName("old"), "Old One"});
  lanes_.remember(store::OpenAlert{"test:1", HostName("far"), ServiceName("x"), "Far"});
  add({.id = "1", .service = "a"});
  add({.id = "2", .service = "b"});
  add({.id = "3", .kind = started, .service = "b"});
  EXPECT_THAT(send({}), ElementsAre("1 2 3"));
  EXPECT_THAT(still_, ElementsAre("a", "Old One"));
}

TEST_F(Group, HasOneIdAtEachAttempt) {
  for (const auto* id : {"1", "2"}) add({.id = id, .service = id});
  Duration now{};
  std::string first;
  for (int attempt = 1; attempt <= 5; attempt++) {
    const auto* sending = lanes_.take(kStart + now);
    ASSERT_NE(sending, nullptr);
    EXPECT_THAT(sending->members, SizeIs(2));
    if (first.empty()) first = sending->id.value;
    EXPECT_EQ(sending->id.value, first);
    const auto outcomes = lanes_.settle(DeliveryId(sending->id), kBusy, kStart + now);
    ASSERT_THAT(outcomes, SizeIs(2));
    for (const auto& outcome : outcomes) {
      EXPECT_EQ(outcome.update.state, store::DeliveryState::pending);
      EXPECT_EQ(outcome.update.attempts, attempt);
      EXPECT_EQ(outcome.update.group, first);
    }
    add({.id = "later" + std::to_string(attempt), .service = "1"}, now);
    do now = wake(now);
    while (!lanes_.has_next(kStart + now));
  }
}

TEST_F(Group, ThatIsRefusedIsSentOneByOne) {
  for (const auto* id : {"1", "2", "3"}) add({.id = id, .service = id});
  const auto* sending = lanes_.take(kStart);
  ASSERT_NE(sending, nullptr);
  const auto parts = lanes_.settle(DeliveryId(sending->id), kRefused, kStart);
  ASSERT_THAT(parts, SizeIs(3));
  for (const auto& part : parts) {
    EXPECT_EQ(part.update.state, store::DeliveryState::pending);
    EXPECT_EQ(part.update.group, "") << "it leaves under its own id";
  }
  std::vector<std::string> ends;
  while (const auto* one = take_one(lanes_, kStart)) {
    const auto id = one->id.value;
    const auto end = settle_one(lanes_, {id}, id == "2" ? kRefused : kTaken, kStart);
    ends.push_back(id + " " + std::string(to_string(end.update.state)));
  }
  EXPECT_THAT(ends, ElementsAre("1 delivered", "2 dead", "3 delivered"));
}

TEST_F(Group, CollectsWhileTheDestinationFailsAndThenSendsOneMessageForEachHost) {
  Duration now{};
  for (int minute = 0; minute < 60; minute++) {
    now = minutes(minute);
    for (const std::string host : {"h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10"})
      add({.id = host + "-" + std::to_string(minute),
           .service = std::to_string(minute),
           .host = host},
          now);
    for (Duration step{}; step < minutes(1); step += seconds(1)) send(now + step, kBusy);
  }
  std::vector<std::string> messages;
  for (now = hours(1); now < hours(1) + minutes(10); now += seconds(1))
    std::ranges::copy(send(now), std::back_inserter(messages));
  std::size_t alerts = 0;
  for (const auto& message : messages)
    alerts += static_cast<std::size_t>(std::ranges::count(message, ' ')) + 1;
  EXPECT_EQ(alerts, 600U) << "none is lost";
  EXPECT_LE(messages.size(), 16U) << "one for each host, and those few that were tried before";
}

TEST_F(Group, OneMessageThatNeverPassesBlocksNoOther) {
  add({.id = "bad", .service = "a", .host = "h1"});
  EXPECT_THAT(send({}, kBusy), ElementsAre("bad"));
  add({.id = "2", .service = "a", .host = "h2"}, milliseconds(10));
  const auto* other = lanes_.take(kStart + milliseconds(10));
  ASSERT_NE(other, nullptr) << "another one may try";
  EXPECT_EQ(other->members.front()->id.value, "2");
  (void)lanes_.settle(DeliveryId(other->id), kTaken, kStart + milliseconds(10));
  EXPECT_THAT(send(milliseconds(10), kBusy), ElementsAre("bad")) << "and once more after it";
  add({.id = "3", .service = "a", .host = "h3"}, milliseconds(20));
  EXPECT_THAT(send(milliseconds(20)), ElementsAre("3"));
}

TEST_F(Group, WhatWasTriedAloneBeforeLeavesAlone) {
  auto tried = make_delivery("1", stopped, "a");
  tried.attempts = 1;
  lanes_.add(tried, kStart);
  add({.id = "2", .service = "b"});
  EXPECT_THAT(send({}), UnorderedElementsAre("1", "2"));
}

TEST_F(Group, HasNoMoreThanSoManyMembers) {
  for (std::size_t i = 0; i < kMostMembers + 10; i++)
    add({.id = std::to_string(i), .service = "service" + std::to_string(i)});
  EXPECT_THAT(send({}), SizeIs(2)) << "the rest follows at once";
}

TEST_F(Group, AnAddressOfItsOwnMeansNoGroup) {
  address_.clear();
  for (const auto* id : {"1", "2"}) add({.id = id, .service = id});
  EXPECT_THAT(send({}), ElementsAre("1", "2"));
}

TEST_F(Group, SaysThatADeliveryIsCollected) {
  add({.id = "1", .service = "a"});
  send({});
  add({.id = "2", .service = "b"}, seconds(1));
  const auto [delivery, wait] = lanes_.find_wait(HostName("host"), ServiceName("b"), kStart);
  ASSERT_NE(delivery, nullptr);
  EXPECT_EQ(wait.reason, Wait::Reason::group);
  EXPECT_EQ(wait.until, kStart + seconds(5));
}

TEST_F(Group, LeavesInTimeWhoeverSetsTheClock) {
  add({.id = "1", .service = "a"});
  send({});
  add({.id = "2", .service = "b"}, seconds(1));
  EXPECT_EQ(lanes_.take({kStart + hours(1), kStart + seconds(4)}), nullptr);
  EXPECT_NE(lanes_.take({kStart - hours(1), kStart + seconds(5)}), nullptr);
}

TEST_F(Group, KeepsItsOrderWhoeverSetsTheClock) {
  add({.id = "1", .service = "a"});
  EXPECT_THAT(send({}), ElementsAre("1"));
  add({.id = "2", .kind = started, .service = "a"}, seconds(1));
  const Now set_back{kStart - hours(1), kStart + seconds(2)};
  lanes_.add(make_delivery("3", stopped, "a", set_back.wall), set_back);
  lanes_.add(make_delivery("4", stopped, "b", set_back.wall), set_back);
  EXPECT_THAT(send(seconds(5)), ElementsAre("2 3 4"));
}

TEST_F(Group, OfADestinationThatRefusesEverythingIsDeadAtOnce) {
  for (const char* id : {"1", "2"}) add({.id = id, .service = id});
  const Answer gone{Rejected{.reason = "410 Gone", .refuses = Rejected::Refuses::everything}};
  EXPECT_THAT(send({}, gone), ElementsAre("1 2"));
  ASSERT_THAT(outcomes_, SizeIs(2));
  for (const auto& outcome : outcomes_) EXPECT_EQ(outcome.update.state, store::DeliveryState::dead);
  EXPECT_EQ(lanes_.size(), 0U);
}

class LimitedGroup : public Group {
 protected:
  LimitedGroup()
      : Group({.rate_limits = {.down = seconds(300), .up = seconds(300)}, .parallel = 1}) {}
};

TEST_F(LimitedGroup, WhatTheRateLimitDelayedLeavesInOneMessage) {
  add({.id = "1", .service = "a"});
  EXPECT_THAT(send({}), ElementsAre("1"));
  add({.id = "2", .service = "a"}, seconds(100));
  add({.id = "3", .kind = started, .service = "a"}, seconds(110));
  add({.id = "4", .service = "a"}, seconds(120));
  EXPECT_THAT(send(seconds(299)), IsEmpty());
  EXPECT_THAT(send(seconds(300)), ElementsAre("2 3 4"));
}

TEST_F(LimitedGroup, WhatTheRateLimitDelayedWaitsNoLongerWhoeverSetsTheClock) {
  add({.id = "1", .service = "a"});
  EXPECT_THAT(send({}), ElementsAre("1"));
  for (const char* id : {"2", "3"}) add({.id = id, .service = "a"}, seconds(100));
  const auto* sending = lanes_.take({kStart - hours(1), kStart + seconds(300)});
  ASSERT_NE(sending, nullptr);
  EXPECT_THAT(sending->members, SizeIs(2));
}

class Turns : public Group {
 protected:
  Turns() : Group({.parallel = 1, .interval = seconds(1), .grouping = {.interval = Duration(0)}}) {}
};

TEST_F(Turns, HostsTakeTurns) {
  for (int i = 0; i < 250; i++) add({.id = std::to_string(i), .service = std::to_string(i)});
  EXPECT_THAT(send({}), ElementsAre("0"));
  add({.id = "other", .service = "a", .host = "other"}, milliseconds(500));
  std::vector<std::string> next;
  for (int i = 1; i <= 2; i++) std::ranges::copy(send(seconds(i)), std::back_inserter(next));
  EXPECT_THAT(next, testing::Contains("other"));
}

class Crowded : public Group {
 protected:
  Crowded() : Group({.parallel = 8, .interval = seconds(1), .grouping = {}}) {}
  /// A service of another host has stopped, a moment after the one before.
  void add_next(const Change& change) { add(change, milliseconds(count_++)); }
  /// What leaves in the first seconds.
  std::vector<std::string> send_until(int last) {
    std::vector<std::string> messages;
    for (int second = 1; second <= last; ++second)
      std::ranges::copy(send(seconds(second)), std::back_inserter(messages));
    return messages;
  }

 private:
  int count_ = 0;
};

TEST_F(Crowded, OneMessageTakesSeveralHostsWhereMoreWaitThanLeaveInSeconds) {
  for (int i = 0; i < 40; i++)
    add_next({.id = std::to_string(i), .service = "a", .host = "host" + std::to_string(i)});
  EXPECT_THAT(send_until(8), ElementsAre("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14",
                                         "15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
                                         "30 31 32 33 34", "35", "36", "37", "38", "39"));
}

TEST_F(Crowded, AFewHostsHaveAMessageEach) {
  for (int i = 0; i < 6; i++)
    add_next({.id = std::to_string(i), .service = "a", .host = "host" + std::to_string(i)});
  EXPECT_THAT(send_until(8), ElementsAre("0", "1", "2", "3", "4", "5"));
}

TEST_F(Crowded, AHostWithMoreThanALineForEachKeepsItsMessage) {
  for (int i = 0; i < 20; i++)
    add_next({.id = "b" + std::to_string(i), .service = std::to_string(i), .host = "big"});
  for (int i = 0; i < 8; i++)
    add_next({.id = std::to_string(i), .service = "a", .host = "host" + std::to_string(i)});
  const auto messages = send_until(8);
  EXPECT_THAT(messages.at(0),
              testing::AllOf(testing::StartsWith("b0 b1 "), testing::EndsWith(" b19")));
  EXPECT_EQ(messages.at(1), "0 1 2");
}

TEST_F(Crowded, WhatGoesAnotherWayIsNoPartOfIt) {
  apart_ = true;
  for (int i = 0; i < 10; i++)
    add_next({.id = std::to_string(i),
              .kind = i == 2 ? started : stopped,
              .service = "a",
              .host = "host" + std::to_string(i)});
  EXPECT_EQ(send_until(8).at(0), "0 1");
}

TEST_F(Turns, TheHighestSeverityLeavesFirst) {
  for (int i = 0; i < 10; i++) add({.id = std::to_string(i), .service = std::to_string(i)});
  EXPECT_THAT(send({}), ElementsAre("0"));
  add({.id = "worst", .service = "a", .host = "other", .severity = AlertSeverity::critical},
      milliseconds(500));
  EXPECT_THAT(send(seconds(1)), ElementsAre("worst"));
}

}  // namespace
}  // namespace tocsin::notify
