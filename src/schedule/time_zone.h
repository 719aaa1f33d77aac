// A time zone: which offset from UTC holds when. Pure: the bytes of its file are brought.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tocsin {

/// A value; copies share what they know.
class TimeZone {
 public:
  /// UTC.
  TimeZone();
  /// Reads a compiled zone file (TZif, RFC 9636). Beyond its last change its rules are applied up
  /// to the year 2100. Errors: malformed.
  [[nodiscard]] static Result<TimeZone> parse(std::string name, std::string_view tzif);

  /// From `at` on this holds.
  struct Change {
    std::chrono::sys_seconds at;
    std::chrono::seconds offset;  ///< local time minus UTC
  };
  /// [begin, end) with one offset.
  struct Period {
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;
    std::chrono::seconds offset;
  };

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Period period_at(std::chrono::sys_seconds instant) const;
  [[nodiscard]] std::chrono::local_seconds to_local(std::chrono::sys_seconds instant) const;
  /// When clocks show that time. Of a time that comes twice: the first. Of one that is skipped: the
  /// first instant after it.
  [[nodiscard]] std::chrono::sys_seconds to_instant(std::chrono::local_seconds local) const;

 private:
  TimeZone(std::string name, std::vector<Change> changes);
  [[nodiscard]] Period period(std::size_t change) const;
  [[nodiscard]] std::size_t change_at(std::chrono::sys_seconds instant) const;

  std::string name_;
  std::shared_ptr<const std::vector<Change>> changes_;  ///< the first from the beginning of time on
};

}  // namespace tocsin
