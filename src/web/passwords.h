// Checks names and passwords: slow by intention, so never on the loop's thread, and bounded so that
// nobody keeps the machine busy by trying.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/names.h"
#include "base/random.h"
#include "config/web.h"
#include "net/async.h"
#include "net/event.h"
#include "net/semaphore.h"
#include "net/worker.h"
#include "web/attempts.h"
#include "web/password_login.h"

namespace tocsin::web {

/// How many passwords are hashed at once, and how many wait for that; each hash takes up to 64 MB.
inline constexpr std::size_t kMostHashing = 2;
inline constexpr std::size_t kMostWaiting = 8;
/// How many pairs of a name and a password are remembered, and for how long after their last use.
inline constexpr std::size_t kMostPairs = 64;
inline constexpr auto kRememberedFor = std::chrono::minutes(15);

/// A login that was refused, for the log. At most one in ten seconds is reported.
struct RefusedLogin {
  std::string user;  ///< empty: nobody has that name, which may be a password in the wrong field
  std::string peer;  ///< its address
  std::size_t more = 0;  ///< so many came since the last that was reported
};

/// Pairs whose verdict is known, by their keyed hash. The one that was not used for longest makes
/// room.
class RememberedPairs {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  /// Whether it is there; then it stays for another while.
  [[nodiscard]] bool has(const Digest& pair, net::Deadline now);
  void add(const Digest& pair, net::Deadline now);
  [[nodiscard]] std::size_t size() const { return pairs_.size(); }

 private:
  std::vector<std::pair<Digest, net::Deadline>> pairs_;  ///< with their ends, which only grow
};

/// On the loop's thread only.
class Passwords {
 public:
  /// Whether the hash is that of the password; nothing: the memory for it is missing. Called on
  /// other threads.
  using Matches = std::function<std::optional<bool>(const config::ScryptHash&, const Secret&)>;
  /// What outlives it.
  struct Deps {
    net::Executor executor;
    const RandomFill& random;
    std::function<void(const RefusedLogin&)> refused;
    Matches matches;
  };
  Passwords(Deps deps, const config::Web& web);

  /// Never `unchecked`. A pair that is being checked or is remembered costs nothing; a name that
  /// nobody has costs what a wrong password does. Cancellation waits for a hash that has begun.
  net::awaitable<PasswordAnswer> check(PasswordLogin login, std::string peer);

 private:
  using Digest = RememberedPairs::Digest;
  struct UnderWay;
  [[nodiscard]] Digest digest_of(const PasswordLogin& login) const;
  [[nodiscard]] std::optional<PasswordAnswer> recall(const PasswordLogin& login,
                                                     const Digest& digest);
  /// What refuses the attempt before it costs anything.
  [[nodiscard]] std::optional<PasswordAnswer> hold_up(const PasswordLogin& login,
                                                      const std::string& peer);
  net::awaitable<PasswordAnswer> hash(const PasswordLogin& login, const Digest& digest,
                                      const std::string& peer);
  void note_refused(const config::WebUser* user, const std::string& peer);
  /// Whether the wrong passwords of this address say nothing of who sends them.
  [[nodiscard]] bool is_proxy(const std::string& peer) const;

  Deps deps_;
  std::vector<config::WebUser> users_;
  std::vector<std::string> proxies_;
  std::array<std::uint8_t, 32> key_{};  ///< of the digests; it dies with this
  RememberedPairs right_;
  /// So that a page that goes on with an old password neither costs nor counts. Apart from the
  /// right ones, which must not have to make room for them.
  RememberedPairs wrong_;
  Attempts by_user_;
  Attempts by_source_;
  std::list<UnderWay*> under_way_;
  net::Semaphore hashing_;
  net::Deadline next_report_{};
  std::size_t unreported_ = 0;
  net::Worker worker_{"passwords", kMostHashing};
};

/// The hash of a password for the configuration. Slow; nothing: the memory for it is missing.
[[nodiscard]] std::optional<config::ScryptHash> hash_password(const Secret& password,
                                                              const RandomFill& random);
/// As Passwords::Matches. Slow.
[[nodiscard]] std::optional<bool> password_matches(const config::ScryptHash& hash,
                                                   const Secret& password);

}  // namespace tocsin::web
