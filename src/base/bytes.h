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

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  BytesView bytes(std::size_t count) {
    if (count > remaining()) {
      set_failed();
      return {};
    }
    const auto view = all_.subspan(at_, count);
    at_ += count;
    return view;
  }
  /// An array of known length, e.g. `auto key = reader.array<16>()`.
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    if (auto view = bytes(N); view.size() == N) std::copy(view.begin(), view.end(), out.begin());
    return out;
  }
  void skip(std::size_t count) { bytes(count); }
  /// Skips to the next multiple of `unit`, counted from the start of the view.
  void align(std::size_t unit) {
    if (const auto over = at_ % unit; over != 0) skip(unit - over);
  }

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
  template <typename Number>
  Number number() {
    const auto view = bytes(sizeof(Number));
    if (view.empty()) return 0;
    Number value = 0;
    for (std::size_t i = 0; i < sizeof(Number); i++)
      value |= static_cast<Number>(static_cast<Number>(view[i]) << (8 * i));
    return value;
  }

  BytesView all_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// The part [offset, offset+length) of a view; nothing when it lies outside.
[[nodiscard]] std::optional<BytesView> slice(BytesView all, std::size_t offset, std::size_t length);

/// Appends to a byte string it owns.
class Writer {
 public:
  Writer& u8(std::uint8_t v) { return number(v); }
  Writer& u16(std::uint16_t v) { return number(v); }
  Writer& u32(std::uint32_t v) { return number(v); }
  Writer& u64(std::uint64_t v) { return number(v); }
  Writer& bytes(BytesView view);
  Writer& zeros(std::size_t count);
  /// Pads with zeros to the next multiple of `unit`, counted from the start.
  Writer& align(std::size_t unit) {
    if (const auto over = out_.size() % unit; over != 0) zeros(unit - over);
    return *this;
  }
  /// Overwrites four or two bytes that were written before, e.g. a length known only later.
  void patch_u32(std::size_t at, std::uint32_t v);
  void patch_u16(std::size_t at, std::uint16_t v);

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] BytesView view() const { return out_; }
  void reserve(std::size_t size) { out_.reserve(size); }
  [[nodiscard]] Bytes take() && { return std::move(out_); }

 private:
  template <typename Number>
  Writer& number(Number value) {
    std::array<std::uint8_t, sizeof(Number)> bytes{};
    for (std::size_t i = 0; i < sizeof(Number); i++)
      bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
  }

  Bytes out_;
};

/// "0a1b2c"; for tests, logs of ids, and keys of caches.
[[nodiscard]] std::string to_hex(BytesView bytes);
/// malformed: a character that is no hexadecimal digit, or an odd count. White space is skipped.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

}  // namespace tocsin
