#include "platform/stop_reason.h"

#include <gtest/gtest.h>

namespace tocsin::platform {
namespace {

constexpr std::uint32_t kControlC = 0;
constexpr std::uint32_t kBreak = 1;
constexpr std::uint32_t kClose = 2;
constexpr std::uint32_t kLogoff = 5;
constexpr std::uint32_t kShutdown = 6;

TEST(StopReason, TheFirstControlCAsksTheProgramToEnd) {
  for (const auto event : {kControlC, kBreak}) {
    EXPECT_EQ(answer_console(event, false).answer, Answer::stop);
  }
  EXPECT_EQ(to_string(answer_console(kControlC, false).reason), "^C");
  EXPECT_EQ(to_string(answer_console(kBreak, false).reason), "^Break");
}

TEST(StopReason, TheSecondEndsItAtOnce) {
  EXPECT_EQ(answer_console(kControlC, true).answer, Answer::pass_on);
  EXPECT_EQ(answer_console(kBreak, true).answer, Answer::pass_on);
}

TEST(StopReason, AnEventAfterWhichWindowsKillsIsHeldUntilTheEndOfTheProcess) {
  for (const auto event : {kClose, kLogoff, kShutdown}) {
    EXPECT_EQ(answer_console(event, false).answer, Answer::stop_and_hold);
    EXPECT_EQ(answer_console(event, true).answer, Answer::stop_and_hold) << "already ending";
  }
  EXPECT_EQ(to_string(answer_console(kClose, false).reason), "the console is closed");
  EXPECT_EQ(to_string(answer_console(kLogoff, false).reason), "the user logs off");
  EXPECT_EQ(to_string(answer_console(kShutdown, false).reason), "the system shuts down");
}

TEST(StopReason, WhatIsNotKnownGoesToTheNextHandler) {
  EXPECT_EQ(answer_console(3, false).answer, Answer::pass_on);
  EXPECT_EQ(answer_console(77, false).answer, Answer::pass_on);
}

TEST(StopReason, TheServiceManagerStopsAndShutsDown) {
  EXPECT_EQ(reason_of_control(1), StopReason::service_stopped);
  EXPECT_EQ(reason_of_control(5), StopReason::shutdown);
  EXPECT_EQ(reason_of_control(15), StopReason::shutdown);
  for (const std::uint32_t control : {2U, 3U, 4U, 6U, 13U, 128U, 255U}) {
    EXPECT_EQ(reason_of_control(control), std::nullopt) << control;
  }
}

}  // namespace
}  // namespace tocsin::platform
