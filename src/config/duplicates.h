// Names that may come once.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/text.h"
#include "config/findings.h"

namespace tocsin::config {

/// What was written where, compared as Windows compares names.
class Duplicates {
 public:
  /// Where the name stood before.
  [[nodiscard]] std::optional<Place> add(const std::string& name, Place place) {
    const auto [known, fresh] = places_.try_emplace(fold_case(name), place);
    if (fresh) return std::nullopt;
    return known->second;
  }

 private:
  std::unordered_map<std::string, Place> places_;
};

}  // namespace tocsin::config
