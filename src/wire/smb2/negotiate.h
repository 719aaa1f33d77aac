// The negotiation: what each side can, and the check afterwards that nobody changed it on the way
// ([MS-SMB2] 2.2.3, 2.2.4, 2.2.31.4, 2.2.32.6). decode() and encode() are as in Body (fields.h).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/try.h"
#include "wire/smb2/dialect.h"
#include "wire/smb2/fields.h"

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

template <typename Choice>
[[nodiscard]] bool contains(const std::vector<Choice>& choices, Choice choice) {
  return std::ranges::find(choices, choice) != choices.end();
}

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

/// What an FSCTL takes or answers.
template <typename Message>
// NOLINTNEXTLINE(bugprone-crtp-constructor-accessibility): the messages are aggregates
struct Info {
  /// malformed: it is cut short.
  [[nodiscard]] static Result<Message> decode(BytesView bytes) {
    FieldReader in(bytes);
    Message out;
    out.fields(in);
    TRY(in.finish(Message::kName));
    return out;
  }
  [[nodiscard]] Bytes encode() const {
    Writer out;
    FieldWriter io(out);
    static_cast<const Message&>(*this).fields(io);
    return std::move(out).take();
  }
  friend bool operator==(const Info&, const Info&) = default;
};

/// The input of FSCTL_VALIDATE_NEGOTIATE_INFO: what the client believes to have sent.
struct ValidateNegotiateRequest : Info<ValidateNegotiateRequest> {
  static constexpr std::string_view kName = "VALIDATE_NEGOTIATE_INFO request";
  std::uint32_t capabilities = 0;
  Guid client_guid{};
  std::uint16_t security_mode = 0;
  std::vector<Dialect> dialects{};

  void fields(this auto& self, auto& io) {
    io(self.capabilities, self.client_guid, self.security_mode, self.dialects);
  }
  friend bool operator==(const ValidateNegotiateRequest&,
                         const ValidateNegotiateRequest&) = default;
};

/// Its output: what the server believes to have answered.
struct ValidateNegotiateResponse : Info<ValidateNegotiateResponse> {
  static constexpr std::string_view kName = "VALIDATE_NEGOTIATE_INFO response";
  std::uint32_t capabilities = 0;
  Guid server_guid{};
  std::uint16_t security_mode = 0;
  Dialect dialect = Dialect::smb2_1;

  static constexpr std::size_t kSize = 24;
  void fields(this auto& self, auto& io) {
    io(self.capabilities, self.server_guid, self.security_mode, self.dialect);
  }
  friend bool operator==(const ValidateNegotiateResponse&,
                         const ValidateNegotiateResponse&) = default;
};

}  // namespace tocsin::smb2
