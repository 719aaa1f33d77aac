// What MQTT costs: changes and states over one connection to a real mosquitto, which is started on
// a port of its own.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "net/loop.h"
#include "net/task_scope.h"
#include "net/tcp.h"
#include "notify/mqtt/mqtt.h"

namespace tocsin::notify {
namespace {

using namespace std::chrono_literals;

/// Killed at the end.
class Mosquitto {
 public:
  Mosquitto() {
    char pattern[] = "/tmp/tocsin-bench-XXXXXX";
    folder_ = mkdtemp(pattern);
    {
      net::Loop loop;
      port_ = net::TcpListener::open(loop.executor(), "127.0.0.1", 0)->port();
    }
    const auto file = folder_ / "mosquitto.conf";
    std::ofstream(file) << "listener " << port_ << " 127.0.0.1\nallow_anonymous true\n"
                        << "log_type none\n";
    std::string name = "mosquitto";
    std::string option = "-c";
    std::string path = file.string();
    char* arguments[] = {name.data(), option.data(), path.data(), nullptr};
    if (posix_spawnp(&process_, "mosquitto", nullptr, nullptr, arguments, environ) != 0)
      process_ = 0;
  }
  ~Mosquitto() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

config::Mqtt settings(std::uint16_t port) {
  return {.enabled = true,
          .broker_host = "127.0.0.1",
          .broker_port = port,
          .client_id = "bench",
          .stopped_topic = "bench/stopped",
          .service_status_topic = "bench/status"};
}

/// One round of 10,000 services.
std::vector<StatusReport> round_of(std::size_t services) {
  constexpr std::size_t kOfHost = 100;
  const auto details = std::make_shared<const ServiceDetails>(
      ServiceDetails{.display_name = "SQL Server (INSTANCE)",
                     .start_mode = StartMode::automatic,
                     .executable_path = R"(C:\Program Files\Microsoft SQL Server\sqlservr.exe)",
                     .dependencies = {"RPCSS"}});
  std::vector<StatusReport> reports;
  for (std::size_t host = 0; host < services / kOfHost; ++host) {
    StatusReport report{.host = HostName("host" + std::to_string(host)), .at = {}, .services = {}};
    for (std::size_t i = 0; i < kOfHost; ++i) {
      report.services.push_back({.name = ServiceName("MSSQL$" + std::to_string(i)),
                                 .friendly_name = "",
                                 .state = ServiceState::running,
                                 .details = details});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

struct Connected {
  explicit Connected(benchmark::State& state) {
    auto wanted = mqtt_settings(settings(broker.port()), "1", Use::once);
    wanted.backoff.first = 10ms;
    client = std::make_shared<net::MqttClient>(loop.executor(), std::move(wanted));
    for (int i = 0; i < 200; ++i) {
      if (loop.run_until_done(client->connect(net::within(5s)))) return;
      std::this_thread::sleep_for(20ms);
    }
    state.SkipWithError("mosquitto does not start");
  }

  Mosquitto broker;
  net::Loop loop;
  std::shared_ptr<net::MqttClient> client;
};

void states(benchmark::State& state) {
  Connected to(state);
  MqttStatusSink sink(settings(to.broker.port()), to.client);
  const auto reports = round_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const auto written = to.loop.run_until_done(sink.write(reports, net::within(30s)));
    if (!std::holds_alternative<Delivered>(written.answer)) state.SkipWithError("not delivered");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(states)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

/// As the dispatcher does it: so many at once, and the next when one is acknowledged.
void changes(benchmark::State& state) {
  constexpr std::size_t kAtOnce = 20;
  Connected to(state);
  MqttChannel channel(settings(to.broker.port()), to.client);
  Alert alert;
  alert.host = HostName("host");
  alert.service = ServiceName("MSSQL$INSTANCE");
  alert.from = ServiceState::running;
  alert.to = ServiceState::stopped;
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto deliver = [&](std::size_t& left) -> net::awaitable<void> {
    while (left > 0) {
      --left;
      const auto answer = co_await channel.deliver(alert, DeliveryId{"id"}, net::within(30s));
      if (!std::holds_alternative<Delivered>(answer)) state.SkipWithError("not delivered");
    }
  };
  for (auto _ : state) {
    to.loop.run_until_done([&]() -> net::awaitable<void> {
      net::TaskScope scope(to.loop.executor());
      std::size_t left = count;
      for (std::size_t i = 0; i < kAtOnce; ++i) scope.spawn(deliver(left));
      co_await scope.join();
    }());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(changes)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace tocsin::notify
