// A client of smb2::Server that says what a test gives it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "kit/smb2_peers.h"
#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/server.h"

namespace tocsin::smb2 {

/// In SMB 2.1, whose signing key is the session key.
class Smb2Server : public testing::Test {
 protected:
  template <typename Body>
  Bytes request(Command command, const Body& body, std::uint32_t flags = 0) {
    Writer out;
    Header{.command = command,
           .credits = 10,
           .flags = flags,
           .message_id = next_message_id(1),
           .tree_id = tree_id,
           .session_id = session_id}
        .encode(out);
    body.encode(out);
    auto bytes = std::move(out).take();
    if (session_id != 0 && command != Command::session_setup) channel().sign(bytes);
    return bytes;
  }
  /// The one reply to a request; empty when there was none or the server hung up.
  Bytes send(BytesView message) {
    auto replies = server.handle(message);
    if (!replies) {
      hung_up = replies.error().what;
      return {};
    }
    if (replies->size() != 1) return {};
    return std::move(replies->front());
  }
  template <typename Body>
  Header ask(Command command, const Body& body) {
    last = send(request(command, body));
    return Header::decode(last).value_or(Header{.status = Status::pending});
  }
  void reconnect() {
    server = Server(std::make_shared<ServerOptions>(kit::echo_host()), kit::counting_random());
    message_id_ = 0;
  }
  void negotiate() {
    EXPECT_EQ(ask(Command::negotiate, NegotiateRequest{.dialects = {Dialect::smb2_1}}).status,
              Status::success);
  }
  void log_in() {
    negotiate();
    session_id =
        ask(Command::session_setup, SessionSetupRequest{.token = as_bytes("user")}).session_id;
    EXPECT_EQ(ask(Command::session_setup, SessionSetupRequest{.token = as_bytes("secret")}).status,
              Status::success);
  }
  void connect_tree() {
    log_in();
    tree_id = ask(Command::tree_connect, TreeConnectRequest{.path = "\\\\host\\ipc$"}).tree_id;
    EXPECT_NE(tree_id, 0U);
  }
  /// For a request that is charged so many credits.
  std::uint64_t next_message_id(std::uint16_t charge) {
    return std::exchange(message_id_, message_id_ + charge);
  }
  [[nodiscard]] SecureChannel channel() const {
    const Negotiated negotiated{.dialect = Dialect::smb2_1};
    return {Role::client, negotiated, session_id, derive_keys(negotiated, kit::login_key(), {}),
            kit::counting_random()};
  }

  Server server{std::make_shared<ServerOptions>(kit::echo_host()), kit::counting_random()};
  std::uint64_t session_id = 0;
  std::uint32_t tree_id = 0;
  Bytes last;
  std::string hung_up;

 private:
  std::uint64_t message_id_ = 0;
};

}  // namespace tocsin::smb2
