// What one `policy` section says. The nearest section wins, key by key.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/findings.h"
#include "config/section.h"
#include "domain/policy.h"

namespace tocsin::config {

/// The keys that are given; the others are left to the sections farther away.
struct PolicyPart {
  std::optional<Expected> expected;
  std::optional<unsigned> grace_checks;
  std::optional<Duration> grace_time;
  std::optional<Duration> pending_limit;
  std::optional<Duration> boot_grace;
  std::optional<Duration> delayed_start_grace;
  std::optional<TriggerStart> trigger_start;
  std::optional<std::vector<std::uint32_t>> quiet_exit_codes;
  std::optional<unsigned> flapping_start;
  std::optional<unsigned> flapping_stop;
  std::optional<Duration> flapping_window;
  std::optional<AlertSeverity> severity;
  std::optional<Duration> repeat_every;

  friend auto operator<=>(const PolicyPart&, const PolicyPart&) = default;

  /// Replaces what is given.
  void apply_to(Policy& policy) const;
};

/// A `policy` section and where in it the keys stand that may contradict others.
struct PolicySection {
  PolicyPart part;
  std::optional<Place> flapping;
};

/// `policy`; `key` says where. Only what one value says by itself is checked here.
void read_policy(Section& section, const Key& key, PolicySection& out);

/// What contradicts itself in a policy, as a sentence about its `flapping`.
[[nodiscard]] std::optional<std::string> contradiction_in(const Policy& policy);

/// `hostPolicy`; the variable holds what is valid without it.
void read_host_policy(Section& section, const Key& key, HostPolicy& out);

}  // namespace tocsin::config
