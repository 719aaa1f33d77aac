#include "config/slack_notification.h"

#include "config/sections.h"

namespace tocsin::config {

void read_slack_notification(Section& section, bool wanted, Slack& slack) {
  section.share_with_original();
  slack.enabled = read_enable(section, wanted);
}

}  // namespace tocsin::config
