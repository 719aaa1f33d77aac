// The server's end of a connection, encrypted where there is a certificate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "net/async.h"
#include "net/tcp.h"

namespace tocsin::net {

/// A certificate with the intermediate ones behind it, and its key. Cheap to copy.
class TlsIdentity {
 public:
  /// From PEM files, by their paths; blocking. An empty `key_file`: the key stands with the
  /// certificate. invalid_config: which file cannot be read or used, and why.
  static Result<TlsIdentity> load(const std::string& certificate_file, const std::string& key_file);

 private:
  friend class ServerStream;
  struct Context;
  explicit TlsIdentity(std::shared_ptr<Context> context) : context_(std::move(context)) {}
  std::shared_ptr<Context> context_;
};

/// One operation at a time, on the loop's thread. Errors and cancelling as those of TcpStream;
/// malformed besides: the peer does not speak TLS 1.2 or later, or breaks it.
class ServerStream {
 public:
  explicit ServerStream(TcpStream plain);
  /// The handshake is part of the first operation, and of its deadline.
  ServerStream(TcpStream encrypted, const TlsIdentity& identity);
  ServerStream(ServerStream&&) noexcept;
  ServerStream& operator=(ServerStream&&) noexcept;
  ~ServerStream();

  awaitable<Result<>> write(BytesView all, Deadline deadline);
  /// At least one byte; the count read. 0 when the peer has closed in good order.
  awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer, Deadline deadline);
  void close() { tcp_.close(); }
  /// "10.1.2.3:445", for logs.
  [[nodiscard]] std::string peer() const { return tcp_.peer(); }

 private:
  struct Session;
  awaitable<Result<>> send_waiting(Deadline deadline);
  /// What OpenSSL needs to go on: false when the peer has closed.
  awaitable<Result<bool>> feed(Deadline deadline);

  TcpStream tcp_;
  std::unique_ptr<Session> session_;  ///< null: not encrypted
};

}  // namespace tocsin::net
