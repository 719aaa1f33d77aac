// The tokens of SPNEGO (RFC 4178, [MS-SPNG] 2.2.1) as DER and as structs, both ways.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace tocsin::spnego {

/// The content of a DER OBJECT IDENTIFIER.
using Oid = Bytes;
/// 1.3.6.1.4.1.311.2.2.10
inline constexpr std::array<std::uint8_t, 10> kNtlmOid{0x2b, 0x06, 0x01, 0x04, 0x01,
                                                       0x82, 0x37, 0x02, 0x02, 0x0a};
/// 1.2.840.113554.1.2.2 (RFC 4121, 1)
inline constexpr std::array<std::uint8_t, 9> kKerberosOid{0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                          0x12, 0x01, 0x02, 0x02};
/// 1.2.840.48018.1.2.2: the same as Windows 2000 wrote it by mistake, and as Windows likes it best
/// since ([MS-SPNG] 3.1.5.2)
inline constexpr std::array<std::uint8_t, 9> kWindowsKerberosOid{0x2a, 0x86, 0x48, 0x82, 0xf7,
                                                                 0x12, 0x01, 0x02, 0x02};

/// The mechanism as people call it: "Kerberos", "NTLM"; "another one" where it is not known.
[[nodiscard]] std::string name_of(const Oid& mechanism);

/// What [MS-SPNG] 3.2.5.2 has servers say in their hint.
inline constexpr std::string_view kHintName = "not_defined_in_RFC4178@please_ignore";

/// NegTokenInit of a client (RFC 4178, 4.2.1); with a hint name NegTokenInit2 of a server.
struct NegTokenInit {
  std::vector<Oid> mech_types;  ///< in order of preference
  std::optional<Bytes> mech_token;
  std::optional<std::string> hint_name;
  std::optional<Bytes> mech_list_mic;

  friend bool operator==(const NegTokenInit&, const NegTokenInit&) = default;
};

enum class NegState : std::uint8_t {
  accept_completed = 0,
  accept_incomplete = 1,
  reject = 2,
  request_mic = 3,
};

/// RFC 4178, 4.2.2.
struct NegTokenResp {
  std::optional<NegState> state;
  std::optional<Oid> supported_mech;
  std::optional<Bytes> response_token;
  std::optional<Bytes> mech_list_mic;

  friend bool operator==(const NegTokenResp&, const NegTokenResp&) = default;
};

[[nodiscard]] Bytes encode(const NegTokenInit& token);
[[nodiscard]] Bytes encode(const NegTokenResp& token);
/// malformed: not this token, not DER, or cut short.
[[nodiscard]] Result<NegTokenInit> decode_init(BytesView bytes);
[[nodiscard]] Result<NegTokenResp> decode_resp(BytesView bytes);

/// MechTypeList: what mechListMIC signs (RFC 4178, 5).
[[nodiscard]] Bytes encode_mech_types(const std::vector<Oid>& mech_types);

}  // namespace tocsin::spnego
