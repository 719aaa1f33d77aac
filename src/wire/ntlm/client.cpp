#include "wire/ntlm/client.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "wire/filetime.h"

namespace tocsin::ntlm {
namespace {

/// Without one of these the login would be weaker than what Windows has done since Vista.
constexpr std::uint32_t kDemanded = flag::kUnicode | flag::kSign | flag::kNtlm |
                                    flag::kExtendedSessionSecurity | flag::k128 |
                                    flag::kKeyExchange;
constexpr std::uint32_t kRequested =
    kDemanded | flag::kRequestTarget | flag::kAlwaysSign | flag::kVersion;

/// The version that has all of the above, as Samba names itself too; we are no Windows.
constexpr Version kVersion{.major = 6, .minor = 1, .build = 0, .revision = 15};

/// In bytes of UTF-8. Windows' own limits are 104 for users and 256 for principals.
constexpr std::size_t kMostName = 1024;
/// Two NetBIOS and three DNS names, a time: real target infos have 100 to 2000 bytes.
constexpr std::size_t kMostTargetInfo = 8192;

std::string describe_missing(std::uint32_t flags) {
  constexpr std::array<std::pair<std::uint32_t, const char*>, 6> kNames{{
      {flag::kUnicode, "Unicode"},
      {flag::kSign, "signing"},
      {flag::kNtlm, "NTLM"},
      {flag::kExtendedSessionSecurity, "extended session security"},
      {flag::k128, "128-bit keys"},
      {flag::kKeyExchange, "key exchange"},
  }};
  std::string text;
  for (const auto& [bit, name] : kNames)
    if ((flags & bit) != 0) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// The pairs that are the client's to say; a server's own are dropped.
bool is_clients(const AvPair& pair) {
  return pair.id == AvId::flags || pair.id == AvId::single_host || pair.id == AvId::target_name ||
         pair.id == AvId::channel_bindings;
}

}  // namespace

Client::Client(Credentials credentials, RandomFill random, Time now, std::string target)
    : credentials_(std::move(credentials)),
      random_(std::move(random)),
      now_(now),
      target_(std::move(target)) {}

spnego::Oid Client::oid() const { return to_bytes(spnego::kNtlmOid); }

Result<Bytes> Client::step(BytesView token) {
  if (complete())
    return fail(ErrorKind::malformed, "the server continues after the end of the NTLM exchange");
  return negotiate_.empty() ? negotiate() : authenticate(token);
}

Result<Bytes> Client::negotiate() {
  if (credentials_.user.empty())
    return fail(ErrorKind::denied, "a login without a user name would be anonymous");
  for (const auto* name :
       {&credentials_.domain, &credentials_.user, &credentials_.workstation, &target_})
    if (name->size() > kMostName) return fail(ErrorKind::denied, "a name is too long for a login");
  negotiate_ = encode(Negotiate{.flags = kRequested, .version = kVersion});
  return negotiate_;
}

Result<Bytes> Client::authenticate(BytesView challenge_bytes) {
  TRY(auto challenge, decode_challenge(challenge_bytes));
  if (const auto missing = kDemanded & ~challenge.flags; missing != 0)
    return fail(ErrorKind::unsupported, "the server's NTLM lacks " + describe_missing(missing));
  TRY(auto own_challenge, client_challenge(challenge));

  Authenticate message{.flags = kRequested & challenge.flags,
                       .lm_response = Bytes(24),  // no LMv2 beside a MIC, 3.1.5.1.2
                       .domain = credentials_.domain,
                       .user = credentials_.user,
                       .workstation = credentials_.workstation,
                       .version = kVersion,
                       .mic = Key16{}};
  if (message.domain == ".") {
    const auto* computer = find(challenge.target_info, AvId::nb_computer_name);
    message.domain = computer == nullptr ? "" : from_utf16(*computer);
  }
  const auto key = response_key(credentials_.password, message.user, message.domain);
  const auto proved = encode(own_challenge);
  const auto proof_string = proof(key, challenge.server_challenge, proved);
  message.nt_response = to_bytes(proof_string);
  message.nt_response.insert(message.nt_response.end(), proved.begin(), proved.end());

  Key16 session_key;
  random_(session_key);
  message.encrypted_session_key = to_bytes(session_key);
  crypto::rc4(session_base_key(key, proof_string), message.encrypted_session_key);

  auto bytes = encode(message);
  const auto mic = message_integrity_code(session_key, negotiate_, challenge_bytes, bytes);
  std::ranges::copy(mic, bytes.begin() + kMicOffset);
  session_key_ = session_key;
  complete_ = true;
  return bytes;
}

Result<ClientChallenge> Client::client_challenge(const Challenge& challenge) const {
  if (challenge.target_info.empty())
    return fail(ErrorKind::unsupported, "the server's NTLM challenge has no target info");
  ClientChallenge own{.filetime = wire::to_filetime(now_), .target_info = challenge.target_info};
  if (const auto* time = find(own.target_info, AvId::timestamp)) {
    Reader in(*time);
    own.filetime = in.u64();
    if (!in.ok() || in.remaining() > 0)
      return fail(ErrorKind::malformed, "the time in the server's NTLM challenge is broken");
  }
  random_(own.challenge);
  std::erase_if(own.target_info, is_clients);
  own.target_info.push_back({AvId::flags, {kAvFlagMic, 0, 0, 0}});
  own.target_info.push_back({AvId::channel_bindings, Bytes(16)});
  own.target_info.push_back({AvId::target_name, to_utf16(target_)});
  if (encode(own.target_info).size() > kMostTargetInfo)
    return fail(ErrorKind::malformed, "the server's NTLM target info is too long");
  return own;
}

Bytes Client::session_key() const { return to_bytes(session_key_); }

Bytes Client::sign(BytesView message) const {
  return to_bytes(signature(session_key_, kDemanded, Side::client, message));
}

bool Client::verify(BytesView message, BytesView received) const {
  return crypto::equal(signature(session_key_, kDemanded, Side::server, message), received);
}

}  // namespace tocsin::ntlm
