// InfluxDB's line protocol, one point a line: measurement,tag=value field=value timestamp
// (docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference; v2 and v3 read the
// same).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tocsin::influx {

/// As much of a tag's value as is written, in bytes; a series whose key is longer than 64 KiB is
/// refused.
constexpr std::size_t kMostTagBytes = 1024;

/// The name of a measurement, tag or field, or a tag's value, as it stands in a line: comma, space
/// and `=` are escaped. What no line can hold is replaced: control characters by spaces, invalid
/// UTF-8 by U+FFFD, and a backslash that would escape what comes after it by `/`. What is longer
/// than kMostTagBytes is cut after a whole character.
void append_escaped(std::string& out, std::string_view text);

/// Points, written one after the other. The calls for each come in the order measurement(), tag()
/// any number of times, field() at least once, end(). Tags sorted by their name are cheapest for
/// the server.
class Lines {
 public:
  void measurement(std::string_view name);
  /// A tag without a value would make the line invalid, so it is left out.
  void tag(std::string_view name, std::string_view value);
  /// A number is a float, also where it is whole: an integer would be `4i`.
  void field(std::string_view name, int value);
  void field(std::string_view name, std::string_view value);
  /// In milliseconds: the request must name that precision.
  void end(Time at);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// How many points have ended.
  [[nodiscard]] std::size_t count() const { return count_; }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  void begin_field(std::string_view name);

  std::string text_;
  std::size_t count_ = 0;
  bool has_field_ = false;
};

}  // namespace tocsin::influx
