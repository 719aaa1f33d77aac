// SMB2 messages as lists of fields, each of which is written once and serves both ways:
//
//   struct FlushRequest : Body<FlushRequest> {
//     static constexpr Structure kStructure{24, "FLUSH request"};
//     FileId file{};
//     void fields(this auto& self, auto& io) { io(kReserved<6>, self.file); }
//   };
//
// `io` is a FieldReader or a FieldWriter. The type of a field says how it is written: numbers and
// enumerations in their own size, arrays as their bytes, vectors behind a count of 16 bits. A
// BytesView or a string (in UTF-16) is the buffer behind the fixed part: it comes last, after
// markers have told its place and its length.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "base/try.h"

namespace tocsin::smb2 {

inline constexpr std::size_t kHeaderSize = 64;

/// What a body begins with, and its name for errors.
struct Structure {
  std::uint16_t size;  ///< StructureSize; an odd one counts the first byte of the buffer
  std::string_view name;

  /// Where the buffer begins when it is written, counted from the message's start.
  [[nodiscard]] constexpr std::size_t end() const { return kHeaderSize + size - size % 2; }
};

/// Written as zeros, skipped when read.
template <std::size_t Size>
struct Reserved {};
template <std::size_t Size>
inline constexpr Reserved<Size> kReserved{};

/// The offset of the buffer, which counts from the message's start.
template <typename Number>
struct Offset {};
inline constexpr Offset<std::uint8_t> kOffset8{};
inline constexpr Offset<std::uint16_t> kOffset16{};
inline constexpr Offset<std::uint32_t> kOffset32{};

/// The length of the buffer, in bytes.
template <typename Number>
struct Length {};
inline constexpr Length<std::uint16_t> kLength16{};
inline constexpr Length<std::uint32_t> kLength32{};

/// Of a message that must not end with its fixed part: a zero stands for an empty buffer.
struct Filler {};
inline constexpr Filler kFiller{};

class FieldReader : public Reader {
 public:
  explicit FieldReader(BytesView bytes) : Reader(bytes) {}
  /// Reads the body of a whole message, header included.
  FieldReader(BytesView message, const Structure& structure);

  template <typename... Fields>
  void operator()(Fields&&... fields) {
    (read(fields), ...);
  }
  /// A vector whose count stands elsewhere.
  template <typename Item>
  void list(std::vector<Item>& items, std::size_t count) {
    items.reserve(std::min(count, remaining() / sizeof(Item)));
    for (std::size_t i = 0; i < count && ok(); i++) read(items.emplace_back());
  }
  /// malformed, naming the structure and what is wrong with it.
  [[nodiscard]] Result<> finish(std::string_view name) const;

 private:
  void read(std::uint8_t& field) { field = u8(); }
  void read(std::uint16_t& field) { field = u16(); }
  void read(std::uint32_t& field) { field = u32(); }
  void read(std::uint64_t& field) { field = u64(); }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  void read(Enum& field) {
    std::underlying_type_t<Enum> number{};
    read(number);
    field = static_cast<Enum>(number);
  }
  template <std::size_t Size>
  void read(std::array<std::uint8_t, Size>& field) {
    field = array<Size>();
  }
  template <typename Item>
  void read(std::vector<Item>& field) {
    list(field, u16());
  }
  template <std::size_t Size>
  void read(const Reserved<Size>&) {
    skip(Size);
  }
  template <typename Number>
  void read(const Offset<Number>&) {
    Number number{};
    read(number);
    offset_ = number;
  }
  template <typename Number>
  void read(const Length<Number>&) {
    Number number{};
    read(number);
    length_ = number;
  }
  void read(BytesView& field) { field = buffer(); }
  void read(std::string& field) { field = from_utf16(buffer()); }
  void read(const Filler&) {}

  /// An empty one may lie anywhere.
  BytesView buffer();

  std::size_t end_ = 0;     ///< of the fixed part
  std::size_t offset_ = 0;  ///< the end of the fixed part where no marker tells
  std::size_t length_ = 0;
  std::string_view wrong_;
};

class FieldWriter {
 public:
  explicit FieldWriter(Writer& out) : out_(out) {}
  /// Appends a body to a header that was just written.
  FieldWriter(Writer& out, const Structure& structure);

  template <typename... Fields>
  void operator()(const Fields&... fields) {
    (write(fields), ...);
  }
  template <typename Item>
  void list(const std::vector<Item>& items, std::size_t /*count*/) {
    for (const auto& item : items) write(item);
  }

 private:
  void write(std::uint8_t field) { out_.u8(field); }
  void write(std::uint16_t field) { out_.u16(field); }
  void write(std::uint32_t field) { out_.u32(field); }
  void write(std::uint64_t field) { out_.u64(field); }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  void write(Enum field) {
    write(std::to_underlying(field));
  }
  template <std::size_t Size>
  void write(const std::array<std::uint8_t, Size>& field) {
    out_.bytes(field);
  }
  template <typename Item>
  void write(const std::vector<Item>& field) {
    write(static_cast<std::uint16_t>(field.size()));
    list(field, field.size());
  }
  template <std::size_t Size>
  void write(const Reserved<Size>&) {
    out_.zeros(Size);
  }
  template <typename Number>
  void write(const Offset<Number>&) {
    write(static_cast<Number>(end_));
  }
  template <typename Number>
  void write(const Length<Number>&) {
    length_place_ = out_.size();
    length_size_ = sizeof(Number);
    write(Number{0});
  }
  void write(BytesView field);
  void write(const std::string& field) { write(BytesView(to_utf16(field))); }
  void write(const Filler&) {
    if (out_.size() == start_ + end_) out_.u8(0);
  }

  Writer& out_;
  std::size_t start_ = 0;  ///< of the message
  std::size_t end_ = 0;    ///< of the fixed part, counted from there
  std::size_t length_place_ = 0;
  std::size_t length_size_ = 0;
};

/// The body of a message with one buffer at most.
template <typename Message>
// NOLINTNEXTLINE(bugprone-crtp-constructor-accessibility): the messages are aggregates
struct Body {
  /// Takes a whole message, header included, because its offsets count from there. malformed: a
  /// bound or the structure size is wrong. Views in the result point into the message.
  [[nodiscard]] static Result<Message> decode(BytesView message) {
    FieldReader in(message, Message::kStructure);
    Message out;
    out.fields(in);
    TRY(in.finish(Message::kStructure.name));
    return out;
  }
  /// Appends the body to a header that was just written.
  void encode(Writer& out) const {
    FieldWriter io(out, Message::kStructure);
    static_cast<const Message&>(*this).fields(io);
  }
};

}  // namespace tocsin::smb2
