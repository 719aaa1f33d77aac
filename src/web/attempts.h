// Slows down who guesses passwords. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/async.h"

namespace tocsin::web {

/// After so many wrong passwords in a row the next one has to wait: a second first, twice as long
/// after each one more, and a minute at most.
inline constexpr unsigned kFreeAttempts = 5;
/// When none has come for so long, all are forgotten.
inline constexpr auto kAttemptsForgottenAfter = std::chrono::minutes(15);
/// Of so many keys the attempts are counted; the one that has been quiet for longest makes room.
inline constexpr std::size_t kMostKeys = 1024;

/// Wrong passwords by what tries them: a user, or an address.
class Attempts {
 public:
  /// How long the next attempt has to wait.
  [[nodiscard]] net::Deadline::duration wait(std::string_view key, net::Deadline now) const;
  /// An attempt begins. Where attempts wait, those at the same time do not all take the place that
  /// has come.
  void begin(std::string_view key, net::Deadline now);
  void fail(std::string_view key, net::Deadline now);
  void forget(std::string_view key);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    unsigned failures = 0;
    net::Deadline last;  ///< failure
    net::Deadline next;  ///< attempt
  };
  [[nodiscard]] static bool is_forgotten(const Entry& entry, net::Deadline now) {
    return now - entry.last > kAttemptsForgottenAfter;
  }

  std::vector<Entry> entries_;  ///< the one that failed last is the last
};

/// Who tries from an address: of IPv6 its network, since whoever has one has 2^64 addresses in it.
[[nodiscard]] std::string source_of(std::string_view address);

}  // namespace tocsin::web
