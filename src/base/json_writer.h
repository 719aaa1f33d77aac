// JSON as text, written without a tree in between.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin {

/// Writes one compact document: values in the order of the calls, commas in between. In texts
/// quotation marks, backslashes and control characters are escaped, all else is UTF-8, and what is
/// none becomes U+FFFD. Whoever calls it closes what is open.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_list() { return begin('['); }
  JsonWriter& end_list() { return end(']'); }

  /// What is written next is the member of this name.
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(std::integral auto number) {
    if constexpr (std::same_as<decltype(number), bool>) {
      return write(number ? "true" : "false");
    } else {
      std::array<char, 24> digits;  // of 64 bits, with a sign
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
      return write({digits.data(), end});
    }
  }
  JsonWriter& member(std::string_view name, const auto& what) { return key(name).value(what); }

  /// The document, which is complete.
  [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

 private:
  void separate();
  void quote(std::string_view text);
  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  JsonWriter& write(std::string_view word);

  std::string text_;
};

}  // namespace tocsin
