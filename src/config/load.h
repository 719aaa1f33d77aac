// From a file to a Config, with every mistake in it reported at once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/words.h"
#include "config/config.h"
#include "config/migration/comparison.h"

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

struct Loaded {
  std::optional<Config> config;  ///< absent when any finding is an error
  std::vector<Finding> findings;
  std::optional<Comparison> comparison;  ///< of a file that begins with `Butler:`
};

/// What the loader asks of the machine that it runs on; a parameter so that tests own it.
struct Environment {
  /// The value of an environment variable, or nothing.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  /// Whether other users of the machine may read the file. False where nobody can say.
  std::function<bool(const std::string& path)> is_readable_by_others = [](const auto&) {
    return false;
  };
  /// What takes the right to read a file away from others: begins a sentence.
  std::string_view how_to_hide = "`chmod 600` takes that away";
  /// How hosts are asked that do not say. scm: the machine has a service control manager of its
  /// own.
  Source default_source = Source::smb;
  /// The compiled file (TZif) of a time zone, by its IANA name. Errors: not_found.
  std::function<Result<std::string>(std::string_view name)> time_zone;
};

/// Reads and checks the file. Never throws; a file that cannot be read is a finding too.
[[nodiscard]] Loaded load(const std::string& path, const Environment& environment);

/// The same for text at hand; `directory` is what relative paths and ${file:} start from.
[[nodiscard]] Loaded parse(const std::string& text, const std::string& file,
                           const std::string& directory, const Environment& environment);

}  // namespace tocsin::config
