// The observer of deliveries: what becomes of each.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include "base/error.h"
#include "notify/answer.h"
#include "notify/lanes.h"
#include "store/store.h"

namespace tocsin::notify {

/// To log and count it. Called on the loop; must not throw.
class Observer {
 public:
  virtual ~Observer() = default;
  /// What became of the deliveries of one message; never none, all alike. The state says which:
  /// delivered, dead, merged, or pending for one that failed and will be tried again, or, without
  /// an attempt, for an escalation that waits for its time, or one that waits for a login. The
  /// detail is the destination's answer, and `not_before` when it is tried again.
  virtual void settled(std::span<const Outcome> outcomes) = 0;
  /// So many pending deliveries had a destination that is no longer configured; they are dead.
  virtual void abandoned(std::size_t count) = 0;
  /// The outbox cannot be read or written. Deliveries go on; `unrecorded` outcomes wait to be
  /// recorded. Tried again with backoff, and reported each time.
  virtual void storage_failed(const Error& error, std::size_t unrecorded) = 0;
  virtual void storage_recovered() = 0;
  /// The bound of memory is reached while the outbox cannot be used: this delivery, which only
  /// memory holds, is lost.
  virtual void lost(const store::Delivery& delivery) = 0;

  /// Whether the calls below are wanted now: each step of each delivery, for whoever looks for a
  /// fault.
  [[nodiscard]] virtual bool wants_steps() const { return false; }
  virtual void queued(const store::Delivery& /*delivery*/) {}
  /// It is not sent now.
  virtual void waits(const store::Delivery& /*delivery*/, const Wait& /*wait*/) {}
  virtual void attempting(const store::Delivery& /*delivery*/) {}
  virtual void answered(const store::Delivery& /*delivery*/, const Answer& /*answer*/,
                        std::chrono::milliseconds /*took*/) {}
};

}  // namespace tocsin::notify
