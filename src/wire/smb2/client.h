// The client's side of one SMB 2.1-3.1.1 connection, without the socket: log in to IPC$, open named
// pipes, move messages through them. [MS-SMB2]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "wire/authentication.h"
#include "wire/conversation.h"
#include "wire/crypto.h"
#include "wire/smb2/dialect.h"

namespace tocsin::smb2 {

struct ClientOptions {
  std::string server_name;  ///< for \\server\IPC$
  /// Offered, in order of preference where the protocol has one; the defaults are right.
  std::vector<Dialect> dialects{Dialect::smb2_1, Dialect::smb3_0, Dialect::smb3_0_2,
                                Dialect::smb3_1_1};
  std::vector<crypto::Cipher> ciphers{crypto::Cipher::aes128_gcm, crypto::Cipher::aes128_ccm,
                                      crypto::Cipher::aes256_gcm, crypto::Cipher::aes256_ccm};
  std::vector<SigningAlgorithm> signing{SigningAlgorithm::aes_gmac, SigningAlgorithm::aes_cmac,
                                        SigningAlgorithm::hmac_sha256};
  /// Encrypt whenever the server can (the default), or only when it demands it.
  bool encrypt_when_offered = true;
  /// Makes the one who logs in again when the session expires. The request that was refused for it
  /// is then sent once more, so that callers notice nothing, even in the middle of a long reply.
  /// Without it, and where it answers null, expiry is an error.
  std::function<std::unique_ptr<wire::Initiator>()> renewal{};
  /// Is told how that login went; may be empty.
  std::function<void(const Result<>&)> renewed{};
};

/// What the server says of itself, and what is settled, before anybody has logged in.
struct Agreement {
  Negotiated settled{};
  bool signing_required = false;  ///< by the server; we demand it anyway
  std::uint64_t system_time = 0;  ///< FILETIME; 0: it does not say
  Bytes hint{};                   ///< the mechanisms that it offers: NegTokenInit2, or empty
};

/// An open named pipe (a FileId).
struct Pipe {
  std::array<std::uint8_t, 16> id{};
};

/// A message at the Port is one SMB2 message or encrypted transform, without the 4-byte length of
/// the transport (frame.h). Once logged in, any number of conversations may be under way; replies
/// come in any order. One that is destroyed before its end is cancelled, and leaves the others
/// alone; but it may have been the one that was renewing the session, and then they wait in vain.
/// Any error of kind malformed, unsupported or denied during login means: drop the connection.
/// Signing is always demanded: an unsigned or wrongly signed answer, a guest or anonymous session,
/// a plain answer in an encrypted session, a dialect, cipher or message id that was not offered is
/// malformed, and the sentence names the reason. What breaks the protocol later fails all that is
/// under way, and all that follows.
class Client {
 public:
  Client(ClientOptions options, RandomFill random);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// On a new connection, what comes before the login.
  Conversation<Result<>> negotiate(Port& port);
  /// Negotiates, unless that is done, authenticates and connects to IPC$. login_refused: the logon
  /// failed, with the reason and its NTSTATUS.
  Conversation<Result<>> login(Port& port, std::unique_ptr<wire::Initiator> initiator);
  /// On a session that is still good: it goes on as if it had just begun.
  Conversation<Result<>> log_in_again(Port& port, std::unique_ptr<wire::Initiator> initiator);
  /// not_found, denied.
  Conversation<Result<Pipe>> open_pipe(Port& port, std::string name);
  /// Writes a message and answers the first bytes of the reply; there may be more to read().
  /// unsupported: the message is longer than the server takes.
  Conversation<Result<Bytes>> transceive(Port& port, Pipe pipe, Bytes message);
  Conversation<Result<Bytes>> read(Port& port, Pipe pipe);
  Conversation<Result<>> write(Port& port, Pipe pipe, Bytes message);
  Conversation<Result<>> close_pipe(Port& port, Pipe pipe);
  /// That the server is there.
  Conversation<Result<>> echo(Port& port);
  Conversation<Result<>> logoff(Port& port);

  /// So many requests are about to be made at a time. Each round trip before then brings credits
  /// for them, which otherwise take one of their own.
  void expect_requests(std::size_t count);

  /// Since negotiate().
  [[nodiscard]] const Agreement& agreement() const;
  /// Whether the server has accepted the account; what comes after it may still have failed.
  [[nodiscard]] bool authenticated() const;
  [[nodiscard]] bool encrypted() const;

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace tocsin::smb2
