#include "notify/chat/chat.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "notify/http_channel.h"
#include "notify/sections.h"

namespace tocsin::notify {
namespace {

/// What continues "the result " where it is no JSON object.
std::optional<std::string> json_mistake(const std::string& text) {
  try {
    if (nlohmann::ordered_json::parse(text).is_object()) return std::nullopt;
    return "is no JSON object";
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ..."
    constexpr std::string_view kBefore = "parse error at ";
    const std::string_view what = error.what();
    const auto at = what.find(kBefore);
    return "is no JSON: " +
           std::string(at == std::string_view::npos ? what : what.substr(at + kBefore.size()));
  }
}

std::optional<std::string> text_mistake(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") != std::string::npos) return std::nullopt;
  return "is empty";
}

/// UTF-16 units of the character that begins with this byte; 0 for one in its middle.
std::size_t units_of(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if ((byte & 0xC0U) == 0x80) return 0;
  return byte >= 0xF0 ? 2 : 1;
}

}  // namespace

std::string cut_to(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t units = 0;
  std::size_t keep = 0;  // bytes, with room for the ellipsis
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t more = units_of(text[at]);
    if (more > 0 && units + 1 <= most) keep = at;
    units += more;
  }
  if (units <= most) return text;
  text.resize(keep);
  return text + "\u2026";
}

Chat::Side Chat::make_side(const Kind& kind, config::AlertSection section,
                           const config::ChatMessage& settings) {
  using render::Format;
  using render::Template;
  Side side{.url = settings.webhook_url,
            .is_basic = settings.type == config::MessageType::basic,
            .message = {},
            .secrets = UrlSecrets(settings.webhook_url)};
  if (side.is_basic) {
    side.message = {.configured = Template::from_text(Format::text, settings.basic_template),
                    .name = fmt::format("{}.{}.basicMsgTemplate", kind.section, key_of(section)),
                    .built_in = Template::from_text(Format::text, std::string(kPlainMessage))};
  } else {
    side.message = {.configured = Template::from_file(Format::json, settings.template_file),
                    .name = {},
                    .built_in = Template::from_text(Format::json, std::string(kind.built_in))};
  }
  return side;
}

Chat::Chat(const Kind& kind, const Sections& sections, bool has_other, const ChannelDeps& deps)
    : key_(channel_key(kind.key, kind.section)),
      name_(kind.name),
      has_other_(has_other),
      tls_(deps.tls),
      user_agent_("tocsin/" + deps.version),
      http_(deps.http),
      messages_(deps.messages) {
  for (const auto section :
       {config::AlertSection::stopped, config::AlertSection::started,
        config::AlertSection::other_firing, config::AlertSection::other_resolved}) {
    sides_.push_back(make_side(kind, section, sections.at(sides_.size())));
  }
  for (const auto section : this->sections()) messages_.expect(side_of(section).message);
}

const Chat::Side& Chat::side_of(config::AlertSection section) const {
  return sides_.at(static_cast<std::size_t>(section));
}

bool Chat::wants(const Alert& alert) const { return !side_of(section_of(alert)).url.empty(); }

std::vector<config::AlertSection> Chat::sections() const {
  using enum config::AlertSection;
  std::vector<config::AlertSection> sections;
  for (const auto section : {stopped, started, other_firing}) {
    const bool is_there = section != other_firing || has_other_;
    if (is_there && !side_of(section).url.empty()) sections.push_back(section);
  }
  return sections;
}

Message Chat::make(const Alert& alert) const {
  const Side& side = side_of(section_of(alert));
  const std::string values = prepare(messages_.values(alert));
  std::string note;
  if (!side.is_basic) {
    auto message = messages_.write(side.message, values, [&](std::string& json) {
      auto mistake = json_mistake(json);
      return mistake ? mistake : fit(alert, json);
    });
    if (!message.text.empty()) return message;
    note = std::move(message.note);
  }
  const MessageTemplate plain{
      .configured = {},
      .name = {},
      .built_in = render::Template::from_text(render::Format::text, std::string(kPlainMessage))};
  auto message = messages_.write(side.is_basic ? side.message : plain, values, text_mistake);
  message.text = from_text(alert, message.text);
  if (message.note.empty()) message.note = std::move(note);
  return message;
}

net::awaitable<Answer> Chat::deliver(const Alert& alert, const DeliveryId& id,
                                     net::Deadline deadline) {
  auto message = make(alert);
  auto answer = co_await send(std::move(message.text), section_of(alert), id, deadline);
  co_return noted(std::move(answer), message.note);
}

net::awaitable<Answer> Chat::send(std::string body, config::AlertSection to, const DeliveryId& id,
                                  net::Deadline deadline) {
  const Side& side = side_of(to);
  auto request = post_json(side.url, std::move(body));
  request.headers.emplace_back("User-Agent", user_agent_);
  request.headers.emplace_back("Idempotency-Key", id.value);
  request.tls = tls_;
  const auto response =
      co_await http_.fetch(std::move(request), std::min(deadline, net::within(kRequestLimit)));
  co_return interpret(response, side.secrets);
}

}  // namespace tocsin::notify
