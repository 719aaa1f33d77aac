#include "logins/fingerprint.h"

#include <cstddef>
#include <cstdint>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace tocsin::logins {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
/// RFC 7914, 2: a quarter of what is usual for logins of people, because the first check waits.
constexpr std::uint64_t kCost = 1U << 12;
constexpr std::uint64_t kBlockSize = 8;
constexpr std::uint64_t kParallel = 1;
constexpr std::uint64_t kMostMemory = std::uint64_t{32} << 20;

Bytes hash_of(std::string_view secret, BytesView salt) {
  Bytes hash(kHashBytes);
  const bool done =
      EVP_PBE_scrypt(secret.data(), secret.size(), salt.data(), salt.size(), kCost, kBlockSize,
                     kParallel, kMostMemory, hash.data(), hash.size()) == 1;
  if (!done) hash.clear();  // matches nothing
  return hash;
}

}  // namespace

Fingerprint Fingerprint::of(std::string_view secret, const RandomFill& random) {
  Bytes salt(kSaltBytes);
  random(salt);
  auto hash = hash_of(secret, salt);
  return {.salt = std::move(salt), .hash = std::move(hash)};
}

bool Fingerprint::matches(std::string_view secret) const {
  if (salt.size() != kSaltBytes || hash.size() != kHashBytes) return false;
  const auto other = hash_of(secret, salt);
  return other.size() == hash.size() && CRYPTO_memcmp(other.data(), hash.data(), hash.size()) == 0;
}

}  // namespace tocsin::logins
