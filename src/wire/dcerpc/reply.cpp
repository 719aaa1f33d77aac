#include "wire/dcerpc/reply.h"

#include <algorithm>
#include <functional>
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
  const auto size = response->stub.size();
  const auto hint = response->alloc_hint;
  if (first && !last) even_ = size;
  const bool is_even = last ? size <= even_ && hint == size : size == even_ && hint > size;
  if (!(first && last) && !(is_even && (first || hint == left_))) even_ = 0;
  const bool agrees = hint > size && (first || hint == left_);
  fragment_size_ = agrees && (!first || size == even_before_) ? size : 0;
  left_ = agrees ? hint - size : 0;
  stub_.insert(stub_.end(), response->stub.begin(), response->stub.end());
  return last;
}

std::size_t ReplyStub::fragments_to_come() const {
  if (fragment_size_ == 0 || left_ > kMostReply) return 0;
  const bool is_like_before = stub_.size() == even_before_;
  return (left_ - 1) / fragment_size_ + (is_like_before ? 1 : 0);
}

Result<bool> ReplyStub::add_unordered(std::vector<Pdu> fragments) {
  const auto left = [](const Pdu& fragment) {
    const auto* response = std::get_if<Response>(&fragment.body);
    return response == nullptr ? 0 : response->alloc_hint;
  };
  std::ranges::sort(fragments, std::greater(), left);
  bool whole = false;
  for (const auto& fragment : fragments) {
    const bool is_next = left_ > 0 && left(fragment) == left_;
    TRY(whole, add(fragment));
    if (!is_next || (whole && left_ > 0))
      return fail(ErrorKind::malformed, "the fragments of an RPC reply cannot be put in order");
  }
  return whole;
}

}  // namespace tocsin::dcerpc
