// The client against the server, in every combination that they can negotiate.
#include <optional>

#include <gmock/gmock.h>

#include "kit/smb2_peers.h"
#include "wire/smb2/message.h"

namespace tocsin::smb2 {
namespace {

using crypto::Cipher;
using kit::PasswordInitiator;
using kit::Wire;
using testing::StartsWith;

struct Combination {
  Dialect dialect;
  Cipher cipher = Cipher::none;
  SigningAlgorithm signing = SigningAlgorithm::aes_cmac;
};

std::unique_ptr<PasswordInitiator> initiator() {
  return std::make_unique<PasswordInitiator>("secret", kit::login_key(32));
}

class EveryCombination : public testing::TestWithParam<Combination> {
 protected:
  Wire wire{kit::echo_host(kit::login_key(32))};
  Client client{options(), kit::counting_random()};
  Port port;

 private:
  static ClientOptions options() {
    const auto [dialect, cipher, signing] = GetParam();
    ClientOptions options{
        .server_name = "host", .dialects = {dialect}, .ciphers = {}, .signing = {signing}};
    if (cipher != Cipher::none) options.ciphers = {cipher};
    options.renewal = initiator;
    return options;
  }
};

TEST_P(EveryCombination, MovesMessagesThroughAPipe) {
  const auto [dialect, cipher, signing] = GetParam();
  const auto login = wire.run(port, client.login(port, initiator()));
  ASSERT_TRUE(login) << login.error().what;
  EXPECT_EQ(client.agreement().settled.dialect, dialect);
  EXPECT_EQ(client.encrypted(), cipher != Cipher::none);

  auto pipe = wire.run(port, client.open_pipe(port, "echo"));
  ASSERT_TRUE(pipe) << pipe.error().what;
  for (const std::size_t size : {1U, 24U, 4280U, 65536U}) {
    const Bytes message(size, 0x5A);
    EXPECT_EQ(wire.run(port, client.transceive(port, *pipe, message)), message);
  }
  const auto message = to_bytes(as_bytes("written"));
  EXPECT_TRUE(wire.run(port, client.write(port, *pipe, message)));
  EXPECT_EQ(wire.run(port, client.read(port, *pipe)), message);
  EXPECT_TRUE(wire.run(port, client.close_pipe(port, *pipe)));
  EXPECT_TRUE(wire.run(port, client.logoff(port)));
}

TEST_P(EveryCombination, LogsInAgainWhenTheSessionExpired) {
  ASSERT_TRUE(wire.run(port, client.login(port, initiator())));
  const auto pipe = wire.run(port, client.open_pipe(port, "echo"));
  ASSERT_TRUE(pipe);
  const auto message = to_bytes(as_bytes("message"));
  wire.server().expire_session();
  EXPECT_EQ(wire.run(port, client.transceive(port, *pipe, message)), message);
}

std::vector<Combination> combinations() {
  std::vector<Combination> all{{.dialect = Dialect::smb2_1}};
  for (const auto dialect : {Dialect::smb3_0, Dialect::smb3_0_2})
    for (const auto cipher : {Cipher::none, Cipher::aes128_ccm}) all.push_back({dialect, cipher});
  for (const auto cipher : {Cipher::none, Cipher::aes128_ccm, Cipher::aes128_gcm,
                            Cipher::aes256_ccm, Cipher::aes256_gcm})
    for (const auto signing :
         {SigningAlgorithm::hmac_sha256, SigningAlgorithm::aes_cmac, SigningAlgorithm::aes_gmac})
      all.push_back({Dialect::smb3_1_1, cipher, signing});
  return all;
}

std::string name_of(const testing::TestParamInfo<Combination>& info) {
  const auto& [dialect, cipher, signing] = info.param;
  return "Dialect" + std::to_string(static_cast<int>(dialect)) + "Cipher" +
         std::to_string(static_cast<int>(cipher)) + "Signing" +
         std::to_string(static_cast<int>(signing));
}

INSTANTIATE_TEST_SUITE_P(Smb2, EveryCombination, testing::ValuesIn(combinations()), name_of);

/// A logged-in client with an open pipe.
class Smb2Session : public testing::Test {
 protected:
  /// To be called first.
  void connect(ClientOptions options, ServerOptions host = kit::echo_host()) {
    options.server_name = "host";
    wire.emplace(std::move(host));
    client.emplace(std::move(options), kit::counting_random());
    const auto login = wire->run(port, client->login(port, std::make_unique<PasswordInitiator>()));
    ASSERT_TRUE(login) << login.error().what;
  }
  Pipe open(const std::string& name) {
    auto pipe = wire->run(port, client->open_pipe(port, name));
    EXPECT_TRUE(pipe) << pipe.error().what;
    return pipe.value_or(Pipe{});
  }
  [[nodiscard]] Header last_request() const { return Header::decode(wire->sent().back()).value(); }

  std::optional<Wire> wire;
  std::optional<Client> client;
  Port port;
};

ClientOptions plain(Dialect dialect) {
  return {.dialects = {dialect}, .encrypt_when_offered = false};
}

TEST_F(Smb2Session, ReadsOnWhereAReplyIsLongerThanAskedFor) {
  connect(plain(Dialect::smb3_1_1));
  const auto pipe = open("long");
  auto reply = wire->run(port, client->transceive(port, pipe, Bytes(100, 7)));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->size(), 65536);
  EXPECT_EQ(wire->run(port, client->read(port, pipe)), Bytes(100'000 - 65536, 7));
  EXPECT_EQ(wire->run(port, client->read(port, pipe)).error().kind, ErrorKind::timed_out)
      << "it would wait for more";
}

TEST_F(Smb2Session, LogsInAgainInTheMiddleOfAReply) {
  connect({.renewal = [] { return std::make_unique<PasswordInitiator>(); }});
  const auto pipe = open("long");
  const auto begun = wire->run(port, client->transceive(port, pipe, Bytes(100, 7)));
  ASSERT_TRUE(begun);
  wire->server().expire_session();
  EXPECT_EQ(wire->run(port, client->read(port, pipe)), Bytes(100'000 - begun->size(), 7));
}

TEST_F(Smb2Session, LogsInAgainBeforeItExpires) {
  connect({});
  const auto pipe = open("echo");
  ASSERT_TRUE(wire->run(port, client->log_in_again(port, std::make_unique<PasswordInitiator>())));
  EXPECT_EQ(wire->run(port, client->transceive(port, pipe, Bytes(1))), Bytes(1));
  const auto refused = wire->run(
      port, client->log_in_again(port, std::make_unique<PasswordInitiator>("no longer right")));
  EXPECT_EQ(refused.error().kind, ErrorKind::login_refused);
}

TEST_F(Smb2Session, ExpiryIsAnErrorWhereNobodyLogsInAgain) {
  connect({});
  const auto pipe = open("echo");
  wire->server().expire_session();
  EXPECT_EQ(wire->run(port, client->transceive(port, pipe, Bytes(1))).error().what,
            "transceive: the session has expired");
}

TEST_F(Smb2Session, SaysWhenLoggingInAgainFails) {
  connect({.renewal = [] { return std::make_unique<PasswordInitiator>("no longer right"); }});
  const auto pipe = open("echo");
  wire->server().expire_session();
  const auto refused = wire->run(port, client->transceive(port, pipe, Bytes(1)));
  EXPECT_EQ(refused.error().kind, ErrorKind::login_refused);
  EXPECT_TRUE(refused.error().what.starts_with("transceive: login: ")) << refused.error().what;
}

TEST_F(Smb2Session, ASessionThatExpiresAgainAtOnceIsAnError) {
  connect({.encrypt_when_offered = false,
           .renewal = [] { return std::make_unique<PasswordInitiator>(); }});
  const auto pipe = open("echo");
  wire->tamper_request([&](Bytes& request) {
    if (Header::decode(request)->command == Command::ioctl) wire->server().expire_session();
  });
  EXPECT_EQ(wire->run(port, client->transceive(port, pipe, Bytes(1))).error().what,
            "transceive: the session has expired");
}

TEST_F(Smb2Session, PaysForLongMessagesByTheCredit) {
  connect(plain(Dialect::smb3_1_1));
  const auto pipe = open("echo");
  const Bytes message(200'000, 7);
  ASSERT_TRUE(wire->run(port, client->write(port, pipe, message)));
  const auto long_request = last_request();
  EXPECT_EQ(long_request.credit_charge, 4);
  ASSERT_TRUE(wire->run(port, client->read(port, pipe)));
  EXPECT_EQ(last_request().message_id, long_request.message_id + 4);
  EXPECT_EQ(last_request().credit_charge, 1);
}

TEST_F(Smb2Session, SendsNoMoreThanTheServerTakes) {
  connect(plain(Dialect::smb3_1_1));
  const auto pipe = open("echo");
  const Bytes message(512 * 1024 + 1);
  EXPECT_EQ(wire->run(port, client->write(port, pipe, message)).error().what,
            "write: the message is longer than the server takes");
  EXPECT_EQ(wire->run(port, client->transceive(port, pipe, message)).error().what,
            "transceive: the message is longer than the server takes");
}

TEST_F(Smb2Session, WaitsWhileAReplyIsPending) {
  connect(plain(Dialect::smb3_1_1));
  const auto pipe = open("echo");
  // As Windows does it: unsigned, asynchronous, and it brings the credits.
  int interims = 0;
  wire->tamper([&](Bytes& reply, std::deque<Bytes>& more) {
    if (interims++ > 0) return;
    more.push_front(reply);
    auto header = Header::decode(reply).value();
    header.status = Status::pending;
    header.flags = kFlagResponse | kFlagAsync;
    header.signature = {};
    Writer out;
    header.encode(out);
    ErrorResponse{}.encode(out);
    reply = std::move(out).take();
  });
  EXPECT_EQ(wire->run(port, client->transceive(port, pipe, Bytes(10, 7))), Bytes(10, 7));
  EXPECT_EQ(interims, 2);
}

TEST_F(Smb2Session, IgnoresOplockBreaks) {
  connect(plain(Dialect::smb3_1_1));
  wire->tamper([first = true](Bytes& reply, std::deque<Bytes>& more) mutable {
    if (!std::exchange(first, false)) return;
    more.push_front(reply);
    Writer out;
    Header{
        .command = Command::oplock_break, .flags = kFlagResponse, .message_id = ~std::uint64_t{0}}
        .encode(out);
    out.u16(24).zeros(22);
    reply = std::move(out).take();
  });
  open("echo");
}

TEST_F(Smb2Session, EncryptsOnlyWhenAskedOrDemanded) {
  connect(plain(Dialect::smb3_1_1));
  EXPECT_FALSE(client->encrypted());
  connect({});
  EXPECT_TRUE(client->encrypted());
  auto host = kit::echo_host();
  host.encrypt_data = true;
  for (const auto dialect : {Dialect::smb3_0, Dialect::smb3_1_1}) {
    connect(plain(dialect), host);
    EXPECT_TRUE(client->encrypted());
    open("echo");
  }
}

TEST_F(Smb2Session, OffersTheBestOfBothSides) {
  connect({});
  EXPECT_EQ(client->agreement().settled.dialect, Dialect::smb3_1_1);
  auto host = kit::echo_host();
  host.dialects = {Dialect::smb2_1, Dialect::smb3_0};
  connect({}, host);
  EXPECT_EQ(client->agreement().settled.dialect, Dialect::smb3_0);
  EXPECT_TRUE(client->encrypted());
}

TEST_F(Smb2Session, AnOldServerNeedNotValidateTheNegotiation) {
  auto host = kit::echo_host();
  host.dialects = {Dialect::smb2_1};
  connect({}, host);
  EXPECT_EQ(last_request().command, Command::ioctl);
  EXPECT_EQ(client->agreement().settled.dialect, Dialect::smb2_1);
  EXPECT_FALSE(client->encrypted());
}

TEST_F(Smb2Session, AClientStartsAnewOnANewConnection) {
  connect({});
  Wire next(kit::echo_host());
  ASSERT_TRUE(next.run(port, client->login(port, std::make_unique<PasswordInitiator>())));
  EXPECT_TRUE(next.run(port, client->open_pipe(port, "echo")));
}

TEST_F(Smb2Session, SaysWhyALoginOrAPipeIsRefused) {
  const auto login = [&](const std::string& password) {
    Wire host;
    Client other({.server_name = "host"}, kit::counting_random());
    return host.run(port, other.login(port, std::make_unique<PasswordInitiator>(password))).error();
  };
  EXPECT_EQ(login("wrong").kind, ErrorKind::login_refused);
  EXPECT_THAT(login("wrong").what, StartsWith("login: logon failure: wrong user name or password"));
  EXPECT_THAT(login("locked").what, StartsWith("login: logon failure: the account is locked out"));
  EXPECT_EQ(login("locked").native, 0xC0000234);

  connect({});
  const auto pipe = wire->run(port, client->open_pipe(port, "none"));
  EXPECT_EQ(pipe.error().kind, ErrorKind::not_found);
  EXPECT_EQ(pipe.error().what, "open pipe none: no pipe of this name");
  EXPECT_EQ(wire->run(port, client->transceive(port, Pipe{}, Bytes(1))).error().what,
            "transceive: the pipe is no longer open");
}

TEST_F(Smb2Session, NothingLeavesWithoutALogin) {
  Wire host;
  Client other({}, kit::counting_random());
  EXPECT_EQ(host.run(port, other.open_pipe(port, "echo")).error().what,
            "open pipe echo: not logged in");
  EXPECT_TRUE(host.sent().empty());

  connect({});
  ASSERT_TRUE(wire->run(port, client->logoff(port)));
  EXPECT_FALSE(wire->run(port, client->open_pipe(port, "echo")));
}

}  // namespace
}  // namespace tocsin::smb2
