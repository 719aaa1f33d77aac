// All logins of the program: one gate for each account, and what is remembered of them over
// restarts.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "logins/fingerprint.h"
#include "logins/gate.h"
#include "logins/guard.h"
#include "logins/stored_login.h"
#include "net/async.h"
#include "net/event.h"
#include "net/worker.h"

namespace tocsin::logins {

struct LoginOptions {
  std::string name;  ///< for people: "the credential `monitoring`"
  std::string user;
  Secret secret;
  /// Reads a secret that stands in a file again, blocking; it must own all that it touches. Empty:
  /// the secret does not change.
  std::function<Result<Secret>()> read_secret{};
  GuardOptions guard{};
};

/// On the loop's thread only. Gates stay as long as this does.
class Logins {
 public:
  struct Deps {
    net::Executor executor;
    const Clock& clock;
    RandomFill random;
    /// Makes records durable; what failed is tried again with the next change. Empty: nothing
    /// outlives the program.
    std::function<net::awaitable<Result<>>(std::vector<StoredLogin>)> save{};
    /// Whether a login in doubt waits until it is stored; then run() must be running.
    bool store_ahead = true;
    /// Makes the alert; returns when it is durable.
    std::function<net::awaitable<void>(const Gate&, Notice)> notify{};
    /// As Gate::Deps::on_step.
    std::function<void(const Gate&, const HostName& peer, LoginStep step, std::string_view why)>
        on_step{};
  };
  explicit Logins(Deps deps, std::vector<StoredLogin> known = {});

  /// Null: nobody has asked for the gate of this login yet.
  [[nodiscard]] const Gate* find(const LoginId& id) const;
  void for_each(const std::function<void(const Gate&)>& visit) const;
  /// The gate of this login; the secret may be another one than before.
  Gate& gate(const LoginId& id, LoginOptions options);
  /// Somebody has seen to the accounts: every login may be tried again at once.
  void waive_pauses();
  /// The peer is not checked any more.
  void forget(const HostName& peer);
  /// Nobody uses these logins any more, also those that only earlier runs have known: who was
  /// notified that they are refused is notified of the end.
  void retire(const std::function<bool(const LoginId&)>& is_unused);

  /// Notifies of and stores what changes, until it is cancelled.
  net::awaitable<void> run();
  /// Stores what is left, after run() has ended. What was not notified yet will be at the next
  /// refusal.
  net::awaitable<void> flush();

 private:
  struct Login {
    Login(LoginId id, LoginOptions options, Guard guard, Gate::Deps deps);
    [[nodiscard]] bool is_fingerprinted() const;

    std::string user;
    std::optional<Fingerprint> fingerprint;  ///< of `printed`
    std::string printed;
    std::deque<Notice> notices;
    bool changed = false;
    bool stored = false;  ///< whether there is a record
    Gate gate;
  };
  using ReadSecret = std::function<net::awaitable<std::optional<Secret>>()>;
  [[nodiscard]] Gate::Deps deps_of(const LoginId& id);
  [[nodiscard]] ReadSecret off_the_loop(std::function<Result<Secret>()> read);
  net::awaitable<void> stored(net::Deadline deadline);
  net::awaitable<void> write();
  net::awaitable<void> save_changed();
  net::awaitable<void> take_fingerprint(Login& login);

  Deps deps_;
  std::map<LoginId, StoredLogin> known_;
  std::map<LoginId, std::unique_ptr<Login>> logins_;
  net::Worker worker_{"logins", 2};
  net::Event work_;
  std::shared_ptr<net::Event> next_write_;
};

}  // namespace tocsin::logins
