// What SMB (and later WS-Management) needs of an authentication mechanism: tokens go to and fro
// until both sides share a key. NTLMv2 and Kerberos are behind it.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace tocsin::wire {

/// The client's side. Used for one login.
class Initiator {
 public:
  virtual ~Initiator() = default;
  /// The token to send, given the server's: first the hint of its negotiate answer (negTokenInit2,
  /// possibly empty), then each session setup answer. An empty token: nothing more to send.
  /// denied, malformed, unsupported.
  [[nodiscard]] virtual Result<Bytes> step(BytesView token) = 0;
  [[nodiscard]] virtual bool complete() const = 0;
  /// 16 bytes (NTLM) or more (Kerberos); when complete.
  [[nodiscard]] virtual Bytes session_key() const = 0;
};

/// The server's side, for pretend hosts. Used for one login.
class Acceptor {
 public:
  virtual ~Acceptor() = default;
  /// What the negotiate answer carries (negTokenInit2).
  [[nodiscard]] virtual Bytes hint() = 0;
  /// The answer to the client's token; denied: wrong password or unknown user.
  [[nodiscard]] virtual Result<Bytes> step(BytesView token) = 0;
  [[nodiscard]] virtual bool complete() const = 0;
  [[nodiscard]] virtual Bytes session_key() const = 0;
  /// As the client named itself; when complete.
  [[nodiscard]] virtual std::string user() const = 0;
};

}  // namespace tocsin::wire
