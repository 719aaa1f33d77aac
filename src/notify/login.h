// The logins of destinations: which gate a delivery must pass, and what an answer says of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "logins/gate.h"
#include "logins/logins.h"
#include "net/async.h"
#include "net/event.h"
#include "net/login_guard.h"
#include "notify/answer.h"

namespace tocsin::notify {

/// The login that a destination asks for.
struct Login {
  enum class By : std::uint8_t {
    delivery,  ///< each delivery may log in, and needs a pass
    channel,   ///< the channel keeps a connection and takes the pass itself
  };
  logins::Gate* gate = nullptr;  ///< null: it asks for none
  By by = By::delivery;
};

/// A destination has one peer: what stands behind its address is not told apart.
[[nodiscard]] inline const HostName& login_peer() {
  static const HostName peer;
  return peer;
}

/// An account at a server.
struct Account {
  std::string_view kind;    ///< of server: "http"
  std::string_view server;  ///< "https://host:port"
  std::string user;
  Secret secret;
  /// Whether people may read the user's name: in a URL it may be a token.
  bool is_user_public = true;
  /// As LoginOptions::read_secret.
  std::function<Result<Secret>()> read_secret{};
};

/// The gate of the account, the same one for all destinations that log in with it; the registry
/// outlives it.
[[nodiscard]] logins::Gate& login_gate(logins::Logins& logins, Account account);
/// The login of the user in a URL; none where there is no user.
[[nodiscard]] Login url_login(logins::Logins& logins, std::string_view url);

/// Reports to the gate what an answer says of the login, and ends the pass.
void conclude(std::optional<logins::Pass> pass, const Answer& answer);

/// Waits for a login that must not be tried now.
class Opening {
 public:
  /// The gate outlives it.
  Opening(net::Executor executor, logins::Gate& gate);
  ~Opening();
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  /// Returns when the login may be tried. A secret that stands in a file is read meanwhile.
  net::awaitable<void> wait();

 private:
  logins::Gate& gate_;
  net::Event opened_;
  std::uint64_t listener_;
};

/// The gate for a client that logs in when it connects.
[[nodiscard]] std::shared_ptr<net::LoginGuard> guard_of(net::Executor executor, logins::Gate& gate);

}  // namespace tocsin::notify
