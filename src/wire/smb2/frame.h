// Direct TCP transport: a zero byte, then the length in three bytes, big-endian ([MS-SMB2] 2.1).
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"

namespace tocsin::smb2 {

inline constexpr std::size_t kFrameHeaderSize = 4;
/// No message that we ask for is larger; a longer one is an attack or a mistake.
inline constexpr std::size_t kMostMessage = 1 << 20;

[[nodiscard]] std::array<std::uint8_t, kFrameHeaderSize> frame_header(std::size_t message_size);
/// The size of the message that follows; malformed.
[[nodiscard]] Result<std::size_t> parse_frame_header(BytesView header);

}  // namespace tocsin::smb2
