// Which services of a host are watched, and by which rules.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/names.h"
#include "domain/policy.h"
#include "domain/service.h"

namespace tocsin {

struct WatchedService {
  std::string pattern;  ///< a service's key name, or a pattern with * and ?; empty: see below
  /// A pattern for display names instead, with * and ?, or without.
  std::string display_name;
  /// Names or patterns taken out of a pattern: of key names or display names.
  std::vector<std::string> exclude;
  /// A pattern finds only the services that Windows starts by itself.
  bool automatic_only = false;
  std::string friendly_name;  ///< empty: the display name serves
  std::string set;            ///< the service set that it comes from; empty: the host's own list
  std::string
      cluster;  ///< the service cluster whose rule decides about its alerts; empty: its own policy
  Policy policy;

  friend bool operator==(const WatchedService&, const WatchedService&) = default;
};

/// Whether the entry is one key name, written out in full.
[[nodiscard]] bool is_one_name(const WatchedService& entry);

/// The watched services of one host. Immutable; the first entry that matches a name wins. Copies
/// share what they say, so that thousands of hosts with one list cost one list.
class Watchlist {
 public:
  Watchlist();
  explicit Watchlist(std::vector<WatchedService> services);

  [[nodiscard]] const std::vector<WatchedService>& entries() const { return compiled_->entries; }
  /// The entry that watches this service, or null. `known` is what is known of it besides its key
  /// name; null, an empty display name, an unknown start mode and a type of 0 are not known. Then:
  /// - Entries for display names find nothing: a null is no answer where has_display_names().
  /// - Entries with automatic_only find it, but is_undecided(): go on watching what was watched,
  ///   and begin nothing.
  /// - Patterns that end like `Name_*` find `Name`, the copies of a per-user service as one; with a
  ///   known type only if it is such a service.
  [[nodiscard]] const WatchedService* find(const ServiceName& name,
                                           const ServiceDetails* known = nullptr) const;
  /// The entry that watches a service which was watched before: where nothing is known of it that
  /// would decide, one without any rules. Null when it is not watched any more.
  [[nodiscard]] const WatchedService* find_tracked(const ServiceName& name,
                                                   const ServiceDetails* known) const;
  /// Whether the start mode, which is not known, decides whether it is watched.
  [[nodiscard]] bool is_undecided(const ServiceName& name, const ServiceDetails* known) const;
  /// Whether the name was written out in full.
  [[nodiscard]] bool is_exact(const ServiceName& name) const;
  /// The names that were written out in full, in their order, each once: they are
  /// reported even when missing.
  [[nodiscard]] const std::vector<ServiceName>& exact_names() const {
    return compiled_->exact_names;
  }
  /// Whether names must be looked for in the host's whole list.
  [[nodiscard]] bool has_patterns() const { return !compiled_->patterns.empty(); }
  /// Whether they say the same.
  friend bool operator==(const Watchlist& a, const Watchlist& b) {
    return a.shares_with(b) || a.entries() == b.entries();
  }
  /// Whether both are copies of one list.
  [[nodiscard]] bool shares_with(const Watchlist& other) const {
    return compiled_ == other.compiled_;
  }
  /// Whether entries ask for display names.
  [[nodiscard]] bool has_display_names() const;
  /// Whether entries ask for more than key names, so that what is known of a service may decide.
  [[nodiscard]] bool needs_details() const;

 private:
  /// An entry that is no key name written out in full, folded once.
  struct Pattern {
    std::size_t entry;
    std::string text;
    std::vector<std::string> exclude;
    bool of_display_names;
    bool automatic_only;
  };
  struct Compiled {
    std::vector<WatchedService> entries;
    std::vector<ServiceName> exact_names;
    std::unordered_map<ServiceName, std::size_t> exact;  ///< name -> its first entry
    std::vector<Pattern> patterns;                       ///< in the order of their entries
  };
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace tocsin
