// What the body of an HTTP answer is, and how it reads in a log. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::notify {

enum class BodyForm : std::uint8_t {
  empty,
  markup,  ///< HTML or XML
  json,    ///< an object or a list; it may be cut
  text,
  bytes,  ///< compressed, or no text at all
};
[[nodiscard]] BodyForm form_of(std::string_view body);

/// The body for a reader: markup without its tags, styles and scripts, bytes as their number.
/// White space is single blanks. Not yet printable() nor cut.
[[nodiscard]] std::string words_of_body(std::string_view body);

/// What a JSON object says went wrong, as APIs say it beside a status of success: `ok` or `success`
/// is false, `status` is "error" or the like, or there is an `error`. Nothing where none of these
/// is, or the body is no JSON object.
[[nodiscard]] std::optional<std::string> failure_in(std::string_view body);

}  // namespace tocsin::notify
