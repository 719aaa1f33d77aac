// The requests of one client and the replies to them: message ids, credits, signatures, encryption.
// [MS-SMB2] 3.2.4.1, 3.2.5.1
#pragma once

#include <cstddef>
#include <cstdint>
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

/// One request is in flight at a time.
class ClientExchange {
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

  // What negotiation and login have settled.
  SecureChannel channel{};
  bool encrypting = false;
  bool multi_credit = false;
  std::uint32_t tree_id = 0;
  std::uint64_t session_id = 0;

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
  /// Sends the request and waits for its reply, whatever its status. malformed: the reply breaks
  /// the protocol, or its protection does.
  Conversation<Result<Reply>> send(Port& port, Request request);

 private:
  [[nodiscard]] bool seals() const { return encrypting && channel.established(); }
  Result<Header> next_header(Command command, Payload payload);
  [[nodiscard]] Request protect(const Header& header, Bytes message);
  /// The reply to `request`, or nothing when it was none (interim response, oplock break).
  Result<std::optional<Reply>> accept(Bytes message, const Request& request);
  Result<> check_protection(const Request& request, Reply& reply) const;

  std::uint32_t credits_ = 1;
  std::uint64_t next_message_id_ = 0;
};

/// The body of a reply whose status is success or `also`; else the status as an error.
template <typename Body>
Result<Body> read_reply(const ClientExchange::Reply& reply, Status also = Status::success) {
  if (reply.header.status != Status::success && reply.header.status != also)
    return std::unexpected(to_error(reply.header.status));
  return Body::decode(reply.view());
}

}  // namespace tocsin::smb2
