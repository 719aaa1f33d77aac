#include "config/file/yaml_mistakes.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>

#include "base/text.h"
#include "config/file/files.h"

namespace tocsin::config {
namespace {

Place place_in(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n');
  const auto line_start = before.rfind('\n') + 1;  // 0 when there is none: npos + 1
  return {static_cast<int>(line + 1), static_cast<int>(at - line_start + 1)};
}

/// Where the first byte stands that is not UTF-8, or nothing.
std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  if (is_utf8(text)) return std::nullopt;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (!is_utf8(text.substr(at, size))) return at;
    at += size;
  }
  return text.size();
}

struct Explanation {
  std::string_view begins;  ///< yaml-cpp's message, which may end in a piece of the file
  std::string_view text;
};

constexpr std::array kExplanations = {
    Explanation{"illegal map value",
                "a `:` where no value can begin: check the indentation, or quote the text"},
    Explanation{"end of map not found",
                "this does not fit what comes before it: check the indentation and quotes"},
    Explanation{"end of sequence not found",
                "this does not fit the list before it: check the indentation and quotes"},
    Explanation{
        "end of sequence flow not found",
        "a list in `[...]` is not closed here; quote texts that contain brackets or braces"},
    Explanation{
        "end of map flow not found",
        "a section in `{...}` is not closed here; quote texts that contain brackets or braces"},
    Explanation{"illegal EOF in scalar", "the file ends within a quoted text"},
    Explanation{"illegal document indicator in scalar", "the document ends within a quoted text"},
    Explanation{"unknown token", "no text can begin with this character: quote it"},
    Explanation{"unknown escape character",
                "an unknown escape in double quotes: put a text with a backslash in single quotes"},
    Explanation{"bad character found while scanning hex number",
                "an invalid escape in double quotes: put a text with a backslash in single quotes"},
    Explanation{"invalid unicode",
                "an invalid escape in double quotes: put a text with a backslash in single quotes"},
    Explanation{"the referenced anchor is not defined",
                "an alias without an anchor: a text that begins with `*` needs quotes"},
    Explanation{"alias not found after *", "a text that begins with `*` needs quotes"},
    Explanation{"illegal character found while scanning alias",
                "a text that begins with `*` needs quotes"},
    Explanation{"anchor not found after &", "a text that begins with `&` needs quotes"},
    Explanation{"illegal character found while scanning anchor",
                "a text that begins with `&` needs quotes"},
    Explanation{"illegal block entry",
                "a list entry (`- `) where none can begin: check the indentation"},
    Explanation{"illegal map key", "a key where none can begin: check the indentation"},
    Explanation{"illegal flow end", "one `]` or `}` too many: quote a text that begins with it"},
    Explanation{"unexpected character in block scalar",
                "nothing but a comment may follow `|` or `>` on the line"},
};

std::string_view line_at(std::string_view text, int line) {
  for (int i = 1; i < line; i++) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// A key without a blank behind its colon makes the line after it seem wrong.
std::optional<Refused> explain_glued_key(std::string_view text, int line) {
  for (int at = line; at > std::max(line - 2, 0); at--) {
    const auto here = line_at(text, at);
    if (const auto key = glued_key(here); !key.empty())
      return Refused{{at, static_cast<int>(key.data() - here.data()) + 1},
                     "not YAML: a space is missing after `" + std::string(key) + ":`"};
  }
  return std::nullopt;
}

}  // namespace

Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

std::optional<Refused> check_bytes(std::string_view text) {
  if (text.size() > kMostConfigBytes)
    return Refused{{},
                   "the file is larger than " + size_text(kMostConfigBytes) +
                       ", the limit for a configuration"};
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return Refused{{}, "the file is in UTF-16: save it as UTF-8"};
  if (const auto at = text.find('\0'); at != std::string_view::npos)
    return Refused{place_in(text, at), "a NUL byte: this is not a text file"};
  if (const auto at = find_invalid_utf8(text))
    return Refused{place_in(text, *at), "a byte that is not UTF-8: save the file as UTF-8"};
  return std::nullopt;
}

Refused explain(const YAML::Exception& exception, std::string_view text,
                std::optional<Place> open) {
  auto place = place_of(exception.mark);
  // yaml-cpp has no place for what is missing at the end of the file.
  if (place.line <= 1 && place.column <= 1) place = open.value_or(place.line < 1 ? Place{} : place);
  const auto line = place.line > 0 ? line_at(text, place.line) : std::string_view{};
  if (line.substr(0, line.find_first_not_of(" \t")).contains('\t'))
    return {place, "not YAML: the line is indented with a tab; only spaces are allowed"};
  if (auto glued = explain_glued_key(text, place.line)) return *std::move(glued);
  for (const auto& [begins, words] : kExplanations) {
    if (exception.msg.starts_with(begins)) return {place, "not YAML: " + std::string(words)};
  }
  return {place, "not YAML: " + exception.msg.substr(0, exception.msg.find(':'))};
}

std::string_view glued_key(std::string_view line) {
  const auto begin = std::min(line.find_first_not_of("- \t"), line.size());
  const auto colon = line.find(':', begin);
  if (colon == std::string_view::npos || colon + 1 == line.size()) return {};
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto key = line.substr(begin, colon - begin);
  // What follows the colon of a URL is no value.
  if (key.empty() || !std::ranges::all_of(key, is_letter) ||
      std::string_view(" \t\r\n/").contains(line[colon + 1]))
    return {};
  return key;
}

}  // namespace tocsin::config
