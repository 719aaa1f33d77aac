// The templates that are sent where none is configured: src/notify/built_in/, which CMake puts into
// the program.
#pragma once

#include <string_view>

namespace tocsin::notify::built_in {

extern const std::string_view kSlack;     ///< JSON: blocks
extern const std::string_view kTeams;     ///< JSON: an Adaptive Card in its envelope
extern const std::string_view kMailHtml;  ///< HTML
extern const std::string_view kMailText;  ///< plain text
// The same for several alerts.
extern const std::string_view kSlackGroup;
extern const std::string_view kTeamsGroup;
extern const std::string_view kMailGroupHtml;
extern const std::string_view kGroupText;

}  // namespace tocsin::notify::built_in
