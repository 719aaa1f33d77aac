// The numbers of a schedule's text.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::schedule {

/// Digits and nothing else, up to a million.
[[nodiscard]] std::optional<unsigned> parse_plain_number(std::string_view word);
/// "5" or "5th", which is one word for later.js too.
[[nodiscard]] std::optional<unsigned> parse_number(std::string_view word);
/// The same, of at least 1. Fails with a sentence, which is `otherwise` when the word does not
/// begin with a digit.
[[nodiscard]] std::expected<unsigned, std::string> parse_step(std::string_view word,
                                                              std::string_view otherwise);

}  // namespace tocsin::schedule
