#include "daemon/metrics.h"

#include <utility>

#include "base/error.h"

namespace tocsin::daemon {
namespace {

constexpr auto kOutcomes = all_values<DeliveryOutcome>();

constexpr std::string_view kChecks = "tocsin_checks_total";
constexpr std::string_view kChecksHelp =
    "Checks of a host by outcome: ok, or the reason why it was not reached.";
constexpr std::string_view kPushed = "tocsin_heard_total";
constexpr std::string_view kPushedHelp = "Service states that a host pushed between checks.";

double seconds(std::chrono::duration<double> duration) { return duration.count(); }

double as_number(auto count) { return static_cast<double>(count); }

std::size_t outcome_of(std::optional<ErrorKind> error) {
  return error ? std::size_t{1} + std::to_underlying(*error) : 0;
}

std::string_view outcome_word(std::size_t outcome) {
  return outcome == 0 ? "ok" : to_string(static_cast<ErrorKind>(outcome - 1));
}

}  // namespace

void Metrics::count_check(Host& host, std::optional<ErrorKind> error,
                          std::chrono::duration<double> took) {
  const auto outcome = outcome_of(error);
  host.checks_.at(outcome)++;
  checks_.at(outcome)++;
  host.took_ = took;
  check_durations_.add(took);
  if (error != ErrorKind::exhausted)  // which says nothing of the host
    host.reached_ = !error;
}

void Metrics::count_pushed(Host& host, std::size_t services) {
  host.pushed_ = host.pushed_.value_or(0) + services;
  pushed_ += services;
}

void Metrics::count_deliveries(const std::string& destination, DeliveryOutcome outcome,
                               std::size_t deliveries) {
  deliveries_[destination].at(std::to_underlying(outcome)) += deliveries;
}

void Metrics::count_reported(const std::string& destination, std::size_t services) {
  reported_[destination] += services;
}

void Metrics::count_unreported(const std::string& destination, std::size_t services) {
  unreported_[destination] += services;
}

void Metrics::count_commit(bool stored, std::chrono::duration<double> took) {
  commit_durations_.add(took);
  if (!stored) failed_commits_++;
}

void Metrics::count_reload(bool succeeded, Time at) {
  reload_succeeded_ = succeeded;
  if (succeeded) loaded_at_ = at;
}

std::string Metrics::text(const Gauges& now) const {
  MetricsText text;
  write_hosts(text);
  write_states(text, now);
  write_deliveries(text, now);
  write_own(text, now);
  return text.take();
}

void Metrics::write_hosts(MetricsText& text) const {
  text.counter(kChecks, kChecksHelp);
  if (!per_host_) {
    for (std::size_t outcome = 0; outcome < checks_.size(); outcome++) {
      if (const auto count = checks_.at(outcome); count > 0)
        text.add({{"outcome", outcome_word(outcome)}}, as_number(count));
    }
    text.counter(kPushed, kPushedHelp);
    text.add({}, as_number(pushed_));
    return;
  }
  // Once over all hosts, not once for each family: most of the time is waiting for their memory.
  MetricsText took;
  took.gauge("tocsin_check_seconds", "Duration of the last check of a host.");
  MetricsText reached;
  reached.gauge("tocsin_host_reached", "1 if the last check reached the host, 0 if not.");
  MetricsText pushed;
  pushed.counter(kPushed, kPushedHelp);
  for (const auto& [host, known] : hosts_) {
    const std::string_view name = host.text();
    for (std::size_t outcome = 0; outcome < known.checks_.size(); outcome++) {
      if (const auto count = known.checks_.at(outcome); count > 0)
        text.add({{"host", name}, {"outcome", outcome_word(outcome)}}, as_number(count));
    }
    if (known.took_) took.add({{"host", name}}, seconds(*known.took_));
    if (known.reached_) reached.add({{"host", name}}, *known.reached_ ? 1 : 0);
    if (known.pushed_) pushed.add({{"host", name}}, as_number(*known.pushed_));
  }
  for (auto* family : {&took, &reached, &pushed}) text.add(*family);
}

void Metrics::write_states(MetricsText& text, const Gauges& now) const {
  text.add("tocsin_check_duration_seconds", "Duration of the checks of all hosts.",
           check_durations_);
  text.gauge("tocsin_hosts",
             "Hosts by what their last check brought; unchecked: none since the start.");
  text.add({{"state", "reached"}}, as_number(now.reached));
  text.add({{"state", "unreached"}}, as_number(now.unreached));
  text.add({{"state", "unchecked"}}, as_number(now.unchecked));
  text.gauge("tocsin_services", "Watched services by state.");
  for (const auto state : all_values<ServiceState>())
    text.add({{"state", to_string(state)}}, as_number(now.services.at(web::index_of(state))));
  text.gauge("tocsin_open_alerts", "Alerts that fire, those that are suppressed too.");
  for (const auto about : all_values<About>())
    text.add({{"about", to_string(about)}}, as_number(now.open.at(std::to_underlying(about))));
}

void Metrics::write_deliveries(MetricsText& text, const Gauges& now) const {
  text.counter("tocsin_deliveries_total",
               "Deliveries by outcome; failed: attempts that will be repeated.");
  for (const auto& destination : now.destinations) {
    const auto found = deliveries_.find(destination.key);
    for (const auto outcome : kOutcomes) {
      const auto count =
          found == deliveries_.end() ? 0 : found->second.at(std::to_underlying(outcome));
      text.add({{"destination", destination.name}, {"outcome", to_string(outcome)}},
               as_number(count));
    }
  }
  const auto add_each = [&](auto figure) {
    for (const auto& destination : now.destinations) {
      if (destination.stored)
        text.add({{"destination", destination.name}}, figure(*destination.stored));
    }
  };
  text.gauge("tocsin_deliveries_waiting", "Deliveries that wait for a destination.");
  add_each([](const StoredDeliveries& stored) { return as_number(stored.waiting); });
  text.gauge("tocsin_oldest_waiting_delivery_seconds",
             "Age of the oldest delivery that waits for a destination; 0: none does.");
  add_each([](const StoredDeliveries& stored) { return seconds(stored.oldest); });
  text.gauge("tocsin_dead_letters", "Deliveries that a destination will never get by themselves.");
  add_each([](const StoredDeliveries& stored) { return as_number(stored.dead); });

  text.counter("tocsin_reported_total",
               "Service states that a destination of the status stream accepted.");
  for (const auto& [destination, count] : reported_)
    text.add({{"destination", destination}}, as_number(count));
  text.counter("tocsin_unreported_total",
               "Service states that a destination of the status stream refused, or that waited too "
               "long for it.");
  for (const auto& [destination, count] : unreported_)
    text.add({{"destination", destination}}, as_number(count));
}

void Metrics::write_own(MetricsText& text, const Gauges& now) const {
  text.counter("tocsin_recovery_attempts_total",
               "Attempts to get a service running again; succeeded: it ran after it.");
  text.add({{"outcome", "failed"}}, as_number(recoveries_.front()));
  text.add({{"outcome", "succeeded"}}, as_number(recoveries_.back()));
  const auto unix_seconds = [](Time at) { return seconds(at.time_since_epoch()); };
  text.add("tocsin_store_commit_seconds", "Duration of the transactions of the store.",
           commit_durations_);
  text.counter("tocsin_store_commit_failures_total", "Transactions that the store refused.");
  text.add({}, as_number(failed_commits_));
  text.gauge("tocsin_loop_lag_seconds", "How late the loop was when it was last measured.");
  text.add({}, seconds(now.loop_lag));
  text.gauge("tocsin_stuck_threads", "Threads waiting for a host that hangs.");
  text.add({}, as_number(now.stuck_threads));
  text.gauge("tocsin_lost_log_lines", "Log lines that could not be written.");
  text.add({}, as_number(now.lost_log_lines));
  text.gauge("tocsin_reload_success",
             "1 if the configuration was accepted when it was last read, 0 if not.");
  text.add({}, reload_succeeded_ ? 1 : 0);
  text.gauge("tocsin_reload_timestamp_seconds", "When a configuration was last accepted.");
  text.add({}, unix_seconds(loaded_at_));
  text.gauge("tocsin_start_time_seconds", "When tocsin started.");
  text.add({}, unix_seconds(now.started));
  text.gauge("tocsin_build_info", "1; the version is a label.");
  text.add({{"version", now.version}}, 1);
}

}  // namespace tocsin::daemon
