// What is to be said about a configuration file, in the order of its lines and within bounds.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "config/load.h"

namespace tocsin::config {

/// Where something stands in the file, 1-based; a column counts bytes. {0, 0}: the whole file.
struct Place {
  int line = 0;
  int column = 0;
};

class Findings {
 public:
  explicit Findings(std::string file) : file_(std::move(file)) {}

  void add(Severity severity, Place place, std::string text);
  /// False when there are so many findings of a severity that the next is only counted.
  [[nodiscard]] bool shows(Severity severity) const { return count(severity) < kMostShown; }
  [[nodiscard]] bool has_errors() const { return count(Severity::error) > 0; }
  /// All of them by line and column; one more says how many were only counted.
  [[nodiscard]] std::vector<Finding> take() &&;

 private:
  /// A person reads them; a hostile file could ask for millions.
  static constexpr std::size_t kMostShown = 200;

  [[nodiscard]] std::size_t count(Severity severity) const {
    return counts_.at(static_cast<std::size_t>(severity));
  }

  std::string file_;
  std::vector<Finding> findings_;        ///< in the order of take()
  std::array<std::size_t, 3> counts_{};  ///< by severity
};

}  // namespace tocsin::config
