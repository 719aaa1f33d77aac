#include "wire/dcerpc/server.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace tocsin::dcerpc {
namespace {

/// No request of the interfaces that we serve is longer.
constexpr std::size_t kMostRequest = std::size_t{64} * 1024;
constexpr std::size_t kResponseHeaderSize = 24;
/// provider_reject_reason_t ([C706] 12.6.3.1)
constexpr std::uint16_t kAbstractSyntaxNotSupported = 1;
constexpr std::uint16_t kTransferSyntaxesNotSupported = 2;
/// The first eight bytes of a "syntax" that asks for features, [MS-RPCE] 3.3.1.5.3.
constexpr std::uint8_t kFeatureNegotiation[] = {0x2c, 0x1c, 0xb7, 0x6c, 0x12, 0x98, 0x40, 0x45};

bool asks_for_features(const PresentationContext& context) {
  return context.transfer.size() == 1 &&
         std::ranges::equal(std::span(context.transfer[0].uuid).first(8), kFeatureNegotiation);
}

}  // namespace

void Server::write(BytesView message) {
  if (!broken_) receive(message);
}

smb2::PipeEnd::Chunk Server::read(std::size_t most) {
  if (fragment_read_ == fragment_.size()) cut_next_fragment();
  const auto size = std::min(most, fragment_.size() - fragment_read_);
  const auto chunk = BytesView(fragment_).subspan(fragment_read_, size);
  fragment_read_ += size;
  return {.bytes = to_bytes(chunk), .left = fragment_read_ < fragment_.size()};
}

void Server::receive(BytesView fragment) {
  const auto pdu = parse_pdu(fragment);
  const bool expected = pdu && !pdu->auth && !replying_;
  if (const auto* offer = expected ? std::get_if<Bind>(&pdu->body) : nullptr) {
    bind(*offer, pdu->call_id);
  } else if (const auto* request = expected ? std::get_if<Request>(&pdu->body) : nullptr) {
    call(*request, pdu->flags, pdu->call_id);
  } else {
    broken_ = true;
  }
}

void Server::bind(const Bind& bind, std::uint32_t call_id) {
  max_fragment_ = std::clamp(bind.max_receive, kLeastFragment, kWindowsFragment);
  BindAck ack{.max_transmit = max_fragment_,
              .max_receive = max_fragment_,
              .group = 1,
              .secondary_address = address_,
              .answers = {}};
  for (const auto& context : bind.contexts) {
    const auto found =
        std::ranges::find(interfaces_, context.abstract, [](const Interface& i) { return i.id; });
    if (asks_for_features(context)) {
      ack.answers.push_back({.result = ContextResult::negotiate_ack, .reason = 0, .transfer = {}});
    } else if (found == interfaces_.end()) {
      ack.answers.push_back({.result = ContextResult::provider_rejection,
                             .reason = kAbstractSyntaxNotSupported,
                             .transfer = {}});
    } else if (std::ranges::find(context.transfer, kNdr32) == context.transfer.end()) {
      ack.answers.push_back({.result = ContextResult::provider_rejection,
                             .reason = kTransferSyntaxesNotSupported,
                             .transfer = {}});
    } else {
      contexts_[context.id] = &*found;
      ack.answers.push_back({.result = ContextResult::acceptance, .reason = 0, .transfer = kNdr32});
    }
  }
  fragment_ = encode({.call_id = call_id, .body = std::move(ack)});
  fragment_read_ = 0;
}

void Server::call(const Request& request, std::uint8_t flags, std::uint32_t call_id) {
  if ((flags & kFirstFragment) != 0) unfinished_.clear();
  unfinished_.insert(unfinished_.end(), request.stub.begin(), request.stub.end());
  if (unfinished_.size() > kMostRequest) {
    broken_ = true;
    return;
  }
  if ((flags & kLastFragment) == 0) return;

  const auto context = contexts_.find(request.context);
  auto answer = context == contexts_.end()
                    ? std::unexpected(kUnknownInterface)
                    : context->second->call(request.opnum, std::exchange(unfinished_, {}));
  if (!answer) {
    fragment_ = encode(
        {.call_id = call_id,
         .body = Fault{.alloc_hint = 32, .context = request.context, .status = answer.error()}});
    fragment_read_ = 0;
    return;
  }
  reply_ = *std::move(answer);
  reply_sent_ = 0;
  reply_call_ = call_id;
  reply_context_ = request.context;
  replying_ = true;
}

void Server::cut_next_fragment() {
  fragment_.clear();
  fragment_read_ = 0;
  if (!replying_) return;
  const auto left = BytesView(reply_).subspan(reply_sent_);
  // Stubs are cut at multiples of 8, as Windows does.
  const std::size_t most = (max_fragment_ - kResponseHeaderSize) & ~std::size_t{7};
  const auto part = left.first(std::min(left.size(), most));
  const bool last = part.size() == left.size();
  fragment_ = encode({.flags = static_cast<std::uint8_t>((reply_sent_ == 0 ? kFirstFragment : 0) |
                                                         (last ? kLastFragment : 0)),
                      .call_id = reply_call_,
                      .body = Response{.alloc_hint = static_cast<std::uint32_t>(left.size()),
                                       .context = reply_context_,
                                       .stub = part}});
  reply_sent_ += part.size();
  if (last) {
    replying_ = false;
    reply_ = {};
  }
}

}  // namespace tocsin::dcerpc
