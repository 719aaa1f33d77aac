#include "daemon/daemon.h"

#include <utility>
#include <vector>

#include "daemon/delivery_log.h"
#include "daemon/journal.h"
#include "daemon/probes.h"
#include "daemon/watcher.h"
#include "net/http_client.h"
#include "net/semaphore.h"
#include "net/task_scope.h"
#include "net/tcp.h"
#include "net/worker.h"
#include "notify/destination.h"
#include "notify/dispatcher.h"
#include "notify/outbox.h"
#include "platform/paths.h"
#include "store/store.h"

namespace tocsin::daemon {
namespace {

/// Hosts asked at the same time: more would only queue in the system's socket buffers.
constexpr std::size_t kChecksAtOnce = 256;
/// For logging off from all hosts; a host that does not answer forgets the session by itself.
constexpr auto kLogOffLimit = std::chrono::seconds(2);
constexpr auto kTendEvery = std::chrono::hours(1);

}  // namespace

/// In the order in which they need each other: what is declared later uses what is declared before.
struct Daemon::Parts {
  Parts(const net::Executor& executor, store::Store opened, const DaemonOptions& options,
        const Log& log, const RandomFill& random)
      : store(std::move(opened)),
        connector(executor),
        http(executor),
        destinations(notify::make_destinations(options.config, http, options.version)),
        delivery_log(log, destinations),
        dispatcher(executor, destinations, outbox, delivery_log, clock, random),
        journal(executor, {.store = store,
                           .worker = store_worker,
                           .dispatcher = dispatcher,
                           .destinations = destinations,
                           .clock = clock,
                           .log = log,
                           .random = random}),
        checks(executor, kChecksAtOnce),
        hosts(executor),
        background(executor) {}

  SystemClock clock;
  store::Store store;
  net::Worker store_worker{"store", 1};
  notify::StoreOutbox outbox{store, store_worker};
  net::Connector connector;
  net::HttpClient http;
  std::vector<notify::Destination> destinations;
  DeliveryLog delivery_log;
  notify::Dispatcher dispatcher;
  Journal journal;
  net::Semaphore checks;
  std::vector<std::unique_ptr<Watcher>> watchers;
  net::TaskScope hosts;
  net::TaskScope background;
};

namespace {

net::awaitable<void> tend_hourly(store::Store& store, net::Worker& worker, const Clock& clock,
                                 const Log& log) {
  for (;;) {
    // In small steps, so that commits come in between.
    auto pruned = co_await worker.run([&] { return store.prune(clock.now()); });
    while (pruned && *pruned > 0) {
      pruned = co_await worker.run([&] { return store.prune(clock.now()); });
    }
    if (!pruned) log.warn("old history is not removed: {}", pruned.error().what);
    for (const auto& complaint : co_await worker.run([&] { return store.take_complaints(); })) {
      log.warn("{}", complaint);
    }
    co_await net::sleep_for(kTendEvery);
  }
}

}  // namespace

Daemon::Daemon(net::Executor executor, DaemonOptions options, const Log& log, RandomFill random)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      log_(log),
      random_(std::move(random)) {}

Daemon::~Daemon() = default;

net::awaitable<Result<>> Daemon::start() {
  auto opened = store::Store::open(options_.data_directory);
  if (!opened) co_return fail(std::move(opened));
  auto known = opened->load_states();
  if (!known) co_return fail(std::move(known));

  parts_ = std::make_unique<Parts>(executor_, *std::move(opened), options_, log_, random_);
  auto& parts = *parts_;
  parts.dispatcher.start();
  parts.background.spawn(parts.journal.run());
  parts.background.spawn(tend_hourly(parts.store, parts.store_worker, parts.clock, log_));
  for (const auto& host : options_.config.hosts) {
    parts.watchers.push_back(std::make_unique<Watcher>(
        host, options_.config.frequency, make_probe(host, parts.connector, random_, parts.clock),
        std::move((*known)[host.name]),
        Watcher::Rooms{.journal = parts.journal,
                       .checks = parts.checks,
                       .clock = parts.clock,
                       .log = log_,
                       .random = random_}));
    parts.hosts.spawn(parts.watchers.back()->run());
  }
  if (parts.destinations.empty()) {
    log_.warn("no destination is enabled: changes go to the log and the history only");
  }
  log_.info("ready: hosts: {}, {}, destinations: {}, data in {}", options_.config.hosts.size(),
            options_.config.frequency.text(), parts.destinations.size(),
            options_.data_directory.string());
  co_return Result<>{};
}

net::awaitable<void> Daemon::stop() {
  if (!parts_) co_return;
  auto& parts = *parts_;
  parts.hosts.cancel();
  co_await parts.hosts.join();
  parts.background.cancel();
  co_await parts.background.join();

  net::TaskScope closing(executor_);
  for (const auto& watcher : parts.watchers)
    closing.spawn(watcher->close(net::within(kLogOffLimit)));
  co_await parts.journal.store_rest(co_await parts.dispatcher.stop());
  co_await closing.join();
  parts_.reset();
}

std::filesystem::path data_directory(const std::string& option, const config::Config& config) {
  if (!option.empty()) return option;
  if (!config.data_directory.empty()) return config.data_directory;
  return platform::default_data_directory();
}

}  // namespace tocsin::daemon
