// A pretend Windows host, a relay in front of it, and a probe that checks it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "config/monitored/credentials.h"
#include "config/monitored/host.h"
#include "kit/frame_relay.h"
#include "kit/smb2_peers.h"
#include "net/loop.h"
#include "probe/smb/smb_probe.h"
#include "simulate/fleet.h"

namespace tocsin::probe {

/// Long enough for the slowest machine; what passes does not wait for it.
inline net::Deadline soon() { return net::within(std::chrono::seconds(60)); }

class PretendHostTest : public testing::Test {
 protected:
  ~PretendHostTest() override { stop(); }

  /// A host; the one before it is gone.
  void start(simulate::FleetOptions fleet = {.services = 20}) {
    stop();
    fleet.name = "node";
    scope_ = std::make_unique<net::TaskScope>(loop.executor());
    fleet_ = std::make_unique<simulate::Fleet>(std::move(fleet), clock, kit::counting_random());
    const auto started = fleet_->start(*scope_, loop.executor());
    ASSERT_TRUE(started) << started.error().what;
    relay = std::make_unique<kit::FrameRelay>(*scope_, loop.executor(), connector_,
                                              fleet_->endpoints()[0].port);
    host.name = HostName("node");
    host.address = "127.0.0.1";
    host.port = relay->port();
    set_password("tocsin");
  }
  void set_password(const std::string& password, const std::string& user = "monitor") {
    host.credentials = std::make_shared<config::Credentials>(
        config::Credentials{.name = "x", .username = user, .password = Secret(password)});
  }
  /// From now on a new probe watches these names and patterns.
  void watch(const std::vector<std::string>& patterns) {
    std::vector<WatchedService> services;
    services.reserve(patterns.size());
    for (const auto& pattern : patterns) services.push_back({.pattern = pattern});
    watch(Watchlist(std::move(services)));
  }
  void watch(Watchlist services) {
    host.services = std::move(services);
    probe = make_smb_probe(host, options, connector_, kit::counting_random(), clock);
  }
  void happen(simulate::Happening what) {
    const auto done = fleet_->apply({.host = "node", .what = std::move(what)});
    ASSERT_TRUE(done) << done.error().what;
  }
  void happen(simulate::Action action, const std::string& service) {
    happen(simulate::ServiceEvent{action, ServiceName(service)});
  }

  /// The states, and what is known of details.
  Result<std::vector<ObservedService>> check_states(net::Deadline deadline = soon()) {
    return loop.run_until_done(probe->check(deadline));
  }
  Result<KnownDetails> read_details(net::Deadline deadline = soon()) {
    return loop.run_until_done(probe->read_details(probe->due_details(), deadline));
  }
  /// With the details that are due.
  Result<std::vector<ObservedService>> check() {
    auto seen = check_states();
    if (!seen) return seen;
    auto details = read_details();
    if (!details) return std::unexpected(details.error());
    for (auto& service : *seen)
      if (const auto found = details->find(service.name); found != details->end())
        service.details = found->second;
    return seen;
  }
  /// The states by name; each service once, or the test fails.
  std::map<std::string, ServiceState> states() {
    std::map<std::string, ServiceState> states;
    const auto seen = check();
    if (!seen) {
      ADD_FAILURE() << to_string(seen.error().kind) << ": " << seen.error().what;
      return states;
    }
    for (const auto& service : *seen)
      EXPECT_TRUE(states.emplace(service.name.text(), service.status.state).second)
          << service.name.text() << " twice";
    return states;
  }
  /// The requests that the next check takes.
  std::size_t requests_of_a_check() {
    relay->reset_counts();
    states();
    return relay->requests();
  }

  net::Loop loop;
  ManualClock clock;
  config::Host host;
  SmbProbeOptions options;
  std::unique_ptr<kit::FrameRelay> relay;
  std::unique_ptr<Probe> probe;

 private:
  void stop() {
    if (!scope_) return;
    scope_->cancel();
    loop.run_until_done(scope_->join());
  }

  net::Connector connector_{loop.executor()};
  std::unique_ptr<net::TaskScope> scope_;
  std::unique_ptr<simulate::Fleet> fleet_;
};

}  // namespace tocsin::probe
