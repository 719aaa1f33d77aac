// What one destination may be sent, and when: order, rate limit, retries. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/now.h"
#include "base/random.h"
#include "config/destinations/grouping.h"
#include "domain/review.h"
#include "notify/answer.h"
#include "notify/fair_queue.h"
#include "notify/group_window.h"
#include "notify/lane.h"
#include "notify/rate_limits.h"
#include "store/store.h"

namespace tocsin::notify {

struct LaneRules {
  RateLimits rate_limits;
  /// How many lanes may be in flight at once.
  std::size_t parallel = 8;
  /// Between the beginnings of two deliveries, whatever their lanes.
  std::chrono::milliseconds interval{};
  /// How a channel groups (Channel::grouping).
  config::Grouping grouping{};
};

/// What lanes ask of others, at any time.
struct LaneDeps {
  RandomFill random;
  /// What may share a message has the same answer; empty: a message of its own. May be empty.
  std::function<std::string(const Alert&)> group_of{};
  /// What keeps an escalation from being sent now. May be empty.
  std::function<std::optional<Suppression>(const Alert&, Time wall)> withheld{};
};

/// Backoff: full jitter below a ceiling that starts at the first and doubles up to the second.
constexpr Backoff kBackoff{.first = std::chrono::seconds(1), .longest = std::chrono::minutes(5)};
/// The most alerts in one message.
constexpr std::size_t kMostMembers = 1000;
/// Where more messages wait than leave within this time, one takes the alerts of several hosts: the
/// last host of an outage does not wait until all others have had a message each.
constexpr Duration kSharedAfter = std::chrono::seconds(5);
/// As many as every chat has a line for.
constexpr std::size_t kMostShared = 15;
/// An escalation that is withheld is looked at again at least this often.
constexpr Duration kWithheldRest = std::chrono::seconds(10);
/// The most that a destination's Retry-After is believed.
constexpr std::chrono::seconds kLongestPause = std::chrono::minutes(10);
/// A delivery that keeps failing is given up at this age, and not before so many attempts: a clock
/// that was set ahead while tocsin was away gives nothing up.
constexpr Duration kGiveUpAge = std::chrono::hours(24 * 7);
constexpr int kGiveUpAttempts = 20;
/// The same for one of which each answer may be final.
constexpr Duration kRefusedFor = std::chrono::hours(1);
constexpr int kRefusedAttempts = 5;

/// Why a delivery is not sent now.
struct Wait {
  enum class Reason : std::uint8_t {
    turn,        ///< its lane or its destination is about to take it
    rate_limit,  ///< one of its kind about its service was delivered lately
    retry,       ///< it has failed before
    escalation,  ///< its time has not come
    group,       ///< it is collected with others that leave in one message
    older,       ///< older ones about its service come first
    parallel,    ///< as many as may be are in flight
    pause,       ///< the destination has asked for it, or sends are spaced out
    login,       ///< the login must not be tried now
    outbox,      ///< older ones must be loaded first
  };
  Reason reason = Reason::turn;
  Time until{};           ///< by the wall clock; the epoch: not known
  std::size_t older = 0;  ///< about its service
};

/// A delivery and what has just become of it.
struct Outcome {
  store::Delivery delivery;
  store::DeliveryUpdate update;
};

/// The waiting deliveries of one destination. One lane for each service: first in, first out, so
/// that nothing about a service is ever reordered. What leaves as one message is a sending: one
/// delivery, or the first ones of several lanes that GroupWindows has collected. Its lanes send
/// nothing else until it has met its end; its members and its id stay as they are, so that each
/// attempt is the same. One that is rejected as a whole is sent again one by one.
///
/// A head whose kind was delivered less than the rate limit ago waits, and then leaves with all
/// that waits behind it. Where more may leave than the destination takes, turns are fair
/// (FairQueue). While a destination fails, what is new is collected: groups that have not been
/// tried yet wait until one that has was delivered, but for one more each time that the attempts
/// have doubled, so that one message does not block all others.
///
/// Waits are measured by the steady clock: whoever sets the other one neither shortens nor prolongs
/// them. One that was stored lasts no longer than the pause that it was made with. Each lane and
/// sending backs off by itself, but once the destination has taken anything, all are tried.
///
/// An escalation waits beside its lane, one for each, and blocks nothing; when it is due, or others
/// of the lane were sent, it joins the queue. A resolved alert about the service ends it unsent; a
/// later firing one goes up in it and is sent at its time. Every step is O(log n) but for
/// escalations, which search the lane for a resolved one.
class Lanes {
 public:
  Lanes(LaneRules rules, LaneDeps deps);

  /// What an earlier run delivered, for the rate limit.
  void remember(const store::LastDelivered& last, Now now);
  /// An alert that an earlier run has notified, and not yet its end.
  void remember(const store::OpenAlert& open);
  /// So many deliveries that name this group will be added: they leave as one message, as an
  /// earlier run has begun it.
  void expect(const std::string& group, std::size_t members);
  /// Whether such deliveries are missing still.
  [[nodiscard]] bool expects_more() const { return !expected_.empty(); }
  /// No more deliveries of an earlier run will be added: groups whose members have not all come are
  /// begun anew.
  void stop_expecting(Now now);
  /// Puts it at the end of its lane, or beside it.
  void add(store::Delivery delivery, Now now);
  /// Whether take() has one to answer.
  [[nodiscard]] bool has_next(Now now);
  /// The next one to send, or null: in flight from now on, and in its place until settle().
  [[nodiscard]] const Sending* take(Now now);
  /// What became of one in flight, each member by itself: `delivered`, `dead`, or `pending` when it
  /// will be tried again. After LoginRefused that may be at once: whoever calls take() knows when
  /// the login may be tried.
  [[nodiscard]] std::vector<Outcome> settle(const DeliveryId& id, const Answer& answer, Now now);
  /// The one that take() would answer may not be sent for now: the reason is kept with it, and is
  /// among take_outcomes() once.
  void explain(const std::string& reason, Now now);
  /// What became of others than those in flight since the last call: `merged`, or `pending` without
  /// an attempt for one that was explained, or an escalation that has taken over another's time.
  [[nodiscard]] std::vector<Outcome> take_outcomes() { return std::exchange(outcomes_, {}); }
  /// When take() will have something to answer, by the steady clock, if nothing else happens
  /// before.
  [[nodiscard]] std::optional<Time> wake(Now now) const;

  /// The newest delivery about the service that is not in flight, and what it waits for; null:
  /// there is none.
  [[nodiscard]] std::pair<const store::Delivery*, Wait> find_wait(const HostName& host,
                                                                  const ServiceName& service,
                                                                  Now now) const;
  /// Whether something about the service was notified or waits here whose end is wanted.
  [[nodiscard]] bool has_open(const HostName& host, const ServiceName& service) const;
  /// What still fires once the sending is delivered, by what was notified here: of the hosts that
  /// it is about, "Print Spooler", or with several hosts "Print Spooler on db1".
  [[nodiscard]] std::vector<std::string> still_firing(const Sending& sending) const;

  /// All that wait or are in flight, but for escalations, of which there is one for each service.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// How many messages.
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  /// How many lanes are remembered: those with deliveries, those with a limit that still holds, and
  /// those that were notified of an alert that still fires.
  [[nodiscard]] std::size_t lane_count() const { return lanes_.size(); }
  /// The one of this id, wherever it waits in its lane; null: there is none.
  [[nodiscard]] store::Delivery* find(const store::Delivery& delivery);
  /// Those that no store holds, in order within their lanes.
  [[nodiscard]] std::vector<store::Delivery> unstored() const;

 private:
  using Turn = std::variant<Window*, Sending*>;
  /// A group of an earlier run, whose members come one by one.
  struct Expected {
    std::size_t members = 0;
    std::vector<Lane*> lanes;
  };

  [[nodiscard]] Time limited_until(const Lane& lane, const Alert& alert) const;
  [[nodiscard]] static bool knows(const Lane& lane);
  [[nodiscard]] std::string group_key(const Alert& alert) const;
  void escalate_later(Lane& lane, store::Delivery delivery, Now now);
  void end_escalation(Lane& lane, std::string why, Now now);
  void escalate(Lane& lane, Now now);
  void begin_escalations(Now now);
  void append(Lane& lane, store::Delivery delivery, Now now);
  void arrange(Lane& lane, Now now);
  static void release(Lane& lane, Now now);
  void wake_all(Now now);
  void come_up(Lane& lane, Now now);
  void join_expected(Lane& lane, Now now);
  void give_turn(Sending& sending);
  void give_turn(Window& window);
  [[nodiscard]] bool may_begin() const;
  Sending& begin(std::vector<Lane*> lanes, Now now, DeliveryId id = {});
  Sending& begin(Window& window, Now now);
  std::size_t take_from(Window& window, std::size_t most, std::vector<Lane*>& lanes, Now now);
  [[nodiscard]] Window* next_to_share(std::string_view group, std::size_t members) const;
  [[nodiscard]] std::size_t fitting(const Lane& lane, const std::string& key, std::size_t most,
                                    Now now) const;
  void note_end(Lane& lane, const store::Delivery& head, store::DeliveryUpdate& update, Now now);
  [[nodiscard]] Wait wait_of_head(const Lane& lane, Now now) const;
  void merge_head(Lane& lane, std::string why, Now now);
  store::Delivery remove_head(Lane& lane);
  std::vector<Outcome> stay(Sending& sending, Duration wait, const std::string& reason, Now now);
  [[nodiscard]] static bool is_hopeless(const Sending& sending, const RetryAfter& answer, Now now);
  std::vector<Outcome> retry(Sending& sending, const RetryAfter& answer, Now now);
  std::vector<Outcome> dissolve(Sending& sending, const std::string& reason, Now now);
  std::vector<Outcome> finish(Sending& sending, store::DeliveryState state,
                              const std::string& detail, Now now);
  void forget_if_spent(const std::string& key, Now now);
  void forget_expired(Now now);

  LaneRules rules_;
  LaneDeps deps_;
  std::unordered_map<std::string, Lane> lanes_;
  std::set<std::pair<Time, Lane*>> waiting_;
  std::set<std::pair<Time, Lane*>> escalations_;
  GroupWindows windows_;
  std::map<DeliveryId, Sending> sendings_;
  std::set<std::pair<Time, Sending*>> retries_;
  std::map<std::string, Expected> expected_;
  FairQueue<Turn> turns_;
  std::vector<Window*> parked_;  ///< whose turn it would be if the destination did not fail
  bool failing_ = false;         ///< its last answer was that it cannot take anything now
  /// When which lane's limits pass, so that lanes do not pile up.
  std::deque<std::pair<Time, std::string>> expiries_;
  std::vector<Outcome> outcomes_;
  Time paused_until_ = Time::min();
  std::uint64_t places_ = 0;  ///< given to deliveries so far
  std::size_t size_ = 0;
  std::size_t in_flight_ = 0;
};

}  // namespace tocsin::notify
