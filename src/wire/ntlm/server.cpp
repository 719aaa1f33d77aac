#include "wire/ntlm/server.h"

#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "wire/filetime.h"

namespace tocsin::ntlm {
namespace {

constexpr std::uint32_t kDemandedOfClients =
    flag::kUnicode | flag::kNtlm | flag::kExtendedSessionSecurity | flag::k128;
constexpr std::uint32_t kSupported = kDemandedOfClients | flag::kRequestTarget | flag::kSign |
                                     flag::kSeal | flag::kAlwaysSign | flag::kVersion |
                                     flag::kKeyExchange | flag::k56;

/// Windows Server 2019.
constexpr Version kServerVersion{.major = 10, .minor = 0, .build = 17763, .revision = 15};

constexpr std::uint32_t kStatusInvalidParameter = 0xC000000D;  // what SMB makes of broken tokens
constexpr std::uint32_t kStatusLogonFailure = 0xC000006D;
std::unexpected<Error> logon_failure() {
  return fail(ErrorKind::denied, "the user name or the password is wrong", kStatusLogonFailure);
}

}  // namespace

Server::Server(AcceptorOptions options, RandomFill random)
    : options_(std::move(options)), random_(std::move(random)) {}

spnego::Oid Server::oid() const { return to_bytes(spnego::kNtlmOid); }

Result<Bytes> Server::step(BytesView token) {
  if (complete())
    return fail(ErrorKind::malformed, "the client continues after the end of the NTLM exchange");
  return challenge_.empty() ? challenge(token) : accept(token);
}

Result<Bytes> Server::challenge(BytesView negotiate_bytes) {
  TRY(auto negotiate, decode_negotiate(negotiate_bytes));
  if ((kDemandedOfClients & ~negotiate.flags) != 0)
    return fail(ErrorKind::unsupported, "the client's NTLM is too old");
  const bool in_domain = options_.domain != options_.computer;
  random_(server_challenge_);
  negotiate_ = to_bytes(negotiate_bytes);
  challenge_ =
      encode(Challenge{.flags = (negotiate.flags & kSupported) | flag::kTargetInfo |
                                (in_domain ? flag::kTargetTypeDomain : flag::kTargetTypeServer),
                       .target = options_.domain,
                       .server_challenge = server_challenge_,
                       .target_info = target_info(),
                       .version = kServerVersion});
  return challenge_;
}

AvPairs Server::target_info() const {
  Writer time;
  time.u64(wire::to_filetime(options_.now));
  AvPairs pairs{{AvId::nb_domain_name, to_utf16(options_.domain)},
                {AvId::nb_computer_name, to_utf16(options_.computer)},
                {AvId::dns_domain_name, to_utf16(options_.dns_domain)},
                {AvId::dns_computer_name, to_utf16(options_.dns_computer)}};
  if (!options_.dns_tree.empty())
    pairs.push_back({AvId::dns_tree_name, to_utf16(options_.dns_tree)});
  pairs.push_back({AvId::timestamp, std::move(time).take()});
  return pairs;
}

Result<Bytes> Server::accept(BytesView authenticate_bytes) {
  TRY(const auto message, decode_authenticate(authenticate_bytes));
  user_ = message.domain.empty() ? message.user : message.domain + "\\" + message.user;
  auto key = verify_login(message, authenticate_bytes);
  if (options_.on_logon)
    options_.on_logon({.user = user_,
                       .workstation = message.workstation,
                       .status = key ? 0 : key.error().native.value_or(kStatusInvalidParameter)});
  if (!key) return fail(std::move(key));
  flags_ = message.flags;
  session_key_ = *key;
  complete_ = true;
  return Bytes{};
}

/// The ExportedSessionKey of a client that may log in and whose messages nobody has changed.
Result<Key16> Server::verify_login(const Authenticate& message,
                                   BytesView authenticate_bytes) const {
  // As Windows: whoever is locked out learns nothing about his password.
  if (const auto status = options_.refusal ? options_.refusal(message.user) : 0; status != 0)
    return fail(ErrorKind::denied, "the account is refused", status);
  TRY(auto key, agreed_key(message));
  TRY(auto own, decode_client_challenge(BytesView(message.nt_response).subspan(sizeof(Key16))));
  const auto* av_flags = find(own.target_info, AvId::flags);
  if (av_flags != nullptr && (Reader(*av_flags).u32() & kAvFlagMic) != 0) {
    const auto& mic = message.mic;
    if (!mic || !crypto::equal(
                    *mic, message_integrity_code(key, negotiate_, challenge_, authenticate_bytes)))
      return fail(ErrorKind::malformed, "the MIC of the NTLM exchange does not verify");
  }
  return key;
}

/// The ExportedSessionKey, once the client has proved to know the password.
Result<Key16> Server::agreed_key(const Authenticate& message) const {
  constexpr std::size_t kNtlmV1Response = 24;
  if (message.user.empty() || (message.flags & flag::kAnonymous) != 0 ||
      message.nt_response.size() <= kNtlmV1Response)
    return logon_failure();
  const auto password = options_.password_of(message.user);
  if (!password) return logon_failure();
  auto key = response_key(*password, message.user, message.domain);
  const BytesView response = message.nt_response;
  const auto expected = proof(key, server_challenge_, response.subspan(sizeof(Key16)));
  if (!crypto::equal(expected, response.first(sizeof(Key16)))) return logon_failure();

  auto session_key = session_base_key(key, expected);
  if ((message.flags & flag::kKeyExchange) != 0) {
    Reader in(message.encrypted_session_key);
    auto exchanged = in.array<sizeof(Key16)>();
    if (!in.ok() || in.remaining() > 0)
      return fail(ErrorKind::malformed,
                  "the session key in the NTLM AUTHENTICATE_MESSAGE is broken");
    crypto::rc4(session_key, exchanged);
    session_key = exchanged;
  }
  return session_key;
}

Bytes Server::session_key() const { return to_bytes(session_key_); }

Bytes Server::sign(BytesView message) const {
  return to_bytes(signature(session_key_, flags_, Side::server, message));
}

bool Server::verify(BytesView message, BytesView received) const {
  return crypto::equal(signature(session_key_, flags_, Side::client, message), received);
}

}  // namespace tocsin::ntlm
