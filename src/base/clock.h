// Time as a parameter: who decides by time takes a Clock, so that tests own it.
#pragma once

#include <chrono>
#include <string>

namespace tocsin {

/// A point in civil time (UTC), in milliseconds: what is stored, shown and sent.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
};

/// The machine's clock; it may jump when somebody sets it, so never measure durations with it.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
};

/// A clock that stands still until it is told to move.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = Time{std::chrono::hours{24 * 365 * 50}}) : now_(start) {}
  [[nodiscard]] Time now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  Time now_;
};

/// "2026-11-25T19:02:03.004Z" (RFC 3339).
[[nodiscard]] std::string iso_time(Time time);
/// "2026-11-25T19:02:03Z".
[[nodiscard]] std::string iso_seconds(Time time);
/// "2026-11-25T19:02Z".
[[nodiscard]] std::string iso_minutes(Time time);
/// "19:02:03Z".
[[nodiscard]] std::string time_of_day(Time time);

/// "45 s", "3 min 20 s", "2 h 5 min" or "4 d 3 h": the two largest units.
[[nodiscard]] std::string duration_text(Duration duration);

}  // namespace tocsin
