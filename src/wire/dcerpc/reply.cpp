#include "wire/dcerpc/reply.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/try.h"

namespace tocsin::dcerpc {
namespace {

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

Result<Pdu> parse_answer(BytesView fragment, std::uint32_t call_id) {
  TRY(auto pdu, parse_pdu(fragment));
  if (pdu.call_id != call_id) return fail(ErrorKind::malformed, "an RPC reply to another call");
  if (pdu.auth)
    return fail(ErrorKind::malformed, "an RPC reply with an authentication nobody asked for");
  return pdu;
}

Result<bool> ReplyStub::add(const Pdu& fragment) {
  if (const auto* fault = std::get_if<Fault>(&fragment.body))
    return std::unexpected(fault_error(fault->status));
  const auto* response = std::get_if<Response>(&fragment.body);
  if (response == nullptr) return fail(ErrorKind::malformed, "an RPC reply of the wrong type");
  const bool first = !std::exchange(begun_, true);
  if (first != ((fragment.flags & kFirstFragment) != 0))
    return fail(ErrorKind::malformed, "the fragments of an RPC reply are out of order");
  if (stub_.size() + response->stub.size() > kMostReply)
    return fail(ErrorKind::malformed, "an RPC reply is longer than any call allows");
  const bool last = (fragment.flags & kLastFragment) != 0;
  if (!last && response->stub.empty())
    return fail(ErrorKind::malformed, "an empty fragment in an RPC reply");
  if (first && !last) stub_.reserve(std::min<std::size_t>(response->alloc_hint, kMostReply));
  stub_.insert(stub_.end(), response->stub.begin(), response->stub.end());
  return last;
}

}  // namespace tocsin::dcerpc
