// The rules at the end of a zone file: "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX TZ, RFC 9636 3.3).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "schedule/time_zone.h"

namespace tocsin::schedule {

/// When, in each year, the clocks are changed.
struct PosixRule {
  enum class Kind : unsigned char {
    weekday_of_month,  ///< M: the number-th (5: last) weekday of the month
    day_without_leap,  ///< J: 1 to 365, 29 February never counts
    day_from_zero      ///< 0 to 365
  };
  Kind kind;
  unsigned month = 0;
  unsigned number = 0;
  unsigned weekday = 0;
  std::chrono::seconds time = std::chrono::hours(2);  ///< of the day, local; may be negative

  /// The local time, as a point.
  [[nodiscard]] std::chrono::local_seconds in(std::chrono::year year) const;
};

struct PosixZone {
  std::chrono::seconds standard;  ///< local time minus UTC
  struct Saving {
    std::chrono::seconds offset;
    PosixRule begin;
    PosixRule end;
  };
  std::optional<Saving> saving;

  /// In the order of time.
  [[nodiscard]] std::vector<TimeZone::Change> changes_in(std::chrono::year year) const;
};

[[nodiscard]] std::optional<PosixZone> parse_posix_zone(std::string_view text);

}  // namespace tocsin::schedule
