// The three messages of NTLM ([MS-NLMP] 2.2) as bytes and as structs, both ways.
// Text is UTF-8 here; a peer that does not negotiate Unicode sends raw bytes of its code page.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

namespace tocsin::ntlm {

/// NEGOTIATE flags, 2.2.2.5: those that we ask for or read.
namespace flag {
inline constexpr std::uint32_t kUnicode = 1U << 0;
inline constexpr std::uint32_t kRequestTarget = 1U << 2;
inline constexpr std::uint32_t kSign = 1U << 4;
inline constexpr std::uint32_t kSeal = 1U << 5;
inline constexpr std::uint32_t kNtlm = 1U << 9;
inline constexpr std::uint32_t kAnonymous = 1U << 11;
inline constexpr std::uint32_t kAlwaysSign = 1U << 15;
inline constexpr std::uint32_t kTargetTypeDomain = 1U << 16;
inline constexpr std::uint32_t kTargetTypeServer = 1U << 17;
inline constexpr std::uint32_t kExtendedSessionSecurity = 1U << 19;
inline constexpr std::uint32_t kTargetInfo = 1U << 23;
inline constexpr std::uint32_t kVersion = 1U << 25;
inline constexpr std::uint32_t k128 = 1U << 29;
inline constexpr std::uint32_t kKeyExchange = 1U << 30;
inline constexpr std::uint32_t k56 = 1U << 31;
}  // namespace flag

/// VERSION, 2.2.2.10; for people who read traces, nobody decides by it.
struct Version {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t build = 0;
  std::uint8_t revision = 0;  ///< of NTLMSSP: 15

  friend bool operator==(const Version&, const Version&) = default;
};

/// AV_PAIR, 2.2.2.1.
enum class AvId : std::uint16_t {
  eol = 0,
  nb_computer_name = 1,
  nb_domain_name = 2,
  dns_computer_name = 3,
  dns_domain_name = 4,
  dns_tree_name = 5,
  flags = 6,
  timestamp = 7,
  single_host = 8,
  target_name = 9,
  channel_bindings = 10,
};
struct AvPair {
  AvId id;
  Bytes value;

  friend bool operator==(const AvPair&, const AvPair&) = default;
};
/// MsvAvFlags: the message carries a MIC.
inline constexpr std::uint32_t kAvFlagMic = 2;

/// A list of pairs without its terminator; the first of an id counts.
using AvPairs = std::vector<AvPair>;
[[nodiscard]] const Bytes* find(const AvPairs& pairs, AvId id);
/// With the terminator.
[[nodiscard]] Bytes encode(const AvPairs& pairs);
/// What follows the terminator is ignored; malformed: a pair is cut short, or no terminator.
[[nodiscard]] Result<AvPairs> decode_av_pairs(BytesView bytes);

/// NEGOTIATE_MESSAGE, 2.2.1.1.
struct Negotiate {
  std::uint32_t flags = 0;
  std::string domain;       ///< in the client's code page
  std::string workstation;  ///< in the client's code page
  Version version;

  friend bool operator==(const Negotiate&, const Negotiate&) = default;
};

/// CHALLENGE_MESSAGE, 2.2.1.2.
struct Challenge {
  std::uint32_t flags = 0;
  std::string target;
  std::array<std::uint8_t, 8> server_challenge{};
  AvPairs target_info;
  Version version;

  friend bool operator==(const Challenge&, const Challenge&) = default;
};

/// AUTHENTICATE_MESSAGE, 2.2.1.3.
struct Authenticate {
  std::uint32_t flags = 0;
  Bytes lm_response;
  Bytes nt_response;
  std::string domain;
  std::string user;
  std::string workstation;
  Bytes encrypted_session_key;
  Version version;
  /// Nothing when the message has no room for it; whether it counts, the MsvAvFlags tell.
  std::optional<std::array<std::uint8_t, 16>> mic;

  friend bool operator==(const Authenticate&, const Authenticate&) = default;
};
/// Where the MIC lies in an AUTHENTICATE_MESSAGE that has one.
inline constexpr std::size_t kMicOffset = 72;
inline constexpr std::size_t kMicSize = 16;

/// Fields are at most 65,535 bytes long: the caller has checked what people wrote.
[[nodiscard]] Bytes encode(const Negotiate& message);
[[nodiscard]] Bytes encode(const Challenge& message);
[[nodiscard]] Bytes encode(const Authenticate& message);
/// malformed: another message, cut short, or a field outside the message.
[[nodiscard]] Result<Negotiate> decode_negotiate(BytesView bytes);
[[nodiscard]] Result<Challenge> decode_challenge(BytesView bytes);
[[nodiscard]] Result<Authenticate> decode_authenticate(BytesView bytes);

/// NTLMv2_CLIENT_CHALLENGE, 2.2.2.7: what the client proves to have hashed.
struct ClientChallenge {
  std::uint64_t filetime = 0;  ///< steps of 100 ns since 1601
  std::array<std::uint8_t, 8> challenge{};
  AvPairs target_info;

  friend bool operator==(const ClientChallenge&, const ClientChallenge&) = default;
};
[[nodiscard]] Bytes encode(const ClientChallenge& challenge);
/// malformed.
[[nodiscard]] Result<ClientChallenge> decode_client_challenge(BytesView bytes);

}  // namespace tocsin::ntlm
