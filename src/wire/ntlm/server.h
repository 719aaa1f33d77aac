// The server's side of an NTLMv2 login ([MS-NLMP] 3.2.5), for pretend Windows hosts.
#pragma once

#include <array>
#include <string>

#include "wire/ntlm/keys.h"
#include "wire/ntlm/messages.h"
#include "wire/ntlm/ntlm.h"
#include "wire/spnego/negotiation.h"

namespace tocsin::ntlm {

/// Steps: NEGOTIATE in, CHALLENGE out; AUTHENTICATE in, nothing out.
class Server final : public spnego::ServerMechanism {
 public:
  Server(AcceptorOptions options, RandomFill random);

  [[nodiscard]] spnego::Oid oid() const override;
  [[nodiscard]] Result<Bytes> step(BytesView token) override;
  [[nodiscard]] bool complete() const override { return complete_; }
  [[nodiscard]] Bytes session_key() const override;
  [[nodiscard]] Bytes sign(BytesView message) const override;
  [[nodiscard]] bool verify(BytesView message, BytesView signature) const override;
  /// DOMAIN\user, or as the client sent it without a domain.
  [[nodiscard]] std::string user() const override { return user_; }

 private:
  [[nodiscard]] Result<Bytes> challenge(BytesView negotiate_bytes);
  [[nodiscard]] Result<Bytes> accept(BytesView authenticate_bytes);
  [[nodiscard]] Result<Key16> verify_login(const Authenticate& message,
                                           BytesView authenticate_bytes) const;
  [[nodiscard]] Result<Key16> agreed_key(const Authenticate& message) const;
  [[nodiscard]] AvPairs target_info() const;

  AcceptorOptions options_;
  RandomFill random_;
  std::array<std::uint8_t, 8> server_challenge_{};
  Bytes negotiate_;  ///< as received, for the MIC
  Bytes challenge_;  ///< as sent, for the MIC
  std::string user_;
  std::uint32_t flags_ = 0;  ///< as negotiated
  Key16 session_key_{};
  bool complete_ = false;
};

}  // namespace tocsin::ntlm
