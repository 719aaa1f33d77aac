// The server by itself: what other clients ask of it, and what it does not put up with.
#include <gmock/gmock.h>

#include "kit/smb2_peers.h"
#include "unit/wire/smb2_server_fixture.h"
#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/server.h"

namespace tocsin::smb2 {
namespace {

/// As Impacket begins: SMB_COM_NEGOTIATE with three dialects.
Bytes smb1_greeting() {
  Writer smb1;
  smb1.u32(0x424D53FF).u8(0x72).zeros(27).u8(0).u16(34);
  smb1.bytes(as_bytes({"\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0", 34}));
  return std::move(smb1).take();
}

TEST_F(Smb2Server, GreetsClientsThatBeginInSmb1) {
  const auto greeting = NegotiateResponse::decode(send(smb1_greeting()));
  ASSERT_TRUE(greeting) << hung_up;
  EXPECT_EQ(greeting->dialect, kAnyDialect);
  next_message_id(1);  // the greeting's
  connect_tree();
  for (int i = 0; i < 2000; i++)
    ASSERT_EQ(ask(Command::echo, EmptyBody{}).status, Status::success) << i << hung_up;
}

TEST_F(Smb2Server, IsGreetedInSmb1Once) {
  send(smb1_greeting());
  EXPECT_TRUE(send(smb1_greeting()).empty());
  EXPECT_EQ(hung_up, "the client greets twice");
}

TEST_F(Smb2Server, HangsUpOnClientsThatKnowOnlySmb1) {
  Writer smb1;
  smb1.u32(0x424D53FF).u8(0x72).zeros(27).u8(0).u16(12).bytes(as_bytes("\x02NT LM 0.12"));
  EXPECT_TRUE(send(smb1.view()).empty());
  EXPECT_EQ(hung_up, "the client speaks SMB1 only");
}

TEST_F(Smb2Server, WantsAnOrder) {
  send(request(Command::echo, EmptyBody{}));
  EXPECT_EQ(hung_up, "request before the negotiation");
  reconnect();
  negotiate();
  EXPECT_EQ(ask(Command::echo, EmptyBody{}).status, Status::user_session_deleted);
  send(request(Command::negotiate, NegotiateRequest{.dialects = {Dialect::smb2_1}}));
  EXPECT_EQ(hung_up, "the client negotiates twice");
}

TEST_F(Smb2Server, RefusesANegotiationItCannotFollow) {
  EXPECT_EQ(ask(Command::negotiate, NegotiateRequest{.dialects = {Dialect{0x0202}}}).status,
            Status::not_supported);
  EXPECT_EQ(ask(Command::negotiate, NegotiateRequest{.dialects = {Dialect::smb3_1_1}}).status,
            Status::invalid_parameter);
  negotiate();
}

TEST_F(Smb2Server, RefusesRequestsThatAreNotSigned) {
  log_in();
  auto unsigned_request = request(Command::echo, EmptyBody{});
  unsigned_request[16] = 0;
  EXPECT_EQ(Header::decode(send(unsigned_request))->status, Status::access_denied);
  auto wrong = request(Command::echo, EmptyBody{});
  wrong[50] ^= 1;
  EXPECT_TRUE(send(wrong).empty());
  EXPECT_EQ(hung_up, "the request's signature is wrong");
}

TEST_F(Smb2Server, SignsWhatItAnswers) {
  connect_tree();
  EXPECT_EQ(ask(Command::echo, EmptyBody{}).status, Status::success);
  EXPECT_TRUE(channel().verify(last));
  EXPECT_EQ(ask(Command::create, CreateRequest{.name = "none"}).status,
            Status::object_name_not_found);
  EXPECT_TRUE(channel().verify(last));
}

TEST_F(Smb2Server, HasOneShare) {
  log_in();
  EXPECT_EQ(ask(Command::tree_connect, TreeConnectRequest{.path = "\\\\host\\C$"}).status,
            Status::bad_network_name);
  EXPECT_EQ(ask(Command::create, CreateRequest{.name = "echo"}).status,
            Status::network_name_deleted);
}

TEST_F(Smb2Server, KeepsPipesApart) {
  connect_tree();
  std::vector<FileId> files;
  for (const auto* name : {"echo", "\\PIPE\\echo"}) {
    ask(Command::create, CreateRequest{.name = name});
    files.push_back(CreateResponse::decode(last).value().file);
  }
  for (const auto& file : files)
    EXPECT_EQ(ask(Command::write, WriteRequest{.file = file, .data = file}).status,
              Status::success);
  for (const auto& file : files) {
    EXPECT_EQ(ask(Command::read, ReadRequest{.length = 10, .file = file}).status,
              Status::buffer_overflow);
    EXPECT_EQ(to_hex(ReadResponse::decode(last).value().data), to_hex(BytesView(file).first(10)));
    EXPECT_EQ(ask(Command::read, ReadRequest{.length = 10, .file = file}).status, Status::success);
    EXPECT_EQ(ask(Command::flush, FlushRequest{.file = file}).status, Status::success);
  }
  EXPECT_EQ(ask(Command::close, CloseRequest{.file = files[0]}).status, Status::success);
  EXPECT_EQ(ask(Command::close, CloseRequest{.file = files[0]}).status, Status::file_closed);
  // The other goes with its tree.
  const auto tree = tree_id;
  EXPECT_EQ(ask(Command::tree_disconnect, EmptyBody{}).status, Status::success);
  tree_id = ask(Command::tree_connect, TreeConnectRequest{.path = "\\\\host\\IPC$"}).tree_id;
  EXPECT_NE(tree_id, tree);
  EXPECT_EQ(ask(Command::read, ReadRequest{.length = 1, .file = files[1]}).status,
            Status::file_closed);
}

TEST_F(Smb2Server, DescribesAPipeAsWindowsDoes) {
  connect_tree();
  ask(Command::create, CreateRequest{.name = "echo"});
  const auto file = CreateResponse::decode(last).value().file;
  EXPECT_EQ(ask(Command::query_info,
                QueryInfoRequest{.type = 1, .info_class = 5, .output_length = 24, .file = file})
                .status,
            Status::success);
  EXPECT_EQ(to_hex(QueryInfoResponse::decode(last).value().data),
            "001000000000000000000000000000000100000001000000");
  EXPECT_EQ(ask(Command::query_info,
                QueryInfoRequest{.type = 1, .info_class = 4, .output_length = 99, .file = file})
                .status,
            Status::invalid_info_class);
}

TEST_F(Smb2Server, RefusesWhatItDoesNotKnow) {
  connect_tree();
  EXPECT_EQ(ask(Command::query_directory, EmptyBody{}).status, Status::not_supported);
  EXPECT_EQ(ask(Command::ioctl, IoctlRequest{.code = kFsctlDfsGetReferrals}).status,
            Status::fs_driver_required);
  EXPECT_EQ(ask(Command::ioctl, IoctlRequest{.code = 0x99}).status, Status::invalid_device_request);
  EXPECT_EQ(ask(Command::create, EmptyBody{}).status, Status::invalid_parameter);
  EXPECT_TRUE(send(request(Command::cancel, EmptyBody{})).empty());
  EXPECT_EQ(hung_up, "");
}

TEST_F(Smb2Server, ACompoundOpensAsksAndCloses) {
  connect_tree();
  FileId same;
  same.fill(0xFF);
  const auto pad = [](Bytes part, bool last_part) {
    Writer out;
    out.bytes(part);
    if (!last_part) {
      out.align(8);
      out.patch_u32(20, static_cast<std::uint32_t>(out.size()));
    }
    return std::move(out).take();
  };
  const auto message = to_bytes(as_bytes("hello"));
  std::vector<Bytes> parts{
      pad(request(Command::create, CreateRequest{.name = "echo"}), false),
      pad(request(
              Command::ioctl,
              IoctlRequest{
                  .code = kFsctlPipeTransceive, .file = same, .input = message, .max_output = 1024},
              kFlagRelated),
          false),
      pad(request(Command::close, CloseRequest{.file = same}, kFlagRelated), true)};
  Bytes compound;
  for (auto& part : parts) {
    channel().sign(part);
    compound.insert(compound.end(), part.begin(), part.end());
  }
  auto replies = server.handle(compound);
  ASSERT_TRUE(replies) << replies.error().what;
  ASSERT_EQ(replies->size(), 3U);
  for (auto& reply : *replies) {
    EXPECT_EQ(Header::decode(reply)->status, Status::success);
    EXPECT_TRUE(channel().verify(reply));
  }
  EXPECT_EQ(to_hex(IoctlResponse::decode(replies->at(1)).value().output), to_hex(message));

  Writer endless;
  endless.bytes(parts[0]);
  endless.patch_u32(20, 4);
  send(endless.view());
  EXPECT_EQ(hung_up, "the next request of the compound lies outside of it");
}

TEST_F(Smb2Server, ForgetsTheSessionAfterLogoffAndAfterAFailedLogin) {
  log_in();
  EXPECT_EQ(ask(Command::logoff, EmptyBody{}).status, Status::success);
  EXPECT_EQ(ask(Command::echo, EmptyBody{}).status, Status::user_session_deleted);
  session_id = 0;
  session_id =
      ask(Command::session_setup, SessionSetupRequest{.token = as_bytes("user")}).session_id;
  EXPECT_EQ(ask(Command::session_setup, SessionSetupRequest{.token = as_bytes("wrong")}).status,
            Status::logon_failure);
  EXPECT_EQ(ask(Command::session_setup, SessionSetupRequest{.token = as_bytes("secret")}).status,
            Status::user_session_deleted);
}

TEST_F(Smb2Server, AnExpiredSessionMayStillCloseAndLogOff) {
  connect_tree();
  ask(Command::create, CreateRequest{.name = "echo"});
  const auto file = CreateResponse::decode(last).value().file;
  server.expire_session();
  EXPECT_EQ(ask(Command::read, ReadRequest{.length = 1, .file = file}).status,
            Status::network_session_expired);
  EXPECT_EQ(ask(Command::close, CloseRequest{.file = file}).status, Status::success);
  EXPECT_EQ(ask(Command::logoff, EmptyBody{}).status, Status::success);
}

TEST(Smb2ServerWithEncryption, NothingFollowsALogoffInItsCompound) {
  kit::Wire wire;
  Client client({.server_name = "host", .dialects = {Dialect::smb3_0}}, kit::counting_random());
  Port port;
  std::uint64_t session_id = 0;
  wire.tamper([&](Bytes& reply, auto&) {
    if (form_of(reply) == MessageForm::plain) session_id = Header::decode(reply)->session_id;
  });
  ASSERT_TRUE(wire.run(port, client.login(port, std::make_unique<kit::PasswordInitiator>())));

  Writer out;
  out.zeros(kTransformSize);
  auto message_id = wire.sent().size();
  for (const auto command : {Command::logoff, Command::echo}) {
    Header header{.command = command, .message_id = message_id++, .session_id = session_id};
    if (command == Command::logoff) header.next_command = 72;
    header.encode(out);
    EmptyBody{}.encode(out);
    out.zeros(4);
  }
  auto sealed = std::move(out).take();
  const Negotiated negotiated{Dialect::smb3_0, SigningAlgorithm::aes_cmac,
                              crypto::Cipher::aes128_ccm};
  SecureChannel channel(Role::client, negotiated, session_id,
                        derive_keys(negotiated, kit::login_key(), {}), kit::counting_random());
  channel.seal(sealed);
  EXPECT_EQ(wire.server().handle(sealed).error().what, "encrypted request of no session");
}

TEST(Smb2ServerWithEncryption, RefusesClientsThatCannotOrDoNotEncrypt) {
  auto host = kit::echo_host();
  host.encrypt_data = true;
  kit::Wire wire(host);
  Client old({.server_name = "host", .dialects = {Dialect::smb2_1}}, kit::counting_random());
  Port port;
  EXPECT_THAT(
      wire.run(port, old.login(port, std::make_unique<kit::PasswordInitiator>())).error().what,
      testing::StartsWith("login: logon failure: access denied"));

  // A client that is made to overlook the demand stays plain.
  kit::Wire other(host);
  Client plain(
      {.server_name = "host", .dialects = {Dialect::smb3_0_2}, .encrypt_when_offered = false},
      kit::counting_random());
  other.tamper([](Bytes& reply, auto&) {
    const auto header = Header::decode(reply).value();
    if (header.command != Command::session_setup) return;
    reply[kHeaderSize + 2] = 0;
    reply[16] &= ~static_cast<std::uint8_t>(kFlagSigned);
  });
  EXPECT_EQ(
      other.run(port, plain.login(port, std::make_unique<kit::PasswordInitiator>())).error().what,
      "share IPC$: access denied");
}

}  // namespace
}  // namespace tocsin::smb2
