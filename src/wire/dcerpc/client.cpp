#include "wire/dcerpc/client.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/try.h"

namespace tocsin::dcerpc {
namespace {

/// Windows answers 4280 to this, Samba takes it.
constexpr std::uint16_t kOfferedFragment = 5840;
constexpr std::size_t kRequestHeaderSize = 24;
constexpr std::uint8_t kWhole = kFirstFragment | kLastFragment;

/// The stub of a reply.
Result<Bytes> put_together(const Result<std::vector<Bytes>>& fragments, std::uint32_t call_id) {
  if (!fragments) return std::unexpected(fragments.error());
  ReplyStub reply;
  for (const auto& fragment : *fragments) {
    TRY(auto pdu, parse_answer(fragment, call_id));
    TRY(reply.add(pdu));
  }
  return reply.take();
}

}  // namespace

Bytes Client::make_bind(std::uint32_t call_id, std::uint8_t flags, SyntaxId interface) {
  return encode(
      {.flags = flags,
       .call_id = call_id,
       .body = Bind{.max_transmit = kOfferedFragment,
                    .max_receive = kOfferedFragment,
                    .contexts = {{.id = 0, .abstract = interface, .transfer = {kNdr32}}}}});
}

Result<std::uint8_t> Client::accept(BytesView answer, std::uint32_t call_id) {
  TRY(auto pdu, parse_answer(answer, call_id));
  if (const auto* nak = std::get_if<BindNak>(&pdu.body))
    return fail(ErrorKind::unsupported, "the server refuses to bind", nak->reason);
  const auto* ack = std::get_if<BindAck>(&pdu.body);
  if (ack == nullptr || ack->answers.size() != 1)
    return fail(ErrorKind::malformed, "no answer to an RPC bind");
  if (ack->answers[0].result != ContextResult::acceptance)
    return fail(ErrorKind::unsupported, "the server does not offer the interface",
                ack->answers[0].reason);
  if (ack->answers[0].transfer != kNdr32 || ack->max_receive < kLeastFragment)
    return fail(ErrorKind::malformed, "the server accepts an RPC bind that was not offered");
  max_fragment_ = std::min(ack->max_receive, kOfferedFragment);
  return pdu.flags;
}

Conversation<Result<>> Client::bind(Port& port, SyntaxId interface) {
  call_id_++;
  CO_TRY(auto begun,
         co_await transport_->transceive(port, pipe_, make_bind(call_id_, kWhole, interface)));
  CO_TRY(auto answer, co_await complete(port, std::move(begun)));
  CO_TRY(accept(answer, call_id_));
  co_return Result<>{};
}

Conversation<Result<>> Client::bind_multiplexed(Port& port, SyntaxId interface) {
  CO_TRY(const auto flags, co_await bind_for(port, interface, Calls::any_number));
  if ((flags & kConcurrentMultiplexing) == 0)
    co_return fail(ErrorKind::unsupported, "the server takes one call at a time");
  co_return Result<>{};
}

Conversation<Result<>> Client::bind_patient(Port& port, SyntaxId interface) {
  CO_TRY(co_await bind_for(port, interface, Calls::one_at_a_time));
  co_return Result<>{};
}

Conversation<Result<std::uint8_t>> Client::bind_for(Port& port, SyntaxId interface, Calls calls) {
  // It is what wakes this conversation, so it must not end with it, whatever the answer is.
  multiplex_ = std::make_shared<Multiplex>(*transport_, pipe_, calls);
  const auto id = multiplex_->next_call_id();
  const auto offer = calls == Calls::any_number ? kConcurrentMultiplexing : 0;
  std::vector<Bytes> bind;
  bind.push_back(make_bind(id, static_cast<std::uint8_t>(kWhole | offer), interface));
  CO_TRY(const auto answer, co_await multiplex_->exchange(port, id, std::move(bind)));
  co_return accept(answer.front(), id);
}

Conversation<Result<Bytes>> Client::call(Port& port, std::uint16_t opnum, Bytes stub) {
  if (!multiplex_) return call_one(port, opnum, std::move(stub));
  return call_besides(port, opnum, std::move(stub));
}

Conversation<Result<Bytes>> Client::call_besides(Port& port, std::uint16_t opnum, Bytes stub) {
  const auto multiplex = multiplex_;
  const auto id = multiplex->next_call_id();
  co_return put_together(co_await multiplex->exchange(port, id, cut(id, opnum, stub)), id);
}

Conversation<bool> Client::begin(Port& port, std::uint16_t opnum, Bytes stub, PatientCall& call) {
  const auto id = multiplex_->next_call_id();
  return multiplex_->begin(port, id, cut(id, opnum, stub), call);
}

void PatientCall::end(Result<std::vector<Bytes>> fragments) {
  answer(put_together(fragments, call_id()));
}

Conversation<Result<Bytes>> Client::call_one(Port& port, std::uint16_t opnum, Bytes stub) {
  call_id_++;
  auto request = cut(call_id_, opnum, stub);
  auto last = std::move(request.back());
  request.pop_back();
  for (auto& fragment : request) {
    CO_TRY(co_await transport_->write(port, pipe_, std::move(fragment)));
  }
  CO_TRY(auto received, co_await transport_->transceive(port, pipe_, std::move(last)));
  for (ReplyStub reply(even_fragment_);;) {
    const auto size = received.size();
    CO_TRY(auto fragment, co_await complete(port, std::move(received)));
    CO_TRY(auto pdu, parse_answer(fragment, call_id_));
    CO_TRY(bool whole, reply.add(pdu));
    if (!whole && size == fragment.size()) {  // else a fragment takes more than one read
      CO_TRY(whole, co_await read_ahead(port, reply));
    }
    if (whole) {
      even_fragment_ = reply.even_fragment();
      co_return reply.take();
    }
    CO_TRY(auto more, co_await transport_->read(port, pipe_));
    received = std::move(more);
  }
}

/// At the same time, so that a long reply costs few round trips. Never more than there must be: a
/// read that is left over would wait in vain, and then take the reply to the next call. Where the
/// server answers one of them with an error, the session ends, and the next begins with fewer.
Conversation<Result<bool>> Client::read_ahead(Port& port, ReplyStub& reply) {
  std::vector<Conversation<Result<Bytes>>> reads;
  const auto count = reply.fragments_to_come();
  if (count < 2) co_return false;
  reads.reserve(count);
  while (reads.size() < count) reads.push_back(transport_->read(port, pipe_));
  const auto fragments = co_await all(std::move(reads));
  std::vector<Pdu> pdus;  // which are views into the fragments
  pdus.reserve(count);
  for (const auto& fragment : fragments) {
    if (!fragment) co_return std::unexpected(fragment.error());
    CO_TRY(auto pdu, parse_answer(*fragment, call_id_));
    pdus.push_back(std::move(pdu));
  }
  co_return reply.add_unordered(std::move(pdus));
}

std::vector<Bytes> Client::cut(std::uint32_t call_id, std::uint16_t opnum, BytesView stub) const {
  const std::size_t most = max_fragment_ - kRequestHeaderSize;
  std::vector<Bytes> fragments;
  fragments.reserve(stub.size() / most + 1);
  Pdu pdu{.flags = kFirstFragment, .call_id = call_id, .body = {}};
  do {
    const auto part = stub.first(std::min(most, stub.size()));
    if (part.size() == stub.size()) pdu.flags |= kLastFragment;
    pdu.body = Request{.alloc_hint = static_cast<std::uint32_t>(stub.size()),
                       .context = 0,
                       .opnum = opnum,
                       .stub = part};
    fragments.push_back(encode(pdu));
    stub = stub.subspan(part.size());
    pdu.flags = 0;
  } while (!stub.empty());
  return fragments;
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
