// What lanes do when a destination fails.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/notify/lanes_test.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Lanes, AStoppedThatFailsBlocksItsStartedAndNothingElse) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("a1", kStopped, "a"), kStart);
  lanes.add(make_delivery("a2", kStarted, "a"), kStart);
  lanes.add(make_delivery("b1", kStopped, "b"), kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("a1", "b1"));
  EXPECT_EQ(settle_one(lanes, {"b1"}, kDelivered, kStart).update.state,
            store::DeliveryState::delivered);
  const Outcome failed = settle_one(lanes, {"a1"}, try_later(), kStart);
  EXPECT_EQ(failed.update.state, store::DeliveryState::pending);
  EXPECT_EQ(failed.update.attempts, 1);
  EXPECT_EQ(failed.update.detail, "503 Service Unavailable");
  EXPECT_EQ(failed.delivery.last_error, "503 Service Unavailable");
  EXPECT_THAT(take_all(lanes, kStart), IsEmpty());

  const Time again = wake_of(lanes, kStart);
  EXPECT_EQ(again, failed.update.not_before);
  EXPECT_THAT(take_all(lanes, again), ElementsAre("a1"));
  settle_one(lanes, {"a1"}, kDelivered, again);
  EXPECT_THAT(take_all(lanes, again), ElementsAre("a2"));
}

TEST(Lanes, ARejectedOneIsDeadAndTheLaneGoesOn) {
  Lanes lanes = make_lanes(seconds(300));
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  lanes.add(make_delivery("2", kStopped, "a"), kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("1"));
  const Outcome dead = settle_one(lanes, {"1"}, Rejected{.reason = "404 Not Found"}, kStart);
  EXPECT_EQ(dead.update.state, store::DeliveryState::dead);
  EXPECT_EQ(dead.update.detail, "404 Not Found");
  EXPECT_EQ(dead.update.at, kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("2")) << "nothing was delivered: no limit";
}

RetryAfter doubtful() { return {.after = {}, .reason = "404 Not Found", .may_be_final = true}; }

TEST(Lanes, WhatMayBeRefusedForGoodIsGivenUpAfterAnHour) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  Time now = kStart;
  Outcome last = settle_one(lanes, {take_all(lanes, now).at(0)}, try_later(), now);
  now += std::chrono::hours(2);  // an outage says nothing about what follows
  const Time first_refusal = now;
  while (last.update.state == store::DeliveryState::pending) {
    ASSERT_THAT(take_all(lanes, now), ElementsAre("1"));
    last = settle_one(lanes, {"1"}, doubtful(), now);
    if (last.update.state == store::DeliveryState::pending) {
      ASSERT_LT(now - first_refusal, kRefusedFor);
      now = last.update.not_before;
    }
  }
  EXPECT_EQ(last.update.state, store::DeliveryState::dead);
  EXPECT_GE(now - first_refusal, kRefusedFor);
  EXPECT_LE(now - first_refusal, kRefusedFor + kBackoff.longest);
  EXPECT_EQ(last.update.detail, "given up after " + std::to_string(last.update.attempts) +
                                    " attempts; the last answer: 404 Not Found");
}

TEST(Lanes, AnOutageOrAClockThatJumpsDoesNotEndTheHourOfWhatMayBeRefused) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  Time now = kStart;
  for (int hour = 0; hour < 8; ++hour) {
    ASSERT_THAT(take_all(lanes, now), ElementsAre("1"));
    const Answer answer = hour % 2 == 0 ? doubtful() : try_later();
    ASSERT_EQ(settle_one(lanes, {"1"}, answer, now).update.state, store::DeliveryState::pending);
    now += kRefusedFor;
  }
  Lanes jumped = make_lanes();
  jumped.add(make_delivery("1", kStopped, "a"), kStart);
  take_all(jumped, kStart);
  settle_one(jumped, {"1"}, doubtful(), kStart);
  take_all(jumped, kStart + std::chrono::hours(2));
  EXPECT_EQ(settle_one(jumped, {"1"}, doubtful(), kStart + std::chrono::hours(2)).update.state,
            store::DeliveryState::pending);
}

TEST(Lanes, WhatWaitedBehindARefusalDoesNotWaitAnotherHour) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  lanes.add(make_delivery("2", kStarted, "a"), kStart);
  Time now = kStart;
  for (const char* id : {"1", "2"}) {
    for (Outcome last;; now = last.update.not_before) {
      ASSERT_THAT(take_all(lanes, now), ElementsAre(id));
      last = settle_one(lanes, {id}, doubtful(), now);
      if (last.update.state == store::DeliveryState::dead) break;
    }
  }
  EXPECT_LE(now - kStart, kRefusedFor + 2 * kBackoff.longest);
}

TEST(Lanes, AClockThatIsSetNeitherHastensNorDelaysGivingUp) {
  for (const Duration set_by : {Duration(30 * kGiveUpAge), Duration(-30 * kGiveUpAge)}) {
    Lanes lanes = make_lanes();
    lanes.add(make_delivery("1", kStopped, "a"), kStart);
    Time steady = kStart;
    Outcome last;
    for (bool was_set = false; last.update.state == store::DeliveryState::pending; was_set = true) {
      const Now now{was_set ? steady + set_by : steady, steady};
      ASSERT_THAT(take_all(lanes, now), ElementsAre("1"));
      last = settle_one(lanes, {"1"}, try_later(), now);
      if (last.update.state == store::DeliveryState::pending) {
        ASSERT_LT(steady - kStart, kGiveUpAge) << "it is old enough";
        steady = wake_of(lanes, now);
      }
    }
    EXPECT_GE(steady - kStart, kGiveUpAge) << "given up too early";
  }
}

TEST(Lanes, BacksOffExponentiallyUpToFiveMinutes) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  Time now = kStart;
  std::vector<std::int64_t> waits;
  for (int attempt = 0; attempt < 11; ++attempt) {
    ASSERT_THAT(take_all(lanes, now), ElementsAre("1"));
    const Outcome failed = settle_one(lanes, {"1"}, try_later(), now);
    waits.push_back((failed.update.not_before - now).count());
    EXPECT_THAT(take_all(lanes, failed.update.not_before - Duration(1)), IsEmpty());
    now = failed.update.not_before;
  }
  EXPECT_THAT(waits, ElementsAre(999, 1999, 3999, 7999, 15999, 31999, 63999, 127999, 255999, 299999,
                                 299999));
}

TEST(Lanes, JitterIsSpreadOverTheWholeInterval) {
  std::mt19937 generator(1);
  Lanes lanes({.parallel = 1000}, {.random = [&](std::span<std::uint8_t> bytes) {
                for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(generator());
              }});
  for (int i = 0; i < 1000; ++i) {
    lanes.add(make_delivery(std::to_string(i), kStopped, std::to_string(i)), kStart);
  }
  std::array<int, 4> quarters{};
  for (const std::string& id : take_all(lanes, kStart)) {
    const auto wait = settle_one(lanes, {id}, try_later(), kStart).update.not_before - kStart;
    ++quarters.at(static_cast<std::size_t>(wait.count() / 250));
  }
  for (const int count : quarters) EXPECT_NEAR(count, 250, 60);
}

TEST(Lanes, RetryAfterPausesTheWholeDestination) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("a1", kStopped, "a"), kStart);
  lanes.add(make_delivery("b1", kStopped, "b"), kStart);
  ASSERT_THAT(take_all(lanes, kStart), ElementsAre("a1", "b1"));
  settle_one(lanes, {"a1"}, try_later(seconds(60)), kStart);
  settle_one(lanes, {"b1"}, kDelivered, kStart);
  lanes.add(make_delivery("c1", kStopped, "c"), kStart);
  EXPECT_THAT(take_all(lanes, kStart + seconds(59)), IsEmpty());
  EXPECT_EQ(lanes.wake(kStart), kStart + seconds(60));
  EXPECT_THAT(take_all(lanes, kStart + seconds(60)), ElementsAre("a1", "c1"));
}

TEST(Lanes, AShorterRetryAfterDoesNotEndALongerPause) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("a1", kStopped, "a"), kStart);
  lanes.add(make_delivery("b1", kStopped, "b"), kStart);
  ASSERT_THAT(take_all(lanes, kStart), ElementsAre("a1", "b1"));
  settle_one(lanes, {"a1"}, try_later(seconds(60)), kStart);
  settle_one(lanes, {"b1"}, try_later(seconds(2)), kStart);
  EXPECT_EQ(lanes.wake(kStart), kStart + seconds(60));
}

TEST(Lanes, RetryAfterNothingStillBacksOffAndMoreThanTenMinutesAreTen) {
  for (const auto& [asked, waited] :
       {std::pair(seconds(0), Duration(999)), std::pair(seconds(599), Duration(seconds(599))),
        std::pair(seconds(99'999'999'999), Duration(minutes(10)))}) {
    Lanes lanes = make_lanes();
    lanes.add(make_delivery("1", kStopped, "a"), kStart);
    ASSERT_THAT(take_all(lanes, kStart), ElementsAre("1"));
    EXPECT_EQ(settle_one(lanes, {"1"}, try_later(asked), kStart).update.not_before,
              kStart + waited);
  }
}

TEST(Lanes, SaysThatItBelievesNoLongRetryAfter) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  ASSERT_THAT(take_all(lanes, kStart), ElementsAre("1"));
  EXPECT_EQ(settle_one(lanes, {"1"}, try_later(hours(2)), kStart).update.detail,
            "503 Service Unavailable; it asks to wait 2 h, tocsin waits 10 min");
}

TEST(Lanes, TheFirstSuccessEndsTheBackoffOfAll) {
  Lanes lanes = make_lanes();
  for (const char* id : {"a", "b", "c"}) lanes.add(make_delivery(id, kStopped, id), kStart);
  store::Delivery of_earlier = make_delivery("d", kStopped, "d");
  of_earlier.attempts = 9;
  of_earlier.not_before = kStart + minutes(4);
  lanes.add(of_earlier, kStart);
  Time now = kStart;
  for (int attempt = 0; attempt < 9; ++attempt, now = wake_of(lanes, now)) {
    for (const auto& id : take_all(lanes, now)) settle_one(lanes, {id}, try_later(), now);
  }
  const auto other = make_delivery("e", kStopped, "e");
  lanes.add(other, now - seconds(1));
  EXPECT_THAT(take_all(lanes, now - seconds(1)), ElementsAre("e"));
  settle_one(lanes, {"e"}, kDelivered, now - seconds(1));
  EXPECT_THAT(take_all(lanes, now - seconds(1)), testing::UnorderedElementsAre("a", "b", "c", "d"));
}

TEST(Lanes, WhatFailsEvenThenWaitsForItsOwnTime) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("poison", kStopped, "a"), kStart);
  Time now = kStart;
  const auto deliver_another = [&] {
    lanes.add(make_delivery("well", kStopped, "b"), now);
    int attempts = 0;
    for (const auto* next = take_one(lanes, now); next != nullptr; next = take_one(lanes, now)) {
      const bool is_well = next->id.value == "well";
      attempts += is_well ? 0 : 1;
      settle_one(lanes, DeliveryId(next->id), is_well ? kDelivered : try_later(), now);
    }
    return attempts;
  };
  EXPECT_EQ(deliver_another(), 2) << "its turn, and once more as the other was taken";
  for (int i = 0; i < 50; ++i) EXPECT_EQ(deliver_another(), 0) << "its own fault";
  now = wake_of(lanes, now);
  EXPECT_GE(deliver_another(), 1);
}

TEST(Lanes, GivesUpAfterSevenDays) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  lanes.add(make_delivery("2", kStarted, "a"), kStart);
  Time now = kStart;
  Outcome last;
  do {
    ASSERT_THAT(take_all(lanes, now), ElementsAre("1"));
    last = settle_one(lanes, {"1"}, try_later(), now);
    if (last.update.state == store::DeliveryState::pending) now = last.update.not_before;
  } while (last.update.state == store::DeliveryState::pending);
  EXPECT_GE(now - kStart, hours(24 * 7));
  EXPECT_LT(now - kStart, hours(24 * 7) + minutes(5));
  EXPECT_EQ(last.update.state, store::DeliveryState::dead);
  EXPECT_EQ(last.update.detail, "given up after " + std::to_string(last.update.attempts) +
                                    " attempts; the last answer: 503 Service Unavailable");
  EXPECT_THAT(take_all(lanes, now), ElementsAre("2"));
}

TEST(Lanes, AClockThatJumpsAheadGivesNothingUp) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a", kStart - hours(24 * 365)), kStart);
  ASSERT_THAT(take_all(lanes, kStart), ElementsAre("1"));
  EXPECT_EQ(settle_one(lanes, {"1"}, try_later(), kStart).update.state,
            store::DeliveryState::pending);
}

}  // namespace
}  // namespace tocsin::notify
