// Our client against our server, and against a server that lies.
#include <functional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "wire/filetime.h"
#include "wire/ntlm/client.h"
#include "wire/ntlm/ntlm.h"
#include "wire/ntlm/server.h"

namespace tocsin::ntlm {
namespace {

constexpr Time kNow{std::chrono::hours{24 * 365 * 50}};

RandomFill counting(std::uint8_t start) {
  return [next = start](std::span<std::uint8_t> bytes) mutable {
    for (auto& byte : bytes) byte = next++;
  };
}

AcceptorOptions host() {
  return {.computer = "NODE1",
          .domain = "CORP",
          .dns_computer = "node1.corp.example",
          .dns_domain = "corp.example",
          .dns_tree = "corp.example",
          .password_of = [](const std::string& user) -> std::optional<Secret> {
            if (fold_case(user) == "SVC-TOCSIN" || user == "svc@corp.example")
              return Secret("Pässword!");
            return std::nullopt;
          },
          .now = kNow};
}

/// What both ends have at the end of a login.
struct Agreement {
  Bytes client_key;
  Bytes server_key;
  std::string user;
};

/// May change the token with this number: 0 the hint, then in turn the client's and the server's.
using Tamper = std::function<void(std::size_t, Bytes&)>;

/// Either end's error ends the login.
Result<Agreement> login(wire::Initiator& client, wire::Acceptor& server,
                        const Tamper& tamper = {}) {
  auto token = server.hint();
  for (std::size_t number = 0; number < 10; number++) {
    if (tamper) tamper(number, token);
    const bool from_server = number % 2 == 0;
    auto answer = from_server ? client.step(token) : server.step(token);
    if (!answer) return fail(std::move(answer));
    if (client.complete() && server.complete())
      return Agreement{client.session_key(), server.session_key(), server.user()};
    token = *std::move(answer);
  }
  return fail(ErrorKind::malformed, "a login without an end");
}

Result<Agreement> login_as(std::string_view account, std::string_view password,
                           const Tamper& tamper = {}) {
  const auto client = make_initiator(make_credentials(account, Secret(std::string(password))),
                                     counting(1), kNow, "cifs/node1");
  const auto server = make_acceptor(host(), counting(100));
  return login(*client, *server, tamper);
}

TEST(NtlmLogin, AgreesOnAKey) {
  const auto agreement = login_as("CORP\\svc-tocsin", "Pässword!");
  ASSERT_TRUE(agreement) << agreement.error().what;
  EXPECT_EQ(agreement->client_key.size(), 16U);
  EXPECT_EQ(agreement->client_key, agreement->server_key);
  EXPECT_EQ(agreement->user, "CORP\\svc-tocsin");
}

TEST(NtlmLogin, TakesEveryWayToWriteAUser) {
  EXPECT_EQ(login_as("SVC-Tocsin", "Pässword!").value().user, "SVC-Tocsin");
  EXPECT_EQ(login_as("svc@corp.example", "Pässword!").value().user, "svc@corp.example");
  EXPECT_EQ(login_as(".\\svc-tocsin", "Pässword!").value().user, "NODE1\\svc-tocsin");
}

TEST(NtlmLogin, RefusesAWrongPasswordAndAnUnknownUserAlike) {
  const auto wrong = login_as("CORP\\svc-tocsin", "password!");
  const auto unknown = login_as("CORP\\nobody", "Pässword!");
  ASSERT_TRUE(!wrong && !unknown);
  EXPECT_EQ(wrong.error().kind, ErrorKind::denied);
  EXPECT_EQ(wrong.error().native, 0xC000006D);
  EXPECT_EQ(unknown.error().kind, wrong.error().kind);
  EXPECT_EQ(unknown.error().what, wrong.error().what);
}

TEST(NtlmLogin, NamesTheWorkstation) {
  auto credentials = make_credentials("CORP\\svc-tocsin", Secret("Pässword!"));
  credentials.workstation = workstation_name("monitor-1.corp.example");
  const auto client = make_initiator(std::move(credentials), counting(1), kNow, "cifs/node1");
  const auto server = make_acceptor(host(), counting(100));
  Bytes last;
  ASSERT_TRUE(login(*client, *server, [&](std::size_t number, Bytes& token) {
    if (number == 3) last = token;
  }));
  const std::string text(last.begin(), last.end());
  const auto begin = text.find("NTLMSSP");
  ASSERT_NE(begin, std::string::npos);
  const auto message = decode_authenticate(BytesView(last).subspan(begin));
  ASSERT_TRUE(message) << message.error().what;
  EXPECT_EQ(message->workstation, "MONITOR-1");
}

TEST(NtlmLogin, WorkstationsHaveNetBiosNames) {
  EXPECT_EQ(workstation_name("node7"), "NODE7");
  EXPECT_EQ(workstation_name("a-machine-with-a-long-name.corp"), "A-MACHINE-WITH-");
  EXPECT_EQ(workstation_name(""), "");
}

TEST(NtlmLogin, AServerReportsHowEachLoginEnded) {
  std::vector<Logon> logons;
  auto options = host();
  options.refusal = [](const std::string& user) { return user == "locked" ? 0xC0000234 : 0; };
  options.on_logon = [&](const Logon& logon) { logons.push_back(logon); };
  const auto log_in = [&](std::string_view account, const char* password) {
    const auto client = make_initiator(make_credentials(account, Secret(password)), counting(1),
                                       kNow, "cifs/node1");
    const auto server = make_acceptor(options, counting(100));
    return login(*client, *server);
  };
  EXPECT_TRUE(log_in("CORP\\svc-tocsin", "Pässword!"));
  EXPECT_FALSE(log_in("CORP\\svc-tocsin", "password!"));
  EXPECT_EQ(log_in("locked", "Pässword!").error().native, 0xC0000234);
  ASSERT_EQ(logons.size(), 3U);
  EXPECT_EQ(logons[0].user, "CORP\\svc-tocsin");
  EXPECT_EQ(logons[0].status, 0U);
  EXPECT_EQ(logons[1].status, 0xC000006D);
  EXPECT_EQ(logons[2].user, "locked");
  EXPECT_EQ(logons[2].status, 0xC0000234);
}

TEST(NtlmLogin, IsNeverAnonymous) {
  EXPECT_EQ(login_as("", "").error().kind, ErrorKind::denied);
  EXPECT_EQ(login_as("CORP\\", "Pässword!").error().kind, ErrorKind::denied);
}

TEST(NtlmLogin, RefusesNamesThatFitNoMessage) {
  EXPECT_EQ(login_as(std::string(70'000, 'u'), "x").error().kind, ErrorKind::denied);
}

/// Changes each byte of token `number` from where its NTLM message begins, one login at a time. The
/// last `unprotected` bytes are left alone.
void expect_notices_every_change(std::size_t number, std::size_t unprotected = 0) {
  std::vector<Bytes> tokens;
  ASSERT_TRUE(login_as("CORP\\svc-tocsin", "Pässword!",
                       [&](std::size_t, Bytes& token) { tokens.push_back(token); }));
  const auto& honest = tokens.at(number);
  const auto begin = std::string(honest.begin(), honest.end()).find("NTLMSSP");
  ASSERT_LT(begin + unprotected, honest.size());
  for (auto at = begin; at < honest.size() - unprotected; at++) {
    const auto outcome =
        login_as("CORP\\svc-tocsin", "Pässword!", [=](std::size_t current, Bytes& token) {
          if (current == number) token[at] ^= 1;
        });
    EXPECT_FALSE(outcome) << "byte " << at;
  }
}

// Nothing protects what SPNEGO wraps around the messages; the mechListMIC (16 bytes and two pairs
// of tag and length) may be missing, and SPNEGO's tests say what a wrong one leads to.
TEST(NtlmLogin, NoticesEveryChangeOfTheNegotiation) { expect_notices_every_change(1); }
TEST(NtlmLogin, NoticesEveryChangeOfTheChallenge) { expect_notices_every_change(2); }
TEST(NtlmLogin, NoticesEveryChangeOfTheAuthentication) { expect_notices_every_change(3, 20); }

/// What the client says to a challenge that `change` has made from an ordinary one.
Result<Bytes> answer_to(const std::function<void(Challenge&)>& change) {
  Client client({.domain = "CORP", .user = "u", .password = Secret("p")}, counting(1), kNow,
                "cifs/node1");
  Server server(host(), counting(100));
  auto challenge = decode_challenge(server.step(client.step({}).value()).value()).value();
  change(challenge);
  return client.step(encode(challenge));
}

TEST(NtlmClient, DemandsAModernServer) {
  ASSERT_TRUE(answer_to([](Challenge&) {}));
  for (const auto bit : {flag::kUnicode, flag::kSign, flag::kNtlm, flag::kExtendedSessionSecurity,
                         flag::k128, flag::kKeyExchange}) {
    const auto answer = answer_to([bit](Challenge& challenge) { challenge.flags &= ~bit; });
    ASSERT_FALSE(answer) << bit;
    EXPECT_EQ(answer.error().kind, ErrorKind::unsupported);
  }
  const auto answer = answer_to([](Challenge& challenge) { challenge.target_info.clear(); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unsupported);
}

TEST(NtlmClient, RefusesATargetInfoWithoutMeasure) {
  EXPECT_FALSE(answer_to([](Challenge& challenge) {
    challenge.target_info.push_back({AvId::dns_tree_name, Bytes(60'000)});
  }));
  EXPECT_FALSE(answer_to([](Challenge& challenge) {
    challenge.target_info.insert(challenge.target_info.end(), 10'000, {AvId::dns_tree_name, {}});
  }));
  EXPECT_FALSE(answer_to(
      [](Challenge& challenge) { challenge.target_info.push_back({AvId{4711}, Bytes(9000)}); }));
  EXPECT_FALSE(answer_to([](Challenge& challenge) {
    std::erase_if(challenge.target_info, [](auto& p) { return p.id == AvId::timestamp; });
    challenge.target_info.push_back({AvId::timestamp, Bytes(7)});
  }));
}

TEST(NtlmClient, SaysWhatWindowsSays) {
  const auto bytes = answer_to([](Challenge& challenge) {
    // These are the client's to say.
    challenge.target_info.push_back({AvId::flags, {1, 0, 0, 0}});
    challenge.target_info.push_back({AvId::target_name, to_utf16("cifs/elsewhere")});
  });
  const auto message = decode_authenticate(bytes.value()).value();
  EXPECT_TRUE(message.mic);
  EXPECT_EQ(message.lm_response, Bytes(24));
  const auto own = decode_client_challenge(BytesView(message.nt_response).subspan(16)).value();
  EXPECT_EQ(own.filetime, wire::to_filetime(kNow));
  EXPECT_EQ(*find(own.target_info, AvId::flags), (Bytes{2, 0, 0, 0}));
  EXPECT_EQ(*find(own.target_info, AvId::target_name), to_utf16("cifs/node1"));
  EXPECT_EQ(*find(own.target_info, AvId::channel_bindings), Bytes(16));
  EXPECT_EQ(own.target_info.size(), 9U);
}

TEST(NtlmClient, UsesItsOwnTimeWhenTheServerNamesNone) {
  const auto bytes = answer_to([](Challenge& challenge) {
    std::erase_if(challenge.target_info, [](auto& p) { return p.id == AvId::timestamp; });
  });
  const auto message = decode_authenticate(bytes.value()).value();
  EXPECT_EQ(decode_client_challenge(BytesView(message.nt_response).subspan(16)).value().filetime,
            wire::to_filetime(kNow));
}

TEST(NtlmClient, EndsAfterItsLogin) {
  Client client({.user = "u", .password = Secret("p")}, counting(1), kNow, "cifs/node1");
  Server server(host(), counting(100));
  const auto challenge = server.step(client.step({}).value()).value();
  ASSERT_TRUE(client.step(challenge));
  EXPECT_TRUE(client.complete());
  EXPECT_FALSE(client.step(challenge));
}

/// What the server says to an AUTHENTICATE that `change` has made, unsigned, from an honest one.
Result<Bytes> server_says(const std::function<void(Authenticate&)>& change) {
  Client client(make_credentials("CORP\\svc-tocsin", Secret("Pässword!")), counting(1), kNow,
                "cifs/node1");
  Server server(host(), counting(100));
  const auto challenge = server.step(client.step({}).value()).value();
  auto message = decode_authenticate(client.step(challenge).value()).value();
  change(message);
  return server.step(encode(message));
}

TEST(NtlmServer, RefusesWhatIsNotNtlmV2) {
  for (const std::size_t size : {0U, 1U, 16U, 24U}) {
    const auto answer = server_says([size](Authenticate& m) { m.nt_response.resize(size); });
    ASSERT_FALSE(answer) << size;
    EXPECT_EQ(answer.error().kind, ErrorKind::denied);
  }
  EXPECT_EQ(server_says([](Authenticate& m) { m.flags |= flag::kAnonymous; }).error().kind,
            ErrorKind::denied);
  EXPECT_EQ(server_says([](Authenticate& m) { m.user.clear(); }).error().kind, ErrorKind::denied);
}

TEST(NtlmServer, RefusesAMissingMicAndABrokenSessionKey) {
  EXPECT_EQ(server_says([](Authenticate& m) { m.mic.reset(); }).error().kind, ErrorKind::malformed);
  EXPECT_EQ(server_says([](Authenticate& m) { m.encrypted_session_key.pop_back(); }).error().kind,
            ErrorKind::malformed);
}

TEST(NtlmServer, RefusesOldClients) {
  Server server(host(), counting(100));
  const auto answer = server.step(encode(Negotiate{.flags = flag::kUnicode | flag::kNtlm}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unsupported);
}

// As Impacket logs in: no MIC, no key exchange, no mechListMIC.
TEST(NtlmServer, TakesClientsThatProveOnlyTheirPassword) {
  Server server(host(), counting(100));
  const auto flags =
      flag::kUnicode | flag::kNtlm | flag::kExtendedSessionSecurity | flag::k128 | flag::kSign;
  const auto challenge =
      decode_challenge(server.step(encode(Negotiate{.flags = flags})).value()).value();
  EXPECT_EQ(challenge.target, "CORP");
  const auto key = response_key(Secret("Pässword!"), "svc-tocsin", "CORP");
  const auto own = encode(ClientChallenge{.target_info = challenge.target_info});
  const auto proved = proof(key, challenge.server_challenge, own);
  Authenticate message{.flags = flags, .domain = "CORP", .user = "svc-tocsin"};
  message.nt_response = to_bytes(proved);
  message.nt_response.insert(message.nt_response.end(), own.begin(), own.end());
  ASSERT_TRUE(server.step(encode(message)));
  EXPECT_TRUE(server.complete());
  EXPECT_EQ(server.session_key(), to_bytes(session_base_key(key, proved)));
}

TEST(NtlmCredentials, SplitAsWindowsDoes) {
  const auto split = [](std::string_view account) {
    const auto credentials = make_credentials(account, Secret("p"));
    return std::pair(credentials.domain, credentials.user);
  };
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(split("CORP\\svc"), Pair("CORP", "svc"));
  EXPECT_EQ(split("svc@corp.example"), Pair("", "svc@corp.example"));
  EXPECT_EQ(split("svc"), Pair("", "svc"));
  EXPECT_EQ(split("CORP\\odd\\name@x"), Pair("CORP", "odd\\name@x"));
}

TEST(NtlmQuestion, LearnsTheNamesAndLogsNobodyIn) {
  std::vector<HostNames> told;
  const auto question =
      make_question([&told](HostNames names) { told.push_back(std::move(names)); });
  auto options = host();
  int logons = 0;
  options.on_logon = [&logons](const Logon& /*logon*/) { logons++; };
  const auto server = make_acceptor(std::move(options), counting(1));
  const auto negotiate = question->step(server->hint());
  ASSERT_TRUE(negotiate) << negotiate.error().what;
  const auto challenge = server->step(*negotiate);
  ASSERT_TRUE(challenge) << challenge.error().what;
  const auto end = question->step(*challenge);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::unsupported);
  ASSERT_EQ(told.size(), 1);
  EXPECT_EQ(told[0].computer, "NODE1");
  EXPECT_EQ(told[0].domain, "CORP");
  EXPECT_EQ(told[0].dns_domain, "corp.example");
  EXPECT_EQ(logons, 0);
  EXPECT_FALSE(make_question([](const HostNames&) {})->step(as_bytes("garbage")));
}

}  // namespace
}  // namespace tocsin::ntlm
