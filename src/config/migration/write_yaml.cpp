#include "config/migration/write_yaml.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/file/substitution.h"

namespace tocsin::config {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::string_view kReferenceBegins = "${";

std::string first_sentence(std::string_view text) {
  return std::string(text.substr(0, std::min(text.find(". "), text.size() - 1) + 1));
}

/// The known keys by the section that they stand in; of a list's sections "path[]".
class Schema {
 public:
  explicit Schema(std::vector<KnownKey> keys) : keys_(std::move(keys)) {
    for (const auto& key : keys_) {
      const auto dot = key.path.rfind('.');
      const auto parent = dot == std::string::npos ? "" : key.path.substr(0, dot);
      sections_[parent].push_back(&key);
    }
  }

  [[nodiscard]] std::span<const KnownKey* const> keys_of(const std::string& section) const {
    const auto found = sections_.find(section);
    if (found == sections_.end()) return {};
    return found->second;
  }

 private:
  std::vector<KnownKey> keys_;
  std::map<std::string, std::vector<const KnownKey*>> sections_;
};

std::string_view name_of(const KnownKey& key) {
  const auto dot = key.path.rfind('.');
  return std::string_view(key.path).substr(dot == std::string::npos ? 0 : dot + 1);
}

bool may_be(YamlNode::Type type, const KnownKey& key) {
  if (key.may_be_list && type == YamlNode::Type::sequence) return true;
  if (key.may_be_boolean && type == YamlNode::Type::scalar) return true;
  if (key.type == "section") return type == YamlNode::Type::mapping;
  return type ==
         (key.type.starts_with("list of") ? YamlNode::Type::sequence : YamlNode::Type::scalar);
}

/// Words that need no quotes, and that nobody takes for a number, a boolean or nothing.
bool are_words(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kMeanMore = {
      "TRUE", "FALSE", "NULL", "YES", "NO", "ON", "OFF", "Y", "N"};
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto fits = [&](char c) {
    return is_letter(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(" _./-").contains(c);
  };
  return !text.empty() && is_letter(text.front()) && text.back() != ' ' &&
         std::ranges::all_of(text, fits) &&
         std::ranges::find(kMeanMore, fold_case(text)) == kMeanMore.end();
}

/// Whether a text without quotes is read as it stands wherever it is written: YAML 1.2, 7.3.3.
bool is_plain_everywhere(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  const bool begins_like_more = std::string_view(",[]{}#&*!|>'\"%@`-?:").contains(text.front());
  const bool is_number = text.size() > 1 && text.front() == '-' && text[1] != ' ';
  return (!begins_like_more || is_number) && !text.contains(": ") && !text.contains(" #");
}

/// As YAML reads it again, on one line.
std::string scalar_text(const Value& value) {
  const auto& text = value.text;
  const bool is_printable = printable(text, text.size() + 8) == text;
  const bool needs_no_quotes = are_words(text) || (value.plain && is_plain_everywhere(text));
  return is_printable && needs_no_quotes ? text : quoted_yaml(text);
}

/// emailNotification.smtp.auth.password -> TOCSIN_EMAIL_NOTIFICATION_SMTP_AUTH_PASSWORD
std::string variable_name(std::string_view path) {
  std::string name = "TOCSIN_";
  char before = '.';
  for (const char c : path) {
    const auto letter = static_cast<unsigned char>(c);
    const bool begins_word =
        std::isupper(letter) != 0 && (std::islower(before) != 0 || std::isdigit(before) != 0);
    if (begins_word || (c == '.' || c == '[')) name += '_';
    if (std::isalnum(letter) != 0) name += static_cast<char>(std::toupper(letter));
    before = static_cast<char>(letter);
  }
  return name;
}

/// Whether the text is safe to show: a reference alone, or a URL with one in it.
bool is_reference(std::string_view text) {
  if (!Substitution::has_reference(text)) return false;
  const bool is_one = text.starts_with(kReferenceBegins) && text.find('}') == text.size() - 1;
  return is_one || text.contains("://");
}

class Writer {
 public:
  Writer(Comments comments, std::vector<KnownKey> keys)
      : comments_(comments), schema_(std::move(keys)) {}

  Written write(const Value& root) {
    Written written;
    written.text = "tocsin:\n" + section(root, {}, {}, 2);
    written.secrets = std::move(secrets_);
    return written;
  }

 private:
  static std::string joined(const std::string& section, std::string_view key) {
    return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
  }

  /// `schema` is where it stands as the schema calls it, `exact` with numbers in lists.
  std::string section(const Value& mapping, const std::string& schema, const std::string& exact,
                      std::size_t indent) {
    std::string out;
    for (const auto* key : schema_.keys_of(schema)) {
      const auto* value = mapping.find(name_of(*key));
      if (value == nullptr && !key->alias.empty()) value = mapping.find(key->alias);
      if (value == nullptr || !may_be(value->type, *key)) continue;
      auto text = entry(*key, *value, joined(exact, name_of(*key)), indent);
      if (text.empty()) continue;
      if (schema.empty() && !out.empty()) out += '\n';
      out += comment(*key, indent) + text;
    }
    return out;
  }

  /// "key: value"; nothing of a section without known keys.
  std::string entry(const KnownKey& key, const Value& value, const std::string& exact,
                    std::size_t indent) {
    const auto head = fmt::format("{:{}}{}:", "", indent, name_of(key));
    const auto schema = key.same_as.empty() ? key.path : key.same_as;
    if (value.type == YamlNode::Type::scalar) {
      const auto unit = key.unit.empty() ? "" : "  # " + key.unit;
      return fmt::format("{} {}{}\n", head, scalar(key, value, exact), unit);
    }
    if (value.type == YamlNode::Type::sequence && value.items.empty()) return head + " []\n";
    const auto inner = value.type == YamlNode::Type::mapping
                           ? section(value, schema, exact, indent + 2)
                           : list(value, schema, exact, indent + 2);
    return inner.empty() ? "" : head + "\n" + inner;
  }

  std::string list(const Value& value, const std::string& schema, const std::string& exact,
                   std::size_t indent) {
    std::string out;
    for (std::size_t i = 0; i < value.items.size(); i++) {
      const auto& item = value.items[i];
      if (item.type == YamlNode::Type::scalar) {
        out += fmt::format("{:{}}- {}\n", "", indent, scalar_text(item));
      } else if (item.type == YamlNode::Type::mapping) {
        out += with_dash(
            section(item, schema + "[]", fmt::format("{}[{}", exact, i + 1), indent + 2), indent);
      }
    }
    return out;
  }

  /// The lines of a section with a dash at its first key; comments before it move left.
  static std::string with_dash(std::string lines, std::size_t indent) {
    for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1) {
      if (lines[at + indent + 2] != '#') {
        lines[at + indent] = '-';
        break;
      }
      lines.erase(at, 2);
    }
    return lines;
  }

  std::string scalar(const KnownKey& key, const Value& value, const std::string& exact) {
    if (key.type != "secret text" || value.text.empty() || is_reference(value.text))
      return scalar_text(value);
    secrets_.push_back({variable_name(exact), Secret(value.text), value.place});
    return fmt::format("${{env:{}}}", secrets_.back().variable);
  }

  /// What a section is, and what is different in it: each said once.
  std::string comment(const KnownKey& key, std::size_t indent) {
    std::string out;
    const bool is_scalar = may_be(YamlNode::Type::scalar, key);
    if (!is_scalar && said_.insert(key.path).second)
      out += wrapped(first_sentence(key.description), indent);
    if (comments_ == Comments::differences_too && !key.differs.empty() &&
        said_.insert(key.differs).second)
      out += wrapped("Unlike Butler: " + key.differs, indent);
    return out;
  }

  static std::string wrapped(std::string_view text, std::size_t indent) {
    const auto begin = fmt::format("{:{}}# ", "", indent);
    std::string out;
    while (!text.empty()) {
      const auto room = kWidth - begin.size();
      auto end = text.size() <= room ? text.size() : text.rfind(' ', room);
      if (end == std::string_view::npos) end = std::min(text.find(' '), text.size());
      out.append(begin).append(text.substr(0, end)).append("\n");
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
  }

  Comments comments_;
  Schema schema_;
  std::set<std::string> said_;
  std::vector<HiddenSecret> secrets_;
};

}  // namespace

std::string quoted_yaml(std::string_view text) {
  if (printable(text, text.size() + 8) == text) {
    std::string quoted = "'";
    for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
    return quoted + "'";
  }
  std::string escaped = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      escaped.append("\\").append(1, c);
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) {
      escaped += fmt::format("\\x{:02x}", c);
    } else {
      escaped += c;
    }
  }
  return escaped + "\"";
}

Written write_yaml(const Value& root, Comments comments, std::vector<KnownKey> keys) {
  return Writer(comments, std::move(keys)).write(root);
}

}  // namespace tocsin::config
