// What notifications of a service manager mean, and what to register for next: over the network and
// in Win32 the same. [MS-SCMR] 3.1.4.43
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/service.h"
#include "net/async.h"
#include "probe/probe.h"
#include "wire/svcctl/notify.h"

namespace tocsin::probe {

/// How a service is listened to.
enum class Hearing : std::uint8_t {
  nothing,  ///< not: it could not be registered for; tried again after the next check
  asking,   ///< registered for: the notification may repeat the state that is known
  armed,    ///< registered for, and the next notification is news
  resting,  ///< the same, and the present one is STOPPED
  leaving,  ///< not: it is marked for deletion
};

/// Whether a change would be told.
[[nodiscard]] constexpr bool is_listened_to(Hearing hearing) {
  return hearing != Hearing::nothing && hearing != Hearing::leaving;
}

/// How a service is listened to that is known to be in `state` (0: in none).
[[nodiscard]] Hearing hearing_besides(std::uint32_t state);

/// The NotifyMask that asks for every state but `state` (0: for every state), and for the mark for
/// deletion. Asking for the state that a service is in would be answered at once, for ever.
[[nodiscard]] std::uint32_t mask_besides(std::uint32_t state);

enum class Meaning : std::uint8_t {
  changed,  ///< the status is new
  leaving,  ///< marked for deletion: let go of the handle, or the service can never go
  invalid,  ///< what was registered for is void: begin anew
};
[[nodiscard]] Meaning meaning_of(const svcctl::StatusNotification& notification);

/// How much of a bad thing is put up with in a time.
class Budget {
 public:
  Budget(int most, std::chrono::milliseconds time) : most_(most), time_(time) {}
  /// False: it is used up.
  [[nodiscard]] bool spend(int count) {
    if (const auto now = net::MonotonicClock::now(); now >= full_again_) {
      full_again_ = now + time_;
      left_ = most_;
    }
    left_ -= count;
    return left_ >= 0;
  }
  [[nodiscard]] bool is_spent() const {
    return left_ < 0 && net::MonotonicClock::now() < full_again_;
  }

 private:
  int most_;
  std::chrono::milliseconds time_;
  net::Deadline full_again_{};
  int left_ = 0;
};

/// Those of a check's answer that can be listened to.
[[nodiscard]] std::vector<ObservedService> audible(std::span<const ObservedService> seen);

/// What was pushed while a check ran may be newer than what it brought. Should it be older, the
/// newer state is pushed in a moment.
void prefer_pushed(std::vector<ObservedService>& seen, std::span<const ObservedService> pushed);

/// Nothing: only a check can tell what has changed. A host that flaps faster than we record is
/// checked instead.
void add(Pushed& to, std::optional<ObservedService> service);
void add(Pushed& to, Pushed more);

}  // namespace tocsin::probe
