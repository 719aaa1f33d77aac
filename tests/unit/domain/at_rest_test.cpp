// When an observation equal to the last one need not be applied.
#include <chrono>
#include <memory>

#include <gtest/gtest.h>

#include "unit/domain/monitored_host_test.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;

class AtRest : public MonitoredHostTest {
 protected:
  [[nodiscard]] bool rests() const { return monitored_->is_at_rest(at()); }
  /// Both services run, and a check has found nothing new.
  void rest() {
    watch({{.pattern = "A"}, {.pattern = "B"}});
    runs({"A", "B"});
    check();
    ASSERT_TRUE(rests());
  }
};

TEST_F(AtRest, BeginsWithTheFirstCheckThatChangesNothing) {
  watch({{.pattern = "A"}, {.pattern = "B"}});
  EXPECT_FALSE(rests());
  runs({"A", "B"});
  EXPECT_FALSE(rests());
  check();
  EXPECT_TRUE(rests());
  stops({"B"});
  EXPECT_FALSE(rests());
}

TEST_F(AtRest, BeginsWhenTheGraceHasCountedItsChecks) {
  watch({{.pattern = "A", .policy = {.grace = {.checks = 3}}}});
  runs({"A"});
  for (int i = 0; i < 2; i++) {
    check();
    EXPECT_FALSE(rests());
  }
  check();
  EXPECT_TRUE(rests());
}

TEST_F(AtRest, EndsWithAPushedChange) {
  rest();
  push("A", stopped, 1s);
  EXPECT_FALSE(rests()) << "the last observation says that it runs";
  push("A", running, 1s);
  EXPECT_FALSE(rests());
}

TEST_F(AtRest, IsNotWhereAlertsFireOrWait) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}},
         {.pattern = "B", .policy = {.grace = {.time = 1h}}}});
  runs({"A", "B"});
  stops({"A"});
  check();
  EXPECT_FALSE(rests()) << "a reminder may be due";
  runs({"A"});
  check();
  EXPECT_TRUE(rests());
  stops({"B"});
  check();
  EXPECT_FALSE(rests()) << "the grace ends";
}

TEST_F(AtRest, IsNotWhereAServiceIsOnItsWay) {
  rest();
  is("A", stop_pending);
  check();
  check();
  EXPECT_FALSE(rests()) << "it may be stuck";
}

TEST_F(AtRest, IsNotWhereTheHostIsNotReached) {
  rest();
  no_answer();
  no_answer();
  EXPECT_FALSE(rests());
}

TEST_F(AtRest, EndsWithOtherRules) {
  rest();
  monitored_->set_rules({.services = Watchlist({{.pattern = "A"}}), .policy = {}});
  EXPECT_FALSE(rests()) << "B is to be forgotten";
}

TEST_F(AtRest, EndsWithDetailsThatWereRead) {
  rest();
  (void)monitored_->learn({});
  EXPECT_TRUE(rests());
  (void)monitored_->learn({{ServiceName("A"), std::make_shared<const ServiceDetails>(
                                                  ServiceDetails{.trigger_start = true})}});
  EXPECT_FALSE(rests()) << "they may decide by which rules it is watched";
}

TEST_F(AtRest, EndsWhenTheClockIsSet) {
  rest();
  set_clock(1h);
  EXPECT_FALSE(rests());
  pass(1s);
  EXPECT_FALSE(rests()) << "when the host has booted was moved, but not yet observed to be";
  check();
  EXPECT_TRUE(rests());
}

TEST_F(AtRest, IsNotWhereNothingIsMonitored) {
  rest();
  (void)monitored_->retire(at());
  EXPECT_FALSE(rests());
}

}  // namespace
}  // namespace tocsin
