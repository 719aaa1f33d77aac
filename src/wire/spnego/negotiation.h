// SPNEGO as a conversation (RFC 4178, [MS-SPNG] 3): the two ends that SMB talks to, around one
// security mechanism.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "wire/authentication.h"
#include "wire/spnego/tokens.h"

namespace tocsin::spnego {

/// One end of a security mechanism: NTLM or Kerberos.
class Mechanism {
 public:
  virtual ~Mechanism() = default;
  [[nodiscard]] virtual Oid oid() const = 0;
  /// Other names of the same mechanism, which a client offers behind the first.
  [[nodiscard]] virtual std::vector<Oid> other_oids() const { return {}; }
  /// The answer to the peer's token; a client begins with an empty one.
  [[nodiscard]] virtual Result<Bytes> step(BytesView token) = 0;
  [[nodiscard]] virtual bool complete() const = 0;
  /// The rest only when complete.
  [[nodiscard]] virtual Bytes session_key() const = 0;
  [[nodiscard]] virtual Bytes sign(BytesView message) const = 0;
  [[nodiscard]] virtual bool verify(BytesView message, BytesView signature) const = 0;
};

class ServerMechanism : public Mechanism {
 public:
  [[nodiscard]] virtual std::string user() const = 0;
};

/// Offers this mechanism only, by those of its names that the server's hint has, so that the first
/// token is never for nothing. A mechListMIC of the server is verified. Beside the mechanism's own
/// errors: denied (the server rejects), unsupported (it does not offer the mechanism), malformed
/// (also: its mechListMIC is wrong).
[[nodiscard]] std::unique_ptr<wire::Initiator> make_initiator(std::unique_ptr<Mechanism> mechanism);

/// Takes a client that offers the mechanism at any place of its list. The mechListMIC is demanded
/// when the client prefers another one, else verified when it is there.
[[nodiscard]] std::unique_ptr<wire::Acceptor> make_acceptor(
    std::unique_ptr<ServerMechanism> mechanism);

}  // namespace tocsin::spnego
