// What durability costs: commits of checks in groups, and opening a store with much history.
#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "store/store.h"

namespace tocsin::store {
namespace {

constexpr Time kNow{Duration{1'700'000'000'000}};

/// A directory on the disk that holds the build, so that syncing is what it is.
class Scratch {
 public:
  Scratch() { std::filesystem::remove_all(path_); }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] Store open() const {
    auto store = Store::open(path_);
    if (!store) throw std::runtime_error(store.error().what);
    return *std::move(store);
  }

 private:
  std::filesystem::path path_ = std::filesystem::current_path() / "store_bench_data";
};

/// One service changed, one alert, one delivery.
Commit make_commit(std::int64_t number) {
  const auto id = std::to_string(number);
  const Alert alert{.id = {"018bcfe5-6800-7000-8000-" + id},
                    .at = kNow,
                    .kind = TransitionKind::stopped,
                    .host = HostName("host" + std::to_string(number % 1000)),
                    .service = ServiceName("Service" + std::to_string(number % 8)),
                    .details = {.display_name = "Some service of some vendor",
                                .executable_path = R"(C:\Program Files\Vendor\service.exe -k run)",
                                .dependencies = {"RPCSS"}},
                    .from = ServiceState::running,
                    .to = ServiceState::stopped,
                    .reason = "exit code 1067"};
  return {.states = {{.host = alert.host, .service = alert.service, .state = {}}},
          .alerts = {alert},
          .deliveries = {{.id = {"018bcfe5-6800-7000-9000-" + id},
                          .destination = "webhook:0b3c",
                          .alert = alert,
                          .created = kNow}}};
}

std::vector<Commit> make_commits(std::int64_t& number, std::int64_t count) {
  std::vector<Commit> commits;
  commits.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; i++) commits.push_back(make_commit(number++));
  return commits;
}

void commit_in_groups_of(benchmark::State& state) {
  const Scratch scratch;
  auto store = scratch.open();
  std::int64_t number = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto commits = make_commits(number, state.range(0));
    state.ResumeTiming();
    if (!store.commit(commits)) state.SkipWithError("not committed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(commit_in_groups_of)->Arg(1)->Arg(100)->Arg(400)->UseRealTime();

void open_with_alerts(benchmark::State& state) {
  const Scratch scratch;
  std::int64_t number = 0;
  for (auto store = scratch.open(); number < state.range(0);) {
    auto commits = make_commits(number, 1000);
    if (!store.commit(commits)) state.SkipWithError("not committed");
  }
  for (auto _ : state) {
    auto store = scratch.open();
    benchmark::DoNotOptimize(store.load_states());
  }
}
BENCHMARK(open_with_alerts)->Arg(1000)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin::store
