// Schedule text -> the next point in time. Pure; UTC, as in the original.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace tocsin {

/// later.js' text grammar, of which `every N seconds|minutes|hours` is understood so far.
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

 private:
  std::string text_;
  std::chrono::seconds interval_;
};

}  // namespace tocsin
