// The client's side of an NTLMv2 login ([MS-NLMP] 3.1.5).
#pragma once

#include <string>

#include "wire/ntlm/keys.h"
#include "wire/ntlm/messages.h"
#include "wire/ntlm/ntlm.h"
#include "wire/spnego/negotiation.h"

namespace tocsin::ntlm {

/// Steps: nothing in, NEGOTIATE out; CHALLENGE in, AUTHENTICATE out.
class Client final : public spnego::Mechanism {
 public:
  Client(Credentials credentials, RandomFill random, Time now, std::string target);

  [[nodiscard]] spnego::Oid oid() const override;
  [[nodiscard]] Result<Bytes> step(BytesView token) override;
  [[nodiscard]] bool complete() const override { return complete_; }
  [[nodiscard]] Bytes session_key() const override;
  [[nodiscard]] Bytes sign(BytesView message) const override;
  [[nodiscard]] bool verify(BytesView message, BytesView signature) const override;

 private:
  [[nodiscard]] Result<Bytes> negotiate();
  [[nodiscard]] Result<Bytes> authenticate(BytesView challenge_bytes);
  [[nodiscard]] Result<ClientChallenge> client_challenge(const Challenge& challenge) const;

  Credentials credentials_;
  RandomFill random_;
  Time now_;
  std::string target_;
  Bytes negotiate_;  ///< as sent, for the MIC
  Key16 session_key_{};
  bool complete_ = false;
};

}  // namespace tocsin::ntlm
