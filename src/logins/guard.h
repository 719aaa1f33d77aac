// Whether a login may be tried now, by what became of those before it: one that is refused must
// never be repeated until its account is locked. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/names.h"
#include "base/now.h"
#include "base/words.h"

namespace tocsin::logins {

/// What a refusal is about, by the words of the peer that refused.
enum class Blame : std::uint8_t {
  account,  ///< the account's state: it is locked, disabled or expired, and so for every peer
  secret,   ///< name or password are wrong: for every peer, unless another one accepts them
  peer,     ///< this peer does not let the account in, others may
};

consteval auto table_of(Blame) {
  using enum Blame;
  return std::array{Word{account, "account"}, Word{secret, "secret"}, Word{peer, "peer"}};
}
using tocsin::to_string;

/// The pause after the n-th refusal in a row doubles from the first up to the longest. An account
/// locks after 10 wrong passwords in 10 minutes by Windows' own default (KB5020282).
constexpr Duration kFirstPause = std::chrono::minutes(1);
constexpr Duration kLongestPause = std::chrono::minutes(15);
/// A crash in the middle of a login says little of its outcome; so many in a row are a loop that
/// might lock the account.
constexpr unsigned kInterruptionsToPause = 4;

/// What one peer has refused since it last accepted the login.
struct Refusal {
  Blame blame = Blame::secret;
  unsigned count = 1;        ///< in a row
  Time at{};                 ///< of the last one; the epoch: the pause after it is waived
  std::string reason;        ///< the peer's, one sentence
  unsigned interrupted = 0;  ///< logins in a row in whose middle tocsin ended
  bool notified = false;
  bool pardoned = false;  ///< no reason for suspicion any more, until the peer refuses it again

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// Why a login is suspected; stored.
struct Suspicion {
  std::map<HostName, Refusal> refusals;  ///< by peer
  unsigned count = 0;                    ///< refused in a row by any peer, but for Blame::peer
  Time at{};                             ///< of the last of these; the epoch: the pause is waived
  Time notified_at{};  ///< when the alert was last sent; the epoch: it does not fire

  [[nodiscard]] bool empty() const { return refusals.empty() && notified_at == Time{}; }
  friend bool operator==(const Suspicion&, const Suspicion&) = default;
};

/// The alert that follows from an outcome.
enum class Notice : std::uint8_t {
  none,
  refused,
  accepted,
  retired,  ///< nobody logs in with it any more, and it was refused
};

/// Why a login must not be tried now.
struct Suspension {
  Time until{};
  std::string reason;  ///< of the refusal behind it
};

struct GuardOptions {
  /// One account for all peers; otherwise each peer has one of its own behind the same name.
  bool shared = true;
  /// So many peers must call the secret wrong before all wait: one of them may be at fault itself.
  std::size_t peers_to_suspect = 2;
};

/// One login and all peers that it is for. A login goes alone, so that a secret that was changed is
/// refused once, and not by every peer at the same time; its success lets the others in, for as
/// long as one follows the other within kProofAge.
class Guard {
 public:
  static constexpr Duration kProofAge = std::chrono::seconds(2);

  explicit Guard(GuardOptions options = {}) : options_(options) {}
  /// What an earlier run has stored: no pause of it is longer than one that begins now.
  Guard(GuardOptions options, Suspicion known, Now now);

  /// Nothing: it may be tried, as far as refusals are concerned.
  [[nodiscard]] std::optional<Suspension> find_suspension(const HostName& peer, Now now) const;
  /// Whether it may begin now, or must wait for one that is under way.
  [[nodiscard]] bool has_room(Now now) const;
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  /// Whether nothing says yet that the peer will accept it: then the login is to be recorded before
  /// it begins.
  [[nodiscard]] bool is_doubtful(const HostName& peer) const {
    return !proven_ || suspicion_.refusals.contains(peer);
  }

  /// A login begins; exactly one of the next three follows.
  void begin();
  Notice accept(const HostName& peer, Now now);
  Notice refuse(const HostName& peer, Blame blame, std::string reason, Now now);
  /// It ended, and nobody knows how.
  void abandon();
  /// What a crash in the middle of the login under way is to leave, stored before it begins: as if
  /// it had been refused where one was refused before, or too many were interrupted.
  void interrupt(const HostName& peer, Now now);

  /// The secret is another one: refusals are forgotten, but not that people were notified.
  void replace_secret();
  void set_options(GuardOptions options) { options_ = options; }
  /// On request: it may be tried again at once.
  void waive_pauses();
  /// The peer is not checked any more.
  void forget(const HostName& peer);
  /// Nobody logs in any more: the alert ends. Refusals stay known, so that whoever comes back does
  /// not lock the account.
  Notice retire();

  [[nodiscard]] const Suspicion& suspicion() const { return suspicion_; }

 private:
  /// The times of refusals move with a wall clock that was set: no pause ends early or late.
  void follow_clock(Now now);
  [[nodiscard]] std::optional<Suspension> find_pause(const HostName& peer, Time now) const;
  [[nodiscard]] bool is_suspect() const;
  [[nodiscard]] Notice notice_of_refusal(const Refusal& latest, Time now);

  GuardOptions options_;
  Suspicion suspicion_;
  ClockWatch clock_;
  std::size_t in_flight_ = 0;
  bool proven_ = false;
  Time trusted_until_{};  ///< for so long a success lets others in; by the steady clock
};

}  // namespace tocsin::logins
