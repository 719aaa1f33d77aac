#include "web/passwords.h"

#include <atomic>
#include <set>

#include <gmock/gmock.h>

#include "kit/gate.h"
#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "net/timer.h"

namespace tocsin::web {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kGuesser = "10.1.2.3";

/// A user whose password is the hash, for the hash function of these tests.
config::WebUser user(const std::string& name, std::string_view password) {
  return {.name = name, .password_hash = {.hash = to_bytes(as_bytes(password))}};
}

class PasswordsTest : public testing::Test {
 protected:
  using enum PasswordAnswer::Verdict;

  PasswordsTest() {
    web_.users = {user("alice", "sesame"), user("bob", "builder")};
    open();
  }

  void open() {
    passwords_.emplace(
        Passwords::Deps{.executor = loop_.executor(),
                        .random = random_,
                        .refused = [this](const RefusedLogin& login) { refused_.push_back(login); },
                        .matches =
                            [this](const config::ScryptHash& hash, const Secret& password) {
                              const auto now = ++hashing_;
                              most_hashing_ = std::max(most_hashing_.load(), now);
                              hashes_++;
                              if (door_ != nullptr) door_->wait();
                              hashing_--;
                              if (lacks_memory_) return std::optional<bool>();
                              return std::optional(hash.hash ==
                                                   to_bytes(as_bytes(password.reveal())));
                            }},
        web_);
  }

  PasswordAnswer check(const std::string& name, const std::string& password,
                       const std::string& peer = kGuesser) {
    return loop_.run_until_done(
        passwords_->check({.user = name, .password = Secret(password)}, peer));
  }
  /// Asks at once, and leaves the answer in `answers_`.
  void ask(const std::string& name, const std::string& password,
           const std::string& peer = kGuesser) {
    asking_.spawn(
        [](PasswordsTest& test, PasswordLogin login, std::string from) -> net::awaitable<void> {
          test.answers_.push_back(co_await test.passwords_->check(std::move(login), from));
        }(*this, {.user = name, .password = Secret(password)}, peer));
  }
  void answer_all() {
    if (door_ != nullptr) door_->open();
    loop_.run_until_done(asking_.join());
  }
  void pass(Duration time) { loop_.run_until_done(time_.pass(time)); }
  std::multiset<PasswordAnswer::Verdict> verdicts() const {
    std::multiset<PasswordAnswer::Verdict> all;
    for (const auto& answer : answers_) all.insert(answer.verdict);
    return all;
  }
  std::size_t count(PasswordAnswer::Verdict verdict) const { return verdicts().count(verdict); }

  kit::VirtualTime time_;
  net::Loop loop_;
  config::Web web_;
  std::uint8_t drawn_ = 0;
  RandomFill random_ = [this](std::span<std::uint8_t> bytes) {
    for (auto& byte : bytes) byte = drawn_++;
  };
  std::atomic<int> hashing_ = 0;
  std::atomic<int> most_hashing_ = 0;
  std::atomic<int> hashes_ = 0;
  std::atomic<bool> lacks_memory_ = false;
  std::unique_ptr<kit::Gate> door_;
  std::vector<RefusedLogin> refused_;
  std::vector<PasswordAnswer> answers_;
  std::optional<Passwords> passwords_;
  net::TaskScope asking_{loop_.executor()};
};

TEST_F(PasswordsTest, KnowWhoseIsRight) {
  const auto alice = check("alice", "sesame");
  EXPECT_EQ(alice.verdict, right);
  EXPECT_EQ(alice.user, "alice");
  EXPECT_EQ(check("alice", "builder").verdict, wrong);
  EXPECT_EQ(check("alice", "").verdict, wrong);
  EXPECT_EQ(check("ALICE", "sesame").verdict, wrong);
  EXPECT_EQ(check("bob", "builder").user, "bob");
}

TEST_F(PasswordsTest, OfNobodyCostAsMuchAndAreWrong) {
  EXPECT_EQ(check("mallory", "sesame").verdict, wrong) << "although it is right for the first user";
  EXPECT_EQ(hashes_, 1);
}

TEST_F(PasswordsTest, AreHashedOnceWhileTheyAreUsed) {
  EXPECT_EQ(check("alice", "sesame").verdict, right);
  for (int i = 0; i < 4; i++) {
    pass(kRememberedFor - 1s);
    EXPECT_EQ(check("alice", "sesame").verdict, right);
  }
  EXPECT_EQ(hashes_, 1);
  pass(kRememberedFor);
  EXPECT_EQ(check("alice", "sesame").verdict, right);
  EXPECT_EQ(hashes_, 2);
}

TEST_F(PasswordsTest, AreNotTakenForEachOther) {
  web_.users = {user("a", "bc")};
  open();
  EXPECT_EQ(check("a", "bc").verdict, right);
  EXPECT_EQ(check("ab", "c").verdict, wrong);
  EXPECT_EQ(hashes_, 2);
}

TEST_F(PasswordsTest, AreForgottenWithTheirConfiguration) {
  EXPECT_EQ(check("alice", "sesame").verdict, right);
  web_.users = {user("alice", "another")};
  open();
  EXPECT_EQ(check("alice", "sesame").verdict, wrong);
}

TEST_F(PasswordsTest, AreHashedOnceForAllWhoAskAtTheSameTime) {
  door_ = std::make_unique<kit::Gate>();
  for (int i = 0; i < 30; i++) ask("alice", "sesame");
  answer_all();
  EXPECT_EQ(count(right), 30U);
  EXPECT_EQ(hashes_, 1);
}

TEST_F(PasswordsTest, AreHashedByTwosAndTheRestIsTurnedAway) {
  door_ = std::make_unique<kit::Gate>();
  for (int i = 0; i < 15; i++)
    ask("alice", "guess " + std::to_string(i), "10.0.0." + std::to_string(i));
  answer_all();
  EXPECT_EQ(count(wrong), kMostHashing + kMostWaiting);
  EXPECT_EQ(count(busy), 15 - kMostHashing - kMostWaiting);
  EXPECT_EQ(hashes_, static_cast<int>(kMostHashing + kMostWaiting));
  EXPECT_LE(most_hashing_, static_cast<int>(kMostHashing));
  for (const auto& answer : answers_) EXPECT_EQ(answer.retry_after > 0s, answer.verdict == busy);
}

TEST_F(PasswordsTest, WaitAfterFiveWrongOnesOfTheUser) {
  for (int i = 0; i < 5; i++)
    check("alice", "guess " + std::to_string(i), "10.0.0." + std::to_string(i));
  const auto answer = check("alice", "sesame", "10.0.0.9");
  EXPECT_EQ(answer.verdict, limited);
  EXPECT_EQ(answer.retry_after, 1s);
  EXPECT_EQ(hashes_, 5);
  EXPECT_EQ(check("bob", "builder").verdict, right);
  pass(1s);
  EXPECT_EQ(check("alice", "sesame").verdict, right);
  EXPECT_EQ(check("alice", "again wrong").verdict, wrong) << "the right one ends the counting";
}

TEST_F(PasswordsTest, WaitAsLongForAUserThatNobodyIs) {
  for (int i = 0; i < 5; i++)
    check("mallory", "guess " + std::to_string(i), "10.0.0." + std::to_string(i));
  EXPECT_EQ(check("mallory", "x", "10.0.0.9").verdict, limited);
}

TEST_F(PasswordsTest, WaitAfterFiveWrongOnesOfTheAddress) {
  for (int i = 0; i < 5; i++) check("user " + std::to_string(i), "sesame");
  EXPECT_EQ(check("alice", "sesame").verdict, limited);
  EXPECT_EQ(check("alice", "sesame", "10.1.2.4").verdict, right);
}

TEST_F(PasswordsTest, OfAProxyAreNotCountedByItsAddress) {
  web_.proxy.addresses = {kGuesser};
  open();
  for (int i = 0; i < 9; i++) check("user " + std::to_string(i), "sesame");
  EXPECT_EQ(check("alice", "sesame").verdict, right);
}

TEST_F(PasswordsTest, DoNotLockOutWhoHasLoggedIn) {
  EXPECT_EQ(check("alice", "sesame").verdict, right);
  for (int i = 0; i < 20; i++) check("alice", "guess " + std::to_string(i));
  EXPECT_EQ(check("alice", "new").verdict, limited);
  EXPECT_EQ(check("alice", "sesame").verdict, right);
}

TEST_F(PasswordsTest, ThatAPageRepeatsCountOnce) {
  for (int i = 0; i < 50; i++) EXPECT_EQ(check("alice", "of yesterday").verdict, wrong);
  EXPECT_EQ(hashes_, 1);
  EXPECT_EQ(check("alice", "sesame").verdict, right);
}

TEST_F(PasswordsTest, AreNotWrongWhereMemoryIsMissing) {
  lacks_memory_ = true;
  EXPECT_EQ(check("alice", "sesame").verdict, busy);
  lacks_memory_ = false;
  EXPECT_EQ(check("alice", "sesame").verdict, right);
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_F(PasswordsTest, AreReportedNowAndThen) {
  check("alice", "a");
  check("sesame", "b");
  check("bob", "c");
  ASSERT_EQ(refused_.size(), 1U);
  EXPECT_EQ(refused_[0].user, "alice");
  EXPECT_EQ(refused_[0].peer, kGuesser);
  EXPECT_EQ(refused_[0].more, 0U);
  pass(10s);
  check("hunter2", "d");
  ASSERT_EQ(refused_.size(), 2U);
  EXPECT_EQ(refused_[1].user, "") << "it may be a password in the wrong field";
  EXPECT_EQ(refused_[1].more, 2U);
}

TEST_F(PasswordsTest, GoOnWhenWhoAskedFirstIsCancelled) {
  door_ = std::make_unique<kit::Gate>();
  net::TaskScope first(loop_.executor());
  first.spawn([](Passwords& passwords) -> net::awaitable<void> {
    (void)co_await passwords.check({.user = "alice", .password = Secret("sesame")}, kGuesser);
  }(*passwords_));
  loop_.run_until_done(kit::let_others_run());
  ask("alice", "sesame");
  loop_.run_until_done(kit::let_others_run());
  first.cancel();
  door_->open();
  loop_.run_until_done(first.join());
  answer_all();
  EXPECT_THAT(verdicts(), ElementsAre(right));
}

TEST(RememberedPairs, AreSoManyAtMost) {
  RememberedPairs pairs;
  const net::Deadline now{};
  const auto pair = [](std::size_t number) {
    RememberedPairs::Digest digest{};
    digest[0] = static_cast<std::uint8_t>(number);
    return digest;
  };
  for (std::size_t i = 0; i < kMostPairs; i++) pairs.add(pair(i), now);
  EXPECT_TRUE(pairs.has(pair(0), now));
  pairs.add(pair(100), now);
  EXPECT_EQ(pairs.size(), kMostPairs);
  EXPECT_TRUE(pairs.has(pair(0), now)) << "it was used since";
  EXPECT_FALSE(pairs.has(pair(1), now));
  EXPECT_FALSE(pairs.has(pair(100), now + kRememberedFor));
  EXPECT_EQ(pairs.size(), 0U);
}

/// With the real function.
TEST(PasswordHash, IsOfThePassword) {
  const RandomFill random = [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, 7); };
  const auto hash = hash_password(Secret("p\xC3\xA4ss:word"), random);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->to_text().starts_with("$scrypt$ln=15,r=8,p=1$BwcHBwcHBwcHBwcHBwcHBw$"));
  ASSERT_EQ(config::ScryptHash::parse(hash->to_text()), *hash);
  EXPECT_EQ(password_matches(*hash, Secret("p\xC3\xA4ss:word")), true);
  EXPECT_EQ(password_matches(*hash, Secret("p\xC3\xA4ss:wor")), false);
}

TEST(PasswordHash, MayComeFromElsewhere) {
  const auto by_python = config::ScryptHash::parse(
      "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$GEDJYvr1TTZZVHi5iklTNhA/nLp9g5KhNbwch1iOI78");
  ASSERT_TRUE(by_python);
  EXPECT_EQ(password_matches(*by_python, Secret("p\xC3\xA4ssword")), true);
}

}  // namespace
}  // namespace tocsin::web
