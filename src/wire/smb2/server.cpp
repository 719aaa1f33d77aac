#include "wire/smb2/server.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/status.h"

namespace tocsin::smb2 {
namespace {

constexpr std::uint32_t kCapabilities = kCapabilityLargeMtu;
/// Of one READ, WRITE or IOCTL; below the frame's limit (frame.h).
constexpr std::uint32_t kMostPayload = 512 * 1024;
constexpr std::uint16_t kMostCredits = 512;
constexpr std::size_t kMostTrees = 64;
constexpr std::size_t kMostOpens = 256;
constexpr std::uint16_t kSecurityMode = kSigningEnabled | kSigningRequired;
constexpr std::uint32_t kFileAccess = 0x001F01FF;  // FILE_ALL_ACCESS
constexpr std::uint32_t kNoCaching = 0x30;
constexpr FileId kRelatedFile = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

/// One request of a message, decrypted where it was encrypted.
struct Request {
  Header header{};
  std::span<std::uint8_t> message{};
  bool sealed = false;
};

struct Open {
  FileId id{};
  std::uint32_t tree = 0;
  std::unique_ptr<PipeEnd> pipe{};
};

struct ServerSession {
  std::uint64_t id = 0;
  std::unique_ptr<wire::Acceptor> login{};  ///< while one is under way
  PreauthHash preauth{};
  SecureChannel channel{};
  bool expired = false;
  std::vector<std::uint32_t> trees{};
  std::vector<Open> opens{};
};

bool known_while_expired(Command command) {  // 3.3.5.2.9
  return command == Command::session_setup || command == Command::logoff ||
         command == Command::close;
}

template <typename Choice>
bool contains(const std::vector<Choice>& choices, Choice choice) {
  return std::ranges::find(choices, choice) != choices.end();
}

/// "svcctl" of "\PIPE\svcctl".
std::string pipe_name(std::string_view name) {
  if (const auto slash = name.rfind('\\'); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  return std::string(name);
}

}  // namespace

struct Server::Connection {
  std::shared_ptr<const ServerOptions> options;
  RandomFill random;

  bool settled = false;  ///< the negotiation is over
  Negotiated negotiated{};
  std::uint32_t capabilities = 0;
  Guid server_guid{};
  ValidateNegotiateRequest asked{};
  PreauthHash preauth{};
  std::unique_ptr<ServerSession> session;
  std::uint64_t last_id = 0;  ///< of trees and opens
  FileId last_file{};         ///< what a related request of a compound means by "that file"

  /// Replies to requests, one each but for CANCEL. An error ends the connection.
  Result<std::vector<Bytes>> handle(BytesView message);
  Result<Bytes> answer(const Request& request);
  Result<Bytes> dispatch(const Request& request);

  template <typename Body>
  Bytes reply(const Request& request, Status status, const Body& body);
  Bytes refuse(const Request& request, Status status) {
    return reply(request, status, ErrorResponse{});
  }

  Result<Bytes> greet_smb1(BytesView message);
  Result<Bytes> negotiate(const Request& request);
  std::optional<Status> choose(const NegotiateRequest& request);
  Result<Bytes> setup_session(const Request& request);
  Bytes finish_login(const Request& request, BytesView token);
  Bytes connect_tree(const Request& request);
  Bytes disconnect_tree(const Request& request);
  Bytes log_off(const Request& request);
  Bytes create(const Request& request);
  Bytes close(const Request& request);
  Bytes flush(const Request& request);
  Bytes read(const Request& request);
  Bytes write(const Request& request);
  Result<Bytes> control(const Request& request);
  Bytes transceive(const Request& request, const IoctlRequest& body);
  Result<Bytes> validate_negotiation(const Request& request, const IoctlRequest& body);
  Bytes query_info(const Request& request);

  Open* find_open(const Request& request, const FileId& id);
  std::uint64_t random_id();
};

Result<std::vector<Bytes>> Server::Connection::handle(BytesView received) {
  std::vector<Bytes> replies;
  const auto form = form_of(received);
  if (form == MessageForm::smb1) {
    auto greeting = greet_smb1(received);
    if (!greeting) return fail(std::move(greeting));
    replies.push_back(*std::move(greeting));
    return replies;
  }
  auto copy = to_bytes(received);
  std::span<std::uint8_t> rest(copy);
  if (form == MessageForm::sealed) {
    if (!session) return fail(ErrorKind::malformed, "encrypted message before the login");
    if (auto ok = session->channel.open(rest); !ok) return fail(std::move(ok));
    rest = rest.subspan(kTransformSize);
  }
  // A related request goes on with session, tree and file of the one before (3.3.5.2.7.2).
  Header previous;
  while (!rest.empty()) {
    auto header = Header::decode(rest);
    if (!header) return fail(std::move(header));
    const auto next = header->next_command;
    if (next != 0 && (next < kHeaderSize || next % 8 != 0 || next >= rest.size()))
      return fail(ErrorKind::malformed, "the next request of the compound lies outside of it");
    if ((header->flags & kFlagRelated) != 0) {
      header->session_id = previous.session_id;
      header->tree_id = previous.tree_id;
    }
    previous = *header;
    auto reply = answer({.header = *header,
                         .message = next == 0 ? rest : rest.first(next),
                         .sealed = form == MessageForm::sealed});
    if (!reply) return fail(std::move(reply));
    if (!reply->empty()) replies.push_back(*std::move(reply));
    rest = next == 0 ? std::span<std::uint8_t>{} : rest.subspan(next);
  }
  return replies;
}

Result<Bytes> Server::Connection::answer(const Request& request) {
  const auto& header = request.header;
  if ((header.flags & kFlagResponse) != 0)
    return fail(ErrorKind::malformed, "the client sends a reply instead of a request");
  if (header.command == Command::negotiate) return negotiate(request);
  if (!settled) return fail(ErrorKind::malformed, "request before the negotiation");
  const bool logged_in = session && session->channel.established();
  const bool ours = session && header.session_id == session->id;
  // A compound may have ended the session that encrypted it.
  if (request.sealed && !(ours && logged_in))
    return fail(ErrorKind::malformed, "encrypted request of no session");
  if (header.command == Command::cancel) return Bytes{};
  if (header.command == Command::session_setup && !(ours && logged_in))
    return setup_session(request);
  if (!ours || !logged_in) return refuse(request, Status::user_session_deleted);

  if (!request.sealed) {
    if ((header.flags & kFlagSigned) == 0) return refuse(request, Status::access_denied);
    if (!session->channel.verify(request.message))
      return fail(ErrorKind::malformed, "the request's signature is wrong");
    if (options->encrypt_data) return refuse(request, Status::access_denied);
  }
  if (session->expired && !known_while_expired(header.command))
    return refuse(request, Status::network_session_expired);
  return dispatch(request);
}

Result<Bytes> Server::Connection::dispatch(const Request& request) {
  switch (request.header.command) {
    case Command::session_setup:
      return setup_session(request);
    case Command::logoff:
      return log_off(request);
    case Command::tree_connect:
      return connect_tree(request);
    case Command::echo:
      return reply(request, Status::success, EmptyBody{});
    default:
      break;
  }
  if (!contains(session->trees, request.header.tree_id))
    return refuse(request, Status::network_name_deleted);
  switch (request.header.command) {
    case Command::tree_disconnect:
      return disconnect_tree(request);
    case Command::create:
      return create(request);
    case Command::close:
      return close(request);
    case Command::flush:
      return flush(request);
    case Command::read:
      return read(request);
    case Command::write:
      return write(request);
    case Command::ioctl:
      return control(request);
    case Command::query_info:
      return query_info(request);
    default:
      return refuse(request, Status::not_supported);
  }
}

template <typename Body>
Bytes Server::Connection::reply(const Request& request, Status status, const Body& body) {
  auto header = request.header;
  header.status = status;
  header.credits = std::clamp<std::uint16_t>(header.credits, 1, kMostCredits);
  header.flags = kFlagResponse | (header.flags & kFlagRelated);
  header.next_command = 0;
  header.signature = {};
  const std::size_t start = request.sealed ? kTransformSize : 0;
  Writer out;
  out.reserve(start + kHeaderSize + 256);
  out.zeros(start);
  header.encode(out);
  body.encode(out);
  auto bytes = std::move(out).take();
  if (request.sealed) {
    session->channel.seal(bytes);
  } else if (session && session->channel.established() && header.session_id == session->id) {
    session->channel.sign(bytes);
  }
  return bytes;
}

std::uint64_t Server::Connection::random_id() {
  std::array<std::uint8_t, 8> bytes{};
  random(bytes);
  return Reader(bytes).u64() | 1;  // 0 is none
}

/// An SMB1 NEGOTIATE ([MS-CIFS] 2.2.4.52.1) that also names SMB2: "go on in SMB2" (3.3.5.3.1).
Result<Bytes> Server::Connection::greet_smb1(BytesView message) {
  constexpr std::uint8_t kNegotiate = 0x72;
  constexpr std::string_view kSmb2{"\x02SMB 2.???\0", 11};
  const auto dialects = message.subspan(std::min<std::size_t>(message.size(), 35));
  if (settled || message.size() < 36 || message[4] != kNegotiate ||
      std::ranges::search(dialects, as_bytes(kSmb2)).empty())
    return fail(ErrorKind::unsupported, "the client speaks SMB1 only");
  random(server_guid);
  const auto hint = options->acceptor()->hint();
  return reply({}, Status::success,
               NegotiateResponse{.security_mode = kSecurityMode,
                                 .dialect = kAnyDialect,
                                 .server_guid = server_guid,
                                 .capabilities = kCapabilities,
                                 .max_transact = kMostPayload,
                                 .max_read = kMostPayload,
                                 .max_write = kMostPayload,
                                 .token = hint});
}

/// Settles `negotiated`, or says why that cannot be.
std::optional<Status> Server::Connection::choose(const NegotiateRequest& request) {
  std::optional<Dialect> highest{};
  for (const auto dialect : options->dialects)
    if (contains(request.dialects, dialect) && (!highest || dialect > *highest)) highest = dialect;
  if (!highest) return Status::not_supported;
  negotiated = {.dialect = *highest};
  capabilities = kCapabilities;
  const auto& contexts = request.contexts;
  const auto first_common = [&](const std::vector<crypto::Cipher>& ciphers) {
    const auto found =
        std::ranges::find_if(ciphers, [&](auto c) { return contains(options->ciphers, c); });
    return found == ciphers.end() ? crypto::Cipher::none : *found;
  };
  if (*highest == Dialect::smb3_1_1) {
    if (!contexts.preauth || !contains(contexts.preauth->hashes, kHashSha512))
      return Status::invalid_parameter;
    if (contexts.ciphers) negotiated.cipher = first_common(*contexts.ciphers);
    negotiated.signing = SigningAlgorithm::aes_cmac;
    if (contexts.signing && !contexts.signing->empty() &&
        contexts.signing->front() <= SigningAlgorithm::aes_gmac)
      negotiated.signing = contexts.signing->front();
  } else if (*highest != Dialect::smb2_1) {
    negotiated.signing = SigningAlgorithm::aes_cmac;
    if ((request.capabilities & kCapabilityEncryption) != 0)
      negotiated.cipher = first_common({crypto::Cipher::aes128_ccm});
    if (negotiated.cipher != crypto::Cipher::none) capabilities |= kCapabilityEncryption;
  }
  return std::nullopt;
}

Result<Bytes> Server::Connection::negotiate(const Request& request) {
  if (settled) return fail(ErrorKind::malformed, "the client negotiates twice");
  auto asks = NegotiateRequest::decode(request.message);
  if (!asks) return refuse(request, Status::invalid_parameter);
  if (const auto refused = choose(*asks)) return refuse(request, *refused);
  settled = true;
  asked = {.capabilities = asks->capabilities,
           .client_guid = asks->client_guid,
           .security_mode = asks->security_mode,
           .dialects = asks->dialects};
  random(server_guid);
  std::array<std::uint8_t, 32> salt{};
  const auto hint = options->acceptor()->hint();
  NegotiateResponse response{.security_mode = kSecurityMode,
                             .dialect = negotiated.dialect,
                             .server_guid = server_guid,
                             .capabilities = capabilities,
                             .max_transact = kMostPayload,
                             .max_read = kMostPayload,
                             .max_write = kMostPayload,
                             .token = hint};
  if (negotiated.dialect == Dialect::smb3_1_1) {
    random(salt);
    response.contexts.preauth = PreauthIntegrity{.hashes = {kHashSha512}, .salt = salt};
    if (asks->contexts.ciphers) response.contexts.ciphers = {{negotiated.cipher}};
    if (asks->contexts.signing) response.contexts.signing = {{negotiated.signing}};
  }
  auto bytes = reply(request, Status::success, response);
  preauth.add(request.message);
  preauth.add(bytes);
  return bytes;
}

Result<Bytes> Server::Connection::setup_session(const Request& request) {
  const auto body = SessionSetupRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (options->encrypt_data && negotiated.cipher == crypto::Cipher::none)
    return refuse(request, Status::access_denied);
  if (request.header.session_id == 0) {
    // One session a connection: a second login takes the place of the first.
    session = std::make_unique<ServerSession>();
    session->id = random_id();
    session->preauth = preauth;
  } else if (!session || session->id != request.header.session_id) {
    return refuse(request, Status::user_session_deleted);
  }
  const bool again = session->channel.established();
  if (!session->login) session->login = options->acceptor();
  if (!again) session->preauth.add(request.message);

  auto numbered = request;
  numbered.header.session_id = session->id;
  auto token = session->login->step(body->token);
  if (!token) {
    const auto refusal = token.error().kind == ErrorKind::denied
                             ? static_cast<Status>(token.error().native.value_or(
                                   static_cast<std::uint32_t>(Status::logon_failure)))
                             : Status::invalid_parameter;
    auto bytes = refuse(numbered, refusal);
    session->login.reset();
    if (!again) session.reset();
    return bytes;
  }
  if (session->login->complete()) return finish_login(numbered, *token);
  auto bytes =
      reply(numbered, Status::more_processing_required, SessionSetupResponse{.token = *token});
  if (!again) session->preauth.add(bytes);
  return bytes;
}

Bytes Server::Connection::finish_login(const Request& request, BytesView token) {
  // Authenticating again changes no key (3.3.5.5.3).
  if (!session->channel.established()) {
    session->channel = SecureChannel(
        Role::server, negotiated, session->id,
        derive_keys(negotiated, session->login->session_key(), session->preauth), random);
  }
  session->login.reset();
  session->expired = false;
  const auto flags = options->encrypt_data ? kSessionEncryptData : std::uint16_t{0};
  return reply(request, Status::success, SessionSetupResponse{.flags = flags, .token = token});
}

Bytes Server::Connection::log_off(const Request& request) {
  auto bytes = reply(request, Status::success, EmptyBody{});
  session.reset();
  return bytes;
}

Bytes Server::Connection::connect_tree(const Request& request) {
  const auto body = TreeConnectRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (fold_case(pipe_name(body->path)) != "IPC$" || session->trees.size() >= kMostTrees)
    return refuse(request, Status::bad_network_name);
  auto numbered = request;
  numbered.header.tree_id = static_cast<std::uint32_t>(++last_id);
  session->trees.push_back(numbered.header.tree_id);
  return reply(
      numbered, Status::success,
      TreeConnectResponse{
          .share_type = kShareIsPipe, .share_flags = kNoCaching, .maximal_access = kFileAccess});
}

Bytes Server::Connection::disconnect_tree(const Request& request) {
  const auto tree = request.header.tree_id;
  std::erase(session->trees, tree);
  std::erase_if(session->opens, [&](const Open& open) { return open.tree == tree; });
  return reply(request, Status::success, EmptyBody{});
}

Open* Server::Connection::find_open(const Request& request, const FileId& id) {
  const bool same = (request.header.flags & kFlagRelated) != 0 && id == kRelatedFile;
  const auto found =
      std::ranges::find(session->opens, same ? last_file : id, [](const Open& o) { return o.id; });
  return found == session->opens.end() ? nullptr : &*found;
}

Bytes Server::Connection::create(const Request& request) {
  last_file = {};
  const auto body = CreateRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (session->opens.size() >= kMostOpens) return refuse(request, Status::object_name_not_found);
  auto pipe = options->open_pipe(pipe_name(body->name));
  if (!pipe) return refuse(request, Status::object_name_not_found);
  Writer id;
  id.u64(++last_id).u64(last_id);
  last_file = Reader(id.view()).array<16>();
  session->opens.push_back(
      {.id = last_file, .tree = request.header.tree_id, .pipe = std::move(pipe)});
  return reply(request, Status::success,
               CreateResponse{.action = 1, .file_attributes = 0x80, .file = last_file});
}

Bytes Server::Connection::close(const Request& request) {
  const auto body = CloseRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  const auto* open = find_open(request, body->file);
  if (open == nullptr) return refuse(request, Status::file_closed);
  std::erase_if(session->opens, [&](const Open& one) { return &one == open; });
  return reply(request, Status::success, CloseResponse{});
}

Bytes Server::Connection::flush(const Request& request) {
  const auto body = FlushRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (find_open(request, body->file) == nullptr) return refuse(request, Status::file_closed);
  return reply(request, Status::success, EmptyBody{});
}

Bytes Server::Connection::read(const Request& request) {
  const auto body = ReadRequest::decode(request.message);
  if (!body || body->length > kMostPayload) return refuse(request, Status::invalid_parameter);
  auto* open = find_open(request, body->file);
  if (open == nullptr) return refuse(request, Status::file_closed);
  const auto chunk = open->pipe->read(body->length);
  if (chunk.bytes.empty()) return refuse(request, Status::pipe_empty);
  return reply(request, chunk.left ? Status::buffer_overflow : Status::success,
               ReadResponse{.data = chunk.bytes});
}

Bytes Server::Connection::write(const Request& request) {
  const auto body = WriteRequest::decode(request.message);
  if (!body || body->data.size() > kMostPayload) return refuse(request, Status::invalid_parameter);
  auto* open = find_open(request, body->file);
  if (open == nullptr) return refuse(request, Status::file_closed);
  open->pipe->write(body->data);
  return reply(request, Status::success,
               WriteResponse{.count = static_cast<std::uint32_t>(body->data.size())});
}

Result<Bytes> Server::Connection::control(const Request& request) {
  const auto body = IoctlRequest::decode(request.message);
  if (!body || body->input.size() > kMostPayload || body->max_output > kMostPayload)
    return refuse(request, Status::invalid_parameter);
  switch (body->code) {
    case kFsctlPipeTransceive:
      return transceive(request, *body);
    case kFsctlValidateNegotiateInfo:
      return validate_negotiation(request, *body);
    case kFsctlPipeWait:
      return reply(request, Status::success, IoctlResponse{.code = body->code, .file = body->file});
    case kFsctlDfsGetReferrals:
    case kFsctlDfsGetReferralsEx:
      return refuse(request, Status::fs_driver_required);
    default:
      return refuse(request, Status::invalid_device_request);
  }
}

Bytes Server::Connection::transceive(const Request& request, const IoctlRequest& body) {
  auto* open = find_open(request, body.file);
  if (open == nullptr) return refuse(request, Status::file_closed);
  open->pipe->write(body.input);
  const auto chunk = open->pipe->read(body.max_output);
  if (chunk.bytes.empty()) return refuse(request, Status::pipe_empty);
  return reply(request, chunk.left ? Status::buffer_overflow : Status::success,
               IoctlResponse{.code = body.code, .file = body.file, .output = chunk.bytes});
}

Result<Bytes> Server::Connection::validate_negotiation(const Request& request,
                                                       const IoctlRequest& body) {
  // A server from before SMB 3 takes it for a request about a file that is not open.
  if (std::ranges::max(options->dialects) < Dialect::smb3_0)
    return refuse(request, Status::file_closed);
  const auto believed = ValidateNegotiateRequest::decode(body.input);
  if (!believed || *believed != asked || negotiated.dialect == Dialect::smb3_1_1 ||
      body.max_output < ValidateNegotiateResponse::kSize)
    return fail(ErrorKind::malformed, "somebody changed the negotiation");
  const auto output = ValidateNegotiateResponse{.capabilities = capabilities,
                                                .server_guid = server_guid,
                                                .security_mode = kSecurityMode,
                                                .dialect = negotiated.dialect}
                          .encode();
  return reply(request, Status::success,
               IoctlResponse{.code = body.code, .file = body.file, .output = output});
}

Bytes Server::Connection::query_info(const Request& request) {
  constexpr std::uint8_t kFile = 1;
  constexpr std::uint8_t kStandardInformation = 5;  // [MS-FSCC] 2.4.41
  const auto body = QueryInfoRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (find_open(request, body->file) == nullptr) return refuse(request, Status::file_closed);
  if (body->type != kFile || body->info_class != kStandardInformation || body->output_length < 24)
    return refuse(request, Status::invalid_info_class);
  Writer out;
  out.u64(4096).u64(0).u32(1).u8(1).u8(0).u16(0);  // as Windows describes a pipe
  return reply(request, Status::success, QueryInfoResponse{.data = out.view()});
}

Server::Server(std::shared_ptr<const ServerOptions> options, RandomFill random)
    : connection_(std::make_unique<Connection>(
          Connection{.options = std::move(options), .random = std::move(random)})) {}
Server::~Server() = default;
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;

Result<std::vector<Bytes>> Server::handle(BytesView message) {
  return connection_->handle(message);
}

void Server::expire_session() {
  if (connection_->session) connection_->session->expired = true;
}

}  // namespace tocsin::smb2
