// `schedule`: when a text is due, or what is wrong with it.
#include "schedule/schedule.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/table.h"
#include "platform/standard_streams.h"
#include "platform/time_zones.h"

namespace tocsin::cli {
namespace {

using std::chrono::local_seconds, std::chrono::minutes, std::chrono::seconds;

Result<TimeZone> load_zone(const std::string& name) {
  if (name.empty()) return TimeZone();
  TRY(auto bytes, platform::load_time_zone(name));
  return TimeZone::parse(name, bytes);
}

/// "Thu 2026-11-26 09:00:00"
std::string text_of(local_seconds time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const std::chrono::weekday day(std::chrono::floor<std::chrono::days>(time));
  auto text = iso_seconds(Time(time.time_since_epoch()));
  text.pop_back();
  text[10] = ' ';
  return fmt::format("{} {}", kDays.at(day.c_encoding()), text);
}

/// "+01:00"
std::string text_of(seconds offset) {
  const auto count = std::abs(std::chrono::duration_cast<minutes>(offset).count());
  return fmt::format("{}{:02}:{:02}", offset < seconds(0) ? '-' : '+', count / 60, count % 60);
}

void print_mistake(const std::string& text, const Schedule::Mistake& mistake) {
  const auto before = display_width(printable(text.substr(0, mistake.column), text.size() + 8));
  complain(fmt::format("column {}: {}", mistake.column + 1, mistake.expected));
  platform::write_to_stderr(
      fmt::format("  {}\n  {}^\n", printable(text, text.size() + 8), std::string(before, ' ')));
}

}  // namespace

int schedule(const ScheduleOptions& options) {
  auto zone = load_zone(options.zone);
  if (!zone) return failed(zone.error().what, kExitBadConfiguration);
  const auto schedule = Schedule::parse(options.text, *std::move(zone));
  if (!schedule) {
    print_mistake(options.text, schedule.error());
    return kExitBadConfiguration;
  }
  if (!schedule->remark().empty()) warn(fmt::format("`{}` {}", options.text, schedule->remark()));

  const bool is_local = !options.zone.empty();
  Table table(is_local ? std::vector<std::string>{"UTC", options.zone}
                       : std::vector<std::string>{"UTC"});
  auto due = schedule->next(SystemClock().now());
  for (int i = 0; i < options.count && due; i++, due = schedule->next(*due)) {
    const auto instant = std::chrono::floor<seconds>(*due);
    std::vector<Cell> row = {{text_of(local_seconds(instant.time_since_epoch()))}};
    if (is_local) {
      const auto offset = schedule->zone().period_at(instant).offset;
      row.push_back({text_of(schedule->zone().to_local(instant)) + " " + text_of(offset)});
    }
    table.add(std::move(row));
  }
  print(table, "it is not due any more");
  return kExitOk;
}

}  // namespace tocsin::cli
