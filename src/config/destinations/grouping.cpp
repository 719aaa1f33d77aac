#include "config/destinations/grouping.h"

#include <fmt/format.h>

#include "config/section/section.h"

namespace tocsin::config {
namespace {

constexpr DurationRange kWait{Duration::zero(), std::chrono::hours(1)};
constexpr DurationRange kInterval{Duration::zero(), std::chrono::hours(24)};

}  // namespace

void read_grouping(Section& section, const Key& key, Grouping& grouping) {
  section.section(key, [&grouping](Section& inner) {
    inner.duration({.name = "wait",
                    .description = "What follows the first alert of a group leaves so long after "
                                   "it, in one message. 0: when `interval` has passed.",
                    .example = "5s"},
                   grouping.wait, kWait);
    inner.duration({.name = "interval",
                    .description = "Interval of the messages after that, until one has nothing to "
                                   "say. 0: no groups, each alert is a message at once.",
                    .example = "30s"},
                   grouping.interval, kInterval);
  });
}

void note_ungrouped(Section& section, const Grouping& by_default, std::optional<Place> place,
                    std::string_view key) {
  if (!place || section.is_off() || !by_default.is_on()) return;
  section.info(*place, fmt::format("`{}` knows one service, so each alert is a message of its own; "
                                   "`groupTemplateFile` beside it groups them",
                                   key));
}

void refuse_grouping(Section& section) {
  section.refuse("grouping",
                 "`grouping` is for destinations that people read; remove it: programs get each "
                 "alert by itself");
}

}  // namespace tocsin::config
