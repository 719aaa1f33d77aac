#include "schedule/words.h"

#include <algorithm>
#include <cctype>

namespace tocsin::schedule {
namespace {

constexpr std::string_view kSpaceAndSigns = " \t\r\n\f\v,:-";

}  // namespace

Words::Words(std::string_view text) {
  for (std::size_t at = 0;;) {
    at = std::min(text.find_first_not_of(kSpace, at), text.size());
    auto end = std::min(text.find_first_of(kSpaceAndSigns, at), text.size());
    if (at < text.size() && (end == at || text[at] == '@')) end = at + 1;
    Word word{at, std::string(text.substr(at, end - at))};
    std::ranges::transform(word.text, word.text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    words_.push_back(std::move(word));
    if (at == text.size()) return;
    at = end;
  }
}

const Word& Words::peek(std::size_t ahead) const {
  return words_[std::min(at_ + ahead, words_.size() - 1)];
}

void Words::skip(std::size_t count) { at_ = std::min(at_ + count, words_.size() - 1); }

bool Words::is_at(std::initializer_list<std::string_view> words) const {
  std::size_t ahead = 0;
  return std::ranges::all_of(words,
                             [&](std::string_view word) { return peek(ahead++).text == word; });
}

bool Words::take(std::initializer_list<std::string_view> words) {
  if (!is_at(words)) return false;
  skip(words.size());
  return true;
}

bool Words::take_one_of(std::initializer_list<std::string_view> words) {
  if (std::ranges::find(words, peek().text) == words.end()) return false;
  skip();
  return true;
}

}  // namespace tocsin::schedule
