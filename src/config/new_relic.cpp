#include "config/new_relic.h"

#include "config/sections.h"

namespace tocsin::config {

void read_new_relic(Section& root, bool wanted, NewRelic& new_relic) {
  root.section({.name = "incidentTool", .description = "Incident tools."}, [&](Section& tools) {
    tools.share_with_original();
    tools.section(
        {.name = "newRelic", .description = "Alerts as events and log entries of New Relic."},
        [&](Section& section) {
          section.share_with_original();
          new_relic.enabled = read_enable(section, wanted, OriginalSwitch::ignored);
        });
  });
}

}  // namespace tocsin::config
