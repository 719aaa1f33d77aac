#include "notify/lanes.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/notify/deliveries.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kStopped = TransitionKind::stopped;
constexpr auto kStarted = TransitionKind::started;

const Answer kDelivered = Delivered{.detail = "200 OK"};
Answer later(std::optional<seconds> after = {}) {
  return RetryAfter{.after = after, .reason = "503 Service Unavailable"};
}

/// The ids of all that may be sent now.
std::vector<std::string> take_all(Lanes& lanes, Now now) {
  std::vector<std::string> ids;
  while (const store::Delivery* next = take_one(lanes, now)) ids.push_back(next->id.value);
  return ids;
}

Time wake_of(const Lanes& lanes, Now now) {
  const auto wake = lanes.wake(now);
  EXPECT_TRUE(wake.has_value());
  return wake.value_or(now.steady);
}

/// A stopped about "a".
store::LastDelivered accepted_at(Time at) {
  return {.destination = "test:1",
          .host = HostName("host"),
          .service = ServiceName("a"),
          .kind = kStopped,
          .at = at};
}

Lanes make_lanes(seconds rate_limit = seconds(0), std::size_t parallel = 8) {
  return {{.rate_limits = {rate_limit, rate_limit}, .parallel = parallel}, {.random = longest()}};
}

// --- whole stories in virtual time ---------------------------------------------------------------

struct Story {
  const char* name;
  int rate_limit;        ///< seconds
  const char* arrivals;  ///< "SECOND:KIND+SERVICE+ID", e.g. "0:stopped+a+1"
  const char* sent;      ///< "SECOND:ID", in order
};

TransitionKind kind_of(const std::string& word) {
  if (word == "stopped") return kStopped;
  if (word == "started") return kStarted;
  return TransitionKind::restarted;
}

/// Lets the story happen; every delivery is accepted at once.
std::string tell(const Story& story) {
  std::vector<std::pair<Time, store::Delivery>> arrivals;
  std::istringstream words(story.arrivals);
  for (std::string word; words >> word;) {
    const auto colon = word.find(':');
    const auto first = word.find('+');
    const auto second = word.find('+', first + 1);
    const Time at = kStart + seconds(std::stoi(word.substr(0, colon)));
    arrivals.emplace_back(at, make_delivery(word.substr(second + 1),
                                            kind_of(word.substr(colon + 1, first - colon - 1)),
                                            word.substr(first + 1, second - first - 1), at));
  }

  Lanes lanes = make_lanes(seconds(story.rate_limit));
  std::string notified;
  Time now = kStart;
  const auto tell_one = [&](const std::string& what) {
    const auto second = std::chrono::duration_cast<seconds>(now - kStart).count();
    notified += (notified.empty() ? "" : " ") + std::to_string(second) + ":" + what;
  };
  for (std::size_t next = 0; next < arrivals.size() || lanes.size() > 0;) {
    for (; next < arrivals.size() && arrivals[next].first <= now; ++next) {
      lanes.add(arrivals[next].second, now);
    }
    while (const store::Delivery* due = take_one(lanes, now)) {
      tell_one(due->id.value);
      const DeliveryId id = due->id;
      EXPECT_EQ(settle_one(lanes, id, kDelivered, now).update.state,
                store::DeliveryState::delivered);
    }
    Time wake = lanes.wake(now).value_or(Time::max());
    if (next < arrivals.size()) wake = std::min(wake, arrivals[next].first);
    if (wake == Time::max()) break;
    EXPECT_GE(wake, now);
    now = wake;
  }
  EXPECT_EQ(lanes.size(), 0U);
  EXPECT_THAT(lanes.take_outcomes(), IsEmpty()) << "nothing is merged";
  return notified;
}

class LanesTell : public testing::TestWithParam<Story> {};

TEST_P(LanesTell, TheStory) { EXPECT_EQ(tell(GetParam()), GetParam().sent); }

INSTANTIATE_TEST_SUITE_P(
    Lanes, LanesTell,
    testing::Values(
        Story{"first_at_once", 300, "0:stopped+a+1", "0:1"},
        Story{"no_limit_sends_all", 0, "0:stopped+a+1 1:stopped+a+2 2:stopped+a+3", "0:1 1:2 2:3"},
        Story{"second_of_a_kind_waits", 300, "0:stopped+a+1 10:stopped+a+2", "0:1 300:2"},
        Story{"after_the_limit_at_once", 300, "0:stopped+a+1 300:stopped+a+2", "0:1 300:2"},
        Story{"directions_have_limits_of_their_own", 300, "0:stopped+a+1 10:started+a+2",
              "0:1 10:2"},
        Story{"services_have_limits_of_their_own", 300, "0:stopped+a+1 10:stopped+b+2", "0:1 10:2"},
        Story{"names_compare_as_windows_does", 300, "0:stopped+Spooler+1 10:stopped+SPOOLER+2",
              "0:1 300:2"},
        Story{"all_that_waits_leaves_together", 300,
              "0:stopped+a+1 10:stopped+a+2 20:stopped+a+3 30:stopped+a+4",
              "0:1 300:2 300:3 300:4"},
        Story{"what_comes_after_that_waits_again", 300,
              "0:stopped+a+1 10:stopped+a+2 299:stopped+a+3 301:stopped+a+4",
              "0:1 300:2 300:3 600:4"},
        Story{"what_has_piled_up_waits_once_one_is_delivered", 300,
              "0:stopped+a+1 0:stopped+a+2 0:started+a+3 0:stopped+a+4", "0:1 300:2 300:3 300:4"},
        Story{"nothing_of_a_flapping_service_is_dropped", 300,
              "0:stopped+a+1 1:started+a+2 10:stopped+a+3 11:started+a+4 20:stopped+a+5 "
              "21:started+a+6",
              "0:1 1:2 300:3 300:4 300:5 300:6"},
        Story{"started_waits_behind_a_stopped_that_waits", 300,
              "0:stopped+a+1 10:stopped+a+2 20:started+a+3", "0:1 300:2 300:3"},
        Story{"limited_lanes_hold_no_other_back", 300,
              "0:stopped+a+1 10:stopped+a+2 11:stopped+b+3 12:started+b+4", "0:1 11:3 12:4 300:2"}),
    [](const auto& story) { return story.param.name; });

// --- order and concurrency -----------------------------------------------------------------------

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

TEST(Lanes, AStoppedThatFailsBlocksItsStartedAndNothingElse) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("a1", kStopped, "a"), kStart);
  lanes.add(make_delivery("a2", kStarted, "a"), kStart);
  lanes.add(make_delivery("b1", kStopped, "b"), kStart);
  EXPECT_THAT(take_all(lanes, kStart), ElementsAre("a1", "b1"));
  EXPECT_EQ(settle_one(lanes, {"b1"}, kDelivered, kStart).update.state,
            store::DeliveryState::delivered);
  const Outcome failed = settle_one(lanes, {"a1"}, later(), kStart);
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
  Outcome last = settle_one(lanes, {take_all(lanes, now).at(0)}, later(), now);
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
    const Answer answer = hour % 2 == 0 ? doubtful() : later();
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

// --- retries
// ---------------------------------------------------------------------------------------

TEST(Lanes, BacksOffExponentiallyUpToFiveMinutes) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  Time now = kStart;
  std::vector<std::int64_t> waits;
  for (int attempt = 0; attempt < 11; ++attempt) {
    ASSERT_THAT(take_all(lanes, now), ElementsAre("1"));
    const Outcome failed = settle_one(lanes, {"1"}, later(), now);
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
    const auto wait = settle_one(lanes, {id}, later(), kStart).update.not_before - kStart;
    ++quarters.at(static_cast<std::size_t>(wait.count() / 250));
  }
  for (const int count : quarters) EXPECT_NEAR(count, 250, 60);
}

TEST(Lanes, RetryAfterPausesTheWholeDestination) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("a1", kStopped, "a"), kStart);
  lanes.add(make_delivery("b1", kStopped, "b"), kStart);
  ASSERT_THAT(take_all(lanes, kStart), ElementsAre("a1", "b1"));
  settle_one(lanes, {"a1"}, later(seconds(60)), kStart);
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
  settle_one(lanes, {"a1"}, later(seconds(60)), kStart);
  settle_one(lanes, {"b1"}, later(seconds(2)), kStart);
  EXPECT_EQ(lanes.wake(kStart), kStart + seconds(60));
}

TEST(Lanes, RetryAfterNothingStillBacksOffAndMoreThanTenMinutesAreTen) {
  for (const auto& [asked, waited] :
       {std::pair(seconds(0), Duration(999)), std::pair(seconds(599), Duration(seconds(599))),
        std::pair(seconds(99'999'999'999), Duration(minutes(10)))}) {
    Lanes lanes = make_lanes();
    lanes.add(make_delivery("1", kStopped, "a"), kStart);
    ASSERT_THAT(take_all(lanes, kStart), ElementsAre("1"));
    EXPECT_EQ(settle_one(lanes, {"1"}, later(asked), kStart).update.not_before, kStart + waited);
  }
}

TEST(Lanes, SaysThatItBelievesNoLongRetryAfter) {
  Lanes lanes = make_lanes();
  lanes.add(make_delivery("1", kStopped, "a"), kStart);
  ASSERT_THAT(take_all(lanes, kStart), ElementsAre("1"));
  EXPECT_EQ(settle_one(lanes, {"1"}, later(hours(2)), kStart).update.detail,
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
    for (const auto& id : take_all(lanes, now)) settle_one(lanes, {id}, later(), now);
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
      settle_one(lanes, DeliveryId(next->id), is_well ? kDelivered : later(), now);
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
    last = settle_one(lanes, {"1"}, later(), now);
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
  EXPECT_EQ(settle_one(lanes, {"1"}, later(), kStart).update.state, store::DeliveryState::pending);
}

// --- restarts, clocks, memory
// ----------------------------------------------------------------------

TEST(Lanes, GoesOnWhereTheRunBeforeHasStopped) {
  Lanes lanes = make_lanes(seconds(300));
  store::Delivery old = make_delivery("1", kStopped, "a");
  old.attempts = 4;
  old.not_before = kStart + seconds(7);
  lanes.add(old, kStart);
  EXPECT_EQ(lanes.wake(kStart), kStart + seconds(7));
  EXPECT_THAT(take_all(lanes, kStart + seconds(7)), ElementsAre("1"));
  const Outcome failed = settle_one(lanes, {"1"}, later(), kStart);
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
    settle_one(lanes, {"1"}, later(seconds(60)), kStart);
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
    const auto failed = settle_one(lanes, {"1"}, later(), after(seconds(60)));
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

// --- any story
// -------------------------------------------------------------------------------------

/// Random deliveries, answers and durations; what must hold for every one of them.
class RandomStory {
 public:
  explicit RandomStory(unsigned seed) : generator_(seed) {}

  void run() {
    for (int i = 0; i < 300; ++i) {
      now_ += Duration(draw(20'000));
      arrive(std::to_string(i));
      work();
    }
    while (lanes_.size() > 0) {
      now_ = lanes_.in_flight() > 0 ? now_ + Duration(1000) : wake_of(lanes_, now_);
      work();
    }
    for (const auto& [service, kinds] : last_) {
      for (const auto& [kind, id] : kinds) {
        EXPECT_TRUE(ended_.contains(id) && ended_.at(id) != store::DeliveryState::merged)
            << "nothing is dropped: " << id;
      }
    }
    EXPECT_EQ(ended_.size(), 300U);
  }

 private:
  unsigned draw(unsigned below) {
    return std::uniform_int_distribution<unsigned>(0, below - 1)(generator_);
  }

  void arrive(const std::string& id) {
    const std::string service(1, static_cast<char>('a' + draw(4)));
    const TransitionKind kind = draw(2) == 0 ? kStopped : kStarted;
    lanes_.add(make_delivery(id, kind, service, now_), now_);
    last_[service][kind] = id;
  }

  void work() {
    while (const store::Delivery* next = take_one(lanes_, now_)) {
      const std::string service = next->alert.service.text();
      EXPECT_TRUE(flying_.emplace(service, next->id).second) << "one at a time per service";
      EXPECT_LE(flying_.size(), 3U);
      int& newest = newest_[service];
      EXPECT_GE(std::stoi(next->id.value), newest) << "never reordered";
      newest = std::stoi(next->id.value);
      const Time accepted = accepted_[service][next->alert.kind];
      const bool waited = std::ranges::any_of(
          limits_end_[service], [&](Time end) { return next->created <= end && end <= now_; });
      EXPECT_TRUE(accepted == Time{} || now_ - accepted >= seconds(60) || waited)
          << "the limit is kept, but for what has waited for one";
    }
    std::erase_if(flying_, [&](const auto& one) {
      if (draw(3) == 0) return false;
      end(settle_one(lanes_, one.second, answer(), now_));
      return true;
    });
    for (const Outcome& merged : lanes_.take_outcomes()) end(merged);
  }

  Answer answer() {
    switch (draw(6)) {
      case 0:
        return Rejected{.reason = "no"};
      case 1:
        return later(seconds(draw(100)));
      case 2:
        return later();
      default:
        return kDelivered;
    }
  }

  void end(const Outcome& outcome) {
    const store::DeliveryState state = outcome.update.state;
    if (state == store::DeliveryState::pending) return;
    EXPECT_TRUE(ended_.emplace(outcome.delivery.id.value, state).second) << "ends once";
    if (state == store::DeliveryState::delivered) {
      const auto service = outcome.delivery.alert.service.text();
      accepted_[service][outcome.delivery.alert.kind] = now_;
      limits_end_[service].push_back(now_ + seconds(60));
    }
  }

  std::mt19937 generator_;
  Time now_ = kStart;
  Lanes lanes_{{.rate_limits = {seconds(60), seconds(60)}, .parallel = 3},
               {.random = [this](std::span<std::uint8_t> bytes) {
                 for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(generator_());
               }}};
  std::map<std::string, DeliveryId> flying_;
  std::map<std::string, int> newest_;
  std::map<std::string, std::map<TransitionKind, Time>> accepted_;
  std::map<std::string, std::vector<Time>> limits_end_;
  std::map<std::string, std::map<TransitionKind, std::string>> last_;
  std::map<std::string, store::DeliveryState> ended_;
};

TEST(Lanes, KeepsEveryPromiseInAnyStory) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomStory(seed).run();
    if (testing::Test::HasFailure()) break;
  }
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
