#include "store/store.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/details.h"
#include "unit/store/store_test.h"

namespace tocsin::store {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(StoreTest, StatesAreReadBack) {
  const TrackedService tracked{.seen = {.state = ServiceState::stop_pending,
                                        .process_id = 4'294'967'295,
                                        .exit_code = 1066,
                                        .service_exit_code = 7,
                                        .checkpoint = 9,
                                        .wait_hint = std::chrono::milliseconds(4'294'967'295)},
                               .settled_since = kNow - 3h,
                               .since = kNow - 2h,
                               .progress_at = kNow - 1h,
                               .process_id = 42,
                               .settled = ServiceState::running,
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
  EXPECT_EQ(services.find(ServiceName("spooler"))->tracked, tracked);
  EXPECT_EQ(services.find(ServiceName("spooler"))->name.text(), "Spooler");
  EXPECT_EQ(services.find(ServiceName("Other"))->tracked, TrackedService{});
}

TEST_F(StoreTest, WhatIsKnownOfAServiceBesidesItsStateComesBack) {
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
  EXPECT_EQ(known.services.find(ServiceName("Other"))->details, nullptr);
  auto expected = details;
  expected.display_name = "Print Sp\xef\xbf\xbdoler";
  ASSERT_NE(known.services.find(ServiceName("spooler"))->details, nullptr);
  EXPECT_EQ(*known.services.find(ServiceName("spooler"))->details, expected);
}

TEST_F(StoreTest, DetailsThatAreAlikeAreStoredOnceWhileAnyServiceHasThem) {
  const auto spooler =
      std::make_shared<const ServiceDetails>(ServiceDetails{.executable_path = "spoolsv.exe"});
  const auto stored = [this] {
    return open_database(scratch_.path() / "tocsin.db")
        .execAndGet("SELECT count(*) FROM service_details")
        .getInt();
  };
  for (const auto* host : {"a", "b"}) {
    commit({.states = {{.host = HostName(host),
                        .service = ServiceName("Spooler"),
                        .state = {},
                        .details = std::make_shared<const ServiceDetails>(*spooler)}}});
  }
  EXPECT_EQ(stored(), 1);
  auto known = store_->load_states().value();
  EXPECT_EQ(known.at(HostName("a")).services.find(ServiceName("Spooler"))->details,
            known.at(HostName("b")).services.find(ServiceName("Spooler"))->details);
  for (const auto* host : {"a", "b"}) {
    ASSERT_TRUE(store_->begin_run(kNow));
    EXPECT_EQ(stored(), 1);
    commit({.states = {{.host = HostName(host),
                        .service = ServiceName("Spooler"),
                        .state = {},
                        .forgotten = true}}});
  }
  ASSERT_TRUE(store_->begin_run(kNow));
  EXPECT_EQ(stored(), 0);
}

TEST_F(StoreTest, VersionTenHasKeptTheDetailsWithEachService) {
  for (const auto* host : {"a", "b", "c"})
    commit({.states = {{.host = HostName(host), .service = ServiceName("Spooler"), .state = {}}}});
  store_.reset();
  run_sql(scratch_.path(),
          "ALTER TABLE service DROP COLUMN details_id; DROP TABLE service_details;"
          "ALTER TABLE service ADD COLUMN details TEXT NOT NULL DEFAULT '';"
          "UPDATE service SET details = '{\"startMode\":2}' WHERE host <> 'c';"
          "DROP TABLE recovery; DROP TABLE stopped_by_person; PRAGMA user_version = 10");
  reopen();
  auto known = store_->load_states().value();
  for (const auto* host : {"a", "b"}) {
    EXPECT_EQ(*known.at(HostName(host)).services.find(ServiceName("Spooler"))->details,
              ServiceDetails{.start_mode = StartMode::manual});
  }
  EXPECT_EQ(known.at(HostName("c")).services.find(ServiceName("Spooler"))->details, nullptr);
}

TEST_F(StoreTest, DamagedDetailsOfAServiceAreAsGoodAsNone) {
  for (const auto* damaged : {"{", "[]", "null", R"({"displayName": 5})"}) {
    commit({.states = {{.host = HostName("h"),
                        .service = ServiceName("Spooler"),
                        .state = {},
                        .details = std::make_shared<const ServiceDetails>()}}});
    auto database = open_database(scratch_.path() / "tocsin.db");
    SQLite::Statement update(database,
                             "UPDATE service_details SET text = ?"
                             " WHERE id = (SELECT details_id FROM service)");
    update.bind(1, damaged);
    update.exec();
    const auto known = store_->load_states().value().at(HostName("h"));
    ASSERT_EQ(known.services.size(), 1) << damaged;
    EXPECT_EQ(known.services.begin()->details, nullptr) << damaged;
  }
}

TEST_F(StoreTest, WhatWasNotifiedComesBack) {
  const auto state = [](bool flapping, ServiceState notified) {
    const Time at{Duration{1'700'000'000'000}};
    return TrackedService{.settled_since = at,
                          .notified = {.settled = notified,
                                       .from = notified,
                                       .first_sight = notified == ServiceState::stopped,
                                       .since = at,
                                       .at = at},
                          .storm_lasted = flapping ? Duration(12s) : Duration(0),
                          .settled = ServiceState::running,
                          .storm_state = flapping ? ServiceState::stopped : ServiceState::unknown,
                          .flapping = flapping,
                          .flapping_bad = flapping,
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
    EXPECT_EQ(store_->load_states().value().at(host).services.find(ServiceName("s"))->tracked,
              kept);
  }
}

TEST_F(StoreTest, SinceWhenAnAlertFiresComesBack) {
  const auto load = [this] {
    return store_->load_states()
        .value()
        .at(HostName("h"))
        .services.find(ServiceName("s"))
        ->tracked.notified;
  };
  const auto put = [this](ServiceState settled, ServiceState from, Time since) {
    commit({.states = {{.host = HostName("h"),
                        .service = ServiceName("s"),
                        .state = {.settled_since = kNow,
                                  .notified = {.settled = settled,
                                               .from = from,
                                               .since = since,
                                               .at = since,
                                               .firing_since = kNow - 1h},
                                  .checks = 2,
                                  .settled = settled}}}});
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
                         .firing_since = at - Duration(1),
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
  EXPECT_EQ(services.begin()->tracked.settled, ServiceState::paused);
  EXPECT_EQ(services.begin()->name.text(), "GRÖßE $&(#)'\"");

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
  alert.recovery = "tried to start it once: 1069: its account could not log on";
  alert.notice = "tocsin reaches none of its 2 hosts: check its own network first";
  commit({.alerts = {alert}});
  reopen();
  const auto read = store_->history({}).value().front();
  EXPECT_TRUE(read.across_hosts && read.for_notified && read.over_already);
  EXPECT_EQ(read.recovery, alert.recovery);
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
  constexpr auto kOld = kNow - 1ms;
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
  commit({.alerts = {make_alert("young", kNow), waiting, delivered_lately},
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
  while (store_->prune(kNow + 1s).value() > 0) {
  }
  EXPECT_THAT(store_->deliveries(false, 10).value(), IsEmpty());
  auto second = make_commit("2");
  ASSERT_TRUE(store_->commit({&second, 1}));
  EXPECT_GT(second.deliveries[0].sequence, first.deliveries[0].sequence);
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
}  // namespace tocsin::store
