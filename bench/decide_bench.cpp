// What a decision costs: for one service, and for a host of which nothing has changed.
#include <chrono>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "domain/decide.h"

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

void host_unchanged(benchmark::State& state) {
  std::vector<WatchedService> watched;
  std::vector<ObservedService> seen;
  for (int i = 0; i < state.range(0); i++) {
    const auto name = "Service" + std::to_string(i);
    watched.push_back({.pattern = name});
    seen.push_back({ServiceName(name), kRunning, nullptr});
  }
  const Watchlist watchlist(std::move(watched));
  const Observation observation{HostName("host"), kStart, std::move(seen)};
  KnownServices tracked;
  for (const auto& change : decide(tracked, observation, watchlist))
    tracked[change.name].tracked = change.next;
  for (auto _ : state) benchmark::DoNotOptimize(decide(tracked, observation, watchlist));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(host_unchanged)->Arg(8)->Arg(250);

}  // namespace
}  // namespace tocsin
