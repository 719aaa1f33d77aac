#include "config/teams_notification.h"

#include "config/sections.h"

namespace tocsin::config {

void read_teams_notification(Section& section, bool wanted, Teams& teams) {
  section.share_with_original();
  teams.enabled = read_enable(section, wanted);
}

}  // namespace tocsin::config
