// The dispatcher on the real store, over restarts.
#include "notify/outbox.h"

#include <memory>
#include <set>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/scratch.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "notify/dispatcher.h"
#include "unit/notify/deliveries.h"

namespace tocsin::notify {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using store::DeliveryState;
using testing::ElementsAre;
using testing::IsEmpty;

/// Answers from a script, and says when it was asked so many times.
class ScriptedChannel final : public Channel {
 public:
  explicit ScriptedChannel(const net::Executor& executor) : asked_(executor) {}
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return key_; }
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id, net::Deadline) override {
    received.push_back(id.value + " " + alert.service.text());
    asked_.set();
    co_return answer;
  }
  net::awaitable<void> until(std::size_t count) {
    const auto deadline = net::within(std::chrono::hours(1));
    while (received.size() < count) {
      asked_.reset();
      if (!co_await asked_.wait_until(deadline)) throw std::runtime_error("waited in vain");
    }
  }

  Answer answer = Delivered{.detail = "204 No Content"};
  std::vector<std::string> received;

 private:
  std::string key_ = "test:1";
  net::Event asked_;
};

class SilentObserver final : public Observer {
 public:
  void settled(std::span<const Outcome>) override {}
  void abandoned(std::size_t count) override { abandoned_count += count; }
  void storage_failed(const Error& error, std::size_t) override { ADD_FAILURE() << error.what; }
  void storage_recovered() override {}
  void lost(const store::Delivery& delivery) override { ADD_FAILURE() << delivery.id.value; }

  std::size_t abandoned_count = 0;
};

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    auto channel = std::make_unique<ScriptedChannel>(loop_.executor());
    channel_ = channel.get();
    destinations_.push_back(
        {.channel = std::move(channel), .rules = {.rate_limits = {seconds(300), seconds(300)}}});
  }

  /// One run of the program: `before` is committed but never handed over, as when the last run has
  /// crashed; `now` is committed and submitted; it stops after so many requests.
  void run(std::vector<store::Delivery> before, std::vector<store::Delivery> now,
           std::size_t requests) {
    auto store = store::Store::open(directory_.path());
    ASSERT_TRUE(store.has_value()) << store.error().what;
    commit(*store, before);
    commit(*store, now);
    net::Worker worker("store", 1);
    StoreOutbox outbox(*store, worker);
    Dispatcher dispatcher(loop_.executor(), destinations_, outbox, observer_, time_, longest());
    loop_.run_until_done([&]() -> net::awaitable<void> {
      dispatcher.start();
      dispatcher.submit(std::move(now));
      co_await channel_->until(requests);
      EXPECT_THAT(co_await dispatcher.stop(), IsEmpty());
    }());
  }

  std::vector<std::string> in(DeliveryState state) {
    auto store = store::Store::open(directory_.path());
    const auto records = store->deliveries(false, 1000);
    std::vector<std::string> found;
    for (const store::DeliveryRecord& record : *records) {
      if (record.state == state) found.push_back(record.delivery.id.value + ": " + record.detail);
    }
    return found;
  }

  static void commit(store::Store& store, std::vector<store::Delivery>& deliveries) {
    std::vector<store::Commit> commits;
    commits.reserve(deliveries.size());
    for (const store::Delivery& delivery : deliveries) {
      commits.push_back({.alerts = {delivery.alert}, .deliveries = {delivery}});
    }
    const auto committed = store.commit(commits);
    ASSERT_TRUE(committed.has_value()) << committed.error().what;
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      deliveries[i] = commits[i].deliveries.front();
    }
  }

  kit::ScratchDirectory directory_;
  kit::VirtualTime time_{kStart};
  net::Loop loop_;
  SilentObserver observer_;
  ScriptedChannel* channel_ = nullptr;
  std::vector<Destination> destinations_;
};

TEST_F(OutboxTest, WhatACrashLeftIsSentBeforeWhatIsNew) {
  run({make_delivery("1", TransitionKind::stopped, "a")},
      {make_delivery("2", TransitionKind::started, "a")}, 2);
  EXPECT_THAT(channel_->received, ElementsAre("1 a", "2 a"));
  EXPECT_THAT(in(DeliveryState::delivered), ElementsAre("1: 204 No Content", "2: 204 No Content"));
}

TEST_F(OutboxTest, EscalationsAndWhoWasNotifiedOutliveTheRun) {
  const auto conditional = [&](std::string id, TransitionKind kind, Duration after) {
    auto delivery = make_delivery(std::move(id), kind, "a", time_.now());
    delivery.alert.to =
        kind == TransitionKind::started ? ServiceState::running : ServiceState::stopped;
    delivery.conditional = true;
    delivery.not_before = delivery.created + after;
    return delivery;
  };
  const auto escalation = [&](std::string id) {
    return conditional(std::move(id), TransitionKind::stopped, minutes(30));
  };
  run({}, {escalation("1"), make_delivery("2", TransitionKind::stopped, "b")}, 1);
  time_.skip(minutes(20));
  run({}, {escalation("3"), make_delivery("4", TransitionKind::stopped, "c")}, 2);
  EXPECT_THAT(channel_->received, ElementsAre("2 b", "4 c"));
  EXPECT_THAT(in(DeliveryState::merged), ElementsAre("1: notified by 3"));
  time_.skip(minutes(10));
  run({}, {}, 3);
  EXPECT_EQ(channel_->received.back(), "3 a") << "half an hour after the first";
  run({}, {conditional("5", TransitionKind::started, Duration(0))}, 4);
  EXPECT_EQ(channel_->received.back(), "5 a");
  run({}, {escalation("6"), make_delivery("7", TransitionKind::stopped, "d")}, 5);
  EXPECT_EQ(channel_->received.back(), "7 d") << "that is a new alert";
}

TEST_F(OutboxTest, RetriesAndLimitsOutliveTheRun) {
  channel_->answer = RetryAfter{.after = seconds(60), .reason = "503 Service Unavailable"};
  run({}, {make_delivery("1", TransitionKind::stopped, "a")}, 1);
  EXPECT_THAT(in(DeliveryState::pending), ElementsAre("1: 503 Service Unavailable"));

  channel_->answer = Delivered{.detail = "ok"};
  run({}, {}, 1);
  EXPECT_THAT(channel_->received, ElementsAre("1 a")) << "it still waits";
  run({}, {make_delivery("2", TransitionKind::stopped, "b")}, 3);
  EXPECT_THAT(channel_->received, ElementsAre("1 a", "2 b", "1 a")) << "one success wakes it";

  time_.skip(seconds(60));
  run({},
      {make_delivery("3", TransitionKind::stopped, "b"),
       make_delivery("4", TransitionKind::stopped, "b"),
       make_delivery("5", TransitionKind::started, "c")},
      4);
  EXPECT_EQ(channel_->received.back(), "5 c");
  EXPECT_THAT(in(DeliveryState::pending), ElementsAre("3: ", "4: ")) << "delayed, not dropped";

  time_.skip(seconds(240));
  run({}, {}, 6);
  EXPECT_EQ(channel_->received.back(), "4 b");
  EXPECT_THAT(in(DeliveryState::pending), IsEmpty());
}

TEST_F(OutboxTest, ADestinationThatLeftTheConfigurationGetsDeadLetters) {
  run({make_delivery("1", TransitionKind::stopped, "a", kStart, "gone:1")},
      {make_delivery("2", TransitionKind::stopped, "a")}, 1);
  EXPECT_EQ(observer_.abandoned_count, 1U);
  EXPECT_THAT(in(DeliveryState::dead), ElementsAre("1: destination is no longer configured"));
  EXPECT_THAT(in(DeliveryState::delivered), ElementsAre("2: 204 No Content"));
}

}  // namespace
}  // namespace tocsin::notify
