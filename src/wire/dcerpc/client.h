// The client's side of DCE/RPC over a named pipe: bind to an interface, call it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/conversation.h"
#include "wire/dcerpc/pdu.h"
#include "wire/smb2/client.h"

namespace tocsin::dcerpc {

/// A reply longer than this is an attack or a mistake: svcctl's longest are 256 KiB.
inline constexpr std::size_t kMostReply = std::size_t{512} * 1024;

/// Fault codes that callers tell apart ([C706] appendix E, [MS-ERREF]).
enum FaultStatus : std::uint32_t {
  kAccessDenied = 5,
  kBadStub = 0x000006f7,
  kOpnumOutOfRange = 0x1c010002,  ///< the server lacks this call
  kUnknownInterface = 0x1c010003,
  kContextMismatch = 0x1c00001a,  ///< a handle that the server does not know (any more)
};

/// One at a time. `transport` must stay where it is for as long as this lives. Errors are those of
/// smb2::Client, and malformed for a reply that breaks the protocol: drop the connection then.
class Client {
 public:
  Client(smb2::Client& transport, smb2::Pipe pipe) : transport_(&transport), pipe_(pipe) {}

  /// unsupported: the server has no such interface or does not speak NDR32.
  Conversation<Result<>> bind(Port& port, SyntaxId interface);
  /// The stub of the reply. A fault answers an error whose native code is the fault's status:
  /// unsupported for kOpnumOutOfRange, denied for kAccessDenied, else rejected.
  Conversation<Result<Bytes>> call(Port& port, std::uint16_t opnum, Bytes stub);

 private:
  /// Sends a request in as many fragments as it takes; answers the first bytes of the reply.
  Conversation<Result<Bytes>> send(Port& port, std::uint16_t opnum, Bytes stub);
  /// Reads until `begun` is one whole fragment.
  Conversation<Result<Bytes>> complete(Port& port, Bytes begun);

  smb2::Client* transport_;
  smb2::Pipe pipe_;
  std::uint32_t call_id_ = 0;
  std::uint16_t max_fragment_ = kWindowsFragment;
};

}  // namespace tocsin::dcerpc
