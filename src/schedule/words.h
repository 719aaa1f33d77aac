// A text as words, for the grammars of schedules.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::schedule {

/// What separates words and fields.
inline constexpr std::string_view kSpace = " \t\r\n\f\v";

struct Word {
  std::size_t column;
  std::string text;  ///< in lower case; empty at the end
};

/// The words of a text, one after the other. Words end at white space; each comma, colon and hyphen
/// is one, and so is an @ at a word's beginning.
class Words {
 public:
  explicit Words(std::string_view text);

  [[nodiscard]] const Word& peek(std::size_t ahead = 0) const;
  void skip(std::size_t count = 1);
  [[nodiscard]] bool at_end() const { return peek().text.empty(); }

  /// Whether these words come next.
  [[nodiscard]] bool is_at(std::initializer_list<std::string_view> words) const;
  /// Takes them if so.
  bool take(std::initializer_list<std::string_view> words);
  /// Takes a word that is one of these.
  bool take_one_of(std::initializer_list<std::string_view> words);

 private:
  std::vector<Word> words_;
  std::size_t at_ = 0;
};

}  // namespace tocsin::schedule
