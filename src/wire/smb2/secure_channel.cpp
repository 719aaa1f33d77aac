#include "wire/smb2/secure_channel.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/try.h"
#include "wire/smb2/message.h"

namespace tocsin::smb2 {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kTransformId = 0x424D53FD;  // FD 'S' 'M' 'B'
constexpr std::uint16_t kEncrypted = 1;
constexpr std::size_t kFlagsAt = 16;
constexpr std::size_t kSignatureAt = 48;
constexpr std::size_t kTagAt = 4;
constexpr std::size_t kNonceAt = 20;  // all from here to the message is authenticated with it

void put(std::span<std::uint8_t> out, std::size_t at, BytesView bytes) {
  std::ranges::copy(bytes, out.begin() + static_cast<std::ptrdiff_t>(at));
}

Role other(Role role) { return role == Role::client ? Role::server : Role::client; }

}  // namespace

MessageForm form_of(BytesView message) {
  if (message.size() < 4 || message[1] != 'S' || message[2] != 'M' || message[3] != 'B')
    return MessageForm::unknown;
  switch (message[0]) {
    case 0xFE:
      return MessageForm::plain;
    case 0xFD:
      return MessageForm::sealed;
    case 0xFC:
      return MessageForm::compressed;
    case 0xFF:
      return MessageForm::smb1;
    default:
      return MessageForm::unknown;
  }
}

SessionKeys derive_keys(const Negotiated& negotiated, BytesView session_key,
                        const PreauthHash& preauth) {
  std::array<std::uint8_t, 16> key{};
  std::copy_n(session_key.begin(), std::min(session_key.size(), key.size()), key.begin());
  if (negotiated.dialect == Dialect::smb2_1) return {.signing = key};

  const bool v311 = negotiated.dialect == Dialect::smb3_1_1;
  const auto derive = [&](BytesView from, std::string_view label311, std::string_view label30,
                          std::string_view context30, unsigned bits) {
    return v311 ? crypto::kdf(from, as_bytes(label311), preauth.value(), bits)
                : crypto::kdf(from, as_bytes(label30), as_bytes(context30), bits);
  };
  SessionKeys keys;
  const auto signing = derive(key, "SMBSigningKey\0"sv, "SMB2AESCMAC\0"sv, "SmbSign\0"sv, 128);
  std::ranges::copy(signing, keys.signing.begin());
  if (negotiated.cipher == crypto::Cipher::none) return keys;

  const bool long_keys = crypto::key_size(negotiated.cipher) == 32;
  const auto from = long_keys ? session_key : BytesView(key);
  const unsigned bits = long_keys ? 256 : 128;
  keys.client_to_server =
      derive(from, "SMBC2SCipherKey\0"sv, "SMB2AESCCM\0"sv, "ServerIn \0"sv, bits);
  keys.server_to_client =
      derive(from, "SMBS2CCipherKey\0"sv, "SMB2AESCCM\0"sv, "ServerOut\0"sv, bits);
  return keys;
}

SecureChannel::SecureChannel(Role role, const Negotiated& negotiated, std::uint64_t session_id,
                             SessionKeys keys, const RandomFill& random)
    : negotiated_(negotiated),
      role_(role),
      established_(true),
      session_id_(session_id),
      keys_(std::move(keys)) {
  random(nonce_prefix_);
}

crypto::Tag16 SecureChannel::signature(BytesView message, Role sender) const {
  switch (negotiated_.signing) {
    case SigningAlgorithm::aes_cmac:
      return crypto::aes_cmac(keys_.signing, {message});
    case SigningAlgorithm::aes_gmac: {
      // 3.1.4.1: message id, then who sends and whether it is a CANCEL.
      Reader in(message);
      in.skip(12);
      const bool cancel = static_cast<Command>(in.u16()) == Command::cancel;
      std::array<std::uint8_t, 12> nonce{};
      put(nonce, 0, message.subspan(24, 8));
      nonce[8] = static_cast<std::uint8_t>((sender == Role::server ? 1 : 0) | (cancel ? 2 : 0));
      return crypto::aes_gmac(keys_.signing, nonce, {message});
    }
    case SigningAlgorithm::hmac_sha256:
      break;
  }
  const auto digest = crypto::hmac_sha256(keys_.signing, {message});
  crypto::Tag16 tag;
  std::copy_n(digest.begin(), tag.size(), tag.begin());
  return tag;
}

void SecureChannel::sign(std::span<std::uint8_t> message) const {
  message[kFlagsAt] |= kFlagSigned;
  std::ranges::fill(message.subspan(kSignatureAt, 16), std::uint8_t{0});
  put(message, kSignatureAt, signature(message, role_));
}

bool SecureChannel::verify(std::span<std::uint8_t> message) const {
  const auto field = message.subspan(kSignatureAt, 16);
  crypto::Tag16 claimed;
  std::ranges::copy(field, claimed.begin());
  std::ranges::fill(field, std::uint8_t{0});
  return crypto::equal(signature(message, other(role_)), claimed);
}

void SecureChannel::seal(std::span<std::uint8_t> room) {
  const auto message = room.subspan(kTransformSize);
  Writer header;
  header.reserve(kTransformSize);
  header.u32(kTransformId).zeros(16).u64(sealed_count_++).bytes(nonce_prefix_).zeros(4);
  header.u32(static_cast<std::uint32_t>(message.size())).u16(0).u16(kEncrypted).u64(session_id_);
  put(room, 0, header.view());
  // CCM takes one byte less of the nonce; what it leaves must be zero (2.2.41).
  const auto nonce_size = crypto::nonce_size(negotiated_.cipher);
  std::ranges::fill(room.subspan(kNonceAt + nonce_size, 16 - nonce_size), std::uint8_t{0});
  const auto tag = crypto::seal(
      negotiated_.cipher, role_ == Role::client ? keys_.client_to_server : keys_.server_to_client,
      room.subspan(kNonceAt, nonce_size), room.subspan(kNonceAt, kTransformSize - kNonceAt),
      message);
  put(room, kTagAt, tag);
}

Result<> SecureChannel::open(std::span<std::uint8_t> sealed) const {
  if (!established_ || !can_seal())
    return fail(ErrorKind::malformed, "encrypted message where no cipher was negotiated");
  Reader in(sealed);
  in.skip(4);
  const auto tag = in.bytes(16);
  const auto nonce = in.bytes(16);
  const auto size = in.u32();
  in.skip(2);
  const auto flags = in.u16();
  const auto session_id = in.u64();
  TRY(in.finish("encrypted message"));
  if (flags != kEncrypted || size != in.remaining() || size < kHeaderSize)
    return fail(ErrorKind::malformed, "encrypted message has a wrong size or flags");
  if (session_id != session_id_)
    return fail(ErrorKind::malformed, "encrypted message of another session");
  if (!crypto::open(negotiated_.cipher,
                    role_ == Role::client ? keys_.server_to_client : keys_.client_to_server,
                    nonce.first(crypto::nonce_size(negotiated_.cipher)),
                    sealed.subspan(kNonceAt, kTransformSize - kNonceAt),
                    sealed.subspan(kTransformSize), tag))
    return fail(ErrorKind::malformed,
                "encrypted message does not decrypt: it was changed on its way");
  return {};
}

}  // namespace tocsin::smb2
