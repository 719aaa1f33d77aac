// Little-endian bytes, read with every bound checked and written without surprises.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace tocsin {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

[[nodiscard]] inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline Bytes to_bytes(BytesView view) { return {view.begin(), view.end()}; }

/// Reads from the front of a view. The first read past the end makes the reader fail: every later
/// read answers 0 or an empty view, and ok() is false, so that a decoder checks once, at its end.
class Reader {
 public:
  explicit Reader(BytesView all) : all_(all) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  BytesView bytes(std::size_t count);
  /// An array of known length, e.g. `auto key = reader.array<16>()`.
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    if (auto view = bytes(N); view.size() == N) std::copy(view.begin(), view.end(), out.begin());
    return out;
  }
  void skip(std::size_t count) { bytes(count); }
  /// Skips to the next multiple of `unit`, counted from the start of the view.
  void align(std::size_t unit);

  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] std::size_t remaining() const { return all_.size() - at_; }
  [[nodiscard]] BytesView rest() const { return all_.subspan(at_); }
  [[nodiscard]] BytesView all() const { return all_; }
  [[nodiscard]] bool ok() const { return ok_; }
  void set_failed() {
    ok_ = false;
    at_ = all_.size();
  }
  /// malformed: "WHAT is cut short" when a read went past the end.
  [[nodiscard]] Result<> finish(std::string_view what) const;

 private:
  std::uint64_t number(std::size_t size);

  BytesView all_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// The part [offset, offset+length) of a view; nothing when it lies outside.
[[nodiscard]] std::optional<BytesView> slice(BytesView all, std::size_t offset, std::size_t length);

/// Appends to a byte string it owns.
class Writer {
 public:
  Writer& u8(std::uint8_t v) { return number(v, 1); }
  Writer& u16(std::uint16_t v) { return number(v, 2); }
  Writer& u32(std::uint32_t v) { return number(v, 4); }
  Writer& u64(std::uint64_t v) { return number(v, 8); }
  Writer& bytes(BytesView view);
  Writer& zeros(std::size_t count);
  /// Pads with zeros to the next multiple of `unit`, counted from the start.
  Writer& align(std::size_t unit);
  /// Overwrites four or two bytes that were written before, e.g. a length known only later.
  void patch_u32(std::size_t at, std::uint32_t v);
  void patch_u16(std::size_t at, std::uint16_t v);

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] BytesView view() const { return out_; }
  void reserve(std::size_t size) { out_.reserve(size); }
  [[nodiscard]] Bytes take() && { return std::move(out_); }

 private:
  Writer& number(std::uint64_t value, std::size_t size);

  Bytes out_;
};

/// "0a1b2c"; for tests, logs of ids, and keys of caches.
[[nodiscard]] std::string to_hex(BytesView bytes);
/// malformed: a character that is no hexadecimal digit, or an odd count. White space is skipped.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

}  // namespace tocsin
