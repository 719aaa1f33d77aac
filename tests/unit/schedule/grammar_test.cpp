#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "schedule/schedule.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

struct Due {
  std::string text;
  std::vector<std::string> times;  ///< after 2024-02-28 10:20:03
};

std::ostream& operator<<(std::ostream& out, const Due& due) { return out << due.text; }

class Grammar : public testing::TestWithParam<Due> {};

// What `@breejs/later` 4.2.0 answers, unless a line says otherwise.
TEST_P(Grammar, IsThatOfLater) {
  const auto schedule = Schedule::parse(GetParam().text);
  ASSERT_TRUE(schedule) << schedule.error().column << ": " << schedule.error().expected;
  Time at = std::chrono::sys_days(2024y / 2 / 28) + 10h + 20min + 3s;
  for (const auto& expected : GetParam().times) {
    at = schedule->next(at).value();
    EXPECT_EQ(iso_time(at), expected + ":00.000Z");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Grammar,
    testing::Values(
        Due{"at 5:00 pm", {"2024-02-28T17:00", "2024-02-29T17:00", "2024-03-01T17:00"}},
        Due{"at 12:30am and 12:30 pm", {"2024-02-28T12:30", "2024-02-29T00:30"}},
        Due{"@ 17:00", {"2024-02-28T17:00"}},
        Due{"every weekday at 9:00 am",
            {"2024-02-29T09:00", "2024-03-01T09:00", "2024-03-04T09:00"}},
        Due{"every weekend", {"2024-03-02T00:00", "2024-03-03T00:00"}},
        Due{"on monday and wed at 7:00", {"2024-03-04T07:00", "2024-03-06T07:00"}},
        Due{"on mon through wed", {"2024-03-04T00:00", "2024-03-05T00:00", "2024-03-06T00:00"}},
        Due{"on the first day of the month", {"2024-03-01T00:00", "2024-04-01T00:00"}},
        Due{"on the last day of the month", {"2024-02-29T00:00", "2024-03-31T00:00"}},
        Due{"on the 29th day of february", {"2024-02-29T00:00", "2028-02-29T00:00"}},
        Due{"on the 60th day of the year", {"2024-02-29T00:00", "2025-03-01T00:00"}},
        Due{"on the last day of the year", {"2024-12-31T00:00", "2025-12-31T00:00"}},
        Due{"on the 10th week of the year", {"2024-03-04T00:00", "2025-03-03T00:00"}},
        Due{"on the 2nd week of the month", {"2024-03-03T00:00", "2024-04-07T00:00"}},
        Due{"on the last week of the month", {"2024-03-31T00:00", "2024-04-28T00:00"}},
        Due{"on the 2nd day instance on tuesday", {"2024-03-12T00:00", "2024-04-09T00:00"}},
        Due{"on the last day instance on friday", {"2024-03-29T00:00", "2024-04-26T00:00"}},
        Due{"every 15 minutes starting on the 5th minute",
            {"2024-02-28T10:35", "2024-02-28T10:50", "2024-02-28T11:05"}},
        Due{"on the first to 3rd minute", {"2024-02-28T11:00", "2024-02-28T11:01"}},
        Due{"every 10 minutes between the 30th and 45th",
            {"2024-02-28T10:30", "2024-02-28T10:40", "2024-02-28T11:30"}},
        Due{"on the 5th,10th through 12th minute",
            {"2024-02-28T11:05", "2024-02-28T11:10", "2024-02-28T11:11", "2024-02-28T11:12"}},
        Due{"every 2 hours after 20th hour", {"2024-02-28T20:00", "2024-02-28T22:00"}},
        Due{"every 6 hours before 7:00", {"2024-02-29T00:00", "2024-02-29T06:00"}},
        Due{"at 9:00 of january in 2025,2027", {"2025-01-01T09:00", "2025-01-02T09:00"}},
        Due{"at 9:00 also at 12:15 on sunday", {"2024-02-29T09:00", "2024-03-01T09:00"}},
        Due{"every 1 hour except after 11th hour", {"2024-02-29T00:00", "2024-02-29T01:00"}},
        Due{"at 9:00 except on thursday,friday", {"2024-03-02T09:00", "2024-03-03T09:00"}},
        Due{"every 4 months", {"2024-05-01T00:00", "2024-09-01T00:00", "2025-01-01T00:00"}},
        Due{"every 2 years", {"2026-01-01T00:00", "2028-01-01T00:00"}}));

INSTANTIATE_TEST_SUITE_P(
    OursOnly, Grammar,
    testing::Values(
        // Lists need not be in order; later.js leaves some of their values out.
        Due{"at 17:00 and 11:00", {"2024-02-28T11:00", "2024-02-28T17:00"}},
        Due{"on the first and last day of the month", {"2024-02-29T00:00", "2024-03-01T00:00"}},
        // later.js takes no unit here.
        Due{"every 2 hours between the 1st and 5th hour", {"2024-02-29T01:00", "2024-02-29T03:00"}},
        // later.js is due at 20:00, which is not after 20:30.
        Due{"every 1 hour after 20:30", {"2024-02-28T20:30", "2024-02-28T21:00"}},
        // later.js is due each second.
        Due{"every 1 hour before 1:00", {"2024-02-29T00:00", "2024-03-01T00:00"}},
        // later.js gives up: its day begins within the exception.
        Due{"every weekday except before 8:00", {"2024-02-29T08:00", "2024-03-01T08:00"}},
        // later.js breaks down over a second exception.
        Due{"at 9:00 except on thu except on fri", {"2024-03-02T09:00"}}));

INSTANTIATE_TEST_SUITE_P(
    Cron, Grammar,
    testing::Values(Due{"*/15 * * * *", {"2024-02-28T10:30", "2024-02-28T10:45"}},
                    Due{"0 9 * * MON-FRI",
                        {"2024-02-29T09:00", "2024-03-01T09:00", "2024-03-04T09:00"}},
                    Due{"0 9 * * mon-fri", {"2024-02-29T09:00"}},
                    Due{"0 0 9 * * 1", {"2024-03-04T09:00"}},
                    Due{"5 10-12/2 * * *", {"2024-02-28T12:05"}},
                    Due{"0 50/5 10 * * *", {"2024-02-28T10:50", "2024-02-28T10:55"}},
                    Due{"0 0 L * ?", {"2024-02-29T00:00", "2024-03-31T00:00"}},
                    Due{"0 0 * * 5L", {"2024-03-29T00:00", "2024-04-26T00:00"}},
                    Due{"0 0 * * 2#1,FRI#3", {"2024-03-05T00:00", "2024-03-15T00:00"}},
                    Due{"0 0 2W * *", {"2024-03-01T00:00", "2024-04-02T00:00", "2024-05-02T00:00"}},
                    Due{"0 0 1W 6,9 *", {"2024-06-03T00:00", "2024-09-02T00:00"}},
                    Due{"0 12 29 FEB *", {"2024-02-29T12:00", "2028-02-29T12:00"}},
                    Due{"0 0 13 * 5", {"2024-09-13T00:00", "2024-12-13T00:00"}},
                    Due{"@daily", {"2024-02-29T00:00"}}, Due{"@WEEKLY", {"2024-03-03T00:00"}},
                    Due{"0 0 0 1 1 * 2030", {"2030-01-01T00:00"}}));

INSTANTIATE_TEST_SUITE_P(CronOursOnly, Grammar,
                         testing::Values(
                             // Sunday; later.js reads 7 as Saturday.
                             Due{"0 0 * * 7", {"2024-03-03T00:00", "2024-03-10T00:00"}},
                             Due{"0 0 * * FRI-SUN",
                                 {"2024-03-01T00:00", "2024-03-02T00:00", "2024-03-03T00:00"}}));

TEST(Grammar, EndsWhereNothingComesAnyMore) {
  const auto schedule = *Schedule::parse("at 9:00 in 2020");
  EXPECT_TRUE(schedule.next(std::chrono::sys_days(2020y / 12 / 31)));
  EXPECT_FALSE(schedule.next(std::chrono::sys_days(2021y / 1 / 1)));
}

}  // namespace
}  // namespace tocsin
