// What is behind smb2::Server: the state of one connection, and what it does with each command.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"
#include "wire/smb2/server.h"
#include "wire/smb2/status.h"

namespace tocsin::smb2 {

/// Of one READ, WRITE or IOCTL; below the frame's limit (frame.h).
inline constexpr std::uint32_t kMostPayload = 512 * 1024;
/// Of one reply.
inline constexpr std::uint16_t kMostCredits = 512;

struct Server::Connection {
  /// One request of a message, decrypted where it was encrypted.
  struct Request {
    Header header{};
    std::span<std::uint8_t> message{};
    bool sealed = false;
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

  /// Replies to requests, one each but for CANCEL. An error ends the connection.
  Result<std::vector<Bytes>> handle(BytesView message);
  Result<Bytes> answer(const Request& request);
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
  Result<Bytes> validate_negotiation(const Request& request, const IoctlRequest& body);
  Bytes query_info(const Request& request);

  Open* find_open(const Request& request, const FileId& id);
  std::uint64_t random_id();
};

template <typename Body>
Bytes Server::Connection::reply(const Request& request, Status status, const Body& body) {
  auto header = request.header;
  header.status = status;
  header.credits = std::clamp<std::uint16_t>(header.credits, 1, kMostCredits);
  header.flags = kFlagResponse | (header.flags & kFlagRelated);
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
  } else if (session && session->channel.established() && header.session_id == session->id) {
    session->channel.sign(bytes);
  }
  return bytes;
}

}  // namespace tocsin::smb2
