// Deliveries, groups and open alerts in the store.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/store/store_test.h"

namespace tocsin::store {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(StoreTest, ADeliveryIsReadBackComplete) {
  auto delivery = make_delivery("d1", make_alert("a1"));
  delivery.attempts = 3;
  delivery.not_before = kNow + 1min;
  delivery.last_error = "503 Service Unavailable";
  commit({.deliveries = {delivery}});
  reopen();
  const auto loaded = store_->load_pending("webhook:1", 0, 10).value();
  ASSERT_EQ(loaded.size(), 1);
  EXPECT_EQ(loaded[0].id, delivery.id);
  EXPECT_EQ(loaded[0].destination, "webhook:1");
  EXPECT_EQ(loaded[0].alert, delivery.alert);
  EXPECT_GT(loaded[0].sequence, 0);
  EXPECT_EQ(loaded[0].attempts, 3);
  EXPECT_EQ(loaded[0].created, kNow);
  EXPECT_EQ(loaded[0].not_before, kNow + 1min);
  EXPECT_EQ(loaded[0].last_error, "503 Service Unavailable");
}

TEST_F(StoreTest, SequencesFollowTheOrderOfCommits) {
  std::vector<Commit> commits{make_commit("1"), make_commit("2"), make_commit("3")};
  commits[1].deliveries.push_back(make_delivery("d-2b", commits[1].alerts[0], "webhook:2"));
  ASSERT_TRUE(store_->commit(commits));
  std::vector<std::int64_t> sequences;
  for (const auto& commit : commits)
    for (const auto& delivery : commit.deliveries) sequences.push_back(delivery.sequence);
  EXPECT_THAT(sequences, ElementsAre(1, 2, 2, 3));
  EXPECT_THAT(pending("webhook:1"), ElementsAre("d-1", "d-2", "d-3"));
  EXPECT_THAT(pending("webhook:1", sequences[0], 1), ElementsAre("d-2"));
  EXPECT_THAT(pending("webhook:1", sequences[3]), IsEmpty());
  EXPECT_THAT(pending("webhook:2"), ElementsAre("d-2b"));
}

TEST_F(StoreTest, ADeliveryThatIsStoredLateKeepsThePlaceOfItsAlert) {
  auto early = make_commit("early");
  const auto while_the_disk_was_full = std::exchange(early.deliveries, {});
  commit(early);
  commit(make_commit("later"));
  std::vector<Commit> late{{.deliveries = while_the_disk_was_full}};
  ASSERT_TRUE(store_->commit(late));
  EXPECT_EQ(late[0].deliveries[0].sequence, 1);
  EXPECT_THAT(pending("webhook:1"), ElementsAre("d-early", "d-later"));
  EXPECT_THAT(pending("webhook:1", 1), ElementsAre("d-later"));
}

TEST_F(StoreTest, APageIsOfWholeAlerts) {
  auto twice = make_commit("1");
  twice.deliveries.push_back(make_delivery("d-1b", twice.alerts[0]));
  commit(twice);
  commit(make_commit("2"));
  EXPECT_THAT(pending("webhook:1", 0, 1), ElementsAre("d-1", "d-1b"));
  EXPECT_THAT(pending("webhook:1", 1, 1), ElementsAre("d-2"));
}

TEST_F(StoreTest, WhatIsStoredStaysWhenItIsCommittedAgain) {
  auto first = make_commit("1");
  ASSERT_TRUE(store_->commit({&first, 1}));
  record("d-1", DeliveryState::delivered);
  auto again = make_commit("1");
  again.alerts[0].reason = again.deliveries[0].alert.reason = "another one";
  ASSERT_TRUE(store_->commit({&again, 1}));
  EXPECT_EQ(again.deliveries[0].sequence, first.deliveries[0].sequence);
  EXPECT_THAT(store_->history({}).value(), ElementsAre(first.alerts[0]));
  EXPECT_THAT(pending("webhook:1"), IsEmpty());
}

TEST_F(StoreTest, EndedDeliveriesAreNotPending) {
  for (const auto* id : {"1", "2", "3", "4"}) commit(make_commit(id));
  record("d-1", DeliveryState::delivered);
  record("d-2", DeliveryState::dead);
  record("d-3", DeliveryState::merged);
  record("unheard of", DeliveryState::delivered);
  reopen();
  EXPECT_THAT(pending("webhook:1"), ElementsAre("d-4"));
}

TEST_F(StoreTest, APendingDeliveryRemembersItsFailures) {
  commit(make_commit("1"));
  const DeliveryUpdate update{.id = {"d-1"},
                              .state = DeliveryState::pending,
                              .attempts = 2,
                              .at = kNow + 1s,
                              .not_before = kNow + 8s,
                              .detail = "no connection"};
  ASSERT_TRUE(store_->update({&update, 1}));
  reopen();
  const auto loaded = store_->load_pending("webhook:1", 0, 10).value();
  ASSERT_EQ(loaded.size(), 1);
  EXPECT_EQ(loaded[0].attempts, 2);
  EXPECT_EQ(loaded[0].not_before, kNow + 8s);
  EXPECT_EQ(loaded[0].last_error, "no connection");
}

TEST_F(StoreTest, DeliveriesToWhomIsNotConfiguredAreAbandoned) {
  const auto alert = make_alert("a");
  commit({.deliveries = {make_delivery("1", alert, "kept"), make_delivery("2", alert, "gone"),
                         make_delivery("3", alert, "gone"), make_delivery("4", alert, "gone")}});
  record("4", DeliveryState::delivered);
  const std::vector<std::string> configured{"kept", "new"};
  EXPECT_EQ(store_->abandon(configured, kNow + 1s, "no longer configured").value(), 2);
  EXPECT_EQ(store_->abandon(configured, kNow + 2s, "no longer configured").value(), 0);
  EXPECT_THAT(pending("kept"), ElementsAre("1"));
  EXPECT_THAT(pending("gone"), IsEmpty());
  const auto failed = store_->deliveries(true, 10).value();
  ASSERT_EQ(failed.size(), 2);
  EXPECT_EQ(failed[0].detail, "no longer configured");
  EXPECT_EQ(failed[0].delivery.updated, kNow + 1s);
}

TEST_F(StoreTest, LastDelivered) {
  auto started = make_alert("started");
  started.kind = TransitionKind::started;
  auto elsewhere = make_alert("elsewhere");
  elsewhere.host = HostName("h2");
  commit({.deliveries = {make_delivery("1", make_alert("1")), make_delivery("2", make_alert("2")),
                         make_delivery("3", make_alert("3"), "webhook:2"),
                         make_delivery("4", started), make_delivery("5", elsewhere),
                         make_delivery("6", elsewhere), make_delivery("7", elsewhere)}});
  record("1", DeliveryState::delivered, kNow + 1s);
  record("2", DeliveryState::delivered, kNow + 2s);
  record("3", DeliveryState::delivered, kNow + 3s);
  record("4", DeliveryState::delivered, kNow + 4s);
  record("5", DeliveryState::dead, kNow + 5s);
  record("6", DeliveryState::merged, kNow + 6s);
  record("7", DeliveryState::delivered, kNow);
  std::vector<std::string> last;
  for (const auto& one : store_->load_last_delivered(kNow + 1s).value()) {
    last.push_back(one.destination + " " + one.host.text() + " " + one.service.text() + " " +
                   std::string(to_string(one.kind)) + " +" + std::to_string((one.at - kNow) / 1s));
  }
  EXPECT_THAT(last, ::testing::UnorderedElementsAre("webhook:1 Host Spooler stopped +2",
                                                    "webhook:2 Host Spooler stopped +3",
                                                    "webhook:1 Host Spooler started +4"));
}

TEST_F(StoreTest, KeepsWhatAGroupLeavesWith) {
  for (const auto* id : {"1", "2", "3"})
    commit({.deliveries = {make_delivery(id, make_alert("a" + std::string(id)), "slack:1")}});
  const std::vector<DeliveryId> members{{"1"}, {"2"}};
  ASSERT_TRUE(store_->commit({.id = "g", .text = "two\nlines", .note = "a note"}, members));
  reopen();
  const auto pending = store_->load_pending("slack:1", 0, 10).value();
  ASSERT_EQ(pending.size(), 3);
  EXPECT_EQ(pending[0].group, "g");
  EXPECT_EQ(pending[1].group, "g");
  EXPECT_EQ(pending[2].group, "");
  const auto found = store_->load_message("g").value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->message.text, "two\nlines");
  EXPECT_EQ(found->message.note, "a note");
  EXPECT_EQ(found->members, 2U);
  EXPECT_EQ(store_->load_message("none").value(), std::nullopt);

  ASSERT_TRUE(store_->prune(kNow).has_value());
  EXPECT_TRUE(store_->load_message("g").value().has_value()) << "it is needed still";
  const std::vector<DeliveryUpdate> ended{
      {.id = {"1"}, .state = DeliveryState::delivered, .attempts = 1, .at = kNow, .group = "g"},
      {.id = {"2"}, .state = DeliveryState::pending, .attempts = 1, .at = kNow}};
  ASSERT_TRUE(store_->update(ended));
  ASSERT_TRUE(store_->prune(kNow).has_value());
  EXPECT_EQ(store_->load_message("g").value(), std::nullopt) << "the group was dissolved";
  const auto records = store_->deliveries(false, 10).value();
  EXPECT_EQ(records[0].delivery.group, "g") << "a delivered one names its group";
  EXPECT_EQ(records[1].delivery.group, "");
}

TEST_F(StoreTest, KnowsAfterARestartWhoMustBeNotifiedOfTheEnd) {
  const auto add = [&](const std::string& id, TransitionKind kind, const std::string& to) {
    auto alert = make_alert("a" + id);
    alert.kind = kind;
    alert.to = kind == TransitionKind::started ? ServiceState::running : ServiceState::stopped;
    auto delivery = make_delivery(id, alert, to);
    delivery.conditional = true;
    delivery.not_before = kNow + 30min;
    commit({.deliveries = {delivery}});
  };
  add("1", TransitionKind::stopped, "notified");
  add("2", TransitionKind::stopped, "waiting");
  add("3", TransitionKind::stopped, "notified of the end");
  add("4", TransitionKind::started, "notified of the end");
  const auto known_to = [](const std::string& destination) {
    return open_by(make_delivery("", make_alert("1"), destination));
  };
  commit({.deliveries = {make_delivery("5", make_alert("a5"), "notified of everything")}});
  const auto end = known_to("notified of the end");
  using enum DeliveryState;
  const std::vector<DeliveryUpdate> updates{
      {.id = {"1"}, .state = delivered, .opens = known_to("notified")},
      {.id = {"3"}, .state = delivered, .opens = end},
      {.id = {"4"}, .state = delivered, .ends = end},
      {.id = {"5"}, .state = delivered, .opens = known_to("notified of everything")},
      {.id = {"6"}, .state = delivered, .opens = known_to("sent from memory")}};
  ASSERT_TRUE(store_->update(updates));
  reopen();
  const auto open = store_->load_open_alerts().value();
  ASSERT_EQ(open.size(), 3);
  EXPECT_EQ(open[0].destination, "notified");
  EXPECT_EQ(open[0].name, name_for_people(make_alert("1")));
  EXPECT_EQ(open[1].destination, "notified of everything");
  EXPECT_EQ(open[2].destination, "sent from memory") << "no row of the outbox says so";
  EXPECT_EQ(open[0].host, make_alert("1").host);
  EXPECT_EQ(open[0].service, make_alert("1").service);
  const auto waiting = store_->load_pending("waiting", 0, 10).value();
  ASSERT_EQ(waiting.size(), 1);
  EXPECT_TRUE(is_escalation(waiting[0]));
  EXPECT_THAT(store_->deliveries(true, 10).value(), IsEmpty()) << "to wait is no failure";
}

TEST_F(StoreTest, ForgetsWhatIsOpenWhereItsEndHasHappened) {
  const auto firing = make_alert("firing");
  auto end = make_alert("end");
  end.kind = TransitionKind::started;
  end.to = ServiceState::running;
  std::vector<DeliveryUpdate> updates;
  for (const std::string to : {"gone", "behind", "here"}) {
    commit({.deliveries = {make_delivery(to, firing, to)}});
    updates.push_back({.id = {to},
                       .state = DeliveryState::delivered,
                       .opens = open_by(make_delivery(to, firing, to))});
  }
  ASSERT_TRUE(store_->update(updates));
  commit({.deliveries = {make_delivery("end gone", end, "gone"),
                         make_delivery("end behind", end, "behind")}});
  EXPECT_EQ(store_->load_open_alerts().value().size(), 2) << "no end waits for \"here\"";

  ASSERT_TRUE(store_->abandon(std::vector<std::string>{"behind"}, kNow, "not configured"));
  const auto open = store_->load_open_alerts().value();
  ASSERT_EQ(open.size(), 1);
  EXPECT_EQ(open[0].destination, "behind");

  commit({.alerts = {make_alert("fires again")}});
  EXPECT_EQ(store_->load_open_alerts().value().size(), 1) << "and what was forgotten stays so";
}

}  // namespace
}  // namespace tocsin::store
