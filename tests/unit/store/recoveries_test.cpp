#include "store/recoveries.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "scratch.h"
#include "store/reader.h"
#include "store/requests.h"

namespace tocsin::store {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

const HostName kHost("Db1");
const ServiceName kService("Spooler");

class RecoveriesTest : public testing::Test {
 protected:
  void ann(std::vector<ServiceName> stopped, std::vector<ServiceName> started, Time at = kNow) {
    ASSERT_TRUE(requests_.add_control({.action = {.by = {.name = "Ann", .at = at},
                                                  .kind = ActionKind::restarted,
                                                  .scope = SilenceScope::parse("db1/spooler")},
                                       .stopped = std::move(stopped),
                                       .started = std::move(started)}));
  }
  void is(ServiceState state, Time at) {
    Commit commit{.at = at};
    commit.states.push_back({.host = kHost,
                             .service = kService,
                             .state = {.seen = {.state = state}, .since = at, .settled = state}});
    ASSERT_TRUE(store_.commit({&commit, 1}));
  }
  [[nodiscard]] std::optional<Time> stopped_at(const ServiceName& service = kService) {
    return recoveries_.find_by_people(kHost, service)->stopped_at;
  }

  ScratchDirectory scratch_;
  Store store_ = open_store(scratch_.path());
  Requests requests_ = Requests::open(scratch_.path()).value();
  Recoveries recoveries_ = Recoveries::open(scratch_.path()).value();
  StoredRecovery recovery_{
      .host = kHost,
      .service = kService,
      .state = {.attempts = 2, .begun = kNow, .ended = kNow + 1s, .outcome = "1069: no logon"}};
};

TEST_F(RecoveriesTest, AreReadAsTheyWereWritten) {
  ASSERT_TRUE(recoveries_.save(recovery_));
  const auto read = Recoveries::open(scratch_.path())->load().value();
  ASSERT_THAT(read, SizeIs(1));
  EXPECT_EQ(read.front().host.text(), "Db1");
  EXPECT_EQ(read.front().service.text(), "Spooler");
  EXPECT_EQ(read.front().state, recovery_.state);
}

TEST_F(RecoveriesTest, AreOneForEachService) {
  ASSERT_TRUE(recoveries_.save(recovery_));
  recovery_.host = HostName("DB1");
  recovery_.state.attempts = 3;
  ASSERT_TRUE(recoveries_.save(recovery_));
  const auto read = recoveries_.load().value();
  ASSERT_THAT(read, SizeIs(1));
  EXPECT_EQ(read.front().state.attempts, 3);
}

TEST_F(RecoveriesTest, AreForgottenByServiceOrHost) {
  ASSERT_TRUE(recoveries_.save(recovery_));
  ASSERT_TRUE(recoveries_.forget(kHost, ServiceName("other")));
  EXPECT_THAT(recoveries_.load().value(), SizeIs(1));
  ASSERT_TRUE(recoveries_.forget(kHost, ServiceName("SPOOLER")));
  EXPECT_THAT(recoveries_.load().value(), IsEmpty());
  ASSERT_TRUE(recoveries_.save(recovery_));
  ASSERT_TRUE(recoveries_.forget(HostName("db1")));
  EXPECT_THAT(recoveries_.load().value(), IsEmpty());
}

TEST_F(RecoveriesTest, StandInTheHistoryWhenAnAttemptHasEnded) {
  ASSERT_TRUE(recoveries_.save(recovery_));
  EXPECT_THAT(Reader::open(scratch_.path())->actions({})->actions, IsEmpty());
  const Action did{.by = {.name = kRecoveryActor, .at = kNow},
                   .kind = ActionKind::started,
                   .scope = {.host = kHost, .service = kService},
                   .reason = "attempt 2 of 3: it runs"};
  ASSERT_TRUE(recoveries_.save(recovery_, &did));
  const auto actions = Reader::open(scratch_.path())->actions({})->actions;
  ASSERT_THAT(actions, SizeIs(1));
  EXPECT_EQ(actions.front().by.name, "recovery");
  EXPECT_EQ(actions.front().kind, ActionKind::started);
  EXPECT_EQ(actions.front().reason, "attempt 2 of 3: it runs");
}

TEST_F(RecoveriesTest, KnowWhatAPersonHasStopped) {
  EXPECT_FALSE(stopped_at());
  ann({ServiceName("SPOOLER"), ServiceName("Fax")}, {});
  EXPECT_EQ(stopped_at(), kNow);
  EXPECT_EQ(stopped_at(ServiceName("fax")), kNow);
  EXPECT_FALSE(recoveries_.find_by_people(HostName("db2"), kService)->stopped_at);
  ann({}, {kService}, kNow + 1s);
  EXPECT_FALSE(stopped_at());
  EXPECT_TRUE(stopped_at(ServiceName("fax")));
  EXPECT_THAT(Reader::open(scratch_.path())->actions({})->actions, SizeIs(2));
  ASSERT_TRUE(recoveries_.forget(kHost));
  EXPECT_FALSE(stopped_at(ServiceName("fax")));
}

TEST_F(RecoveriesTest, KnowWhetherTheServiceHasRunSinceThen) {
  is(ServiceState::running, kNow - 1h);
  ann({kService}, {});
  is(ServiceState::stopped, kNow + 10s);
  EXPECT_TRUE(stopped_at());
  ASSERT_TRUE(store_.prune(kNow + 1h));
  EXPECT_TRUE(stopped_at()) << "longer than the history lasts";
  is(ServiceState::running, kNow + 2h);
  is(ServiceState::stopped, kNow + 3h);
  EXPECT_FALSE(stopped_at());
}

TEST_F(RecoveriesTest, AreCountedFromNoughtForWhatAPersonHasStarted) {
  ASSERT_TRUE(recoveries_.save(recovery_));
  ann({}, {ServiceName("Fax")});
  EXPECT_TRUE(recoveries_.find_by_people(kHost, kService)->is_counted);
  ann({}, {kService});
  EXPECT_FALSE(recoveries_.find_by_people(kHost, kService)->is_counted);
  EXPECT_THAT(recoveries_.load().value(), IsEmpty());
}

TEST(RecoveriesOfVersionTwelve, KnewWhatAPersonHadStoppedFromTheHistory) {
  ScratchDirectory scratch;
  {
    auto store = open_store(scratch.path());
    for (const auto* name : {"Spooler", "Fax", "Dhcp"}) {
      Commit commit{.at = kNow};
      commit.states.push_back({.host = kHost, .service = ServiceName(name), .state = {}});
      ASSERT_TRUE(store.commit({&commit, 1}));
    }
    auto requests = Requests::open(scratch.path()).value();
    const auto did = [&](ActionKind kind, const char* scope, const char* who = "Ann") {
      ASSERT_TRUE(requests.add_action(
          {.by = {.name = who, .at = kNow}, .kind = kind, .scope = SilenceScope::parse(scope)}));
    };
    did(ActionKind::started, "db1/spooler");
    did(ActionKind::stopped, "DB1/SPOOLER");
    did(ActionKind::started, "db1/spooler", kRecoveryActor);
    did(ActionKind::stopped, "db1/fax");
    did(ActionKind::started, "db1/fax");
  }
  run_sql(scratch.path(),
          "DROP TABLE stopped_by_person; CREATE INDEX action_control ON action (id);"
          "PRAGMA user_version = 12");
  ASSERT_TRUE(Store::open(scratch.path()));
  auto recoveries = Recoveries::open(scratch.path()).value();
  EXPECT_EQ(recoveries.find_by_people(kHost, kService)->stopped_at, kNow);
  for (const auto* name : {"Fax", "Dhcp"})
    EXPECT_FALSE(recoveries.find_by_people(kHost, ServiceName(name))->stopped_at) << name;
}

}  // namespace
}  // namespace tocsin::store
