// bench_history DIRECTORY [PART]: what the history takes on the disk, and how fast it is read.
// Writes 90 days of 10,000 hosts (of one PART-th of them, by default 20) with 50 services and 5
// changes a day each through the store, then 600 alerts of each with two deliveries, and reads
// pages and timelines.
#include <chrono>
#include <cstdlib>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/reader.h"
#include "store/store.h"

namespace tocsin::store {
namespace {

using namespace std::chrono_literals;

constexpr Time kBegin{Duration{1'700'000'000'000}};
constexpr std::uint32_t kHosts = 10'000;
constexpr std::uint32_t kServices = 50;
constexpr std::uint32_t kDays = 90;
constexpr std::uint32_t kChangesADay = 5;
constexpr std::uint32_t kAlertsOfAHost = 600;
constexpr std::uint32_t kAtOnce = 1000;

template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().what);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

HostName host(std::uint32_t number) {
  return HostName(fmt::format("qs-node{}.example.com", number));
}
ServiceName service(std::uint32_t number) {
  return ServiceName(fmt::format("QlikSenseService{}", number));
}

StateChange change(std::uint32_t host_number, std::uint32_t service_number, ServiceState state,
                   Time at) {
  return {.host = host(host_number),
          .service = service(service_number),
          .state = {.seen = {.state = state, .process_id = 4711},
                    .settled_since = at,
                    .since = at,
                    .settled = state}};
}

class Writer {
 public:
  Writer(const std::string& directory, std::uint32_t hosts)
      : directory_(directory), hosts_(hosts), store_(must(Store::open(directory))) {
    must(store_.begin_run(kBegin));
  }

  void see_first() {
    for (std::uint32_t i = 0; i < hosts_; i++) {
      Commit commit{.at = kBegin};
      for (std::uint32_t j = 0; j < kServices; j++)
        commit.states.push_back(change(i, j, ServiceState::running, kBegin));
      must(store_.commit({&commit, 1}));
    }
  }

  /// In the order of time: hosts and services by chance, each changes to and fro.
  std::size_t see_changes() {
    const std::size_t count = std::size_t{hosts_} * kDays * kChangesADay;
    const Duration gap = Duration(std::chrono::days(kDays)) / static_cast<std::int64_t>(count);
    std::vector<bool> stopped(std::size_t{hosts_} * kServices);
    std::vector<Commit> commits;
    Time at = kBegin;
    for (std::size_t i = 0; i < count; i++, at += gap) {
      const std::uint32_t number = any_service();
      stopped[number].flip();
      const auto state = stopped[number] ? ServiceState::stopped : ServiceState::running;
      commits.push_back({.at = at});
      commits.back().states.push_back(change(number / kServices, number % kServices, state, at));
      if (commits.size() < kAtOnce && i + 1 < count) continue;
      must(store_.commit(commits));
      commits.clear();
    }
    must(store_.note_alive(at));
    return count;
  }

  std::size_t alert() {
    const std::uint32_t count = hosts_ * kAlertsOfAHost;
    std::vector<Commit> commits;
    std::vector<DeliveryUpdate> ended;
    for (std::uint32_t i = 0; i < count; i++) {
      const std::uint32_t number = any_service();
      const Time at = kBegin + Duration(std::chrono::days(kDays)) / count * i;
      const Alert alert{.id = {fmt::format("018bcfe5-6800-7000-8000-{:012}", i)},
                        .at = at,
                        .kind = TransitionKind::stopped,
                        .host = host(number / kServices),
                        .service = service(number % kServices),
                        .details = {.display_name = "Some service of some vendor",
                                    .start_mode = StartMode::automatic,
                                    .executable_path = R"(C:\Program Files\Vendor\service.exe)",
                                    .dependencies = {"RPCSS"}},
                        .from = ServiceState::running,
                        .to = ServiceState::stopped,
                        .reason = "exit code 1067"};
      commits.push_back({.alerts = {alert}});
      for (const auto* destination : {"email:0b3c1d2e", "slack:1c4d2e3f"}) {
        const DeliveryId id{fmt::format("018bcfe5-6800-7000-{}-{:012}", destination[0], i)};
        commits.back().deliveries.push_back(
            {.id = id, .destination = destination, .alert = alert, .created = at});
        const auto state = i % 100 == 0 ? DeliveryState::dead : DeliveryState::delivered;
        if (i % 1000 != 1)
          ended.push_back({.id = id, .state = state, .attempts = 1, .at = at, .detail = "250 ok"});
      }
      if (commits.size() < kAtOnce && i + 1 < count) continue;
      must(store_.commit(commits));
      must(store_.update(ended));
      commits.clear();
      ended.clear();
    }
    return count;
  }

  [[nodiscard]] std::uint64_t size() const { return must(must(Reader::open(directory_)).size()); }

 private:
  std::uint32_t any_service() {
    return std::uniform_int_distribution<std::uint32_t>(0, hosts_ * kServices - 1)(random_);
  }

  std::string directory_;
  std::uint32_t hosts_;
  Store store_;
  std::mt19937 random_{1};  // NOLINT(cert-msc51-cpp,cert-msc32-c): the same each time
};

template <typename F>
void time(std::string_view what, F work) {
  const auto begun = std::chrono::steady_clock::now();
  const std::size_t found = work();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
  fmt::print("{:45} {:8.1f} ms, {} found\n", what, took.count(), found);
}

void read(const std::string& directory) {
  auto reader = must(Reader::open(directory));
  const auto alerts = [&](const AlertQuery& query) {
    return must(reader.alerts(query)).alerts.size();
  };
  const auto deliveries = [&](const DeliveryQuery& query) {
    return must(reader.deliveries(query)).deliveries.size();
  };
  const Time end = kBegin + std::chrono::days(kDays);
  time("alerts, the latest", [&] { return alerts({}); });
  time("alerts, a page in the middle",
       [&] { return alerts({.before = AlertPlace{kBegin + std::chrono::days(kDays) / 2, 1}}); });
  time("alerts of a host", [&] { return alerts({.host = host(7)}); });
  time("alerts of a pattern", [&] { return alerts({.host = HostName("*node7.*")}); });
  time("alerts of a pattern that finds none", [&] { return alerts({.host = HostName("x*")}); });
  time("deliveries, the latest", [&] { return deliveries({}); });
  time("deliveries, dead", [&] { return deliveries({.state = DeliveryState::dead}); });
  time("deliveries, dead of one destination",
       [&] { return deliveries({.state = DeliveryState::dead, .destination = "slack:1c4d2e3f"}); });
  time("deliveries, delivered", [&] { return deliveries({.state = DeliveryState::delivered}); });
  time("deliveries, pending", [&] { return deliveries({.state = DeliveryState::pending}); });
  time("destinations", [&] { return must(reader.destinations()).size(); });
  time("counts of deliveries", [&] { return must(reader.delivery_counts()).dead; });
  time("timeline of a day", [&] {
    return must(reader.timeline({.host = host(7), .from = end - 24h, .to = end})).size();
  });
  time("timeline of all days",
       [&] { return must(reader.timeline({.host = host(7), .from = kBegin, .to = end})).size(); });
}

void prune(const std::string& directory) {
  auto store = must(Store::open(directory));
  std::size_t steps = 0;
  std::chrono::steady_clock::duration longest{};
  time("removing the older half, in steps", [&] {
    for (std::int64_t after = 0; steps == 0 || after > 0; steps++) {
      const auto begun = std::chrono::steady_clock::now();
      after = must(store.prune_seen(kBegin + std::chrono::days(kDays) / 2, after));
      longest = std::max(longest, std::chrono::steady_clock::now() - begun);
    }
    return steps;
  });
  fmt::print("  the longest step {:.1f} ms\n",
             std::chrono::duration<double, std::milli>(longest).count());
}

void run(const std::string& directory, std::uint32_t part) {
  const auto hosts = kHosts / part;
  const auto begun = std::chrono::steady_clock::now();
  Writer writer(directory, hosts);
  writer.see_first();
  const auto first = writer.size();
  fmt::print("{} hosts with {} services, seen once: {} MB\n", hosts, kServices, first / 1'000'000);
  const auto count = writer.see_changes();
  const auto all = writer.size();
  fmt::print("{} changes in {} days: {} MB more, {:.1f} bytes each; written in {:.0f} s\n", count,
             kDays, (all - first) / 1'000'000,
             static_cast<double>(all - first) / static_cast<double>(count),
             std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  fmt::print("all of it for {} hosts: {} MB\n", kHosts, all * part / 1'000'000);
  const auto alerts = writer.alert();
  fmt::print("{} alerts with two deliveries: {} bytes each\n", alerts,
             (writer.size() - all) / alerts);
}

}  // namespace
}  // namespace tocsin::store

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench_history DIRECTORY [PART]\n");
    return 2;
  }
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  const int part = argc > 2 ? std::atoi(arguments[2]) : 20;
  tocsin::store::run(arguments[1], static_cast<std::uint32_t>(std::max(part, 1)));
  tocsin::store::read(arguments[1]);
  tocsin::store::prune(arguments[1]);
}
