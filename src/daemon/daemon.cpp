#include "daemon/daemon.h"

#include <functional>
#include <utility>
#include <vector>

#include "base/path.h"
#include "daemon/delivery_log.h"
#include "daemon/journal.h"
#include "daemon/probes.h"
#include "daemon/status_log.h"
#include "daemon/watcher.h"
#include "net/http_client.h"
#include "net/semaphore.h"
#include "net/task_scope.h"
#include "net/worker.h"
#include "notify/destination.h"
#include "notify/dispatcher.h"
#include "notify/outbox.h"
#include "notify/status_stream.h"
#include "platform/paths.h"
#include "platform/permissions.h"
#include "store/store.h"

namespace tocsin::daemon {
namespace {

/// Hosts asked at the same time: more would only queue in the system's socket buffers.
constexpr std::size_t kChecksAtOnce = 256;
/// For logging off from all hosts; a host that does not answer forgets the session by itself.
constexpr auto kLogOffLimit = std::chrono::seconds(2);
/// For the states that wait for InfluxDB or MQTT: what is left then is lost.
constexpr auto kLastWordLimit = std::chrono::seconds(2);
constexpr auto kTendEvery = std::chrono::hours(1);
constexpr auto kMetricsEvery = std::chrono::seconds(15);  // as often as Prometheus usually asks

}  // namespace

/// In the order in which they need each other: what is declared later uses what is declared before.
struct Daemon::Parts {
  Parts(const net::Executor& executor, store::Store opened, const DaemonOptions& options,
        const Log& log, const RandomFill& random)
      : store(std::move(opened)),
        probes(executor, options.config.hosts, random, clock),
        http(executor),
        messages(options.config.generic_urls,
                 [&log](const std::string& complaint) { log.warn("{}", complaint); }),
        means{.executor = executor,
              .http = http,
              .version = options.version,
              .messages = messages,
              .use = notify::Use::run},
        destinations(notify::make_destinations(options.config, means)),
        delivery_log(log, destinations.alerts),
        dispatcher(executor, destinations.alerts, outbox, delivery_log, clock, random),
        journal(executor, {.store = store,
                           .worker = store_worker,
                           .dispatcher = dispatcher,
                           .destinations = destinations.alerts,
                           .routing = destinations.routing,
                           .clock = clock,
                           .log = log,
                           .random = random}),
        checks(executor, kChecksAtOnce),
        status_log(log, metrics),
        hosts(executor),
        background(executor) {
    for (const auto& sink : destinations.status) {
      streams.push_back(
          std::make_unique<notify::StatusStream>(executor, *sink, status_log, random));
    }
  }

  void report(const notify::StatusReport& report) {
    for (const auto& stream : streams) stream->add(report);
  }

  SystemClock clock;
  store::Store store;
  net::Worker store_worker{"store", 1};
  notify::StoreOutbox outbox{store, store_worker};
  Probes probes;
  net::HttpClient http;
  notify::Messages messages;
  notify::Means means;
  notify::Destinations destinations;
  DeliveryLog delivery_log;
  notify::Dispatcher dispatcher;
  Journal journal;
  net::Semaphore checks;
  Metrics metrics;
  StatusLog status_log;
  std::vector<std::unique_ptr<notify::StatusStream>> streams;
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

net::awaitable<void> write_metrics(std::filesystem::path file, Metrics& metrics,
                                   const Probes& probes, const Log& log) {
  net::Worker worker("metrics", 1);
  for (bool failing = false;; co_await net::sleep_for(kMetricsEvery)) {
    metrics.set_stuck_threads(probes.stuck_threads());
    const auto written = co_await worker.run_until(
        [file, text = metrics.text()] { return replace_file(file, text); }, net::Deadline::max());
    if (!*written && !failing) log.warn("{}", written->error().what);
    failing = !*written;
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
  if (auto made = platform::make_private_directory(options_.data_directory); !made)
    co_return fail(std::move(made));
  auto opened = store::Store::open(options_.data_directory);
  if (!opened) co_return fail(std::move(opened));
  auto known = opened->load_states();
  if (!known) co_return fail(std::move(known));

  parts_ = std::make_unique<Parts>(executor_, *std::move(opened), options_, log_, random_);
  auto& parts = *parts_;
  for (const auto& problem : parts.messages.check())
    log_.warn("{}: {}", problem.where, problem.text);
  parts.dispatcher.start();
  parts.background.spawn(parts.journal.run());
  parts.background.spawn(tend_hourly(parts.store, parts.store_worker, parts.clock, log_));
  if (const auto& file = options_.config.metrics_file; !file.empty())
    parts.background.spawn(write_metrics(to_path(file), parts.metrics, parts.probes, log_));
  for (const auto& stream : parts.streams) parts.background.spawn(stream->run());
  std::function<void(const notify::StatusReport&)> report;
  if (!parts.streams.empty()) report = std::bind_front(&Parts::report, parts_.get());
  for (const auto& host : options_.config.hosts) {
    parts.watchers.push_back(std::make_unique<Watcher>(
        host, options_.config.frequency, parts.probes.make(host), std::move((*known)[host.name]),
        Watcher::Rooms{.journal = parts.journal,
                       .checks = parts.checks,
                       .clock = parts.clock,
                       .log = log_,
                       .metrics = parts.metrics,
                       .random = random_,
                       .report = report}));
    parts.hosts.spawn(parts.watchers.back()->run());
  }
  const auto destinations = parts.destinations.alerts.size() + parts.destinations.status.size();
  if (destinations == 0) {
    log_.warn("no destination is enabled: changes go to the log and the history only");
  }
  log_.notice("ready: hosts: {}, {}, destinations: {}, data in {}", options_.config.hosts.size(),
              options_.config.frequency.text(), destinations, to_utf8(options_.data_directory));
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
  for (const auto& stream : parts.streams)
    closing.spawn(stream->flush(net::within(kLastWordLimit)));
  co_await parts.journal.store_rest(co_await parts.dispatcher.stop());
  co_await closing.join();
  parts_.reset();
}

std::filesystem::path data_directory(const std::string& option, const config::Config& config) {
  if (!option.empty()) return to_path(option);
  if (!config.data_directory.empty()) return to_path(config.data_directory);
  return platform::default_data_directory();
}

}  // namespace tocsin::daemon
