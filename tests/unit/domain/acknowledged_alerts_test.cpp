// Reminders of alerts that somebody has acknowledged, or that nobody was notified of.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/domain/ended_alerts_test.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(EndedAlerts, WhatIsAcknowledgedHasNoRemindersAndAnEnd) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}}}, {.repeat_every = 1h});
  check({{"A", running}});
  check({{"A", stopped}});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  acknowledged_at_ = now_;
  pass(3h);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(monitored_->waiting_alerts(now_).at(0).suppression.reason, "acknowledged");
  check({{"A", running}});
  EXPECT_THAT(notified(), ElementsAre("started A")) << "its end is told";
  check({{"A", stopped}});
  pass(1h);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped A")) << "that is another alert";
}

TEST_F(EndedAlerts, ABaselineThatWasNeverNotifiedHasNoReminders) {
  watch({quietly("A", 1h)});
  check({{"A", stopped}});
  pass(5h);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(monitored_->next_review(now_), Time::max());
}

TEST_F(EndedAlerts, AnAcknowledgedHostHasNoReminders) {
  watch({}, {.repeat_every = 1h});
  check({});
  no_answer();
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable "));
  acknowledged_at_ = now_;
  no_answer(2h);
  EXPECT_THAT(notified(), IsEmpty());
  acknowledged_at_ = Time::min();
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable ")) << "somebody has taken it back";
  EXPECT_EQ(last().reminder, 1);
}

TEST_F(EndedAlerts, ServicesOfAHostThatIsNotReachedStayOpenWithoutReminders) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}}});
  check({{"A", running}});
  check({{"A", stopped}});
  for (int i = 0; i < 10; i++) no_answer(30min);
  pass(1h);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "unreachable "));
  EXPECT_NE(monitored_->firing_since(ServiceName("A")), std::nullopt);
  check({{"A", running}});
  EXPECT_THAT(notified(), ElementsAre("reachable ", "started A"));
}

}  // namespace
}  // namespace tocsin
