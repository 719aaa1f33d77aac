// What the web shows and does of a running tocsin: the seam behind which the daemon stands.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/file/finding.h"
#include "domain/ack.h"
#include "domain/action.h"
#include "domain/alert.h"
#include "domain/monitored_host.h"
#include "domain/suppression.h"
#include "net/async.h"
#include "store/requests.h"

namespace tocsin::web {

/// A host, or a service cluster.
struct WatchedHost {
  const MonitoredHost& monitored;
  std::string address;      ///< empty for a cluster
  std::string_view source;  ///< "smb", "scm" or "cluster"
  bool checked = false;     ///< in this run
  bool control = false;     ///< its services may be started and stopped
  std::optional<Time> checked_at{};
  std::optional<std::chrono::duration<double>> took{};  ///< by the last check
};

struct DestinationName {
  std::string key;
  std::string name;
};

struct Routed {
  DestinationName destination;
  Duration after{};  ///< more than 0: an escalation
};

struct TestAnswer {
  bool delivered = false;
  std::string text;  ///< without secrets
};

/// The way to the services of a host, step by step (probe/diagnosis.h), in words.
struct Diagnosis {
  struct Step {
    std::string_view step;
    std::string_view result;
    std::string found;   ///< without secrets
    std::string advice;  ///< what to do; empty: nothing
  };
  std::string host;
  std::string address;
  std::uint16_t port = 0;
  std::string_view result;  ///< the worst of all steps
  std::vector<Step> steps;
};

/// Why there is no diagnosis.
enum class NotDiagnosed : std::uint8_t { no_such_host, under_way, too_many };

/// What starting or stopping a service has done, or of a dry run, would do (probe/control.h), in
/// words.
struct Controlled {
  struct Step {
    std::string_view action;  ///< "start" or "stop"
    std::string service;
    std::string error;  ///< empty: it worked
    std::chrono::duration<double> took{};
  };
  std::string host;
  std::string service;
  std::string_view action;  ///< "start", "stop" or "restart"
  bool dry_run = false;
  std::string_view before{};  ///< its state; empty: not known
  std::string_view after{};
  std::vector<Step> steps{};
  std::string error{};    ///< what went wrong; empty: nothing
  std::string summary{};  ///< how it ended, for the history and the log
};

/// Why nothing was tried.
enum class NotControlled : std::uint8_t {
  no_such_host,
  no_such_service,
  only_watched,
  under_way,
  too_many
};

struct LoadedConfiguration {
  std::string file;
  Time loaded_at{};
  bool differs = false;  ///< a reload would read something else
  std::vector<config::Finding> findings;
};

/// Planned silences of the configuration.
struct PlannedSilence {
  std::string name;
  std::vector<std::string> scopes;
  Time begin{};
  Time end{};
  bool active = false;
  std::string reason;
};

struct OwnState {
  std::string version;
  Time started{};
  std::string time_zone;
  std::uintmax_t store_bytes = 0;
  std::chrono::duration<double> loop_lag{};
  std::size_t stuck_threads = 0;
  std::size_t lost_log_lines = 0;
};

/// On the loop's thread only. References that it answers hold until the next co_await.
class Monitor {
 public:
  virtual ~Monitor() = default;

  [[nodiscard]] virtual Time now() const = 0;
  /// By name, clusters behind hosts.
  virtual void for_each(const std::function<void(const WatchedHost&)>& visit) const = 0;
  [[nodiscard]] virtual std::optional<WatchedHost> find(const HostName& host) const = 0;
  /// The credentials whose alerts fire.
  [[nodiscard]] virtual std::vector<HostName> firing_credentials() const = 0;
  /// What silences alerts about the service, or (of an empty name) about the host.
  [[nodiscard]] virtual std::optional<Suppression> silence_of(const HostName& host,
                                                              const ServiceName& service) const = 0;
  [[nodiscard]] virtual std::vector<PlannedSilence> planned_silences() const = 0;
  /// False: there is no such host to be asked.
  virtual bool check_now(const HostName& host) = 0;
  /// Over a session of its own, which takes a minute at most; one for each host at once, and few in
  /// all. Notes who has begun it.
  virtual net::awaitable<std::expected<Diagnosis, NotDiagnosed>> diagnose(HostName host,
                                                                          std::string who) = 0;
  /// `action`: started, stopped or restarted. Over a session of its own, which may take minutes;
  /// one for each host at once, and few in all. Notes who has begun it and how it ended.
  virtual net::awaitable<std::expected<Controlled, NotControlled>> control(
      HostName host, ServiceName service, ActionKind action, bool dry_run, std::string who) = 0;

  [[nodiscard]] virtual std::vector<DestinationName> destinations() const = 0;
  [[nodiscard]] virtual std::vector<Routed> route(const Alert& alert) const = 0;
  /// One attempt. Nothing: there is no such destination.
  virtual net::awaitable<std::optional<TestAnswer>> test(std::string key) = 0;

  virtual net::awaitable<LoadedConfiguration> configuration() = 0;
  virtual net::awaitable<store::ReloadAnswer> reload() = 0;

  /// Somebody has left a request in the store, which is to be read now.
  virtual void take_requests() = 0;
  /// Who has done what, for the log.
  virtual void note(std::string_view who, std::string_view what) = 0;
  [[nodiscard]] virtual OwnState own_state() const = 0;
  /// In the text format of Prometheus.
  [[nodiscard]] virtual net::awaitable<std::string> metrics() = 0;
  /// Whether hosts are checked and the store takes what they bring.
  [[nodiscard]] virtual bool is_ready() const = 0;
};

}  // namespace tocsin::web
