// One thing that is to be said about a configuration, for people.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/words.h"

namespace tocsin::config {

enum class Severity : std::uint8_t { info, warning, error };

consteval auto table_of(Severity) {
  using enum Severity;
  return std::array{Word{info, "info"}, Word{warning, "warning"}, Word{error, "error"}};
}
using tocsin::to_string;

struct Finding {
  Severity severity;
  std::string file;
  int line = 0;    ///< 1-based; 0: of the file as a whole
  int column = 0;  ///< 1-based
  std::string text;
};

/// "FILE:LINE:COLUMN: error: text", as compilers write it.
[[nodiscard]] std::string to_string(const Finding& finding);

}  // namespace tocsin::config
