// What somebody did is in the history.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "scratch.h"
#include "store/reader.h"
#include "store/requests.h"

namespace tocsin::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Actor kAnn{.name = "Ann", .at = kNow + 1min};

class ActionsTest : public testing::Test {
 protected:
  std::int64_t silence(const char* scope) {
    return requests_
        .add_silence({.scope = SilenceScope::parse(scope),
                      .begin = kNow,
                      .end = kNow + 1h,
                      .reason = "patching",
                      .author = "Bo"})
        .value();
  }
  std::int64_t acknowledge(const char* host) {
    return requests_
        .add_ack({.host = HostName(host),
                  .service = ServiceName("Spooler"),
                  .at = kNow,
                  .reason = "on it",
                  .author = "Bo"})
        .value();
  }
  ActionPage page(const ActionQuery& query = {}) {
    return Reader::open(scratch_.path())->actions(query).value();
  }
  /// "Ann: silenced sql1", the latest first.
  std::vector<std::string> done(const ActionQuery& query = {}) {
    std::vector<std::string> texts;
    for (const auto& action : page(query).actions)
      texts.push_back(action.by.name + ": " + std::string(to_string(action.kind)) + " " +
                      action.scope.text() + action.destination);
    return texts;
  }
  void dead_letter(const std::string& id, const std::string& destination) {
    auto commit = make_commit(id);
    commit.deliveries.front().destination = destination;
    ASSERT_TRUE(store_.commit({&commit, 1}));
    const DeliveryUpdate dead{
        .id = commit.deliveries.front().id, .state = DeliveryState::dead, .at = kNow};
    ASSERT_TRUE(store_.update({&dead, 1}));
  }

  ScratchDirectory scratch_;
  Store store_ = open_store(scratch_.path());  // a running tocsin
  Requests requests_ = Requests::open(scratch_.path()).value();
};

TEST_F(ActionsTest, ASilenceIsOneOfWhoMadeIt) {
  silence("sql*/MSSQL*");
  const auto actions = page().actions;
  ASSERT_THAT(actions, SizeIs(1));
  EXPECT_EQ(actions[0].by.name, "Bo");
  EXPECT_EQ(actions[0].by.at, kNow);
  EXPECT_EQ(actions[0].kind, ActionKind::silenced);
  EXPECT_EQ(actions[0].scope, SilenceScope::parse("sql*/MSSQL*"));
  EXPECT_EQ(actions[0].until, kNow + 1h);
  EXPECT_EQ(actions[0].reason, "patching");
}

TEST_F(ActionsTest, WhateverIsDoneIsOne) {
  const auto id = silence("sql1");
  ASSERT_EQ(requests_.extend_silence(id, kNow + 2h, kAnn), true);
  ASSERT_EQ(requests_.end_silence(id, kAnn), true);
  const auto ack = acknowledge("sql1");
  ASSERT_EQ(requests_.take_back_ack(ack, kAnn), true);
  ASSERT_TRUE(requests_.ask_for_reload(kAnn));
  ASSERT_TRUE(
      requests_.add_action({.by = kAnn, .kind = ActionKind::tested, .destination = "email"}));
  EXPECT_THAT(done(),
              ElementsAre("Ann: tested email", "Ann: reloaded ", "Ann: unacknowledged sql1/Spooler",
                          "Bo: acknowledged sql1/Spooler", "Ann: unsilenced sql1",
                          "Ann: extended sql1", "Bo: silenced sql1"));
  EXPECT_EQ(page().actions[5].until, kNow + 2h);
}

TEST_F(ActionsTest, WhatChangesNothingIsNone) {
  const auto id = silence("sql1");
  const auto ack = acknowledge("sql1");
  ASSERT_EQ(requests_.end_silence(id, kAnn), true);
  ASSERT_TRUE(requests_.end_ack(ack, kNow));  // its alert has ended
  const auto before = done();
  EXPECT_EQ(requests_.end_silence(id, kAnn), false);
  EXPECT_EQ(requests_.extend_silence(id, kNow + 2h, kAnn), false);
  EXPECT_EQ(requests_.take_back_ack(ack, kAnn), false);
  EXPECT_EQ(requests_.ask_for_retry("nothing", kAnn)->asked, 0);
  EXPECT_EQ(done(), before);
}

TEST_F(ActionsTest, SendingAgainNamesWhatIsSent) {
  dead_letter("1", "slack");
  dead_letter("2", "email");
  ASSERT_EQ(requests_.ask_for_retry("d-1", kAnn)->asked, 1);
  ASSERT_EQ(requests_.ask_for_retry_of("email", kAnn)->asked, 1);
  const auto alert = make_alert("1");
  EXPECT_THAT(done(), ElementsAre("Ann: retried email", "Ann: retried " + alert.host.text() + "/" +
                                                            alert.service.text() + "slack"));
}

TEST_F(ActionsTest, ArePaged) {
  for (const auto* host : {"a", "b", "c"}) silence(host);
  const auto first = page({.limit = 2});
  ASSERT_TRUE(first.next);
  EXPECT_THAT(done({.limit = 2}), ElementsAre("Bo: silenced c", "Bo: silenced b"));
  const auto last = page({.before = *first.next, .limit = 2});
  EXPECT_THAT(last.actions, SizeIs(1));
  EXPECT_FALSE(last.next);
}

TEST_F(ActionsTest, AreFoundByWhatTheyConcern) {
  silence("sql*");
  silence("web1/Spooler");
  silence("web1/W3SVC");
  ASSERT_TRUE(requests_.ask_for_reload(kAnn));
  EXPECT_THAT(done({.which = SilenceScope::parse("SQL7")}), ElementsAre("Bo: silenced sql*"));
  EXPECT_THAT(done({.which = SilenceScope::parse("web*/spooler")}),
              ElementsAre("Bo: silenced web1/Spooler"));
  EXPECT_THAT(done({.which = SilenceScope::parse("/Spooler")}),
              ElementsAre("Bo: silenced web1/Spooler", "Bo: silenced sql*"));
  EXPECT_THAT(done({.from = kNow + 1min}), ElementsAre("Ann: reloaded "));
  EXPECT_THAT(done({.to = kNow}), IsEmpty());
}

TEST_F(ActionsTest, OldOnesAreRemoved) {
  silence("sql1");
  ASSERT_TRUE(requests_.ask_for_reload({.name = "Ann", .at = kNow + 24h}));
  EXPECT_EQ(store_.prune(kNow + 12h), 2);  // with the silence itself
  EXPECT_THAT(done(), ElementsAre("Ann: reloaded "));
}

TEST_F(ActionsTest, AScriptThatActsWithoutEndFillsNoDisk) {
  run_sql(scratch_.path(),
          "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000)"
          " INSERT INTO action SELECT x, 1, 'a', 'checked', 'h', '', '', 0, '' FROM n");
  ASSERT_TRUE(requests_.ask_for_reload(kAnn));
  auto database = open_database(scratch_.path() / "tocsin.db");
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM action").getInt(), 100'000);
  EXPECT_THAT(done({.from = kNow}), ElementsAre("Ann: reloaded "));
}

TEST_F(ActionsTest, OfAKindThatIsNotKnownAreLeftOut) {
  silence("sql1");
  run_sql(scratch_.path(), "INSERT INTO action SELECT 9, 1, 'a', 'exorcised', 'h', '', '', 0, '' ");
  EXPECT_THAT(done(), ElementsAre("Bo: silenced sql1"));
}

TEST(Actions, BeforeTheyWereKeptAreKnownOfTheirTraces) {
  const ScratchDirectory scratch;
  {
    const auto store = open_store(scratch.path());
    auto requests = Requests::open(scratch.path()).value();
    ASSERT_TRUE(requests.add_silence({.scope = SilenceScope::parse("sql1"),
                                      .begin = kNow,
                                      .end = kNow + 1h,
                                      .reason = "patching",
                                      .author = "Bo"}));
    ASSERT_TRUE(requests.add_ack({.host = HostName("web1"), .at = kNow - 1min, .author = "Ann"}));
  }
  run_sql(scratch.path(), kBackToVersion8);
  const auto store = open_store(scratch.path());
  const auto actions = Reader::open(scratch.path())->actions({}).value().actions;
  ASSERT_THAT(actions, SizeIs(2));
  EXPECT_EQ(actions[0].kind, ActionKind::silenced);
  EXPECT_EQ(actions[0].by.name, "Bo");
  EXPECT_EQ(actions[0].until, kNow + 1h);
  EXPECT_EQ(actions[1].kind, ActionKind::acknowledged);
  EXPECT_EQ(actions[1].scope.text(), "web1");
}

}  // namespace
}  // namespace tocsin::store
