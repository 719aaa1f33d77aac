#include "base/bytes.h"

namespace tocsin {

Result<> Reader::finish(std::string_view what) const {
  if (ok_) return {};
  return fail(ErrorKind::malformed, std::string(what) + " is cut short");
}

std::optional<BytesView> slice(BytesView all, std::size_t offset, std::size_t length) {
  if (offset > all.size() || length > all.size() - offset) return std::nullopt;
  return all.subspan(offset, length);
}

Writer& Writer::bytes(BytesView view) {
  out_.insert(out_.end(), view.begin(), view.end());
  return *this;
}

Writer& Writer::zeros(std::size_t count) {
  out_.resize(out_.size() + count);
  return *this;
}

void Writer::patch_u32(std::size_t at, std::uint32_t v) {
  for (std::size_t i = 0; i < 4; i++) out_.at(at + i) = static_cast<std::uint8_t>(v >> (8 * i));
}

void Writer::patch_u16(std::size_t at, std::uint16_t v) {
  for (std::size_t i = 0; i < 2; i++) out_.at(at + i) = static_cast<std::uint8_t>(v >> (8 * i));
}

std::string to_hex(BytesView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  Bytes bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    const int value = digit(c);
    if (value < 0) return fail(ErrorKind::malformed, "not a hexadecimal digit");
    if (high < 0) {
      high = value;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | value));
      high = -1;
    }
  }
  if (high >= 0) return fail(ErrorKind::malformed, "an odd count of hexadecimal digits");
  return bytes;
}

}  // namespace tocsin
