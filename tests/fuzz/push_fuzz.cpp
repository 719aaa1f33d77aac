// A host that tells of changes by rules of its own. Its SMB server is honest, its service manager
// answers each call as the input says: byte by byte what kind of answer, and of which bytes. What
// it sends in fragments comes between the fragments of other replies.
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../kit/smb2_peers.h"
#include "probe/smb/smb_listener.h"
#include "probe/smb/smb_pipe.h"
#include "wire/dcerpc/pdu.h"
#include "wire/svcctl/notify.h"

using namespace tocsin;

namespace {

/// Of all pipes of a host, and of all its calls.
struct Source {
  Reader in;
  std::uint8_t next() { return in.remaining() > 0 ? in.u8() : 0; }
  Bytes some(std::size_t most) {
    const std::size_t size = next();
    return to_bytes(in.bytes(std::min({size, most, in.remaining()})));
  }
};

class HostilePipe final : public smb2::PipeEnd {
 public:
  explicit HostilePipe(Source& source) : source_(source) {}

  void write(BytesView message) override {
    const auto pdu = dcerpc::parse_pdu(message);
    if (!pdu) return;
    if (std::holds_alternative<dcerpc::Bind>(pdu->body)) return acknowledge(*pdu);
    if (const auto* request = std::get_if<dcerpc::Request>(&pdu->body))
      answer(pdu->call_id, request->opnum);
  }
  [[nodiscard]] State state() const override {
    return replies_.empty() ? State::empty : State::readable;
  }
  Chunk read(std::size_t most) override {
    auto reply = std::move(replies_.front());
    replies_.pop_front();
    if (reply.size() > most) reply.resize(most);
    return {.bytes = std::move(reply)};
  }

 private:
  void acknowledge(const dcerpc::Pdu& bind) {
    replies_.push_back(dcerpc::encode(
        {.flags = bind.flags,
         .call_id = bind.call_id,
         .body = dcerpc::BindAck{.max_transmit = 4280,
                                 .max_receive = 4280,
                                 .group = 1,
                                 .secondary_address = "\\PIPE\\svcctl",
                                 .answers = {{.result = dcerpc::ContextResult::acceptance,
                                              .transfer = dcerpc::kNdr32}}}}));
  }

  void answer(std::uint32_t call_id, std::uint16_t opnum) {
    switch (source_.next() % 8) {
      case 0:
      case 1:
      case 2:
        return reply(call_id, honest_stub(opnum));
      case 3:
        return reply(call_id, source_.some(200));
      case 4:
        return reply(call_id + source_.next(), honest_stub(opnum));
      case 5:
        replies_.push_back(source_.some(100));
        return;
      case 6:
        replies_.push_back(
            dcerpc::encode({.call_id = call_id, .body = dcerpc::Fault{.status = source_.next()}}));
        return;
      default:
        return;  // never
    }
  }

  /// Success, as far as the bytes of the input make it.
  Bytes honest_stub(std::uint16_t opnum) {
    const std::uint32_t code = source_.next() % 4 == 3 ? source_.next() : 0;
    switch (opnum) {
      case svcctl::GetNotifyResultsRequest::kOpnum: {
        svcctl::GetNotifyResultsResponse results{.return_value = code};
        for (auto left = source_.next() % 4; left > 0; left--) {
          svcctl::StatusNotification one{.notify_mask = 1, .triggered = source_.next()};
          one.status.current_state = source_.next() % 9;
          one.status.process_id = source_.next();
          if (source_.next() % 8 == 7) one.notification_status = svcctl::kServiceMarkedForDelete;
          results.notifications.push_back(one);
        }
        return svcctl::encode(results);
      }
      case svcctl::NotifyServiceStatusChangeRequest::kOpnum:
        return svcctl::encode(svcctl::NotifyServiceStatusChangeResponse{.return_value = code});
      case svcctl::CloseNotifyHandleRequest::kOpnum:
        return svcctl::encode(svcctl::CloseNotifyHandleResponse{.return_value = code});
      default: {  // a handle and a code
        Writer out;
        out.zeros(20).u32(code);
        return std::move(out).take();
      }
    }
  }

  /// In one fragment or two, the second of which may come later.
  void reply(std::uint32_t call_id, const Bytes& stub) {
    const std::size_t cut = source_.next() % 4 == 0 ? source_.next() : stub.size();
    const auto first = BytesView(stub).first(std::min(cut, stub.size()));
    const auto rest = BytesView(stub).subspan(first.size());
    push(dcerpc::kFirstFragment | (rest.empty() ? dcerpc::kLastFragment : 0), call_id, first);
    for (auto& late : std::exchange(late_, {})) replies_.push_back(std::move(late));
    if (rest.empty()) return;
    push(dcerpc::kLastFragment, call_id, rest);
    if (source_.next() % 2 == 0) return;
    late_.push_back(std::move(replies_.back()));
    replies_.pop_back();
  }

  void push(int flags, std::uint32_t call_id, BytesView stub) {
    replies_.push_back(dcerpc::encode(
        {.flags = static_cast<std::uint8_t>(flags),
         .call_id = call_id,
         .body = dcerpc::Response{
             .alloc_hint = static_cast<std::uint32_t>(stub.size()), .context = 0, .stub = stub}}));
  }

  Source& source_;
  std::deque<Bytes> replies_;
  std::vector<Bytes> late_;
};

/// A client of such a host.
class PushClient {
 public:
  explicit PushClient(Source& source) : server_(host(source), kit::counting_random()) {}

  void listen(dcerpc::Calls calls) {
    if (!run(smb_.login(port_, std::make_unique<kit::PasswordInitiator>()))) std::abort();
    if (calls == dcerpc::Calls::one_at_a_time) {
      probe::SmbListener listener(smb_, {}, port_);
      return listen(listener);
    }
    probe::SmbPipe pipe(smb_, {}, calls);
    if (!run(pipe.open(port_)) || !run(pipe.open_manager(port_))) return;
    probe::SmbListener listener(pipe.scm(), port_);
    listen(listener);
  }

 private:
  void listen(probe::SmbListener& listener) {
    std::vector<ObservedService> services;
    for (const auto* name : {"a", "b", "c"})
      services.push_back({.name = ServiceName(name), .status = {.state = ServiceState::running}});
    for (int checks = 0; checks < 3; checks++) {
      listener.listen_to(services);
      for (int rounds = 0; rounds < 40 && !listener.lost() && go_round(); rounds++) continue;
      for (const auto& told : listener.take_pushed().services)
        if (told.name.text().size() != 1) std::abort();
      (void)listener.hears_all();
      services.pop_back();
    }
  }
  static std::shared_ptr<const smb2::ServerOptions> host(Source& source) {
    auto options = kit::echo_host();
    options.open_pipe = [&source](const std::string&) {
      return std::make_unique<HostilePipe>(source);
    };
    return std::make_shared<smb2::ServerOptions>(std::move(options));
  }

  bool go_round() {
    auto replies = server_.late_replies();
    for (const auto& message : port_.take_outgoing())
      std::ranges::move(server_.handle(message).value(), std::back_inserter(replies));
    for (auto& reply : replies) port_.deliver(std::move(reply));
    return !replies.empty();
  }

  template <typename T>
  Result<T> run(Conversation<Result<T>> conversation) {
    return kit::run_in_rounds(std::move(conversation), [this] { return go_round(); });
  }

  smb2::Server server_;
  Port port_;
  smb2::Client smb_{smb2::ClientOptions{.server_name = "host"}, kit::counting_random()};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto calls : {dcerpc::Calls::any_number, dcerpc::Calls::one_at_a_time}) {
    Source source{Reader(BytesView(data, size))};
    PushClient(source).listen(calls);
  }
  return 0;
}
