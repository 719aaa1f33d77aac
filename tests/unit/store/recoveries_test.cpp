#include "store/recoveries.h"

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
using testing::IsEmpty;
using testing::SizeIs;

const HostName kHost("Db1");
const ServiceName kService("Spooler");

class RecoveriesTest : public testing::Test {
 protected:
  void did(ActionKind kind, const char* scope, Time at, const char* by = "Ann") {
    ASSERT_TRUE(requests_.add_action(
        {.by = {.name = by, .at = at}, .kind = kind, .scope = SilenceScope::parse(scope)}));
  }
  void is(ServiceState state, Time at) {
    Commit commit{.at = at};
    commit.states.push_back({.host = kHost,
                             .service = kService,
                             .state = {.seen = {.state = state}, .since = at, .settled = state}});
    ASSERT_TRUE(store_.commit({&commit, 1}));
  }
  [[nodiscard]] std::optional<Recoveries::ByPerson> last() {
    return recoveries_.find_last_by_person(kHost, kService).value();
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

TEST_F(RecoveriesTest, KnowWhatAPersonHasDoneLast) {
  EXPECT_FALSE(last());
  did(ActionKind::stopped, "db1/spooler", kNow);
  did(ActionKind::started, "db2/spooler", kNow + 1s);
  did(ActionKind::checked, "db1", kNow + 2s);
  did(ActionKind::started, "db1/spooler", kNow + 3s, kRecoveryActor);
  ASSERT_TRUE(last());
  EXPECT_EQ(last()->kind, ActionKind::stopped);
  EXPECT_EQ(last()->at, kNow);
  did(ActionKind::restarted, "DB1/Spooler", kNow + 4s);
  EXPECT_EQ(last()->kind, ActionKind::restarted);
}

TEST_F(RecoveriesTest, KnowWhetherTheServiceHasRunSinceThen) {
  is(ServiceState::running, kNow - 1h);
  did(ActionKind::stopped, "db1/spooler", kNow);
  is(ServiceState::stopped, kNow + 10s);
  EXPECT_FALSE(last()->has_run_since);
  is(ServiceState::running, kNow + 1min);
  is(ServiceState::stopped, kNow + 2min);
  EXPECT_TRUE(last()->has_run_since);
}

}  // namespace
}  // namespace tocsin::store
