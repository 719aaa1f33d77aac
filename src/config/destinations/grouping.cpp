#include "config/destinations/grouping.h"

#include <fmt/format.h>

#include "config/section/section.h"

namespace tocsin::config {
namespace {

constexpr DurationRange kWait{Duration::zero(), std::chrono::hours(1)};
constexpr DurationRange kInterval{Duration::zero(), std::chrono::hours(24)};

}  // namespace

std::optional<Place> read_grouping(Section& section, const Key& key, Grouping& grouping) {
  return section.section(key, [&grouping](Section& inner) {
    inner.duration({.name = "wait",
                    .description = "Time from the first alert of a group to one message with those "
                                   "that follow it. 0: `interval`.",
                    .example = "5s"},
                   grouping.wait, kWait);
    inner.duration({.name = "interval",
                    .description = "Interval of further messages, until one would be empty. 0: no "
                                   "groups; each alert is sent at once.",
                    .example = "30s"},
                   grouping.interval, kInterval);
  });
}

void note_ungrouped(Section& section, const Grouping& by_default, std::optional<Place> place,
                    std::string_view key) {
  if (!place || section.is_off() || !by_default.is_on()) return;
  section.info(*place, fmt::format("`{}` describes one service, so each alert is a separate "
                                   "message; add `groupTemplateFile` to group them",
                                   key));
}

void refuse_grouping(Section& section, std::string_view instead) {
  section.refuse("grouping",
                 fmt::format("`grouping` is only for destinations that people read; {}", instead));
}

}  // namespace tocsin::config
