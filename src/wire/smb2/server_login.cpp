// Negotiation and login, as the server does them.
#include <algorithm>
#include <array>
#include <string_view>

#include "wire/smb2/server_connection.h"

namespace tocsin::smb2 {
namespace {

constexpr std::uint32_t kCapabilities = kCapabilityLargeMtu;

}  // namespace

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
  // The greeting stands for message 0; the client goes on with 1 (3.2.5.2).
  if (!credits.spend(0, 1)) return fail(ErrorKind::malformed, "the client greets twice");
  random(server_guid);
  const auto hint = options->acceptor()->hint();
  return reply({}, Status::success,
               NegotiateResponse{.security_mode = kSigningDemanded,
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
  NegotiateResponse response{.security_mode = kSigningDemanded,
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
    session = std::make_unique<Session>();
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
                                                .security_mode = kSigningDemanded,
                                                .dialect = negotiated.dialect}
                          .encode();
  return reply(request, Status::success,
               IoctlResponse{.code = body.code, .file = body.file, .output = output});
}

}  // namespace tocsin::smb2
