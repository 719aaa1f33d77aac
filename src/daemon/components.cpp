#include "daemon/components.h"

#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/try.h"
#include "daemon/withheld.h"

namespace tocsin::daemon {
namespace {

/// Hosts asked at the same time: more would only queue in the system's socket buffers.
constexpr std::size_t kChecksAtOnce = 256;
/// Hosts whose details are read at the same time: many requests each, which delay the checks.
constexpr std::size_t kDetailsAtOnce = 8;
/// How long the summary of what is not watched waits for hosts that answer late.
constexpr auto kFirstChecksLimit = std::chrono::seconds(60);
/// Dead letters that are made pending again before other work has its turn: some milliseconds.
constexpr std::size_t kRetriesAtOnce = 500;

}  // namespace

Daemon::Components::Components(Daemon& daemon, std::unique_ptr<Storage> opened,
                               std::vector<logins::StoredLogin> records,
                               const std::vector<store::StoredRecovery>& recoveries)
    : log(daemon.log_),
      clock(daemon.clock_),
      storage(std::move(opened)),
      silences(daemon.options_.config.maintenance, log),
      acks(log),
      logins({.executor = daemon.executor_,
              .clock = clock,
              .random = daemon.random_,
              .save = std::bind_front(&Storage::save_logins, storage.get()),
              .notify = std::bind_front(&Components::notify, this),
              .on_step = step_log(log)},
             std::move(records)),
      requests(daemon.executor_, {.stored = storage->requests,
                                  .worker = storage->worker,
                                  .silences = silences,
                                  .acks = acks,
                                  .firing_since = std::bind_front(&Components::firing_since, this),
                                  .clock = clock,
                                  .log = log,
                                  .reload = std::bind_front(&Daemon::reload_in_peace, &daemon),
                                  .retry = std::bind_front(&Components::retry_dead_letters, this)}),
      probes(daemon.executor_, {.logins = logins, .clock = clock, .random = daemon.random_}),
      http(daemon.executor_),
      status_log(log, metrics),
      pipeline_deps{.executor = daemon.executor_,
                    .http = http,
                    .logins = logins,
                    .outbox = storage->outbox,
                    .status = status,
                    .status_log = status_log,
                    .metrics = metrics,
                    .clock = clock,
                    .log = log,
                    .random = daemon.random_,
                    .version = daemon.options_.version,
                    .withheld = std::bind_front(
                        &daemon::withheld,
                        Withholding{silences, acks, std::bind_front(&Components::find_host, this)}),
                    .on_settled = [this] { web.add(web::Change::delivery); }},
      pipeline(std::make_unique<Pipeline>(daemon.options_.config, pipeline_deps)),
      journal(daemon.executor_,
              {.store = storage->store,
               .worker = storage->worker,
               .clock = clock,
               .log = log,
               .metrics = metrics,
               .random = daemon.random_,
               .on_alerts = [this] { web.add(web::Change::alert); }},
              pipeline->pipeline()),
      credential_alerts({.journal = journal,
                         .clock = clock,
                         .log = log,
                         .random = daemon.random_,
                         .silences = silences}),
      clusters(daemon.executor_,
               {.journal = journal,
                .clock = clock,
                .log = log,
                .random = daemon.random_,
                .silences = silences,
                .acks = acks,
                .status = status,
                .on_change = [this](const MonitoredHost& cluster) { web.update(cluster, true); }}),
      checks(daemon.executor_, kChecksAtOnce),
      details(daemon.executor_, kDetailsAtOnce),
      recovery(daemon.executor_,
               {.clock = clock,
                .log = log,
                .metrics = metrics,
                .stored = storage->recoveries,
                .worker = storage->worker,
                .find_watcher = [this](const HostName& host) { return fleet.find_watcher(host); },
                .check_soon = [this](const HostName& host) { (void)fleet.check_soon(host); },
                .make_control = std::bind_front(&Probes::make_control, &probes),
                .is_controlling = [this](const HostName& host) { return web.is_controlling(host); },
                .on_action = [this] { web.add(web::Change::action); }},
               recoveries),
      fleet(daemon.executor_, {.journal = journal,
                               .checks = checks,
                               .details = details,
                               .clock = clock,
                               .log = log,
                               .metrics = metrics,
                               .random = daemon.random_,
                               .silences = silences,
                               .acks = acks,
                               .status = status,
                               .make_probe = std::bind_front(&Probes::make, &probes),
                               .on_update =
                                   [this](const MonitoredHost& host) {
                                     clusters.update(host);
                                     recovery.note(host);
                                   },
                               .on_change =
                                   [this](const MonitoredHost& host, bool checked) {
                                     web.update(host, checked);
                                     recovery.note(host);
                                   },
                               .on_gone =
                                   [this](const HostName& host) {
                                     logins.forget(host);
                                     metrics.forget(host);
                                     web.remove(host);
                                     recovery.forget(host);
                                   },
                               .recovery = std::bind_front(&Recovery::find, &recovery)}),
      web({.executor = daemon.executor_,
           .monitor = {.fleet = fleet,
                       .clusters = clusters,
                       .logins = logins,
                       .silences = silences,
                       .pipeline = pipeline,
                       .requests = requests,
                       .stored = storage->requests,
                       .worker = storage->worker,
                       .metrics = metrics,
                       .probes = probes,
                       .clock = clock,
                       .log = log,
                       .data_directory = daemon.options_.data_directory,
                       .version = daemon.options_.version,
                       .reload = std::bind_front(&Daemon::reload_in_peace, &daemon),
                       .configuration = std::bind_front(&Daemon::configuration, &daemon),
                       .is_recovering =
                           [this](const HostName& host) { return recovery.is_recovering(host); },
                       .on_action = [this] { web.add(web::Change::action); },
                       .executor = daemon.executor_},
           .storage = *storage,
           .clock = clock,
           .log = log,
           .random = daemon.random_},
          daemon.options_.config.web),
      liveness({.log = log,
                .checks = std::bind_front(&Fleet::work, &fleet),
                .deliveries = std::bind_front(&Components::deliveries, this),
                .store_answers = std::bind_front(&Storage::answers, storage.get())}),
      heartbeats({.executor = daemon.executor_,
                  .http = http,
                  .logins = logins,
                  .log = log,
                  .version = daemon.options_.version,
                  .liveness = liveness}),
      supervision({.supervisor = daemon.options_.supervisor,
                   .log = log,
                   .liveness = liveness,
                   .status = std::bind_front(&Components::status_text, this)}),
      reloading(daemon.executor_, 1),
      background(daemon.executor_),
      reloads(daemon.executor_) {
  metrics.set_per_host(daemon.options_.config.metrics_per_host);
  metrics.count_reload(true, daemon.loaded_at_);
}

const MonitoredHost* Daemon::Components::find_host(const HostName& name) const {
  const auto* host = fleet.find(name);
  return host != nullptr ? host : clusters.find(name);
}

std::optional<Time> Daemon::Components::firing_since(const HostName& name,
                                                     const ServiceName& service) const {
  if (const auto* host = find_host(name)) return host->firing_since(service);
  const auto* gate = logins.find({name.text()});
  const bool fires = gate != nullptr && gate->guard().suspicion().notified_at != Time{};
  return fires ? std::optional(Time{}) : std::nullopt;
}

Work Daemon::Components::deliveries() const {
  if (pipeline == nullptr) return {};
  const auto& dispatcher = pipeline->pipeline().dispatcher.get();
  return {.pending = dispatcher.is_busy(), .ended = dispatcher.attempts()};
}

std::string Daemon::Components::status_text() const {
  const auto now = web.gauges();
  const auto waiting = pipeline == nullptr ? 0 : pipeline->pipeline().dispatcher.get().waiting();
  return fmt::format(
      "services: {} on hosts: {}, not reached: {}, open alerts: {}, deliveries waiting: {}",
      std::accumulate(now.services.begin(), now.services.end(), std::size_t{0}), fleet.size(),
      now.unreached, std::accumulate(now.open.begin(), now.open.end(), std::size_t{0}), waiting);
}

net::awaitable<void> Daemon::Components::replace_pipeline(const config::Config& config) {
  const auto slot = co_await journal.pause();
  auto unstored = co_await pipeline->stop();
  pipeline.reset();  // first: a broker throws out who connects twice under one name
  pipeline = std::make_unique<Pipeline>(config, pipeline_deps);
  pipeline->start();
  journal.set_pipeline(pipeline->pipeline());
  pipeline->pipeline().dispatcher.get().submit(std::move(unstored));
}

net::awaitable<Result<std::size_t>> Daemon::Components::retry_dead_letters() {
  const auto slot = co_await journal.pause();
  CO_TRY(auto again, co_await storage->worker.run(
                         [&] { return storage->store.take_retries(clock.now(), kRetriesAtOnce); }));
  const auto count = again.size();
  pipeline->pipeline().dispatcher.get().submit(std::move(again));
  co_return count;
}

void Daemon::Components::show_all() {
  web.retain([this](const HostName& host) { return find_host(host) != nullptr; });
  fleet.for_each([this](const Watcher& watcher) {
    web.update(watcher.monitored(), watcher.last_check().has_value());
  });
  clusters.for_each([this](const MonitoredHost& cluster) { web.update(cluster, true); });
}

net::awaitable<void> Daemon::Components::say_what_is_not_watched(std::size_t left_out) {
  co_await fleet.wait_for_first_checks(net::within(kFirstChecksLimit));
  auto gaps = fleet.find_gaps();
  gaps.left_out = left_out;
  if (gaps.empty()) {
    log.info("all hosts and services are watched");
  } else {
    log.warn("not watched properly: {}", gaps.text());
  }
}

net::awaitable<void> Daemon::Components::notify(const logins::Gate& gate, logins::Notice notice) {
  return credential_alerts.notify(gate, notice);
}

}  // namespace tocsin::daemon
