// Every host at a glance: its worst state and its counts, kept up to date, so that nobody who looks
// makes the loop count thousands of services.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/names.h"
#include "base/natural_order.h"
#include "domain/monitored_host.h"

namespace tocsin::web {

/// How many services are in which state, in the order of all_values<ServiceState>().
using StateCounts = std::array<std::uint32_t, all_values<ServiceState>().size()>;

[[nodiscard]] std::size_t index_of(ServiceState state);

struct HostSummary {
  StateCounts states{};
  std::uint32_t services = 0;
  std::uint32_t troubled = 0;  ///< services that are not as their policies expect
  std::uint32_t open = 0;      ///< alerts that fire, that about the host itself included
  /// Of the services that are not as expected; running where all are, unknown where the host is not
  /// reached.
  ServiceState worst = ServiceState::unknown;
  bool checked = false;  ///< in this run
  bool reached = false;

  [[nodiscard]] std::uint32_t running() const { return states[index_of(ServiceState::running)]; }
  friend bool operator==(const HostSummary&, const HostSummary&) = default;
};

[[nodiscard]] HostSummary summarize(const MonitoredHost& host, bool checked);

/// On the loop's thread only.
class Board {
 public:
  using Changed = std::function<void(const HostName&, const HostSummary&)>;
  explicit Board(Changed changed) : changed_(std::move(changed)) {}

  void update(const MonitoredHost& host, bool checked);
  void remove(const HostName& host);
  /// Removes all others.
  void retain(const std::function<bool(const HostName&)>& stays);

  using Hosts = std::map<HostName, HostSummary, NaturalOrder>;
  [[nodiscard]] const Hosts& hosts() const { return hosts_; }
  /// Over all hosts.
  [[nodiscard]] const StateCounts& states() const { return states_; }
  /// Counts the changes: what was made of the board holds while it stays.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

 private:
  void count(const HostSummary& summary, int by);

  Changed changed_;
  Hosts hosts_;
  StateCounts states_{};
  std::uint64_t changes_ = 0;
};

}  // namespace tocsin::web
