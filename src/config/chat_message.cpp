#include "config/chat_message.h"

#include <array>

#include <fmt/format.h>

#include "config/files.h"
#include "config/sections.h"
#include "config/url.h"

namespace tocsin::config {
namespace {

void read_template_file(Section& section, const Key& key, std::string& path) {
  if (const auto place = section.text(key, path))
    path = template_at(section, *place, key.name, path);
}

}  // namespace

std::optional<Place> read_chat_message(Section& section, std::string_view chat,
                                       ChatMessage& message, std::string_view type_differs) {
  const auto url = section.text({.name = "webhookURL",
                                 .description = "URL of the incoming webhook; it is a secret.",
                                 .need = Need::required,
                                 .example = "${env:CHAT_WEBHOOK}",
                                 .is_secret = true},
                                message.webhook_url, check_http_url);
  section.choice(
      {.name = "messageType",
       .description = "Kind of message: `formatted` uses `templateFile`, `basic` sends one text.",
       .example = "formatted",
       .differs = type_differs},
      message.type);
  section.text({.name = "basicMsgTemplate",
                .description = "Handlebars template of a `basic` message.",
                .example = "{{serviceName}} has stopped on {{host}}",
                .otherwise = "the built-in one",
                .differs = kNotForHtml},
               message.basic_template);
  read_template_file(
      section,
      {.name = "templateFile",
       .description = "File with the Handlebars template of a `formatted` message.",
       .example = "/etc/tocsin/stopped.handlebars",
       .otherwise = "the built-in one",
       .differs =
           "Values are escaped for JSON; the built-in template replaces one that fails. Butler "
           "escapes for HTML, and loses the message for a quote or backslash in a name."},
      message.template_file);
  read_template_file(
      section,
      {.name = "groupTemplateFile",
       .description =
           "File with the Handlebars template of a message for several alerts: the chat's JSON, or "
           "a text where `messageType` is `basic`.",
       .example = "/etc/tocsin/several.handlebars",
       .otherwise = "the built-in one"},
      message.group_template_file);
  read_rate_limit(section, chat, message.rate_limit);
  return url;
}

void warn_of_silence(Section& section, const ChatMessage& stopped, const ChatMessage& started) {
  if (stopped.webhook_url.empty() && section.raw("serviceStopped") == nullptr)
    section.warning(section.place(),
                    "without `serviceStopped`, nothing is sent there when a "
                    "service stops");
  if (started.webhook_url.empty() && section.raw("serviceStarted") == nullptr)
    section.warning(section.place(),
                    "without `serviceStarted`, nothing is sent there when a "
                    "service starts");
}

}  // namespace tocsin::config
