#include "notify/slack/slack.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "notify/built_in.h"
#include "notify/sections.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;

// https://api.slack.com/reference/block-kit/blocks
constexpr std::size_t kMostBlocks = 50;
constexpr std::size_t kMostHeader = 150;
constexpr std::size_t kMostField = 2000;
constexpr std::size_t kMostButton = 75;
constexpr std::size_t kMostText = 3000;
/// One message a second for each webhook; and what the making of a message may differ.
constexpr std::chrono::milliseconds kSlackInterval(1100);

struct Word {
  std::string_view said;
  std::string_view meaning;
};
/// https://api.slack.com/messaging/webhooks#handling_errors
constexpr std::array kWords = {
    Word{"invalid_payload", "Slack cannot read the message: check the template"},
    Word{"invalid_blocks", "Slack does not accept these blocks: check the template"},
    Word{"no_text", "the message has no text"},
    Word{"too_many_attachments", "the message has more than 100 attachments"},
    Word{"user_not_found", "there is no such user"},
    Word{"channel_not_found", "there is no such channel"},
    Word{"channel_is_archived", "the channel is archived"},
    Word{"action_prohibited", "a workspace setting forbids it"},
    Word{"posting_to_general_channel_denied", "a webhook may not post to the general channel"},
    Word{"no_service", "the webhook is disabled, removed or unknown"},
    Word{"no_service_id", "the webhook's URL is incomplete"},
    Word{"no_team", "there is no such workspace"},
    Word{"team_disabled", "the workspace is disabled"},
    Word{"invalid_token", "the webhook's URL is wrong or no longer valid"},
    Word{"rollup_error", "Slack failed"},
};

void shorten(Json& text, std::size_t most) {
  if (text.is_string()) text = cut_to(text.get<std::string>(), most);
}

/// Cuts every text to what Slack takes where it stands; `most` is the limit of the text that the
/// value itself is.
void shorten_texts(Json& value, std::size_t most) {
  if (value.is_array()) {
    for (auto& item : value) shorten_texts(item, most);
    return;
  }
  if (!value.is_object()) return;
  const std::string type = value.value("type", Json()).is_string() ? value["type"] : "";
  if (type == "header") most = kMostHeader;
  if (type == "button") most = kMostButton;
  for (auto& [name, member] : value.items()) {
    if (name == "text" && member.is_string()) {
      shorten(member, most);
    } else {
      shorten_texts(member, name == "fields" ? kMostField : most);
    }
  }
}

/// Puts the alert's notice before all text but the headline.
void show_notice(const Alert& alert, Json& message) {
  if (alert.notice.empty()) return;
  const auto text = message.find("text");
  if (text != message.end() && text->is_string())
    *text = with_notice(alert, text->get<std::string>());
  const auto blocks = message.find("blocks");
  if (blocks == message.end() || blocks->size() == kMostBlocks) return;
  const bool has_headline = !blocks->empty() && blocks->front().is_object() &&
                            blocks->front().value("type", Json()) == "header";
  blocks->insert(blocks->begin() + (has_headline ? 1 : 0),
                 Json{{"type", "section"},
                      {"text", {{"type", "plain_text"}, {"text", valid_utf8(alert.notice)}}}});
}

/// The members that say from whom and where to; then those of the message.
Json addressed(const config::SlackMessage& settings, const Json& message) {
  Json body = Json::object();
  if (!settings.from_user.empty()) body["username"] = settings.from_user;
  if (!settings.channel.empty()) body["channel"] = settings.channel;
  if (!settings.icon_emoji.empty()) body["icon_emoji"] = settings.icon_emoji;
  for (const auto& [name, member] : message.items()) {
    if (!body.contains(name)) body[name] = member;
  }
  return body;
}

/// What a reason ends in that Slack itself has given.
const Word* word_in(std::string_view reason) {
  const auto* found = std::ranges::find_if(
      kWords, [&](const Word& word) { return reason.ends_with(": " + std::string(word.said)); });
  return found == kWords.end() ? nullptr : found;
}

}  // namespace

Slack::Slack(const config::Slack& settings, const ChannelDeps& deps)
    : Chat({.key = "slack",
            .name = "Slack",
            .section = "slackNotification",
            .built_in = built_in::kSlack,
            .built_in_group = built_in::kSlackGroup,
            .room = kSlackRoom},
           settings, deps),
      settings_(settings) {}

std::string Slack::prepare(std::string values) const {
  std::string out;
  out.reserve(values.size());
  for (const char c : values) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string Slack::address_of(config::AlertSection section) const {
  const auto message = config::message_of(settings_, section);
  return message.channel + '\n' + message.from_user + '\n' + message.icon_emoji;
}

std::string Slack::from_text(const Alert& alert, const std::string& text) const {
  // A header block, as Butler's; it takes no more than a line.
  const bool is_short = cut_to(text, kMostHeader) == text;
  Json block = {{"type", is_short ? "header" : "section"},
                {"text", {{"type", "plain_text"}, {"text", cut_to(text, kMostText)}}}};
  if (is_short) block["text"]["emoji"] = true;
  Json message = {{"text", cut_to(text, kMostText)},
                  {"blocks", {std::move(block), {{"type", "divider"}}}}};
  show_notice(alert, message);
  return dump_body(addressed(config::message_of(settings_, section_of(alert)), message));
}

std::optional<std::string> Slack::fit(const Alert& alert, std::string& json) const {
  Json message = Json::parse(json);
  if (const auto blocks = message.find("blocks"); blocks != message.end()) {
    if (!blocks->is_array()) return "has `blocks` that are not a list";
    if (blocks->size() > kMostBlocks) return "has more than 50 blocks";
  } else if (!message.contains("text") && !message.contains("attachments")) {
    return "has neither `blocks` nor `text` nor `attachments`";
  }
  show_notice(alert, message);
  shorten_texts(message, kMostText);
  json = dump_body(addressed(config::message_of(settings_, section_of(alert)), message));
  return std::nullopt;
}

Answer Slack::interpret(const Result<net::HttpResponse>& response,
                        const UrlSecrets& secrets) const {
  Answer answer = judge(response, secrets, {.success_text = "ok"});
  auto* later = std::get_if<RetryAfter>(&answer);
  auto* rejected = std::get_if<Rejected>(&answer);
  if (later == nullptr && rejected == nullptr) return answer;
  auto& reason = later != nullptr ? later->reason : rejected->reason;
  const Word* word = word_in(reason);
  if (word == nullptr) return answer;
  reason.append(" (").append(word->meaning).append(")");
  // Nobody but Slack knows these words.
  if (later != nullptr && later->may_be_final)
    return Rejected{.reason = std::move(reason), .refuses = Rejected::Refuses::everything};
  return answer;
}

void add_channels(const config::Slack& settings, const ChannelDeps& deps, Destinations& to) {
  to.alerts.push_back({.channel = std::make_unique<Slack>(settings, deps),
                       .rules = {.rate_limits = rate_limits_of(settings),
                                 .parallel = 1,  // readers want them in order
                                 .interval = kSlackInterval,
                                 .grouping = settings.grouping}});
}

}  // namespace tocsin::notify
