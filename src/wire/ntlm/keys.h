// What NTLMv2 computes from a password ([MS-NLMP] 3.3.2, 3.4).
#pragma once

#include <string_view>

#include "base/names.h"
#include "wire/crypto.h"

namespace tocsin::ntlm {

using crypto::Key16;

/// NTOWFv2, 3.3.2: the user's name counts in upper case, the domain's as it is sent.
[[nodiscard]] Key16 response_key(const Secret& password, std::string_view user,
                                 std::string_view domain);
/// NTProofStr: proves the response key for the server's challenge and the client's (encoded).
[[nodiscard]] Key16 proof(const Key16& response_key, BytesView server_challenge,
                          BytesView client_challenge);
/// SessionBaseKey, which in NTLMv2 is the KeyExchangeKey too.
[[nodiscard]] Key16 session_base_key(const Key16& response_key, const Key16& proof);

/// The MIC over the login's three messages, 3.1.5.1.2; `authenticate` with whatever MIC it holds,
/// which counts as zeros.
[[nodiscard]] Key16 message_integrity_code(const Key16& session_key, BytesView negotiate,
                                           BytesView challenge, BytesView authenticate);

enum class Side : std::uint8_t { client, server };
/// The signature of the first message that a side signs (sequence number 0), with extended session
/// security and 128 bits, 3.4.4.2: all that SPNEGO's mechListMIC needs. `flags` as negotiated.
[[nodiscard]] Key16 signature(const Key16& session_key, std::uint32_t flags, Side side,
                              BytesView message);

}  // namespace tocsin::ntlm
