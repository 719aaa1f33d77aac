// OpenSSL for what it still offers, nettle for MD4 and RC4, which OpenSSL 3 hides in its legacy
// provider. Algorithms are fetched once a process and contexts made once a thread: fetching and
// allocating cost more than hashing a short message.
#include "wire/crypto.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <nettle/arcfour.h>
#include <nettle/md4.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace tocsin::crypto {
namespace {

struct Free {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

/// OpenSSL fails here only without memory, without its default provider, or for a key or nonce of
/// the wrong size: all broken invariants.
void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL failed in a primitive that cannot fail");
}
template <typename T>
Owned<T> require_made(T* made) {
  require(made != nullptr);
  return Owned<T>(made);
}

int int_size(std::size_t size) {
  require(size <= std::size_t{1} << 30);
  return static_cast<int>(size);
}

// OpenSSL takes no null pointer for an empty input.
constexpr std::uint8_t kNothing = 0;
const std::uint8_t* data_of(BytesView view) { return view.empty() ? &kNothing : view.data(); }

class Digest {
 public:
  explicit Digest(const EVP_MD* algorithm)
      : algorithm_(algorithm), context_(require_made(EVP_MD_CTX_new())) {}

  template <std::size_t N>
  std::array<std::uint8_t, N> run(std::initializer_list<BytesView> parts) {
    std::array<std::uint8_t, N> out;
    require(EVP_DigestInit_ex2(context_.get(), algorithm_, nullptr) == 1);
    for (const auto part : parts)
      require(EVP_DigestUpdate(context_.get(), part.data(), part.size()) == 1);
    require(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
    return out;
  }

 private:
  const EVP_MD* algorithm_;
  Owned<EVP_MD_CTX> context_;
};

/// HMAC or CMAC over a fixed digest or cipher.
class Mac {
 public:
  Mac(EVP_MAC* algorithm, const char* parameter, std::string_view value)
      : context_(require_made(EVP_MAC_CTX_new(algorithm))) {
    std::string text(value);
    const std::array parameters{OSSL_PARAM_construct_utf8_string(parameter, text.data(), 0),
                                OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(context_.get(), parameters.data()) == 1);
  }

  template <std::size_t N>
  std::array<std::uint8_t, N> run(BytesView key, std::initializer_list<BytesView> parts) {
    std::array<std::uint8_t, N> out;
    std::size_t size = 0;
    require(EVP_MAC_init(context_.get(), data_of(key), key.size(), nullptr) == 1);
    for (const auto part : parts)
      require(EVP_MAC_update(context_.get(), part.data(), part.size()) == 1);
    require(EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1 && size == N);
    return out;
  }

 private:
  Owned<EVP_MAC_CTX> context_;
};

EVP_MAC* hmac() {
  static const auto algorithm = require_made(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  return algorithm.get();
}

enum class Direction : std::uint8_t { decrypt, encrypt };

/// One AEAD in one direction; the tag has 16 bytes.
class Aead {
 public:
  Aead(const char* name, Cipher cipher, Direction direction)
      : cipher_(cipher), context_(require_made(EVP_CIPHER_CTX_new())) {
    const auto algorithm = require_made(EVP_CIPHER_fetch(nullptr, name, nullptr));
    require(EVP_CipherInit_ex2(context_.get(), algorithm.get(), nullptr, nullptr,
                               direction == Direction::encrypt ? 1 : 0, nullptr) == 1);
    require(control(EVP_CTRL_AEAD_SET_IVLEN, nonce_size(cipher), nullptr));
    if (is_ccm() && direction == Direction::encrypt)
      require(control(EVP_CTRL_AEAD_SET_TAG, sizeof(Tag16), nullptr));
  }

  Tag16 seal(BytesView key, BytesView nonce, std::initializer_list<BytesView> associated,
             std::span<std::uint8_t> data) {
    start(key, nonce);
    require(update(associated, data));
    Tag16 tag;
    int size = 0;
    require(EVP_CipherFinal_ex(context_.get(), tag.data(), &size) == 1);
    require(control(EVP_CTRL_AEAD_GET_TAG, tag.size(), tag.data()));
    return tag;
  }

  bool open(BytesView key, BytesView nonce, BytesView associated, std::span<std::uint8_t> data,
            Tag16 tag) {
    // CCM wants the tag before the key, GCM before the end: before the key suits both.
    require(control(EVP_CTRL_AEAD_SET_TAG, tag.size(), tag.data()));
    start(key, nonce);
    // CCM verifies while it decrypts, GCM at its end.
    if (!update({associated}, data)) return false;
    int size = 0;
    return is_ccm() || EVP_CipherFinal_ex(context_.get(), tag.data(), &size) == 1;
  }

 private:
  [[nodiscard]] bool is_ccm() const {
    return cipher_ == Cipher::aes128_ccm || cipher_ == Cipher::aes256_ccm;
  }
  bool control(int what, std::size_t size, void* bytes) {
    return EVP_CIPHER_CTX_ctrl(context_.get(), what, int_size(size), bytes) == 1;
  }
  void start(BytesView key, BytesView nonce) {
    require(key.size() == key_size(cipher_) && nonce.size() == nonce_size(cipher_));
    // Expanding a key costs as much as sealing a short message, and those of one host come one
    // after the other. CCM wants it each time.
    const bool is_set = !is_ccm() && equal(key, key_);
    // A null cipher keeps the fetched one and its set-up, a null key the last; -1 the direction.
    require(EVP_CipherInit_ex2(context_.get(), nullptr, is_set ? nullptr : key.data(), nonce.data(),
                               -1, nullptr) == 1);
    if (!is_set && !is_ccm()) key_ = to_bytes(key);
  }
  bool update(std::initializer_list<BytesView> associated, std::span<std::uint8_t> data) {
    int size = 0;
    std::uint8_t nothing = 0;
    if (is_ccm() &&
        EVP_CipherUpdate(context_.get(), nullptr, &size, nullptr, int_size(data.size())) != 1)
      return false;
    for (const auto part : associated)
      if (!part.empty() &&
          EVP_CipherUpdate(context_.get(), nullptr, &size, part.data(), int_size(part.size())) != 1)
        return false;
    auto* text = data.empty() ? &nothing : data.data();
    return EVP_CipherUpdate(context_.get(), text, &size, text, int_size(data.size())) == 1;
  }

  Cipher cipher_;
  Owned<EVP_CIPHER_CTX> context_;
  Bytes key_;  ///< that the context is set up for
};

/// This thread's own, made at the first use.
Aead& aead(Cipher cipher, Direction direction) {
  constexpr std::array kNames{"AES-128-CCM", "AES-128-GCM", "AES-256-CCM", "AES-256-GCM"};
  thread_local std::array<std::array<std::optional<Aead>, 2>, kNames.size()> all;
  require(cipher != Cipher::none);
  const auto index = static_cast<std::size_t>(cipher) - 1;
  auto& one = all.at(index).at(static_cast<std::size_t>(direction));
  if (!one) one.emplace(kNames.at(index), cipher, direction);
  return *one;
}

}  // namespace

std::array<std::uint8_t, 16> md4(BytesView data) {
  md4_ctx context;
  md4_init(&context);
  md4_update(&context, data.size(), data.data());
  std::array<std::uint8_t, 16> out;
  md4_digest(&context, out.size(), out.data());
  return out;
}

std::array<std::uint8_t, 16> md5(BytesView data) {
  static const auto algorithm = require_made(EVP_MD_fetch(nullptr, "MD5", nullptr));
  thread_local Digest digest(algorithm.get());
  return digest.run<16>({data});
}

std::array<std::uint8_t, 16> hmac_md5(BytesView key, std::initializer_list<BytesView> parts) {
  thread_local Mac mac(hmac(), OSSL_MAC_PARAM_DIGEST, "MD5");
  return mac.run<16>(key, parts);
}

std::array<std::uint8_t, 32> hmac_sha256(BytesView key, std::initializer_list<BytesView> parts) {
  thread_local Mac mac(hmac(), OSSL_MAC_PARAM_DIGEST, "SHA256");
  return mac.run<32>(key, parts);
}

std::array<std::uint8_t, 32> sha256(BytesView data) {
  static const auto algorithm = require_made(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  thread_local Digest digest(algorithm.get());
  return digest.run<32>({data});
}

Digest64 sha512(std::initializer_list<BytesView> parts) {
  static const auto algorithm = require_made(EVP_MD_fetch(nullptr, "SHA512", nullptr));
  thread_local Digest digest(algorithm.get());
  return digest.run<64>(parts);
}

Tag16 aes_cmac(BytesView key16, std::initializer_list<BytesView> parts) {
  static const auto algorithm = require_made(EVP_MAC_fetch(nullptr, "CMAC", nullptr));
  thread_local Mac mac(algorithm.get(), OSSL_MAC_PARAM_CIPHER, "AES-128-CBC");
  return mac.run<16>(key16, parts);
}

Tag16 aes_gmac(BytesView key16, BytesView nonce12, std::initializer_list<BytesView> parts) {
  return aead(Cipher::aes128_gcm, Direction::encrypt).seal(key16, nonce12, parts, {});
}

void rc4(BytesView key, std::span<std::uint8_t> data) {
  arcfour_ctx context;
  arcfour_set_key(&context, key.size(), key.data());
  arcfour_crypt(&context, data.size(), data.data(), data.data());
}

Bytes kdf(BytesView key, BytesView label, BytesView context, unsigned bits) {
  require(bits == 128 || bits == 256);
  // One block of HMAC-SHA256 is enough: counter 1 and the length in bits, both big-endian.
  constexpr std::array<std::uint8_t, 4> kCounter{0, 0, 0, 1};
  constexpr std::array<std::uint8_t, 1> kSeparator{0};
  const std::array<std::uint8_t, 4> length{0, 0, static_cast<std::uint8_t>(bits >> 8),
                                           static_cast<std::uint8_t>(bits)};
  const auto block = hmac_sha256(key, {kCounter, label, kSeparator, context, length});
  return {block.begin(), block.begin() + bits / 8};
}

std::optional<Bytes> scrypt(BytesView password, BytesView salt, ScryptCost cost, std::size_t size) {
  // OpenSSL counts all that it allocates; the caller has set bounds already.
  constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 40;
  Bytes out(size);
  const auto* const text = reinterpret_cast<const char*>(data_of(password));
  const bool done = EVP_PBE_scrypt(text, password.size(), data_of(salt), salt.size(),
                                   std::uint64_t{1} << cost.log2_cost, cost.block_size,
                                   cost.parallel, kNoLimit, out.data(), out.size()) == 1;
  if (!done) return std::nullopt;
  return out;
}

std::size_t key_size(Cipher cipher) {
  switch (cipher) {
    case Cipher::none:
      return 0;
    case Cipher::aes128_ccm:
    case Cipher::aes128_gcm:
      return 16;
    case Cipher::aes256_ccm:
    case Cipher::aes256_gcm:
      return 32;
  }
  return 0;
}

std::size_t nonce_size(Cipher cipher) {
  switch (cipher) {
    case Cipher::none:
      return 0;
    case Cipher::aes128_ccm:
    case Cipher::aes256_ccm:
      return 11;
    case Cipher::aes128_gcm:
    case Cipher::aes256_gcm:
      return 12;
  }
  return 0;
}

Tag16 seal(Cipher cipher, BytesView key, BytesView nonce, BytesView associated,
           std::span<std::uint8_t> data) {
  return aead(cipher, Direction::encrypt).seal(key, nonce, {associated}, data);
}

bool open(Cipher cipher, BytesView key, BytesView nonce, BytesView associated,
          std::span<std::uint8_t> data, BytesView tag) {
  Tag16 copy;
  if (tag.size() != copy.size()) return false;
  std::ranges::copy(tag, copy.begin());
  return aead(cipher, Direction::decrypt).open(key, nonce, associated, data, copy);
}

bool equal(BytesView a, BytesView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tocsin::crypto
