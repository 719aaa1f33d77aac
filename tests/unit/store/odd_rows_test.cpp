// Rows that are damaged, or that another version wrote.
#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/details.h"
#include "unit/store/store_test.h"

namespace tocsin::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
  run_sql(scratch_.path(),
          "DELETE FROM delivery WHERE id = 'sound'; DELETE FROM alert WHERE id = 'sound'");
  const auto firing = store_->find_firing(HostName("host"), ServiceName("spooler")).value();
  ASSERT_TRUE(firing) << "what may have been notified counts as such";
  EXPECT_EQ(firing->id.value, std::to_string(damaged.size() - 1));
}

/// A service that flaps for months leaves hundreds of thousands.
TEST_F(StoreTest, ReadsNoSuppressedAlertToFindTheOneThatFires) {
  auto alert = make_alert("1");
  alert.to = ServiceState::stopped;
  commit({.alerts = {alert}});
  alert.id.value = "2";
  alert.suppressed = "it flaps";
  commit({.alerts = {alert}});
  run_sql(scratch_.path(), "UPDATE alert SET kind = 'odd' WHERE id = '2'");
  EXPECT_EQ(store_->find_firing(alert.host, alert.service).value()->id.value, "1");
  EXPECT_THAT(store_->take_complaints(), IsEmpty()) << "whoever reads an odd one says so";
}

TEST_F(StoreTest, VersionSevenHasNotNotedWhatWasNotifiedAndSinceWhen) {
  auto alert = make_alert("1");
  alert.to = ServiceState::stopped;
  commit({.alerts = {alert}});
  for (const auto* id : {"2", "3"}) {
    alert.id.value = id;
    alert.suppressed = "it flaps";
    commit({.alerts = {alert}});
  }
  commit({.host = HostChange{.host = alert.host, .state = {.since = kNow, .notified = true}}});
  store_.reset();
  run_sql(scratch_.path(),
          kBackToVersion8 +
              "DROP INDEX alert_notified; ALTER TABLE alert DROP COLUMN notified;"
              "ALTER TABLE host DROP COLUMN firing_since;"
              "UPDATE alert SET details = '{' WHERE id = '3'; PRAGMA user_version = 7");
  reopen();
  EXPECT_EQ(store_->find_firing(alert.host, alert.service).value()->id.value, "3")
      << "whether a damaged one was suppressed is not known";
  EXPECT_EQ(store_->load_states().value().at(alert.host).host.firing_since, kNow);
  run_sql(scratch_.path(), "DELETE FROM alert WHERE id = '3'");
  EXPECT_EQ(store_->find_firing(alert.host, alert.service).value()->id.value, "1");
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
  EXPECT_EQ(services.begin()->tracked.since, Time());
  EXPECT_EQ(services.begin()->tracked.seen.process_id, 4'294'967'295);
  EXPECT_EQ(store_->take_complaints().size(), 1);
}

}  // namespace
}  // namespace tocsin::store
