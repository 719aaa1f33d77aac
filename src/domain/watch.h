// Which services of a host are watched, and by which rules.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/names.h"
#include "domain/policy.h"

namespace tocsin {

struct WatchedService {
  std::string pattern;  ///< a service's key name, or a pattern with * and ?; empty: see below
  /// A pattern for display names instead, with * and ?, or without.
  std::string display_name;
  /// Names or patterns taken out of a pattern: of key names or display names.
  std::vector<std::string> exclude;
  /// Of what a pattern finds: those alone that Windows starts by itself.
  bool automatic_only = false;
  std::string friendly_name;  ///< empty: the display name serves
  std::string set;            ///< the service set that it comes from; empty: the host's own list
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
  /// Whether the name was written out in full.
  [[nodiscard]] bool is_exact(const ServiceName& name) const;
  /// The names that were written out in full, in their order, each once: they are
  /// reported even when missing.
  [[nodiscard]] const std::vector<ServiceName>& exact_names() const { return exact_names_; }
  /// Whether names must be looked for in the host's whole list.
  [[nodiscard]] bool has_patterns() const { return !patterns_.empty(); }

 private:
  /// An entry with wildcards, folded once.
  struct Pattern {
    std::size_t entry;
    std::string text;
    std::vector<std::string> exclude;
  };
  std::vector<WatchedService> entries_;
  std::vector<ServiceName> exact_names_;
  std::unordered_map<std::string, std::size_t> exact_;  ///< folded name -> its first entry
  std::vector<Pattern> patterns_;                       ///< in the order of their entries
};

}  // namespace tocsin
