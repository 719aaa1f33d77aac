// Text between UTF-8 (ours) and UTF-16LE (Windows'), and names compared as Windows compares them.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tocsin {

/// UTF-8 to UTF-16LE without a terminator. Invalid UTF-8 becomes U+FFFD.
[[nodiscard]] Bytes to_utf16(std::string_view utf8);

/// UTF-16LE to UTF-8. Unpaired surrogates become U+FFFD; an odd last byte is dropped.
[[nodiscard]] std::string from_utf16(BytesView utf16);

/// Whether the text is valid UTF-8 (no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text itself, with U+FFFD for what is no UTF-8: for receivers that take nothing else.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// Its beginning: at most `most` bytes, and no character cut in two.
[[nodiscard]] std::string_view cut_utf8(std::string_view utf8, std::size_t most);

/// The text in upper case as Windows' invariant table does it, one UTF-16 unit at a time: simple
/// mappings only, nothing beyond the Basic Multilingual Plane, and dotless i, long s, sharp s and
/// the micro sign stay as they are ([MS-UCODEREF] 3.1.5.3). Names that agree in this form are one
/// name.
[[nodiscard]] std::string fold_case(std::string_view utf8);

/// The code point at `at`, which moves behind it; U+FFFD, and one byte, where there is none.
[[nodiscard]] char32_t next_code_point(std::string_view utf8, std::size_t& at);

/// Whether nothing is to be seen of it, or it changes how the rest is shown: control characters,
/// marks without width, and what turns the direction of writing.
[[nodiscard]] bool is_invisible(char32_t code);

/// Text for a terminal, a log or an error: what is_invisible() and invalid UTF-8 become '?', and
/// what is longer than `most` bytes ends in "..." - a remote host writes to nobody's terminal.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most = 256);

/// How many columns of a terminal the text takes: 2 for wide characters, 0 for combining ones.
[[nodiscard]] std::size_t display_width(std::string_view utf8);

}  // namespace tocsin
