// What tocsin says about itself, in numbers for Prometheus.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "base/words.h"
#include "daemon/metrics_text.h"
#include "domain/transition.h"
#include "web/board.h"

namespace tocsin::daemon {

/// What becomes of a delivery, or of one attempt.
enum class DeliveryOutcome : std::uint8_t {
  delivered,
  failed,  ///< an attempt that will be repeated
  merged,
  dead,
  lost,  ///< neither the store nor memory had room for it
};
consteval auto table_of(DeliveryOutcome) {
  using enum DeliveryOutcome;
  return std::array{Word{delivered, "delivered"}, Word{failed, "failed"}, Word{merged, "merged"},
                    Word{dead, "dead"}, Word{lost, "lost"}};
}

/// How the deliveries of a destination fare, by the store.
struct StoredDeliveries {
  std::size_t waiting = 0;
  Duration oldest{};  ///< for how long the oldest of those has waited
  std::size_t dead = 0;
};

struct DestinationGauges {
  std::string key;
  std::string name;                        ///< unique among them
  std::optional<StoredDeliveries> stored;  ///< nothing: it cannot be read now
};

/// What others know when metrics are asked for.
struct Gauges {
  std::string version;
  Time started{};
  std::size_t reached = 0;  ///< hosts
  std::size_t unreached = 0;
  std::size_t unchecked = 0;
  web::StateCounts services{};
  std::array<std::size_t, all_values<About>().size()> open{};  ///< alerts, in the order of About
  std::vector<DestinationGauges> destinations;
  std::chrono::duration<double> loop_lag{};
  std::size_t stuck_threads = 0;
  std::size_t lost_log_lines = 0;
};

/// On the loop's thread only. Names and help texts stand in docs/metrics.md.
class Metrics {
  using Count = std::uint64_t;
  /// By their outcomes: ok, then the kinds of errors in their order.
  using Checks = std::array<Count, all_values<ErrorKind>().size() + 1>;

 public:
  /// What is counted of one host; only Metrics looks into it.
  class Host {
    friend Metrics;
    Checks checks_{};
    std::optional<std::chrono::duration<double>> took_{};
    std::optional<bool> reached_{};
    std::optional<Count> pushed_{};
  };

  /// False: no series names a host.
  void set_per_host(bool per_host) { per_host_ = per_host; }

  /// For the next two; it stays where it is until forget().
  [[nodiscard]] Host& of(const HostName& host) { return hosts_[host]; }
  /// A check of the host has ended; `error` is why it was not reached; nothing: it was.
  void count_check(Host& host, std::optional<ErrorKind> error, std::chrono::duration<double> took);
  /// The host spoke of so many services by itself.
  void count_pushed(Host& host, std::size_t services);
  /// The host is not watched any more.
  void forget(const HostName& host) { hosts_.erase(host); }
  /// The destination, by its key.
  void count_deliveries(const std::string& destination, DeliveryOutcome outcome,
                        std::size_t deliveries);
  /// The destination has taken, or will never have, so many services' reports of the status stream.
  void count_reported(const std::string& destination, std::size_t services);
  void count_unreported(const std::string& destination, std::size_t services);
  /// The store has taken a transaction, or has refused it.
  void count_commit(bool stored, std::chrono::duration<double> took);
  /// An attempt to get a service running again has ended.
  void count_recovery(bool runs) { recoveries_.at(runs ? 1 : 0)++; }
  /// The configuration was read, or refused; at the start too.
  void count_reload(bool succeeded, Time at);

  /// Everything, in the text format that Prometheus reads.
  [[nodiscard]] std::string text(const Gauges& now) const;

 private:
  void write_hosts(MetricsText& text) const;
  void write_states(MetricsText& text, const Gauges& now) const;
  void write_deliveries(MetricsText& text, const Gauges& now) const;
  void write_own(MetricsText& text, const Gauges& now) const;

  bool per_host_ = true;
  std::map<HostName, Host> hosts_;
  Checks checks_{};  ///< of all hosts, those that are gone too
  Count pushed_ = 0;
  Histogram check_durations_;
  std::map<std::string, std::array<Count, all_values<DeliveryOutcome>().size()>> deliveries_;
  std::map<std::string, Count> reported_;
  std::map<std::string, Count> unreported_;
  std::array<Count, 2> recoveries_{};  ///< attempts: failed, succeeded
  Histogram commit_durations_;
  Count failed_commits_ = 0;
  bool reload_succeeded_ = true;
  Time loaded_at_{};
};

}  // namespace tocsin::daemon
