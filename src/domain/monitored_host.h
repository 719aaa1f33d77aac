// Everything that is known of one host, and what each observation of it brings: what changed, and
// which alerts follow. Pure.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/now.h"
#include "domain/alert.h"
#include "domain/decide.h"
#include "domain/host.h"
#include "domain/recovery.h"
#include "domain/review.h"
#include "domain/watch.h"

namespace tocsin {

/// What silences a service, or (of an empty name) its host as a whole.
using SilenceOf = std::function<std::optional<Suppression>(const ServiceName&, Time now)>;
/// What acknowledges the alert about a service, or (of an empty name) about its host, that fires
/// since then.
using AckOf = std::function<std::optional<Suppression>(const ServiceName&, Time firing_since)>;

class MonitoredHost {
 public:
  /// What is known from an earlier run.
  struct Known {
    TrackedHost host;
    KnownServices services;
  };
  struct Rules {
    Watchlist services;
    HostPolicy policy;
  };
  /// What is to be stored, and notified.
  struct Outcome {
    std::vector<ServiceChange> services;  ///< what changed of them
    bool host = false;                    ///< whether host() changed
    bool forgotten = false;               ///< nothing of the host is tracked any more
    std::vector<Alert> alerts;            ///< without ids; suppressed ones are history only

    [[nodiscard]] bool empty() const { return services.empty() && !host && alerts.empty(); }
  };
  /// What pass() would notify if nothing suppressed it.
  struct WaitingAlert {
    ServiceName service;
    TransitionKind kind{};
    Suppression suppression;
  };

  MonitoredHost(HostName name, Rules rules, Known known, SilenceOf silence = {}, AckOf ack = {},
                RecoveryOf recovery = {});

  /// What is known stays known; services that are not watched any more are forgotten by the next
  /// check, which ends their alerts.
  void set_rules(Rules rules);

  Outcome apply(const Observation& observation);
  /// A pushed change.
  Outcome apply_pushed(const ObservedService& pushed, Now at);
  /// Before apply(): the services of the observation whose details are to be read first.
  [[nodiscard]] std::vector<ServiceName> lacking_details(const Observation& observation) const {
    return tocsin::lacking_details(services_, observation, rules_.services, details_of_others_);
  }
  /// Details that were read after the observation: no alert follows from them.
  Outcome learn(const KnownDetails& read);
  /// What time alone has changed: graces and silences that ended, reminders.
  Outcome pass(Now at);
  /// It is not monitored any more: everything is forgotten, and the alerts that fire end.
  Outcome retire(Now at);
  /// Whether an observation equal to the last one (states, details, signs of a boot) would change
  /// nothing and bring no alert, so that it need not be applied. It is so once one has changed
  /// nothing (every grace has counted its checks), and as long as nothing came after it (a pushed
  /// change, details, rules, what time has changed), the host is reached, no service is on its way,
  /// no alert fires or waits, nothing flaps, and nobody has set the clock. O(1).
  [[nodiscard]] bool is_at_rest(Now at) const;
  /// When pass() has something to do if nothing happens before; Time::max(): not known.
  [[nodiscard]] Time next_review(Now at) const;

  /// The alerts about services that wait now, each with its reason; none while the host is not
  /// reached.
  [[nodiscard]] std::vector<WaitingAlert> waiting_alerts(Time now) const;

  /// Since when an alert about the service, or (of an empty name) about the host itself, fires;
  /// nothing: none does.
  [[nodiscard]] std::optional<Time> firing_since(const ServiceName& service) const;

  /// What tocsin itself does next to get the service running again.
  [[nodiscard]] RecoveryPlan plan_recovery(const KnownService& service, Time now) const;

  /// Why nothing can be said of the service now; nothing: it is observed.
  [[nodiscard]] std::optional<Suppression> outage(const ServiceName& service) const;

  [[nodiscard]] const HostName& name() const { return name_; }
  [[nodiscard]] const TrackedHost& host() const { return host_; }
  [[nodiscard]] const KnownServices& services() const { return services_; }
  /// Null when they were never read.
  [[nodiscard]] std::shared_ptr<const ServiceDetails> details(const ServiceName& service) const;
  /// The patterns, for key names or display names, that find none of the services that are known
  /// now and that no entry before them has found. Not those that ask for a start mode.
  [[nodiscard]] std::vector<std::string> idle_patterns() const;
  /// The name for people, as the watchlist spells it where it does, and what it calls the service.
  [[nodiscard]] std::pair<ServiceName, std::string> names_of(const ServiceName& service) const;
  /// The entry of the watchlist by whose rules it is watched; null: by none.
  [[nodiscard]] const WatchedService* find_entry(const ServiceName& service) const;
  [[nodiscard]] const WatchedService* find_entry(const KnownService& service) const {
    return rules_.services.find_tracked(service.name, service.details.get());
  }
  [[nodiscard]] const HostPolicy& policy() const { return rules_.policy; }

 private:
  [[nodiscard]] Circumstances circumstances(const ServiceName& service, Time now) const;
  [[nodiscard]] HostCircumstances circumstances(Time now) const;
  [[nodiscard]] std::optional<Suppression> silence(const ServiceName& service, Time now) const;
  [[nodiscard]] std::optional<Suppression> ack(const ServiceName& service) const;
  /// What is known moves with a wall clock that was set, so that each wait lasts as long as it
  /// would have. What was stored and seems to be yet to come counts as now.
  void follow_clock(Now now);
  void note_pushed_fall(const ObservedService& pushed, Time now);
  /// Keeps what an observation says of services besides their states.
  void take_details(const ObservedServices& observed);
  /// The changes are in the order of the services' names.
  void take(std::vector<ServiceChange> changes, Time now, Outcome& outcome);
  void review_service(const ServiceName& name, const WatchedService& watched,
                      const TrackedService* previous, TrackedService& service,
                      const std::optional<Transition>& decided, Time now, Outcome& outcome);
  /// Ends the alert that fires, if one does, about a service that is about to be forgotten.
  void end_alert(const ServiceName& name, const TrackedService& service, Time now,
                 Outcome& outcome) const;
  void keep(ServiceChange change, const TrackedService* previous, Outcome& outcome);
  /// The entry of a service that has something to review; else null.
  [[nodiscard]] const WatchedService* find_open(const KnownService& service) const;
  void review_open(Time now, Outcome& outcome);
  [[nodiscard]] Alert make_alert(const ServiceName& service, const TrackedService& tracked,
                                 const WatchedService& watched, AlertDraft draft, Time now) const;
  [[nodiscard]] Alert make_alert(AlertDraft draft, Time now) const;
  [[nodiscard]] std::string what_is_wrong() const;
  /// The service that must run for this one to run, and does not; the deepest.
  [[nodiscard]] ServiceName find_cause(const ServiceName& service) const;

  HostName name_;
  Rules rules_;
  TrackedHost host_;
  KnownServices services_;
  SilenceOf silence_;
  AckOf ack_;
  RecoveryOf recovery_;
  KnownDetails
      details_of_others_;  ///< of those that the last observation brought and nobody watches
  ClockWatch clock_;
  std::map<ServiceName, Time> pushed_falls_;  ///< the services that fell by pushed changes lately
  bool at_rest_ = false;                      ///< but for the clock
};

}  // namespace tocsin
