#include "daemon/log.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace tocsin::daemon {
namespace {

using testing::ElementsAre;

/// What the system's log was told.
struct Notified {
  std::vector<std::string> lines;

  Log log(config::LogLevel level = config::LogLevel::info) {
    return Log({.level = level, .system_log = [this](config::LogLevel, std::string_view line) {
                  lines.emplace_back(line);
                }});
  }
};

TEST(Log, TheSystemIsToldWhatMattersToIt) {
  Notified told;
  const auto log = told.log();
  log.debug("a detail");
  log.info("a line");
  log.notice("ready: hosts: {}", 3);
  log.warn("a warning");
  log.error("an error");
  EXPECT_THAT(told.lines, ElementsAre("ready: hosts: 3", "a warning", "an error"));
}

TEST(Log, TheSystemIsToldNothingThatIsNotLogged) {
  Notified told;
  const auto log = told.log(config::LogLevel::error);
  log.notice("ready");
  log.warn("a warning");
  log.error("an error");
  EXPECT_THAT(told.lines, ElementsAre("an error"));
}

TEST(Log, WhatTheSystemIsToldIsPrintable) {
  Notified told;
  told.log().warn("a host says \x1b[31m{}", "red\n");
  EXPECT_THAT(told.lines, ElementsAre("a host says ?[31mred?"));
}

TEST(Log, ASystemWithoutALogIsNoReasonToFail) { Log({}).error("an error"); }

}  // namespace
}  // namespace tocsin::daemon
