// The primitives that SMB2, NTLM and the login of the dashboard are made of. MD4 and RC4 are broken
// and still on the wire.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/words.h"

namespace tocsin::crypto {

using Key16 = std::array<std::uint8_t, 16>;
using Tag16 = std::array<std::uint8_t, 16>;
using Digest64 = std::array<std::uint8_t, 64>;

[[nodiscard]] std::array<std::uint8_t, 16> md4(BytesView data);
[[nodiscard]] std::array<std::uint8_t, 16> md5(BytesView data);
/// Over the parts one after the other.
[[nodiscard]] std::array<std::uint8_t, 16> hmac_md5(BytesView key,
                                                    std::initializer_list<BytesView> parts);
[[nodiscard]] std::array<std::uint8_t, 32> hmac_sha256(BytesView key,
                                                       std::initializer_list<BytesView> parts);
[[nodiscard]] std::array<std::uint8_t, 32> sha256(BytesView data);
[[nodiscard]] Digest64 sha512(std::initializer_list<BytesView> parts);
/// AES-128-CMAC (RFC 4493).
[[nodiscard]] Tag16 aes_cmac(BytesView key16, std::initializer_list<BytesView> parts);
/// AES-128-GMAC with a nonce of 12 bytes.
[[nodiscard]] Tag16 aes_gmac(BytesView key16, BytesView nonce12,
                             std::initializer_list<BytesView> parts);
/// Encrypts or decrypts `data` in place.
void rc4(BytesView key, std::span<std::uint8_t> data);
/// NIST SP 800-108 in counter mode with HMAC-SHA256, as [MS-SMB2] 3.1.4.2 uses it; `bits` 128 or
/// 256. The label goes in with its terminating zero when the caller writes it so.
[[nodiscard]] Bytes kdf(BytesView key, BytesView label, BytesView context, unsigned bits);

/// What scrypt costs: 128 * block_size * 2^log2_cost bytes, and `parallel` times the work for them.
struct ScryptCost {
  unsigned log2_cost;
  unsigned block_size;
  unsigned parallel;
};
/// scrypt (RFC 7914): slow by intention, so never on the loop. Nothing: the memory for it is
/// missing.
[[nodiscard]] std::optional<Bytes> scrypt(BytesView password, BytesView salt, ScryptCost cost,
                                          std::size_t size);

enum class Cipher : std::uint16_t {  ///< [MS-SMB2] 2.2.3.1.2
  none = 0,
  aes128_ccm = 1,
  aes128_gcm = 2,
  aes256_ccm = 3,
  aes256_gcm = 4,
};
consteval auto table_of(Cipher) {
  using enum Cipher;
  return std::array{Word{none, "none"}, Word{aes128_ccm, "AES-128-CCM"},
                    Word{aes128_gcm, "AES-128-GCM"}, Word{aes256_ccm, "AES-256-CCM"},
                    Word{aes256_gcm, "AES-256-GCM"}};
}
[[nodiscard]] std::size_t key_size(Cipher cipher);
[[nodiscard]] std::size_t nonce_size(Cipher cipher);
/// Encrypts in place and answers the tag.
[[nodiscard]] Tag16 seal(Cipher cipher, BytesView key, BytesView nonce, BytesView associated,
                         std::span<std::uint8_t> data);
/// Decrypts in place; false (and `data` is garbage) when the tag does not verify.
[[nodiscard]] bool open(Cipher cipher, BytesView key, BytesView nonce, BytesView associated,
                        std::span<std::uint8_t> data, BytesView tag);
/// In constant time.
[[nodiscard]] bool equal(BytesView a, BytesView b);

}  // namespace tocsin::crypto
