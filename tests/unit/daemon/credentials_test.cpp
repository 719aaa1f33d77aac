#include "daemon/credentials.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

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

/// The inner parts of a daemon over a folder, which are gone before the folder is.
struct Running {
  explicit Running(const std::filesystem::path& folder) : deps(folder) {
    tasks.spawn(logins.run());
  }
  ~Running() {
    tasks.cancel();
    deps.loop_.run_until_done(tasks.join());
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void silence_everything() {
    deps.silences_.set_silences({{.scope = SilenceScope::parse("*"),
                                  .end = deps.clock_.now() + std::chrono::hours(1),
                                  .reason = {},
                                  .author = "alice"}});
  }

  Deps deps;
  RandomFill random = platform::system_random();
  CredentialAlerts alerts{{.journal = deps.journal(),
                           .clock = deps.clock_,
                           .log = deps.log_,
                           .random = random,
                           .silences = deps.silences_}};
  logins::Logins logins{{.executor = deps.loop_.executor(),
                         .clock = deps.clock_,
                         .random = random,
                         .notify = [this](const logins::Gate& gate, logins::Notice notice) {
                           return alerts.notify(gate, notice);
                         }}};
  net::TaskScope tasks{deps.loop_.executor()};
};

/// A fleet of hosts with one account, and who hears of it.
class CredentialsTest : public DaemonTest {
 protected:
  void SetUp() override {
    DaemonTest::SetUp();
    running_ = std::make_unique<Running>(folder_);
  }
  void TearDown() override {
    running_.reset();
    DaemonTest::TearDown();
  }
  Deps& deps() { return running_->deps; }
  logins::Gate& gate(const std::string& username = R"(CORP\svc)") {
    return gate_of(running_->logins, account(username), 2);
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

  std::unique_ptr<Running> running_;
};

TEST_F(CredentialsTest, ALockOutIsOneAlertAndItsEnd) {
  EXPECT_TRUE(refuse("sql1", Blame::account, "the account is locked out"));
  EXPECT_FALSE(refuse("sql2", Blame::account, "the account is locked out"));
  EXPECT_THAT(deps().notified(0), IsEmpty());
  deps().pass(1min);
  EXPECT_TRUE(refuse("sql2", Blame::account, "the account is locked out"));
  ASSERT_THAT(deps().notified(1), ElementsAre("refused "));
  const auto& alert = deps().notified_.front();
  EXPECT_EQ(alert.host.text(), "credential:monitoring");
  EXPECT_THAT(alert.reason, AllOf(HasSubstr("sql1, sql2: the account is locked out"),
                                  HasSubstr("the next attempt is made after")));
  EXPECT_THAT(alert.reason, Not(HasSubstr("geheim")));
  deps().pass(2min);
  EXPECT_TRUE(accept("sql1"));
  EXPECT_THAT(deps().notified(2), ElementsAre("refused ", "accepted "));
}

TEST_F(CredentialsTest, HostsThatRefuseForReasonsOfTheirOwnAreNamedWithThem) {
  for (const auto* host : {"sql1", "sql2"})
    EXPECT_TRUE(refuse(host, Blame::peer, std::string("not on ") + host));
  ASSERT_THAT(deps().notified(1), ElementsAre("refused "));
  EXPECT_EQ(deps().notified_.front().reason, "sql1: not on sql1; sql2: not on sql2");
}

TEST_F(CredentialsTest, ManyHostsAreCounted) {
  for (int host = 10; host < 42; host++)
    EXPECT_TRUE(refuse("sql" + std::to_string(host), Blame::secret, "wrong", "local"));
  deps().pass(1min);
  EXPECT_TRUE(refuse("sql20", Blame::secret, "wrong", "local"));
  ASSERT_THAT(deps().notified(2), ElementsAre("refused ", "refused "));
  EXPECT_THAT(deps().notified_.back().reason, HasSubstr("sql18, sql19 and 22 more: wrong"));
}

TEST_F(CredentialsTest, ASilencedCredentialIsHistoryOnly) {
  running_->silence_everything();
  for (const auto* host : {"sql1", "sql2"}) EXPECT_TRUE(refuse(host, Blame::peer, "no"));
  deps().pass(1s);
  EXPECT_THAT(deps().notified(0), IsEmpty());
  EXPECT_THAT(deps().history(), ElementsAre("refused "));
}

TEST_F(CredentialsTest, WhatFiresWhenTheSilenceEndsIsNotifiedThen) {
  net::TaskScope reviews(deps().loop_.executor());
  reviews.spawn(running_->alerts.run(running_->logins));
  running_->silence_everything();
  for (const auto* host : {"sql1", "sql2"}) EXPECT_TRUE(refuse(host, Blame::peer, "no"));
  deps().pass(1min);
  EXPECT_THAT(deps().notified(0), IsEmpty());
  running_->deps.silences_.set_silences({});
  deps().pass(11s);
  EXPECT_THAT(deps().notified(1), ElementsAre("refused "));
  deps().pass(1min);
  EXPECT_THAT(deps().notified(1), ElementsAre("refused ")) << "once";
  reviews.cancel();
  deps().loop_.run_until_done(reviews.join());
}

TEST_F(CredentialsTest, TheEndOfWhatWasSilencedIsForNobody) {
  running_->silence_everything();
  for (const auto* host : {"sql1", "sql2"}) EXPECT_TRUE(refuse(host, Blame::peer, "no"));
  deps().pass(2min);
  for (const auto* host : {"sql1", "sql2"}) EXPECT_TRUE(accept(host));
  deps().pass(1s);
  EXPECT_THAT(deps().history(), ElementsAre("refused ", "accepted "));
  EXPECT_THAT(deps().notified(0), IsEmpty());
}

TEST_F(CredentialsTest, ACredentialThatNoHostUsesEndsItsAlert) {
  for (const auto* host : {"sql1", "sql2"}) EXPECT_TRUE(refuse(host, Blame::peer, "no"));
  ASSERT_THAT(deps().notified(1), ElementsAre("refused "));
  auto used = host_;
  used.credentials = std::make_shared<const config::Credentials>(account(R"(CORP\svc)"));
  retire_unused(running_->logins, {host_, used});
  deps().pass(1s);
  EXPECT_THAT(deps().notified(1), ElementsAre("refused "));
  retire_unused(running_->logins, {host_});
  ASSERT_THAT(deps().notified(2), ElementsAre("refused ", "unmonitored "));
  const auto& alert = deps().notified_.back();
  EXPECT_EQ(alert.host.text(), "credential:monitoring");
  EXPECT_EQ(alert.reason, "no longer monitored");
  EXPECT_TRUE(is_about_credential(alert));
  EXPECT_TRUE(is_resolved(alert));
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
