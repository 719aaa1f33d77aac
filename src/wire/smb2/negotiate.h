// The negotiation: what each side can, and the check afterwards that nobody changed it on the way
// ([MS-SMB2] 2.2.3, 2.2.4, 2.2.31.4, 2.2.32.6). Conventions as in message.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "wire/smb2/dialect.h"

namespace tocsin::smb2 {

/// A server that has yet to see SMB2 dialects answers an SMB1 negotiation with this.
inline constexpr auto kAnyDialect = static_cast<Dialect>(0x02FF);

inline constexpr std::uint32_t kCapabilityLargeMtu = 0x04;
inline constexpr std::uint32_t kCapabilityEncryption = 0x40;

inline constexpr std::uint16_t kHashSha512 = 1;

using Guid = std::array<std::uint8_t, 16>;

struct PreauthIntegrity {
  std::vector<std::uint16_t> hashes{};
  BytesView salt{};
};

/// The negotiate contexts of 3.1.1. Each kind may stand there once; unknown kinds are skipped.
struct NegotiateContexts {
  std::optional<PreauthIntegrity> preauth{};
  std::optional<std::vector<crypto::Cipher>> ciphers{};
  std::optional<std::vector<SigningAlgorithm>> signing{};
  std::optional<std::string> net_name{};
};

struct NegotiateRequest {
  std::uint16_t security_mode = 0;
  std::uint32_t capabilities = 0;
  Guid client_guid{};
  std::vector<Dialect> dialects{};
  NegotiateContexts contexts{};  ///< only with 3.1.1 among the dialects

  [[nodiscard]] static Result<NegotiateRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

struct NegotiateResponse {
  std::uint16_t security_mode = 0;
  Dialect dialect = Dialect::smb2_1;
  Guid server_guid{};
  std::uint32_t capabilities = 0;
  std::uint32_t max_transact = 0;
  std::uint32_t max_read = 0;
  std::uint32_t max_write = 0;
  std::uint64_t system_time = 0;  ///< FILETIME
  std::uint64_t start_time = 0;   ///< FILETIME
  BytesView token{};
  NegotiateContexts contexts{};  ///< only of 3.1.1

  [[nodiscard]] static Result<NegotiateResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

/// The input of FSCTL_VALIDATE_NEGOTIATE_INFO: what the client believes to have sent.
struct ValidateNegotiateRequest {
  std::uint32_t capabilities = 0;
  Guid client_guid{};
  std::uint16_t security_mode = 0;
  std::vector<Dialect> dialects{};

  [[nodiscard]] static Result<ValidateNegotiateRequest> decode(BytesView input);
  [[nodiscard]] Bytes encode() const;
  friend bool operator==(const ValidateNegotiateRequest&,
                         const ValidateNegotiateRequest&) = default;
};

/// Its output: what the server believes to have answered.
struct ValidateNegotiateResponse {
  std::uint32_t capabilities = 0;
  Guid server_guid{};
  std::uint16_t security_mode = 0;
  Dialect dialect = Dialect::smb2_1;

  static constexpr std::size_t kSize = 24;
  [[nodiscard]] static Result<ValidateNegotiateResponse> decode(BytesView output);
  [[nodiscard]] Bytes encode() const;
  friend bool operator==(const ValidateNegotiateResponse&,
                         const ValidateNegotiateResponse&) = default;
};

}  // namespace tocsin::smb2
