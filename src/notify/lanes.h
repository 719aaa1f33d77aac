// What one destination may be sent, and when: order, rate limit, retries. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "notify/answer.h"
#include "store/store.h"

namespace tocsin::notify {

/// The shortest time between two deliveries of one kind about one service; 0: no limit.
struct RateLimits {
  std::chrono::seconds down{};  ///< of stopped
  std::chrono::seconds up{};    ///< of started
  // Of all other kinds, by what they mean where services are expected to run; nothing: as above.
  std::optional<std::chrono::seconds> other_down{};
  std::optional<std::chrono::seconds> other_up{};

  [[nodiscard]] std::chrono::seconds of(TransitionKind kind) const;
  [[nodiscard]] std::chrono::seconds longest() const {
    return std::max({down, up, other_down.value_or(down), other_up.value_or(up)});
  }
};

struct LaneRules {
  RateLimits rate_limits;
  /// How many lanes may be in flight at once.
  std::size_t parallel = 8;
  /// Between the beginnings of two deliveries, whatever their lanes.
  std::chrono::milliseconds interval{};
};

/// Backoff: full jitter below a ceiling that starts at the first and doubles up to the second.
constexpr Duration kFirstBackoff = std::chrono::seconds(1);
constexpr Duration kLongestBackoff = std::chrono::minutes(5);
/// The most that a destination's Retry-After is believed.
constexpr std::chrono::seconds kLongestPause = std::chrono::hours(24);
/// A delivery that keeps failing is given up at this age, and not before so many attempts: a clock
/// that jumps ahead after a boot gives nothing up.
constexpr Duration kGiveUpAge = std::chrono::hours(24 * 7);
constexpr int kGiveUpAttempts = 20;

/// Why a delivery is not sent now.
struct Wait {
  enum class Reason : std::uint8_t {
    turn,        ///< its lane or its destination is about to take it
    rate_limit,  ///< one of its kind about its service was delivered lately
    retry,       ///< it has failed before
    escalation,  ///< its time has not come
    older,       ///< older ones about its service come first
    parallel,    ///< as many as may be are in flight
    pause,       ///< the destination has asked for it, or sends are spaced out
    login,       ///< the login must not be tried now
    outbox,      ///< older ones must be loaded first
  };
  Reason reason = Reason::turn;
  Time until{};           ///< the epoch: not known
  std::size_t older = 0;  ///< about its service
};

/// A delivery and what has just become of it.
struct Outcome {
  store::Delivery delivery;
  store::DeliveryUpdate update;
};

/// The waiting deliveries of one destination. One lane for each service: first in, first out, one
/// delivery in flight, so that nothing about a service is ever reordered. A head whose kind was
/// delivered less than the rate limit ago waits, or goes up in a later one of its kind in the lane
/// (it is "merged"); the latest of a kind is never dropped. A head that failed blocks its lane, not
/// the others. An escalation waits beside its lane, one for each, and blocks nothing; when it is
/// due, or others of the lane were sent, it joins the queue. A resolved alert about the service
/// ends it unsent; a later firing one goes up in it and is sent at its time. Every step is O(log n)
/// but for a merge, which searches the later one, and escalations, which search the lane for a
/// resolved one.
class Lanes {
 public:
  Lanes(LaneRules rules, RandomFill random);

  /// What an earlier run delivered, for the rate limit.
  void remember(const store::LastDelivered& last);
  /// An alert that an earlier run has notified, and not yet its end.
  void remember(const store::OpenAlert& open);
  /// Puts it at the end of its lane, or beside it.
  void add(store::Delivery delivery, Time now);
  /// Whether take() has one to answer.
  [[nodiscard]] bool has_next(Time now);
  /// The next one to send, or null: in flight from now on, and in its place until settle().
  [[nodiscard]] const store::Delivery* take(Time now);
  /// What became of one in flight: `delivered`, `dead`, or `pending` when it will be tried again.
  /// After LoginRefused that may be at once: whoever calls take() knows when the login may be
  /// tried.
  Outcome settle(const DeliveryId& id, const Answer& answer, Time now);
  /// The one that take() would answer may not be sent for now: the reason is kept with it, and is
  /// among take_outcomes() once.
  void explain(const std::string& reason, Time now);
  /// What became of others than those in flight since the last call: `merged`, or `pending` without
  /// an attempt for one that was explained, or an escalation that has taken over another's time.
  [[nodiscard]] std::vector<Outcome> take_outcomes() { return std::exchange(outcomes_, {}); }
  /// When take() will have something to answer if nothing else happens before.
  [[nodiscard]] std::optional<Time> wake(Time now) const;

  /// The newest delivery about the service that is not in flight, and what it waits for; null:
  /// there is none.
  [[nodiscard]] std::pair<const store::Delivery*, Wait> find_wait(const HostName& host,
                                                                  const ServiceName& service,
                                                                  Time now) const;

  /// All that wait or are in flight, but for escalations, of which there is one for each service.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  /// How many lanes are remembered: those with deliveries, and those with a limit that still holds.
  [[nodiscard]] std::size_t lane_count() const { return lanes_.size(); }
  /// Those that no store holds, in order within their lanes.
  [[nodiscard]] std::vector<store::Delivery> unstored() const;

 private:
  struct OfKind {
    Time accepted = Time::min();  ///< when the destination last accepted one
    std::size_t waiting = 0;
  };
  enum class Phase : std::uint8_t { idle, ready, waiting, in_flight };
  struct Lane {
    std::list<store::Delivery> queue;
    std::map<TransitionKind, OfKind> kinds;
    Phase phase = Phase::idle;
    Time due{};  ///< while waiting
    std::optional<store::Delivery> escalation;
    Time escalates_at{};
    bool notified =
        false;  ///< of a firing alert, and not yet of its end, by conditional deliveries
  };

  [[nodiscard]] Time limited_until(TransitionKind kind, Time accepted, Time now) const;
  [[nodiscard]] Duration backoff(int attempts) const;
  [[nodiscard]] static bool knows(const Lane& lane);
  void escalate_later(Lane& lane, store::Delivery delivery, Time now);
  void end_escalation(Lane& lane, std::string why, Time now);
  void escalate(Lane& lane, Time now);
  void append(Lane& lane, store::Delivery delivery, Time now);
  void arrange(Lane& lane, Time now);
  void merge_head(Lane& lane, std::string why, Time now);
  store::Delivery remove_head(Lane& lane);
  Outcome retry(Lane& lane, const RetryAfter& answer, Time now);
  Outcome keep(Lane& lane, const LoginRefused& answer, Time now);
  void follow_clock(Time now);
  Outcome finish(Lane& lane, store::DeliveryState state, std::string detail, Time now);
  void forget_if_spent(const std::string& key, Time now);
  void forget_expired(Time now);

  LaneRules rules_;
  RandomFill random_;
  std::unordered_map<std::string, Lane> lanes_;
  std::deque<Lane*> ready_;
  std::set<std::pair<Time, Lane*>> waiting_;
  std::set<std::pair<Time, Lane*>> escalations_;
  std::map<DeliveryId, Lane*> in_flight_;
  /// When which lane's limits pass, so that lanes do not pile up.
  std::deque<std::pair<Time, std::string>> expiries_;
  std::vector<Outcome> outcomes_;
  Time paused_until_ = Time::min();
  Time latest_ = Time::min();
  std::size_t size_ = 0;
};

}  // namespace tocsin::notify
