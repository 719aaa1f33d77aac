#include "daemon/log.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/line_queue.h"
#include "kit/gate.h"

namespace tocsin::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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
  log.flush();
  EXPECT_THAT(system.lines, ElementsAre("ready: hosts: 3", "a warning", "an error"));
}

TEST(Log, TheSystemLogGetsNothingBelowTheLevel) {
  SystemLines system;
  const auto log = system.log(config::LogLevel::error);
  log.notice("ready");
  log.warn("a warning");
  log.error("an error");
  log.flush();
  EXPECT_THAT(system.lines, ElementsAre("an error"));
}

TEST(Log, LinesForTheSystemLogArePrintable) {
  SystemLines system;
  system.log().warn("a host says \x1b[31m{}", "red\n");
  EXPECT_THAT(system.lines, ElementsAre("a host says ?[31mred?"));
}

TEST(Log, AReaderThatStallsHoldsNobodyUp) {
  kit::Gate reads;
  std::vector<std::string> read;
  {
    LineQueue queue(
        [&](const LineQueue::Line& line) {
          reads.wait();
          read.push_back(line.text);
          return true;
        },
        2);
    for (int i = 0; i < 6; i++) queue.put({config::LogLevel::info, std::to_string(i)});
    EXPECT_GE(queue.lost(), 3) << "one may have been taken before the others came";
    reads.open();
    EXPECT_TRUE(queue.flush());
    EXPECT_EQ(queue.lost() + read.size() - 1, 6);
  }
  const auto count = read.size();
  EXPECT_THAT(read.at(count - 3), HasSubstr("lines of this log are lost"));
  EXPECT_EQ(read.at(count - 2), "4");
  EXPECT_EQ(read.at(count - 1), "5");
}

TEST(Log, AReaderThatStallsForEverHoldsUpNoEnd) {
  const auto stalled = std::make_shared<kit::Gate>();
  {
    LineQueue queue([stalled](const LineQueue::Line&) {
      stalled->wait();
      return true;
    });
    queue.put({config::LogLevel::error, "lost"});
    EXPECT_FALSE(queue.flush());
  }
  stalled->open();
}

TEST(Log, WhatCannotBeWrittenIsCountedAndSaidLater) {
  std::vector<std::string> read;
  bool full = true;
  LineQueue queue([&](const LineQueue::Line& line) {
    if (!full) read.push_back(line.text);
    return !full;
  });
  queue.put({config::LogLevel::info, "no room"});
  ASSERT_TRUE(queue.flush());
  full = false;
  queue.put({config::LogLevel::info, "room again"});
  ASSERT_TRUE(queue.flush());
  EXPECT_EQ(queue.lost(), 1);
  EXPECT_THAT(read, ElementsAre(HasSubstr("1 lines of this log are lost"), "room again"));
}

TEST(Log, ASystemWithoutALogIsNoReasonToFail) { Log({}).error("an error"); }

}  // namespace
}  // namespace tocsin::daemon
