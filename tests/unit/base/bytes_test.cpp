#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tocsin {
namespace {

TEST(Bytes, WriterThenReader) {
  Writer writer;
  writer.u8(1).u16(0x0203).u32(0x04050607).u64(0x08090A0B0C0D0E0F).bytes(as_bytes("xy")).align(4);
  const Bytes bytes = std::move(writer).take();
  EXPECT_EQ(to_hex(bytes),
            "010302070605040f0e0d0c0b0a0908"
            "7879"
            "000000");
  Reader reader(bytes);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u32(), 0x04050607U);
  EXPECT_EQ(reader.u64(), 0x08090A0B0C0D0E0FU);
  EXPECT_EQ(to_hex(reader.bytes(2)), "7879");
  reader.align(4);
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_TRUE(reader.finish("it").has_value());
}

TEST(Bytes, ReadingPastTheEndFailsForGood) {
  const Bytes bytes{1, 2, 3};
  Reader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_TRUE(reader.bytes(1).empty());
  const auto finished = reader.finish("the header");
  ASSERT_FALSE(finished.has_value());
  EXPECT_EQ(finished.error().kind, ErrorKind::malformed);
  EXPECT_EQ(finished.error().what, "the header is cut short");
}

TEST(Bytes, AlignAtTheEndOfOddBytesFails) {
  const Bytes bytes{1};
  Reader reader(bytes);
  reader.u8();
  reader.align(4);
  EXPECT_FALSE(reader.ok());
}

TEST(Bytes, SliceStaysInside) {
  const Bytes bytes{1, 2, 3, 4};
  EXPECT_EQ(to_hex(slice(bytes, 1, 2).value()), "0203");
  EXPECT_TRUE(slice(bytes, 4, 0).has_value());
  EXPECT_FALSE(slice(bytes, 3, 2).has_value());
  EXPECT_FALSE(slice(bytes, 5, 0).has_value());
  EXPECT_FALSE(slice(bytes, 1, SIZE_MAX).has_value());
}

TEST(Bytes, HexRoundTripAndMistakes) {
  EXPECT_EQ(to_hex(from_hex("00 fF\n1a").value()), "00ff1a");
  EXPECT_FALSE(from_hex("0").has_value());
  EXPECT_FALSE(from_hex("0g").has_value());
}

TEST(Random, UuidOfVersion7HoldsTheTime) {
  const Time time{std::chrono::milliseconds(0x0123456789AB)};
  const auto id =
      make_uuid(time, [](std::span<std::uint8_t> out) { std::ranges::fill(out, 0xFF); });
  EXPECT_EQ(id, "01234567-89ab-7fff-bfff-ffffffffffff");
}

TEST(Error, GainsContextOnItsWayOut) {
  Result<int> inner = fail(ErrorKind::timed_out, "no answer within 5 s");
  const Result<> outer = fail(std::move(inner), "server1");
  EXPECT_EQ(outer.error().what, "server1: no answer within 5 s");
  EXPECT_EQ(outer.error().kind, ErrorKind::timed_out);
}

}  // namespace
}  // namespace tocsin
