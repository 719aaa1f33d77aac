// A host whose rules change, and the alerts that its checks bring.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "domain/monitored_host.h"

namespace tocsin {

inline constexpr Time kFirstAlert{Duration{1'700'000'000'000}};

class EndedAlerts : public testing::Test {
 protected:
  using Services = std::map<std::string, ServiceState>;

  void watch(std::vector<WatchedService> services, HostPolicy policy = {}) {
    policy.storm_wait = {};
    MonitoredHost::Rules rules{.services = Watchlist(std::move(services)), .policy = policy};
    if (monitored_) return monitored_->set_rules(std::move(rules));
    begin(std::move(rules), {});
  }
  /// tocsin ends, and starts again with other rules.
  void restart_with(std::vector<WatchedService> services) {
    begin({.services = Watchlist(std::move(services)), .policy = {}},
          {monitored_->host(), monitored_->services()});
  }
  void check(const Services& services, Duration after = std::chrono::seconds(10)) {
    now_ += after;
    std::vector<ObservedService> seen;
    seen.reserve(services.size());
    for (const auto& [name, state] : services)
      seen.push_back({ServiceName(name),
                      {.state = state,
                       .process_id = state == ServiceState::running ? 7U : 0,
                       .exit_code = state == ServiceState::stopped ? exit_code_ : 0},
                      details_});
    note(monitored_->apply({HostName("node1"), now_, std::move(seen)}));
  }
  void no_answer(Duration after = std::chrono::minutes(1)) {
    now_ += after;
    note(monitored_->apply({HostName("node1"), now_, fail(ErrorKind::timed_out, "no answer")}));
  }
  void pass(Duration time) {
    now_ += time;
    note(monitored_->pass(now_));
  }
  void retire() { note(monitored_->retire(now_)); }
  /// What was notified since the last question: "stopped A", of a host "unreachable ".
  std::vector<std::string> notified() {
    std::vector<std::string> words;
    for (const auto& alert : std::exchange(notified_, {}))
      words.push_back(std::string(to_string(alert.kind)) + " " + alert.service.text());
    return words;
  }
  [[nodiscard]] const Alert& last() const { return last_; }

  std::optional<Suppression> silence_;
  Time acknowledged_at_ = Time::min();
  std::uint32_t exit_code_ = 0;                    ///< of what is stopped
  std::shared_ptr<const ServiceDetails> details_;  ///< of every service
  std::optional<MonitoredHost> monitored_;
  MonitoredHost::Outcome outcome_;
  Time now_ = kFirstAlert;

 private:
  void begin(MonitoredHost::Rules rules, MonitoredHost::Known known) {
    monitored_.emplace(
        HostName("node1"), std::move(rules), std::move(known),
        [this](const ServiceName&, Time) { return silence_; },
        [this](const ServiceName&, Time firing_since) {
          return firing_since <= acknowledged_at_ ? std::optional(Suppression{"acknowledged"})
                                                  : std::nullopt;
        });
  }
  void note(MonitoredHost::Outcome outcome) {
    for (const auto& alert : outcome.alerts) {
      if (!alert.suppressed.empty()) continue;
      notified_.push_back(alert);
      last_ = alert;
    }
    outcome_ = std::move(outcome);
  }

  std::vector<Alert> notified_;
  Alert last_;
};

/// What is wrong at its first sight is a baseline.
inline WatchedService quietly(const char* name, Duration repeat_every = {}) {
  return {.pattern = name,
          .policy = {.first_sight = FirstSight::quiet, .repeat_every = repeat_every}};
}

inline WatchedService expects(const char* name, Expected expected) {
  return {.pattern = name, .policy = {.expected = expected}};
}

}  // namespace tocsin
