#include "config/destinations/mailbox.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/try.h"

namespace tocsin::config {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 5322, 3.2.3.
bool is_atom_text(char c) {
  return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

bool is_dotted(std::string_view text, bool (*part_of)(char)) {
  return !text.empty() && !text.starts_with('.') && !text.ends_with('.') && !text.contains("..") &&
         std::ranges::all_of(text, [&](char c) { return c == '.' || part_of(c); });
}

bool is_domain(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    return !text.empty() && std::ranges::all_of(text, [](char c) {
      return is_letter_or_digit(c) || c == '.' || c == ':' || c == '-';
    });
  }
  return is_dotted(text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  text.remove_suffix(text.size() - std::min(text.find_last_not_of(kBlank) + 1, text.size()));
  return text;
}

/// The parts of a text, with quotes and comments understood.
struct Parts {
  std::string name;
  std::string comment;
  std::string bracketed;  ///< what stands in <>
  bool has_bracketed = false;
  bool right = true;
};

Parts take_apart(std::string_view text) {
  Parts parts;
  bool quoted = false;
  bool inside = false;
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); at++) {
    const char c = text[at];
    std::string& to = depth > 0 ? parts.comment : inside ? parts.bracketed : parts.name;
    const bool escaped = c == '\\' && (quoted || depth > 0) && at + 1 < text.size();
    if (escaped) {
      to += text[++at];
    } else if (c == '"' && depth == 0 && !inside) {
      quoted = !quoted;
    } else if (quoted || (depth > 0 && c != '(' && c != ')')) {
      to += c;
    } else if (c == '(' && !inside) {
      depth++;
    } else if (c == ')' && depth > 0) {
      depth--;
    } else if (c == '<') {
      parts.right &= !parts.has_bracketed;
      parts.has_bracketed = inside = true;
    } else if (c == '>') {
      parts.right &= inside;
      inside = false;
    } else {
      // A second address, or text after the first one.
      parts.right &=
          c != ',' && c != ';' && (inside || !parts.has_bracketed || c == ' ' || c == '\t');
      to += c;
    }
  }
  parts.right &= !quoted && !inside && depth == 0;
  return parts;
}

Result<> check_address(std::string_view address) {
  constexpr std::size_t kLongest = 254;      // RFC 5321, 4.5.3.1.3, without <>
  constexpr std::size_t kLongestLocal = 64;  // 4.5.3.1.1
  const auto at = address.rfind('@');
  const bool ascii = std::ranges::all_of(address, [](char c) { return c > 0; });
  if (at != std::string_view::npos && !ascii) {
    return fail(ErrorKind::invalid_config,
                std::ranges::all_of(address.substr(0, at), [](char c) { return c > 0; })
                    ? "must have its domain in ASCII, as in DNS: xn--..."
                    : "must have an ASCII mailbox name: few mail servers accept others");
  }
  if (at == std::string_view::npos || !is_dotted(address.substr(0, at), is_atom_text) ||
      !is_domain(address.substr(at + 1)) || address.size() > kLongest || at > kLongestLocal) {
    return fail(ErrorKind::invalid_config,
                "must be one address, such as ops@example.com or \"Operations\" <ops@example.com>");
  }
  return {};
}

}  // namespace

Result<Mailbox> parse_mailbox(const std::string& text) {
  Parts parts = take_apart(text);
  if (!parts.has_bracketed) parts.bracketed = std::exchange(parts.name, "");
  Mailbox mailbox{.name = std::string(trimmed(parts.name)),
                  .address = std::string(trimmed(parts.bracketed))};
  if (mailbox.name.empty()) mailbox.name = trimmed(parts.comment);
  if (!parts.right) mailbox.address.clear();  // says what is expected
  TRY(check_address(mailbox.address));
  return mailbox;
}

std::optional<std::string> check_mailbox(const std::string& text) {
  auto parsed = parse_mailbox(text);
  if (parsed) return std::nullopt;
  return std::move(parsed).error().what;
}

std::string mailbox_key(const Mailbox& mailbox) {
  std::string key = mailbox.address;
  for (auto at = key.rfind('@'); at < key.size(); at++) {
    if (key[at] >= 'A' && key[at] <= 'Z') key[at] = static_cast<char>(key[at] + ('a' - 'A'));
  }
  return key;
}

}  // namespace tocsin::config
