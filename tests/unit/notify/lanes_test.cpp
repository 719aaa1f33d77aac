#include "notify/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/notify/lanes_test.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Lanes, SendsOneAtATimePerServiceAndSeveralServicesAtOnce) {
  Lanes lanes = make_lanes();
  for (const char* service : {"a", "b"}) {
    lanes.add(make_delivery(service + std::string("1"), kStopped, service), kStart);
    lanes.add(make_delivery(service + std::string("2"), kStarted, service), kStart);
  }
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("a1", "b1"));
  EXPECT_EQ(lanes.in_flight(), 2U);
  settle_one(lanes, {"b1"}, kDelivered, kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("b2"));
  settle_one(lanes, {"a1"}, kDelivered, kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("a2"));
}

TEST(Lanes, KeepsToItsBoundOfParallelSends) {
  Lanes lanes = make_lanes(seconds(0), 3);
  for (int i = 0; i < 5; ++i) {
    lanes.add(make_delivery(std::to_string(i), kStopped, "service" + std::to_string(i)), kStart);
  }
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("0", "1", "2"));
  EXPECT_EQ(lanes.wake(kStart), std::nullopt) << "only an answer makes room";
  settle_one(lanes, {"1"}, kDelivered, kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("3"));
}

TEST(Lanes, LeavesTimeBetweenTwoSendsWhateverTheirLanes) {
  Lanes lanes({.interval = milliseconds(1000)}, {.random = longest()});
  for (const char* id : {"0", "1", "2"}) lanes.add(make_delivery(id, kStopped, id), kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("0"));
  EXPECT_EQ(lanes.wake(kStart), kStart + seconds(1));
  EXPECT_THAT(take_all(lanes, kStart + milliseconds(999)), testing::IsEmpty());
  EXPECT_THAT(take_all(lanes, kStart + seconds(1)), ElementsAre("1"));
  settle_one(lanes, {"0"}, kDelivered, kStart + seconds(1));
  EXPECT_THAT(take_all(lanes, kStart + seconds(2)), ElementsAre("2"));
}

TEST(Lanes, LimitsFiringAndResolvedEachByItsOwnLimit) {
  Lanes lanes({.rate_limits = {.down = seconds(300), .up = seconds(10)}}, {.random = longest()});
  const auto tell = [&](const std::string& id, TransitionKind kind, Time at) {
    lanes.add(make_delivery(id, kind, "a"), at);
    const auto taken = take_all(lanes, at);
    for (const auto& one : taken) settle_one(lanes, {one}, kDelivered, at);
    return taken.size();
  };
  EXPECT_EQ(tell("1", kStopped, kStart), 1U);
  EXPECT_EQ(tell("2", kStarted, kStart), 1U);
  EXPECT_EQ(tell("3", kStarted, kStart + seconds(10)), 1U);
  EXPECT_EQ(tell("4", kStopped, kStart + seconds(20)), 0U);
  EXPECT_EQ(lanes.wake(kStart + seconds(20)), kStart + seconds(300));
}

TEST(Lanes, WhatTheRateLimitDelayedSaysWhenItHappened) {
  Lanes lanes = make_lanes(seconds(300));
  lanes.remember(accepted_at(kStart - seconds(290)), kStart);
  lanes.add(make_delivery("1", kStopped, "a", kStart - seconds(5)), kStart);
  EXPECT_THAT(take_all(lanes, kStart), IsEmpty());
  EXPECT_EQ(lanes.wake(kStart), kStart + seconds(10));
  const auto* late = take_one(lanes, kStart + seconds(10));
  ASSERT_NE(late, nullptr);
  EXPECT_EQ(late->alert.reason, "happened at " + iso_time(kStart - seconds(5)));
  settle_one(lanes, late->id, kDelivered, kStart + seconds(10));
  EXPECT_THAT(lanes.take_outcomes(), IsEmpty()) << "nothing is merged";
}

TEST(Lanes, GoesOnWhereTheRunBeforeHasStopped) {
  Lanes lanes = make_lanes(seconds(300));
  store::Delivery old = make_delivery("1", kStopped, "a");
  old.attempts = 4;
  old.not_before = kStart + seconds(7);
  lanes.add(old, kStart);
  EXPECT_EQ(lanes.wake(kStart), kStart + seconds(7));
  EXPECT_THAT(take_all(lanes, kStart + seconds(7)), ElementsAre("1"));
  const Outcome failed = settle_one(lanes, {"1"}, try_later(), kStart);
  EXPECT_EQ(failed.update.attempts, 5);
  EXPECT_EQ(failed.update.not_before, kStart + Duration(15999));
}

TEST(Lanes, WaitsForNoTimeThatAWrongClockWrote) {
  Lanes lanes = make_lanes(seconds(300));
  store::Delivery old = make_delivery("1", kStopped, "a");
  old.created = old.not_before = kStart + hours(24 * 365);
  lanes.remember(accepted_at(kStart + hours(24 * 365)), kStart);
  lanes.add(old, kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("1"));
}

TEST(Lanes, WaitsAsLongWhoeverSetsTheClock) {
  for (const Duration jump : {hours(-10), hours(10)}) {
    Lanes lanes = make_lanes(seconds(300));
    lanes.add(make_delivery("1", kStopped, "a"), kStart);
    lanes.add(make_delivery("2", kStopped, "b"), kStart);
    ASSERT_THAT(take_all(lanes, kStart), ElementsAre("1", "2"));
    settle_one(lanes, {"2"}, kDelivered, kStart);
    settle_one(lanes, {"1"}, try_later(seconds(60)), kStart);
    const auto after = [&](Duration passed) {
      return Now(kStart + jump + passed, kStart + passed);
    };
    lanes.add(make_delivery("3", kStopped, "b", after(seconds(1)).wall), after(seconds(1)));
    lanes.add(make_delivery("4", kStopped, "c", after(seconds(1)).wall), after(seconds(1)));
    EXPECT_THAT(take_all(lanes, after(seconds(59))), IsEmpty());
    EXPECT_THAT(take_all(lanes, after(seconds(60))), ElementsAre("4", "1"));
    const auto wait =
        lanes.find_wait(HostName("host"), ServiceName("b"), after(seconds(60))).second;
    EXPECT_EQ(wait.reason, Wait::Reason::rate_limit);
    EXPECT_EQ(wait.until, kStart + jump + seconds(300)) << "as the clock will say";
    const auto failed = settle_one(lanes, {"1"}, try_later(), after(seconds(60)));
    EXPECT_EQ(failed.update.at, kStart + jump + seconds(60));
    EXPECT_GT(failed.update.not_before, failed.update.at);
    EXPECT_THAT(take_all(lanes, after(seconds(299))), ElementsAre("1"));
    EXPECT_THAT(take_all(lanes, after(seconds(300))), ElementsAre("3"));
  }
}

TEST(Lanes, WhatWasStoredWaitsNoLongerThanItWasTo) {
  Lanes lanes = make_lanes();
  store::Delivery old = make_delivery("1", kStopped, "a");
  old.attempts = 1;
  old.created = kStart + hours(9);  // before the clock was set back
  old.updated = kStart + hours(10);
  old.not_before = old.updated + seconds(5);
  lanes.add(old, kStart);
  EXPECT_EQ(lanes.wake(kStart), kStart + seconds(5));
  EXPECT_THAT(take_all(lanes, kStart + seconds(5)), ElementsAre("1"));
}

TEST(Lanes, ReturnsWhatOnlyMemoryHolds) {
  Lanes lanes = make_lanes();
  store::Delivery stored = make_delivery("1", kStopped, "a");
  stored.sequence = 1;
  lanes.add(stored, kStart);
  lanes.add(make_delivery("2", kStarted, "a"), kStart);
  lanes.add(make_delivery("3", kStopped, "a"), kStart);
  const auto unstored = lanes.unstored();
  ASSERT_EQ(unstored.size(), 2U);
  EXPECT_EQ(unstored[0].id.value, "2");
  EXPECT_EQ(unstored[1].id.value, "3");
}

TEST(Lanes, ForgetsServicesWhoseLimitsHavePassed) {
  Lanes lanes = make_lanes(seconds(300), 1000);
  for (int i = 0; i < 1000; ++i) {
    lanes.add(make_delivery(std::to_string(i), kStarted, std::to_string(i)), kStart);
  }
  for (const std::string& id : take_all(lanes, kStart)) settle_one(lanes, {id}, kDelivered, kStart);
  EXPECT_EQ(lanes.lane_count(), 1000U);
  const Time after = kStart + seconds(300);
  lanes.add(make_delivery("last", kStarted, "last"), after);
  lanes.add(make_delivery("down", kStopped, "down"), after);
  for (const std::string& id : take_all(lanes, after)) settle_one(lanes, {id}, kDelivered, after);
  EXPECT_EQ(lanes.lane_count(), 2U);
  lanes.add(make_delivery("up", kStarted, "last"), after + seconds(300));
  EXPECT_EQ(lanes.lane_count(), 2U) << "what still fires is remembered";
}

TEST(Lanes, EndWhatWasNotifiedAndNothingElse) {
  const auto end = [](const std::string& id, const std::string& service) {
    auto delivery = make_delivery(id, TransitionKind::unmonitored, service);
    delivery.conditional = true;
    delivery.alert.for_notified = true;
    return delivery;
  };
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  lanes.add(make_delivery("2", kStopped, "b"), kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("1", "2"));
  settle_one(lanes, {"1"}, kDelivered, kStart);
  settle_one(lanes, {"2"}, Rejected{.reason = "no"}, kStart);
  for (const auto* service : {"a", "b", "c"})
    lanes.add(end(std::string("end of ") + service, service), kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("end of a"));
  settle_one(lanes, {"end of a"}, kDelivered, kStart);
  lanes.add(end("again", "a"), kStart);
  EXPECT_THAT(take_all(lanes, kStart), IsEmpty());
}

TEST(Lanes, EndsForThoseWhoWereNotifiedNeedNotBeWell) {
  auto visible = make_delivery("1", TransitionKind::visible, "a");
  visible.alert.to = ServiceState::stopped;
  visible.alert.for_notified = visible.conditional = true;
  Lanes lanes = make_lanes();
  lanes.add(visible, kStart);
  EXPECT_THAT(take_all(lanes, kStart), IsEmpty());
}

TEST(Lanes, SaysWhatADeliveryWaitsFor) {
  using enum Wait::Reason;
  Lanes lanes = make_lanes(seconds(60), 1);
  const auto wait = [&lanes](const char* service, Time now) {
    const auto [delivery, found] = lanes.find_wait(
        make_delivery("", kStopped, service, now).alert.host, ServiceName(service), now);
    return std::tuple(delivery == nullptr ? "" : delivery->id.value, found.reason, found.until);
  };
  const auto none = std::tuple(std::string(), turn, Time{});
  EXPECT_EQ(wait("a", kStart), none);
  lanes.add(make_delivery("1", kStopped, "a", kStart), kStart);
  lanes.add(make_delivery("2", kStopped, "b", kStart), kStart);
  EXPECT_EQ(wait("a", kStart), std::tuple("1", turn, Time{}));
  EXPECT_THAT(take_all(lanes, kStart), testing::ElementsAre("1"));
  EXPECT_EQ(wait("a", kStart), none);
  EXPECT_EQ(wait("b", kStart), std::tuple("2", parallel, Time{}));
  lanes.add(make_delivery("3", kStarted, "a", kStart), kStart);
  EXPECT_EQ(wait("a", kStart), std::tuple("3", older, Time{}));

  EXPECT_EQ(settle_one(lanes, {"1"}, kDelivered, kStart).update.state,
            store::DeliveryState::delivered);
  lanes.add(make_delivery("4", kStopped, "c", kStart), kStart);
  EXPECT_THAT(take_all(lanes, kStart), testing::ElementsAre("2"));
  settle_one(lanes, {"2"}, RetryAfter{.after = seconds(30), .reason = "busy"}, kStart);
  EXPECT_EQ(wait("b", kStart), std::tuple("2", retry, kStart + seconds(30)));
  EXPECT_EQ(wait("c", kStart), std::tuple("4", pause, kStart + seconds(30)));

  const Time later = kStart + seconds(30);
  while (const auto* next = take_one(lanes, later)) {
    const DeliveryId id = next->id;
    settle_one(lanes, id, kDelivered, later);
  }
  lanes.add(make_delivery("5", kStopped, "a", later), later);
  EXPECT_EQ(wait("a", later), std::tuple("5", rate_limit, kStart + seconds(60)));
}

}  // namespace
}  // namespace tocsin::notify
