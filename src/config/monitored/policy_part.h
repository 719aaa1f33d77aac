// What one `policy` section says. The nearest section wins, key by key.
#pragma once

#include <bitset>
#include <compare>
#include <optional>
#include <string>
#include <tuple>

#include "config/file/findings.h"
#include "config/section/section.h"
#include "domain/policy.h"

namespace tocsin::config {

/// The keys that are given; the others are left to the sections farther away.
struct PolicyPart {
  Policy values;          ///< of keys that are not given: the built-in ones
  std::bitset<32> given;  ///< in the order of the keys

  friend bool operator==(const PolicyPart&, const PolicyPart&) = default;
  friend std::strong_ordering operator<=>(const PolicyPart& a, const PolicyPart& b) {
    return std::tuple(a.given.to_ulong(), a.values) <=> std::tuple(b.given.to_ulong(), b.values);
  }

  /// Replaces what is given.
  void apply_to(Policy& policy) const;
};

/// A `policy` section and where in it the keys stand that may contradict others.
struct PolicySection {
  PolicyPart part;
  std::optional<Place> flapping;
  std::optional<Place> recovery;
};

/// `policy`; `key` says where. Only what one value says by itself is checked here.
void read_policy(Section& section, const Key& key, PolicySection& out);

/// What contradicts itself, as a sentence about the section.
[[nodiscard]] std::optional<std::string> contradiction_in(const FlapLimits& flapping);
[[nodiscard]] std::optional<std::string> contradiction_in(const RecoveryPolicy& recovery);

/// `hostPolicy`; the variable holds what is valid without it.
void read_host_policy(Section& section, const Key& key, HostPolicy& out);

}  // namespace tocsin::config
