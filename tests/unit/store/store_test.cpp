#include "store/store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"
#include "store/details.h"

namespace tocsin {

// For this test only: the program never compares alerts.
static bool operator==(const Alert& a, const Alert& b) {
  const auto all = [](const Alert& x) {
    return std::tie(x.id, x.at, x.kind, x.host.text(), x.service.text(), x.friendly_name, x.details,
                    x.status, x.from, x.to, x.previous_since, x.reason);
  };
  return all(a) == all(b);
}

namespace store {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreTest : public ::testing::Test {
 protected:
  void commit(Commit commit) {
    const auto committed = store_->commit({&commit, 1});
    ASSERT_TRUE(committed) << committed.error().what;
  }
  void record(const std::string& delivery, DeliveryState state, Time at = kNow) {
    const DeliveryUpdate update{.id = {delivery}, .state = state, .attempts = 1, .at = at};
    ASSERT_TRUE(store_->update({&update, 1}));
  }
  void reopen() {
    store_.reset();
    store_ = std::make_unique<Store>(open_store(scratch_.path()));
  }
  std::vector<std::string> pending(const std::string& destination, std::int64_t after = 0,
                                   std::size_t most = 100) {
    std::vector<std::string> ids;
    for (const auto& delivery : store_->load_pending(destination, after, most).value())
      ids.push_back(delivery.id.value);
    return ids;
  }
  std::vector<std::string> history(const HistoryQuery& query) {
    std::vector<std::string> ids;
    for (const auto& alert : store_->history(query).value()) ids.push_back(alert.id.value);
    return ids;
  }

  ScratchDirectory scratch_;
  std::unique_ptr<Store> store_ = std::make_unique<Store>(open_store(scratch_.path()));
};

TEST_F(StoreTest, StatesAreReadBack) {
  const TrackedService tracked{.seen = {.state = ServiceState::stop_pending,
                                        .process_id = 4'294'967'295,
                                        .exit_code = 1066,
                                        .service_exit_code = 7,
                                        .checkpoint = 9,
                                        .wait_hint = std::chrono::milliseconds(4'294'967'295)},
                               .settled = ServiceState::running,
                               .settled_since = kNow - 3h,
                               .since = kNow - 2h,
                               .progress_at = kNow - 1h,
                               .process_id = 42,
                               .stuck = true,
                               .denied = true};
  commit(
      {.states = {{.host = HostName("Host"), .service = ServiceName("Spooler"), .state = tracked},
                  {.host = HostName("Host"), .service = ServiceName("Other"), .state = {}},
                  {.host = HostName("h2"), .service = ServiceName("Spooler"), .state = {}}}});
  reopen();
  const auto hosts = store_->load_states().value();
  ASSERT_EQ(hosts.size(), 2);
  const auto& services = hosts.at(HostName("HOST")).services;
  EXPECT_EQ(services.size(), 2);
  EXPECT_EQ(services.at(ServiceName("spooler")), tracked);
  EXPECT_EQ(services.find(ServiceName("spooler"))->first.text(), "Spooler");
  EXPECT_EQ(services.at(ServiceName("Other")), TrackedService{});
}

TEST_F(StoreTest, WhatDecidesWhoWatchesAServiceComesBack) {
  const ServiceDetails details{.display_name = "Print Sp\xf6oler",
                               .start_mode = StartMode::automatic_delayed,
                               .executable_path = "spoolsv.exe",
                               .dependencies = {"RPCSS"},
                               .type = 0x10,
                               .trigger_start = true};
  commit({.states = {{.host = HostName("h"),
                      .service = ServiceName("Spooler"),
                      .state = {},
                      .details = std::make_shared<const ServiceDetails>(details)},
                     {.host = HostName("h"), .service = ServiceName("Other"), .state = {}}}});
  reopen();
  const auto known = store_->load_states().value().at(HostName("h"));
  EXPECT_EQ(known.services.size(), 2);
  ASSERT_EQ(known.details.size(), 1);
  auto expected = details;
  expected.display_name = "Print Sp\xef\xbf\xbdoler";
  expected.executable_path.clear();
  expected.dependencies.clear();
  EXPECT_EQ(*known.details.at(ServiceName("spooler")), expected);
}

TEST_F(StoreTest, DamagedDetailsOfAServiceAreAsGoodAsNone) {
  for (const auto* damaged : {"{", "[]", "null", R"({"displayName": 5})"}) {
    commit({.states = {{.host = HostName("h"), .service = ServiceName("Spooler"), .state = {}}}});
    auto database = open_database(scratch_.path() / "tocsin.db");
    SQLite::Statement update(database, "UPDATE service SET details = ?");
    update.bind(1, damaged);
    update.exec();
    const auto known = store_->load_states().value().at(HostName("h"));
    EXPECT_EQ(known.services.size(), 1) << damaged;
    EXPECT_THAT(known.details, IsEmpty()) << damaged;
  }
}

TEST_F(StoreTest, WhatWasNotifiedComesBack) {
  const auto state = [](bool flapping, ServiceState notified) {
    const Time at{Duration{1'700'000'000'000}};
    return TrackedService{.settled = ServiceState::running,
                          .settled_since = at,
                          .notified = {.settled = notified,
                                       .from = notified,
                                       .since = at,
                                       .at = at,
                                       .first_sight = notified == ServiceState::stopped},
                          .flapping = flapping,
                          .flapping_bad = flapping,
                          .storm_state = flapping ? ServiceState::stopped : ServiceState::unknown,
                          .storm_lasted = flapping ? Duration(12s) : Duration(0),
                          .first_sight = flapping,
                          .waits_with_others = flapping};
  };
  const HostName host("h");
  const std::vector<TrackedService> states{state(false, ServiceState::running),
                                           state(true, ServiceState::running),
                                           state(false, ServiceState::stopped)};
  for (const auto& kept : states) {
    commit({.states = {{.host = host, .service = ServiceName("s"), .state = kept}}});
    reopen();
    EXPECT_EQ(store_->load_states().value().at(host).services.at(ServiceName("s")), kept);
  }
}

TEST_F(StoreTest, SinceWhenAnAlertFiresComesBack) {
  const auto load = [this] {
    return store_->load_states().value().at(HostName("h")).services.at(ServiceName("s")).notified;
  };
  const auto put = [this](ServiceState settled, ServiceState from, Time since) {
    commit({.states = {{.host = HostName("h"),
                        .service = ServiceName("s"),
                        .state = {.settled = settled,
                                  .settled_since = kNow,
                                  .notified = {.settled = settled,
                                               .from = from,
                                               .since = since,
                                               .at = since,
                                               .firing_since = kNow - 1h},
                                  .checks = 2}}}});
  };
  put(ServiceState::stopped, ServiceState::running, kNow + 1s);
  EXPECT_EQ(load().firing_since, kNow - 1h);
  // An earlier version has not stored it.
  const auto forget = [this] {
    run_sql(scratch_.path(), "UPDATE service SET news = json_remove(news, '$.firingSince')");
  };
  forget();
  EXPECT_EQ(load().firing_since, kNow + 1s);
  put(ServiceState::running, ServiceState::stopped, kNow + 1s);
  forget();
  EXPECT_EQ(load().firing_since, Time());
  put(ServiceState::stopped, ServiceState::stopped, kNow);
  forget();
  EXPECT_EQ(load().firing_since, Time()) << "a baseline was never notified";
}

TEST_F(StoreTest, FindsTheAlertThatFires) {
  const auto find = [this](const char* service = "SPOOLER") {
    return store_->find_firing(HostName("host"), ServiceName(service)).value();
  };
  EXPECT_EQ(find(), std::nullopt);
  const auto add = [this](const char* id, Duration at, TransitionKind kind, ServiceState to,
                          const char* suppressed = "") {
    auto alert = make_alert(id, kNow + at);
    alert.kind = kind;
    alert.to = to;
    alert.suppressed = suppressed;
    alert.severity = AlertSeverity::warning;
    commit({.alerts = {alert}});
  };
  add("1", 0s, TransitionKind::stopped, ServiceState::stopped);
  add("2", 1s, TransitionKind::started, ServiceState::running, "it flaps");
  EXPECT_EQ(find()->id.value, "1");
  EXPECT_EQ(find()->severity, AlertSeverity::warning);
  EXPECT_EQ(find("Other"), std::nullopt);
  add("3", 2s, TransitionKind::started, ServiceState::running);
  EXPECT_EQ(find(), std::nullopt);
}

TEST_F(StoreTest, AHostThatIsForgottenLeavesNoRow) {
  const HostName host("h");
  commit({.host = HostChange{.host = host, .state = {.error = "no answer"}}});
  commit({.host = HostChange{.host = HostName("H"), .forgotten = true}});
  EXPECT_THAT(store_->load_states().value(), IsEmpty());
}

TEST_F(StoreTest, HostsComeBack) {
  const HostName host("h");
  const Time at{Duration{1'700'000'000'000}};
  const TrackedHost away{.error = "no answer",
                         .since = at,
                         .reached_since = at + Duration(5),
                         .failures = 2,
                         .notified = true,
                         .notified_at = at + Duration(1),
                         .reminders = 3,
                         .booted_at = at + Duration(2),
                         .boot = {.processes = {904, 0, 780}, .booted_at = at - Duration(9)},
                         .storm_until = at + Duration(3),
                         .shutdown_since = at + Duration(4)};
  commit({.host = HostChange{.host = host, .state = away}});
  reopen();
  EXPECT_EQ(store_->load_states().value().at(host).host, away);
}

TEST_F(StoreTest, NamesCompareAsWindowsCompares) {
  const HostName host("h");
  commit({.states = {{.host = host, .service = ServiceName("Größe $&(#)'\""), .state = {}}}});
  commit({.states = {{.host = HostName("H"),
                      .service = ServiceName("GRÖßE $&(#)'\""),
                      .state = {.settled = ServiceState::paused}}}});
  auto hosts = store_->load_states().value();
  const auto& services = hosts.at(host).services;
  ASSERT_EQ(services.size(), 1);
  EXPECT_EQ(services.begin()->second.settled, ServiceState::paused);
  EXPECT_EQ(services.begin()->first.text(), "GRÖßE $&(#)'\"");

  commit({.states = {{.host = host,
                      .service = ServiceName("größe $&(#)'\""),
                      .state = {},
                      .forgotten = true}}});
  EXPECT_THAT(store_->load_states().value(), IsEmpty());
}

TEST_F(StoreTest, AnAlertIsReadBackComplete) {
  const auto alert = make_alert("a1");
  commit({.alerts = {alert}});
  reopen();
  EXPECT_THAT(store_->history({}).value(), ElementsAre(alert));
}

TEST_F(StoreTest, TheStatesThatAnAlertExpectsComeBack) {
  const std::vector<Expected> all{
      Expected::running,
      Expected::stopped,
      Expected::any,
      {ExpectedState::paused},
      {ExpectedState::running, ExpectedState::paused},
      {ExpectedState::running, ExpectedState::stopped, ExpectedState::paused}};
  for (std::size_t i = 0; i < all.size(); i++) {
    auto alert = make_alert(std::to_string(i));
    alert.expected = all[i];
    commit({.alerts = {alert}});
  }
  reopen();
  const auto history = store_->history({}).value();
  ASSERT_EQ(history.size(), all.size());
  for (std::size_t i = 0; i < all.size(); i++) EXPECT_EQ(history[i].expected, all[i]) << i;
}

TEST_F(StoreTest, TheFlagsOfAnAlertComeBack) {
  auto alert = make_alert("a");
  alert.across_hosts = alert.for_notified = alert.over_already = true;
  alert.notice = "tocsin reaches none of its 2 hosts: check its own network first";
  commit({.alerts = {alert}});
  reopen();
  const auto read = store_->history({}).value().front();
  EXPECT_TRUE(read.across_hosts && read.for_notified && read.over_already);
  EXPECT_EQ(read.notice, alert.notice);
  auto of_earlier = make_alert("b");
  ASSERT_TRUE(details_from_json("{}", of_earlier));
  EXPECT_FALSE(of_earlier.across_hosts || of_earlier.for_notified || of_earlier.over_already);
}

TEST_F(StoreTest, TheNumbersOfExpectedStatesAreThoseOfEarlierVersions) {
  constexpr std::array kNumbered{std::pair{Expected::running, "0"},
                                 std::pair{Expected::stopped, "1"}, std::pair{Expected::any, "2"}};
  for (const auto& [expected, number] : kNumbered) {
    auto alert = make_alert("a");
    alert.expected = expected;
    EXPECT_THAT(details_to_json(alert), HasSubstr("\"expected\":" + std::string(number)));
  }
  auto alert = make_alert("a");
  ASSERT_TRUE(details_from_json(R"({"expected": 7})", alert));
  EXPECT_EQ(alert.expected, Expected::running);
}

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

TEST_F(StoreTest, History) {
  auto early = make_alert("early", kNow - 1h);
  auto other_service = make_alert("other service", kNow - 2h);
  other_service.service = ServiceName("W32Time");
  auto other_host = make_alert("other host", kNow - 3h);
  other_host.host = HostName("h2");
  auto of_host = make_alert("of host", kNow - 30min);
  of_host.service = ServiceName();
  commit({.alerts = {make_alert("late"), early, other_service, other_host, of_host}});

  const HostName host("HOST");
  const ServiceName service("spooler");
  EXPECT_THAT(history({}), ElementsAre("other host", "other service", "early", "of host", "late"));
  EXPECT_THAT(history({.since = kNow - 1h}), ElementsAre("early", "of host", "late"));
  EXPECT_THAT(history({.host = host}), ElementsAre("other service", "early", "of host", "late"));
  EXPECT_THAT(history({.service = service}), ElementsAre("other host", "early", "late"));
  EXPECT_THAT(history({.host = host, .service = service, .since = kNow - 1h}),
              ElementsAre("early", "late"));
  EXPECT_THAT(history({.host = HostName("nowhere")}), IsEmpty());
}

TEST_F(StoreTest, Deliveries) {
  for (const auto* id : {"1", "2", "3", "4"}) commit(make_commit(id));
  record("d-1", DeliveryState::delivered);
  record("d-2", DeliveryState::dead);
  record("d-3", DeliveryState::pending);
  const auto list = [&](bool failed, std::size_t most) {
    std::vector<std::string> lines;
    for (const auto& [delivery, state, detail] : store_->deliveries(failed, most).value())
      lines.push_back(delivery.id.value + " " + std::string(to_string(state)));
    return lines;
  };
  EXPECT_THAT(list(false, 10),
              ElementsAre("d-1 delivered", "d-2 dead", "d-3 pending", "d-4 pending"));
  EXPECT_THAT(list(false, 2), ElementsAre("d-3 pending", "d-4 pending"));
  EXPECT_THAT(list(true, 10), ElementsAre("d-2 dead", "d-3 pending"));
}

TEST_F(StoreTest, OldHistoryIsPrunedInSteps) {
  constexpr auto kOld = kNow - kRetention - 1ms;
  Commit old;
  for (int i = 0; i < 1200; i++) {
    const auto alert = make_alert("old " + std::to_string(i), kOld);
    old.alerts.push_back(alert);
    if (i % 2 == 0) old.deliveries.push_back(make_delivery("old " + std::to_string(i), alert));
  }
  commit(old);
  std::vector<DeliveryUpdate> delivered;
  delivered.reserve(old.deliveries.size());
  for (const auto& delivery : old.deliveries)
    delivered.push_back({.id = delivery.id, .state = DeliveryState::delivered, .at = kOld});
  ASSERT_TRUE(store_->update(delivered));
  const auto waiting = make_alert("waiting", kOld);
  const auto delivered_lately = make_alert("delivered lately", kOld);
  commit({.alerts = {make_alert("young", kNow - kRetention), waiting, delivered_lately},
          .deliveries = {make_delivery("waiting", waiting),
                         make_delivery("delivered lately", delivered_lately)}});
  record("delivered lately", DeliveryState::delivered, kNow);

  std::size_t removed = 0;
  int steps = 0;
  while (const auto count = store_->prune(kNow).value()) {
    EXPECT_LE(count, 1000);
    removed += count;
    steps++;
  }
  EXPECT_EQ(removed, 1800);
  EXPECT_GT(steps, 1);
  EXPECT_THAT(history({}), ElementsAre("waiting", "delivered lately", "young"));
  EXPECT_THAT(pending("webhook:1"), ElementsAre("waiting"));
}

TEST_F(StoreTest, SequencesAreNeverUsedTwice) {
  auto first = make_commit("1");
  ASSERT_TRUE(store_->commit({&first, 1}));
  record("d-1", DeliveryState::delivered);
  while (store_->prune(kNow + kRetention + 1s).value() > 0) {
  }
  EXPECT_THAT(store_->deliveries(false, 10).value(), IsEmpty());
  auto second = make_commit("2");
  ASSERT_TRUE(store_->commit({&second, 1}));
  EXPECT_GT(second.deliveries[0].sequence, first.deliveries[0].sequence);
}

TEST_F(StoreTest, InvalidUtf8IsNoObstacle) {
  auto alert = make_alert("a");
  alert.friendly_name = "bad \xFF bytes";
  alert.service = ServiceName("bad \xFF name");
  commit({.alerts = {alert}, .deliveries = {make_delivery("d", alert)}});
  reopen();
  const auto loaded = store_->load_pending("webhook:1", 0, 10).value();
  ASSERT_EQ(loaded.size(), 1);
  EXPECT_EQ(loaded[0].alert.friendly_name, "bad \xEF\xBF\xBD bytes");
  EXPECT_EQ(loaded[0].alert.service, alert.service);
  EXPECT_THAT(store_->take_complaints(), IsEmpty());
}

TEST_F(StoreTest, DamagedDetailsSpoilNothingElse) {
  const std::array<std::string, 7> damaged{
      "", "{", "[]", "null", R"({"reason": 5})", R"({"to": "DANCING"})", std::string(200'000, '[')};
  for (std::size_t i = 0; i < damaged.size(); i++) {
    commit(make_commit(std::to_string(i)));
    auto database = open_database(scratch_.path() / "tocsin.db");
    SQLite::Statement update(database, "UPDATE alert SET details = ? WHERE id = ?");
    update.bind(1, damaged.at(i));
    update.bind(2, std::to_string(i));
    update.exec();
  }
  commit(make_commit("sound"));
  reopen();
  const auto loaded = store_->load_pending("webhook:1", 0, 100).value();
  ASSERT_EQ(loaded.size(), damaged.size() + 1);
  EXPECT_EQ(loaded.back().alert, make_alert("sound"));
  EXPECT_EQ(loaded.front().alert.kind, TransitionKind::stopped);
  EXPECT_EQ(loaded.front().alert.host, HostName("host"));
  EXPECT_EQ(loaded.front().alert.service, ServiceName("spooler"));
  EXPECT_EQ(loaded.front().alert.at, kNow);
  EXPECT_EQ(loaded.front().alert.reason, "the stored details of this alert are damaged");
  const auto complaints = store_->take_complaints();
  ASSERT_EQ(complaints.size(), damaged.size());
  EXPECT_THAT(complaints[0], HasSubstr("tocsin.db: the details of alert 0 are damaged"));
  EXPECT_THAT(store_->take_complaints(), IsEmpty());
}

TEST_F(StoreTest, NumbersThatNoVersionWroteAreNotKnown) {
  for (const auto* text :
       {"[]", "5", "null", R"({"at": 1e300})", R"({"at": 9223372036854775807})", R"({"at": -5})",
        R"({"at": "today"})", R"({"RpcSs": -1})", R"({"RpcSs": 99999999999})",
        R"({"RpcSs": 904.5})", R"({"RpcSs": 904, "LSM": {}})"}) {
    EXPECT_EQ(boot_from_json(text), BootSigns{}) << text;
  }
  for (const auto* text : {R"({"previousSince": 1e300})", R"({"status": {"exitCode": -1}})"}) {
    auto alert = make_alert("a");
    EXPECT_FALSE(details_from_json(text, alert)) << text;
  }
  TrackedService stuck{.stuck = true};
  auto text = notified_to_json(stuck);
  ASSERT_TRUE(notified_from_json(text, stuck));
  const auto at = text.find("\"since\":") + 8;
  text.replace(at, text.find_first_of(",}", at) - at, "9223372036854775807");
  EXPECT_FALSE(notified_from_json(text, stuck)) << text;
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

TEST_F(StoreTest, AMessageThatNobodyCanHaveWrittenIsNone) {
  commit(make_commit("1"));
  const std::vector<DeliveryId> members{{"1"}};
  ASSERT_TRUE(store_->commit(StoredMessage{.id = "g", .text = "text", .note = ""}, members));
  run_sql(scratch_.path(), "UPDATE message SET text = CAST(zeroblob(9000000) AS TEXT)");
  EXPECT_EQ(store_->load_message("g").value(), std::nullopt);
  EXPECT_THAT(store_->take_complaints(), ElementsAre(HasSubstr("message g is larger")));
}

TEST_F(StoreTest, AnAlertOfAKindThatIsNotKnownIsDeliveredAsWhatItIs) {
  commit(make_commit("1"));
  run_sql(scratch_.path(), "UPDATE alert SET kind = 'danced'");
  const auto deliveries = store_->load_pending("webhook:1", 0, 10).value();
  ASSERT_EQ(deliveries.size(), 1);
  EXPECT_EQ(deliveries[0].alert.kind, TransitionKind::other);
  EXPECT_EQ(kind_word(deliveries[0].alert), "danced");
  EXPECT_THAT(store_->take_complaints(), ElementsAre(HasSubstr("danced")));
  commit({.deliveries = {make_delivery("2", deliveries[0].alert)}});
  EXPECT_EQ(kind_word(store_->history({}).value().back()), "danced") << "stored again as it was";
}

TEST_F(StoreTest, TheWordOfAKindThatIsNotKnownCannotDoHarm) {
  commit(make_commit("1"));
  run_sql(scratch_.path(),
          "UPDATE alert SET kind = CAST(x'610d0a583a20ff1b' AS TEXT) || hex(zeroblob(1000))");
  const auto word = std::string(kind_word(store_->history({}).value().at(0)));
  EXPECT_TRUE(word.starts_with("a??X: ??")) << word;
  EXPECT_LE(word.size(), 64U + 3);
}

TEST_F(StoreTest, StatesThatAreNotKnownAreLeftOut) {
  commit(make_commit("1"));
  commit(make_commit("2"));
  run_sql(scratch_.path(),
          "UPDATE service SET state = 'DANCING' WHERE service = 'Service 1';"
          "UPDATE service SET since = -1, process_id = 99999999999999 WHERE service = 'Service 2'");
  const auto services = store_->load_states().value().at(HostName("host")).services;
  ASSERT_EQ(services.size(), 1);
  EXPECT_EQ(services.begin()->second.since, Time());
  EXPECT_EQ(services.begin()->second.seen.process_id, 4'294'967'295);
  EXPECT_EQ(store_->take_complaints().size(), 1);
}

TEST_F(StoreTest, ReadOnlyWorksBesideARunningProcess) {
  commit(make_commit("1"));
  auto reader = Store::open_read_only(scratch_.path());
  ASSERT_TRUE(reader) << reader.error().what;
  EXPECT_EQ(reader->history({}).value().size(), 1);
  commit(make_commit("2"));
  EXPECT_EQ(reader->history({}).value().size(), 2);
  auto refused = make_commit("3");
  const auto committed = reader->commit({&refused, 1});
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, ErrorKind::storage);
  EXPECT_EQ(refused.deliveries[0].sequence, 0);
}

TEST_F(StoreTest, ReadOnlyWorksAfterTheProcessHasEnded) {
  commit(make_commit("1"));
  store_.reset();
  EXPECT_EQ(Store::open_read_only(scratch_.path())->history({}).value().size(), 1);
}

TEST_F(StoreTest, ADirectoryServesOneProcess) {
  const auto second = Store::open(scratch_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::storage);
  EXPECT_EQ(second.error().what,
            scratch_.path().string() +
                ": another tocsin runs with this data directory: stop it, or give this one a "
                "directory of its own");
  commit(make_commit("1"));
  store_.reset();
  EXPECT_TRUE(Store::open(scratch_.path()));
}

TEST_F(StoreTest, TheLogStaysBounded) {
  for (int i = 0; i < 20; i++) {
    std::vector<Commit> commits;
    commits.reserve(250);
    for (int j = 0; j < 250; j++) commits.push_back(make_commit(std::to_string(1000 * i + j)));
    ASSERT_TRUE(store_->commit(commits));
  }
  EXPECT_LT(std::filesystem::file_size(scratch_.path() / "tocsin.db-wal"), 8 << 20);
}

}  // namespace
}  // namespace store
}  // namespace tocsin
