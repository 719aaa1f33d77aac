#include "wire/smb2/frame.h"

namespace tocsin::smb2 {

std::array<std::uint8_t, kFrameHeaderSize> frame_header(std::size_t message_size) {
  return {0, static_cast<std::uint8_t>(message_size >> 16),
          static_cast<std::uint8_t>(message_size >> 8), static_cast<std::uint8_t>(message_size)};
}

Result<std::size_t> parse_frame_header(BytesView header) {
  if (header.size() < kFrameHeaderSize)
    return fail(ErrorKind::malformed, "frame header is cut short");
  if (header[0] != 0) return fail(ErrorKind::malformed, "not an SMB frame");
  const std::size_t size = std::size_t{header[1]} << 16 | std::size_t{header[2]} << 8 | header[3];
  if (size > kMostMessage)
    return fail(ErrorKind::malformed, "frame of " + std::to_string(size) + " bytes is too long");
  return size;
}

}  // namespace tocsin::smb2
