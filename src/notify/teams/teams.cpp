#include "notify/teams/teams.h"

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "notify/built_in.h"
#include "notify/sections.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;

/// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook:
/// 28 KB for a message. Which kilobytes it does not say.
constexpr std::size_t kMostBytes = 28'000;
/// What a text is cut to in a message that is too large.
constexpr std::size_t kShortText = 300;
constexpr std::size_t kMostBasic = 4000;
/// About four requests a second.
constexpr std::chrono::milliseconds kTeamsInterval(250);

/// Cuts the texts of a card.
void shorten_texts(Json& value) {
  for (auto& [name, member] : value.items()) {
    if (member.is_structured()) {
      shorten_texts(member);
    } else if (member.is_string() && (name == "text" || name == "fallbackText")) {
      member = cut_to(member.get<std::string>(), kShortText);
    }
  }
}

/// Puts the alert's notice at the beginning of each card.
void show_notice_on_cards(const Alert& alert, Json& message) {
  if (alert.notice.empty()) return;
  const Json notice = {
      {"type", "RichTextBlock"},
      {"inlines", Json::array({{{"type", "TextRun"}, {"text", valid_utf8(alert.notice)}}})}};
  const auto attachments = message.find("attachments");
  if (attachments == message.end() || !attachments->is_array()) return;
  for (auto& attachment : *attachments) {
    const auto body = Json::json_pointer("/content/body");
    if (!attachment.is_object() || !attachment.contains(body)) continue;
    auto& elements = attachment[body];
    if (elements.is_array()) elements.insert(elements.begin(), notice);
  }
}

}  // namespace

Teams::Teams(const config::Teams& settings, const ChannelDeps& deps)
    : Chat({.key = "teams",
            .name = "Microsoft Teams",
            .section = "teamsNotification",
            .built_in = built_in::kTeams,
            .built_in_group = built_in::kTeamsGroup,
            .room = kTeamsRoom},
           settings, deps) {}

std::string Teams::from_text(const Alert& alert, const std::string& text) const {
  const Json card = {
      {"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
      {"type", "AdaptiveCard"},
      {"version", "1.4"},
      {"body",
       Json::array({{{"type", "TextBlock"}, {"text", cut_to(text, kMostBasic)}, {"wrap", true}}})}};
  const Json attachment = {{"contentType", "application/vnd.microsoft.card.adaptive"},
                           {"contentUrl", nullptr},
                           {"content", card}};
  Json message = {{"type", "message"}, {"attachments", Json::array({attachment})}};
  show_notice_on_cards(alert, message);
  return dump_body(message);
}

std::optional<std::string> Teams::fit(const Alert& alert, std::string& json) const {
  Json message = Json::parse(json);
  show_notice_on_cards(alert, message);
  json = dump_body(message);
  if (json.size() <= kMostBytes) return std::nullopt;
  shorten_texts(message);
  json = dump_body(message);
  if (json.size() <= kMostBytes) return std::nullopt;
  return "is larger than the 28 KB that Teams accepts";
}

Answer Teams::interpret(const Result<net::HttpResponse>& response,
                        const UrlSecrets& secrets) const {
  // What an old connector says with status 200 when Teams itself has refused the message.
  constexpr std::string_view kFailed = "Webhook message delivery failed";
  // An old connector says "1" when all is well.
  Answer answer = judge(response, secrets, {.success_text = "1"});
  if (!response || response->status / 100 != 2 || !response->body.starts_with(kFailed))
    return answer;
  auto reason =
      describe_status(response->status) + ": " + printable(secrets.hide(response->body), 200);
  // "... with error: Microsoft Teams endpoint returned HTTP error 413 with ContextId ..."
  for (const std::string_view refused : {"HTTP error 400", "HTTP error 413"}) {
    if (response->body.contains(refused)) return Rejected{.reason = std::move(reason)};
  }
  return RetryAfter{.after = response->retry_after, .reason = std::move(reason)};
}

void add_channels(const config::Teams& settings, const ChannelDeps& deps, Destinations& to) {
  to.alerts.push_back({.channel = std::make_unique<Teams>(settings, deps),
                       .rules = {.rate_limits = rate_limits_of(settings),
                                 .parallel = 1,  // readers want them in order
                                 .interval = kTeamsInterval,
                                 .grouping = settings.grouping}});
}

}  // namespace tocsin::notify
