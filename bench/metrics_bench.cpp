// What a scrape of a fleet costs the loop: the text of /metrics for 10,000 hosts.
#include <chrono>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "daemon/metrics.h"

namespace {

using tocsin::HostName;

constexpr int kHosts = 10'000;

tocsin::daemon::Metrics fleet() {
  tocsin::daemon::Metrics metrics;
  for (int i = 0; i < kHosts; i++) {
    const HostName host(fmt::format("server{:05}.example.com", i));
    const std::chrono::duration<double> took(0.01 + i * 1.234567e-5);
    auto& figures = metrics.of(host);
    for (const auto outcome :
         {std::optional<tocsin::ErrorKind>(), std::optional(tocsin::ErrorKind::timed_out)})
      metrics.count_check(figures, outcome, took);
    metrics.count_pushed(figures, 3);
  }
  return metrics;
}

/// Goal: at most 20 ms.
void text_of_10000_hosts(benchmark::State& state) {
  auto metrics = fleet();
  metrics.set_per_host(state.range(0) != 0);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = metrics.text({}).size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(text_of_10000_hosts)->ArgName("perHost")->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond);

}  // namespace
