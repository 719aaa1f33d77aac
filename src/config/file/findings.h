// What is to be said about a configuration file, in the order of its lines and within bounds.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "config/file/finding.h"

namespace tocsin::config {

/// Where something stands in a file, 1-based; a column counts bytes. {0, 0}: the whole file.
struct Place {
  int line = 0;
  int column = 0;
  std::uint16_t file = 0;  ///< as Findings::add_file() counts them

  friend bool operator==(const Place&, const Place&) = default;
  friend auto operator<=>(const Place& a, const Place& b) {
    return std::tie(a.file, a.line, a.column) <=> std::tie(b.file, b.line, b.column);
  }
};

/// How much is shown of paths and the like; of other names the half.
constexpr std::size_t kLongNames = 128;
/// `name`, as it may be shown: printable and bounded.
[[nodiscard]] std::string in_backticks(std::string_view text, std::size_t most = kLongNames / 2);

class Findings {
 public:
  explicit Findings(std::string file) : files_{std::move(file)} {}

  /// One more file that is read; answers its number. The first is 0.
  [[nodiscard]] std::uint16_t add_file(std::string file);
  void add(Severity severity, Place place, std::string text);
  /// False when there are so many findings of a severity that the next is only counted.
  [[nodiscard]] bool shows(Severity severity) const { return count(severity) < kMostShown; }
  [[nodiscard]] bool has_errors() const { return count(Severity::error) > 0; }
  [[nodiscard]] const std::string& file_of(Place place) const { return files_.at(place.file); }
  /// "line 6", with its file when `reader` stands in another.
  [[nodiscard]] std::string line(Place place, Place reader) const;
  /// All of them by file, line and column; one more says how many were only counted.
  [[nodiscard]] std::vector<Finding> take() &&;

 private:
  /// A person reads them; a hostile file could ask for millions.
  static constexpr std::size_t kMostShown = 200;

  [[nodiscard]] std::size_t count(Severity severity) const {
    return counts_.at(static_cast<std::size_t>(severity));
  }

  std::vector<std::string> files_;
  std::vector<Finding> findings_;        ///< in the order of take()
  std::vector<Place> places_;            ///< of each finding
  std::array<std::size_t, 3> counts_{};  ///< by severity
};

}  // namespace tocsin::config
