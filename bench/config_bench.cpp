// How long a configuration of 10,000 hosts with 50 services each takes to load, and how much
// memory: its peak, the process included.
#include <cstdint>
#include <fstream>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "config/load.h"

namespace {

constexpr int kHosts = 10'000;
constexpr int kServices = 50;
constexpr int kSets = 5;

/// Five sets of ten services, and the hosts that `monitor` says.
std::string configuration(const std::string& monitor) {
  std::string text =
      "tocsin:\n  serviceMonitor:\n"
      "    credentials: [{name: main, username: 'CORP\\user', password: secret}]\n"
      "    policy: {grace: {checks: 2}}\n    serviceSets:\n";
  for (int set = 0; set < kSets; set++) {
    text += fmt::format("      - name: set{}\n        services:\n", set);
    for (int service = 0; service < kServices / kSets; service++)
      text += fmt::format("          - {{name: Service{}x{}, friendlyName: A service}}\n", set,
                          service);
  }
  return text + "    monitor:\n" + monitor +
         "    alertDestination: {webhook: {enable: true}}\n"
         "  webhookNotification:\n    serviceMonitor:\n"
         "      webhooks: [{webhookURL: 'https://desk.example/hook'}]\n";
}

constexpr auto kSetsOfAHost = "sets: [set0, set1, set2, set3, set4]";

/// The most memory that the process has had since reset_peak(), in MB; 0 where the system does not
/// say.
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes / 1024;
  }
  return 0;
}

void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

void load(benchmark::State& state, const std::string& text, std::size_t hosts) {
  reset_peak();
  for (auto _ : state) {
    const auto loaded = tocsin::config::parse(text, "bench.yaml", "/nonexistent", {});
    if (!loaded.config || loaded.config->hosts.size() != hosts) {
      state.SkipWithError("the configuration is not right");
      return;
    }
  }
  state.counters["peak_MB"] = peak_megabytes();
  state.counters["file_KB"] = static_cast<double>(text.size()) / 1024;
}

void by_range(benchmark::State& state) {
  load(state,
       configuration(fmt::format("      - {{host: 'node[1-{}]', {}}}\n", kHosts, kSetsOfAHost)),
       kHosts);
}

void written_out(benchmark::State& state) {
  std::string monitor;
  for (int host = 0; host < kHosts; host++)
    monitor += fmt::format("      - host: node{}\n        {}\n", host, kSetsOfAHost);
  load(state, configuration(monitor), kHosts);
}

/// Nothing can be shared: every host says something of its own about the rules.
void written_out_with_policies(benchmark::State& state) {
  std::string monitor;
  for (int host = 0; host < kHosts; host++)
    monitor +=
        fmt::format("      - host: node{}\n        {}\n        policy: {{repeatEvery: {}}}\n", host,
                    kSetsOfAHost, host);
  load(state, configuration(monitor), kHosts);
}

/// As files were before there were sets; 8 services, so that they fit into the limit.
void written_out_with_services(benchmark::State& state) {
  std::string monitor;
  for (int host = 0; host < kHosts; host++) {
    monitor += fmt::format("      - host: node{}\n        services:\n", host);
    for (int service = 0; service < 8; service++)
      monitor += fmt::format(
          "          - name: QlikSenseRepositoryService{}\n            "
          "friendlyName: Repository {}\n",
          service, service);
  }
  load(state, configuration(monitor), kHosts);
}

BENCHMARK(by_range)->Unit(benchmark::kMillisecond);
BENCHMARK(written_out)->Unit(benchmark::kMillisecond);
BENCHMARK(written_out_with_services)->Unit(benchmark::kMillisecond);
BENCHMARK(written_out_with_policies)->Unit(benchmark::kMillisecond);

}  // namespace
