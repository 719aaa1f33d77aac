#include "base/keyed_hash.h"

#include <cstring>

namespace tocsin {
namespace {

__extension__ using Product = unsigned __int128;

/// Every bit of both tells in every bit of it.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

// The scheme of wyhash (https://github.com/wangyi-fudan/wyhash), with a random key for its secret.
std::uint64_t keyed_hash(BytesView bytes, const HashKey& key, std::uint64_t before) {
  std::array<std::uint64_t, 2> pair{};
  std::uint64_t hash = fold(key[0] ^ before, key[1] ^ bytes.size());
  for (; bytes.size() >= sizeof pair; bytes = bytes.subspan(sizeof pair)) {
    std::memcpy(pair.data(), bytes.data(), sizeof pair);
    hash = fold(pair[0] ^ key[2], pair[1] ^ hash);
  }
  if (!bytes.empty()) {
    pair = {};  // the size tells what is padding
    std::memcpy(pair.data(), bytes.data(), bytes.size());
    hash = fold(pair[0] ^ key[2], pair[1] ^ hash);
  }
  return fold(hash ^ key[3], key[0]);
}

}  // namespace tocsin
