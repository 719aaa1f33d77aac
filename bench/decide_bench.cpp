// What a decision costs: for one service, and for a host of which nothing or one service has
// changed; what its names cost.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "domain/monitored_host.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr ServiceStatus kRunning{.state = ServiceState::running, .process_id = 100};
constexpr ServiceStatus kStopped{.state = ServiceState::stopped};
constexpr Time kStart{Duration{1'700'000'000'000}};

void one_service_unchanged(benchmark::State& state) {
  const auto tracked = decide(nullptr, kRunning, Policy{}, kStart).next;
  for (auto _ : state) benchmark::DoNotOptimize(decide(&tracked, kRunning, Policy{}, kStart + 1s));
}
BENCHMARK(one_service_unchanged);

void one_service_stopped(benchmark::State& state) {
  const auto tracked = decide(nullptr, kRunning, Policy{}, kStart).next;
  for (auto _ : state) benchmark::DoNotOptimize(decide(&tracked, kStopped, Policy{}, kStart + 1s));
}
BENCHMARK(one_service_stopped);

/// A host of so many services, each named in the watchlist, all of which run.
class PretendHost {
 public:
  explicit PretendHost(std::int64_t services) {
    std::vector<WatchedService> watched;
    for (std::int64_t i = 0; i < services; i++) {
      const auto name = "Service" + std::to_string(1000 + i);
      watched.push_back({.pattern = name, .policy = {.flapping = {.start = 0}}});
      seen_.push_back({ServiceName(name), kRunning, nullptr});
    }
    watchlist_ = Watchlist(std::move(watched));
  }

  [[nodiscard]] const Watchlist& watchlist() const { return watchlist_; }
  [[nodiscard]] Observation all_run() const { return {HostName("host"), kStart, seen_}; }
  [[nodiscard]] Observation one_stopped() const {
    auto seen = seen_;
    seen[seen.size() / 2].status = kStopped;
    return {HostName("host"), kStart, std::move(seen)};
  }
  /// As it is after two checks.
  [[nodiscard]] MonitoredHost monitored() const {
    MonitoredHost host(HostName("host"), {.services = watchlist_, .policy = {}}, {});
    for (int i = 0; i < 2; i++) (void)host.apply(all_run());
    return host;
  }

 private:
  Watchlist watchlist_;
  std::vector<ObservedService> seen_;
};

void host_unchanged(benchmark::State& state) {
  const PretendHost pretend(state.range(0));
  const auto observation = pretend.all_run();
  const auto host = pretend.monitored();
  for (auto _ : state)
    benchmark::DoNotOptimize(decide(host.services(), observation, pretend.watchlist()));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(host_unchanged)->Arg(8)->Arg(60)->Arg(250);

void host_applied_unchanged(benchmark::State& state) {
  const PretendHost pretend(state.range(0));
  const auto observation = pretend.all_run();
  auto host = pretend.monitored();
  for (auto _ : state) benchmark::DoNotOptimize(host.apply(observation));
}
BENCHMARK(host_applied_unchanged)->Arg(60)->Arg(250);

void host_applied_changed(benchmark::State& state) {
  const PretendHost pretend(state.range(0));
  const std::vector observations{pretend.one_stopped(), pretend.all_run()};
  auto host = pretend.monitored();
  std::size_t check = 0;
  for (auto _ : state) benchmark::DoNotOptimize(host.apply(observations[check++ % 2]));
}
BENCHMARK(host_applied_changed)->Arg(60)->Arg(250);

void observation_sorted(benchmark::State& state) {
  const auto services = PretendHost(state.range(0)).all_run().services.value();
  const std::vector<ObservedService> listed(services.begin(), services.end());
  for (auto _ : state) benchmark::DoNotOptimize(ObservedServices(listed));
}
BENCHMARK(observation_sorted)->Arg(60)->Arg(250);

void name_made(benchmark::State& state) {
  const ServiceName kept("Service1000");
  for (auto _ : state) benchmark::DoNotOptimize(ServiceName("Service1000"));
}
BENCHMARK(name_made);

void name_copied(benchmark::State& state) {
  const ServiceName name("Service1000");
  for (auto _ : state) {
    auto copy = name;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(name_copied);

}  // namespace
}  // namespace tocsin
