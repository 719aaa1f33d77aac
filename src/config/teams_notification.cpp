#include "config/teams_notification.h"

#include "config/sections.h"

namespace tocsin::config {
namespace {

void read_message(Section& section, ChatMessage& message) {
  const auto url = read_chat_message(section, "Teams webhook", message,
                                     "`basic` is an Adaptive Card with the text. Butler sends a "
                                     "MessageCard, which Workflows do not show properly.");
  if (url && message.webhook_url.contains(".webhook.office.com/"))
    section.warning(*url,
                    "`webhookURL` is of an Office 365 connector, which Microsoft has "
                    "retired: make a Workflows webhook (docs/teams.md)");
}

}  // namespace

void read_settings(Section& section, bool wanted, Teams& teams) {
  section.share_with_butler();
  teams.enabled = read_enable(section, wanted);
  section.section(
      {.name = "serviceStopped",
       .description = "Messages about stopped services, and all other alerts but starts.",
       .differs = kTellsMore},
      [&teams](Section& inner) { read_message(inner, teams.stopped); });
  section.section({.name = "serviceStarted",
                   .description = "Messages about services that start.",
                   .differs = kTellsLess},
                  [&teams](Section& inner) { read_message(inner, teams.started); });
  if (teams.enabled) warn_of_silence(section, teams.stopped, teams.started);
}

}  // namespace tocsin::config
