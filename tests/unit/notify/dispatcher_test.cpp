#include "notify/dispatcher.h"

#include <functional>
#include <map>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "unit/notify/deliveries.h"

namespace tocsin::notify {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using store::DeliveryState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kStopped = TransitionKind::stopped;
constexpr auto kStarted = TransitionKind::started;

/// The outbox as a list; every call gives way to others once, as the real one does.
class FakeOutbox final : public Outbox {
 public:
  struct Row {
    store::Delivery delivery;
    store::DeliveryUpdate last;
  };

  /// As the store's commit() does.
  store::Delivery commit(store::Delivery delivery) {
    delivery.sequence = static_cast<std::int64_t>(rows.size()) + 1;
    rows.push_back({.delivery = delivery, .last = {}});
    return delivery;
  }
  std::vector<std::string> in(DeliveryState state) const {
    std::vector<std::string> ids;
    for (const Row& row : rows) {
      if (row.last.state == state) ids.push_back(row.delivery.id.value);
    }
    return ids;
  }

  net::awaitable<Result<std::vector<store::LastDelivered>>> load_last_delivered(Time) override {
    co_await kit::give_way();
    co_return limits;
  }
  net::awaitable<Result<std::vector<store::OpenAlert>>> load_open_alerts() override {
    co_await kit::give_way();
    co_return troubles;
  }
  net::awaitable<Result<std::vector<store::Delivery>>> load_pending(std::string destination,
                                                                    std::int64_t after,
                                                                    std::size_t most) override {
    co_await kit::give_way();
    ++loads;
    if (unreadable) co_return fail(ErrorKind::storage, "cannot read");
    std::vector<store::Delivery> found;
    for (const Row& row : rows) {
      const bool wanted = row.delivery.destination == destination &&
                          row.last.state == DeliveryState::pending && row.delivery.sequence > after;
      if (!wanted || most == 0) continue;
      --most;
      if (row.delivery.id.value != damaged) found.push_back(row.delivery);
    }
    co_return found;
  }
  net::awaitable<Result<std::size_t>> abandon(std::vector<std::string> configured, Time,
                                              std::string detail) override {
    co_await kit::give_way();
    std::size_t count = 0;
    for (Row& row : rows) {
      if (testing::Matches(testing::Contains(row.delivery.destination))(configured)) continue;
      row.last.state = DeliveryState::dead;
      row.last.detail = detail;
      ++count;
    }
    co_return count;
  }
  net::awaitable<Result<>> commit(const store::StoredMessage& message,
                                  std::span<const DeliveryId> members) override {
    co_await kit::give_way();
    if (unwritable) co_return fail(ErrorKind::storage, "disk full");
    messages[message.id] = message;
    for (Row& row : rows) {
      if (std::ranges::find(members, row.delivery.id) != members.end())
        row.delivery.group = message.id;
    }
    co_return Result<>{};
  }
  net::awaitable<Result<std::optional<store::Store::PendingMessage>>> load_message(
      std::string id) override {
    co_await kit::give_way();
    const auto found = messages.find(id);
    if (found == messages.end()) co_return std::nullopt;
    const auto members = std::ranges::count_if(rows, [&](const Row& row) {
      return row.delivery.group == id && row.last.state == DeliveryState::pending;
    });
    co_return store::Store::PendingMessage{found->second, static_cast<std::size_t>(members)};
  }
  net::awaitable<Result<>> update(std::span<const store::DeliveryUpdate> updates) override {
    co_await kit::give_way();
    if (unwritable) co_return fail(ErrorKind::storage, "disk full");
    for (const store::DeliveryUpdate& update : updates) {
      for (Row& row : rows) {
        if (row.delivery.id != update.id) continue;
        row.last = update;
        row.delivery.attempts = update.attempts;
        row.delivery.group = update.group;
      }
    }
    co_return Result<>{};
  }

  std::vector<Row> rows;
  std::map<std::string, store::StoredMessage> messages;
  std::vector<store::LastDelivered> limits;
  std::vector<store::OpenAlert> troubles;
  std::string damaged;  ///< a row that is left out when it is read
  bool unreadable = false;
  bool unwritable = false;
  int loads = 0;
};

class FakeChannel final : public Channel {
 public:
  FakeChannel(std::string key, const net::Executor& executor)
      : key_(std::move(key)), name_("fake " + key_), open_(executor) {
    open_.set();
  }
  const std::string& key() const override { return key_; }
  const std::string& name() const override { return name_; }
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id, net::Deadline) override {
    const std::string service = alert.service.text();
    EXPECT_TRUE(flying.insert(service).second) << "one at a time per service";
    most_flying = std::max(most_flying, flying.size());
    received.push_back(id.value);
    co_await kit::give_way();
    co_await open_.wait();
    flying.erase(service);
    co_return answer(id.value);
  }

  void close() { open_.reset(); }
  void open() { open_.set(); }

  std::function<Answer(const std::string&)> answer = [](const std::string&) {
    return Delivered{.detail = "ok"};
  };
  std::vector<std::string> received;
  std::set<std::string> flying;
  std::size_t most_flying = 0;

 private:
  std::string key_;
  std::string name_;
  net::Event open_;
};

/// Writes a number and the ids of the alerts, which it must be asked for once.
class FakeGroupingChannel final : public GroupingChannel {
 public:
  explicit FakeGroupingChannel(const net::Executor& executor) : open_(executor) { open_.set(); }
  const std::string& key() const override { return key_; }
  const std::string& name() const override { return key_; }
  std::string group_of(const Alert&) const override { return "people"; }
  Message write(const Contents& contents, const DeliveryId&) override {
    std::string text = std::to_string(++written) + ":";
    for (const Alert* alert : contents.alerts) text += " " + alert->id.value.substr(6);
    for (const auto& name : contents.still_firing) text += " !" + name;
    return {.text = text, .note = {}};
  }
  bool is_sound(const Message& message) const override { return message.text.contains(':'); }
  net::awaitable<Answer> send(const Alert&, const Message& message, const DeliveryId& id,
                              net::Deadline) override {
    received.push_back(message.text);
    ids.push_back(id.value);
    co_await kit::give_way();
    co_await open_.wait();
    co_return answer;
  }
  void close() { open_.reset(); }
  void open() { open_.set(); }

  Answer answer = Delivered{.detail = "ok"};
  int written = 0;
  std::vector<std::string> received;
  std::vector<std::string> ids;

 private:
  std::string key_ = "people:1";
  net::Event open_;
};

class FakeObserver final : public Observer {
 public:
  explicit FakeObserver(const net::Executor& executor) : changed_(executor) {}

  void settled(std::span<const Outcome> outcomes) override {
    for (const auto& [delivery, update] : outcomes)
      by_state[update.state].push_back(delivery.id.value);
    changed_.set();
  }
  void abandoned(std::size_t count) override { abandoned_count += count; }
  void storage_failed(const Error& error, std::size_t) override {
    EXPECT_EQ(error.kind, ErrorKind::storage);
    ++storage_failures;
    failed_at.push_back(net::MonotonicClock::now());
    changed_.set();
  }
  void storage_recovered() override {
    ++storage_recoveries;
    changed_.set();
  }
  void lost(const store::Delivery& delivery) override { lost_ids.push_back(delivery.id.value); }

  net::awaitable<void> until(std::function<bool()> done) {
    const auto deadline = net::within(std::chrono::hours(1));
    while (!done()) {
      changed_.reset();
      if (!co_await changed_.wait_until(deadline))
        throw std::runtime_error("waited in vain; settled: " + testing::PrintToString(by_state));
    }
  }
  net::awaitable<void> until_settled(DeliveryState state, std::size_t count) {
    co_await until([&, state, count] { return by_state[state].size() >= count; });
  }

  std::map<DeliveryState, std::vector<std::string>> by_state;
  std::size_t abandoned_count = 0;
  int storage_failures = 0;
  std::vector<net::Deadline> failed_at;
  int storage_recoveries = 0;
  std::vector<std::string> lost_ids;

 private:
  net::Event changed_;
};

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() { add_destination("test:1", seconds(0)); }

  FakeChannel& add_destination(const std::string& key, seconds rate_limit) {
    auto channel = std::make_unique<FakeChannel>(key, loop_.executor());
    FakeChannel& made = *channel;
    destinations_.push_back(
        {.channel = std::move(channel), .rules = {.rate_limits = {rate_limit, rate_limit}}});
    channels_[key] = &made;
    return made;
  }
  FakeChannel& channel(const std::string& key = "test:1") { return *channels_.at(key); }

  /// Runs a dispatcher around `body`, and answers what stop() answers.
  template <typename Body>
  std::vector<store::Delivery> run(Body body) {
    Dispatcher dispatcher(loop_.executor(), destinations_, outbox_, observer_, time_, random_,
                          options_);
    return loop_.run_until_done(
        [](Dispatcher& running, Body& inner) -> net::awaitable<std::vector<store::Delivery>> {
          running.start();
          co_await inner(running);
          co_return co_await running.stop();
        }(dispatcher, body));
  }
  store::Delivery stored(const std::string& id, TransitionKind kind = kStopped,
                         const std::string& service = "a") {
    return outbox_.commit(make_delivery(id, kind, service));
  }

  kit::VirtualTime time_{kStart};
  net::Loop loop_;
  std::vector<Destination> destinations_;
  std::map<std::string, FakeChannel*> channels_;
  FakeOutbox outbox_;
  FakeObserver observer_{loop_.executor()};
  RandomFill random_ = shortest();
  DispatcherOptions options_;
};

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

class GroupedDispatcherTest : public DispatcherTest {
 protected:
  GroupedDispatcherTest() {
    auto channel = std::make_unique<FakeGroupingChannel>(loop_.executor());
    people_ = channel.get();
    destinations_.push_back({.channel = std::move(channel), .rules = {.parallel = 1}});
  }
  store::Delivery to_people(const std::string& id, const std::string& service,
                            TransitionKind kind = kStopped) {
    return outbox_.commit(make_delivery(id, kind, service, time_.now(), "people:1"));
  }

  FakeGroupingChannel* people_;
};

TEST_F(GroupedDispatcherTest, WhatComesTogetherLeavesTogetherAndIsStoredFirst) {
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({to_people("1", "a"), to_people("2", "b"), to_people("3", "c")});
    co_await observer_.until_settled(DeliveryState::delivered, 3);
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1 2 3 !a !b !c"));
  ASSERT_THAT(outbox_.messages, SizeIs(1));
  EXPECT_EQ(outbox_.messages.begin()->second.text, "1: 1 2 3 !a !b !c");
  for (std::size_t i = 0; i < 3; i++) EXPECT_EQ(outbox_.rows[i].last.group, people_->ids[0]);
}

TEST_F(GroupedDispatcherTest, AnAttemptThatFailedIsRepeatedWithTheSameWords) {
  people_->answer = RetryAfter{.after = {}, .reason = "503"};
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({to_people("1", "a"), to_people("2", "b")});
    co_await observer_.until_settled(DeliveryState::pending, 2);
    dispatcher.submit({to_people("3", "a", kStarted)});
    people_->answer = Delivered{.detail = "ok"};
    co_await observer_.until_settled(DeliveryState::delivered, 3);
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1 2 !a !b", "1: 1 2 !a !b", "2: 3"));
  EXPECT_EQ(people_->ids[0], people_->ids[1]);
}

TEST_F(GroupedDispatcherTest, AStopWithinAWindowLosesOnlyTheWindow) {
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({to_people("1", "a")});
    co_await observer_.until_settled(DeliveryState::delivered, 1);
    dispatcher.submit({to_people("2", "b")});
    dispatcher.submit({to_people("3", "c")});
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1"));
  run([&](Dispatcher&) -> net::awaitable<void> {
    co_await observer_.until_settled(DeliveryState::delivered, 3);
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1", "2: 2 3 !b !c"));
}

TEST_F(GroupedDispatcherTest, AStopAfterTheCommitLeavesTheMessageAsItWas) {
  people_->close();
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({to_people("1", "a"), to_people("2", "b")});
    while (people_->received.empty()) co_await kit::give_way();
  });
  people_->open();
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({to_people("3", "c")});
    co_await observer_.until_settled(DeliveryState::delivered, 3);
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1 2 !a !b", "1: 1 2 !a !b", testing::_));
  EXPECT_EQ(people_->ids[0], people_->ids[1]);
}

TEST_F(GroupedDispatcherTest, AnOutcomeThatWasNotRecordedRepeatsTheSameMessage) {
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({to_people("1", "a"), to_people("2", "b")});
    while (people_->received.empty()) co_await kit::give_way();
    outbox_.unwritable = true;
    co_await observer_.until_settled(DeliveryState::delivered, 2);
  });
  outbox_.unwritable = false;
  run([&](Dispatcher&) -> net::awaitable<void> {
    co_await observer_.until_settled(DeliveryState::delivered, 4);
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1 2 !a !b", "1: 1 2 !a !b"));
  EXPECT_EQ(people_->ids[0], people_->ids[1]);
}

TEST_F(GroupedDispatcherTest, AMessageThatCannotBeStoredLeavesAllTheSame) {
  outbox_.unwritable = true;
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    dispatcher.submit({make_delivery("1", kStopped, "a", kStart, "people:1"),
                       make_delivery("2", kStopped, "b", kStart, "people:1")});
    co_await observer_.until_settled(DeliveryState::delivered, 2);
  });
  EXPECT_THAT(people_->received, SizeIs(1));
  EXPECT_GT(observer_.storage_failures, 0);
}

TEST_F(GroupedDispatcherTest, OneWhoseMessageIsGoneIsBegunAnew) {
  for (const auto* id : {"1", "2"}) {
    (void)to_people(id, id);
    outbox_.rows.back().delivery.group = "gone";
  }
  run([&](Dispatcher&) -> net::awaitable<void> {
    co_await observer_.until_settled(DeliveryState::delivered, 2);
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1 2 !1 !2"));
}

TEST_F(GroupedDispatcherTest, OneWhoseMessageIsDamagedIsBegunAnew) {
  for (const auto* id : {"1", "2"}) {
    (void)to_people(id, id);
    outbox_.rows.back().delivery.group = "damaged";
  }
  outbox_.messages["damaged"] = {.id = "damaged", .text = "no message of ours", .note = ""};
  run([&](Dispatcher&) -> net::awaitable<void> {
    co_await observer_.until_settled(DeliveryState::delivered, 2);
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1 2 !1 !2"));
}

TEST_F(GroupedDispatcherTest, OneOfWhichAMemberCannotBeReadIsBegunAnew) {
  for (const auto* id : {"1", "2", "3"}) {
    (void)to_people(id, id);
    outbox_.rows.back().delivery.group = "group";
  }
  outbox_.messages["group"] = {.id = "group", .text = "1: 1 2 3", .note = ""};
  outbox_.damaged = "2";
  run([&](Dispatcher&) -> net::awaitable<void> {
    co_await observer_.until_settled(DeliveryState::delivered, 2);
  });
  EXPECT_THAT(people_->received, ElementsAre("1: 1 3 !1 !3"));
}

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

}  // namespace
}  // namespace tocsin::notify
