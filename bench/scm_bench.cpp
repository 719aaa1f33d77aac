// What a check of this machine's services costs beside the bare call of Windows. Watches all
// services whose names begin with "bench"; bench/wine.py makes them.
#include "platform/windows.h"

#include <winsvc.h>

#include <benchmark/benchmark.h>

#include "probe/scm/session.h"

namespace tocsin::probe::scm {
namespace {

void bare_call(benchmark::State& state) {
  const auto manager =
      OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
  std::vector<BYTE> buffer;
  DWORD count = 0;
  DWORD needed = 0;
  const auto call = [&] {
    DWORD resume = 0;
    return EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
                                 buffer.data(), static_cast<DWORD>(buffer.size()), &needed, &count,
                                 &resume, nullptr) != FALSE;
  };
  while (!call()) buffer.resize(buffer.size() + needed);  // as small as it can be: so it is fastest
  for (auto turn : state)
    if (!call()) return state.SkipWithError("EnumServicesStatusExW fails");
  CloseServiceHandle(manager);
  state.counters["services"] = count;
}
BENCHMARK(bare_call)->UseRealTime()->Unit(benchmark::kMillisecond);

void check(benchmark::State& state) {
  const Watchlist watchlist({{.pattern = "bench*"}});
  Session session(this_system(), {.name = HostName("here"), .machine = "", .watchlist = watchlist},
                  {});
  const Time now{std::chrono::hours(500'000)};
  std::size_t count = 0;
  for (int i = 0; i < 2; i++) count = session.check(now)->size();
  for (auto turn : state) benchmark::DoNotOptimize(session.check(now));
  state.counters["services"] = static_cast<double>(count);
}
BENCHMARK(check)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin::probe::scm
