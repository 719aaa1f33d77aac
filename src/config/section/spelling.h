// Characters that nobody sees, or that are others than they seem: typed by accident into names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::config {

/// What a text is for, which decides which characters it may have.
enum class Writing : std::uint8_t {
  name,   ///< of a host, a service, an account, a file: nothing that is invisible
  title,  ///< as Windows shows it in any language: wide blanks and quotes within it
  prose,  ///< for people, and templates: everything
};

/// A value of the file.
struct Spelled {
  std::string_view text;
  /// It may stand in double quotes, in which a backslash begins an escape.
  bool may_have_escapes = false;
};

/// The first character that does not belong into such a text and what to write instead, as what
/// continues the name of its key: "holds a tab (U+0009) ...". Never quotes the text. Nothing when
/// the text is right.
[[nodiscard]] std::optional<std::string> find_stray_character(const Spelled& spelled,
                                                              Writing writing);

/// Whether the text as a whole is a reference as other programs have them: `${NAME}`, `%NAME%`,
/// `$env:NAME`.
[[nodiscard]] bool is_foreign_reference(std::string_view text);

}  // namespace tocsin::config
