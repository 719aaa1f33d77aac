#include "config/destinations/teams_notification.h"

#include "config/destinations/read_chat_message.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kTypeDiffers =
    "`basic` is an Adaptive Card with the text. Butler sends a MessageCard, which Workflows do not "
    "show properly.";

void read_teams_message(Section& section, const Chat& chat, ChatMessage& message, KeysOf keys) {
  const auto url = read_chat_message(section, keys, chat, message);
  if (url && message.webhook_url.contains(".webhook.office.com/"))
    section.warning(*url,
                    "`webhookURL` belongs to an Office 365 connector, which Microsoft has retired: "
                    "create a Workflows webhook (docs/teams.md)");
}

}  // namespace

void read_settings(Section& section, bool wanted, Teams& teams) {
  section.share_with_butler(Shared::features);
  teams.enabled = read_enable(section, wanted);
  const Chat chat{
      .webhook = "Teams webhook", .grouping = teams.grouping, .type_differs = kTypeDiffers};
  read_alert_sections(section, "Messages", teams,
                      [&chat](Section& inner, ChatMessage& message, KeysOf keys) {
                        read_teams_message(inner, chat, message, keys);
                      });
  if (teams.enabled) warn_of_silence(section, teams.stopped, teams.started);
}

}  // namespace tocsin::config
