// Which services of a host are watched, and by which rules.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/names.h"

namespace tocsin {

struct Policy {
  /// A pending service is stuck when it has made no progress for its own wait hint, and at least
  /// for this long.
  std::chrono::milliseconds pending_limit = std::chrono::seconds(30);
};

struct WatchedService {
  std::string pattern;               ///< a service's key name, or a pattern with * and ?
  std::vector<std::string> exclude;  ///< names or patterns taken out of a pattern
  std::string friendly_name;         ///< empty: the display name serves
  Policy policy;
};

/// The watched services of one host. Immutable; the first entry that matches a name wins.
class Watchlist {
 public:
  Watchlist() = default;
  explicit Watchlist(std::vector<WatchedService> services);

  [[nodiscard]] const std::vector<WatchedService>& entries() const { return entries_; }
  /// The entry that watches this service, or null.
  [[nodiscard]] const WatchedService* find(const ServiceName& name) const;
  /// The names that were written out in full, in their order: they are reported even when missing.
  [[nodiscard]] const std::vector<ServiceName>& exact_names() const { return exact_names_; }
  /// Whether names must be looked for in the host's whole list.
  [[nodiscard]] bool has_patterns() const { return has_patterns_; }

 private:
  struct Folded {
    std::string pattern;
    std::vector<std::string> exclude;
  };
  std::vector<WatchedService> entries_;
  std::vector<Folded> folded_;
  std::vector<ServiceName> exact_names_;
  bool has_patterns_ = false;
};

}  // namespace tocsin
