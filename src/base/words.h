// Closed sets: the values of an enumeration and all that is known of each, in one table.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tocsin {

/// The row of a set of which only words are known. A row of more has these two members too.
template <typename E>
struct Word {
  E value;
  std::string_view word;  ///< in files, messages, logs and JSON
};

/// An enumeration beside which its table stands: `consteval auto table_of(E)`, an array with one
/// row for each value. From it follow row_of(), to_string(), parse_word() and all_values(), which
/// do not compile while a value has no row or several.
template <typename E>
concept ClosedSet = std::is_enum_v<E> && requires {
  { table_of(E{}).front().value } -> std::convertible_to<E>;
  { table_of(E{}).front().word } -> std::convertible_to<std::string_view>;
};

namespace words {

/// Whether the number is one of the enumeration's: clang spells any other as a cast, "(E)7".
template <auto kValue>
consteval bool is_enumerator() {
  return std::string_view(__PRETTY_FUNCTION__).find("kValue = (") == std::string_view::npos;
}

/// More than any closed set has.
inline constexpr int kLeast = -8;
inline constexpr std::size_t kNumbers = 64;

template <typename E, std::size_t... kAt>
consteval std::size_t count_enumerators(std::index_sequence<kAt...>) {
  const auto exists = []<std::size_t kOne>() {
    constexpr int kNumber = static_cast<int>(kOne) + kLeast;
    if constexpr (std::in_range<std::underlying_type_t<E>>(kNumber))
      return is_enumerator<static_cast<E>(kNumber)>();
    return false;
  };
  return (std::size_t{0} + ... + (exists.template operator()<kAt>() ? 1 : 0));
}

/// Whether each value has one row, and each word one value.
template <ClosedSet E>
consteval bool is_complete() {
  const auto rows = table_of(E{});
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    if (row->word.empty()) return false;
    for (auto later = row + 1; later != rows.end(); ++later)
      if (row->value == later->value || row->word == later->word) return false;
  }
  return rows.size() == count_enumerators<E>(std::make_index_sequence<kNumbers>());
}

template <ClosedSet E>
  requires(is_complete<E>())
inline constexpr auto kTable = table_of(E{});

}  // namespace words

/// All that is known of the value. A number that is none of the set's has the first row, so what
/// comes from outside is read with parse_word().
template <ClosedSet E>
[[nodiscard]] constexpr const auto& row_of(E value) {
  const auto& rows = words::kTable<E>;
  const auto* found =
      std::ranges::find_if(rows, [&](const auto& row) { return row.value == value; });
  return found == rows.end() ? rows.front() : *found;
}

template <ClosedSet E>
[[nodiscard]] constexpr std::string_view to_string(E value) {
  return row_of(value).word;
}

/// The inverse; nothing for a word that names no value.
template <ClosedSet E>
[[nodiscard]] constexpr std::optional<E> parse_word(std::string_view word) {
  for (const auto& row : words::kTable<E>)
    if (row.word == word) return row.value;
  return std::nullopt;
}

/// All values, in the order of the table.
template <ClosedSet E>
[[nodiscard]] constexpr auto all_values() {
  std::array<E, words::kTable<E>.size()> all{};
  for (std::size_t i = 0; i < all.size(); i++) all[i] = words::kTable<E>[i].value;
  return all;
}

}  // namespace tocsin
