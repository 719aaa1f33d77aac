#include "base/base64.h"

#include <algorithm>
#include <string_view>

namespace tocsin {
namespace {

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(BytesView bytes) {
  constexpr std::size_t kGroup = 3;
  std::string text;
  text.reserve((bytes.size() + kGroup - 1) / kGroup * 4);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), kGroup))) {
    std::uint32_t group = static_cast<std::uint32_t>(bytes[0]) << 16;
    if (bytes.size() > 1) group |= static_cast<std::uint32_t>(bytes[1]) << 8;
    if (bytes.size() > 2) group |= bytes[2];
    text += kBase64Digits[group >> 18];
    text += kBase64Digits[group >> 12 & 0x3F];
    text += bytes.size() > 1 ? kBase64Digits[group >> 6 & 0x3F] : '=';
    text += bytes.size() > 2 ? kBase64Digits[group & 0x3F] : '=';
  }
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  constexpr std::size_t kDigitsOfGroup = 4;
  constexpr unsigned kBitsOfDigit = 6;
  const auto digits = text.substr(0, text.find('='));
  const auto padding = text.substr(digits.size());
  const auto rest = digits.size() % kDigitsOfGroup;
  const bool is_right_size =
      rest != 1 && (padding.empty() || (rest != 0 && rest + padding.size() == kDigitsOfGroup));
  if (!is_right_size || padding.find_first_not_of('=') != std::string_view::npos)
    return std::nullopt;
  Bytes bytes;
  bytes.reserve(digits.size() * 3 / 4);
  std::uint32_t waiting = 0;
  unsigned bits = 0;
  for (const char c : digits) {
    const auto digit = kBase64Digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    waiting = waiting << kBitsOfDigit | static_cast<std::uint32_t>(digit);
    bits += kBitsOfDigit;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::uint8_t>(waiting >> bits));
    waiting &= (1U << bits) - 1;
  }
  if (waiting != 0) return std::nullopt;
  return bytes;
}

}  // namespace tocsin
