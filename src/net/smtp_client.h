// Mails to a mail server (SMTP, RFC 5321; libcurl connects, secures and logs in).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/names.h"
#include "base/words.h"
#include "net/async.h"
#include "net/tls_options.h"

namespace tocsin::net {

enum class SmtpSecurity : std::uint8_t {
  implicit_tls,       ///< from the first byte: port 465 (RFC 8314)
  starttls_offered,   ///< STARTTLS where the server offers it, otherwise in the clear
  starttls_required,  ///< nothing without STARTTLS: port 587
  never,              ///< in the clear
};

struct SmtpLogin {
  enum class Method : std::uint8_t {
    none,
    password,  ///< PLAIN or LOGIN
    token,     ///< XOAUTH2
  };
  Method method = Method::none;
  std::string user;
  Secret secret;  ///< the password or the token
  /// Asked for the secret at each login instead, because tokens expire; on the thread of the mails.
  /// invalid_config: there is none now.
  std::function<Result<Secret>()> read_secret;
};

struct SmtpServer {
  std::string host;  ///< a name or an address
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::starttls_offered;
  std::string server_name;  ///< SNI, and the name to verify; empty: the host
  TlsOptions tls;
  /// A server that offers no login at all is sent mails without one.
  SmtpLogin login;
  /// What we call ourselves in EHLO; empty: this machine's name, or [127.0.0.1] where it is no full
  /// domain name, which servers would refuse.
  std::string client_name;
};

struct SmtpMessage {
  std::string sender;     ///< an address in ASCII, without <>
  std::string recipient;  ///< the same
  std::string data;       ///< the mail (RFC 5322), in ASCII, every line with CRLF
};

/// What the server had last been asked for.
enum class SmtpPhase : std::uint8_t { greeting, starttls, login, sender, recipient, data };

/// As sentences go on: "no answer in time to the login".
consteval auto table_of(SmtpPhase) {
  using enum SmtpPhase;
  return std::array{Word{greeting, "the greeting"},   Word{starttls, "STARTTLS"},
                    Word{login, "the login"},         Word{sender, "the sender"},
                    Word{recipient, "the recipient"}, Word{data, "the mail"}};
}

/// The server's last word about a mail (RFC 5321, 4.2).
struct SmtpReply {
  SmtpPhase phase = SmtpPhase::greeting;
  int code = 0;
  std::string text;  ///< its lines, without the code and without what we logged in with
  /// A login is configured, and the server offered none on this connection.
  bool lacks_login = false;

  /// Whether the server has taken the mail; if not, the code says whether it may later (4yz).
  [[nodiscard]] bool accepted() const { return phase == SmtpPhase::data && code / 100 == 2; }
};

/// The seam that tests replace.
class SmtpTransport {
 public:
  virtual ~SmtpTransport() = default;
  /// Any reply is an answer. unreachable: no connection, or it broke before a reply came (a mail
  /// may have been taken even so); timed_out: the deadline; denied: the certificate was not
  /// accepted; unsupported: no STARTTLS where it is required, or no login that we know; malformed:
  /// no SMTP; invalid_config: an address or a mail that cannot be sent as it is. Errors hold no
  /// secret.
  virtual awaitable<Result<SmtpReply>> send(SmtpMessage message, Deadline deadline) = 0;
};

/// Sends to one server, over at most kMostConnections at once, each of them kept for kKept: mails
/// often come in bursts, and logging in takes longer than sending. Cancelling send() gives the
/// connection up and throws. Proxies are not used. On the loop's thread only; outlives its sends;
/// the loop outlives it.
class SmtpClient final : public SmtpTransport {
 public:
  /// Providers allow few; Microsoft 365 three.
  static constexpr std::size_t kMostConnections = 3;
  static constexpr auto kKept = std::chrono::seconds(5);

  SmtpClient(const Executor& executor, SmtpServer server);
  ~SmtpClient() override;
  awaitable<Result<SmtpReply>> send(SmtpMessage message, Deadline deadline) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
