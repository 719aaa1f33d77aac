#include "wire/dcerpc/server.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace tocsin::dcerpc {
namespace {

/// No requests of the interfaces that we serve are longer, all that are unfinished taken together.
constexpr std::size_t kMostUnfinished = std::size_t{64} * 1024;
/// Calls under way at a time.
constexpr std::size_t kMostCalls = 4096;
/// Bytes of replies that a client leaves unread.
constexpr std::size_t kMostUnread = std::size_t{16} * 1024 * 1024;
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

/// What is to be read, in the order in which it was answered.
class Server::Replies {
 public:
  Replies(std::function<void()> tell, decltype(ServerOptions::numbering) numbering)
      : tell_(std::move(tell)), numbering_(std::move(numbering)) {}

  void set_max_fragment(std::uint16_t size) { max_fragment_ = size; }
  [[nodiscard]] bool empty() const { return read_ == fragment_.size() && waiting_.empty(); }
  [[nodiscard]] bool overflows() const { return unread_ > kMostUnread; }
  [[nodiscard]] std::size_t calls() const { return calls_; }
  /// One fragment, whole.
  void add(const Pdu& pdu) { push({.bytes = encode(pdu)}); }
  void begin_call() { calls_++; }
  void end_call(std::uint32_t call_id, std::uint16_t context, Outcome outcome) {
    calls_--;
    if (numbering_) call_id = numbering_(call_id);
    if (outcome)
      push({.bytes = *std::move(outcome), .is_stub = true, .call_id = call_id, .context = context});
    else
      add({.call_id = call_id,
           .body = Fault{.alloc_hint = 32, .context = context, .status = outcome.error()}});
  }
  Chunk read(std::size_t most) {
    if (read_ == fragment_.size()) cut_next_fragment();
    const auto size = std::min(most, fragment_.size() - read_);
    const auto chunk = BytesView(fragment_).subspan(read_, size);
    read_ += size;
    return {.bytes = to_bytes(chunk), .left = read_ < fragment_.size()};
  }

 private:
  struct Reply {
    Bytes bytes;
    bool is_stub = false;  ///< to be cut into fragments; else it is one
    std::uint32_t call_id = 0;
    std::uint16_t context = 0;
    std::size_t cut = 0;  ///< bytes that are in fragments already
  };

  void push(Reply reply) {
    unread_ += reply.bytes.size();
    waiting_.push_back(std::move(reply));
    if (tell_) tell_();
  }
  void cut_next_fragment() {
    fragment_.clear();
    read_ = 0;
    if (waiting_.empty()) return;
    auto& reply = waiting_.front();
    if (reply.is_stub)
      cut_fragment_of(reply);
    else
      fragment_ = std::exchange(reply.bytes, {});
    if (reply.cut < reply.bytes.size()) return;
    unread_ -= reply.is_stub ? reply.bytes.size() : fragment_.size();
    waiting_.pop_front();
  }
  void cut_fragment_of(Reply& reply) {
    const auto left = BytesView(reply.bytes).subspan(reply.cut);
    // Stubs are cut at multiples of 8, as Windows does.
    const std::size_t most = (max_fragment_ - kResponseHeaderSize) & ~std::size_t{7};
    const auto part = left.first(std::min(left.size(), most));
    const auto first = reply.cut == 0 ? kFirstFragment : 0;
    const auto last = part.size() == left.size() ? kLastFragment : 0;
    fragment_ = encode({.flags = static_cast<std::uint8_t>(first | last),
                        .call_id = reply.call_id,
                        .body = Response{.alloc_hint = static_cast<std::uint32_t>(left.size()),
                                         .context = reply.context,
                                         .stub = part}});
    reply.cut += part.size();
  }

  std::function<void()> tell_;
  decltype(ServerOptions::numbering) numbering_;
  std::uint16_t max_fragment_ = kWindowsFragment;
  std::size_t calls_ = 0;  ///< not answered yet
  std::deque<Reply> waiting_;
  std::size_t unread_ = 0;  ///< bytes in `waiting_`
  Bytes fragment_;          ///< being read
  std::size_t read_ = 0;
};

Interface immediate(SyntaxId id, std::function<Outcome(std::uint16_t opnum, BytesView stub)> call) {
  return {.id = id,
          .call = [call = std::move(call)](std::uint16_t opnum, BytesView stub,
                                           const Answer& answer) { answer(call(opnum, stub)); }};
}

Server::Server(std::string address, std::vector<Interface> interfaces, ServerOptions options)
    : address_(std::move(address)),
      group_{.interfaces = std::move(interfaces)},
      join_(std::move(options.join)),
      offered_(options.multiplexing),
      replies_(std::make_shared<Replies>([this] { tell_change(); }, std::move(options.numbering))) {
}

smb2::PipeEnd::State Server::state() const {
  if (!replies_->empty()) return State::readable;
  return broken_ ? State::closed : State::empty;
}

smb2::PipeEnd::Chunk Server::read(std::size_t most) { return replies_->read(most); }

void Server::write(BytesView message) {
  if (broken_) return;
  const auto pdu = parse_pdu(message);
  const bool fits = pdu && !pdu->auth && (multiplexes_ || replies_->calls() == 0);
  if (const auto* offer = fits ? std::get_if<Bind>(&pdu->body) : nullptr)
    bind(*offer, pdu->flags, pdu->call_id);
  else if (const auto* request = fits ? std::get_if<Request>(&pdu->body) : nullptr)
    call(*request, pdu->flags, pdu->call_id);
  else
    broken_ = true;
  if (replies_->overflows() || replies_->calls() > kMostCalls) broken_ = true;
}

void Server::bind(const Bind& bind, std::uint8_t flags, std::uint32_t call_id) {
  const auto max_fragment = std::clamp(bind.max_receive, kLeastFragment, kWindowsFragment);
  replies_->set_max_fragment(max_fragment);
  multiplexes_ = offered_ == Multiplexing::granted && (flags & kConcurrentMultiplexing) != 0;
  if (const auto join = std::exchange(join_, {})) group_ = join(bind.group);
  BindAck ack{.max_transmit = max_fragment,
              .max_receive = max_fragment,
              .group = group_.id,
              .secondary_address = address_,
              .answers = {}};
  ack.answers.reserve(bind.contexts.size());
  for (const auto& context : bind.contexts) ack.answers.push_back(answer_to(context));
  const auto multiplexing = multiplexes_ ? kConcurrentMultiplexing : 0;
  replies_->add({.flags = static_cast<std::uint8_t>(kFirstFragment | kLastFragment | multiplexing),
                 .call_id = call_id,
                 .body = std::move(ack)});
}

ContextAnswer Server::answer_to(const PresentationContext& context) {
  if (asks_for_features(context))
    return {.result = ContextResult::negotiate_ack, .reason = 0, .transfer = {}};
  const auto refuse = [](std::uint16_t reason) {
    return ContextAnswer{
        .result = ContextResult::provider_rejection, .reason = reason, .transfer = {}};
  };
  const auto found = std::ranges::find(group_.interfaces, context.abstract, &Interface::id);
  if (found == group_.interfaces.end()) return refuse(kAbstractSyntaxNotSupported);
  if (std::ranges::find(context.transfer, kNdr32) == context.transfer.end())
    return refuse(kTransferSyntaxesNotSupported);
  contexts_[context.id] = &*found;
  return {.result = ContextResult::acceptance, .reason = 0, .transfer = kNdr32};
}

void Server::call(const Request& request, std::uint8_t flags, std::uint32_t call_id) {
  auto& stub = unfinished_[call_id];
  if ((flags & kFirstFragment) != 0) {
    unfinished_size_ -= stub.size();
    stub.clear();
  }
  stub.insert(stub.end(), request.stub.begin(), request.stub.end());
  unfinished_size_ += request.stub.size();
  if (unfinished_size_ > kMostUnfinished || unfinished_.size() > (multiplexes_ ? kMostCalls : 1)) {
    broken_ = true;
    return;
  }
  if ((flags & kLastFragment) == 0) return;

  const auto whole = std::move(unfinished_.extract(call_id).mapped());
  unfinished_size_ -= whole.size();
  replies_->begin_call();
  const auto id = request.context;
  const Answer answer = [replies = std::weak_ptr(replies_), call_id, id](Outcome outcome) {
    if (const auto to = replies.lock()) to->end_call(call_id, id, std::move(outcome));
  };
  const auto context = contexts_.find(id);
  if (context == contexts_.end())
    answer(std::unexpected(kUnknownInterface));
  else
    context->second->call(request.opnum, whole, answer);
}

}  // namespace tocsin::dcerpc
