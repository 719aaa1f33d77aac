// How long it takes to find when a schedule is due next, from points spread over a year, and to
// read its text.
#include <fstream>
#include <iterator>
#include <string>

#include <benchmark/benchmark.h>

#include "schedule/schedule.h"

namespace {

using namespace tocsin;

constexpr Time kBegin = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
/// Prime, so that all minutes and hours come.
constexpr Duration kStep(86'399'977);

void next(benchmark::State& state, const char* text, const TimeZone& zone = {}) {
  const auto schedule = Schedule::parse(text, zone);
  if (!schedule) return state.SkipWithError(schedule.error().expected.c_str());
  Time at = kBegin;
  for (int i = 0; auto _ : state) {
    benchmark::DoNotOptimize(schedule->next(at));
    at = ++i % 365 == 0 ? kBegin + Duration(i) : at + kStep;
  }
}

void next_in_stockholm(benchmark::State& state, const char* text) {
  std::ifstream file("/usr/share/zoneinfo/Europe/Stockholm", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto zone = TimeZone::parse("Europe/Stockholm", bytes);
  if (!zone) return state.SkipWithError("there is no time zone");
  next(state, text, *zone);
}

void parse(benchmark::State& state, const char* text) {
  for (auto _ : state) benchmark::DoNotOptimize(Schedule::parse(text));
}

BENCHMARK_CAPTURE(next, every_30_seconds, "every 30 seconds");
BENCHMARK_CAPTURE(next, every_5_minutes, "every 5 minutes");
BENCHMARK_CAPTURE(next, every_2_hours, "every 2 hours");
BENCHMARK_CAPTURE(next, weekdays_at_9, "every weekday at 9:00");
BENCHMARK_CAPTURE(next, office_hours, "every 5 minutes after 8:00 before 18:00 on mon through fri");
BENCHMARK_CAPTURE(next, last_friday, "at 17:00 on the last day instance on friday");
BENCHMARK_CAPTURE(next, day_of_year, "at 17:00 on the 200th day of the year");
BENCHMARK_CAPTURE(next, week_of_year, "on the 50th week of the year");
BENCHMARK_CAPTURE(next, week_53, "on the 53rd week of the year");
BENCHMARK_CAPTURE(next, week_6_of_month, "on the 6th week of the month");
BENCHMARK_CAPTURE(next, leap_day, "on the 29th day of february");
BENCHMARK_CAPTURE(next, with_exception, "every 30 seconds except on sunday also after 22:00");
BENCHMARK_CAPTURE(next, cron, "*/5 8-17 * * MON-FRI");
BENCHMARK_CAPTURE(next, cron_last_day, "0 9 L * *");
BENCHMARK_CAPTURE(next, cron_nearest_weekday, "0 9 15W * *");
BENCHMARK_CAPTURE(next, cron_nearest_weekdays, "0 9 1W,15W,28W * *");
BENCHMARK_CAPTURE(next, cron_fifth_friday, "0 9 * 2,4,6 5#5");
BENCHMARK_CAPTURE(next, cron_friday_13th, "0 9 13 * 5");
BENCHMARK_CAPTURE(next, cron_leap_day, "0 9 29 2 *");
BENCHMARK_CAPTURE(next, cron_leap_monday, "0 9 29 2 1");
BENCHMARK_CAPTURE(next, cron_far_year, "0 0 9 29 2 1 2360-2370");
BENCHMARK_CAPTURE(next_in_stockholm, every_30_seconds, "every 30 seconds");
BENCHMARK_CAPTURE(next_in_stockholm, weekdays_at_9, "every weekday at 9:00");
BENCHMARK_CAPTURE(parse, every_30_seconds, "every 30 seconds");
BENCHMARK_CAPTURE(parse, office_hours,
                  "every 5 minutes after 8:00 before 18:00 on mon through fri");
BENCHMARK_CAPTURE(parse, never, "on the 31st day of february");

}  // namespace
