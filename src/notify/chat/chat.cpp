#include "notify/chat/chat.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "notify/built_in.h"
#include "notify/fit.h"
#include "notify/sections.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

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
            .group = {},
            .secrets = UrlSecrets(settings.webhook_url)};
  if (side.is_basic) {
    side.message = {.configured = Template::from_text(Format::text, settings.basic_template),
                    .name = fmt::format("{}.{}.basicMsgTemplate", kind.section, key_of(section)),
                    .built_in = Template::from_text(Format::text, std::string(kPlainMessage))};
    side.group = {.configured = Template::from_file(Format::text, settings.group_template_file),
                  .name = {},
                  .built_in = Template::from_text(Format::text, std::string(built_in::kGroupText))};
  } else {
    side.message = {.configured = Template::from_file(Format::json, settings.template_file),
                    .name = {},
                    .built_in = Template::from_text(Format::json, std::string(kind.built_in))};
    side.group = {.configured = Template::from_file(Format::json, settings.group_template_file),
                  .name = {},
                  .built_in = Template::from_text(Format::json, std::string(kind.built_in_group))};
  }
  return side;
}

Chat::Chat(const Kind& kind, const Sections& sections, bool has_other, const ChannelDeps& deps)
    : key_(channel_key(kind.key, kind.section)),
      name_(kind.name),
      has_other_(has_other),
      room_(kind.room),
      http_(deps, deps.tls),
      messages_(deps.messages) {
  for (const auto section :
       {config::AlertSection::stopped, config::AlertSection::started,
        config::AlertSection::other_firing, config::AlertSection::other_resolved}) {
    sides_.push_back(make_side(kind, section, sections.at(sides_.size())));
  }
  for (const auto section : this->sections()) {
    messages_.expect(side_of(section).message);
    messages_.expect(side_of(section).group);
  }
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

std::string Chat::group_of(const Alert& alert) const {
  const auto section = section_of(alert);
  const Side& side = side_of(section);
  // A template that was written for one service cannot say anything of several.
  if (side.message.is_configured() && !side.group.is_configured()) return {};
  return side.url + '\n' + address_of(section);
}

Message Chat::write(const Contents& contents, const DeliveryId& /*id*/) {
  const Alert& worst = worst_of(contents);
  const Side& side = side_of(section_of(worst));
  if (contents.alerts.size() == 1) {
    return make(worst, {side.message, kPlainMessage, title_of(worst)}, messages_.values(worst));
  }
  const auto size_of = [&](const std::string& line) {
    return prepare(line).size() + (side.is_basic ? 0 : room_.around_line);
  };
  auto text = describe_group(contents, side.is_basic ? room_.plain_lines : room_.lines, size_of);
  Alert head = worst;
  head.notice = std::exchange(text.notice, {});
  auto unrendered = text.title + "\n" + plain_text(text);
  text.notice = head.notice;
  return make(head, {side.group, built_in::kGroupText, std::move(unrendered)},
              group_values(contents, text, messages_.urls()));
}

Message Chat::make(const Alert& head, const Sources& sources, const std::string& raw_values) const {
  const Side& side = side_of(section_of(head));
  const std::string values = prepare(raw_values);
  std::string note;
  if (!side.is_basic) {
    auto message = messages_.write(sources.form, values, [&](std::string& json) {
      auto mistake = json_mistake(json, JsonForm::object);
      return mistake ? mistake : fit(head, json);
    });
    if (!message.text.empty()) return message;
    note = std::move(message.note);
  }
  const MessageTemplate plain_text{
      .configured = {},
      .name = {},
      .built_in = render::Template::from_text(render::Format::text, std::string(sources.plain))};
  auto message = messages_.write(side.is_basic ? sources.form : plain_text, values, text_mistake);
  if (message.text.empty()) {
    message.text = prepare(sources.unrendered);
    if (note.empty()) note = messages_.say_unrendered(name_);
  }
  message.text = from_text(head, message.text);
  if (message.note.empty()) message.note = std::move(note);
  return message;
}

bool Chat::is_sound(const Message& message) const {
  return !json_mistake(message.text, JsonForm::object);
}

net::awaitable<Answer> Chat::send(const Alert& first, const Message& message, const DeliveryId& id,
                                  net::Deadline deadline) {
  const Side& side = side_of(section_of(first));
  const auto response = co_await http_.send(post_json(side.url, message.text), id, deadline);
  co_return noted(interpret(response, side.secrets), message.note);
}

}  // namespace tocsin::notify
