#include "base/base64.h"

#include <algorithm>
#include <string_view>

namespace tocsin {

std::string to_base64(BytesView bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kGroup = 3;
  std::string text;
  text.reserve((bytes.size() + kGroup - 1) / kGroup * 4);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), kGroup))) {
    std::uint32_t group = static_cast<std::uint32_t>(bytes[0]) << 16;
    if (bytes.size() > 1) group |= static_cast<std::uint32_t>(bytes[1]) << 8;
    if (bytes.size() > 2) group |= bytes[2];
    text += kDigits[group >> 18];
    text += kDigits[group >> 12 & 0x3F];
    text += bytes.size() > 1 ? kDigits[group >> 6 & 0x3F] : '=';
    text += bytes.size() > 2 ? kDigits[group & 0x3F] : '=';
  }
  return text;
}

}  // namespace tocsin
