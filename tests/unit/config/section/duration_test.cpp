#include "config/section/duration.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreReadAsPeopleWriteThem) {
  const std::vector<std::pair<std::string, Duration>> table = {
      {"0", 0s},  {"45", 45s},  {"90s", 90s},        {"5m", 5min},
      {"2h", 2h}, {"1d", 24h},  {"1h30m", 90min},    {"1d2h3m4s", 93784s},
      {"0s", 0s}, {"007s", 7s}, {"36525d", 876600h},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(parse_duration(text), expected) << text;
}

TEST(Durations, AreWrittenAsTheyAreRead) {
  for (const auto* text : {"0", "1s", "30s", "1m", "1h30m", "1d", "366d", "1d2h3m4s"})
    EXPECT_EQ(duration_text(*parse_duration(text)), text);
}

TEST(Durations, MistakesNameTheColumn) {
  const std::string no_number = "expected a duration, such as `90s`, `5m`, `2h` or `1d`";
  const std::string no_unit = "expected a unit: s, m, h or d";
  const std::vector<std::tuple<std::string, std::size_t, std::string>> table = {
      {"", 0, no_number},
      {"soon", 0, no_number},
      {"-5s", 0, no_number},
      {"+5s", 0, no_number},
      {"5mm", 2, no_number},
      {"5 m", 1, no_unit},
      {"5min", 2, no_number},
      {"1.5h", 1, no_unit},
      {"1h30", 4, no_unit},
      {"10S", 2, no_unit},
      {"30s ", 3, no_number},
      {"5m1h", 3, "expected a unit smaller than the `m` before it"},
      {"5m5m", 3, "expected a unit smaller than the `m` before it"},
      {"99999999999999999999s", 0, "expected a smaller number"},
      {"36526d", 0, "expected a smaller number"},
      {"1d9999999999s", 2, "expected a smaller number"},
  };
  for (const auto& [text, column, expected] : table) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().column, column) << text;
    EXPECT_EQ(parsed.error().expected, expected) << text;
  }
}

TEST(Durations, MistakesInTheFileNameItsColumn) {
  const auto finding = [](const std::string& value) {
    return findings_with({{2, "  serviceMonitor:\n    policy: {bootGrace: " + value + "}"}});
  };
  EXPECT_THAT(finding("5x"),
              testing::ElementsAre("3:26: error: `bootGrace`: expected a unit: s, m, h or d"));
  EXPECT_THAT(finding("'5x'"),
              testing::ElementsAre("3:27: error: `bootGrace`: expected a unit: s, m, h or d"));
  EXPECT_THAT(finding("25h"), testing::ElementsAre("3:25: error: `bootGrace` must be from 0 to 1d, "
                                                   "but this is `25h`"));
  EXPECT_THAT(finding("[1]"),
              testing::ElementsAre("3:25: error: `bootGrace` must be one value, but this is a "
                                   "list"));
  EXPECT_THAT(finding("90"), testing::IsEmpty());
  EXPECT_THAT(finding("'90'"), testing::IsEmpty());
}

}  // namespace
}  // namespace tocsin::config
