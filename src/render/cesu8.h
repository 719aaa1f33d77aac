// Text between UTF-8 and what JavaScript's strings are in Duktape: CESU-8, which is UTF-16 with
// each unit written as UTF-8 would write that number (Unicode Technical Report 26).
#pragma once

#include <string>
#include <string_view>

namespace tocsin::render {

/// Invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string to_cesu8(std::string_view utf8);
/// Unpaired surrogates and whatever else is not CESU-8 become U+FFFD.
[[nodiscard]] std::string from_cesu8(std::string_view cesu8);

}  // namespace tocsin::render
