// A configuration as text: the keys that tocsin knows, in the order of the reference, with
// comments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "config/migration/value.h"
#include "config/section/known_key.h"

namespace tocsin::config {

enum class Comments : std::uint8_t {
  what_it_is,       ///< of each section
  differences_too,  ///< for those who know Butler
};

/// A secret that stood in the file: the text names a variable in its place.
struct HiddenSecret {
  std::string variable;
  Secret value;
  Place place;
};

struct Written {
  std::string text;  ///< from `tocsin:` on, with a newline at its end
  std::vector<HiddenSecret> secrets;
};

/// A text in quotes, on one line, as YAML reads it again.
[[nodiscard]] std::string quoted_yaml(std::string_view text);

/// `root` is what stands under `tocsin:`, `keys` are the known ones. Others are left out, and so
/// are values of another type than their key has. No secret is in the text, but for one in a URL
/// that holds a reference, too.
[[nodiscard]] Written write_yaml(const Value& root, Comments comments, std::vector<KnownKey> keys);

}  // namespace tocsin::config
