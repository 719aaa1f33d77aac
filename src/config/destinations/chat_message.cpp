#include "config/destinations/chat_message.h"

#include <fmt/format.h>

#include "config/destinations/read_chat_message.h"
#include "config/section/url.h"

namespace tocsin::config {
namespace {

std::optional<Place> read_template_file(Section& section, const Key& key, std::string& path) {
  const auto place = section.text(key, path);
  if (place) path = template_at(section, *place, key.name, path);
  return place;
}

}  // namespace

std::optional<Place> read_chat_message(Section& section, KeysOf keys, const Chat& chat,
                                       ChatMessage& message) {
  const bool is_own = keys == KeysOf::own_section;
  const auto url = section.text({.name = "webhookURL",
                                 .description = "URL of the incoming webhook. It is a secret.",
                                 .need = is_own ? Need::required : Need::optional,
                                 .example = "${env:CHAT_WEBHOOK}",
                                 .otherwise = default_of(keys, ""),
                                 .is_secret = true},
                                message.webhook_url, check_http_url);
  const auto type = section.choice(
      {.name = "messageType",
       .description = "Message format: `formatted` uses `templateFile`, `basic` sends plain text.",
       .example = "formatted",
       .otherwise = default_of(keys, ""),
       .differs = chat.type_differs},
      message.type);
  const auto basic =
      section.text({.name = "basicMsgTemplate",
                    .writing = Writing::prose,
                    .description = "Handlebars template of a `basic` message. Without "
                                   "`groupTemplateFile`, each alert is a separate message.",
                    .example = is_own ? "{{serviceName}} has stopped on {{host}}" : "{{title}}",
                    .otherwise = "the built-in one",
                    .differs = kNotForHtml},
                   message.basic_template);
  const auto formatted = read_template_file(
      section,
      {.name = "templateFile",
       .description = "File with the Handlebars template of a `formatted` message. Without "
                      "`groupTemplateFile`, each alert is a separate message.",
       .example = is_own ? "/etc/tocsin/stopped.handlebars" : "/etc/tocsin/other.handlebars",
       .otherwise = "the built-in one",
       .differs =
           "Values are escaped for JSON; the built-in template replaces one that fails. Butler "
           "escapes for HTML and loses messages about names with a quote or backslash."},
      message.template_file);
  // The type of another section must not make a template useless.
  if (!is_own && !type && message.template_file.empty() != message.basic_template.empty())
    message.type = message.template_file.empty() ? MessageType::basic : MessageType::formatted;
  read_template_file(
      section,
      {.name = "groupTemplateFile",
       .description = "File with the Handlebars template of a message about several alerts: the "
                      "chat's JSON, or text if `messageType` is `basic`.",
       .example = "/etc/tocsin/several.handlebars",
       .otherwise = "the built-in one"},
      message.group_template_file);
  const bool is_basic = message.type == MessageType::basic;
  const auto& own = is_basic ? message.basic_template : message.template_file;
  if (!own.empty() && message.group_template_file.empty())
    note_ungrouped(section, chat.grouping, is_basic ? basic : formatted,
                   is_basic ? "basicMsgTemplate" : "templateFile");
  read_rate_limit(section, chat.webhook, message.rate_limit, default_of(keys, ""));
  return url;
}

void warn_of_silence(Section& section, const ChatMessage& stopped, const ChatMessage& started) {
  const auto check = [&section](const ChatMessage& message, AlertSection key,
                                std::string_view when) {
    if (message.webhook_url.empty() && !section.has(key_of(key)))
      section.warning(section.place(),
                      fmt::format("`{}` is missing: nothing goes to {} when a service {}",
                                  key_of(key), section.destination(), when));
  };
  check(stopped, AlertSection::stopped, "stops");
  check(started, AlertSection::started, "starts");
}

}  // namespace tocsin::config
