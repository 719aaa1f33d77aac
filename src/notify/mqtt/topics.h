// Names of Windows as levels of an MQTT topic.
#pragma once

#include <string>
#include <string_view>

namespace tocsin::notify {

/// The name byte for byte, but for what would change a topic's meaning or may not be in one (MQTT
/// 5, 1.5.4 and 4.7): `/`, `+`, `#`, control characters, Unicode's noncharacters and bytes that are
/// no UTF-8 become %XX, byte for byte, and so does `%` itself, so that the name can be read back.
[[nodiscard]] std::string topic_level(std::string_view name);

}  // namespace tocsin::notify
