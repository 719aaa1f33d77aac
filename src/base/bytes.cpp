#include "base/bytes.h"

namespace tocsin {

std::uint64_t Reader::number(std::size_t size) {
  const auto view = bytes(size);
  std::uint64_t value = 0;
  for (std::size_t i = view.size(); i-- > 0;) value = value << 8 | view[i];
  return value;
}

BytesView Reader::bytes(std::size_t count) {
  if (count > remaining()) {
    set_failed();
    return {};
  }
  const auto view = all_.subspan(at_, count);
  at_ += count;
  return view;
}

void Reader::align(std::size_t unit) {
  if (const auto over = at_ % unit; over != 0) skip(unit - over);
}

Result<> Reader::finish(std::string_view what) const {
  if (ok_) return {};
  return fail(Kind::malformed, std::string(what) + " is cut short");
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

Writer& Writer::align(std::size_t unit) {
  if (const auto over = out_.size() % unit; over != 0) zeros(unit - over);
  return *this;
}

void Writer::patch_u32(std::size_t at, std::uint32_t v) {
  for (std::size_t i = 0; i < 4; i++) out_.at(at + i) = static_cast<std::uint8_t>(v >> (8 * i));
}

void Writer::patch_u16(std::size_t at, std::uint16_t v) {
  for (std::size_t i = 0; i < 2; i++) out_.at(at + i) = static_cast<std::uint8_t>(v >> (8 * i));
}

Writer& Writer::number(std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; i++)
    out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return *this;
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
    if (value < 0) return fail(Kind::malformed, "not a hexadecimal digit");
    if (high < 0) {
      high = value;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | value));
      high = -1;
    }
  }
  if (high >= 0) return fail(Kind::malformed, "an odd count of hexadecimal digits");
  return bytes;
}

}  // namespace tocsin
