#include "wire/smb2/client.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/status.h"

namespace tocsin::smb2 {
namespace {

/// NTLM takes two rounds, Kerberos one or two: more is a server that plays with us.
constexpr int kMostLoginRounds = 8;
/// One interim response is sent for a request (3.3.4.2), and oplocks are never asked for.
constexpr int kMostUnasked = 16;
/// Asked for again whenever fewer are left; one request is in flight at a time.
constexpr std::uint32_t kWantedCredits = 32;
/// What one credit pays for (3.1.5.2), and the longest reply that is asked for.
constexpr std::uint32_t kCreditUnit = 65536;
/// A server below it would make one RPC fragment a matter of many round trips (2.2.4 wants 64 KB).
constexpr std::uint32_t kLeastMaximum = 1024;
constexpr std::uint16_t kSecurityMode = kSigningEnabled | kSigningRequired;
/// FILE_GENERIC_READ | FILE_GENERIC_WRITE without the right to append, as Windows opens pipes.
constexpr std::uint32_t kPipeAccess = 0x0012019F;

/// A message on its way, and what its reply must be.
struct Request {
  Bytes message{};
  Command command = Command::negotiate;
  std::uint64_t message_id = 0;
  enum class Protection : std::uint8_t {
    none,
    signature,
    encryption
  } protection = Protection::none;
};

/// How many bytes of data a request brings and asks for, at most: what credits are paid for.
struct Payload {
  std::size_t sent = 0;
  std::size_t wanted = 0;
};

/// A received message, decrypted and verified.
struct Reply {
  Header header{};
  Bytes message{};
  std::size_t start = 0;  ///< of the plain message: behind the transform header where it had one

  [[nodiscard]] bool sealed() const { return start != 0; }
  [[nodiscard]] BytesView view() const { return BytesView(message).subspan(start); }
  [[nodiscard]] std::span<std::uint8_t> span() { return std::span(message).subspan(start); }
  /// The message's buffer, cut down to a part of it.
  [[nodiscard]] Bytes cut(BytesView part) && {
    const auto offset = part.empty() ? message.size() : std::size_t(part.data() - message.data());
    message.resize(offset + part.size());
    message.erase(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(offset));
    return std::move(message);
  }
};

/// The Body of a reply whose status is success or `also`; else the status as an error.
template <typename Body>
Result<Body> read_reply(const Reply& reply, Status also = Status::success) {
  if (reply.header.status != Status::success && reply.header.status != also)
    return std::unexpected(to_error(reply.header.status));
  return Body::decode(reply.view());
}

template <typename Choice>
bool contains(const std::vector<Choice>& offered, Choice choice) {
  return std::ranges::find(offered, choice) != offered.end();
}

/// Whether the server leaves encryption to us.
enum class Encryption : std::uint8_t { possible, demanded };

/// What was settled before the login, for it and for the check afterwards.
struct Negotiation {
  ValidateNegotiateRequest asked{};
  ValidateNegotiateResponse answered{};
  PreauthHash preauth{};
  Bytes token{};
};

}  // namespace

struct Client::Session {
  ClientOptions options;
  RandomFill random;

  Negotiated negotiated{};
  bool multi_credit = false;
  bool encrypting = false;
  std::uint32_t max_transact = 0;
  std::uint32_t max_read = 0;
  std::uint32_t max_write = 0;
  std::uint32_t credits = 1;
  std::uint32_t tree_id = 0;
  std::uint64_t session_id = 0;
  std::uint64_t next_message_id = 0;
  SecureChannel channel{};
  std::optional<Negotiation> begun{};  ///< from negotiate() to login()

  /// Everything but options and randomness as it is on a new connection.
  void reset() { *this = Session{.options = std::move(options), .random = std::move(random)}; }

  [[nodiscard]] bool knows_smb3() const {
    return std::ranges::any_of(options.dialects, [](auto d) { return d > Dialect::smb2_1; });
  }
  [[nodiscard]] NegotiateRequest make_negotiate_request(BytesView salt) const;
  Result<> accept_negotiation(const NegotiateRequest& asked, const NegotiateResponse& answer);
  Result<> choose_from_contexts(const NegotiateContexts& contexts);
  Result<> use_keys(wire::Initiator& initiator, Reply& reply, const PreauthHash& preauth);
  Result<> accept_session(wire::Initiator& initiator, Reply& reply, const PreauthHash& preauth);
  Result<> choose_encryption(Encryption wish);

  template <typename Body>
  Result<Request> prepare(Command command, const Body& body, Payload payload);
  /// The reply to `request`, or nothing when it was none (interim response, oplock break).
  Result<std::optional<Reply>> accept(Bytes message, const Request& request);
  Result<> check_protection(const Request& request, Reply& reply) const;

  Conversation<Result<Reply>> exchange(Port& port, Result<Request> request);
  template <typename Body>
  Conversation<Result<Reply>> call(Port& port, Command command, const Body& body,
                                   Payload payload = {});

  Conversation<Result<Negotiation>> negotiate(Port& port);
  Conversation<Result<>> begin(Port& port);
  Conversation<Result<>> authenticate(Port& port, wire::Initiator& initiator, Bytes token,
                                      PreauthHash preauth);
  Conversation<Result<>> connect_tree(Port& port);
  Conversation<Result<>> validate_negotiation(Port& port, const Negotiation& negotiation);

  Conversation<Result<>> login(Port& port, std::unique_ptr<wire::Initiator> initiator);
  Conversation<Result<Pipe>> open_pipe(Port& port, std::string name);
  Conversation<Result<Bytes>> transceive(Port& port, Pipe pipe, Bytes message);
  Conversation<Result<Bytes>> read(Port& port, Pipe pipe);
  Conversation<Result<>> write(Port& port, Pipe pipe, Bytes message);
  Conversation<Result<>> close_pipe(Port& port, Pipe pipe);
  Conversation<Result<>> logoff(Port& port);
};

template <typename Body>
Result<Request> Client::Session::prepare(Command command, const Body& body, Payload payload) {
  using Protection = Request::Protection;
  const bool before_keys = command == Command::negotiate || command == Command::session_setup;
  if (!channel.established() && !before_keys) return fail(ErrorKind::denied, "not logged in");

  const auto size = std::max({payload.sent, payload.wanted, std::size_t{1}});
  if (size > kCreditUnit && !multi_credit)
    return fail(ErrorKind::unsupported, "the server takes no messages above 64 KB");
  const auto charge = static_cast<std::uint32_t>((size - 1) / kCreditUnit + 1);
  if (credits < charge)
    return fail(ErrorKind::malformed, "the server has granted too few credits to go on");
  credits -= charge;

  Request request{.command = command,
                  .message_id = next_message_id,
                  .protection = !channel.established() ? Protection::none
                                : encrypting           ? Protection::encryption
                                                       : Protection::signature};
  next_message_id += charge;
  const Header header{
      .credit_charge = static_cast<std::uint16_t>(multi_credit ? charge : 0),
      .command = command,
      .credits = static_cast<std::uint16_t>(
          std::max(charge, kWantedCredits - std::min(credits, kWantedCredits))),
      .message_id = request.message_id,
      .tree_id = tree_id,
      .session_id = session_id,
  };
  const std::size_t start = request.protection == Protection::encryption ? kTransformSize : 0;
  Writer out;
  out.reserve(start + kHeaderSize + 128 + payload.sent);
  out.zeros(start);
  header.encode(out);
  body.encode(out);
  request.message = std::move(out).take();
  if (request.protection == Protection::encryption) channel.seal(request.message);
  if (request.protection == Protection::signature) channel.sign(request.message);
  return request;
}

Result<std::optional<Reply>> Client::Session::accept(Bytes message, const Request& request) {
  Reply reply{.message = std::move(message)};
  const auto form = form_of(reply.message);
  if (form == MessageForm::sealed) {
    if (auto opened = channel.open(reply.message); !opened) return fail(std::move(opened));
    reply.start = kTransformSize;
  } else if (form == MessageForm::smb1) {
    return fail(ErrorKind::unsupported, "the server speaks SMB1 only");
  } else if (form == MessageForm::compressed) {
    return fail(ErrorKind::malformed, "the reply is compressed, which was not offered");
  }

  auto header = Header::decode(reply.view());
  if (!header) return fail(std::move(header));
  reply.header = *header;
  if ((header->flags & kFlagResponse) == 0)
    return fail(ErrorKind::malformed, "the server sends a request instead of a reply");
  if (header->next_command != 0)
    return fail(ErrorKind::malformed, "the reply is a compound, which was not asked for");
  if (header->message_id == ~std::uint64_t{0} && header->command == Command::oplock_break)
    return std::nullopt;
  if (header->message_id != request.message_id || header->command != request.command)
    return fail(ErrorKind::malformed, "the reply belongs to another request");

  if (auto ok = check_protection(request, reply); !ok) return fail(std::move(ok));
  credits = std::min<std::uint32_t>(credits + header->credits, 0xFFFF);
  if (header->status == Status::pending) {
    if ((header->flags & kFlagAsync) == 0)
      return fail(ErrorKind::malformed, "the reply is pending, but not asynchronous");
    return std::nullopt;
  }
  return reply;
}

Result<> Client::Session::check_protection(const Request& request, Reply& reply) const {
  if (request.protection == Request::Protection::none) return {};
  const auto& header = reply.header;
  const auto refuse = [&](std::string_view reason) {
    std::string text(reason);
    // What an unprotected reply says is no more than a hint for whoever reads the error.
    if (header.status != Status::success)
      text += " (it says: " + to_error(header.status).what + ")";
    return fail(ErrorKind::malformed, std::move(text));
  };
  if (header.session_id != session_id) return refuse("the reply belongs to another session");
  if (reply.sealed()) return {};
  if (request.protection == Request::Protection::encryption)
    return refuse("the reply is not encrypted, though the session is");
  // 3.2.5.1.3: interim responses are not signed; they grant credits and say nothing else.
  if (header.status == Status::pending) return {};
  if ((header.flags & kFlagSigned) == 0) return refuse("the reply is not signed");
  if (!channel.verify(reply.span())) return refuse("the reply's signature is wrong");
  return {};
}

Conversation<Result<Reply>> Client::Session::exchange(Port& port, Result<Request> prepared) {
  if (!prepared) co_return fail(std::move(prepared));
  auto request = *std::move(prepared);
  auto received = co_await port.exchange(std::move(request.message));
  for (int unasked = 0; unasked <= kMostUnasked; unasked++) {
    auto accepted = accept(std::move(received), request);
    if (!accepted) co_return fail(std::move(accepted));
    if (auto& reply = *accepted; reply) co_return *std::move(reply);
    received = co_await port.exchange({});
  }
  co_return fail(ErrorKind::malformed, "the server answers that it will answer, again and again");
}

template <typename Body>
Conversation<Result<Reply>> Client::Session::call(Port& port, Command command, const Body& body,
                                                  Payload payload) {
  auto reply = co_await exchange(port, prepare(command, body, payload));
  if (!reply || reply->header.status != Status::network_session_expired || !options.renewal)
    co_return reply;
  const auto initiator = options.renewal();
  if (!initiator) co_return reply;
  // The server has not read the request, so the same one is right once more.
  auto renewed = co_await authenticate(port, *initiator, {}, {});
  if (!renewed) co_return fail(std::move(renewed), "login");
  co_return co_await exchange(port, prepare(command, body, payload));
}

NegotiateRequest Client::Session::make_negotiate_request(BytesView salt) const {
  NegotiateRequest request{.security_mode = kSecurityMode, .dialects = options.dialects};
  // 3.2.4.2.2.2: a client without SMB 3 has no capabilities.
  if (knows_smb3()) request.capabilities = kCapabilityLargeMtu;
  if (knows_smb3() && !options.ciphers.empty()) request.capabilities |= kCapabilityEncryption;
  random(request.client_guid);
  if (!contains(options.dialects, Dialect::smb3_1_1)) return request;
  request.contexts.preauth = PreauthIntegrity{.hashes = {kHashSha512}, .salt = salt};
  if (!options.ciphers.empty()) request.contexts.ciphers = options.ciphers;
  if (!options.signing.empty()) request.contexts.signing = options.signing;
  request.contexts.net_name = options.server_name;
  return request;
}

Result<> Client::Session::choose_from_contexts(const NegotiateContexts& contexts) {
  // 3.2.5.2: without the context the signing algorithm is AES-CMAC, without cipher there is none.
  negotiated.signing = SigningAlgorithm::aes_cmac;
  negotiated.cipher = crypto::Cipher::none;
  if (!contexts.preauth)
    return fail(ErrorKind::malformed,
                "the server negotiates 3.1.1 without preauthentication integrity");
  if (contexts.preauth->hashes != std::vector{kHashSha512})
    return fail(ErrorKind::malformed, "the server chose a hash that was not offered");
  if (contexts.ciphers) {
    if (contexts.ciphers->size() != 1 || (contexts.ciphers->front() != crypto::Cipher::none &&
                                          !contains(options.ciphers, contexts.ciphers->front())))
      return fail(ErrorKind::malformed, "the server chose a cipher that was not offered");
    negotiated.cipher = contexts.ciphers->front();
  }
  if (contexts.signing) {
    if (contexts.signing->size() != 1 || !contains(options.signing, contexts.signing->front()))
      return fail(ErrorKind::malformed,
                  "the server chose a signing algorithm that was not offered");
    negotiated.signing = contexts.signing->front();
  }
  return {};
}

Result<> Client::Session::accept_negotiation(const NegotiateRequest& asked,
                                             const NegotiateResponse& answer) {
  if (!contains(asked.dialects, answer.dialect))
    return fail(ErrorKind::malformed, "the server chose a dialect that was not offered");
  negotiated = {.dialect = answer.dialect};
  const auto shared = answer.capabilities & asked.capabilities;
  if (answer.dialect == Dialect::smb3_1_1) {
    if (auto ok = choose_from_contexts(answer.contexts); !ok) return ok;
  } else if (answer.dialect != Dialect::smb2_1) {
    negotiated.signing = SigningAlgorithm::aes_cmac;
    if ((shared & kCapabilityEncryption) != 0 &&
        contains(options.ciphers, crypto::Cipher::aes128_ccm))
      negotiated.cipher = crypto::Cipher::aes128_ccm;
  }
  if (std::min({answer.max_transact, answer.max_read, answer.max_write}) < kLeastMaximum)
    return fail(ErrorKind::malformed, "the server takes no messages of a useful size");
  multi_credit = (shared & kCapabilityLargeMtu) != 0;
  max_transact = answer.max_transact;
  max_read = answer.max_read;
  max_write = answer.max_write;
  return {};
}

Conversation<Result<Negotiation>> Client::Session::negotiate(Port& port) {
  std::array<std::uint8_t, 32> salt{};
  random(salt);
  const auto asked = make_negotiate_request(salt);
  auto request = prepare(Command::negotiate, asked, {});
  if (!request) co_return fail(std::move(request));
  Negotiation settled;
  settled.preauth.add(request->message);

  auto reply = co_await exchange(port, std::move(request));
  if (!reply) co_return fail(std::move(reply));
  auto answer = read_reply<NegotiateResponse>(*reply);
  if (!answer) {
    if (reply->header.status == Status::not_supported)
      co_return fail(ErrorKind::unsupported, "the server supports none of the offered dialects");
    co_return fail(std::move(answer));
  }
  if (auto ok = accept_negotiation(asked, *answer); !ok) co_return fail(std::move(ok));
  settled.preauth.add(reply->view());
  settled.asked = {.capabilities = asked.capabilities,
                   .client_guid = asked.client_guid,
                   .security_mode = asked.security_mode,
                   .dialects = asked.dialects};
  settled.answered = {.capabilities = answer->capabilities,
                      .server_guid = answer->server_guid,
                      .security_mode = answer->security_mode,
                      .dialect = answer->dialect};
  settled.token = to_bytes(answer->token);
  co_return settled;
}

/// Below 3.1.1 an attacker could have weakened the negotiation; now that there are keys, both sides
/// compare what they saw (3.2.5.5). Only a client that can do SMB 3 has something to lose.
Conversation<Result<>> Client::Session::validate_negotiation(Port& port,
                                                             const Negotiation& negotiation) {
  const auto input = negotiation.asked.encode();
  IoctlRequest request{.code = kFsctlValidateNegotiateInfo,
                       .input = input,
                       .max_output = ValidateNegotiateResponse::kSize};
  request.file.fill(0xFF);
  auto reply = co_await call(port, Command::ioctl, request);
  if (!reply) co_return fail(std::move(reply));
  switch (reply->header.status) {
    // A server from before SMB 3 does not know the request. Its answer is signed (exchange() saw to
    // it), so no attacker made it.
    case Status::file_closed:
    case Status::not_supported:
    case Status::invalid_device_request:
    case Status::not_implemented:
      co_return Result<>{};
    default:
      break;
  }
  auto response = read_reply<IoctlResponse>(*reply);
  if (!response) co_return fail(std::move(response));
  auto answered = ValidateNegotiateResponse::decode(response->output);
  if (!answered) co_return fail(std::move(answered));
  if (*answered != negotiation.answered)
    co_return fail(ErrorKind::malformed,
                   "somebody between us and the server changed the negotiation");
  co_return Result<>{};
}

Result<> Client::Session::choose_encryption(Encryption wish) {
  const bool demanded = wish == Encryption::demanded;
  if (demanded && !channel.can_seal())
    return fail(ErrorKind::unsupported, "the server demands encryption, but negotiated no cipher");
  encrypting = encrypting || demanded || (options.encrypt_when_offered && channel.can_seal());
  return {};
}

/// The keys of a new session, from its last session setup response.
Result<> Client::Session::use_keys(wire::Initiator& initiator, Reply& reply,
                                   const PreauthHash& preauth) {
  const auto key = initiator.session_key();
  if (key.empty()) return fail(ErrorKind::malformed, "the authentication yields no session key");
  SecureChannel made(Role::client, negotiated, session_id, derive_keys(negotiated, key, preauth),
                     random);
  if ((reply.header.flags & kFlagSigned) != 0) {
    if (!made.verify(reply.span()))
      return fail(ErrorKind::malformed,
                  "the last reply's signature is wrong: another session key, or a changed login");
  } else if (negotiated.dialect == Dialect::smb3_1_1) {
    // 3.2.5.3.1 lets only 3.1.1 insist. Before, what this reply says needs no signature: its token
    // stands for itself (SPNEGO's mechListMIC), a forged guest flag ends the login, a removed
    // "encrypt data" flag makes the server refuse us, and whoever has not the keys ends with the
    // next reply, which must be signed.
    return fail(ErrorKind::malformed, "the last reply is not signed");
  }
  channel = std::move(made);
  return {};
}

Result<> Client::Session::accept_session(wire::Initiator& initiator, Reply& reply,
                                         const PreauthHash& preauth) {
  auto response = read_reply<SessionSetupResponse>(reply);
  if (!response) return fail(std::move(response));
  const auto flags = response->flags;
  if ((flags & kSessionIsGuest) != 0)
    return fail(ErrorKind::malformed, "the server let us in as a guest, not as the user");
  if ((flags & kSessionIsNull) != 0)
    return fail(ErrorKind::malformed, "the server let us in as nobody, not as the user");
  if (!initiator.complete() || !response->token.empty()) {
    if (auto last = initiator.step(response->token); !last) return fail(std::move(last));
  }
  if (!initiator.complete())
    return fail(ErrorKind::malformed,
                "the server ended the login before the authentication was done");
  // Authenticating again proves who we are and changes no key (3.2.5.3.2).
  if (channel.established()) return {};
  if (auto ok = use_keys(initiator, reply, preauth); !ok) return ok;
  return choose_encryption((flags & kSessionEncryptData) != 0 ? Encryption::demanded
                                                              : Encryption::possible);
}

Conversation<Result<>> Client::Session::authenticate(Port& port, wire::Initiator& initiator,
                                                     Bytes token, PreauthHash preauth) {
  for (int round = 0; round < kMostLoginRounds; round++) {
    auto answer = initiator.step(token);
    if (!answer) co_return fail(std::move(answer));
    if (answer->size() > 0xFFFF)
      co_return fail(ErrorKind::unsupported, "the login token is too long");
    auto request = prepare(Command::session_setup,
                           SessionSetupRequest{.security_mode = kSecurityMode, .token = *answer},
                           {.sent = answer->size()});
    if (request) preauth.add(request->message);

    auto reply = co_await exchange(port, std::move(request));
    if (!reply) co_return fail(std::move(reply));
    const auto& header = reply->header;
    if (header.status != Status::success && header.status != Status::more_processing_required)
      co_return std::unexpected(to_logon_error(header.status));
    if (session_id == 0) session_id = header.session_id;
    if (header.session_id != session_id || session_id == 0)
      co_return fail(ErrorKind::malformed,
                     "the server changes the session in the middle of the login");
    if (header.status == Status::success) co_return accept_session(initiator, *reply, preauth);

    auto response = read_reply<SessionSetupResponse>(*reply, Status::more_processing_required);
    if (!response) co_return fail(std::move(response));
    preauth.add(reply->view());
    token = to_bytes(response->token);
  }
  co_return fail(ErrorKind::malformed, "the server wants ever more login tokens");
}

Conversation<Result<>> Client::Session::connect_tree(Port& port) {
  auto reply = co_await call(port, Command::tree_connect,
                             TreeConnectRequest{.path = "\\\\" + options.server_name + "\\IPC$"});
  if (!reply) co_return fail(std::move(reply));
  auto response = read_reply<TreeConnectResponse>(*reply);
  if (!response) co_return fail(std::move(response));
  tree_id = reply->header.tree_id;
  const bool demanded = (response->share_flags & kShareEncryptData) != 0;
  co_return choose_encryption(demanded ? Encryption::demanded : Encryption::possible);
}

Conversation<Result<>> Client::Session::begin(Port& port) {
  reset();
  auto negotiation = co_await negotiate(port);
  if (!negotiation) co_return fail(std::move(negotiation), "negotiation");
  begun = *std::move(negotiation);
  co_return Result<>{};
}

Conversation<Result<>> Client::Session::login(Port& port,
                                              std::unique_ptr<wire::Initiator> initiator) {
  if (!begun) {
    if (auto ok = co_await begin(port); !ok) co_return ok;
  }
  const auto negotiation = std::exchange(begun, std::nullopt);
  if (auto ok = co_await authenticate(port, *initiator, negotiation->token, negotiation->preauth);
      !ok)
    co_return fail(std::move(ok), "login");
  if (auto ok = co_await connect_tree(port); !ok) co_return fail(std::move(ok), "share IPC$");
  if (negotiated.dialect != Dialect::smb3_1_1 && knows_smb3()) {
    if (auto ok = co_await validate_negotiation(port, *negotiation); !ok)
      co_return fail(std::move(ok), "validation of the negotiation");
  }
  co_return Result<>{};
}

Conversation<Result<Pipe>> Client::Session::open_pipe(Port& port, std::string name) {
  const CreateRequest request{
      .impersonation_level = 2,  // impersonation
      .desired_access = kPipeAccess,
      .file_attributes = 0x80,  // normal
      .share_access = 7,        // read, write, delete
      .disposition = 1,         // open, never create
      .options = 0x40,          // not a directory
      .name = name,
  };
  auto reply = co_await call(port, Command::create, request);
  if (!reply) co_return fail(std::move(reply), "open pipe " + name);
  auto response = read_reply<CreateResponse>(*reply);
  if (!response) co_return fail(std::move(response), "open pipe " + name);
  co_return Pipe{response->file};
}

Conversation<Result<Bytes>> Client::Session::transceive(Port& port, Pipe pipe, Bytes message) {
  if (message.size() > max_transact)
    co_return fail(ErrorKind::unsupported,
                   "transceive: the message is longer than the server takes");
  const auto most = std::min(max_transact, kCreditUnit);
  const IoctlRequest request{
      .code = kFsctlPipeTransceive, .file = pipe.id, .input = message, .max_output = most};
  auto reply =
      co_await call(port, Command::ioctl, request, {.sent = message.size(), .wanted = most});
  if (!reply) co_return fail(std::move(reply), "transceive");
  auto response = read_reply<IoctlResponse>(*reply, Status::buffer_overflow);
  if (!response) co_return fail(std::move(response), "transceive");
  if (response->output.size() > most)
    co_return fail(ErrorKind::malformed, "transceive: the reply is longer than asked for");
  co_return std::move(*reply).cut(response->output);
}

Conversation<Result<Bytes>> Client::Session::read(Port& port, Pipe pipe) {
  const ReadRequest request{.length = std::min(max_read, kCreditUnit), .file = pipe.id};
  auto reply = co_await call(port, Command::read, request, {.wanted = request.length});
  if (!reply) co_return fail(std::move(reply), "read");
  auto response = read_reply<ReadResponse>(*reply, Status::buffer_overflow);
  if (!response) co_return fail(std::move(response), "read");
  if (response->data.size() > request.length)
    co_return fail(ErrorKind::malformed, "read: the reply is longer than asked for");
  co_return std::move(*reply).cut(response->data);
}

Conversation<Result<>> Client::Session::write(Port& port, Pipe pipe, Bytes message) {
  if (message.size() > max_write)
    co_return fail(ErrorKind::unsupported, "write: the message is longer than the server takes");
  auto reply = co_await call(port, Command::write, WriteRequest{.file = pipe.id, .data = message},
                             {.sent = message.size()});
  if (!reply) co_return fail(std::move(reply), "write");
  auto response = read_reply<WriteResponse>(*reply);
  if (!response) co_return fail(std::move(response), "write");
  if (response->count != message.size())
    co_return fail(ErrorKind::malformed, "write: the server took a part of the message only");
  co_return Result<>{};
}

Conversation<Result<>> Client::Session::close_pipe(Port& port, Pipe pipe) {
  auto reply = co_await call(port, Command::close, CloseRequest{.file = pipe.id});
  if (!reply) co_return fail(std::move(reply), "close pipe");
  auto response = read_reply<CloseResponse>(*reply);
  if (!response) co_return fail(std::move(response), "close pipe");
  co_return Result<>{};
}

Conversation<Result<>> Client::Session::logoff(Port& port) {
  for (const auto command : {Command::tree_disconnect, Command::logoff}) {
    auto reply = co_await call(port, command, EmptyBody{});
    if (!reply) co_return fail(std::move(reply), "logoff");
    auto response = read_reply<EmptyBody>(*reply);
    if (!response) co_return fail(std::move(response), "logoff");
    tree_id = 0;
  }
  channel = {};
  co_return Result<>{};
}

Client::Client(ClientOptions options, RandomFill random)
    : session_(std::make_unique<Session>(
          Session{.options = std::move(options), .random = std::move(random)})) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Conversation<Result<>> Client::negotiate(Port& port) { return session_->begin(port); }
Conversation<Result<>> Client::login(Port& port, std::unique_ptr<wire::Initiator> initiator) {
  return session_->login(port, std::move(initiator));
}
Conversation<Result<Pipe>> Client::open_pipe(Port& port, std::string name) {
  return session_->open_pipe(port, std::move(name));
}
Conversation<Result<Bytes>> Client::transceive(Port& port, Pipe pipe, Bytes message) {
  return session_->transceive(port, pipe, std::move(message));
}
Conversation<Result<Bytes>> Client::read(Port& port, Pipe pipe) {
  return session_->read(port, pipe);
}
Conversation<Result<>> Client::write(Port& port, Pipe pipe, Bytes message) {
  return session_->write(port, pipe, std::move(message));
}
Conversation<Result<>> Client::close_pipe(Port& port, Pipe pipe) {
  return session_->close_pipe(port, pipe);
}
Conversation<Result<>> Client::logoff(Port& port) { return session_->logoff(port); }

Dialect Client::dialect() const { return session_->negotiated.dialect; }
bool Client::encrypted() const { return session_->encrypting; }

}  // namespace tocsin::smb2
