// Network Data Representation in 32 bits, little-endian, as small as svcctl and lsarpc need it.
// [C706] chapter 14
//
// A structure lists its fields once, in `void fields(this auto& self, auto& io) { io(self.a, ...);
// }`. Reader and Writer take them by type: a number, the bytes of an array, a string, a unique
// pointer (std::optional), BYTE[] (BytesView) or another structure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace tocsin::ndr {

/// Numbers are aligned to their own size. Like base's Reader: after the first mistake everything
/// answers nothing, and finish() says what it was.
class Reader {
 public:
  explicit Reader(BytesView stub) : in_(stub) {}

  template <typename... Fields>
  void operator()(Fields&... fields) {
    (read(fields), ...);
  }

  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  /// A context handle, or another structure of four-byte alignment.
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    in_.align(4);
    return in_.array<N>();
  }
  /// Whether a unique pointer points to something.
  bool pointer() { return u32() != 0; }
  /// [string] wchar_t*: the count of room, the offset, the count of what is there, the text. In
  /// UTF-8, up to its first terminator.
  std::string string();
  /// The same of at most `most_units`, whose text nobody asks for.
  void skip_string(std::uint32_t most_units);
  std::optional<std::string> unique_string();
  std::optional<std::uint32_t> unique_u32();
  /// [size_is] BYTE*: the count, the bytes.
  BytesView byte_array();

  void set_failed() { in_.set_failed(); }
  [[nodiscard]] bool ok() const { return in_.ok(); }
  /// malformed
  [[nodiscard]] Result<> finish() const;

 private:
  void read(std::uint32_t& field) { field = u32(); }
  template <std::size_t N>
  void read(std::array<std::uint8_t, N>& field) {
    field = array<N>();
  }
  void read(std::string& field) { field = string(); }
  void read(std::optional<std::string>& field) { field = unique_string(); }
  void read(std::optional<std::uint32_t>& field) { field = unique_u32(); }
  void read(BytesView& field) { field = byte_array(); }
  template <typename Structure>
  void read(Structure& field) {
    field.fields(*this);
  }
  /// The UTF-16 of a string, with its terminator.
  BytesView characters(std::uint32_t most_units);

  tocsin::Reader in_;
};

class Writer {
 public:
  template <typename... Fields>
  void operator()(const Fields&... fields) {
    (write(fields), ...);
  }

  Writer& u16(std::uint16_t value);
  Writer& u32(std::uint32_t value);
  Writer& u64(std::uint64_t value);
  /// Four-byte alignment.
  Writer& bytes(BytesView bytes);
  /// A referent: not null, and another one each time.
  Writer& pointer();
  Writer& null() { return u32(0); }
  Writer& string(std::string_view utf8);
  Writer& unique_string(const std::optional<std::string>& utf8);
  Writer& unique_u32(std::optional<std::uint32_t> value);
  Writer& byte_array(BytesView bytes);

  void reserve(std::size_t size) { out_.reserve(size); }
  [[nodiscard]] Bytes take() && { return std::move(out_).take(); }

 private:
  void write(std::uint32_t field) { u32(field); }
  template <std::size_t N>
  void write(const std::array<std::uint8_t, N>& field) {
    bytes(field);
  }
  void write(const std::string& field) { string(field); }
  void write(const std::optional<std::string>& field) { unique_string(field); }
  void write(const std::optional<std::uint32_t>& field) { unique_u32(field); }
  void write(const BytesView& field) { byte_array(field); }
  template <typename Structure>
  void write(const Structure& field) {
    field.fields(*this);
  }

  tocsin::Writer out_;
  std::uint32_t referent_ = 0x00020000;
};

}  // namespace tocsin::ndr
