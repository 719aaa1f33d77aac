#include "web/attempts.h"

#include <gtest/gtest.h>

namespace tocsin::web {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr net::Deadline kStart{std::chrono::hours(1)};

/// So many wrong passwords, each as soon as it may come; answers when the last one came.
net::Deadline fail(Attempts& attempts, std::string_view key, unsigned times,
                   net::Deadline now = kStart) {
  for (unsigned i = 0; i < times; i++) {
    now += attempts.wait(key, now);
    attempts.begin(key, now);
    attempts.fail(key, now);
  }
  return now;
}

TEST(Attempts, AreFreeUpToTheFifth) {
  Attempts attempts;
  EXPECT_EQ(fail(attempts, "alice", 4), kStart);
  EXPECT_EQ(attempts.wait("alice", kStart), 0s);
  fail(attempts, "alice", 1);
  EXPECT_EQ(attempts.wait("alice", kStart), 1s);
  EXPECT_EQ(attempts.wait("alice", kStart + 400ms), 600ms);
  EXPECT_EQ(attempts.wait("alice", kStart + 1s), 0s);
  EXPECT_EQ(attempts.wait("bob", kStart), 0s);
}

TEST(Attempts, WaitTwiceAsLongEachTimeUpToAMinute) {
  Attempts attempts;
  auto now = fail(attempts, "alice", 5);
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    EXPECT_EQ(attempts.wait("alice", now), pause);
    now = fail(attempts, "alice", 1, now);
  }
}

TEST(Attempts, DoNotAllTakeThePlaceThatHasCome) {
  Attempts attempts;
  const auto now = fail(attempts, "alice", 8) + 8s;
  EXPECT_EQ(attempts.wait("alice", now), 0s);
  attempts.begin("alice", now);
  EXPECT_EQ(attempts.wait("alice", now), 8s);
}

TEST(Attempts, AreForgottenAfterARightOneOrAQuietWhile) {
  Attempts attempts;
  auto now = fail(attempts, "alice", 7);
  attempts.forget("alice");
  EXPECT_EQ(attempts.wait("alice", now), 0s);
  now = fail(attempts, "alice", 12, now);
  fail(attempts, "alice", 1, now + kAttemptsForgottenAfter + 1ms);
  EXPECT_EQ(attempts.wait("alice", now + kAttemptsForgottenAfter + 1ms), 0s) << "it is the first";
}

TEST(Attempts, AreCountedOfSoManyKeysOnly) {
  Attempts attempts;
  fail(attempts, "alice", 6);
  fail(attempts, "quiet", 6, kStart + 1min);
  for (std::size_t i = 0; i < kMostKeys - 1; i++)
    fail(attempts, std::to_string(i), 1, kStart + 2min);
  EXPECT_EQ(attempts.size(), kMostKeys);
  EXPECT_EQ(attempts.wait("alice", kStart), 0s) << "quiet for longest";
  EXPECT_GT(attempts.wait("quiet", kStart + 1min), 0s);
}

TEST(Attempts, AreCountedByNetworkWhereTheAddressesAreEndless) {
  EXPECT_EQ(source_of("10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(source_of("2001:db8:1:2:3:4:5:6"), source_of("2001:db8:1:2::9"));
  EXPECT_NE(source_of("2001:db8:1:2::9"), source_of("2001:db8:1:3::9"));
  EXPECT_NE(source_of("::ffff:10.1.2.3"), source_of("::ffff:10.1.2.4"));
  EXPECT_EQ(source_of("no address"), "no address");
}

}  // namespace
}  // namespace tocsin::web
