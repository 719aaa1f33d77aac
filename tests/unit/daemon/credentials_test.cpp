#include "daemon/credentials.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include "unit/daemon/rooms.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using logins::Blame;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

config::Credentials account(const std::string& username) {
  return {.name = "monitoring", .username = username, .password = Secret("geheim")};
}

/// A fleet of hosts with one account, and who hears of it.
class CredentialsTest : public DaemonTest {
 protected:
  CredentialsTest() { running_.spawn(logins_.run()); }
  ~CredentialsTest() override {
    running_.cancel();
    rooms_.loop_.run_until_done(running_.join());
  }
  logins::Gate& gate(const std::string& username = R"(CORP\svc)") {
    return gate_of(logins_, account(username), 2);
  }
  /// False: the host is not asked.
  bool refuse(const std::string& host, Blame blame, const std::string& reason,
              const std::string& username = R"(CORP\svc)") {
    auto pass = gate(username).try_enter(HostName(host));
    if (pass) pass->refuse(blame, reason);
    return pass.has_value();
  }
  bool accept(const std::string& host) {
    auto pass = gate().try_enter(HostName(host));
    if (pass) pass->accept();
    return pass.has_value();
  }

  Rooms rooms_{(std::filesystem::create_directories(folder_), folder_)};
  std::optional<Hold> silence_;
  const RandomFill random_ = platform::system_random();
  CredentialAlerts alerts_{
      {.journal = rooms_.journal(),
       .clock = rooms_.clock_,
       .log = rooms_.log_,
       .random = random_,
       .silence = [this](const HostName&, const ServiceName&, Time) { return silence_; }}};
  logins::Logins logins_{{.executor = rooms_.loop_.executor(),
                          .clock = rooms_.clock_,
                          .random = random_,
                          .notify = [this](const logins::Gate& gate, logins::Notice notice) {
                            return alerts_.notify(gate, notice);
                          }}};
  net::TaskScope running_{rooms_.loop_.executor()};
};

TEST_F(CredentialsTest, ALockOutIsOneAlertAndItsEnd) {
  EXPECT_TRUE(refuse("sql1", Blame::account, "the account is locked out"));
  EXPECT_FALSE(refuse("sql2", Blame::account, "the account is locked out"));
  EXPECT_THAT(rooms_.told(0), IsEmpty());
  rooms_.clock_.advance(1min);
  EXPECT_TRUE(refuse("sql2", Blame::account, "the account is locked out"));
  ASSERT_THAT(rooms_.told(1), ElementsAre("refused "));
  const auto& alert = rooms_.told_.front();
  EXPECT_EQ(alert.host.text(), "credential:monitoring");
  EXPECT_THAT(alert.reason, AllOf(HasSubstr("sql1, sql2: the account is locked out"),
                                  HasSubstr("the next attempt is made after")));
  EXPECT_THAT(alert.reason, Not(HasSubstr("geheim")));
  rooms_.clock_.advance(2min);
  EXPECT_TRUE(accept("sql1"));
  EXPECT_THAT(rooms_.told(2), ElementsAre("refused ", "accepted "));
}

TEST_F(CredentialsTest, HostsThatRefuseForReasonsOfTheirOwnAreNamedWithThem) {
  for (const auto* host : {"sql1", "sql2"})
    EXPECT_TRUE(refuse(host, Blame::peer, std::string("not on ") + host));
  ASSERT_THAT(rooms_.told(1), ElementsAre("refused "));
  EXPECT_EQ(rooms_.told_.front().reason, "sql1: not on sql1; sql2: not on sql2");
}

TEST_F(CredentialsTest, ManyHostsAreCounted) {
  for (int host = 10; host < 42; host++)
    EXPECT_TRUE(refuse("sql" + std::to_string(host), Blame::secret, "wrong", "local"));
  rooms_.clock_.advance(1min);
  EXPECT_TRUE(refuse("sql20", Blame::secret, "wrong", "local"));
  ASSERT_THAT(rooms_.told(2), ElementsAre("refused ", "refused "));
  EXPECT_THAT(rooms_.told_.back().reason, HasSubstr("sql18, sql19 and 22 more: wrong"));
}

TEST_F(CredentialsTest, ASilencedCredentialIsHistoryOnly) {
  silence_ = Hold{"silenced by alice"};
  for (const auto* host : {"sql1", "sql2"}) EXPECT_TRUE(refuse(host, Blame::peer, "no"));
  rooms_.loop_.run_until_done(net::sleep_for(50ms));
  EXPECT_THAT(rooms_.told(0), IsEmpty());
  EXPECT_THAT(rooms_.history(), ElementsAre("refused "));
}

TEST_F(CredentialsTest, AnAccountWithoutADomainIsEachHostsOwn) {
  for (const auto* name : {"svc", R"(.\svc)", R"(\svc)"}) {
    EXPECT_TRUE(refuse("a", Blame::account, "locked", name));
    EXPECT_TRUE(refuse("b", Blame::account, "locked", name)) << name;
  }
  for (const auto* name : {R"(CORP\svc)", "svc@corp.example"}) {
    EXPECT_TRUE(refuse("a", Blame::account, "locked", name));
    EXPECT_FALSE(refuse("b", Blame::account, "locked", name)) << name;
  }
}

}  // namespace
}  // namespace tocsin::daemon
