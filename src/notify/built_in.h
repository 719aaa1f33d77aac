// The templates that are sent where none is configured: src/notify/built_in/, which CMake puts into
// the program.
#pragma once

#include <string_view>

namespace tocsin::notify::built_in {

extern const std::string_view kSlack;     ///< JSON: blocks
extern const std::string_view kTeams;     ///< JSON: an Adaptive Card in its envelope
extern const std::string_view kMailHtml;  ///< HTML
extern const std::string_view kMailText;  ///< plain text

}  // namespace tocsin::notify::built_in
