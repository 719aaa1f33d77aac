#include "logins/guard.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace tocsin::logins {
namespace {

using namespace std::chrono_literals;

const HostName kA("a");
const HostName kB("b");
const HostName kC("c");
const Time kStart{std::chrono::hours(24 * 365 * 50)};

/// Tries to log in as a probe does; answers whether it was let.
bool refused_at(Guard& guard, const HostName& peer, Now now, Blame blame = Blame::secret) {
  if (guard.find_suspension(peer, now) || !guard.has_room(now)) return false;
  guard.begin();
  (void)guard.refuse(peer, blame, "password wrong", now);
  return true;
}
bool accepted_at(Guard& guard, const HostName& peer, Now now) {
  if (guard.find_suspension(peer, now) || !guard.has_room(now)) return false;
  guard.begin();
  (void)guard.accept(peer, now);
  return true;
}

TEST(Guard, PausesGrowFromOneMinuteToFifteen) {
  Guard guard;
  int tries = 0;
  for (auto now = kStart; now < kStart + 5min; now += 1s) tries += refused_at(guard, kA, now);
  EXPECT_EQ(tries, 3);
  auto last = kStart;
  std::vector<Duration> pauses;
  for (auto now = kStart + 5min; now < kStart + 90min; now += 1s) {
    if (!refused_at(guard, kA, now)) continue;
    pauses.push_back(now - last);
    last = now;
  }
  ASSERT_GE(pauses.size(), 4U);
  EXPECT_EQ(pauses.at(1), 8min);
  EXPECT_EQ(pauses.at(2), 15min);
  EXPECT_EQ(pauses.at(3), 15min);
}

TEST(Guard, TwoPeersThatRefuseSuspendAllOthers) {
  Guard guard;
  int tries = 0;
  for (auto now = kStart; now < kStart + 5min; now += 1s)
    for (int peer = 0; peer < 200; peer++)
      tries += refused_at(guard, HostName("h" + std::to_string(peer)), now);
  EXPECT_LE(tries, 4);
  EXPECT_GE(tries, 3);
  EXPECT_TRUE(guard.find_suspension(HostName("h199"), kStart + 5min));
}

TEST(Guard, ASuspensionLastsUntilTheLastOfItsPausesEnds) {
  Guard guard;
  ASSERT_TRUE(refused_at(guard, kA, kStart));
  ASSERT_TRUE(refused_at(guard, kB, kStart));
  EXPECT_EQ(guard.find_suspension(kA, kStart)->until, kStart + 2min) << "not its own minute";
  EXPECT_EQ(guard.find_suspension(kC, kStart)->until, kStart + 2min);
}

TEST(Guard, OnePeerThatRefusesDoesNotStopTheOthers) {
  Guard guard;
  ASSERT_TRUE(refused_at(guard, kA, kStart));
  ASSERT_TRUE(refused_at(guard, kA, kStart + 1min));
  ASSERT_TRUE(refused_at(guard, kA, kStart + 3min));
  EXPECT_FALSE(guard.find_suspension(kB, kStart + 3min));
  EXPECT_TRUE(guard.find_suspension(kA, kStart + 3min));
}

TEST(Guard, LockedAccountSuspendsAllAtOnce) {
  Guard guard;
  ASSERT_TRUE(refused_at(guard, kA, kStart, Blame::account));
  EXPECT_TRUE(guard.find_suspension(kB, kStart + 1s));
}

TEST(Guard, AccountsOfPeersCountAlone) {
  Guard guard({.shared = false});
  ASSERT_TRUE(refused_at(guard, kA, kStart, Blame::account));
  ASSERT_TRUE(refused_at(guard, kB, kStart));
  EXPECT_FALSE(guard.find_suspension(kC, kStart));
  EXPECT_TRUE(guard.find_suspension(kA, kStart));
  guard.begin();
  EXPECT_TRUE(guard.has_room(kStart)) << "accounts of different peers need not wait for each other";
}

TEST(Guard, GoesAloneUntilOneSucceeds) {
  Guard guard;
  guard.begin();
  EXPECT_FALSE(guard.has_room(kStart));
  (void)guard.accept(kA, kStart);
  guard.begin();
  EXPECT_TRUE(guard.has_room(kStart)) << "its success lets the others in";
  EXPECT_FALSE(guard.has_room(kStart + 1min)) << "but not for ever: the secret may have changed";
}

TEST(Guard, ThatAnotherSucceedsMakesTheRefusalThePeersOwn) {
  Guard guard;
  ASSERT_TRUE(refused_at(guard, kA, kStart));
  ASSERT_TRUE(accepted_at(guard, kB, kStart + 1s));
  EXPECT_FALSE(guard.find_suspension(kA, kStart + 1s)) << "it may be tried once more";
  ASSERT_TRUE(refused_at(guard, kA, kStart + 2s));
  EXPECT_TRUE(guard.find_suspension(kA, kStart + 2s + 1min + 59s)) << "and waits for longer then";
  EXPECT_FALSE(guard.find_suspension(kA, kStart + 2s + 2min));
  ASSERT_TRUE(refused_at(guard, kA, kStart + 3min));
  ASSERT_TRUE(accepted_at(guard, kC, kStart + 3min));
  EXPECT_TRUE(guard.find_suspension(kA, kStart + 3min)) << "no further success waives its pause";
}

TEST(Guard, WhatAPeerRefusesForItselfConcernsNobodyElse) {
  Guard guard;
  for (int peer = 0; peer < 50; peer++)
    ASSERT_TRUE(refused_at(guard, HostName("h" + std::to_string(peer)), kStart, Blame::peer));
  EXPECT_FALSE(guard.find_suspension(kA, kStart));
  EXPECT_TRUE(guard.find_suspension(HostName("h0"), kStart));
}

TEST(Guard, NotifiesAtTheSecondRefusalAndItsEnd) {
  Guard guard;
  guard.begin();
  EXPECT_EQ(guard.refuse(kA, Blame::secret, "wrong", kStart), Notice::none);
  guard.begin();
  EXPECT_EQ(guard.refuse(kB, Blame::secret, "wrong", kStart), Notice::refused);
  guard.begin();
  EXPECT_EQ(guard.refuse(kC, Blame::secret, "wrong", kStart + 2min), Notice::none)
      << "it was notified";
  guard.begin();
  EXPECT_EQ(guard.accept(kA, kStart + 6min), Notice::accepted);
  guard.begin();
  EXPECT_EQ(guard.accept(kB, kStart + 6min), Notice::none);
}

TEST(Guard, NotifiesOfPeersThatRefuseLater) {
  Guard guard;
  for (const auto& [peer, at] : {std::pair{kA, kStart}, {kA, kStart + 1min}})
    ASSERT_TRUE(refused_at(guard, peer, at, Blame::peer));
  ASSERT_TRUE(refused_at(guard, kB, kStart + 10min, Blame::peer));
  guard.begin();
  EXPECT_EQ(guard.refuse(kB, Blame::peer, "wrong", kStart + 11min), Notice::refused);
}

TEST(Guard, OneRefusalThatPassesIsNotNotified) {
  Guard guard;
  ASSERT_TRUE(refused_at(guard, kA, kStart));
  guard.begin();
  EXPECT_EQ(guard.accept(kA, kStart + 1min), Notice::none);
  EXPECT_TRUE(guard.suspicion().empty());
}

TEST(Guard, AnotherSecretIsTriedAtOnceAndThenTheEndIsNotified) {
  Guard guard;
  ASSERT_TRUE(refused_at(guard, kA, kStart));
  ASSERT_TRUE(refused_at(guard, kB, kStart));
  guard.replace_secret();
  EXPECT_FALSE(guard.find_suspension(kA, kStart));
  guard.begin();
  EXPECT_FALSE(guard.has_room(kStart)) << "alone, until one succeeds";
  EXPECT_EQ(guard.accept(kA, kStart), Notice::accepted);
}

TEST(Guard, WaivedPausesBeginAnew) {
  Guard guard;
  for (const auto at : {kStart, kStart + 1min, kStart + 3min})
    ASSERT_TRUE(refused_at(guard, kA, at));
  guard.waive_pauses();
  ASSERT_TRUE(refused_at(guard, kA, kStart + 3min));
  EXPECT_FALSE(guard.find_suspension(kA, kStart + 4min));
}

TEST(Guard, OutlivesItsProgram) {
  Guard guard;
  ASSERT_TRUE(refused_at(guard, kA, kStart));
  for (int restart = 0; restart < 10; restart++) {
    guard = Guard({}, guard.suspicion(), kStart + 59s);
    EXPECT_FALSE(refused_at(guard, kA, kStart + 59s));
  }
}

TEST(Guard, ManyInterruptedLoginsCountAsRefused) {
  Guard guard;
  for (unsigned restart = 1; restart <= kInterruptionsToPause; restart++) {
    EXPECT_TRUE(guard.is_doubtful(kA));
    EXPECT_FALSE(guard.find_suspension(kA, kStart)) << "the crash may have nothing to do with it";
    guard.begin();
    guard.interrupt(kA, kStart);
    guard = Guard({}, guard.suspicion(), kStart);
  }
  EXPECT_TRUE(guard.find_suspension(kA, kStart + 59s));
  EXPECT_FALSE(guard.find_suspension(kB, kStart)) << "one doubtful login delays no other";
  ASSERT_TRUE(accepted_at(guard, kA, kStart + 1min));
  EXPECT_TRUE(guard.suspicion().empty());
}

TEST(Guard, AnInterruptedLoginBehindARefusalCountsAsRefused) {
  Guard guard;
  ASSERT_TRUE(refused_at(guard, kA, kStart));
  guard.begin();
  guard.interrupt(kA, kStart + 1min);
  const Guard next({}, guard.suspicion(), kStart + 1min);
  EXPECT_TRUE(next.find_suspension(kA, kStart + 2min + 59s));
}

TEST(Guard, AClockThatIsSetMakesNoPauseShorterOrLonger) {
  for (const Duration set_by : {Duration(1h), Duration(-1h)}) {
    Guard guard;
    ASSERT_TRUE(refused_at(guard, kA, kStart));
    const auto after = [&](Duration time) { return Now(kStart + set_by + time, kStart + time); };
    const auto suspension = guard.find_suspension(kA, after(59s));
    ASSERT_TRUE(suspension);
    EXPECT_EQ(suspension->until, kStart + set_by + 1min);
    EXPECT_FALSE(refused_at(guard, kA, after(59s)));
    EXPECT_TRUE(refused_at(guard, kA, after(1min)));
    EXPECT_FALSE(refused_at(guard, kA, after(1min + 119s)));
    EXPECT_TRUE(refused_at(guard, kA, after(3min)));
  }
}

TEST(Guard, AClockThatIsSetLetsNoLoginInThatMustGoAlone) {
  for (const Duration set_by : {Duration(1h), Duration(-1h)}) {
    Guard guard;
    ASSERT_TRUE(accepted_at(guard, kA, kStart));
    guard.begin();
    EXPECT_TRUE(guard.has_room({kStart + set_by + 1s, kStart + 1s}));
    EXPECT_FALSE(guard.has_room({kStart + set_by + 3s, kStart + 3s}));
  }
}

TEST(Guard, AStoredRefusalThatSeemsYetToComeCountsFromNow) {
  Guard before;
  ASSERT_TRUE(refused_at(before, kA, kStart));
  const Time now = kStart - 24h;
  const Guard guard({}, before.suspicion(), now);
  const auto suspension = guard.find_suspension(kA, now);
  ASSERT_TRUE(suspension);
  EXPECT_EQ(suspension->until, now + 1min);
  EXPECT_FALSE(guard.find_suspension(kA, now + 1min));
}

}  // namespace
}  // namespace tocsin::logins
