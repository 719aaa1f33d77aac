#include "config/destinations/ntfy_notification.h"

#include <algorithm>
#include <optional>

#include "config/destinations/common_keys.h"
#include "config/section/url.h"

namespace tocsin::config {
namespace {

constexpr Range kPriorities{1, 5};

/// As ntfy's server reads it: `^[-_A-Za-z0-9]{1,64}$`.
std::optional<std::string> check_topic_name(const std::string& text) {
  constexpr std::size_t kLongest = 64;
  const bool valid = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (text.empty() || text.size() > kLongest || !valid)
    return "must have 1 to 64 letters, digits, - and _";
  return std::nullopt;
}

std::optional<std::string> check_server_url(const std::string& text) {
  if (auto wrong = check_http_url(text)) return wrong;
  const auto path = text.find_first_of("/?#", text.find("://") + 3);
  if (path != std::string::npos && text.substr(path) != "/")
    return "must be only the server; write the topic in `topic`";
  return std::nullopt;
}

void read_login(Section& section, Ntfy& ntfy) {
  const auto token = section.secret({.name = "token",
                                     .description = "Access token, if the server requires a login.",
                                     .example = "${env:NTFY_TOKEN}"},
                                    ntfy.token);
  const auto user = section.text(
      {.name = "username", .description = "User name, instead of `token`.", .example = "tocsin"},
      ntfy.username);
  section.secret({.name = "password",
                  .description = "Password of `username`.",
                  .example = "${env:NTFY_PASSWORD}"},
                 ntfy.password);
  if (!ntfy.enabled) return;
  if (ntfy.username.empty()) {
    if (!ntfy.password.empty())
      section.warning(section.place(), "`password` is not used without `username`");
    return;
  }
  if (token)
    section.error(*user, "`token` and `username` are two ways to log in; remove one of them");
  if (ntfy.password.empty())
    section.error(*user, "`username` is given, so `password` must be given too");
}

}  // namespace

void read_settings(Section& section, bool wanted, Ntfy& ntfy) {
  ntfy.enabled = read_enable(section, wanted);
  section.text({.name = "url",
                .description = "URL of the server, without the topic.",
                .example = "https://ntfy.example.com"},
               ntfy.url, check_server_url);
  const auto topic = section.text(
      {.name = "topic",
       .description = "Topic to publish to. It is a secret: anyone who knows it can read it.",
       .example = "${env:NTFY_TOPIC}",
       .is_secret = true},
      ntfy.topic, check_topic_name);
  if (ntfy.enabled && !topic && !section.has("topic"))
    section.error(section.place(), "the key `topic` is missing");
  read_login(section, ntfy);
  section.count({.name = "priority",
                 .description = "Priority of all messages, from 1 to 5. By default `critical` has "
                                "5, `warning` 4, and `info` and resolved alerts 3.",
                 .example = "4",
                 .otherwise = "by severity"},
                ntfy.priority, kPriorities);
  section.texts({.name = "tags",
                 .writing = Writing::title,
                 .description = "Tags of all messages, besides the one for firing or resolved. "
                                "Names of emojis show as emojis.",
                 .example = "[computer, production]"},
                ntfy.tags);
  section.text({.name = "click",
                .writing = Writing::prose,
                .description = "URL that a tap on the message opens.",
                .example = "https://grafana.example.com/d/services",
                .otherwise = "none"},
               ntfy.click, must_not_be_empty);
  read_rate_limit(section, "topic", ntfy.rate_limit);
}

}  // namespace tocsin::config
