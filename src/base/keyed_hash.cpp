#include "base/keyed_hash.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace tocsin {
namespace {

__extension__ using Product = unsigned __int128;

constexpr std::size_t kBlock = 32;

std::uint64_t word(const std::uint8_t* bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

/// Every bit of both tells in every bit of it.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

// The scheme of wyhash (https://github.com/wangyi-fudan/wyhash), with a random key for its secret:
// two sums that depend on the order, so that the processor works on both at a time.
std::uint64_t keyed_hash(BytesView bytes, const HashKey& key, std::uint64_t before) {
  std::uint64_t one = key[0] ^ before;
  std::uint64_t other = key[1] ^ bytes.size();  // which tells what is padding
  const auto add = [&](const std::uint8_t* block) {
    one = fold(word(block) ^ key[2], word(block + 8) ^ one);
    other = fold(word(block + 16) ^ key[3], word(block + 24) ^ other);
  };
  for (; bytes.size() >= kBlock; bytes = bytes.subspan(kBlock)) add(bytes.data());
  std::array<std::uint8_t, kBlock> rest{};
  std::ranges::copy(bytes, rest.begin());
  add(rest.data());
  return fold(fold(one, key[2]) ^ key[0], fold(other, key[3]) ^ key[1]);
}

}  // namespace tocsin
