#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "schedule/schedule.h"

namespace tocsin {
namespace {

struct Wrong {
  std::string text;
  std::size_t column;
  std::string expected;
};

std::ostream& operator<<(std::ostream& out, const Wrong& wrong) { return out << wrong.text; }

class ScheduleMistake : public testing::TestWithParam<Wrong> {};

TEST_P(ScheduleMistake, NamesTheColumnAndWhatWasExpected) {
  const auto schedule = Schedule::parse(GetParam().text);
  ASSERT_FALSE(schedule);
  EXPECT_EQ(schedule.error().expected, GetParam().expected);
  EXPECT_EQ(schedule.error().column, GetParam().column);
}

constexpr auto kBeginning = "expected `every`, `at` or `on`, such as `every 30 seconds`";
constexpr auto kNumber = "expected a whole number, such as `every 30 seconds`";
constexpr auto kSpace = "expected a whole number and then a space, such as `every 30 seconds`";
constexpr auto kPositive = "expected a number of at least 1";
constexpr auto kSmaller = "expected a number of at most 1000000";
constexpr auto kUnits =
    "expected seconds, minutes, hours, days, weeks, months or years, such as `every 30 seconds`";
constexpr auto kContinuation =
    "expected the end, or one of `and on at of in after before also except`";
constexpr auto kTime = "expected a time of day, such as `17:00` or `5:00 pm`";
constexpr auto kBefore = "expected a time before this word";
constexpr auto kMore = "expected more after this word";
constexpr auto kNever = "expected a time in the future: this is never due";

INSTANTIATE_TEST_SUITE_P(
    Steps, ScheduleMistake,
    testing::Values(
        Wrong{"", 0, kBeginning}, Wrong{"   ", 3, kBeginning}, Wrong{"30 seconds", 0, kBeginning},
        Wrong{"every5 seconds", 0, kBeginning}, Wrong{"and every 5 seconds", 0, kBeginning},
        Wrong{"every", 5, kNumber}, Wrong{"every -5 seconds", 6, kNumber},
        Wrong{"every +5 seconds", 6, kNumber}, Wrong{"every 1.5 seconds", 6, kSpace},
        Wrong{"every 5seconds", 6, kSpace}, Wrong{"every 0 seconds", 6, kPositive},
        Wrong{"every 1000001 hours", 6, kSmaller},
        Wrong{"every 99999999999999999999 seconds", 6, kSmaller}, Wrong{"every 5", 7, kUnits},
        Wrong{"every 2 hr", 8, kUnits}, Wrong{"every 5 seconds foo", 16, kContinuation},
        Wrong{"every 2 hours starting on the 5th minute", 34,
              "expected what `every` counts: hours"},
        Wrong{"every 5 minutes starting on the 60th minute", 32, "expected a number from 0 to 59"},
        Wrong{"every 5 minutes between the 10th or 20th", 33, "expected `and` and a number"},
        Wrong{"every 5 minutes between the 10th and 9th", 37, "expected a number of at least 10"},
        Wrong{std::string("every 5\0 seconds", 16), 6, kSpace}));

INSTANTIATE_TEST_SUITE_P(
    Lists, ScheduleMistake,
    testing::Values(Wrong{"on", 2, "expected `the` or a day of the week, such as `monday`"},
                    Wrong{"on the", 6, "expected a number, such as `5th`"},
                    Wrong{"on the 5th", 10, kUnits}, Wrong{"on the 5th weekday", 11, kUnits},
                    Wrong{"on the 0th day", 7, "expected a number from 1 to 31"},
                    Wrong{"on the 1st,32nd day", 11, "expected a number from 1 to 31"},
                    Wrong{"on the 5th to 3rd day", 14,
                          "expected what comes after the beginning of the range"},
                    Wrong{"on the last to 3rd day", 15, "expected nothing after the last"},
                    Wrong{"on fri-mon", 7, "expected what comes after the beginning of the range"},
                    Wrong{"on monday of tuesday", 13, "expected a month, such as `january`"},
                    Wrong{"on monday in 1969", 13, "expected a number from 1970 to 2450"},
                    Wrong{"on monday and", 13, kMore}));

INSTANTIATE_TEST_SUITE_P(
    Times, ScheduleMistake,
    testing::Values(
        Wrong{"at", 2, kTime}, Wrong{"at noon", 3, kTime}, Wrong{"at 5 pm", 3, kTime},
        Wrong{"at 25:00", 3, "expected an hour from 0 to 23"},
        Wrong{"at 13:00 pm", 3, "expected an hour from 1 to 12"},
        Wrong{"at 0:30am", 3, "expected an hour from 1 to 12"},
        Wrong{"at 5:60", 5, "expected minutes from 00 to 59, and then `am`, `pm` or a space"},
        Wrong{"at 5:5", 5, "expected minutes from 00 to 59, and then `am`, `pm` or a space"},
        Wrong{"every hour after noon", 17,
              "expected a time of day or a number with its unit, such as `after 17:00`"},
        Wrong{"after 9:00 and after 10:00", 15, "expected `after` once for each unit, or `also`"}));

INSTANTIATE_TEST_SUITE_P(Parts, ScheduleMistake,
                         testing::Values(Wrong{"also at 5:00", 0, kBefore},
                                         Wrong{"except at 5:00", 0, kBefore},
                                         Wrong{"at 5:00 also also at 6:00", 13, kBefore},
                                         Wrong{"at 5:00 also", 12, kMore},
                                         Wrong{"at 5:00 except", 14, kMore},
                                         Wrong{"on the 31st day of february", 0, kNever},
                                         Wrong{"at 5:00 before 4:00", 0, kNever},
                                         Wrong{"every hour except every hour", 0, kNever}));

INSTANTIATE_TEST_SUITE_P(
    Cron, ScheduleMistake,
    testing::Values(
        Wrong{"* * * *", 0, kBeginning},
        Wrong{"60 * * * *", 0, "expected a number from 0 to 59, for the minute"},
        Wrong{"0 0 0 * *", 4, "expected a number from 1 to 31, for the day"},
        Wrong{"0 0 1 * 8", 8,
              "expected a number from 0 to 7 or a name such as MON, for the day of the week"},
        Wrong{"0 0 1 13 *", 6,
              "expected a number from 1 to 12 or a name such as JAN, for the month"},
        Wrong{"0 5-3 * * *", 4, "expected the end of a range that begins before it"},
        Wrong{"*/0 * * * *", 2, "expected a step of at least 1"},
        Wrong{"0 1,,2 * * *", 4, "expected a number from 0 to 23, for the hour"},
        Wrong{"0 0 * * 5#6", 10, "expected a number from 1 to 5: which of the month's such days"},
        Wrong{"0 0 15W * 1", 10, "expected `*` or `?`, because the day of the month has a W"},
        Wrong{"0 0 0 1 1 * 2030 9", 17,
              "expected the end: `second minute hour day month weekday year` are all the fields"},
        Wrong{"@never", 0, "expected one of @yearly @monthly @weekly @daily @hourly"},
        Wrong{"@daily 5", 7, "expected the end"}, Wrong{"0 0 31 2 *", 0, kNever}));

}  // namespace
}  // namespace tocsin
