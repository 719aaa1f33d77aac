// SMB2 from both sides. The first byte chooses what is tried with the rest:
//   0  a decoder (the second byte says which): what decodes encodes to something that decodes alike
//   1  a client, which is answered the input, raw, message by message
//   2  the same, but header and signature of each reply are right: the body is the input
//   3  a client of an honest server, whose replies are changed on the way
//   4  a server, which is sent the input, raw, message by message
//   5  the same, but logged in, and header and signature of each request are right
//   6  the same, but encrypted
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "../kit/smb2_peers.h"
#include "wire/smb2/client.h"
#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/server.h"

using namespace tocsin;
using namespace tocsin::smb2;

namespace {

template <typename Body>
Bytes encode(const Body& body) {
  Writer out;
  Header{}.encode(out);
  body.encode(out);
  return std::move(out).take();
}

template <typename Body>
void round_trip(BytesView message) {
  const auto body = Body::decode(message);
  if (!body) return;
  const auto once = encode(*body);
  const auto again = Body::decode(once);
  if (!again || encode(*again) != once) std::abort();
}

template <typename Info>
void round_trip_info(BytesView bytes) {
  const auto info = Info::decode(bytes);
  if (!info) return;
  const auto once = info->encode();
  const auto again = Info::decode(once);
  if (!again || *again != *info) std::abort();
}

void round_trip_header(BytesView message) {
  const auto header = Header::decode(message);
  if (!header) return;
  Writer once;
  header->encode(once);
  Writer twice;
  Header::decode(once.view()).value().encode(twice);
  if (!std::ranges::equal(once.view(), twice.view())) std::abort();
}

constexpr std::array kDecoders{
    round_trip_header,
    round_trip<NegotiateRequest>,
    round_trip<NegotiateResponse>,
    round_trip<SessionSetupRequest>,
    round_trip<SessionSetupResponse>,
    round_trip<EmptyBody>,
    round_trip<TreeConnectRequest>,
    round_trip<TreeConnectResponse>,
    round_trip<CreateRequest>,
    round_trip<CreateResponse>,
    round_trip<CloseRequest>,
    round_trip<CloseResponse>,
    round_trip<FlushRequest>,
    round_trip<ReadRequest>,
    round_trip<ReadResponse>,
    round_trip<WriteRequest>,
    round_trip<WriteResponse>,
    round_trip<IoctlRequest>,
    round_trip<IoctlResponse>,
    round_trip<QueryInfoRequest>,
    round_trip<QueryInfoResponse>,
    round_trip<ErrorResponse>,
    round_trip_info<ValidateNegotiateRequest>,
    round_trip_info<ValidateNegotiateResponse>,
};

void decode(BytesView input) {
  Reader in(input);
  kDecoders.at(in.u8() % kDecoders.size())(in.rest());
}

/// The input as messages, each behind two bytes that tell its length.
std::optional<Bytes> next_message(Reader& in) {
  const auto size = in.u16();
  if (!in.ok()) return std::nullopt;
  return to_bytes(in.bytes(std::min<std::size_t>(size, in.remaining())));
}

/// Takes every token, and is content with two.
class EasyInitiator final : public wire::Initiator {
 public:
  Result<Bytes> step(BytesView) override { return Bytes(static_cast<std::size_t>(++steps_), 1); }
  [[nodiscard]] bool complete() const override { return steps_ >= 2; }
  [[nodiscard]] Bytes session_key() const override { return kit::login_key(); }

 private:
  int steps_ = 0;
};

constexpr Negotiated kSmb21{.dialect = Dialect::smb2_1};

constexpr Negotiated kSmb30{Dialect::smb3_0, SigningAlgorithm::aes_cmac,
                            crypto::Cipher::aes128_ccm};

SecureChannel channel(Role role, const Negotiated& negotiated, std::uint64_t session_id) {
  return {role, negotiated, session_id, derive_keys(negotiated, kit::login_key(), {}),
          kit::counting_random()};
}

/// A reply to the request that a client has just sent: two bytes of status and credits, then the
/// body. Plain SMB 2.1, whose keys are known.
Bytes make_reply(BytesView request, BytesView input) {
  constexpr std::array kStatuses{Status::success,
                                 Status::success,
                                 Status::success,
                                 Status::buffer_overflow,
                                 Status::more_processing_required,
                                 Status::pending,
                                 Status::network_session_expired,
                                 Status::access_denied};
  Reader in(input);
  auto header = Header::decode(request).value();
  header.status = kStatuses.at(in.u8() % kStatuses.size());
  header.credits = in.u8();
  header.flags = kFlagResponse;
  if (header.status == Status::pending) header.flags |= kFlagAsync;
  header.session_id = 0x11;
  Writer out;
  header.encode(out);
  out.bytes(in.rest());
  auto reply = std::move(out).take();
  if (header.command != Command::negotiate) channel(Role::server, kSmb21, 0x11).sign(reply);
  return reply;
}

template <typename T>
std::optional<T> converse(Port& port, Conversation<T> conversation,
                          const std::function<std::optional<Bytes>(BytesView)>& answer) {
  conversation.start();
  std::vector<Bytes> sent;
  while (!conversation.done()) {
    for (auto& request : port.take_outgoing()) sent.push_back(std::move(request));
    // Of several the last one is answered first.
    auto reply = answer(sent.empty() ? Bytes() : sent.back());
    if (!sent.empty()) sent.pop_back();
    if (!reply) return std::nullopt;
    port.deliver(*std::move(reply));
  }
  return conversation.take();
}

void drive_client(const ClientOptions& options,
                  const std::function<std::optional<Bytes>(BytesView)>& answer) {
  auto renewing = options;
  renewing.renewal = [] { return std::make_unique<EasyInitiator>(); };
  Client client(renewing, kit::counting_random());
  Port port;
  const auto login = converse(port, client.login(port, std::make_unique<EasyInitiator>()), answer);
  if (!login || !*login) return;
  const auto pipe = converse(port, client.open_pipe(port, "svcctl"), answer);
  const auto file = pipe && *pipe ? **pipe : Pipe{};
  std::vector<Conversation<Result<Bytes>>> several;
  several.reserve(3);
  for (int i = 0; i < 3; i++) several.push_back(client.transceive(port, file, Bytes(10)));
  converse(port, all(std::move(several)), answer);
  converse(port, client.read(port, file), answer);
  converse(port, client.write(port, file, Bytes(10)), answer);
  converse(port, client.close_pipe(port, file), answer);
  converse(port, client.logoff(port), answer);
}

void answer_client(BytesView input, bool well_formed) {
  Reader in(input);
  Bytes request;
  ClientOptions options{.server_name = "host"};
  if (well_formed) options.dialects = {Dialect::smb2_1};
  drive_client(options, [&](BytesView sent) -> std::optional<Bytes> {
    if (!sent.empty()) request = to_bytes(sent);
    auto message = next_message(in);
    if (!message || !well_formed) return message;
    return make_reply(request, *message);
  });
}

void change_replies(BytesView input) {
  Reader in(input);
  ClientOptions options{.server_name = "host"};
  const auto choice = in.u8();
  options.dialects = {std::array{Dialect::smb2_1, Dialect::smb3_0, Dialect::smb3_0_2,
                                 Dialect::smb3_1_1}[choice % 4]};
  options.encrypt_when_offered = (choice & 4) != 0;
  kit::Wire wire;
  // Each change: how many replies to let pass, where to change, with what.
  int wait = in.u8();
  wire.tamper([&](Bytes& reply, auto&) {
    if (wait-- > 0 || reply.empty()) return;
    const auto at = in.u16() % reply.size();
    reply[at] ^= in.u8();
    if (in.u8() == 0) reply.resize(at);
    wait = in.u8();
  });
  Client client(options, kit::counting_random());
  Port port;
  if (!wire.run(port, client.login(port, std::make_unique<kit::PasswordInitiator>()))) return;
  const auto pipe = wire.run(port, client.open_pipe(port, "echo"));
  if (!pipe) return;
  const Bytes message(20, 5);
  const auto reply = wire.run(port, client.transceive(port, *pipe, message));
  if (!reply) return;
  if (*reply != message) std::abort();
  if (!wire.run(port, client.logoff(port))) return;
}

void serve(BytesView input) {
  Reader in(input);
  Server server(std::make_shared<ServerOptions>(kit::echo_host()), kit::counting_random());
  while (const auto message = next_message(in))
    if (!server.handle(*message)) return;
}

/// Each message: command, tree, flags, whether the next one joins it in a compound; then the body.
void serve_logged_in(BytesView input, const Negotiated& negotiated) {
  Server server(std::make_shared<ServerOptions>(kit::echo_host()), kit::counting_random());
  Header header{.credits = 100};
  const auto send = [&](const auto& body) {
    Writer out;
    header.encode(out);
    body.encode(out);
    header.message_id++;
    return Header::decode(server.handle(out.view()).value().front()).value();
  };
  send(NegotiateRequest{.capabilities = kCapabilityEncryption, .dialects = {negotiated.dialect}});
  header.command = Command::session_setup;
  header.session_id = send(SessionSetupRequest{.token = as_bytes("user")}).session_id;
  send(SessionSetupRequest{.token = as_bytes("secret")});
  auto keys = channel(Role::client, negotiated, header.session_id);

  Reader in(input);
  Bytes compound(kTransformSize);
  while (const auto message = next_message(in)) {
    Reader request(*message);
    header.command = static_cast<Command>(request.u8() % 20);
    header.tree_id = request.u8();
    header.async_id = header.tree_id;  // of a CANCEL, with the flag
    header.flags = request.u8() & (kFlagRelated | kFlagAsync);
    const bool joined = request.u8() == 1;
    Writer out;
    header.encode(out);
    out.bytes(request.rest());
    header.message_id++;
    if (joined) {
      out.align(8);
      out.patch_u32(20, static_cast<std::uint32_t>(out.size()));
    }
    auto bytes = std::move(out).take();
    if (!keys.can_seal()) keys.sign(bytes);
    compound.insert(compound.end(), bytes.begin(), bytes.end());
    if (joined) continue;
    if (request.remaining() == 13) server.expire_session();
    if (keys.can_seal()) keys.seal(compound);
    const auto start = keys.can_seal() ? 0 : kTransformSize;
    if (!server.handle(BytesView(compound).subspan(start))) return;
    compound.assign(kTransformSize, 0);
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader in({data, size});
  switch (in.u8()) {
    case 0:
      decode(in.rest());
      break;
    case 1:
      answer_client(in.rest(), false);
      break;
    case 2:
      answer_client(in.rest(), true);
      break;
    case 3:
      change_replies(in.rest());
      break;
    case 4:
      serve(in.rest());
      break;
    case 5:
      serve_logged_in(in.rest(), kSmb21);
      break;
    case 6:
      serve_logged_in(in.rest(), kSmb30);
      break;
    default:
      break;
  }
  return 0;
}
