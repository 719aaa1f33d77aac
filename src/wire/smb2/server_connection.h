// What is behind smb2::Server: the state of one connection, and what it does with each command.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "wire/smb2/credit_window.h"
#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/server.h"
#include "wire/smb2/status.h"

namespace tocsin::smb2 {

/// Of one READ, WRITE or IOCTL; below the frame's limit (frame.h).
inline constexpr std::uint32_t kMostPayload = 512 * 1024;
/// What one credit pays for of a READ, WRITE or IOCTL (3.3.5.2.5).
inline constexpr std::uint32_t kPayloadOfCredit = 64 * 1024;
/// READs and TRANSCEIVEs that wait, as many as servers of Windows take (3.3.5.2.5's note).
inline constexpr std::size_t kMostWaiting = 512;

struct Server::Connection {
  /// One request of a message, decrypted where it was encrypted.
  struct Request {
    Header header{};
    std::span<std::uint8_t> message{};
    bool sealed = false;
    std::uint64_t async_id = 0;  ///< of one that has waited
  };

  /// A READ, or what a TRANSCEIVE reads.
  struct PipeRead {
    Request request{};
    FileId file{};
    std::uint32_t most = 0;
  };

  struct Open {
    FileId id{};
    std::uint32_t tree = 0;
    std::unique_ptr<PipeEnd> pipe{};
  };

  struct Session {
    std::uint64_t id = 0;
    std::unique_ptr<wire::Acceptor> login{};  ///< while one is under way
    PreauthHash preauth{};
    SecureChannel channel{};
    bool expired = false;
    std::vector<std::uint32_t> trees{};
    std::vector<Open> opens{};
    std::vector<PipeRead> waiting{};  ///< the oldest first
  };

  std::shared_ptr<const ServerOptions> options;
  RandomFill random;

  bool settled = false;  ///< the negotiation is over
  Negotiated negotiated{};
  std::uint32_t capabilities = 0;
  Guid server_guid{};
  ValidateNegotiateRequest asked{};
  PreauthHash preauth{};
  std::unique_ptr<Session> session;
  std::uint64_t last_id = 0;  ///< of trees and opens
  FileId last_file{};         ///< what a related request of a compound means by "that file"
  CreditWindow credits{};
  std::vector<Bytes> late{};  ///< replies to what waited
  std::function<void()> tell_late{};

  /// Replies to requests. An error ends the connection.
  Result<std::vector<Bytes>> handle(BytesView message);
  /// Empty for a CANCEL.
  Result<Bytes> answer(const Request& request);
  /// Answers what waited for what has come.
  void answer_waiting();
  Result<Bytes> dispatch(const Request& request);

  template <typename Body>
  Bytes reply(const Request& request, Status status, const Body& body);
  Bytes refuse(const Request& request, Status status) {
    return reply(request, status, ErrorResponse{});
  }

  Result<Bytes> greet_smb1(BytesView message);
  Result<Bytes> negotiate(const Request& request);
  std::optional<Status> choose(const NegotiateRequest& request);
  Result<Bytes> setup_session(const Request& request);
  Bytes finish_login(const Request& request, BytesView token);
  Bytes connect_tree(const Request& request);
  Bytes disconnect_tree(const Request& request);
  Bytes log_off(const Request& request);
  Bytes create(const Request& request);
  Bytes close(const Request& request);
  Bytes flush(const Request& request);
  Bytes read(const Request& request);
  Bytes write(const Request& request);
  Result<Bytes> control(const Request& request);
  Bytes transceive(const Request& request, const IoctlRequest& body);
  /// What is there, or that it waits.
  Bytes read_or_wait(PipeRead read);
  /// Nothing while there is nothing.
  std::optional<Bytes> try_read(const PipeRead& read);
  void cancel(const Request& request);
  void cancel_waiting(const FileId& file);
  [[nodiscard]] bool has_waiting(const FileId& file) const;
  Result<Bytes> validate_negotiation(const Request& request, const IoctlRequest& body);
  Bytes query_info(const Request& request);

  Open* find_open(const Request& request, const FileId& id);
  std::uint64_t random_id();
};

template <typename Body>
Bytes Server::Connection::reply(const Request& request, Status status, const Body& body) {
  auto header = request.header;
  header.status = status;
  // The interim reply of one that waits grants its credits, the final one none (3.3.4.1.2).
  const bool interim = status == Status::pending;
  const bool late_one = request.async_id != 0 && !interim;
  header.credits = late_one ? 0 : credits.grant(header.credits);
  header.flags = kFlagResponse | (header.flags & kFlagRelated);
  if (request.async_id != 0) {
    header.flags |= kFlagAsync;
    header.async_id = request.async_id;
  }
  header.next_command = 0;
  header.signature = {};
  const std::size_t start = request.sealed ? kTransformSize : 0;
  Writer out;
  out.reserve(start + kHeaderSize + 256);
  out.zeros(start);
  header.encode(out);
  body.encode(out);
  auto bytes = std::move(out).take();
  if (request.sealed) {
    session->channel.seal(bytes);
  } else if (!interim && session && session->channel.established() &&
             header.session_id == session->id) {
    session->channel.sign(bytes);
  }
  return bytes;
}

}  // namespace tocsin::smb2
