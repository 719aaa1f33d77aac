// Windows only: between our UTF-8 and the wide text of its functions.
#pragma once

#include <string>
#include <string_view>

namespace tocsin::platform {

/// Invalid text becomes U+FFFD, both ways.
[[nodiscard]] std::wstring wide(std::string_view utf8);
[[nodiscard]] std::string narrow(std::wstring_view wide);

}  // namespace tocsin::platform
