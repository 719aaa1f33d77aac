// Schedule text -> the next point in time. Pure; UTC, as in the original.
#pragma once

#include <bitset>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tocsin {

/// later.js' text grammar, of which `every N seconds|minutes|hours` is understood so far.
///
/// Steps count within their field, as in later.js: `every N seconds` is due at the seconds 0, N, 2N
/// ... of each minute, `every N minutes` at these minutes of each hour, `every N hours` at these
/// hours of each day. So an N that does not divide its field (60, 60, 24) makes the last step
/// before the full minute, hour or day shorter, and an N beyond the field leaves one point of it:
/// `every 90 seconds` is due once a minute. Where later.js goes wrong we do not follow: it reads
/// `every second` as once a minute, and 0 as 1, which is a mistake here.
class Schedule {
 public:
  /// What the original does when nothing is said: every 30 seconds.
  Schedule();

  struct Mistake {
    std::size_t column;    ///< 0-based, in bytes of the text
    std::string expected;  ///< a sentence
  };
  [[nodiscard]] static std::expected<Schedule, Mistake> parse(std::string_view text);

  /// The first point strictly after `after`.
  [[nodiscard]] Time next(Time after) const;
  /// As it was written.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// What the text does that its reader may not expect, as a sentence; empty where it does what it
  /// says.
  [[nodiscard]] const std::string& remark() const { return remark_; }

 private:
  std::string text_;
  std::string remark_;
  /// Due at a second of the day when its second, minute and hour are all in their sets.
  std::bitset<60> seconds_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
};

}  // namespace tocsin
