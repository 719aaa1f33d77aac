#include "config/monitored/host_names.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/try.h"

namespace tocsin::config {
namespace {

/// Numbers have at most nine digits, so that none overflows.
constexpr std::size_t kMostDigits = 9;

struct Numbers {
  std::uint32_t first;
  std::uint32_t last;
  std::size_t width;  ///< leading zeros fill so many digits
};

std::unexpected<HostNamesMistake> host_names_mistake(std::size_t column, std::string text) {
  return std::unexpected(HostNamesMistake{column, std::move(text)});
}

/// Takes a text apart from left to right.
class Parser {
 public:
  Parser(std::string_view text, std::size_t most) : text_(text), most_(most) {}

  std::expected<std::vector<std::string>, HostNamesMistake> parse() {
    names_ = {std::string{}};
    while (at_ < text_.size()) {
      const auto bracket = std::min(text_.find_first_of("[]", at_), text_.size());
      for (auto& name : names_) name += text_.substr(at_, bracket - at_);
      at_ = bracket;
      if (at_ == text_.size()) break;
      if (text_[at_] == ']') return host_names_mistake(at_, "a `]` without a `[` before it");
      TRY(auto ranges, brackets());
      if (auto refused = multiply(ranges)) return std::unexpected(*std::move(refused));
    }
    if (names_.size() > most_) return std::unexpected(too_many(0));
    return std::move(names_);
  }

 private:
  static HostNamesMistake too_many(std::size_t column) {
    return {column, fmt::format("more than {} hosts, the limit for a configuration", kMostHosts),
            true};
  }

  /// From `[` to behind `]`.
  std::expected<std::vector<Numbers>, HostNamesMistake> brackets() {
    opened_ = at_;
    std::vector<Numbers> ranges;
    do {
      at_++;
      TRY(auto range, numbers());
      ranges.push_back(range);
    } while (at_ < text_.size() && text_[at_] == ',');
    if (at_ == text_.size()) return host_names_mistake(opened_, "a `[` without a `]` after it");
    if (text_[at_] != ']') return host_names_mistake(at_, "expected `-`, `,` or `]`");
    at_++;
    return ranges;
  }

  std::expected<Numbers, HostNamesMistake> numbers() {
    const auto begin = at_;
    TRY(const auto first, digits());
    if (at_ == text_.size() || text_[at_] != '-')
      return Numbers{first.second, first.second, first.first.size()};
    at_++;
    const auto last_at = at_;
    TRY(const auto last, digits());
    if (last.second < first.second)
      return host_names_mistake(
          begin,
          fmt::format("the range ends with {}, before it begins with {}", last.first, first.first));
    const bool padded = first.first.starts_with('0') && first.first.size() > 1;
    if ((padded || last.first.starts_with('0')) && first.first.size() != last.first.size())
      return host_names_mistake(
          last_at, "both ends of a range with leading zeros must have the same length");
    return Numbers{first.second, last.second, padded ? first.first.size() : 0};
  }

  std::expected<std::pair<std::string_view, std::uint32_t>, HostNamesMistake> digits() {
    const auto end = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
    const auto text = text_.substr(at_, end - at_);
    if (text.empty())
      return at_ == text_.size()
                 ? host_names_mistake(opened_, "a `[` without a `]` after it")
                 : host_names_mistake(at_,
                                      "expected a number, as in `[1-4]`, `[01-20]` or `[1-4,7]`");
    if (text.size() > kMostDigits)
      return host_names_mistake(at_, "expected a number of at most 9 digits");
    std::uint32_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    at_ = end;
    return std::pair(text, number);
  }

  /// Every name so far with every number.
  std::optional<HostNamesMistake> multiply(const std::vector<Numbers>& ranges) {
    std::size_t count = 0;
    for (const auto& range : ranges) count += std::size_t{range.last} - range.first + 1;
    if (count > most_ / names_.size()) return too_many(opened_);
    std::vector<std::string> names;
    names.reserve(names_.size() * count);
    for (const auto& name : names_) {
      for (const auto& range : ranges) {
        for (auto number = range.first;; number++) {
          names.push_back(fmt::format("{}{:0{}}", name, number, range.width));
          if (number == range.last) break;
        }
      }
    }
    names_ = std::move(names);
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t most_;
  std::size_t at_ = 0;
  std::size_t opened_ = 0;  ///< where the last `[` is
  std::vector<std::string> names_;
};

/// A name taken apart at its last number.
struct Numbered {
  std::string_view before;
  std::string_view digits;
  std::string_view after;
  std::uint32_t number = 0;
};

std::optional<Numbered> split(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789";
  const auto last = name.find_last_of(kDigits);
  if (last == std::string_view::npos || name.find_first_of("[]") != std::string_view::npos)
    return std::nullopt;
  const auto before = name.find_last_not_of(kDigits, last);
  const auto first = before == std::string_view::npos ? 0 : before + 1;
  Numbered parts{name.substr(0, first), name.substr(first, last + 1 - first),
                 name.substr(last + 1)};
  if (parts.digits.size() > kMostDigits) return std::nullopt;
  std::from_chars(parts.digits.data(), parts.digits.data() + parts.digits.size(), parts.number);
  return parts;
}

/// Whether `next` is what a range that begins with `first` counts to after `offset` names.
bool continues(const Numbered& first, const Numbered& next, std::size_t offset) {
  const bool padded = first.digits.size() > 1 && first.digits.starts_with('0');
  return first.before == next.before && first.after == next.after &&
         next.number == first.number + offset &&
         next.digits == fmt::format("{:0{}}", next.number, padded ? first.digits.size() : 0) &&
         (!padded || next.digits.size() == first.digits.size());
}

}  // namespace

std::expected<std::vector<std::string>, HostNamesMistake> expand_host_names(std::string_view text,
                                                                            std::size_t most) {
  return Parser(text, most).parse();
}

std::vector<std::string> compress_host_names(const std::vector<std::string>& names) {
  constexpr std::size_t kWorthIt = 3;
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size();) {
    const auto first = split(names[i]);
    std::size_t end = i + 1;
    std::string_view last;
    while (first && end < names.size()) {
      const auto next = split(names[end]);
      if (!next || !continues(*first, *next, end - i)) break;
      last = next->digits;
      end++;
    }
    if (end - i >= kWorthIt) {
      out.push_back(fmt::format("{}[{}-{}]{}", first->before, first->digits, last, first->after));
      i = end;
    } else {
      out.push_back(names[i++]);
    }
  }
  return out;
}

}  // namespace tocsin::config
