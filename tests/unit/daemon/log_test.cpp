#include "daemon/log.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace tocsin::daemon {
namespace {

using testing::ElementsAre;

/// A system's log that keeps its lines.
struct SystemLines {
  std::vector<std::string> lines;

  Log log(config::LogLevel level = config::LogLevel::info) {
    return Log({.level = level, .system_log = [this](config::LogLevel, std::string_view line) {
                  lines.emplace_back(line);
                }});
  }
};

TEST(Log, TheSystemLogGetsNoticesWarningsAndErrors) {
  SystemLines system;
  const auto log = system.log();
  log.debug("a detail");
  log.info("a line");
  log.notice("ready: hosts: {}", 3);
  log.warn("a warning");
  log.error("an error");
  EXPECT_THAT(system.lines, ElementsAre("ready: hosts: 3", "a warning", "an error"));
}

TEST(Log, TheSystemLogGetsNothingBelowTheLevel) {
  SystemLines system;
  const auto log = system.log(config::LogLevel::error);
  log.notice("ready");
  log.warn("a warning");
  log.error("an error");
  EXPECT_THAT(system.lines, ElementsAre("an error"));
}

TEST(Log, LinesForTheSystemLogArePrintable) {
  SystemLines system;
  system.log().warn("a host says \x1b[31m{}", "red\n");
  EXPECT_THAT(system.lines, ElementsAre("a host says ?[31mred?"));
}

TEST(Log, ASystemWithoutALogIsNoReasonToFail) { Log({}).error("an error"); }

}  // namespace
}  // namespace tocsin::daemon
