// What runs between start and stop, wired together. For daemon.cpp and components.cpp only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "daemon/acks.h"
#include "daemon/clusters.h"
#include "daemon/credentials.h"
#include "daemon/daemon.h"
#include "daemon/fleet.h"
#include "daemon/heartbeat.h"
#include "daemon/journal.h"
#include "daemon/liveness.h"
#include "daemon/metrics.h"
#include "daemon/pipeline.h"
#include "daemon/probes.h"
#include "daemon/recovery.h"
#include "daemon/requests.h"
#include "daemon/silences.h"
#include "daemon/status_hub.h"
#include "daemon/status_log.h"
#include "daemon/storage.h"
#include "daemon/supervision.h"
#include "daemon/web.h"
#include "logins/logins.h"
#include "net/http_client.h"
#include "net/semaphore.h"
#include "net/task_scope.h"

namespace tocsin::daemon {

/// In the order in which they need each other: what is declared later uses what is declared before.
struct Daemon::Components {
  Components(Daemon& daemon, std::unique_ptr<Storage> opened,
             std::vector<logins::StoredLogin> records,
             const std::vector<store::StoredRecovery>& recoveries);

  /// Or a cluster. Null: it is not monitored.
  [[nodiscard]] const MonitoredHost* find_host(const HostName& name) const;
  /// A credential may stand in the place of a host; then only whether its alert fires is known.
  [[nodiscard]] std::optional<Time> firing_since(const HostName& name,
                                                 const ServiceName& service) const;
  /// What is under way is finished; what the store holds is loaded from there, and what only memory
  /// holds is handed over.
  net::awaitable<void> replace_pipeline(const config::Config& config);
  net::awaitable<Result<std::size_t>> retry_dead_letters();
  /// The dashboard has the hosts and clusters that there are now, checked or not.
  void show_all();
  /// Once, when each host has had its first check.
  net::awaitable<void> say_what_is_not_watched(std::size_t left_out);
  /// Attempts of deliveries; none while the pipeline is made anew.
  [[nodiscard]] Work deliveries() const;
  /// What is watched, in a line.
  [[nodiscard]] std::string status_text() const;
  net::awaitable<void> notify(const logins::Gate& gate, logins::Notice notice);

  const Log& log;
  const Clock& clock;
  std::unique_ptr<Storage> storage;
  Silences silences;
  Acks acks;
  logins::Logins logins;
  Requests requests;
  Probes probes;
  net::HttpClient http;
  Metrics metrics;
  StatusHub status;
  StatusLog status_log;
  Pipeline::Deps pipeline_deps;
  std::unique_ptr<Pipeline> pipeline;  ///< null while it is made anew
  Journal journal;
  CredentialAlerts credential_alerts;
  Clusters clusters;
  net::Semaphore checks;
  net::Semaphore details;
  Recovery recovery;
  Fleet fleet;
  Web web;
  Liveness liveness;
  Heartbeats heartbeats;
  Supervision supervision;
  net::Semaphore reloading;
  net::TaskScope background;
  net::TaskScope reloads;  ///< never cancelled: half a reload is none
};

}  // namespace tocsin::daemon
