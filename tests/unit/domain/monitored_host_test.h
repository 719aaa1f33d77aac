// A host of pretend services, and what its checks bring.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/now.h"
#include "domain/monitored_host.h"

namespace tocsin {

inline constexpr Time kFirstCheck{Duration{1'700'000'000'000}};
inline constexpr HostPolicy kHostGrace{.grace = {.checks = 2, .time = std::chrono::seconds(30)}};
inline constexpr HostPolicy kStorm{.storm_wait = std::chrono::seconds(30)};

inline std::string subject(const Alert& alert) {
  return std::string(to_string(alert.kind)) + " " +
         (is_about_host(alert) ? "host" : alert.service.text());
}

class MonitoredHostTest : public testing::Test {
 protected:
  void watch(std::vector<WatchedService> services, HostPolicy policy = {}) {
    rules_ = {.services = Watchlist(std::move(services)), .policy = policy};
    monitored_.emplace(HostName("node1"), rules_, MonitoredHost::Known{},
                       [this](const ServiceName&, Time) { return silence_; });
  }
  /// What the service manager says from now on.
  void is(const char* name, ServiceState state, std::uint32_t process = 0,
          std::uint32_t exit_code = 0) {
    auto& seen = seen_[ServiceName(name)];
    seen.status = {.state = state,
                   .process_id = state == ServiceState::running
                                     ? (process == 0 ? next_process_++ : process)
                                     : 0,
                   .exit_code = exit_code};
    if (!seen.details) seen.details = std::make_shared<const ServiceDetails>();
  }
  void is_listed_no_more(const char* name) { seen_.erase(ServiceName(name)); }
  void has(const char* name, ServiceDetails details) {
    seen_[ServiceName(name)].details = std::make_shared<const ServiceDetails>(std::move(details));
  }
  void check(Duration after = std::chrono::seconds(10)) {
    now_ += after;
    std::vector<ObservedService> services;
    services.reserve(seen_.size());
    for (const auto& [name, seen] : seen_) services.push_back({name, seen.status, seen.details});
    note(monitored_->apply({HostName("node1"), at(), std::move(services)}));
  }
  /// A check that brings these services in that state, and the others as they were.
  void runs(std::initializer_list<const char*> names, Duration after = std::chrono::seconds(10)) {
    for (const auto* name : names) is(name, ServiceState::running);
    check(after);
  }
  void stops(std::initializer_list<const char*> names, Duration after = std::chrono::seconds(10)) {
    for (const auto* name : names) is(name, ServiceState::stopped);
    check(after);
  }
  void no_answer(Duration after = std::chrono::seconds(10)) {
    now_ += after;
    note(monitored_->apply(
        {HostName("node1"), at(), fail(ErrorKind::timed_out, "no answer within 5 s")}));
  }
  void says_shutdown(Duration after = std::chrono::seconds(10)) {
    now_ += after;
    note(monitored_->apply(
        {HostName("node1"), at(), fail(ErrorKind::unreachable, "it is shutting down", 1115)}));
  }
  void refuses_login(Duration after = std::chrono::seconds(10)) {
    now_ += after;
    note(monitored_->apply(
        {HostName("node1"), at(), fail(ErrorKind::login_refused, "the account is locked out")}));
  }
  void push(const char* name, ServiceState state, Duration after) {
    now_ += after;
    is(name, state);
    note(monitored_->apply_pushed({ServiceName(name), seen_[ServiceName(name)].status, {}}, at()));
  }
  /// Somebody sets the wall clock.
  void set_clock(Duration by) {
    now_ += by;
    set_by_ += by;
  }
  [[nodiscard]] Now at() const { return {now_, now_ - set_by_}; }
  void pass(Duration after) {
    now_ += after;
    note(monitored_->pass(at()));
  }
  /// Lets it run, then stop and start twice, every 20 s.
  void flap(const char* name) {
    runs({name});
    for (int i = 0; i < 2; i++) {
      stops({name}, std::chrono::seconds(20));
      runs({name}, std::chrono::seconds(20));
    }
  }
  /// What was notified since the last question: "stopped Spooler".
  std::vector<std::string> notified() {
    std::vector<std::string> words;
    for (const auto& alert : std::exchange(notified_, {})) words.push_back(subject(alert));
    return words;
  }
  /// What was suppressed: "stopped Spooler: its host has just started".
  std::vector<std::string> suppressed() {
    std::vector<std::string> words;
    for (const auto& alert : std::exchange(suppressed_, {}))
      words.push_back(subject(alert) + ": " + alert.suppressed);
    return words;
  }
  [[nodiscard]] const Alert& last() const { return all_.back(); }
  /// tocsin ends and starts again.
  void restart() {
    MonitoredHost::Known known{monitored_->host(), monitored_->services()};
    monitored_.emplace(HostName("node1"), rules_, std::move(known),
                       [this](const ServiceName&, Time) { return silence_; });
  }

  std::optional<Suppression> silence_;
  std::optional<MonitoredHost> monitored_;
  Time now_ = kFirstCheck;
  std::vector<Alert> all_;

 private:
  void note(MonitoredHost::Outcome outcome) {
    for (auto& alert : outcome.alerts) {
      all_.push_back(alert);
      (alert.suppressed.empty() ? notified_ : suppressed_).push_back(std::move(alert));
    }
  }

  struct Seen {
    ServiceStatus status;
    std::shared_ptr<const ServiceDetails> details;
  };
  Duration set_by_{};
  MonitoredHost::Rules rules_;
  std::map<ServiceName, Seen> seen_;
  std::vector<Alert> notified_;
  std::vector<Alert> suppressed_;
  std::uint32_t next_process_ = 100;
};

}  // namespace tocsin
