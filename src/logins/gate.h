// The gate through which every login with one account goes: it stops those that would be refused,
// and reports the account.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "logins/guard.h"
#include "logins/stored_login.h"
#include "net/async.h"
#include "net/event.h"

namespace tocsin::logins {

class Gate;

/// What becomes of a login, for whoever looks for a fault.
enum class LoginStep : std::uint8_t {
  waiting,    ///< for another login of the account
  admitted,   ///< it may log in
  suspended,  ///< it must not be tried now
  accepted,
  refused,
  abandoned,  ///< nobody knows how it ended
  renewed,    ///< the secret or the user is another one, or the pauses are waived
};
[[nodiscard]] std::string_view to_string(LoginStep step);

/// The leave to log in once. Destroyed without a verdict, nobody knows how the login ended: it
/// timed out, or the connection broke.
class Pass {
 public:
  Pass(Gate& gate, HostName peer) : gate_(&gate), peer_(std::move(peer)) {}
  Pass(Pass&& other) noexcept
      : gate_(std::exchange(other.gate_, nullptr)), peer_(std::move(other.peer_)) {}
  Pass& operator=(Pass&& other) noexcept {
    std::swap(gate_, other.gate_);
    std::swap(peer_, other.peer_);
    return *this;
  }
  ~Pass();

  void accept();
  /// `reason` is the peer's, one sentence without a secret.
  void refuse(Blame blame, std::string reason);

 private:
  Gate* gate_;
  HostName peer_;
};

/// On the loop's thread only. Outlives its passes.
class Gate {
 public:
  /// What it is given by its owner, who outlives it.
  struct Deps {
    net::Executor executor;
    const Clock& clock;
    /// Something changed that is to be stored, or to be notified.
    std::function<void(Notice)> on_change;
    /// Returns when the suspicion is stored, or could not be.
    std::function<net::awaitable<void>(net::Deadline)> stored;
    /// Reads a secret that stands in a file again, off the loop; empty: it does not change.
    std::function<net::awaitable<std::optional<Secret>>()> read_secret;
    /// Each step of each login; `why` holds no secret. Empty: nobody wants to know.
    std::function<void(const HostName& peer, LoginStep step, std::string_view why)> on_step{};
  };
  Gate(LoginId id, std::string name, Secret secret, Guard guard, Deps deps);
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  [[nodiscard]] const LoginId& id() const { return id_; }
  /// For people: "the credential monitoring".
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Secret& secret() const { return secret_; }
  [[nodiscard]] const Guard& guard() const { return guard_; }

  /// Before a connection is made: login_refused where it would be in vain. Reads the secret again
  /// first, at most once a second.
  net::awaitable<Result<>> check(HostName peer);
  /// Waits until the login may begin, behind those that have not hung before. login_refused: it
  /// must not be tried now, or its turn has not come by the deadline.
  net::awaitable<Result<Pass>> enter(HostName peer, net::Deadline deadline);

  /// The same for those who do not wait but come again after on_opening: nothing means later.
  [[nodiscard]] std::optional<Pass> try_enter(const HostName& peer);
  /// When it may be tried again; nothing: now, or as soon as the login under way has ended.
  [[nodiscard]] std::optional<Suspension> find_suspension(const HostName& peer) const;
  /// Returns when the login that is about to begin is stored as one whose outcome is not known,
  /// should that be needed: otherwise a program that is killed and started again and again would
  /// lock the account.
  net::awaitable<void> save(const HostName& peer, net::Deadline deadline);
  /// Called whenever more may be let in than before. The key takes it back.
  std::uint64_t on_opening(std::function<void()> call);
  void remove_on_opening(std::uint64_t key) { listeners_.erase(key); }

  void replace_secret(Secret secret);
  /// Another user logs in from now on, by other rules.
  void replace_user(GuardOptions options);
  void set_read_secret(std::function<net::awaitable<std::optional<Secret>>()> read_secret) {
    deps_.read_secret = std::move(read_secret);
  }
  void waive_pauses();
  void forget(const HostName& peer);
  /// Nobody logs in any more, but for those who are about to end: see Guard::retire().
  void retire();
  /// Somebody does again.
  void return_to_use() { retired_ = false; }
  /// What a crash now is to leave: the logins under way that were recorded count as refused.
  [[nodiscard]] Suspicion to_store() const;

 private:
  friend class Pass;
  /// Who waits: the first of them goes next.
  using Ticket = std::pair<unsigned, std::uint64_t>;  ///< logins that hung before, number

  void conclude(const HostName& peer, Notice notice);
  void abandon(const HostName& peer);
  void begin_anew();
  void open();
  void note(const HostName& peer, LoginStep step, std::string_view why = {});
  [[nodiscard]] Error refusal(const Suspension& suspension) const;

  LoginId id_;
  std::string name_;
  Secret secret_;
  Guard guard_;
  Deps deps_;
  net::Event opened_;
  std::set<Ticket> waiting_;
  std::uint64_t last_number_ = 0;
  std::map<HostName, std::string> noted_suspensions_;  ///< each once, however often it is asked for
  std::map<HostName, unsigned> hung_;
  std::set<HostName> recorded_;  ///< peers whose login under way is stored
  std::map<std::uint64_t, std::function<void()>> listeners_;
  net::Deadline read_at_{};
  bool was_read_ = false;
  bool retired_ = false;
};

}  // namespace tocsin::logins
