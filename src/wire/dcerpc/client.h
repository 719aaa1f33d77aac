// The client's side of DCE/RPC over a named pipe: bind to an interface, call it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/conversation.h"
#include "wire/dcerpc/multiplex.h"
#include "wire/dcerpc/pdu.h"
#include "wire/dcerpc/reply.h"
#include "wire/smb2/client.h"

namespace tocsin::dcerpc {

/// A call whose reply may take days, brought to answer(); one at a time. The client, or a copy of
/// it, outlives it.
class PatientCall : private Multiplex::Waiter {
 public:
  PatientCall() : Waiter(Patience::for_days) {}
  using Waiter::is_waiting;
  using Waiter::leave;

 protected:
  ~PatientCall() = default;
  /// As Client::call() answers, when it no longer waits.
  virtual void answer(Result<Bytes> stub) = 0;

 private:
  friend class Client;
  void end(Result<std::vector<Bytes>> fragments) final;
};

/// `transport` must stay where it is for as long as this and its copies live. Errors are those of
/// smb2::Client, and malformed for a reply that breaks the protocol: drop the connection then.
class Client {
 public:
  Client(smb2::Client& transport, smb2::Pipe pipe) : transport_(&transport), pipe_(pipe) {}

  /// For one call at a time. unsupported: the server has no such interface or does not speak NDR32.
  Conversation<Result<>> bind(Port& port, SyntaxId interface);
  /// For any number of calls at a time, copies included. unsupported: the same, or the server does
  /// not grant it (PFC_CONC_MPX, [MS-RPCE] 2.2.2.3); the pipe is of no use then.
  Conversation<Result<>> bind_multiplexed(Port& port, SyntaxId interface);
  /// For one call at a time, which may take days: those that are made meanwhile wait their turn.
  /// Errors as bind().
  Conversation<Result<>> bind_patient(Port& port, SyntaxId interface);
  /// The stub of the reply. A fault answers an error as ReplyStub says.
  Conversation<Result<Bytes>> call(Port& port, std::uint16_t opnum, Bytes stub);
  /// The same, after bind_multiplexed() or bind_patient(), for a reply that may take days. Ends
  /// when the request is on its way; the reply may have come before.
  Conversation<bool> begin(Port& port, std::uint16_t opnum, Bytes stub, PatientCall& call);

 private:
  [[nodiscard]] static Bytes make_bind(std::uint32_t call_id, std::uint8_t flags,
                                       SyntaxId interface);
  Conversation<Result<std::uint8_t>> bind_for(Port& port, SyntaxId interface, Calls calls);
  /// The flags of the answer.
  Result<std::uint8_t> accept(BytesView answer, std::uint32_t call_id);
  /// The request in as many fragments as it takes.
  [[nodiscard]] std::vector<Bytes> cut(std::uint32_t call_id, std::uint16_t opnum,
                                       BytesView stub) const;
  Conversation<Result<Bytes>> call_one(Port& port, std::uint16_t opnum, Bytes stub);
  Conversation<Result<Bytes>> call_besides(Port& port, std::uint16_t opnum, Bytes stub);
  /// As ReplyStub::add().
  Conversation<Result<bool>> read_ahead(Port& port, ReplyStub& reply);
  /// Reads until `begun` is one whole fragment.
  Conversation<Result<Bytes>> complete(Port& port, Bytes begun);

  smb2::Client* transport_;
  smb2::Pipe pipe_;
  std::uint32_t call_id_ = 0;
  std::uint16_t max_fragment_ = kWindowsFragment;
  std::size_t even_fragment_ = 0;         ///< as ReplyStub says
  std::shared_ptr<Multiplex> multiplex_;  ///< null: one call at a time, by TRANSCEIVE
};

}  // namespace tocsin::dcerpc
