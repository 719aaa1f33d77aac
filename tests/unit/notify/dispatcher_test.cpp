#include "notify/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/notify/dispatcher_test.h"

namespace tocsin::notify {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using store::DeliveryState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(DispatcherTest, DeliversAndRecords) {
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1"), stored("2", kStarted)});
    co_await observer_.until_settled(DeliveryState::delivered, 2);
  });
  EXPECT_THAT(channel().received, ElementsAre("1", "2"));
  EXPECT_THAT(outbox_.in(DeliveryState::delivered), ElementsAre("1", "2"));
  EXPECT_EQ(outbox_.rows[0].last.detail, "ok");
  EXPECT_EQ(outbox_.rows[0].last.attempts, 1);
  EXPECT_EQ(outbox_.rows[0].last.at, kStart);
}

TEST_F(DispatcherTest, BeginsWithWhatTheRunBeforeHasLeft) {
  for (const char* id : {"1", "2", "3"}) stored(id);
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("4"), make_delivery("5", kStarted, "a")});
    dispatcher.submit({stored("6")});
    co_await observer_.until_settled(DeliveryState::delivered, 6);
  });
  EXPECT_THAT(channel().received, ElementsAre("1", "2", "3", "4", "5", "6"));
}

TEST_F(DispatcherTest, WhatALoadHasSeenBeforeItWasSubmittedIsSentOnce) {
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    const auto first = stored("1");
    const auto second = stored("2", kStarted);
    co_await observer_.until_settled(DeliveryState::delivered, 2);
    dispatcher.submit({second});
    dispatcher.submit({first, stored("3")});
    co_await observer_.until_settled(DeliveryState::delivered, 3);
  });
  EXPECT_THAT(channel().received, ElementsAre("1", "2", "3"));
}

TEST_F(DispatcherTest, ADeadLetterOfAnEarlierRunCanBeSentAgain) {
  stored("1");
  channel().answer = [](const std::string&) { return Rejected{.reason = "413"}; };
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    co_await observer_.until_settled(DeliveryState::dead, 1);
    channel().answer = [](const std::string&) { return Delivered{.detail = "ok"}; };
    dispatcher.submit({outbox_.rows[0].delivery});
    co_await observer_.until_settled(DeliveryState::delivered, 1);
  });
  EXPECT_THAT(channel().received, ElementsAre("1", "1"));
}

TEST_F(DispatcherTest, WhatIsStoredLateIsSentOnceAndRecorded) {
  channel().close();
  const auto rest = run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    stored("1");
    dispatcher.submit({make_delivery("2", kStarted, "a"), make_delivery("3", kStopped, "b")});
    auto late = dispatcher.unstored();
    for (auto& one : late) one = outbox_.commit(one);
    dispatcher.mark_stored(late);
    EXPECT_THAT(dispatcher.unstored(), IsEmpty());
    channel().open();
    co_await observer_.until_settled(DeliveryState::delivered, 3);
  });
  EXPECT_THAT(rest, IsEmpty());
  EXPECT_THAT(channel().received, testing::UnorderedElementsAre("1", "2", "3"));
  EXPECT_THAT(outbox_.in(DeliveryState::delivered), ElementsAre("1", "2", "3"));
}

TEST_F(DispatcherTest, HostsMaySubmitInAnotherOrderThanTheyWereCommitted) {
  const auto first = stored("1", kStopped, "a");
  const auto second = stored("2", kStopped, "b");
  outbox_.unreadable = true;
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({second});
    outbox_.unreadable = false;
    co_await observer_.until_settled(DeliveryState::delivered, 2);
    const auto third = stored("3", kStopped, "a");
    dispatcher.submit({stored("4", kStopped, "b")});
    dispatcher.submit({third});
    dispatcher.submit({first});
    co_await observer_.until_settled(DeliveryState::delivered, 4);
  });
  EXPECT_THAT(channel().received, testing::UnorderedElementsAre("1", "2", "3", "4"));
}

TEST_F(DispatcherTest, KeepsTheLimitsOfTheRunBefore) {
  add_destination("test:2", seconds(300));
  outbox_.limits.push_back({.destination = "test:2",
                            .host = HostName("host"),
                            .service = ServiceName("a"),
                            .kind = kStopped,
                            .at = kStart - seconds(1)});
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    for (const char* id : {"1", "2"}) {
      dispatcher.submit({outbox_.commit(make_delivery(id, kStopped, "a", kStart, "test:2"))});
    }
    dispatcher.submit({stored("3")});
    co_await observer_.until_settled(DeliveryState::delivered, 1);
  });
  EXPECT_THAT(channel("test:2").received, IsEmpty());
  EXPECT_THAT(outbox_.in(DeliveryState::pending), ElementsAre("1", "2"));
}

TEST_F(DispatcherTest, ADestinationThatLeftTheConfigurationGetsDeadLetters) {
  outbox_.commit(make_delivery("1", kStopped, "a", kStart, "gone:1"));
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    stored("2");
    co_await observer_.until_settled(DeliveryState::delivered, 1);
    dispatcher.submit({outbox_.commit(make_delivery("3", kStopped, "a", kStart, "gone:1"))});
    co_await observer_.until_settled(DeliveryState::dead, 1);
  });
  EXPECT_EQ(observer_.abandoned_count, 1U);
  EXPECT_THAT(outbox_.in(DeliveryState::dead), ElementsAre("1", "3"));
  EXPECT_EQ(outbox_.rows[0].last.detail, "destination is no longer configured");
  EXPECT_EQ(outbox_.rows[2].last.detail, "destination is no longer configured");
}

TEST_F(DispatcherTest, TriesAgainInTimeAndInOrder) {
  random_ = longest();
  std::vector<Duration> sent;
  channel().answer = [&](const std::string&) -> Answer {
    sent.push_back(time_.now() - kStart);
    if (sent.size() <= 3) return RetryAfter{.after = std::nullopt, .reason = "busy"};
    return Delivered{.detail = "ok"};
  };
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1"), stored("2", kStarted)});
    co_await observer_.until_settled(DeliveryState::delivered, 2);
  });
  EXPECT_THAT(sent, ElementsAre(milliseconds(0), milliseconds(999), milliseconds(2998),
                                milliseconds(6997), milliseconds(6997)));
  EXPECT_THAT(channel().received, ElementsAre("1", "1", "1", "1", "2"));
  EXPECT_THAT(observer_.by_state[DeliveryState::pending], ElementsAre("1", "1", "1"));
  EXPECT_EQ(outbox_.rows[0].last.attempts, 4);
}

TEST_F(DispatcherTest, RecordsFailuresAndDeadLetters) {
  channel().answer = [](const std::string& id) -> Answer {
    if (id == "1") return Rejected{.reason = "404 Not Found"};
    return RetryAfter{.after = seconds(60), .reason = "429 Too Many Requests"};
  };
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1"), stored("2")});
    co_await observer_.until_settled(DeliveryState::pending, 1);
    co_await time_.pass(seconds(59));
  });
  EXPECT_THAT(channel().received, ElementsAre("1", "2"));
  EXPECT_THAT(outbox_.in(DeliveryState::dead), ElementsAre("1"));
  EXPECT_EQ(outbox_.rows[0].last.detail, "404 Not Found");
  EXPECT_EQ(outbox_.rows[1].last.not_before, kStart + seconds(60));
  EXPECT_EQ(outbox_.rows[1].last.attempts, 1);
  EXPECT_EQ(outbox_.rows[1].last.detail, "429 Too Many Requests");
}

TEST_F(DispatcherTest, ADeadDestinationDelaysNoOther) {
  add_destination("test:2", seconds(0)).close();
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    for (int i = 0; i < 50; ++i) {
      dispatcher.submit({stored("a" + std::to_string(i)),
                         outbox_.commit(make_delivery("b" + std::to_string(i), kStopped,
                                                      std::to_string(i), kStart, "test:2"))});
    }
    co_await observer_.until_settled(DeliveryState::delivered, 50);
  });
  EXPECT_THAT(channel().received, SizeIs(50));
  EXPECT_THAT(channel("test:2").received, SizeIs(LaneRules{}.parallel));
  EXPECT_THAT(outbox_.in(DeliveryState::pending), SizeIs(50)) << "cut off, so not settled";
}

TEST_F(DispatcherTest, ServicesGoInParallel) {
  destinations_.front().rules.parallel = 5;
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    std::vector<store::Delivery> many;
    many.reserve(20);
    for (int i = 0; i < 20; ++i)
      many.push_back(stored(std::to_string(i), kStopped, std::to_string(i)));
    dispatcher.submit(std::move(many));
    co_await observer_.until_settled(DeliveryState::delivered, 20);
  });
  EXPECT_EQ(channel().most_flying, 5U);
}

// --- when the disk fails
// ---------------------------------------------------------------------------

TEST_F(DispatcherTest, AlertsFlowFromMemoryWhileNothingCanBeStored) {
  outbox_.unwritable = true;
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1")});  // stored before the disk was full
    dispatcher.submit({make_delivery("2", kStarted, "a"), make_delivery("3", kStopped, "a")});
    co_await observer_.until_settled(DeliveryState::delivered, 3);
    co_await observer_.until([&] { return observer_.storage_failures > 2; });
    EXPECT_THAT(outbox_.in(DeliveryState::delivered), IsEmpty());
    outbox_.unwritable = false;
    co_await observer_.until([&] { return observer_.storage_recoveries == 1; });
  });
  EXPECT_THAT(channel().received, ElementsAre("1", "2", "3"));
  EXPECT_THAT(outbox_.in(DeliveryState::delivered), ElementsAre("1"));
}

TEST_F(DispatcherTest, TriesToRecordAfterLongerAndLongerTimesUpToAMinute) {
  outbox_.unwritable = true;
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1")});
    co_await time_.pass(std::chrono::minutes(4));
    outbox_.unwritable = false;
    co_await time_.pass(std::chrono::minutes(1));
  });
  std::vector<seconds> waits;
  for (std::size_t i = 1; i < observer_.failed_at.size(); ++i)
    waits.push_back(
        std::chrono::duration_cast<seconds>(observer_.failed_at[i] - observer_.failed_at[i - 1]));
  EXPECT_THAT(waits, ElementsAre(seconds(1), seconds(2), seconds(4), seconds(8), seconds(16),
                                 seconds(32), seconds(60), seconds(60)));
  EXPECT_EQ(observer_.storage_recoveries, 1);
  EXPECT_THAT(outbox_.in(DeliveryState::delivered), ElementsAre("1"));
}

TEST_F(DispatcherTest, RecordsAtLastWhenItStops) {
  options_.storage_retry = std::chrono::hours(1);
  outbox_.unwritable = true;
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1"), stored("2", kStarted)});
    co_await observer_.until_settled(DeliveryState::delivered, 2);
    co_await observer_.until([&] { return observer_.storage_failures == 1; });
    outbox_.unwritable = false;
  });
  EXPECT_THAT(outbox_.in(DeliveryState::delivered), ElementsAre("1", "2"));
}

TEST_F(DispatcherTest, AlertsFlowWhileNothingCanBeRead) {
  outbox_.unreadable = true;
  stored("1");
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({make_delivery("2", kStarted, "a")});
    co_await observer_.until_settled(DeliveryState::delivered, 1);
    dispatcher.submit({make_delivery("3", kStopped, "a")});
    co_await observer_.until_settled(DeliveryState::delivered, 2);
    outbox_.unreadable = false;
    co_await observer_.until_settled(DeliveryState::delivered, 3);
    dispatcher.submit({stored("4", kStarted)});
    co_await observer_.until_settled(DeliveryState::delivered, 4);
  });
  EXPECT_THAT(channel().received, ElementsAre("2", "3", "1", "4"));
  EXPECT_GT(observer_.storage_failures, 0);
}

TEST_F(DispatcherTest, GivesBackWhatOnlyMemoryHolds) {
  channel().close();
  options_.most_in_memory = 2;
  const auto left = run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1"), make_delivery("2", kStarted, "a"), stored("3"),
                       make_delivery("4", kStarted, "a")});
    co_return;
  });
  ASSERT_THAT(left, SizeIs(2));
  EXPECT_EQ(left[0].id.value, "2");
  EXPECT_EQ(left[1].id.value, "4");
  EXPECT_THAT(outbox_.in(DeliveryState::pending), ElementsAre("1", "3"));
}

// --- more than memory may hold
// ---------------------------------------------------------------------

TEST_F(DispatcherTest, WhatMemoryDoesNotHoldWaitsInTheOutboxInOrder) {
  options_.most_in_memory = 4;
  channel().close();
  std::vector<std::string> expected;
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    for (int i = 0; i < 40; ++i) {
      expected.push_back(std::to_string(i));
      dispatcher.submit(
          {i % 10 == 7 ? make_delivery(expected.back(), kStopped, "a") : stored(expected.back())});
      co_await kit::give_way();
    }
    channel().open();
    co_await observer_.until_settled(DeliveryState::delivered, 20);
    for (int i = 40; i < 60; ++i) {
      expected.push_back(std::to_string(i));
      dispatcher.submit({stored(expected.back())});
    }
    co_await observer_.until_settled(DeliveryState::delivered, 60);
  });
  EXPECT_EQ(channel().received, expected);
  EXPECT_GT(outbox_.loads, 2);
  EXPECT_THAT(outbox_.in(DeliveryState::pending), IsEmpty());
  EXPECT_THAT(observer_.lost_ids, IsEmpty());
}

TEST_F(DispatcherTest, PagesThroughALongBacklog) {
  for (int i = 0; i < 2500; ++i) stored(std::to_string(i), kStopped, std::to_string(i % 100));
  run([&](Dispatcher&) -> net::awaitable<void> {
    co_await observer_.until_settled(DeliveryState::delivered, 2500);
  });
  EXPECT_THAT(outbox_.in(DeliveryState::delivered), SizeIs(2500));
}

TEST_F(DispatcherTest, ADamagedRowDoesNotEndTheBacklog) {
  outbox_.damaged = "10";
  for (int i = 0; i < 1500; ++i) stored(std::to_string(i), kStopped, std::to_string(i % 100));
  run([&](Dispatcher&) -> net::awaitable<void> {
    co_await observer_.until_settled(DeliveryState::delivered, 1499);
  });
  EXPECT_THAT(outbox_.in(DeliveryState::pending), ElementsAre("10"));
}

TEST_F(DispatcherTest, ReportsWhatItLosesWhenNeitherDiskNorMemoryCanHoldIt) {
  options_.most_in_memory = 3;
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({make_delivery("first", kStopped, "a")});
    co_await observer_.until_settled(DeliveryState::delivered, 1);
    channel().close();
    for (int i = 0; i < 8; ++i)
      dispatcher.submit({make_delivery(std::to_string(i), kStopped, "a")});
    channel().open();
    co_await observer_.until_settled(DeliveryState::delivered, 7);
  });
  EXPECT_THAT(observer_.lost_ids, ElementsAre("3", "4"));
  EXPECT_THAT(channel().received, ElementsAre("first", "0", "1", "2", "5", "6", "7"));
}

// --- crashes
// ---------------------------------------------------------------------------------------

TEST_F(DispatcherTest, WhatWasNotRecordedIsSentAgainWithTheSameId) {
  outbox_.unwritable = true;
  for (int round = 0; round < 2; ++round) {
    run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
      if (round == 0) dispatcher.submit({stored("1"), stored("2", kStarted)});
      co_await observer_.until_settled(DeliveryState::delivered, 2);
      outbox_.unwritable = round == 0;
    });
    observer_.by_state.clear();
  }
  EXPECT_THAT(channel().received, ElementsAre("1", "2", "1", "2"));
  EXPECT_THAT(outbox_.in(DeliveryState::delivered), ElementsAre("1", "2"));
}

// --- groups
// ----------------------------------------------------------------------------------------

TEST_F(DispatcherTest, WhatThePipelineBeforeHandsOverKeepsItsPlace) {
  channel().answer = [](const std::string&) { return RetryAfter{.after = {}, .reason = "503"}; };
  auto unstored = run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1")});
    co_await observer_.until_settled(DeliveryState::pending, 1);
    dispatcher.submit({make_delivery("2", kStarted, "a", time_.now())});
  });
  channel().answer = [](const std::string&) { return Delivered{.detail = "ok"}; };
  channel().received.clear();
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit(std::move(unstored));
    co_await observer_.until_settled(DeliveryState::delivered, 2);
  });
  EXPECT_THAT(channel().received, ElementsAre("1", "2"));
}

TEST_F(DispatcherTest, IsBusyWhileAnAttemptDoesNotEnd) {
  channel().close();
  (void)run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    EXPECT_FALSE(dispatcher.is_busy());
    dispatcher.submit({stored("1")});
    co_await time_.pass(std::chrono::minutes(10));
    EXPECT_TRUE(dispatcher.is_busy());
    EXPECT_EQ(dispatcher.attempts(), 0);
    channel().open();
    co_await observer_.until_settled(store::DeliveryState::delivered, 1);
    EXPECT_FALSE(dispatcher.is_busy());
    EXPECT_EQ(dispatcher.attempts(), 1);
  });
}

TEST_F(DispatcherTest, IsNotBusyWhileItWaitsToTryAgain) {
  channel().answer = [](const std::string&) {
    return RetryAfter{.after = std::chrono::minutes(5), .reason = "503"};
  };
  (void)run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({stored("1")});
    co_await observer_.until_settled(store::DeliveryState::pending, 1);
    co_await time_.pass(std::chrono::minutes(1));
    EXPECT_FALSE(dispatcher.is_busy());
    const auto attempts = dispatcher.attempts();
    co_await time_.pass(std::chrono::minutes(10));
    EXPECT_GT(dispatcher.attempts(), attempts);
  });
}

}  // namespace
}  // namespace tocsin::notify
