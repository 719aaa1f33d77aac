// What a round costs that goes to InfluxDB: 10,000 states as lines, compressed, and posted to a
// local server. Times are CPU of the whole process, the client's thread included.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>

#include "logins/logins.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "no_content_server.h"
#include "notify/influx/influx.h"
#include "notify/messages.h"
#include "wire/gzip.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kHosts = 200;
constexpr std::size_t kServices = 50;

/// 200 hosts with 50 services each.
std::vector<StatusReport> a_round() {
  std::vector<StatusReport> reports;
  for (std::size_t h = 0; h < kHosts; h++) {
    StatusReport report{.host = HostName("qs-node" + std::to_string(h)),
                        .at = Time(std::chrono::milliseconds(1'764'000'000'000 + h))};
    for (std::size_t s = 0; s < kServices; s++) {
      ServiceDetails details;
      details.display_name = "Qlik Sense Service Dispatcher " + std::to_string(s);
      details.start_mode = StartMode::automatic;
      report.services.push_back(
          {.name = ServiceName("QlikSenseServiceDispatcher" + std::to_string(s)),
           .friendly_name = "",
           .state = s % 10 == 0 ? ServiceState::stopped : ServiceState::running,
           .details = std::make_shared<const ServiceDetails>(std::move(details))});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

influx::Lines lines_of(const std::vector<StatusReport>& reports) {
  const InfluxPoints points({});
  influx::Lines lines;
  for (const auto& report : reports) points.append(report, lines);
  return lines;
}

void influx_lines(benchmark::State& state) {
  const auto reports = a_round();
  for (auto _ : state) benchmark::DoNotOptimize(lines_of(reports));
  state.SetItemsProcessed(state.iterations() * std::int64_t{kHosts * kServices});
}
BENCHMARK(influx_lines)->Unit(benchmark::kMillisecond);

void influx_gzip(benchmark::State& state) {
  const auto text = lines_of(a_round()).text();
  std::size_t size = 0;
  for (auto _ : state) size = gzip(text).size();
  state.counters["bytes"] = static_cast<double>(text.size());
  state.counters["compressed"] = static_cast<double>(size);
}
BENCHMARK(influx_gzip)->Unit(benchmark::kMillisecond);

/// The server's share is in the process' CPU time too: it only receives.
void influx_round(benchmark::State& state) {
  const bench::NoContentServer server;
  net::Loop loop;
  net::HttpClient client(loop.executor());
  config::InfluxDb settings{.enabled = true, .url = server.url()};
  settings.database = "bench";
  Messages messages;
  const SystemClock clock;
  logins::Logins logins({.executor = loop.executor(), .clock = clock, .random = {}});
  Influx sink(settings, {.executor = loop.executor(),
                         .http = client,
                         .version = "1",
                         .messages = messages,
                         .logins = logins,
                         .clock = clock});
  const auto reports = a_round();
  for (auto _ : state) {
    const auto written =
        loop.run_until_done(sink.write(reports, net::within(std::chrono::seconds(30))));
    if (!std::holds_alternative<Delivered>(written.answer)) state.SkipWithError("not delivered");
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{kHosts * kServices});
}
BENCHMARK(influx_round)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace
}  // namespace tocsin::notify
