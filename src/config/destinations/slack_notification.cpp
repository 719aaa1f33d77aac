#include "config/destinations/slack_notification.h"

#include "config/destinations/read_chat_message.h"

namespace tocsin::config {
namespace {

void read_slack_message(Section& section, const Chat& chat, SlackMessage& message, KeysOf keys) {
  read_chat_message(section, keys, chat, message);
  section.text({.name = "channel",
                .writing = Writing::title,
                .description = "Channel to post to, if the webhook allows a choice.",
                .example = "#operations",
                .otherwise = default_of(keys, "the webhook's own")},
               message.channel);
  section.text({.name = "fromUser",
                .writing = Writing::title,
                .description = "Sender name of the message.",
                .example = "tocsin",
                .otherwise = default_of(keys, "the webhook's own")},
               message.from_user);
  section.text({.name = "iconEmoji",
                .writing = Writing::title,
                .description = "Emoji beside the sender name.",
                .example = ":bell:",
                .otherwise = default_of(keys, "the webhook's own")},
               message.icon_emoji);
}

}  // namespace

void read_settings(Section& section, bool wanted, Slack& slack) {
  section.share_with_butler(Shared::features);
  slack.enabled = read_enable(section, wanted);
  const Chat chat{.webhook = "Slack webhook", .grouping = slack.grouping, .type_differs = {}};
  read_alert_sections(section, "Messages", slack,
                      [&chat](Section& inner, SlackMessage& message, KeysOf keys) {
                        read_slack_message(inner, chat, message, keys);
                      });
  if (slack.enabled) warn_of_silence(section, slack.stopped, slack.started);
}

}  // namespace tocsin::config
