#include "store/reader.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "store/requests.h"
#include "store_test.h"

namespace tocsin::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class ReaderTest : public StoreTest {
 protected:
  ReaderTest() { EXPECT_TRUE(store_->begin_run(kNow)); }

  /// One service, as a check sees it.
  void see(const char* service, ServiceState state, Duration after) {
    commit({.states = {{.host = HostName("Host"),
                        .service = ServiceName(service),
                        .state = {.seen = {.state = state}, .since = kNow + after}}},
            .at = kNow + after});
  }
  /// The whole host: its services become unknown, as a check that fails says.
  void lose(Duration after, const std::vector<std::string>& services) {
    Commit lost{.host = HostChange{.host = HostName("host"),
                                   .state = {.error = "no answer", .since = kNow + after}},
                .at = kNow + after};
    for (const auto& service : services)
      lost.states.push_back({.host = HostName("host"),
                             .service = ServiceName(service),
                             .state = {.since = kNow + after}});
    commit(std::move(lost));
  }
  void reach(Duration after) {
    commit({.host = HostChange{.host = HostName("host"), .state = {.since = kNow + after}},
            .at = kNow + after});
  }
  void forget(const char* service, Duration after) {
    commit({.states = {{.host = HostName("host"),
                        .service = ServiceName(service),
                        .state = {},
                        .forgotten = true}},
            .at = kNow + after});
  }
  /// "Spooler 0r 5s": milliseconds after kNow.
  std::vector<std::string> timeline(Duration from, Duration to) {
    std::vector<std::string> lines;
    const auto rows = reader_.timeline(
        {.host = HostName("HOST"), .from = kNow + from, .to = kNow + to, .points = 100});
    for (const auto& row : rows.value()) {
      lines.push_back(row.service.text());
      for (const auto& [at, state] : row.states) {
        lines.back() += ' ' + std::to_string((at - kNow).count());
        lines.back() += state ? row_of(*state).letter : '.';
      }
    }
    return lines;
  }
  std::int64_t count(const char* table) {
    auto database = open_database(scratch_.path() / "tocsin.db");
    return database.execAndGet(std::string("SELECT count(*) FROM ") + table).getInt64();
  }
  void prune_seen(Duration oldest) {
    for (std::int64_t after = 0;;) {
      after = store_->prune_seen(kNow + oldest, after).value();
      if (after == 0) return;
    }
  }
  std::vector<std::string> ids(const AlertQuery& query) {
    std::vector<std::string> found;
    for (const auto& one : reader_.alerts(query).value().alerts)
      found.push_back(one.alert.id.value);
    return found;
  }
  std::vector<std::string> ids(const DeliveryQuery& query) {
    std::vector<std::string> found;
    for (const auto& one : reader_.deliveries(query).value().deliveries)
      found.push_back(one.delivery.id.value);
    return found;
  }

  Reader reader_ = Reader::open(scratch_.path()).value();
};

TEST_F(ReaderTest, ATimelineBeginsWithWhatHeldThen) {
  see("Spooler", ServiceState::running, 10ms);
  see("Spooler", ServiceState::stopped, 20ms);
  see("spooler", ServiceState::running, 30ms);
  see("W32Time", ServiceState::running, 25ms);
  EXPECT_THAT(timeline(0ms, 40ms),
              ElementsAre(" 0. 10r", "Spooler 0. 10r 20s 30r", "W32Time 0. 25r"));
  EXPECT_THAT(timeline(22ms, 30ms), ElementsAre(" 22r", "Spooler 22s", "W32Time 22. 25r"));
  EXPECT_THAT(timeline(0ms, 10ms), IsEmpty());
}

TEST_F(ReaderTest, WhatIsSeenAgainTakesNoSpace) {
  see("Spooler", ServiceState::running, 10ms);
  see("Spooler", ServiceState::running, 10ms);
  reopen();
  see("Spooler", ServiceState::running, 20ms);
  EXPECT_EQ(count("seen"), 1);
}

TEST_F(ReaderTest, ALostHostTakesOneRowForAllOfItsServices) {
  see("A", ServiceState::running, 10ms);
  see("B", ServiceState::stopped, 10ms);
  lose(20ms, {"A", "B"});
  EXPECT_EQ(count("seen"), 3);
  reach(30ms);
  see("A", ServiceState::running, 30ms);
  see("B", ServiceState::running, 30ms);
  EXPECT_EQ(count("seen"), 5);
  EXPECT_THAT(timeline(0ms, 40ms),
              ElementsAre(" 0. 10r 20u 30r", "A 0. 10r 20u 30r", "B 0. 10s 20u 30r"));
}

TEST_F(ReaderTest, AHostThatWasNeverReachedHasARow) {
  lose(10ms, {});
  EXPECT_THAT(timeline(0ms, 40ms), ElementsAre(" 0. 10u"));
}

TEST_F(ReaderTest, AServiceThatAReachedHostDoesNotTellOfIsUnknown) {
  see("Spooler", ServiceState::running, 10ms);
  see("Spooler", ServiceState::unknown, 20ms);
  EXPECT_THAT(timeline(10ms, 40ms), ElementsAre(" 10r", "Spooler 10r 20u"));
}

TEST_F(ReaderTest, NothingIsKnownOfTheTimeBetweenTwoRuns) {
  see("Spooler", ServiceState::running, 10ms);
  ASSERT_TRUE(store_->note_alive(kNow + 20ms));
  reopen();
  ASSERT_TRUE(store_->begin_run(kNow + 30ms));
  EXPECT_THAT(timeline(10ms, 50ms), ElementsAre(" 10r 20. 30r", "Spooler 10r 20. 30r"));
  see("Spooler", ServiceState::stopped, 40ms);
  EXPECT_THAT(timeline(10ms, 50ms), ElementsAre(" 10r 20. 30r", "Spooler 10r 20. 30r 40s"));
}

TEST_F(ReaderTest, ARunThatBeganBeforeTheClockWasSetBackLeavesNoGap) {
  ASSERT_TRUE(store_->begin_run(kNow + 1h));
  ASSERT_TRUE(store_->begin_run(kNow + 30ms));
  see("Spooler", ServiceState::running, 40ms);
  EXPECT_THAT(timeline(40ms, 50ms), ElementsAre(" 40r", "Spooler 40r"));
}

TEST_F(ReaderTest, WhatIsNoLongerWatchedEnds) {
  see("Spooler", ServiceState::running, 10ms);
  forget("Spooler", 20ms);
  forget("Never", 20ms);
  EXPECT_THAT(timeline(10ms, 30ms), ElementsAre(" 10r", "Spooler 10r 20."));
  see("Spooler", ServiceState::stopped, 25ms);
  EXPECT_THAT(timeline(10ms, 30ms), ElementsAre(" 10r", "Spooler 10r 20. 25s"));
}

TEST_F(ReaderTest, AClockThatIsSetBackTakesWhatWasSeenLaterWithIt) {
  see("Spooler", ServiceState::running, 10ms);
  see("Spooler", ServiceState::stopped, 24h);
  see("Spooler", ServiceState::running, 20ms);
  see("Spooler", ServiceState::paused, 30ms);
  EXPECT_THAT(timeline(10ms, 48h), ElementsAre(" 10r", "Spooler 10r 30p"));
}

TEST_F(ReaderTest, WhatHeldWhenTheHistoryBeginsStays) {
  see("Spooler", ServiceState::running, 10ms);
  see("Spooler", ServiceState::stopped, 20ms);
  see("Spooler", ServiceState::running, 30ms);
  see("Gone", ServiceState::running, 10ms);
  forget("Gone", 20ms);
  prune_seen(25ms);
  EXPECT_THAT(timeline(25ms, 40ms), ElementsAre(" 25r", "Spooler 25s 30r"));
  EXPECT_EQ(count("seen"), 2);
  EXPECT_EQ(count("series"), 1);
}

TEST_F(ReaderTest, StatesArePrunedInSteps) {
  Commit many{.at = kNow};
  for (int i = 0; i < 2500; i++)
    many.states.push_back({.host = HostName("host"),
                           .service = ServiceName(std::to_string(i)),
                           .state = {.seen = {.state = ServiceState::running}, .since = kNow}});
  commit(many);
  for (auto& change : many.states)
    change.state = {.seen = {.state = ServiceState::stopped}, .since = kNow + 1ms};
  commit(many);
  EXPECT_EQ(store_->prune_seen(kNow + 2ms, 0).value(), 500);
  EXPECT_EQ(count("seen"), 4500);
  prune_seen(2ms);
  EXPECT_EQ(count("seen"), 2500);
}

TEST_F(ReaderTest, VersionEightKnewTheLastStates) {
  commit({.host = HostChange{.host = HostName("away"), .state = {.error = "no", .since = kNow}}});
  see("Spooler", ServiceState::paused, 10ms);
  see("Lost", ServiceState::unknown, 10ms);
  store_.reset();
  run_sql(scratch_.path(), kBackToVersion8);
  store_ = std::make_unique<Store>(open_store(scratch_.path()));
  reader_ = Reader::open(scratch_.path()).value();
  EXPECT_THAT(timeline(0ms, 20ms), ElementsAre(" 0. 10r", "Spooler 0. 10p"));
  const auto away = reader_.timeline({.host = HostName("away"), .from = kNow, .to = kNow + 1ms});
  ASSERT_EQ(away.value().size(), 1);
  EXPECT_THAT(away->front().states, ElementsAre(Seen{kNow, ServiceState::unknown}));
}

TEST_F(ReaderTest, ALongTimelineIsThinned) {
  for (int i = 0; i < 300; i++)
    see("Spooler", i % 2 == 0 ? ServiceState::running : ServiceState::stopped, Duration(i));
  const auto rows =
      reader_.timeline({.host = HostName("host"), .from = kNow, .to = kNow + 300ms, .points = 10});
  ASSERT_EQ(rows.value().size(), 2);
  EXPECT_FALSE(rows->at(0).thinned);
  EXPECT_TRUE(rows->at(1).thinned);
  EXPECT_LE(rows->at(1).states.size(), 10);
}

TEST_F(ReaderTest, ANumberThatIsNoStateIsNotKnown) {
  see("Spooler", ServiceState::running, 10ms);
  see("Spooler", ServiceState::stopped, 20ms);
  run_sql(scratch_.path(), "UPDATE seen SET state = 99 WHERE state = 1");
  EXPECT_THAT(timeline(10ms, 30ms), ElementsAre(" 10r", "Spooler 10r 20."));
}

TEST_F(ReaderTest, AlertsArePagedTheLatestFirst) {
  for (int i = 0; i < 7; i++)
    commit({.alerts = {make_alert(std::to_string(i), kNow + Duration(i / 2))}});
  std::vector<std::string> all;
  AlertQuery query{.limit = 3};
  do {
    const auto page = reader_.alerts(query).value();
    for (const auto& one : page.alerts) all.push_back(one.alert.id.value);
    query.before = page.next;
  } while (query.before);
  EXPECT_THAT(all, ElementsAre("6", "5", "4", "3", "2", "1", "0"));
}

TEST_F(ReaderTest, AlertsAreFoundByNamesPatternsKindAndTime) {
  const auto add = [this](const char* id, const char* host, const char* service, Duration after) {
    auto alert = make_alert(id, kNow + after);
    alert.host = HostName(host);
    alert.service = ServiceName(service);
    if (alert.service.empty()) alert.kind = TransitionKind::unreachable;
    commit({.alerts = {alert}});
  };
  add("1", "sql1", "MSSQL", 1ms);
  add("2", "SQL1", "Spooler", 2ms);
  add("3", "sql2", "mssql", 3ms);
  add("4", "sql2", "", 4ms);
  EXPECT_THAT(ids({.host = HostName("sql1")}), ElementsAre("2", "1"));
  EXPECT_THAT(ids({.host = HostName("sql1"), .service = ServiceName("MSsql")}), ElementsAre("1"));
  EXPECT_THAT(ids({.host = HostName("sql1"), .service = ServiceName("S*")}), ElementsAre("2"));
  EXPECT_THAT(ids({.host = HostName("sql?"), .service = ServiceName("mssql")}),
              ElementsAre("3", "1"));
  EXPECT_THAT(ids({.service = ServiceName("*ool*")}), ElementsAre("2"));
  EXPECT_THAT(ids({.kind = "unreachable"}), ElementsAre("4"));
  EXPECT_THAT(ids({.from = kNow + 2ms, .to = kNow + 4ms}), ElementsAre("3", "2"));
  EXPECT_THAT(ids({.host = HostName("sql2"), .from = kNow + 4ms}), ElementsAre("4"));
  EXPECT_THAT(ids({.host = HostName("none")}), IsEmpty());
}

TEST_F(ReaderTest, WhatFiresIsTheLastThatWasNotifiedOfIt) {
  const auto add = [this](const char* id, const char* service, Duration after,
                          const char* suppressed = "") {
    auto alert = make_alert(id, kNow + after);
    alert.service = ServiceName(service);
    alert.suppressed = suppressed;
    commit({.alerts = {alert}});
  };
  const auto id_of = [this](const char* service, Duration since) {
    const FiringSince firing{
        .host = HostName("HOST"), .service = ServiceName(service), .since = kNow + since};
    return reader_.ids_of({&firing, 1}).value().at(0).value;
  };
  add("earlier", "Spooler", 1ms);
  add("fires", "Spooler", 5ms);
  add("reminder", "Spooler", 6ms, "acknowledged");
  add("other", "W32Time", 7ms);
  add("host", "", 8ms);
  EXPECT_EQ(id_of("spooler", 5ms), "fires");
  EXPECT_EQ(id_of("", 8ms), "host");
  EXPECT_EQ(id_of("Spooler", 6ms), "reminder") << "nothing else is about it";
  EXPECT_EQ(id_of("Spooler", 7ms), "") << "it has none yet";
  EXPECT_EQ(id_of("none", 0ms), "");
  const std::vector<FiringSince> both{
      {.host = HostName("host"), .service = ServiceName("none"), .since = kNow},
      {.host = HostName("host"), .service = ServiceName("W32Time"), .since = kNow}};
  EXPECT_THAT(reader_.ids_of(both).value(), ElementsAre(AlertId{""}, AlertId{"other"}));
  EXPECT_THAT(reader_.ids_of({}).value(), IsEmpty());
}

TEST_F(ReaderTest, AnAlertSaysWhoWasTold) {
  const auto alert = make_alert("1");
  commit({.alerts = {alert},
          .deliveries = {make_delivery("a", alert, "email"), make_delivery("b", alert, "slack"),
                         make_delivery("c", alert, "teams")}});
  record("a", DeliveryState::delivered);
  record("b", DeliveryState::delivered);
  const auto page = reader_.alerts({}).value();
  ASSERT_EQ(page.alerts.size(), 1);
  EXPECT_THAT(page.alerts[0].told,
              ElementsAre(Pair(DeliveryState::pending, 1), Pair(DeliveryState::delivered, 2)));
  const auto found = reader_.alert({"1"}).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->alert, alert);
  ASSERT_EQ(found->deliveries.size(), 3);
  EXPECT_EQ(found->deliveries[2].delivery.destination, "teams");
  EXPECT_EQ(reader_.alert({"2"}).value().has_value(), false);
}

TEST_F(ReaderTest, DeliveriesAreFoundByStateAndDestination) {
  for (const auto* id : {"1", "2", "3"}) {
    const auto alert = make_alert(id);
    commit({.alerts = {alert},
            .deliveries = {make_delivery(std::string("a") + id, alert, "email"),
                           make_delivery(std::string("b") + id, alert, "slack")}});
  }
  record("a1", DeliveryState::dead);
  record("b1", DeliveryState::dead);
  record("b2", DeliveryState::delivered);
  EXPECT_THAT(ids(DeliveryQuery{}), ElementsAre("b3", "a3", "b2", "a2", "b1", "a1"));
  EXPECT_THAT(ids({.state = DeliveryState::dead}), ElementsAre("b1", "a1"));
  EXPECT_THAT(ids({.state = DeliveryState::pending}), ElementsAre("b3", "a3", "a2"));
  EXPECT_THAT(ids({.destination = "slack"}), ElementsAre("b3", "b2", "b1"));
  EXPECT_THAT(ids({.state = DeliveryState::pending, .destination = "email"}),
              ElementsAre("a3", "a2"));
  for (const DeliveryQuery& all :
       {DeliveryQuery{.limit = 2}, {.destination = "email", .limit = 1}}) {
    std::vector<std::string> paged;
    auto query = all;
    for (std::optional<std::int64_t> next = query.before; next;) {
      query.before = *next;
      const auto page = reader_.deliveries(query).value();
      EXPECT_LE(page.deliveries.size(), query.limit);
      for (const auto& one : page.deliveries) paged.push_back(one.delivery.id.value);
      next = page.next;
    }
    query = all;
    query.limit = 100;
    EXPECT_EQ(paged, ids(query));
  }
}

TEST_F(ReaderTest, ADestinationSaysHowItFares) {
  const auto alert = make_alert("1");
  auto escalation = make_delivery("e", alert, "email");
  escalation.conditional = true;
  escalation.not_before = kNow + 1h;
  auto later = make_delivery("c", alert, "email");
  later.created = kNow + 1s;
  commit({.alerts = {alert},
          .deliveries = {make_delivery("a", alert, "email"), make_delivery("b", alert, "email"),
                         later, escalation, make_delivery("d", alert, "slack")}});
  const DeliveryUpdate gone{.id = {"a"}, .state = DeliveryState::dead, .at = kNow, .detail = "410"};
  const DeliveryUpdate failed{
      .id = {"c"}, .attempts = 2, .at = kNow + 5s, .not_before = kNow + 9s, .detail = "503"};
  ASSERT_TRUE(store_->update(std::vector{gone, failed}));
  record("b", DeliveryState::delivered, kNow + 4s);
  const auto states = reader_.destinations().value();
  ASSERT_EQ(states.size(), 2);
  EXPECT_EQ(states[0].destination, "email");
  EXPECT_EQ(states[0].waiting, 1);
  EXPECT_EQ(states[0].oldest, kNow + 1s);
  EXPECT_EQ(states[0].dead, 1);
  EXPECT_EQ(states[0].last_delivered, kNow + 4s);
  ASSERT_TRUE(states[0].last_error);
  EXPECT_EQ(states[0].last_error->at, kNow + 5s);
  EXPECT_EQ(states[0].last_error->text, "503");
  EXPECT_EQ(states[1].destination, "slack");
  EXPECT_EQ(states[1].waiting, 1);
  EXPECT_EQ(states[1].last_delivered, std::nullopt);
  EXPECT_FALSE(states[1].last_error);
  const auto counts = reader_.delivery_counts().value();
  EXPECT_EQ(counts.waiting, 2);
  EXPECT_EQ(counts.dead, 1);
}

TEST_F(ReaderTest, AllDeadLettersOfOneDestinationAreSentAgain) {
  for (const auto* id : {"1", "2"}) {
    const auto alert = make_alert(id);
    commit({.alerts = {alert},
            .deliveries = {make_delivery(std::string("a") + id, alert, "email"),
                           make_delivery(std::string("b") + id, alert, "slack")}});
    record(std::string("a") + id, DeliveryState::dead);
    record(std::string("b") + id, DeliveryState::dead);
  }
  auto requests = Requests::open(scratch_.path()).value();
  const auto retries = requests.ask_for_retry_of("email", {"Ann", kNow}).value();
  EXPECT_EQ(retries.asked, 2);
  EXPECT_EQ(retries.outdated, 0);
  std::vector<std::string> again;
  for (const auto& delivery : store_->take_retries(kNow, 10).value())
    again.push_back(delivery.id.value);
  EXPECT_THAT(again, ElementsAre("a1", "a2"));
}

TEST_F(ReaderTest, SaysHowLargeTheDatabaseIs) {
  EXPECT_GT(reader_.size().value(), 10'000);
  EXPECT_EQ(reader_.size().value() % 4096, 0);
}

TEST_F(ReaderTest, WritesNothing) {
  EXPECT_FALSE(Reader::open(scratch_.path() / "nowhere"));
  EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "nowhere"));
}

}  // namespace
}  // namespace tocsin::store
