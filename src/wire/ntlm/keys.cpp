#include "wire/ntlm/keys.h"

#include "base/text.h"
#include "wire/ntlm/messages.h"

namespace tocsin::ntlm {
namespace {

/// SIGNKEY and SEALKEY, 3.4.5.2 and 3.4.5.3.
Key16 derived_key(const Key16& session_key, Side side, std::string_view purpose) {
  std::string magic(side == Side::client ? "session key to client-to-server "
                                         : "session key to server-to-client ");
  magic.append(purpose).append(" key magic constant").push_back('\0');
  Writer input;
  input.bytes(session_key).bytes(as_bytes(magic));
  return crypto::md5(input.view());
}

}  // namespace

Key16 response_key(const Secret& password, std::string_view user, std::string_view domain) {
  return crypto::hmac_md5(crypto::md4(to_utf16(password.reveal())),
                          {to_utf16(fold_case(user)), to_utf16(domain)});
}

Key16 proof(const Key16& response_key, BytesView server_challenge, BytesView client_challenge) {
  return crypto::hmac_md5(response_key, {server_challenge, client_challenge});
}

Key16 session_base_key(const Key16& response_key, const Key16& proof) {
  return crypto::hmac_md5(response_key, {proof});
}

Key16 message_integrity_code(const Key16& session_key, BytesView negotiate, BytesView challenge,
                             BytesView authenticate) {
  constexpr std::array<std::uint8_t, kMicSize> kZeros{};
  return crypto::hmac_md5(session_key, {negotiate, challenge, authenticate.first(kMicOffset),
                                        kZeros, authenticate.subspan(kMicOffset + kMicSize)});
}

Key16 signature(const Key16& session_key, std::uint32_t flags, Side side, BytesView message) {
  constexpr std::array<std::uint8_t, 4> kSequenceNumber{};
  const auto digest =
      crypto::hmac_md5(derived_key(session_key, side, "signing"), {kSequenceNumber, message});
  Bytes checksum(digest.begin(), digest.begin() + 8);
  if ((flags & flag::kKeyExchange) != 0)
    crypto::rc4(derived_key(session_key, side, "sealing"), checksum);
  Writer out;
  out.u32(1).bytes(checksum).bytes(kSequenceNumber);
  return Reader(out.view()).array<16>();
}

}  // namespace tocsin::ntlm
