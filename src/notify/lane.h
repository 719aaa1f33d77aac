// The deliveries of one destination about one service, and what leaves as one message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace tocsin::notify {

struct Lane;

// Times are those of the steady clock (Now); what is in deliveries is by the wall clock.

/// A delivery in its lane.
struct Queued : store::Delivery {
  std::uint64_t place = 0;  ///< in the order in which the destination's deliveries have come
  Time since{};             ///< when it came
  Duration age{};           ///< how old it was then
};

/// What leaves as one message: one delivery, or the members of a group.
struct Sending {
  enum class Phase : std::uint8_t { turn, in_flight, waiting };

  DeliveryId id;  ///< of the message, the same at each attempt: that of its only member, or its own
  std::vector<Queued*> members;  ///< in their order; never none
  std::vector<Lane*> lanes;      ///< that the members are at the head of
  Phase phase = Phase::turn;
  Time due{};          ///< while waiting: when it is tried again
  bool woken = false;  ///< its last attempt was early, because the destination had taken another

  [[nodiscard]] int attempts() const { return members.front()->attempts; }
};

struct Lane {
  enum class Phase : std::uint8_t {
    idle,       ///< it has nothing to send
    waiting,    ///< its head waits for a time
    collected,  ///< its head waits in a window
    taken,      ///< its first ones are in a sending
  };

  std::list<Queued> queue;
  std::map<TransitionKind, Time> accepted;  ///< when the destination last accepted one of the kind
  Phase phase = Phase::idle;
  Time due{};                  ///< while waiting
  bool is_limited = false;     ///< while waiting: for the rate limit
  std::size_t released = 0;    ///< so many of its first ones have waited for the rate limit
  std::size_t taken = 0;       ///< so many of its first ones are in a sending
  Sending* sending = nullptr;  ///< which; null while it waits for members in other lanes
  std::unique_ptr<store::Delivery> escalation;  ///< null: none waits; most lanes have none
  Time escalates_at{};
  std::optional<store::OpenAlert> open;  ///< what was notified here, and not yet its end
  /// Since when every answer may have been final (RetryAfter::may_be_final).
  std::optional<Time> refused_since;
};

}  // namespace tocsin::notify
