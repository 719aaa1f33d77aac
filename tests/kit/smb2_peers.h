// Both ends of an SMB2 conversation without a network: a login that needs no NTLM, a pipe that
// answers what the test gives it, and a wire between client and server on which anything may
// happen.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/authentication.h"
#include "wire/conversation.h"
#include "wire/smb2/client.h"
#include "wire/smb2/message.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/server.h"

namespace tocsin::kit {

/// Counts upwards, so that a run repeats.
inline RandomFill counting_random() {
  return [next = std::uint8_t{1}](std::span<std::uint8_t> out) mutable {
    for (auto& byte : out) byte = next++;
  };
}

inline Bytes login_key(std::size_t size = 16) {
  Bytes key(size);
  for (std::size_t i = 0; i < size; i++) key[i] = static_cast<std::uint8_t>(0xA0 + i);
  return key;
}

/// Three tokens: name, password, and the server's welcome. Both sides then hold login_key().
class PasswordInitiator final : public wire::Initiator {
 public:
  explicit PasswordInitiator(std::string password = "secret", Bytes key = login_key())
      : password_(std::move(password)), key_(std::move(key)) {}

  Result<Bytes> step(BytesView token) override {
    switch (step_++) {
      case 0:
        return to_bytes(as_bytes("user"));
      case 1:
        if (!std::ranges::equal(token, as_bytes("password?"))) break;
        return to_bytes(as_bytes(password_));
      case 2:
        if (!std::ranges::equal(token, as_bytes("welcome"))) break;
        return Bytes{};
      default:
        break;
    }
    return fail(ErrorKind::malformed, "unexpected login token");
  }
  [[nodiscard]] bool complete() const override { return step_ == 3; }
  [[nodiscard]] Bytes session_key() const override { return key_; }

 private:
  std::string password_;
  Bytes key_;
  int step_ = 0;
};

class PasswordAcceptor final : public wire::Acceptor {
 public:
  explicit PasswordAcceptor(Bytes key = login_key()) : key_(std::move(key)) {}

  Bytes hint() override { return to_bytes(as_bytes("hint")); }
  Result<Bytes> step(BytesView token) override {
    if (step_++ == 0) return to_bytes(as_bytes("password?"));
    if (std::ranges::equal(token, as_bytes("locked")))
      return fail(ErrorKind::denied, "locked out", 0xC0000234);
    if (!std::ranges::equal(token, as_bytes("secret")))
      return fail(ErrorKind::denied, "wrong password");
    complete_ = true;
    return to_bytes(as_bytes("welcome"));
  }
  [[nodiscard]] bool complete() const override { return complete_; }
  [[nodiscard]] Bytes session_key() const override { return key_; }
  [[nodiscard]] std::string user() const override { return "user"; }

 private:
  Bytes key_;
  int step_ = 0;
  bool complete_ = false;
};

/// Answers each message with itself, `repeat` times in one reply; a reply is one message.
class EchoPipe final : public smb2::PipeEnd {
 public:
  explicit EchoPipe(std::size_t repeat = 1) : repeat_(repeat) {}

  void write(BytesView message) override {
    Bytes reply;
    for (std::size_t i = 0; i < repeat_; i++)
      reply.insert(reply.end(), message.begin(), message.end());
    replies_.push_back(std::move(reply));
  }
  [[nodiscard]] State state() const override {
    return replies_.empty() ? State::empty : State::readable;
  }
  Chunk read(std::size_t most) override {
    auto& reply = replies_.front();
    if (reply.size() <= most) {
      Chunk whole{.bytes = std::move(reply)};
      replies_.pop_front();
      return whole;
    }
    const auto cut = reply.begin() + static_cast<std::ptrdiff_t>(most);
    Chunk part{.bytes = Bytes(reply.begin(), cut), .left = true};
    reply.erase(reply.begin(), cut);
    return part;
  }

 private:
  std::size_t repeat_;
  std::deque<Bytes> replies_;
};

/// A host with one pipe, "echo".
inline smb2::ServerOptions echo_host(const Bytes& key = login_key()) {
  smb2::ServerOptions options;
  options.acceptor = [key] { return std::make_unique<PasswordAcceptor>(key); };
  options.open_pipe = [](const std::string& name) -> std::unique_ptr<smb2::PipeEnd> {
    if (name == "echo") return std::make_unique<EchoPipe>();
    if (name == "long") return std::make_unique<EchoPipe>(1000);
    return nullptr;
  };
  return options;
}

/// A refusal, or a promise to answer, by a host that has the keys: those of SMB 3.0.2 follow from
/// the session key.
inline Bytes forged_reply(smb2::Header header, smb2::Status status, std::uint16_t credits = 1) {
  header.status = status;
  header.flags = smb2::kFlagResponse | (status == smb2::Status::pending ? smb2::kFlagAsync : 0);
  header.async_id = 0xA5;
  header.credits = credits;
  header.signature = {};
  Writer out;
  header.encode(out);
  smb2::ErrorResponse{}.encode(out);
  auto reply = std::move(out).take();
  const smb2::Negotiated negotiated{smb2::Dialect::smb3_0_2, smb2::SigningAlgorithm::aes_cmac};
  const smb2::SecureChannel keys(smb2::Role::server, negotiated, header.session_id,
                                 smb2::derive_keys(negotiated, login_key(), {}), counting_random());
  // As Windows does it: an interim response is not signed.
  if (status != smb2::Status::pending) keys.sign(reply);
  return reply;
}

/// Runs a conversation round by round, as long as there is another; timed_out when it ends before.
template <typename T, typename GoRound>
Result<T> run_in_rounds(Conversation<Result<T>> conversation, GoRound go_round) {
  conversation.start();
  while (!conversation.done() && go_round()) continue;
  if (!conversation.done()) return fail(ErrorKind::timed_out, "silence");
  return conversation.take();
}

/// Runs conversations against a server, with somebody in between.
class Wire {
 public:
  /// Sees every reply before the client does, may change it and what comes after it.
  using Tamper = std::function<void(Bytes& reply, std::deque<Bytes>& more)>;
  /// Sees every request before the server does.
  using TamperRequest = std::function<void(Bytes& request)>;

  explicit Wire(smb2::ServerOptions options = echo_host())
      : server_(std::make_shared<smb2::ServerOptions>(std::move(options)), counting_random()) {}

  [[nodiscard]] smb2::Server& server() { return server_; }
  void tamper(Tamper tamper) { tamper_ = std::move(tamper); }
  void tamper_request(TamperRequest tamper) { tamper_request_ = std::move(tamper); }
  /// All that the client has sent.
  [[nodiscard]] const std::vector<Bytes>& sent() const { return sent_; }

  /// Ends with timed_out when the client waits and nothing is left to come.
  template <typename T>
  Result<T> run(Port& port, Conversation<Result<T>> conversation) {
    conversation.start();
    std::deque<Bytes> incoming;
    while (!conversation.done()) {
      for (auto& request : port.take_outgoing()) {
        sent_.push_back(request);
        if (tamper_request_) tamper_request_(request);
        auto replies = server_.handle(request);
        if (!replies) return fail(std::move(replies), "the server hangs up");
        for (auto& reply : *replies) incoming.push_back(std::move(reply));
      }
      if (incoming.empty()) return fail(ErrorKind::timed_out, "silence");
      auto reply = std::move(incoming.front());
      incoming.pop_front();
      if (tamper_) tamper_(reply, incoming);
      port.deliver(std::move(reply));
    }
    return conversation.take();
  }

 private:
  smb2::Server server_;
  Tamper tamper_;
  TamperRequest tamper_request_;
  std::vector<Bytes> sent_;
};

}  // namespace tocsin::kit
