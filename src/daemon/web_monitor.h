// What the web shows and does of the running daemon.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/clusters.h"
#include "daemon/fleet.h"
#include "daemon/metrics.h"
#include "daemon/pipeline.h"
#include "daemon/probes.h"
#include "daemon/requests.h"
#include "daemon/silences.h"
#include "logins/logins.h"
#include "net/event.h"
#include "net/task_scope.h"
#include "net/worker.h"
#include "probe/diagnosis.h"
#include "store/reader.h"
#include "store/requests.h"
#include "web/board.h"
#include "web/monitor.h"

namespace tocsin::daemon {

/// What the web and the commands show of a diagnosis.
[[nodiscard]] web::Diagnosis shown(const config::Host& host, const probe::Diagnosis& diagnosis);

/// On the loop's thread only.
class WebMonitor final : public web::Monitor {
 public:
  /// What outlives it.
  struct Deps {
    Fleet& fleet;
    const Clusters& clusters;
    const logins::Logins& logins;
    const Silences& silences;
    /// Null while it is made anew.
    const std::unique_ptr<Pipeline>& pipeline;
    Requests& requests;
    store::Requests& stored;
    net::Worker& worker;  ///< the store's one thread
    Metrics& metrics;
    Probes& probes;
    const Clock& clock;
    const Log& log;
    std::filesystem::path data_directory;
    std::string version;
    std::function<net::awaitable<store::ReloadAnswer>()> reload;
    std::function<net::awaitable<web::LoadedConfiguration>()> configuration;
    /// Whether tocsin itself starts a service there now.
    std::function<bool(const HostName&)> is_recovering;
    /// Called when the history has one more action.
    std::function<void()> on_action;
    net::Executor executor;
  };
  /// What the store knows of each destination.
  using Stored = std::function<net::awaitable<Result<std::vector<store::DestinationState>>>()>;
  WebMonitor(Deps deps, const web::Board& board, Stored stored)
      : deps_(std::move(deps)),
        board_(board),
        stored_(std::move(stored)),
        started_(deps_.clock.now()),
        controls_(deps_.executor) {}

  [[nodiscard]] Time now() const override { return deps_.clock.now(); }
  void for_each(const std::function<void(const web::WatchedHost&)>& visit) const override;
  [[nodiscard]] std::optional<web::WatchedHost> find(const HostName& host) const override;
  [[nodiscard]] std::vector<HostName> firing_credentials() const override;
  [[nodiscard]] std::optional<Suppression> silence_of(const HostName& host,
                                                      const ServiceName& service) const override;
  [[nodiscard]] std::vector<web::PlannedSilence> planned_silences() const override;
  bool check_now(const HostName& host) override { return deps_.fleet.check_soon(host); }
  net::awaitable<std::expected<web::Diagnosis, web::NotDiagnosed>> diagnose(
      HostName host, std::string who) override;
  net::awaitable<std::expected<web::Controlled, web::NotControlled>> control(
      HostName host, ServiceName service, ActionKind action, bool dry_run,
      std::string who) override;
  [[nodiscard]] std::vector<web::DestinationName> destinations() const override;
  [[nodiscard]] std::vector<web::Routed> route(const Alert& alert) const override;
  net::awaitable<std::optional<web::TestAnswer>> test(std::string key) override;
  net::awaitable<web::LoadedConfiguration> configuration() override {
    return deps_.configuration();
  }
  net::awaitable<store::ReloadAnswer> reload() override { return deps_.reload(); }
  void take_requests() override { deps_.requests.take(); }
  void note(std::string_view who, std::string_view what) override;
  [[nodiscard]] web::OwnState own_state() const override;
  [[nodiscard]] net::awaitable<std::string> metrics() override;
  [[nodiscard]] bool is_ready() const override;
  /// Without what the store says of destinations.
  [[nodiscard]] Gauges gauges() const;

  /// Whether a person has a service started or stopped there now.
  [[nodiscard]] bool is_controlling(const HostName& host) const {
    return controlled_.contains(host);
  }
  [[nodiscard]] bool is_controlling() const { return !controlled_.empty(); }
  /// Nothing is begun any more. What is under way ends, by the deadline.
  net::awaitable<void> finish(net::Deadline deadline);

  /// Measures how late the loop is, until it is cancelled.
  net::awaitable<void> measure_lag();

 private:
  struct Control;
  /// Does it to its end, whoever waits for it.
  net::awaitable<void> run(std::shared_ptr<Control> control);
  void count_hosts(Gauges& now) const;
  [[nodiscard]] net::awaitable<std::vector<DestinationGauges>> destination_gauges();

  Deps deps_;
  const web::Board& board_;
  Stored stored_;
  Time started_;
  std::chrono::duration<double> lag_{};
  std::set<HostName> diagnosed_;   ///< now
  std::set<HostName> controlled_;  ///< likewise
  bool finishing_ = false;
  net::TaskScope controls_;
};

}  // namespace tocsin::daemon
