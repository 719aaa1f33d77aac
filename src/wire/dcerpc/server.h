// The server's side of DCE/RPC on one open named pipe: reassembles requests, calls what is behind
// an interface, cuts the replies into fragments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "wire/dcerpc/client.h"
#include "wire/dcerpc/pdu.h"
#include "wire/smb2/server.h"

namespace tocsin::dcerpc {

/// The stub of a reply, or the status of a fault.
using Outcome = std::expected<Bytes, FaultStatus>;
/// Answers one call, once: at once or later, also when nobody is there any more to read it.
using Answer = std::function<void(Outcome)>;

/// What answers the calls of one interface.
struct Interface {
  SyntaxId id;
  std::function<void(std::uint16_t opnum, BytesView stub, Answer answer)> call;
};
/// One that answers every call at once.
[[nodiscard]] Interface immediate(SyntaxId id,
                                  std::function<Outcome(std::uint16_t opnum, BytesView stub)> call);

/// Whether a client may have several calls under way, if it asks for it.
enum class Multiplexing : std::uint8_t { refused, granted };

/// Pipes that share what is behind their interfaces: the handles of clients live in the group, and
/// die with its last pipe.
struct AssociationGroup {
  std::uint32_t id = 1;
  std::vector<Interface> interfaces;
};

struct ServerOptions {
  Multiplexing multiplexing = Multiplexing::granted;
  /// The number that the reply to a call bears; for clients that must withstand a wrong one.
  std::function<std::uint32_t(std::uint32_t call_id)> numbering{};
  /// The group that the first bind names; a new one for 0, and where there is none such. Without
  /// it there is one group, of the server's own interfaces.
  std::function<AssociationGroup(std::uint32_t id)> join{};
};

/// A client that breaks the protocol is answered nothing more.
class Server final : public smb2::PipeEnd {
 public:
  /// `address` is what a bind is told, e.g. "\PIPE\svcctl".
  Server(std::string address, std::vector<Interface> interfaces, ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void write(BytesView message) override;
  [[nodiscard]] State state() const override;
  Chunk read(std::size_t most) override;

 private:
  class Replies;
  void bind(const Bind& bind, std::uint8_t flags, std::uint32_t call_id);
  ContextAnswer answer_to(const PresentationContext& context);
  void call(const Request& request, std::uint8_t flags, std::uint32_t call_id);

  std::string address_;
  AssociationGroup group_;
  std::function<AssociationGroup(std::uint32_t id)> join_;  ///< till the first bind
  Multiplexing offered_;
  bool multiplexes_ = false;  ///< agreed with the client
  bool broken_ = false;
  std::map<std::uint16_t, const Interface*> contexts_;  ///< by the client's number
  /// The stubs of requests whose last fragment has not come, by call.
  std::map<std::uint32_t, Bytes> unfinished_;
  std::size_t unfinished_size_ = 0;
  std::shared_ptr<Replies> replies_;  ///< outlived by answers that are still to come
};

}  // namespace tocsin::dcerpc
