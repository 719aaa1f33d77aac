// A hostile server, or somebody on the way to an honest one: each trick ends in one error that
// names it.
#include <optional>

#include <gtest/gtest.h>

#include "kit/smb2_peers.h"
#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"

namespace tocsin::smb2 {
namespace {

using crypto::Cipher;
using kit::PasswordInitiator;
using kit::Wire;

ClientOptions only(Dialect dialect) {
  return {.server_name = "host", .dialects = {dialect}, .encrypt_when_offered = false};
}

/// Everything a client does, up to the first error.
Result<> run_all(Wire& wire, ClientOptions options) {
  Client client(std::move(options), kit::counting_random());
  Port port;
  if (auto ok = wire.run(port, client.login(port, std::make_unique<PasswordInitiator>())); !ok)
    return ok;
  auto pipe = wire.run(port, client.open_pipe(port, "echo"));
  if (!pipe) return fail(std::move(pipe));
  const Bytes message(40, 7);
  auto reply = wire.run(port, client.transceive(port, *pipe, message));
  if (!reply) return fail(std::move(reply));
  if (*reply != message) return fail(ErrorKind::malformed, "a forged reply was believed");
  if (auto ok = wire.run(port, client.write(port, *pipe, message)); !ok) return ok;
  reply = wire.run(port, client.read(port, *pipe));
  if (!reply) return fail(std::move(reply));
  if (*reply != message) return fail(ErrorKind::malformed, "a forged reply was believed");
  if (auto ok = wire.run(port, client.close_pipe(port, *pipe)); !ok) return ok;
  return wire.run(port, client.logoff(port));
}

std::string what_of(const Result<>& result) { return result ? "success" : result.error().what; }

/// How many replies run_all() brings.
int count_replies(const ClientOptions& options) {
  Wire wire;
  int count = 0;
  wire.tamper([&](Bytes&, auto&) { count++; });
  EXPECT_EQ(what_of(run_all(wire, options)), "success");
  return count;
}

/// run_all() with reply number `index` changed.
Result<> run_changing(const ClientOptions& options, int index,
                      const std::function<void(Bytes&)>& change) {
  Wire wire;
  wire.tamper([&, at = 0](Bytes& reply, auto&) mutable {
    if (at++ == index) change(reply);
  });
  return run_all(wire, options);
}

Header header_of(BytesView message) { return Header::decode(message).value(); }

template <typename Body>
Bytes compose(const Header& header, const Body& body) {
  Writer out;
  header.encode(out);
  body.encode(out);
  return std::move(out).take();
}

/// run_all() with the first reply to `command` changed.
Result<> run_changing(const ClientOptions& options, Command command,
                      const std::function<void(Bytes&)>& change,
                      ServerOptions host = kit::echo_host()) {
  Wire wire(std::move(host));
  wire.tamper([&, done = false](Bytes& reply, auto&) mutable {
    if (done || header_of(reply).command != command) return;
    done = true;
    change(reply);
  });
  return run_all(wire, options);
}

/// A server that has the keys and lies: in SMB 3.0.2 they follow from the session key alone.
SecureChannel liar(BytesView reply, Cipher cipher = Cipher::none) {
  const Negotiated negotiated{Dialect::smb3_0_2, SigningAlgorithm::aes_cmac, cipher};
  return {Role::server, negotiated, header_of(reply).session_id,
          derive_keys(negotiated, kit::login_key(), {}), kit::counting_random()};
}

/// The same with a correct signature.
std::function<void(Bytes&)> signed_by_liar(std::function<void(Bytes&)> change) {
  return [change = std::move(change)](Bytes& reply) {
    change(reply);
    liar(reply).sign(reply);
  };
}

const auto kBelieving = only(Dialect::smb3_0_2);

TEST(Smb2Hostile, StrippedSignatures) {
  const auto strip = [](Bytes& reply) {
    reply[16] &= ~static_cast<std::uint8_t>(kFlagSigned);
    std::fill_n(reply.begin() + 48, 16, std::uint8_t{0});
  };
  for (const auto dialect : {Dialect::smb2_1, Dialect::smb3_0, Dialect::smb3_0_2}) {
    // There are no keys before the end of the login, and its last reply may do without.
    constexpr int kBeforeKeys = 3;
    const int replies = count_replies(only(dialect));
    for (int i = 0; i < kBeforeKeys; i++)
      EXPECT_EQ(what_of(run_changing(only(dialect), i, strip)), "success") << i;
    for (int i = kBeforeKeys; i < replies; i++)
      EXPECT_TRUE(
          what_of(run_changing(only(dialect), i, strip)).ends_with("the reply is not signed"))
          << i;
  }
  EXPECT_EQ(what_of(run_changing(only(Dialect::smb3_1_1), 2, strip)),
            "login: the last reply is not signed");
  EXPECT_EQ(what_of(run_changing(only(Dialect::smb3_1_1), 3, strip)),
            "share IPC$: the reply is not signed");
}

TEST(Smb2Hostile, AnUnsignedRefusalIsNoMoreThanAHint) {
  EXPECT_EQ(what_of(run_changing(only(Dialect::smb3_1_1), Command::create,
                                 [](Bytes& reply) {
                                   auto header = header_of(reply);
                                   header.flags &= ~kFlagSigned;
                                   header.status = Status::network_session_expired;
                                   reply = compose(header, ErrorResponse{});
                                 })),
            "open pipe echo: the reply is not signed (it says: the session has expired)");
}

class AnyFlippedBit : public testing::TestWithParam<ClientOptions> {};

TEST_P(AnyFlippedBit, IsFound) {
  const auto& options = GetParam();
  const bool v311 = options.dialects.front() == Dialect::smb3_1_1;
  const int replies = count_replies(options);
  // Before 3.1.1 nothing protects what comes before the keys but for what is validated later.
  for (int i = v311 ? 0 : 3; i < replies; i++) {
    std::size_t size = 1;
    for (std::size_t at = 0; at < size; at++) {
      const auto result = run_changing(options, i, [&](Bytes& reply) {
        size = reply.size();
        reply[at] ^= static_cast<std::uint8_t>(1 << ((at + static_cast<std::size_t>(i)) % 8));
      });
      ASSERT_FALSE(result) << "reply " << i << " byte " << at;
      ASSERT_NE(result.error().what, "a forged reply was believed");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Smb2, AnyFlippedBit,
    testing::Values(only(Dialect::smb2_1), only(Dialect::smb3_0), only(Dialect::smb3_1_1),
                    ClientOptions{.server_name = "host", .dialects = {Dialect::smb3_1_1}}));

TEST(Smb2Hostile, RepliesCutShortAnywhere) {
  for (const auto dialect : {Dialect::smb2_1, Dialect::smb3_1_1}) {
    for (const bool encrypt : {false, true}) {
      auto options = only(dialect);
      options.encrypt_when_offered = encrypt;
      const int replies = count_replies(options);
      for (int i = 0; i < replies; i++) {
        std::size_t size = 1;
        for (std::size_t length = 0; length < size; length++) {
          const auto result = run_changing(options, i, [&](Bytes& reply) {
            size = reply.size();
            reply.resize(length);
          });
          ASSERT_FALSE(result) << "reply " << i << " length " << length;
          ASSERT_NE(result.error().kind, ErrorKind::timed_out)
              << "reply " << i << " length " << length;
        }
      }
    }
  }
}

TEST(Smb2Hostile, PlainRepliesInAnEncryptedSession) {
  auto options = only(Dialect::smb3_0_2);
  options.encrypt_when_offered = true;
  const int replies = count_replies(options);
  for (int i = 3; i < replies; i++) {
    const auto result = run_changing(options, i, [](Bytes& reply) {
      const auto session = Reader(BytesView(reply).subspan(44)).u64();
      const Negotiated negotiated{Dialect::smb3_0_2, SigningAlgorithm::aes_cmac,
                                  Cipher::aes128_ccm};
      const SecureChannel reader(Role::client, negotiated, session,
                                 derive_keys(negotiated, kit::login_key(), {}),
                                 kit::counting_random());
      ASSERT_TRUE(reader.open(reply));
      reply.erase(reply.begin(), reply.begin() + kTransformSize);
      liar(reply, Cipher::aes128_ccm).sign(reply);
    });
    EXPECT_TRUE(what_of(result).ends_with("the reply is not encrypted, though the session is"))
        << what_of(result);
  }
}

TEST(Smb2Hostile, RepliesThatAreNone) {
  const auto options = only(Dialect::smb3_1_1);
  const auto replace = [&](Command command, const std::function<void(Bytes&)>& change) {
    return what_of(run_changing(options, command, change));
  };
  const auto text = [](std::string_view bytes) {
    return [bytes](Bytes& reply) { reply = to_bytes(as_bytes(bytes)); };
  };
  EXPECT_EQ(replace(Command::negotiate, text("HTTP/1.1 400 Bad Request")),
            "negotiation: SMB2 header is cut short");
  EXPECT_EQ(replace(Command::negotiate, [](Bytes& reply) { reply.assign(5000, 0xAA); }),
            "negotiation: not an SMB2 message");
  EXPECT_EQ(replace(Command::negotiate, text("\xFFSMBr")),
            "negotiation: the server speaks SMB1 only");
  EXPECT_EQ(replace(Command::create, text("\xFCSMB compressed")),
            "open pipe echo: the reply is compressed, which was not offered");
  EXPECT_EQ(replace(Command::negotiate, text("\xFDSMB encrypted")),
            "negotiation: encrypted message where no cipher was negotiated");
  EXPECT_EQ(replace(Command::negotiate, [](Bytes& reply) { reply[16] = 0; }),
            "negotiation: the server sends a request instead of a reply");
  EXPECT_EQ(replace(Command::create, [](Bytes& reply) { reply[20] = 8; }),
            "open pipe echo: the reply is a compound, which was not asked for");
  EXPECT_EQ(replace(Command::create, [](Bytes& reply) { reply[24]++; }),
            "open pipe echo: the reply belongs to another request");
  EXPECT_EQ(replace(Command::create, [](Bytes& reply) { reply[12] = 6; }),
            "open pipe echo: the reply belongs to another request");
  EXPECT_EQ(replace(Command::create, [](Bytes& reply) { reply[40]++; }),
            "open pipe echo: the reply belongs to another session");
}

TEST(Smb2Hostile, ChoicesThatWereNotOffered) {
  const auto answer = [](const ClientOptions& options,
                         const std::function<void(NegotiateResponse&)>& change) {
    return what_of(run_changing(options, Command::negotiate, [&](Bytes& reply) {
      auto response = NegotiateResponse::decode(reply).value();
      change(response);
      reply = compose(header_of(reply), response);
    }));
  };
  const auto v311 = only(Dialect::smb3_1_1);
  EXPECT_EQ(answer(v311, [](auto& response) { response.dialect = Dialect::smb3_0_2; }),
            "negotiation: the server chose a dialect that was not offered");
  EXPECT_EQ(answer(v311, [](auto& response) { response.dialect = Dialect{0x0202}; }),
            "negotiation: the server chose a dialect that was not offered");
  auto gcm = v311;
  gcm.ciphers = {Cipher::aes128_gcm};
  gcm.signing = {SigningAlgorithm::aes_gmac};
  EXPECT_EQ(answer(gcm, [](auto& response) { response.contexts.ciphers = {{Cipher::aes128_ccm}}; }),
            "negotiation: the server chose a cipher that was not offered");
  EXPECT_EQ(answer(gcm,
                   [](auto& response) {
                     response.contexts.ciphers = {{Cipher::aes128_gcm, Cipher::aes128_gcm}};
                   }),
            "negotiation: the server chose a cipher that was not offered");
  EXPECT_EQ(
      answer(gcm,
             [](auto& response) { response.contexts.signing = {{SigningAlgorithm::hmac_sha256}}; }),
      "negotiation: the server chose a signing algorithm that was not offered");
  EXPECT_EQ(answer(gcm, [](auto& response) { response.contexts.preauth->hashes = {2}; }),
            "negotiation: the server chose a hash that was not offered");
  EXPECT_EQ(answer(gcm, [](auto& response) { response.contexts.preauth.reset(); }),
            "negotiation: the server negotiates 3.1.1 without preauthentication integrity");
  EXPECT_EQ(answer(gcm, [](auto& response) { response.max_read = 10; }),
            "negotiation: the server takes no messages of a useful size");
  // A choice that was offered, but not made by the server, shows when its keys are used.
  EXPECT_EQ(
      answer(v311,
             [](auto& response) { response.contexts.signing = {{SigningAlgorithm::aes_cmac}}; }),
      "login: the last reply's signature is wrong: another session key, or a changed login");
}

TEST(Smb2Hostile, AServerWithoutACommonDialect) {
  auto host = kit::echo_host();
  host.dialects = {Dialect::smb2_1};
  Wire wire(host);
  const auto result = run_all(wire, only(Dialect::smb3_1_1));
  EXPECT_EQ(result.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(result.error().what, "negotiation: the server supports none of the offered dialects");
}

TEST(Smb2Hostile, DowngradesOfSmb30) {
  const ClientOptions all{.server_name = "host",
                          .dialects = {Dialect::smb2_1, Dialect::smb3_0, Dialect::smb3_0_2}};
  // The server's answer weakened: encryption taken away.
  EXPECT_EQ(
      what_of(run_changing(all, Command::negotiate,
                           [](Bytes& reply) {
                             auto response = NegotiateResponse::decode(reply).value();
                             response.capabilities &= ~kCapabilityEncryption;
                             reply = compose(header_of(reply), response);
                           })),
      "validation of the negotiation: somebody between us and the server changed the negotiation");
  // The client's offer weakened: the server finds out and hangs up.
  Wire wire;
  wire.tamper_request([](Bytes& request) {
    if (form_of(request) != MessageForm::plain || header_of(request).command != Command::negotiate)
      return;
    auto offer = NegotiateRequest::decode(request).value();
    offer.dialects = {Dialect::smb2_1};
    request = compose(header_of(request), offer);
  });
  EXPECT_EQ(what_of(run_all(wire, all)), "the server hangs up: somebody changed the negotiation");
}

TEST(Smb2Hostile, AnswersToTheValidation) {
  const auto answer = [](Status status, bool sign) {
    return what_of(run_changing(kBelieving, Command::ioctl, [&](Bytes& reply) {
      auto header = header_of(reply);
      header.status = status;
      header.flags = kFlagResponse;
      header.signature = {};
      reply = compose(header, ErrorResponse{});
      if (sign) liar(reply).sign(reply);
    }));
  };
  EXPECT_EQ(answer(Status::file_closed, true), "success");
  EXPECT_EQ(answer(Status::not_supported, true), "success");
  EXPECT_EQ(answer(Status::invalid_device_request, true), "success");
  EXPECT_EQ(answer(Status::access_denied, true), "validation of the negotiation: access denied");
  EXPECT_EQ(
      answer(Status::file_closed, false),
      "validation of the negotiation: the reply is not signed (it says: the pipe is no longer "
      "open)");
}

TEST(Smb2Hostile, SessionsThatAreNotTheUsers) {
  const auto flags = [](std::uint16_t value) {
    Wire wire;
    wire.tamper([&](Bytes& reply, auto&) {
      auto header = header_of(reply);
      if (header.command != Command::session_setup || header.status != Status::success) return;
      auto response = SessionSetupResponse::decode(reply).value();
      response.flags = value;
      header.flags &= ~kFlagSigned;
      reply = compose(header, response);
    });
    return what_of(run_all(wire, kBelieving));
  };
  EXPECT_EQ(flags(kSessionIsGuest), "login: the server let us in as a guest, not as the user");
  EXPECT_EQ(flags(kSessionIsNull), "login: the server let us in as nobody, not as the user");

  auto no_cipher = only(Dialect::smb2_1);
  EXPECT_EQ(what_of(run_changing(no_cipher, 2,
                                 [](Bytes& reply) {
                                   auto response = SessionSetupResponse::decode(reply).value();
                                   auto header = header_of(reply);
                                   header.flags &= ~kFlagSigned;
                                   response.flags = kSessionEncryptData;
                                   reply = compose(header, response);
                                 })),
            "login: the server demands encryption, but negotiated no cipher");
}

TEST(Smb2Hostile, AServerThatHasNotTheKey) {
  Wire wire(kit::echo_host(kit::login_key(15)));
  EXPECT_EQ(what_of(run_all(wire, only(Dialect::smb3_1_1))),
            "login: the last reply's signature is wrong: another session key, or a changed login");
}

TEST(Smb2Hostile, LoginsThatGoWrong) {
  const auto change = [](int index, const std::function<void(Header&, SessionSetupResponse&)>& f) {
    return what_of(run_changing(only(Dialect::smb3_1_1), index, [&](Bytes& reply) {
      auto header = header_of(reply);
      auto response = SessionSetupResponse::decode(reply).value();
      f(header, response);
      reply = compose(header, response);
    }));
  };
  EXPECT_EQ(change(1, [](auto& header, auto&) { header.session_id = 0; }),
            "login: the server changes the session in the middle of the login");
  EXPECT_EQ(change(2, [](auto& header, auto&) { header.session_id++; }),
            "login: the server changes the session in the middle of the login");
  EXPECT_EQ(change(1, [](auto& header, auto&) { header.status = Status::success; }),
            "login: the server ended the login before the authentication was done");
  EXPECT_EQ(change(2, [](auto&, auto& response) { response.token = {}; }),
            "login: unexpected login token");
}

/// Never done.
class EndlessInitiator final : public wire::Initiator {
 public:
  Result<Bytes> step(BytesView) override { return Bytes(10, 1); }
  [[nodiscard]] bool complete() const override { return false; }
  [[nodiscard]] Bytes session_key() const override { return {}; }
};

TEST(Smb2Hostile, EndlessLogins) {
  Wire wire;
  wire.tamper([](Bytes& reply, auto&) {
    auto header = header_of(reply);
    if (header.command != Command::session_setup) return;
    header.status = Status::more_processing_required;
    header.session_id = 1;
    reply = compose(header, SessionSetupResponse{});
  });
  Client client(only(Dialect::smb3_1_1), kit::counting_random());
  Port port;
  EXPECT_EQ(what_of(wire.run(port, client.login(port, std::make_unique<EndlessInitiator>()))),
            "login: the server wants ever more login tokens");
}

TEST(Smb2Hostile, EndlessPending) {
  for (const auto command : {Command::negotiate, Command::create}) {
    Wire wire;
    wire.tamper([&](Bytes& reply, std::deque<Bytes>& more) {
      auto header = header_of(reply);
      if (header.command != command) return;
      header.status = Status::pending;
      header.flags |= kFlagAsync;
      reply = compose(header, ErrorResponse{});
      more.push_back(reply);
    });
    EXPECT_TRUE(what_of(run_all(wire, only(Dialect::smb3_1_1)))
                    .ends_with("the server answers that it will answer, again and again"));
  }
  EXPECT_EQ(what_of(run_changing(only(Dialect::smb3_1_1), Command::create,
                                 [](Bytes& reply) {
                                   auto header = header_of(reply);
                                   header.status = Status::pending;
                                   reply = compose(header, ErrorResponse{});
                                 })),
            "open pipe echo: the reply is pending, but not asynchronous");
}

TEST(Smb2Hostile, NoCredits) {
  EXPECT_EQ(what_of(run_changing(kBelieving, Command::negotiate,
                                 [](Bytes& reply) { reply[14] = reply[15] = 0; })),
            "login: the server has granted too few credits to go on");
  Wire wire;
  wire.tamper([](Bytes& reply, auto&) {
    reply[14] = reply[15] = 0;
    if (header_of(reply).command != Command::negotiate) liar(reply).sign(reply);
    if (header_of(reply).command == Command::negotiate) reply[14] = 4;
  });
  // Four credits pay for two session setups, the share and the validation.
  EXPECT_EQ(what_of(run_all(wire, kBelieving)),
            "open pipe echo: the server has granted too few credits to go on");
}

TEST(Smb2Hostile, ALiarWithTheKeys) {
  const auto lie = [](Command command, const std::function<void(Bytes&)>& change) {
    return what_of(run_changing(kBelieving, command, signed_by_liar(change)));
  };
  // What the client believes otherwise: the harness forges well.
  EXPECT_EQ(lie(Command::create, [](Bytes&) {}), "success");

  EXPECT_EQ(lie(Command::create, [](Bytes& reply) { reply.resize(reply.size() - 1); }),
            "open pipe echo: CREATE response is cut short");
  EXPECT_EQ(lie(Command::read, [](Bytes& reply) { reply[kHeaderSize + 2] = 0xFF; }),
            "read: READ response points outside of itself");
  EXPECT_EQ(lie(Command::write, [](Bytes& reply) { reply[kHeaderSize + 4]--; }),
            "write: the server took a part of the message only");
  EXPECT_EQ(lie(Command::read,
                [](Bytes& reply) {
                  const Bytes data(65537);
                  reply = compose(header_of(reply), ReadResponse{.data = data});
                }),
            "read: the reply is longer than asked for");
  EXPECT_EQ(lie(Command::tree_connect,
                [](Bytes& reply) {
                  auto header = header_of(reply);
                  header.status = Status::bad_network_name;
                  reply = compose(header, ErrorResponse{});
                }),
            "share IPC$: no share of this name");

  // The first IOCTL is the validation, the second the message.
  Wire wire;
  wire.tamper([count = 0](Bytes& reply, auto&) mutable {
    if (header_of(reply).command != Command::ioctl || ++count != 2) return;
    const Bytes data(65537);
    reply = compose(header_of(reply), IoctlResponse{.output = data});
    liar(reply).sign(reply);
  });
  EXPECT_EQ(what_of(run_all(wire, kBelieving)), "transceive: the reply is longer than asked for");
}

TEST(Smb2Hostile, AShareThatDemandsEncryptionGetsIt) {
  Wire wire;
  const auto demand = [](Bytes& reply) {
    auto response = TreeConnectResponse::decode(reply).value();
    response.share_flags |= kShareEncryptData;
    reply = compose(header_of(reply), response);
    liar(reply).sign(reply);
  };
  wire.tamper([&](Bytes& reply, auto&) {
    if (form_of(reply) == MessageForm::plain && header_of(reply).command == Command::tree_connect)
      demand(reply);
  });
  EXPECT_EQ(what_of(run_all(wire, kBelieving)), "success");
  EXPECT_EQ(form_of(wire.sent().back()), MessageForm::sealed);

  auto no_cipher = kBelieving;
  no_cipher.ciphers = {};
  EXPECT_EQ(what_of(run_changing(no_cipher, Command::tree_connect, demand)),
            "share IPC$: the server demands encryption, but negotiated no cipher");
}

}  // namespace
}  // namespace tocsin::smb2
