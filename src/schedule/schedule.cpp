#include "schedule/schedule.h"

#include <chrono>
#include <utility>

#include "base/try.h"
#include "schedule/cron.h"
#include "schedule/recurrence.h"
#include "schedule/text_grammar.h"

namespace tocsin {

using std::chrono::days, std::chrono::seconds, std::chrono::sys_seconds;
using std::chrono::local_days, std::chrono::local_seconds;

Schedule::Schedule() : Schedule(*parse("every 30 seconds")) {}

Schedule::Schedule(std::string_view text, TimeZone zone, const schedule::Definition& definition)
    : text_(text),
      remark_(definition.remark),
      zone_(std::move(zone)),
      recurrence_(std::make_shared<const schedule::Recurrence>(definition)) {}

std::expected<Schedule, Schedule::Mistake> Schedule::parse(std::string_view text, TimeZone zone) {
  TRY(const auto definition,
      schedule::looks_like_cron(text) ? schedule::parse_cron(text) : schedule::parse_text(text));
  Schedule schedule(text, std::move(zone), definition);
  if (schedule.recurrence_->rules().empty())
    return std::unexpected(Mistake{0, "expected a time in the future: this is never due"});
  return schedule;
}

std::optional<Time> Schedule::next(Time after) const {
  const auto since = std::chrono::floor<seconds>(after);
  std::optional<sys_seconds> earliest;
  auto limit = local_days::max();
  for (const auto& rule : recurrence_->rules()) {
    const auto due = rule.is_interval() ? next_of_interval(rule, since, limit)
                                        : next_on_clocks(rule, since, limit);
    if (!due || (earliest && *earliest <= *due)) continue;
    earliest = due;
    // What is earlier shows on no clock on a later day: no offset is larger than a good day.
    limit = local_days(std::chrono::floor<days>(*due).time_since_epoch()) + days(3);
  }
  return earliest;
}

std::optional<sys_seconds> Schedule::next_on_clocks(const schedule::Rule& rule, sys_seconds after,
                                                    local_days limit) const {
  // The second time that clocks show a time, all that they can show has been.
  auto local = zone_.to_local(after);
  for (;;) {
    const auto due = recurrence_->next(rule, local, limit);
    if (!due) return std::nullopt;
    if (const auto instant = zone_.to_instant(*due); instant > after) return instant;
    local = *due;
  }
}

std::optional<sys_seconds> Schedule::next_of_interval(const schedule::Rule& rule, sys_seconds after,
                                                      local_days limit) const {
  for (;;) {
    const auto period = zone_.period_at(after + seconds(1));
    const auto due =
        recurrence_->next(rule, local_seconds(after.time_since_epoch() + period.offset), limit);
    if (!due) return std::nullopt;
    const sys_seconds instant(due->time_since_epoch() - period.offset);
    if (instant < period.end) return instant;
    after = period.end - seconds(1);
  }
}

}  // namespace tocsin
