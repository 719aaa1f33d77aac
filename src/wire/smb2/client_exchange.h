// The requests of one client and the replies to them: message ids, credits, signatures, encryption.
// [MS-SMB2] 3.2.4.1, 3.2.5.1
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/try.h"
#include "wire/conversation.h"
#include "wire/smb2/message.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/status.h"

namespace tocsin::smb2 {

/// What one credit pays for (3.1.5.2), and the longest reply that is asked for.
inline constexpr std::uint32_t kCreditUnit = 65536;

/// How many bytes of data a request brings and asks for, at most: what credits are paid for.
struct Payload {
  std::size_t sent = 0;
  std::size_t wanted = 0;
};

/// Any number of requests are in flight; each reply finds its own by the message id, whatever the
/// order. A request that waits for days costs nothing: the server's interim response has given its
/// credit back, and nothing here measures time.
class ClientExchange final : public Port::Receiver {
 public:
  /// A message on its way, and what its reply must be.
  struct Request {
    Bytes message{};
    Command command = Command::negotiate;
    std::uint64_t message_id = 0;
    enum class Protection : std::uint8_t {
      none,
      signature,
      encryption
    } protection = Protection::none;
  };

  /// A received message, decrypted and verified.
  struct Reply {
    Header header{};
    Bytes message{};
    std::size_t start = 0;  ///< of the plain message: behind the transform header where it had one

    [[nodiscard]] bool sealed() const { return start != 0; }
    [[nodiscard]] BytesView view() const { return BytesView(message).subspan(start); }
    [[nodiscard]] std::span<std::uint8_t> span() { return std::span(message).subspan(start); }
    /// The message's buffer, cut down to a part of it.
    [[nodiscard]] Bytes cut(BytesView part) && {
      const auto offset = part.empty() ? message.size() : std::size_t(part.data() - message.data());
      message.resize(offset + part.size());
      message.erase(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(offset));
      return std::move(message);
    }
  };

  /// A request that is sent when this is awaited; answers its reply, whatever the status. One that
  /// is destroyed before is cancelled (3.2.4.24), and its reply means nothing any more.
  class [[nodiscard]] Sending {
   public:
    Sending(ClientExchange& exchange, Port& port, Request request)
        : exchange_(exchange), port_(port), request_(std::move(request)) {}
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;
    ~Sending() {
      if (!outcome_ && waiting_) exchange_.abandon(port_, request_.message_id);
    }
    [[nodiscard]] bool await_ready() const noexcept { return exchange_.failure_.has_value(); }
    void await_suspend(std::coroutine_handle<> waiting);
    Result<Reply> await_resume();

   private:
    friend class ClientExchange;
    void end(Result<Reply> outcome) {
      outcome_ = std::move(outcome);
      waiting_.resume();
    }

    ClientExchange& exchange_;
    Port& port_;
    Request request_;
    std::coroutine_handle<> waiting_;
    std::optional<Result<Reply>> outcome_;
  };

  // What negotiation and login have settled.
  SecureChannel channel{};
  bool encrypting = false;
  bool multi_credit = false;
  std::uint32_t tree_id = 0;
  std::uint64_t session_id = 0;
  /// So many requests will be made at a time: credits for them are asked for ahead.
  std::size_t expected = 0;

  /// Waits until the server has granted the credits for such a request, or never will. Awaited
  /// right before prepare().
  class [[nodiscard]] Credits {
   public:
    Credits(ClientExchange& exchange, Payload payload)
        : must_wait_(exchange.must_wait(charge_for(payload))),
          place_(exchange.line_.wait(charge_for(payload))) {}
    [[nodiscard]] bool await_ready() const noexcept { return !must_wait_; }
    void await_suspend(std::coroutine_handle<> waiting) { place_.await_suspend(waiting); }
    void await_resume() const noexcept {}

   private:
    bool must_wait_;
    WaitingLine::Place place_;
  };
  Credits credits_for(Payload payload) { return {*this, payload}; }
  /// denied: before the login. unsupported: it is longer than the server takes. malformed: the
  /// server has granted too few credits.
  template <typename Body>
  Result<Request> prepare(Command command, const Body& body, Payload payload = {}) {
    TRY(const auto header, next_header(command, payload));
    const std::size_t start = seals() ? kTransformSize : 0;
    Writer out;
    out.reserve(start + kHeaderSize + 128 + payload.sent);
    out.zeros(start);
    header.encode(out);
    body.encode(out);
    return protect(header, std::move(out).take());
  }
  /// malformed: the reply breaks the protocol, or its protection does. That ends the connection:
  /// every request fails with it, those in flight and those to come.
  Sending send(Port& port, Request request) { return {*this, port, std::move(request)}; }
  void receive(Bytes message) override;

 private:
  struct InFlight {
    Command command{};
    Request::Protection protection{};
    Sending* sending = nullptr;  ///< null: nobody waits any more
    int interim_responses = 0;
    std::uint64_t async_id = 0;  ///< from the interim response
  };
  /// By message id. No table of hashes, which would stay as large as the largest batch.
  using Table = std::map<std::uint64_t, InFlight>;

  [[nodiscard]] static std::uint32_t charge_for(Payload payload);
  [[nodiscard]] bool must_wait(std::uint32_t charge) const;
  [[nodiscard]] bool seals() const { return encrypting && channel.established(); }
  Result<Header> next_header(Command command, Payload payload);
  [[nodiscard]] Request protect(const Header& header, Bytes message);
  /// Decrypts and reads the header. Nothing: it is an oplock break, which nobody asked for.
  Result<std::optional<Reply>> open(Bytes message) const;
  /// Finds the request; nothing: this was its interim response.
  Result<std::optional<Table::node_type>> match(Reply& reply);
  Result<> check_protection(const InFlight& request, Reply& reply) const;
  void let_the_next_send();
  void abandon(Port& port, std::uint64_t message_id);
  void fail_all(const Error& error);

  std::uint32_t credits_ = 1;
  std::uint64_t next_message_id_ = 0;
  Table in_flight_;
  std::size_t pending_ = 0;  ///< of them, those whose interim response has come
  WaitingLine line_;         ///< for credits
  std::optional<Error> failure_;
};

/// The body of a reply whose status is success or `also`; else the status as an error.
template <typename Body>
Result<Body> read_reply(const ClientExchange::Reply& reply, Status also = Status::success) {
  if (reply.header.status != Status::success && reply.header.status != also)
    return std::unexpected(to_error(reply.header.status));
  return Body::decode(reply.view());
}

}  // namespace tocsin::smb2
