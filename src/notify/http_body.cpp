#include "notify/http_body.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

/// Whether too much of it is not text for anybody to read the rest.
bool is_binary(std::string_view body) {
  constexpr std::string_view kGzip = "\x1F\x8B";
  constexpr std::size_t kOneOf = 8;
  if (body.starts_with(kGzip) || body.contains('\0')) return true;
  const auto shown = printable(body, body.size());
  const auto marks = [](std::string_view text) { return std::ranges::count(text, '?'); };
  const auto blanks =
      std::ranges::count_if(body, [](char c) { return c == '\t' || c == '\r' || c == '\n'; });
  const auto odd = marks(shown) - marks(body) - blanks;
  return odd > 0 && static_cast<std::size_t>(odd) * kOneOf > body.size();
}

bool begins_with_word(std::string_view text, std::string_view lower_word) {
  return text.size() >= lower_word.size() &&
         std::ranges::equal(text.substr(0, lower_word.size()), lower_word, {}, [](char c) {
           return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
         });
}

/// Behind the element or tag at the beginning of `markup`, which begins with '<'.
std::size_t end_of_tag(std::string_view markup) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kUnread = {
      {{"<!--", "-->"}, {"<script", "</script"}, {"<style", "</style"}}};
  std::size_t at = 0;
  for (const auto& [begin, end] : kUnread) {
    if (!begins_with_word(markup, begin)) continue;
    for (at = begin.size(); at < markup.size(); ++at) {
      if (begins_with_word(markup.substr(at), end)) break;
    }
    break;
  }
  const auto close = markup.find('>', at);
  return close == std::string_view::npos ? markup.size() : close + 1;
}

/// The character at the beginning of `text`, which begins with '&', and how long its name is.
std::pair<std::string_view, std::size_t> entity_at(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kEntities = {
      {{"&amp;", "&"},
       {"&lt;", "<"},
       {"&gt;", ">"},
       {"&quot;", "\""},
       {"&#39;", "'"},
       {"&nbsp;", " "}}};
  for (const auto& [name, character] : kEntities) {
    if (text.starts_with(name)) return {character, name.size()};
  }
  return {"&", 1};
}

std::string text_of_markup(std::string_view markup) {
  std::string text;
  while (!markup.empty()) {
    if (markup.front() == '<') {
      text += ' ';
      markup.remove_prefix(end_of_tag(markup));
    } else if (markup.front() == '&') {
      const auto [character, size] = entity_at(markup);
      text += character;
      markup.remove_prefix(size);
    } else {
      text += markup.front();
      markup.remove_prefix(1);
    }
  }
  return text;
}

std::string with_single_blanks(std::string_view text) {
  std::string out;
  for (const char c : without_blanks(text)) {
    if (!kBlanks.contains(c)) {
      out += c;
    } else if (!out.ends_with(' ')) {
      out += ' ';
    }
  }
  return out;
}

bool is_false(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && !found->get<bool>();
}

bool says_error(const nlohmann::json& object, const char* name) {
  constexpr std::array<std::string_view, 4> kWords = {"error", "fail", "failed", "failure"};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() &&
         std::ranges::find(kWords, found->get_ref<const std::string&>()) != kWords.end();
}

bool is_said(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return false;
  if (found->is_boolean()) return found->get<bool>();
  return found->is_string() ? !found->get_ref<const std::string&>().empty() : !found->empty();
}

}  // namespace

BodyForm form_of(std::string_view body) {
  const auto text = without_blanks(body);
  if (text.empty()) return BodyForm::empty;
  if (is_binary(body)) return BodyForm::bytes;
  if (text.front() == '<') return BodyForm::markup;
  return text.front() == '{' || text.front() == '[' ? BodyForm::json : BodyForm::text;
}

std::string words_of_body(std::string_view body) {
  switch (form_of(body)) {
    case BodyForm::empty:
      return {};
    case BodyForm::bytes:
      return "(" + std::to_string(body.size()) + " bytes that are not text)";
    case BodyForm::markup:
      return with_single_blanks(text_of_markup(body));
    case BodyForm::json:
    case BodyForm::text:
      break;
  }
  return with_single_blanks(body);
}

std::optional<std::string> failure_in(std::string_view body) {
  const auto said = nlohmann::json::parse(without_blanks(body), nullptr, false);
  if (!said.is_object()) return std::nullopt;
  const bool failed = is_false(said, "ok") || is_false(said, "success") ||
                      says_error(said, "status") || says_error(said, "result") ||
                      is_said(said, "error") || is_said(said, "errors");
  if (!failed) return std::nullopt;
  const auto error = said.find("error");
  if (error != said.end() && error->is_string()) return error->get<std::string>();
  return with_single_blanks(body);
}

}  // namespace tocsin::notify
