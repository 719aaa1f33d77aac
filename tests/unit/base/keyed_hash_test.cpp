#include "base/keyed_hash.h"

#include <cstddef>
#include <set>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

constexpr HashKey kKey{0x0123456789ABCDEF, 0xFEDCBA9876543210, 0xA5A5A5A5DEADBEEF,
                       0x1020304050607080};

TEST(KeyedHash, IsTheSameForTheSameBytesAndKey) {
  const auto bytes = to_bytes(as_bytes("a list of services that does not change"));
  EXPECT_EQ(keyed_hash(bytes, kKey),
            keyed_hash(as_bytes("a list of services that does not change"), kKey));
  for (std::size_t word = 0; word < kKey.size(); word++) {
    auto other = kKey;
    other.at(word)++;
    EXPECT_NE(keyed_hash(bytes, other), keyed_hash(bytes, kKey)) << word;
  }
}

TEST(KeyedHash, TellsEachBitOfBytesOfAnyLength) {
  for (const std::size_t size : {1U, 7U, 8U, 15U, 16U, 17U, 31U, 32U, 100U}) {
    Bytes bytes(size);
    std::set<std::uint64_t> hashes{keyed_hash(bytes, kKey)};
    for (std::size_t bit = 0; bit < 8 * size; bit++) {
      bytes.at(bit / 8) ^= static_cast<std::uint8_t>(1U << bit % 8);
      hashes.insert(keyed_hash(bytes, kKey));
      bytes.at(bit / 8) = 0;
    }
    EXPECT_EQ(hashes.size(), 8 * size + 1);
  }
}

TEST(KeyedHash, TellsOrderLengthAndWhatCameBefore) {
  std::set<std::uint64_t> hashes;
  for (std::size_t size = 0; size < 100; size++) hashes.insert(keyed_hash(Bytes(size), kKey));
  EXPECT_EQ(hashes.size(), 100) << "of zeros, which is what padding is";
  const auto forwards = as_bytes("sixteen letters!and sixteen more");
  const auto swapped = as_bytes("and sixteen moresixteen letters!");
  EXPECT_NE(keyed_hash(forwards, kKey), keyed_hash(swapped, kKey));
  EXPECT_NE(keyed_hash(forwards, kKey, 1), keyed_hash(forwards, kKey, 2));
}

}  // namespace
}  // namespace tocsin
