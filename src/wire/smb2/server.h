// The server's side of one connection, without the socket: enough of a Windows host for svcctl
// clients (ours, Impacket, Samba) to believe it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "wire/authentication.h"
#include "wire/smb2/client.h"

namespace tocsin::smb2 {

/// The server's end of an open named pipe: messages in, messages out.
class PipeEnd {
 public:
  virtual ~PipeEnd() = default;
  virtual void write(BytesView message) = 0;

  enum class State : std::uint8_t {
    empty,     ///< something may come
    readable,  ///< something is there
    closed,    ///< nothing will ever come
  };
  [[nodiscard]] virtual State state() const = 0;
  /// While it is readable: the next bytes, at most `most` and at most one message of the pipe (one
  /// RPC fragment). `left`: whether this message has more.
  struct Chunk {
    Bytes bytes;
    bool left = false;
  };
  virtual Chunk read(std::size_t most) = 0;

  /// `tell` is called when the state has changed by itself, and perhaps in write().
  void on_change(std::function<void()> tell) { tell_ = std::move(tell); }

 protected:
  void tell_change() const {
    if (tell_) tell_();
  }

 private:
  std::function<void()> tell_;
};

struct ServerOptions {
  std::vector<Dialect> dialects{Dialect::smb2_1, Dialect::smb3_0, Dialect::smb3_0_2,
                                Dialect::smb3_1_1};
  std::vector<crypto::Cipher> ciphers{crypto::Cipher::aes128_gcm, crypto::Cipher::aes128_ccm,
                                      crypto::Cipher::aes256_gcm, crypto::Cipher::aes256_ccm};
  bool encrypt_data = false;  ///< demand encryption (the session's "encrypt data" flag)
  std::function<std::unique_ptr<wire::Acceptor>()> acceptor;  ///< one for each login
  /// The pipe of that name (case-insensitive, without \PIPE\), or null.
  std::function<std::unique_ptr<PipeEnd>(const std::string& name)> open_pipe;
};

/// One session at a time, any number of trees and pipes (within limits). Signing is demanded.
///
/// What reads from a pipe that has nothing yet is answered STATUS_PENDING, and once more when
/// something comes, however late; other requests are answered meanwhile.
class Server {
 public:
  Server(std::shared_ptr<const ServerOptions> options, RandomFill random);
  ~Server();
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;

  /// The replies to one received message (which may be a compound) and to what waited for it, ready
  /// to be framed and sent. An error: close the connection.
  [[nodiscard]] Result<std::vector<Bytes>> handle(BytesView message);
  /// Likewise to what waited for something that has come by itself.
  [[nodiscard]] std::vector<Bytes> late_replies();
  /// `tell` is called when there may be late replies; not from it may they be asked for.
  void on_late_replies(std::function<void()> tell);
  /// From now on every request answers STATUS_NETWORK_SESSION_EXPIRED until the client logs in
  /// again.
  void expire_session();

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace tocsin::smb2
