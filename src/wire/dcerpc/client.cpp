#include "wire/dcerpc/client.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "base/try.h"

namespace tocsin::dcerpc {
namespace {

/// Windows answers 4280 to this, Samba takes it.
constexpr std::uint16_t kOfferedFragment = 5840;
constexpr std::size_t kRequestHeaderSize = 24;

/// One whole fragment of the answer to call `call_id`.
Result<Pdu> parse_answer(BytesView fragment, std::uint32_t call_id) {
  TRY(auto pdu, parse_pdu(fragment));
  if (pdu.call_id != call_id) return fail(ErrorKind::malformed, "an RPC reply to another call");
  if (pdu.auth)
    return fail(ErrorKind::malformed, "an RPC reply with an authentication nobody asked for");
  return pdu;
}

Error fault_error(std::uint32_t status) {
  switch (status) {
    case kOpnumOutOfRange:
      return {ErrorKind::unsupported, "the server does not have this call", status};
    case kAccessDenied:
      return {ErrorKind::denied, "the server denies this call", status};
    case kContextMismatch:
      return {ErrorKind::rejected, "the server does not know the handle (any more)", status};
    default:
      return {ErrorKind::rejected, "the server answers with an RPC fault", status};
  }
}

}  // namespace

Conversation<Result<>> Client::bind(Port& port, SyntaxId interface) {
  call_id_++;
  CO_TRY(auto begun,
         co_await transport_->transceive(
             port, pipe_,
             encode({.call_id = call_id_,
                     .body = Bind{
                         .max_transmit = kOfferedFragment,
                         .max_receive = kOfferedFragment,
                         .contexts = {{.id = 0, .abstract = interface, .transfer = {kNdr32}}}}})));
  CO_TRY(auto fragment, co_await complete(port, std::move(begun)));
  CO_TRY(auto pdu, parse_answer(fragment, call_id_));
  if (const auto* nak = std::get_if<BindNak>(&pdu.body))
    co_return fail(ErrorKind::unsupported, "the server refuses to bind", nak->reason);
  const auto* ack = std::get_if<BindAck>(&pdu.body);
  if (ack == nullptr || ack->answers.size() != 1)
    co_return fail(ErrorKind::malformed, "no answer to an RPC bind");
  if (ack->answers[0].result != ContextResult::acceptance)
    co_return fail(ErrorKind::unsupported, "the server does not offer the interface",
                   ack->answers[0].reason);
  if (ack->answers[0].transfer != kNdr32 || ack->max_receive < kLeastFragment)
    co_return fail(ErrorKind::malformed, "the server accepts an RPC bind that was not offered");
  max_fragment_ = std::min(ack->max_receive, kOfferedFragment);
  co_return Result<>{};
}

Conversation<Result<Bytes>> Client::call(Port& port, std::uint16_t opnum, Bytes stub) {
  call_id_++;
  auto received = co_await send(port, opnum, std::move(stub));
  Bytes reply;
  for (bool first = true;; first = false) {
    if (!received) co_return fail(std::move(received));
    CO_TRY(auto fragment, co_await complete(port, *std::move(received)));
    CO_TRY(auto pdu, parse_answer(fragment, call_id_));
    if (const auto* fault = std::get_if<Fault>(&pdu.body))
      co_return std::unexpected(fault_error(fault->status));
    const auto* response = std::get_if<Response>(&pdu.body);
    if (response == nullptr) co_return fail(ErrorKind::malformed, "an RPC reply of the wrong type");
    if (first != ((pdu.flags & kFirstFragment) != 0))
      co_return fail(ErrorKind::malformed, "the fragments of an RPC reply are out of order");
    if (reply.size() + response->stub.size() > kMostReply)
      co_return fail(ErrorKind::malformed, "an RPC reply is longer than any call allows");
    const bool last = (pdu.flags & kLastFragment) != 0;
    if (!last && response->stub.empty())
      co_return fail(ErrorKind::malformed, "an empty fragment in an RPC reply");
    if (first && !last) reply.reserve(std::min<std::size_t>(response->alloc_hint, kMostReply));
    reply.insert(reply.end(), response->stub.begin(), response->stub.end());
    if (last) co_return reply;
    received = co_await transport_->read(port, pipe_);
  }
}

Conversation<Result<Bytes>> Client::send(Port& port, std::uint16_t opnum, Bytes stub) {
  const std::size_t most = max_fragment_ - kRequestHeaderSize;
  BytesView left = stub;
  Pdu pdu{.flags = kFirstFragment, .call_id = call_id_, .body = {}};
  for (;; pdu.flags = 0) {
    const auto part = left.first(std::min(most, left.size()));
    pdu.body = Request{.alloc_hint = static_cast<std::uint32_t>(left.size()),
                       .context = 0,
                       .opnum = opnum,
                       .stub = part};
    left = left.subspan(part.size());
    if (left.empty()) break;
    CO_TRY(co_await transport_->write(port, pipe_, encode(pdu)));
  }
  pdu.flags |= kLastFragment;
  co_return co_await transport_->transceive(port, pipe_, encode(pdu));
}

Conversation<Result<Bytes>> Client::complete(Port& port, Bytes begun) {
  // The pipe is in message mode: what is read is one fragment or a part of one.
  for (;;) {
    if (begun.size() >= kHeaderSize) {
      CO_TRY(auto header, parse_header(begun));
      if (begun.size() == header.fragment_length) co_return begun;
      if (begun.size() > header.fragment_length)
        co_return fail(ErrorKind::malformed, "an RPC fragment is followed by something else");
    }
    CO_TRY(auto more, co_await transport_->read(port, pipe_));
    if (more.empty()) co_return fail(ErrorKind::malformed, "an RPC fragment is cut short");
    begun.insert(begun.end(), more.begin(), more.end());
  }
}

}  // namespace tocsin::dcerpc
