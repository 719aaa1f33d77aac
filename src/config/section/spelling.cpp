#include "config/section/spelling.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "base/text.h"
#include "config/file/substitution.h"

namespace tocsin::config {
namespace {

/// Characters that have a name, and maybe an escape in YAML's double quotes.
struct Named {
  char32_t code;
  std::string_view name;
  char escape = 0;
};

constexpr std::array kNamed = {
    Named{0x07, "a bell character", 'a'},
    Named{0x08, "a backspace", 'b'},
    Named{0x09, "a tab", 't'},
    Named{0x0A, "a line break", 'n'},
    Named{0x0B, "a vertical tab", 'v'},
    Named{0x0C, "a form feed", 'f'},
    Named{0x0D, "a carriage return", 'r'},
    Named{0x1B, "an escape character", 'e'},
    Named{0x85, "a line break", 'N'},
    Named{0xA0, "a no-break space", '_'},
    Named{0xAD, "a soft hyphen"},
    Named{0x200B, "a zero-width space"},
    Named{0x202F, "a narrow no-break space"},
    Named{0x2028, "a line break", 'L'},
    Named{0x2029, "a line break", 'P'},
    Named{0x3000, "an ideographic space"},
    Named{0xFEFF, "a byte order mark"},
};

bool is_wide_blank(char32_t code) {
  return code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x202F ||
         code == 0x205F || code == 0x3000;
}

bool is_typographic_quote(char32_t code) {
  return (code >= 0x2018 && code <= 0x201F) || code == 0xAB || code == 0xBB || code == 0x2039 ||
         code == 0x203A;
}

/// "a backspace (U+0008)".
std::string character_in_words(char32_t code) {
  const auto* found = std::ranges::find(kNamed, code, &Named::code);
  const auto* name = found != kNamed.end() ? found->name.data()
                     : is_wide_blank(code) ? "an unusual space"
                     : code < 0xA0         ? "a control character"
                                           : "an invisible character";
  return fmt::format("{} (U+{:04X})", name, static_cast<std::uint32_t>(code));
}

std::string say_stray(char32_t code, bool may_have_escapes) {
  const auto* found = std::ranges::find(kNamed, code, &Named::code);
  if (may_have_escapes && found != kNamed.end() && found->escape != 0)
    return fmt::format(
        "contains {}, because `\\{}` is an escape in double quotes: put the text in single quotes",
        character_in_words(code), found->escape);
  if (is_wide_blank(code))
    return fmt::format("contains {}: type an ordinary space", character_in_words(code));
  return fmt::format("contains {}: retype the text without it", character_in_words(code));
}

}  // namespace

std::optional<std::string> find_stray_character(const Spelled& spelled, Writing writing) {
  const auto& text = spelled.text;
  if (writing == Writing::prose || text.empty()) return std::nullopt;
  for (std::size_t at = 0; at < text.size();) {
    const bool is_first = at == 0;
    const auto code = next_code_point(text, at);
    const bool is_edge = is_first || at == text.size();
    const bool is_control = code < 0xA0;
    const bool is_strict = writing == Writing::name || is_edge;
    if (is_invisible(code) ? is_strict || is_control : is_strict && is_wide_blank(code))
      return say_stray(code, spelled.may_have_escapes);
    if (is_edge && is_typographic_quote(code))
      return "is in typographic quotes: write straight ones, `'`";
  }
  if (writing == Writing::name && (text.starts_with(' ') || text.ends_with(' ')))
    return "begins or ends with a space: remove it";
  return std::nullopt;
}

bool is_foreign_reference(std::string_view text) {
  const auto is_name = [](std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
  };
  const auto between = [&](std::string_view begin, std::string_view end) {
    return text.size() > begin.size() + end.size() &&
           fold_case(text.substr(0, begin.size())) == begin && text.ends_with(end) &&
           is_name(text.substr(begin.size(), text.size() - begin.size() - end.size()));
  };
  if (Substitution::has_reference(text)) return false;
  return between("${", "}") || between("${ENV:", "}") || between("${ENV.", "}") ||
         between("$ENV:", "") || between("$(", ")") || between("%", "%");
}

}  // namespace tocsin::config
