#include "cli/ask_hosts.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/try.h"
#include "cli/load.h"
#include "daemon/control.h"
#include "daemon/credentials.h"
#include "daemon/probes.h"
#include "logins/logins.h"
#include "net/loop.h"
#include "net/semaphore.h"
#include "net/task_scope.h"
#include "platform/permissions.h"
#include "platform/process.h"
#include "store/logins.h"
#include "store/store.h"

namespace tocsin::cli {
namespace {

constexpr auto kLogOffLimit = std::chrono::seconds(1);
constexpr std::size_t kHostsAtOnce = 256;

/// The memory of refused logins, which `run` has too.
class LoginMemory {
 public:
  explicit LoginMemory(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Nothing where nothing was ever stored, or is not to be read.
  std::vector<logins::StoredLogin> load() {
    auto stored = store::Logins::open(directory_);
    auto records = stored ? stored->load() : Result<std::vector<logins::StoredLogin>>();
    return std::move(records).value_or(std::vector<logins::StoredLogin>());
  }
  Result<> save(std::span<const logins::StoredLogin> records) {
    auto stored = store::Logins::open(directory_);
    if (!stored) {
      // Begins a store that `run` will go on with.
      TRY(auto begun, store::Store::open(directory_));
      if (const auto& lack = begun.lack_of_disk()) return std::unexpected(*lack);
      platform::give_to_owner(directory_, store::kFiles);
      stored = store::Logins::open(directory_);
    }
    if (!stored) return fail(std::move(stored));
    return stored->save(records);
  }

 private:
  std::filesystem::path directory_;
};

/// Says which credentials will not be tried, or forgets their refusals.
void check_suspects(std::span<const config::Host> hosts, logins::Logins& logins, bool force) {
  std::map<std::string, logins::Suspension> suspects;
  for (const auto& host : hosts) {
    if (!host.credentials) continue;
    auto& gate = daemon::gate_of(logins, *host.credentials, 1);
    if (force) gate.waive_pauses();
    if (auto suspension = gate.find_suspension(host.name))
      suspects.insert_or_assign(gate.name(), *std::move(suspension));
  }
  for (const auto& [name, suspension] : suspects)
    complain(
        fmt::format("{} is suspect and is not tried before {}, to avoid locking the account: {}; "
                    "correct it, or try it once more with --force",
                    name, local_time(suspension.until), suspension.reason));
}

/// Works with logins that are remembered.
using Work = std::function<net::awaitable<void>(net::Loop& loop, daemon::Probes& probes)>;

void log_in_to(std::span<const config::Host> hosts, const AskOptions& options, const Work& work) {
  platform::allow_many_files();
  LoginMemory memory(options.data_directory);
  net::Loop loop;
  loop.run_until_done([&]() -> net::awaitable<void> {
    const SystemClock clock;
    const auto save = [&](std::vector<logins::StoredLogin> records) -> net::awaitable<Result<>> {
      auto saved = memory.save(records);
      if (!saved)
        complain("a refused login could not be stored, so the next command may try it again: " +
                 saved.error().what);
      co_return saved;
    };
    logins::Logins logins({.executor = loop.executor(),
                           .clock = clock,
                           .random = platform::system_random(),
                           .save = save,
                           .store_ahead = false},
                          memory.load());
    // One refusal is enough: somebody sits there who can say --force.
    daemon::Probes probes(loop.executor(), {.logins = logins,
                                            .clock = clock,
                                            .random = platform::system_random(),
                                            .peers_to_suspect = 1});
    check_suspects(hosts, logins, options.force);
    co_await work(loop, probes);
    co_await logins.flush();
  }());
}

}  // namespace

void ask_hosts(std::span<const config::Host> hosts, const AskOptions& options,
               const Question& question) {
  log_in_to(hosts, options, [&](net::Loop& loop, daemon::Probes& probes) -> net::awaitable<void> {
    net::Semaphore slots(loop.executor(), kHostsAtOnce);
    const auto ask = [&](std::size_t place) -> net::awaitable<void> {
      const auto slot = co_await slots.acquire();
      const auto probe = probes.make(hosts[place]);
      co_await question(place, *probe);
      co_await probe->close(net::within(kLogOffLimit));
    };
    net::TaskScope scope(loop.executor());
    for (std::size_t place = 0; place < hosts.size(); place++) scope.spawn(ask(place));
    co_await scope.join();
  });
}

Result<probe::ControlReport> control_host(const config::Host& host,
                                          const probe::ControlRequest& request,
                                          const AskOptions& options) {
  Result<probe::ControlReport> report;
  const auto as_operator = daemon::with_control_account(host);
  log_in_to(std::span(&as_operator, 1), options,
            [&](net::Loop& /*loop*/, daemon::Probes& probes) -> net::awaitable<void> {
              const auto control = probes.make_control(host);
              report = co_await control->run(request, net::within(daemon::kControlLimit));
            });
  return report;
}

}  // namespace tocsin::cli
