// The server's side of DCE/RPC on one open named pipe: reassembles requests, calls what is behind
// an interface, cuts the replies into fragments.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "wire/dcerpc/client.h"
#include "wire/dcerpc/pdu.h"
#include "wire/smb2/server.h"

namespace tocsin::dcerpc {

/// What answers the calls of one interface: the stub of the reply, or the status of a fault.
struct Interface {
  SyntaxId id;
  std::function<std::expected<Bytes, FaultStatus>(std::uint16_t opnum, BytesView stub)> call;
};

/// A client that breaks the protocol is answered nothing more.
class Server final : public smb2::PipeEnd {
 public:
  /// `address` is what a bind is told, e.g. "\PIPE\svcctl".
  Server(std::string address, std::vector<Interface> interfaces)
      : address_(std::move(address)), interfaces_(std::move(interfaces)) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void write(BytesView message) override;
  Chunk read(std::size_t most) override;

 private:
  void receive(BytesView fragment);
  void bind(const Bind& bind, std::uint32_t call_id);
  void call(const Request& request, std::uint8_t flags, std::uint32_t call_id);
  /// Prepares what read() hands out next, if there is anything.
  void cut_next_fragment();

  std::string address_;
  std::vector<Interface> interfaces_;
  std::map<std::uint16_t, const Interface*> contexts_;  ///< by the client's number
  std::uint16_t max_fragment_ = kWindowsFragment;
  bool broken_ = false;

  Bytes unfinished_;  ///< the stub of a request whose last fragment has not come
  Bytes reply_;       ///< the stub of the reply, whole
  std::size_t reply_sent_ = 0;
  std::uint32_t reply_call_ = 0;
  std::uint16_t reply_context_ = 0;
  bool replying_ = false;
  Bytes fragment_;  ///< being read
  std::size_t fragment_read_ = 0;
};

}  // namespace tocsin::dcerpc
