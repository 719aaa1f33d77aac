#include "config/slack_notification.h"

#include "config/sections.h"

namespace tocsin::config {
namespace {

void read_message(Section& section, SlackMessage& message) {
  read_chat_message(section, "Slack webhook", message);
  section.text({.name = "channel",
                .description = "Where it is posted, if the webhook may choose.",
                .example = "#operations",
                .otherwise = "the webhook's own"},
               message.channel);
  section.text({.name = "fromUser",
                .description = "The name that the message is from.",
                .example = "tocsin",
                .otherwise = "the webhook's own"},
               message.from_user);
  section.text({.name = "iconEmoji",
                .description = "The picture beside the name.",
                .example = ":bell:",
                .otherwise = "the webhook's own"},
               message.icon_emoji);
}

}  // namespace

void read_slack_notification(Section& section, bool wanted, Slack& slack) {
  section.share_with_butler();
  slack.enabled = read_enable(section, wanted);
  section.section({.name = "serviceStopped",
                   .description = "What is sent when a service stops, and for all else but its "
                                  "start.",
                   .differs = kTellsMore},
                  [&slack](Section& inner) { read_message(inner, slack.stopped); });
  section.section({.name = "serviceStarted",
                   .description = "What is sent when a service starts.",
                   .differs = kTellsLess},
                  [&slack](Section& inner) { read_message(inner, slack.started); });
  if (slack.enabled) warn_of_silence(section, slack.stopped, slack.started);
}

}  // namespace tocsin::config
