#include "config/grouping.h"

#include "config/sections.h"

namespace tocsin::config {
namespace {

constexpr DurationRange kWait{Duration::zero(), std::chrono::hours(1)};
constexpr DurationRange kInterval{Duration::zero(), std::chrono::hours(24)};

}  // namespace

void read_grouping(Section& section, const Key& key, Grouping& grouping) {
  section.section(key, [&grouping](Section& inner) {
    inner.duration({.name = "wait",
                    .description = "Time that the first alert of a group waits for others.",
                    .example = "5s"},
                   grouping.wait, kWait);
    inner.duration({.name = "interval",
                    .description = "Minimum time between two notifications to one destination; "
                                   "alerts in between are the next group. 0: no groups.",
                    .example = "30s"},
                   grouping.interval, kInterval);
  });
}

void refuse_grouping(Section& section) {
  section.refuse("grouping",
                 "`grouping` is for destinations that people read; remove it: programs get each "
                 "alert by itself");
}

}  // namespace tocsin::config
