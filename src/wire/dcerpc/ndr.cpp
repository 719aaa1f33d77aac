#include "wire/dcerpc/ndr.h"

#include <limits>

#include "base/text.h"

namespace tocsin::ndr {
namespace {

/// Up to the first UTF-16 zero.
BytesView without_terminator(BytesView utf16) {
  for (std::size_t i = 0; i + 1 < utf16.size(); i += 2)
    if (utf16[i] == 0 && utf16[i + 1] == 0) return utf16.first(i);
  return utf16;
}

}  // namespace

std::uint16_t Reader::u16() {
  in_.align(2);
  return in_.u16();
}

std::uint32_t Reader::u32() {
  in_.align(4);
  return in_.u32();
}

std::uint64_t Reader::u64() {
  in_.align(8);
  return in_.u64();
}

BytesView Reader::characters(std::uint32_t most_units) {
  const auto room = u32();
  const auto offset = u32();
  const auto count = u32();
  if (offset != 0 || count > room || count > most_units) set_failed();
  return in_.bytes(std::size_t{2} * count);
}

std::string Reader::string() {
  constexpr auto kAny = std::numeric_limits<std::uint32_t>::max();
  return from_utf16(without_terminator(characters(kAny)));
}

void Reader::skip_string(std::uint32_t most_units) { characters(most_units); }

std::optional<std::string> Reader::unique_string() {
  if (!pointer()) return std::nullopt;
  return string();
}

std::optional<std::uint32_t> Reader::unique_u32() {
  if (!pointer()) return std::nullopt;
  return u32();
}

BytesView Reader::byte_array() {
  const auto count = u32();
  return in_.bytes(count);
}

Result<> Reader::finish() const {
  if (in_.ok()) return {};
  return fail(ErrorKind::malformed, "the message is cut short or contradicts itself");
}

Writer& Writer::u16(std::uint16_t value) {
  out_.align(2).u16(value);
  return *this;
}

Writer& Writer::u32(std::uint32_t value) {
  out_.align(4).u32(value);
  return *this;
}

Writer& Writer::u64(std::uint64_t value) {
  out_.align(8).u64(value);
  return *this;
}

Writer& Writer::bytes(BytesView bytes) {
  out_.align(4).bytes(bytes);
  return *this;
}

Writer& Writer::pointer() {
  referent_ += 4;
  return u32(referent_);
}

Writer& Writer::string(std::string_view utf8) {
  const auto utf16 = to_utf16(utf8);
  const auto count = static_cast<std::uint32_t>(utf16.size() / 2 + 1);
  u32(count).u32(0).u32(count);
  out_.bytes(utf16).u16(0);
  return *this;
}

Writer& Writer::unique_string(const std::optional<std::string>& utf8) {
  if (!utf8) return null();
  return pointer().string(*utf8);
}

Writer& Writer::unique_u32(std::optional<std::uint32_t> value) {
  if (!value) return null();
  return pointer().u32(*value);
}

Writer& Writer::byte_array(BytesView bytes) {
  u32(static_cast<std::uint32_t>(bytes.size()));
  out_.bytes(bytes);
  return *this;
}

}  // namespace tocsin::ndr
