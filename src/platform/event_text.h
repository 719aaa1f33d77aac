// What is written to the event log of Windows, and how much of it. Pure, so that it is tested
// everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::platform {

enum class Severity : std::uint8_t { information, warning, error };

/// The message of that severity in packaging/windows/messages.mc, which is "%1".
[[nodiscard]] std::uint32_t event_id(Severity severity);

/// The text for "%1": cut at what ReportEventW takes, and without "%1" of its own, which the event
/// viewer would replace in turn.
[[nodiscard]] std::string event_text(std::string_view text);

}  // namespace tocsin::platform
