#include "logins/logins.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/virtual_time.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::logins {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const LoginId kId{"credential:monitoring"};

/// A program that logs in to hosts; what it saves is what the next one finds.
class Program {
 public:
  explicit Program(std::vector<StoredLogin>& saved) : saved_(saved) {
    running_.spawn(logins_.run());
  }
  ~Program() {  // killed: nothing is flushed
    running_.cancel();
    loop_.run_until_done(running_.join());
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Gate& gate(const std::string& secret = "first") {
    return logins_.gate(kId, {.name = "the credential monitoring",
                              .user = "CORP\\svc",
                              .secret = Secret(secret),
                              .read_secret = read_secret_});
  }
  /// What one host's probe does; answers whether the host was checked.
  bool log_in(const std::string& host, std::optional<Blame> refused) {
    return loop_.run_until_done([&]() -> net::awaitable<bool> {
      auto& gate = logins_.gate(kId, options());
      if (auto may = co_await gate.check(HostName(host)); !may) co_return false;
      auto pass = co_await gate.enter(HostName(host), net::within(1s));
      if (!pass) co_return false;
      refused ? pass->refuse(*refused, "wrong password") : pass->accept();
      co_return true;
    }());
  }
  void settle() { loop_.run_until_done(time_.settle()); }

  void pass(Duration time) { loop_.run_until_done(time_.pass(time)); }

  LoginOptions options() {
    return {.name = "the credential monitoring",
            .user = "CORP\\svc",
            .secret = Secret(secret_),
            .read_secret = read_secret_};
  }

  kit::VirtualTime time_;
  net::Loop loop_;
  std::string secret_ = "first";
  std::function<Result<Secret>()> read_secret_;
  std::vector<Notice> notified_;
  std::vector<StoredLogin>& saved_;
  Logins logins_{{.executor = loop_.executor(),
                  .clock = time_,
                  .random = [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, 7); },
                  .save = [this](std::vector<StoredLogin> records) -> net::awaitable<Result<>> {
                    saved_ = std::move(records);
                    co_return Result<>{};
                  },
                  .notify = [this](const Gate&, Notice notice) -> net::awaitable<void> {
                    notified_.push_back(notice);
                    co_return;
                  }},
                 saved_};
  net::TaskScope running_{loop_.executor()};
};

class LoginsTest : public testing::Test {
 protected:
  std::vector<StoredLogin> saved_;
};

TEST_F(LoginsTest, NotifiesOfTheSecondRefusalAndTheEnd) {
  Program program(saved_);
  EXPECT_TRUE(program.log_in("a", Blame::secret));
  EXPECT_FALSE(program.log_in("a", Blame::secret));
  EXPECT_TRUE(program.log_in("b", Blame::secret));
  EXPECT_FALSE(program.log_in("c", Blame::secret));
  program.pass(2min);
  EXPECT_TRUE(program.log_in("c", std::nullopt));
  EXPECT_TRUE(program.log_in("a", std::nullopt));
  program.settle();
  EXPECT_THAT(program.notified_, testing::ElementsAre(Notice::refused, Notice::accepted));
}

TEST_F(LoginsTest, AClockThatIsSetNeitherHurriesNorStopsLogins) {
  for (const Duration set_by : {Duration(1h), Duration(-1h)}) {
    Program program(saved_);
    EXPECT_TRUE(program.log_in("a", Blame::secret));
    program.time_.set_clock(set_by);
    program.pass(59s);
    EXPECT_FALSE(program.log_in("a", std::nullopt)) << "its pause is a minute";
    program.pass(1s);
    EXPECT_TRUE(program.log_in("a", std::nullopt));
    program.settle();
  }
}

TEST_F(LoginsTest, RestartsDoNotTryAgain) {
  int tries = 0;
  for (int restart = 0; restart < 10; restart++) {
    Program program(saved_);
    for (const auto* host : {"a", "b", "c"}) tries += program.log_in(host, Blame::secret);
    program.settle();
  }
  EXPECT_EQ(tries, 2);
}

TEST_F(LoginsTest, KillsInTheMiddleOfLoginsAreCounted) {
  for (unsigned restart = 0; restart < kInterruptionsToPause; restart++) {
    Program program(saved_);
    auto pass = program.loop_.run_until_done(program.gate().enter(HostName("a"), net::within(5s)));
    ASSERT_TRUE(pass);
    ASSERT_THAT(saved_, SizeIs(1)) << "it is stored before it begins";
    const auto stored = saved_;
    pass = fail(ErrorKind::timed_out, "killed");
    program.settle();
    saved_ = stored;
  }
  Program program(saved_);
  EXPECT_FALSE(program.log_in("a", std::nullopt));
  EXPECT_TRUE(program.log_in("b", std::nullopt));
}

TEST_F(LoginsTest, ALoginThatSucceedsLeavesNothingBehind) {
  Program program(saved_);
  EXPECT_TRUE(program.log_in("a", std::nullopt));
  program.settle();
  ASSERT_THAT(saved_, SizeIs(1));
  EXPECT_TRUE(saved_.front().suspicion.empty()) << "the record is removed";
}

TEST_F(LoginsTest, AnotherSecretAtTheNextStartIsTriedAtOnce) {
  {
    Program program(saved_);
    program.log_in("a", Blame::secret);
    program.log_in("b", Blame::secret);
    program.settle();
  }
  Program program(saved_);
  program.secret_ = "second";
  EXPECT_TRUE(program.log_in("a", std::nullopt));
  program.settle();
  EXPECT_THAT(program.notified_, testing::ElementsAre(Notice::accepted));
}

TEST_F(LoginsTest, ASecretInAFileIsReadAgainAndTriedAtOnce) {
  Program program(saved_);
  std::string text = "first";
  program.read_secret_ = [&text] { return Result<Secret>(Secret(text)); };
  EXPECT_TRUE(program.log_in("a", Blame::secret));
  EXPECT_TRUE(program.log_in("b", Blame::secret));
  EXPECT_FALSE(program.log_in("a", std::nullopt));
  text = "second";
  program.pass(1s);
  const auto may = program.loop_.run_until_done(
      program.logins_.gate(kId, program.options()).check(HostName("a")));
  EXPECT_TRUE(may);
  EXPECT_EQ(program.logins_
                .gate(kId,
                      [&] {
                        auto options = program.options();
                        options.secret = Secret("second");
                        return options;
                      }())
                .secret()
                .reveal(),
            "second");
}

TEST_F(LoginsTest, ALoginThatNobodyUsesEndsItsAlertOnce) {
  const auto is_ours = [](const LoginId& id) { return id == kId; };
  Program program(saved_);
  program.logins_.retire(is_ours);
  for (const auto* host : {"a", "b"}) program.log_in(host, Blame::secret);
  program.logins_.retire(is_ours);
  program.logins_.retire(is_ours);
  program.settle();
  EXPECT_THAT(program.notified_, testing::ElementsAre(Notice::refused, Notice::retired));
  EXPECT_FALSE(program.log_in("a", Blame::secret)) << "the account may still get locked";
}

TEST_F(LoginsTest, ALoginUnderWayThatNobodyUsesAnyMoreFiresNoAlert) {
  Program program(saved_);
  program.log_in("a", Blame::secret);
  auto pass = program.gate().try_enter(HostName("b"));
  ASSERT_TRUE(pass);
  program.logins_.retire([](const LoginId& id) { return id == kId; });
  pass->refuse(Blame::secret, "wrong password");
  program.settle();
  EXPECT_THAT(program.notified_, IsEmpty());
}

TEST_F(LoginsTest, WhatAnEarlierRunKnewOfALoginThatNobodyUsesIsEndedAndRemoved) {
  {
    Program program(saved_);
    for (const auto* host : {"a", "b"}) program.log_in(host, Blame::secret);
    program.settle();
  }
  Program program(saved_);
  program.logins_.retire([](const LoginId& id) { return id == kId; });
  program.settle();
  EXPECT_THAT(program.notified_, testing::ElementsAre(Notice::retired));
  ASSERT_THAT(saved_, SizeIs(1));
  EXPECT_TRUE(saved_.front().suspicion.empty());
}

TEST_F(LoginsTest, AReloadWaivesThePauses) {
  Program program(saved_);
  program.log_in("a", Blame::account);
  EXPECT_FALSE(program.log_in("b", Blame::account));
  program.logins_.waive_pauses();
  EXPECT_TRUE(program.log_in("b", Blame::account));
}

TEST_F(LoginsTest, OthersWaitForTheFirstAndThenGoTogether) {
  Program program(saved_);
  auto& gate = program.gate();
  int inside = 0;
  int most = 0;
  net::TaskScope scope(program.loop_.executor());
  const auto log_in = [&](std::string host) -> net::awaitable<void> {
    auto pass = co_await gate.enter(HostName(host), net::within(5s));
    EXPECT_TRUE(pass);
    most = std::max(most, ++inside);
    if (host == "h0") EXPECT_EQ(inside, 1);
    co_await program.time_.pass(1s);
    inside--;
    pass->accept();
  };
  for (int i = 0; i < 20; i++) scope.spawn(log_in("h" + std::to_string(i)));
  program.loop_.run_until_done(scope.join());
  EXPECT_EQ(most, 19);
}

TEST_F(LoginsTest, WhoHungBeforeGoesBehindTheOthers) {
  Program program(saved_);
  auto& gate = program.gate();
  {
    const auto hung = program.loop_.run_until_done(gate.enter(HostName("hangs"), net::within(1s)));
    EXPECT_TRUE(hung);
  }
  auto leader = program.loop_.run_until_done(gate.enter(HostName("leader"), net::within(1s)));
  std::vector<std::string> order;
  net::TaskScope scope(program.loop_.executor());
  const auto log_in = [&](std::string host) -> net::awaitable<void> {
    const auto pass = co_await gate.enter(HostName(host), net::within(5s));
    order.push_back(host);
  };
  scope.spawn(log_in("hangs"));
  scope.spawn(log_in("good"));
  program.settle();
  EXPECT_THAT(order, IsEmpty());
  leader = fail(ErrorKind::timed_out, "no answer");
  program.loop_.run_until_done(scope.join());
  EXPECT_THAT(order, testing::ElementsAre("good", "hangs"));
}

TEST_F(LoginsTest, WhoseTurnDoesNotComeIsRefused) {
  Program program(saved_);
  auto& gate = program.gate();
  const auto leader = program.loop_.run_until_done(gate.enter(HostName("a"), net::within(1s)));
  const auto late = program.loop_.run_until_done(gate.enter(HostName("b"), net::within(5s)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::login_refused);
  EXPECT_THAT(late.error().what, HasSubstr("tried elsewhere first"));
}

TEST(Fingerprint, MatchesItsSecretOnly) {
  const auto fill = [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, 1); };
  const auto print = Fingerprint::of("secret", fill);
  EXPECT_TRUE(print.matches("secret"));
  EXPECT_FALSE(print.matches("Secret"));
  EXPECT_FALSE(Fingerprint{}.matches(""));
}

}  // namespace
}  // namespace tocsin::logins
