// Negotiation and login of an SMB2 client.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "wire/smb2/client_session.h"

namespace tocsin::smb2 {
namespace {

/// NTLM takes two rounds, Kerberos one or two: more is a server that plays with us.
constexpr int kMostLoginRounds = 8;
/// A server below it would make one RPC fragment a matter of many round trips (2.2.4 wants 64 KB).
constexpr std::uint32_t kLeastMaximum = 1024;

}  // namespace

NegotiateRequest Client::Session::make_negotiate_request(BytesView salt) const {
  NegotiateRequest request{.security_mode = kSigningDemanded, .dialects = options.dialects};
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
  agreement.settled.signing = SigningAlgorithm::aes_cmac;
  agreement.settled.cipher = crypto::Cipher::none;
  if (!contexts.preauth)
    return fail(ErrorKind::malformed,
                "the server negotiates 3.1.1 without preauthentication integrity");
  if (contexts.preauth->hashes != std::vector{kHashSha512})
    return fail(ErrorKind::malformed, "the server chose a hash that was not offered");
  if (contexts.ciphers) {
    if (contexts.ciphers->size() != 1 || (contexts.ciphers->front() != crypto::Cipher::none &&
                                          !contains(options.ciphers, contexts.ciphers->front())))
      return fail(ErrorKind::malformed, "the server chose a cipher that was not offered");
    agreement.settled.cipher = contexts.ciphers->front();
  }
  if (contexts.signing) {
    if (contexts.signing->size() != 1 || !contains(options.signing, contexts.signing->front()))
      return fail(ErrorKind::malformed,
                  "the server chose a signing algorithm that was not offered");
    agreement.settled.signing = contexts.signing->front();
  }
  return {};
}

Result<> Client::Session::accept_negotiation(const NegotiateRequest& asked,
                                             const NegotiateResponse& answer) {
  if (!contains(asked.dialects, answer.dialect))
    return fail(ErrorKind::malformed, "the server chose a dialect that was not offered");
  agreement = {.settled = {.dialect = answer.dialect},
               .signing_required = (answer.security_mode & kSigningRequired) != 0,
               .system_time = answer.system_time,
               .hint = to_bytes(answer.token)};
  const auto shared = answer.capabilities & asked.capabilities;
  if (answer.dialect == Dialect::smb3_1_1) {
    TRY(choose_from_contexts(answer.contexts));
  } else if (answer.dialect != Dialect::smb2_1) {
    agreement.settled.signing = SigningAlgorithm::aes_cmac;
    if ((shared & kCapabilityEncryption) != 0 &&
        contains(options.ciphers, crypto::Cipher::aes128_ccm))
      agreement.settled.cipher = crypto::Cipher::aes128_ccm;
  }
  if (std::min({answer.max_transact, answer.max_read, answer.max_write}) < kLeastMaximum)
    return fail(ErrorKind::malformed, "the server takes no messages of a useful size");
  exchange.multi_credit = (shared & kCapabilityLargeMtu) != 0;
  max_transact = answer.max_transact;
  max_read = answer.max_read;
  max_write = answer.max_write;
  return {};
}

Conversation<Result<Client::Session::Negotiation>> Client::Session::negotiate(Port& port) {
  std::array<std::uint8_t, 32> salt{};
  random(salt);
  const auto asked = make_negotiate_request(salt);
  CO_TRY(auto request, exchange.prepare(Command::negotiate, asked));
  Negotiation settled;
  settled.preauth.add(request.message);

  CO_TRY(auto reply, co_await exchange.send(port, std::move(request)));
  auto answer = read_reply<NegotiateResponse>(reply);
  if (!answer) {
    if (reply.header.status == Status::not_supported)
      co_return fail(ErrorKind::unsupported, "the server supports none of the offered dialects");
    co_return fail(std::move(answer));
  }
  CO_TRY(accept_negotiation(asked, *answer));
  settled.preauth.add(reply.view());
  settled.asked = {.capabilities = asked.capabilities,
                   .client_guid = asked.client_guid,
                   .security_mode = asked.security_mode,
                   .dialects = asked.dialects};
  settled.answered = {.capabilities = answer->capabilities,
                      .server_guid = answer->server_guid,
                      .security_mode = answer->security_mode,
                      .dialect = answer->dialect};
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
  CO_TRY(auto reply, co_await call(port, Command::ioctl, request));
  switch (reply.header.status) {
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
  CO_TRY(auto response, read_reply<IoctlResponse>(reply));
  CO_TRY(auto answered, ValidateNegotiateResponse::decode(response.output));
  if (answered != negotiation.answered)
    co_return fail(ErrorKind::malformed,
                   "somebody between us and the server changed the negotiation");
  co_return Result<>{};
}

Result<> Client::Session::choose_encryption(Encryption wish) {
  const bool demanded = wish == Encryption::demanded;
  if (demanded && !exchange.channel.can_seal())
    return fail(ErrorKind::unsupported, "the server demands encryption, but negotiated no cipher");
  exchange.encrypting = exchange.encrypting || demanded ||
                        (options.encrypt_when_offered && exchange.channel.can_seal());
  return {};
}

/// The keys of a new session, from its last session setup response.
Result<> Client::Session::use_keys(wire::Initiator& initiator, Reply& reply,
                                   const PreauthHash& preauth) {
  const auto key = initiator.session_key();
  if (key.empty()) return fail(ErrorKind::malformed, "the authentication yields no session key");
  SecureChannel made(Role::client, agreement.settled, exchange.session_id,
                     derive_keys(agreement.settled, key, preauth), random);
  if ((reply.header.flags & kFlagSigned) != 0) {
    if (!made.verify(reply.span()))
      return fail(ErrorKind::malformed,
                  "the last reply's signature is wrong: another session key, or a changed login");
  } else if (agreement.settled.dialect == Dialect::smb3_1_1) {
    // 3.2.5.3.1 lets only 3.1.1 insist. Before, what this reply says needs no signature: its token
    // stands for itself (SPNEGO's mechListMIC), a forged guest flag ends the login, a removed
    // "encrypt data" flag makes the server refuse us, and whoever has not the keys ends with the
    // next reply, which must be signed.
    return fail(ErrorKind::malformed, "the last reply is not signed");
  }
  exchange.channel = std::move(made);
  return {};
}

Result<> Client::Session::accept_session(wire::Initiator& initiator, Reply& reply,
                                         const PreauthHash& preauth) {
  TRY(auto response, read_reply<SessionSetupResponse>(reply));
  const auto flags = response.flags;
  if ((flags & kSessionIsGuest) != 0)
    return fail(ErrorKind::malformed, "the server let us in as a guest, not as the user");
  if ((flags & kSessionIsNull) != 0)
    return fail(ErrorKind::malformed, "the server let us in as nobody, not as the user");
  if (!initiator.complete() || !response.token.empty()) {
    TRY(initiator.step(response.token));
  }
  if (!initiator.complete())
    return fail(ErrorKind::malformed,
                "the server ended the login before the authentication was done");
  // Authenticating again proves who we are and changes no key (3.2.5.3.2).
  if (exchange.channel.established()) return {};
  TRY(use_keys(initiator, reply, preauth));
  return choose_encryption((flags & kSessionEncryptData) != 0 ? Encryption::demanded
                                                              : Encryption::possible);
}

Conversation<Result<>> Client::Session::authenticate(Port& port, wire::Initiator& initiator,
                                                     Bytes token, PreauthHash preauth) {
  for (int round = 0; round < kMostLoginRounds; round++) {
    CO_TRY(auto answer, initiator.step(token));
    if (answer.size() > 0xFFFF)
      co_return fail(ErrorKind::unsupported, "the login token is too long");
    const Payload payload{.sent = answer.size()};
    co_await exchange.credits_for(payload);
    CO_TRY(auto request,
           exchange.prepare(Command::session_setup,
                            SessionSetupRequest{.security_mode = kSigningDemanded, .token = answer},
                            payload));
    preauth.add(request.message);
    CO_TRY(auto reply, co_await exchange.send(port, std::move(request)));
    const auto& header = reply.header;
    if (header.status != Status::success && header.status != Status::more_processing_required)
      co_return std::unexpected(to_logon_error(header.status));
    if (exchange.session_id == 0) exchange.session_id = header.session_id;
    if (header.session_id != exchange.session_id || exchange.session_id == 0)
      co_return fail(ErrorKind::malformed,
                     "the server changes the session in the middle of the login");
    if (header.status == Status::success) co_return accept_session(initiator, reply, preauth);

    CO_TRY(auto response,
           read_reply<SessionSetupResponse>(reply, Status::more_processing_required));
    preauth.add(reply.view());
    token = to_bytes(response.token);
  }
  co_return fail(ErrorKind::malformed, "the server wants ever more login tokens");
}

Conversation<Result<>> Client::Session::log_in_again(Port& port,
                                                     std::unique_ptr<wire::Initiator> initiator) {
  co_return in_context(co_await authenticate(port, *initiator, {}, {}), "login");
}

Conversation<Result<bool>> Client::Session::renew(Port& port) {
  if (renewal.running) {
    co_await renewal.line.wait();
    co_return renewal.outcome;
  }
  renewal.running = true;
  renewal.outcome = false;
  if (auto initiator = options.renewal()) {
    const auto logged_in = co_await log_in_again(port, std::move(initiator));
    if (options.renewed) options.renewed(logged_in);
    if (logged_in)
      renewal.outcome = true;
    else
      renewal.outcome = std::unexpected(logged_in.error());
  }
  renewal.count++;
  renewal.running = false;
  renewal.line.wake_all();
  co_return renewal.outcome;
}

Conversation<Result<>> Client::Session::connect_tree(Port& port) {
  CO_TRY(const auto answer,
         co_await ask<TreeConnectResponse>(
             port, Command::tree_connect,
             TreeConnectRequest{.path = "\\\\" + options.server_name + "\\IPC$"}));
  exchange.tree_id = answer.reply.header.tree_id;
  const bool demanded = (answer.body.share_flags & kShareEncryptData) != 0;
  co_return choose_encryption(demanded ? Encryption::demanded : Encryption::possible);
}

Conversation<Result<>> Client::Session::begin(Port& port) {
  reset();
  CO_TRY(auto negotiation, in_context(co_await negotiate(port), "negotiation"));
  begun = std::move(negotiation);
  co_return Result<>{};
}

Conversation<Result<>> Client::Session::login(Port& port,
                                              std::unique_ptr<wire::Initiator> initiator) {
  if (!begun) {
    CO_TRY(co_await begin(port));
  }
  const auto negotiation = std::exchange(begun, std::nullopt);
  CO_TRY(in_context(co_await authenticate(port, *initiator, agreement.hint, negotiation->preauth),
                    "login"));
  CO_TRY(in_context(co_await connect_tree(port), "share IPC$"));
  if (agreement.settled.dialect != Dialect::smb3_1_1 && knows_smb3()) {
    CO_TRY(in_context(co_await validate_negotiation(port, *negotiation),
                      "validation of the negotiation"));
  }
  co_return Result<>{};
}

}  // namespace tocsin::smb2
