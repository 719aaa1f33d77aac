// Groups on their way through the dispatcher, the outbox and a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/notify/dispatcher_test.h"

namespace tocsin::notify {
namespace {

using store::DeliveryState;
using testing::ElementsAre;
using testing::SizeIs;

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

}  // namespace
}  // namespace tocsin::notify
