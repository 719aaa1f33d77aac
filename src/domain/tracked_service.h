// What is remembered of one service: how it is, and what people were notified of. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ratio>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/now.h"
#include "domain/service.h"

namespace tocsin {

/// What people believe of a service: what they were notified of last, or its first sight unless
/// that is an alert.
struct Notified {
  ServiceState settled = ServiceState::unknown;
  bool stuck : 1 = false;
  bool denied : 1 = false;
  ServiceState from = ServiceState::unknown;  ///< its state before, by what was notified
  bool first_sight : 1 = false;  ///< it was so when first seen: only who was notified hears its end
  std::uint32_t reminders = 0;   ///< how many reminders followed
  Time since{};                  ///< when it was notified first
  Time at{};                     ///< when it was notified last
  Time firing_since{};           ///< since when an alert about it fires; the epoch: none does

  friend bool operator==(const Notified&, const Notified&) = default;
};

/// When a service has changed lately, oldest first. Nearly all have nothing here: then it costs a
/// pointer.
class FlapHistory {
 public:
  FlapHistory() = default;
  FlapHistory(const FlapHistory& other) : times_(other.empty() ? nullptr : make(*other.times_)) {}
  FlapHistory(FlapHistory&&) = default;
  FlapHistory& operator=(FlapHistory other) noexcept {
    times_.swap(other.times_);
    return *this;
  }
  ~FlapHistory() = default;

  [[nodiscard]] bool empty() const { return !times_; }
  [[nodiscard]] std::size_t size() const { return times_ ? times_->size() : 0; }
  [[nodiscard]] std::span<const Time> times() const {
    return times_ ? std::span<const Time>(*times_) : std::span<const Time>();
  }
  void add(Time at) {
    if (!times_) times_ = make({});
    times_->push_back(at);
  }
  /// Forgets those up to then.
  void forget_until(Time then) {
    if (times_ && std::erase_if(*times_, [then](Time at) { return at <= then; }) > 0 &&
        times_->empty())
      times_.reset();
  }
  void follow_clock(Duration set_by, Time now) {
    if (!times_) return;
    for (auto& at : *times_) at = moved(at, set_by, now);
  }

  friend bool operator==(const FlapHistory& a, const FlapHistory& b) {
    return std::ranges::equal(a.times(), b.times());
  }

 private:
  using Times = std::vector<Time>;
  static std::unique_ptr<Times> make(Times times) {
    return std::make_unique<Times>(std::move(times));
  }
  std::unique_ptr<Times> times_;  ///< null: empty
};

/// What is remembered about a service between two checks, and stored. There are half a million of
/// them where ten thousand hosts have fifty each, so that wide members come before narrow ones, and
/// flags are single bits.
struct TrackedService {
  ServiceStatus seen;    ///< by the last check; state unknown while the host is not reached
  Time settled_since{};  ///< since when `settled` is what it is
  Time since{};          ///< since when `seen.state` is what it is
  Time progress_at{};    ///< when a pending service last changed state or checkpoint
  Notified notified;
  FlapHistory changes;  ///< the last ones, for as long as they count as flapping
  /// For how long `storm_state` lasted; 0: it still does. No storm lasts for days.
  std::chrono::duration<std::uint32_t, std::milli> storm_lasted{};
  std::uint32_t process_id = 0;  ///< the last one known of a service that is settled as running
  std::uint32_t checks = 1;      ///< how often `settled` was seen in a row, as far as grace counts
  /// The state that alerts are compared with: never pending or denied. A service first seen on its
  /// way is taken to come from where that way begins; one that was denied or unknown from the first
  /// check on has none (unknown) until it is seen.
  ServiceState settled = ServiceState::unknown;
  ServiceState storm_state = ServiceState::unknown;  ///< what a storm suppressed; unknown: nothing
  bool stuck : 1 = false;                            ///< reported as stuck, and not settled since
  bool denied : 1 = false;  ///< reported (or found at first sight), and not settled since
  bool flapping : 1 = false;
  bool flapping_bad : 1 = false;       ///< a bad state was notified since it flaps
  bool first_sight : 1 = false;        ///< nobody was notified yet, and a bad state is an alert
  bool waits_with_others : 1 = false;  ///< suppressed by what ends for many alerts at once

  friend bool operator==(const TrackedService&, const TrackedService&) = default;
};

/// The wall clock was set by so much, and it is `now`: what is waited for moves with it. Since when
/// an alert fires does not: by that an acknowledgement knows its alert.
void follow_clock(TrackedService& service, Duration set_by, Time now);

/// Whether an alert about the service was notified, and not its end.
[[nodiscard]] inline bool fires(const TrackedService& service) {
  return service.notified.firing_since != Time{};
}

}  // namespace tocsin
