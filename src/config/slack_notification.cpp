#include "config/slack_notification.h"

#include "config/sections.h"

namespace tocsin::config {
namespace {

void read_message(Section& section, SlackMessage& message) {
  read_chat_message(section, "Slack webhook", message);
  section.text({.name = "channel",
                .description = "Channel to post to, if the webhook may choose.",
                .example = "#operations",
                .otherwise = "the webhook's own"},
               message.channel);
  section.text({.name = "fromUser",
                .description = "Sender name of the message.",
                .example = "tocsin",
                .otherwise = "the webhook's own"},
               message.from_user);
  section.text({.name = "iconEmoji",
                .description = "Emoji beside the sender name.",
                .example = ":bell:",
                .otherwise = "the webhook's own"},
               message.icon_emoji);
}

}  // namespace

void read_settings(Section& section, bool wanted, Slack& slack) {
  section.share_with_butler();
  slack.enabled = read_enable(section, wanted);
  section.section(
      {.name = "serviceStopped",
       .description = "Messages about stopped services, and all other alerts but starts.",
       .differs = kTellsMore},
      [&slack](Section& inner) { read_message(inner, slack.stopped); });
  section.section({.name = "serviceStarted",
                   .description = "Messages about services that start.",
                   .differs = kTellsLess},
                  [&slack](Section& inner) { read_message(inner, slack.started); });
  if (slack.enabled) warn_of_silence(section, slack.stopped, slack.started);
}

}  // namespace tocsin::config
