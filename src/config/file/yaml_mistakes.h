// What is wrong with a text that is no YAML, in words for the person who wrote it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/file/findings.h"

namespace YAML {
class Exception;
struct Mark;
}  // namespace YAML

namespace tocsin::config {

/// Why a text is not read.
struct Refused {
  Place place;
  std::string text;
};

[[nodiscard]] Place place_of(const YAML::Mark& mark);

/// What is wrong before it is parsed: the size, the encoding.
[[nodiscard]] std::optional<Refused> check_bytes(std::string_view text);

/// The exception in words, without a piece of the file in them. `open` is where the innermost list
/// or mapping begins that is not complete.
[[nodiscard]] Refused explain(const YAML::Exception& exception, std::string_view text,
                              std::optional<Place> open);

/// The key that a line begins with, where its colon is not followed by a blank and so makes no key:
/// "name" of "- name:Spooler". Empty where there is none.
[[nodiscard]] std::string_view glued_key(std::string_view line);

}  // namespace tocsin::config
