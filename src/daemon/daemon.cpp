#include "daemon/daemon.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/path.h"
#include "base/try.h"
#include "daemon/acks.h"
#include "daemon/clusters.h"
#include "daemon/credentials.h"
#include "daemon/fleet.h"
#include "daemon/journal.h"
#include "daemon/open_files.h"
#include "daemon/pipeline.h"
#include "daemon/probes.h"
#include "daemon/requests.h"
#include "daemon/silences.h"
#include "daemon/status_hub.h"
#include "daemon/status_log.h"
#include "daemon/storage.h"
#include "daemon/unmonitored.h"
#include "daemon/withheld.h"
#include "logins/logins.h"
#include "net/event.h"
#include "net/http_client.h"
#include "net/semaphore.h"
#include "net/task_scope.h"
#include "net/worker.h"
#include "notify/outbox.h"
#include "platform/paths.h"
#include "platform/permissions.h"
#include "platform/process.h"
#include "platform/stop.h"
#include "store/logins.h"
#include "store/requests.h"
#include "store/store.h"

namespace tocsin::daemon {
namespace {

/// Hosts asked at the same time: more would only queue in the system's socket buffers.
constexpr std::size_t kChecksAtOnce = 256;
/// How long the summary of what is not watched waits for hosts that answer late.
constexpr auto kFirstChecksLimit = std::chrono::seconds(60);
/// Dead letters that are made pending again before other work has its turn: some milliseconds.
constexpr std::size_t kRetriesAtOnce = 500;
constexpr auto kMetricsEvery = std::chrono::seconds(15);  // as often as Prometheus usually asks

}  // namespace

/// In the order in which they need each other: what is declared later uses what is declared before.
struct Daemon::Components {
  Components(Daemon& daemon, std::unique_ptr<Storage> opened,
             std::vector<logins::StoredLogin> records)
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
        requests({.stored = storage->requests,
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
        pipeline_deps{
            .executor = daemon.executor_,
            .http = http,
            .logins = logins,
            .outbox = storage->outbox,
            .status = status,
            .status_log = status_log,
            .clock = clock,
            .log = log,
            .random = daemon.random_,
            .version = daemon.options_.version,
            .withheld = std::bind_front(
                &daemon::withheld,
                Withholding{silences, acks, std::bind_front(&Components::find_host, this)})},
        pipeline(std::make_unique<Pipeline>(daemon.options_.config, pipeline_deps)),
        journal(daemon.executor_,
                {.store = storage->store,
                 .worker = storage->worker,
                 .clock = clock,
                 .log = log,
                 .random = daemon.random_},
                pipeline->pipeline()),
        credential_alerts({.journal = journal,
                           .clock = clock,
                           .log = log,
                           .random = daemon.random_,
                           .silences = silences}),
        clusters(daemon.executor_, {.journal = journal,
                                    .clock = clock,
                                    .log = log,
                                    .random = daemon.random_,
                                    .silences = silences,
                                    .acks = acks,
                                    .status = status}),
        checks(daemon.executor_, kChecksAtOnce),
        fleet(daemon.executor_, {.journal = journal,
                                 .checks = checks,
                                 .clock = clock,
                                 .log = log,
                                 .metrics = metrics,
                                 .random = daemon.random_,
                                 .silences = silences,
                                 .acks = acks,
                                 .status = status,
                                 .make_probe = std::bind_front(&Probes::make, &probes),
                                 .on_update = std::bind_front(&Clusters::update, &clusters),
                                 .on_gone = std::bind_front(&logins::Logins::forget, &logins)}),
        reloading(daemon.executor_, 1),
        background(daemon.executor_),
        reloads(daemon.executor_) {}

  /// Or a cluster. Null: it is not monitored.
  [[nodiscard]] const MonitoredHost* find_host(const HostName& name) const {
    const auto* host = fleet.find(name);
    return host != nullptr ? host : clusters.find(name);
  }
  [[nodiscard]] std::optional<Time> firing_since(const HostName& name,
                                                 const ServiceName& service) const;
  net::awaitable<void> replace_pipeline(const config::Config& config);
  net::awaitable<Result<std::size_t>> retry_dead_letters();
  net::awaitable<void> say_what_is_not_watched(std::size_t left_out);
  net::awaitable<void> notify(const logins::Gate& gate, logins::Notice notice) {
    return credential_alerts.notify(gate, notice);
  }

  const Log& log;
  const Clock& clock;
  std::unique_ptr<Storage> storage;
  Silences silences;
  Acks acks;
  logins::Logins logins;
  Requests requests;
  Probes probes;
  net::HttpClient http;
  Metrics metrics;
  StatusHub status;
  StatusLog status_log;
  Pipeline::Deps pipeline_deps;
  std::unique_ptr<Pipeline> pipeline;  ///< null while it is made anew
  Journal journal;
  CredentialAlerts credential_alerts;
  Clusters clusters;
  net::Semaphore checks;
  Fleet fleet;
  net::Semaphore reloading;
  net::TaskScope background;
  net::TaskScope reloads;  ///< never cancelled: half a reload is none
};

/// A credential may stand in the place of a host; then only whether its alert fires is known.
std::optional<Time> Daemon::Components::firing_since(const HostName& name,
                                                     const ServiceName& service) const {
  if (const auto* host = find_host(name)) return host->firing_since(service);
  const auto* gate = logins.find({name.text()});
  const bool fires = gate != nullptr && gate->guard().suspicion().notified_at != Time{};
  return fires ? std::optional(Time{}) : std::nullopt;
}

/// What is under way is finished; what the store holds is loaded from there, and what only memory
/// holds is handed over.
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

/// Once, when each host has had its first check.
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

namespace {

/// Tells apart the tocsins of one machine; empty for the one that has the default directory.
std::string instance_of(const std::filesystem::path& data_directory) {
  std::error_code error;
  const auto path = to_utf8(std::filesystem::weakly_canonical(data_directory, error));
  if (error || path == to_utf8(platform::default_data_directory())) return {};
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return fmt::format("{:08x}", hash);
}

std::string first_mistake(const std::vector<config::Finding>& findings) {
  const auto first =
      std::ranges::find(findings, config::Severity::error, &config::Finding::severity);
  return first == findings.end() ? "" : to_string(*first);
}

/// Those keys that are read at the start only, where they differ.
std::string what_needs_a_restart(const config::Config& now, const config::Config& next) {
  std::string keys;
  const auto compare = [&keys](const auto& a, const auto& b, std::string_view key) {
    if (a != b) keys.append(keys.empty() ? "" : ", ").append(key);
  };
  compare(now.data_directory, next.data_directory, "dataDirectory");
  compare(now.metrics_file, next.metrics_file, "metricsFile");
  compare(now.log_level, next.log_level, "logLevel");
  compare(now.file_logging, next.file_logging, "fileLogging");
  compare(now.log_directory, next.log_directory, "logDirectory");
  return keys.empty() ? "" : "; restart needed for: " + keys;
}

void say_lack_of_files(const std::vector<config::Host>& hosts, const Log& log) {
  const auto connected = static_cast<std::size_t>(
      std::ranges::count(hosts, config::Source::smb, &config::Host::source));
  if (const auto lack = lack_of_files(connected, platform::most_open_files()); !lack.empty())
    log.error("{}", lack);
}

net::awaitable<void> write_metrics(std::filesystem::path file, Metrics& metrics,
                                   const Probes& probes, const Log& log) {
  net::Worker worker("metrics", 1);
  for (bool failing = false;; co_await net::sleep_for(kMetricsEvery)) {
    metrics.set_stuck_threads(probes.stuck_threads());
    metrics.set_lost_log_lines(log.lost_lines());
    const auto written = co_await worker.run_until(
        [file, text = metrics.text()] { return platform::replace_file(file, text); },
        net::Deadline::max());
    if (!*written && !failing) log.warn("{}", written->error().what);
    failing = !*written;
  }
}

}  // namespace

namespace {

/// The credentials whose alerts fire, but for nobody: a silence has kept them from people.
std::vector<logins::LoginId> find_suppressed(store::Store& store,
                                             const std::vector<logins::StoredLogin>& records) {
  std::vector<logins::LoginId> found;
  for (const auto& record : records) {
    if (!is_firing_credential(record)) continue;
    const auto firing = store.find_firing(HostName(record.id.value), {});
    if (firing && !*firing) found.push_back(record.id);
  }
  return found;
}

}  // namespace

Daemon::Daemon(net::Executor executor, DaemonOptions options, const Log& log, RandomFill random)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      log_(log),
      random_(std::move(random)) {}

Daemon::~Daemon() = default;

net::awaitable<Result<>> Daemon::start() {
  options_.config.get<config::Mqtt>().instance = instance_of(options_.data_directory);
  CO_TRY(auto storage, Storage::open(options_.data_directory, clock_, log_));
  CO_TRY(auto known, storage->store.load_states());
  CO_TRY(auto records, storage->logins.load());

  const auto hosts = std::exchange(options_.config.hosts, {});
  const auto suppressed = find_suppressed(storage->store, records);
  components_ = std::make_unique<Components>(*this, std::move(storage), std::move(records));
  auto& components = *components_;
  if (auto read = components.requests.read_suppressions(); !read) {
    components_.reset();
    co_return fail(std::move(read));
  }
  components.pipeline->start();
  components.background.spawn(components.journal.run());
  components.background.spawn(components.logins.run());
  components.background.spawn(
      platform::watch_reload_requests([this] { components_->reloads.spawn(reload_unasked()); }));
  components.background.spawn(components.storage->tend());
  if (const auto& file = options_.config.metrics_file; !file.empty())
    components.background.spawn(
        write_metrics(to_path(file), components.metrics, components.probes, log_));
  components.background.spawn(
      end_unmonitored(take_unmonitored(known, hosts, options_.config.clusters), components.journal,
                      components.clock, log_, random_));
  components.clusters.set_clusters(options_.config.clusters, known);
  components.background.spawn(components.clusters.run());
  components.fleet.set_hosts(hosts, std::move(known));
  say_lack_of_files(hosts, log_);
  retire_unused(components.logins, hosts);
  components.background.spawn(components.storage->watch_files());
  components.background.spawn(components.requests.run());  // which asks what fires
  for (const auto& id : suppressed) components.credential_alerts.remember_suppressed(id);
  components.background.spawn(components.credential_alerts.run(components.logins));
  components.background.spawn(components.say_what_is_not_watched(options_.config.left_out));
  if (components.pipeline->size() == 0) {
    log_.warn("no destination is enabled: changes go to the log and the history only");
  }
  log_.notice("ready: hosts: {}, {}, destinations: {}, data in {}", hosts.size(),
              options_.config.frequency.text(), components.pipeline->size(),
              to_utf8(options_.data_directory));
  co_return Result<>{};
}

/// Nobody waits for the answer; it is in the log.
net::awaitable<void> Daemon::reload_unasked() {
  log_.debug("reload requested by a signal");
  co_await reload();
}

/// The task that asks for it may be cancelled meanwhile, the reload is not.
net::awaitable<store::ReloadAnswer> Daemon::reload_in_peace() {
  const auto answer = std::make_shared<store::ReloadAnswer>();
  const auto done = std::make_shared<net::Event>(executor_);
  const auto task = [](Daemon& self, auto out, auto end) -> net::awaitable<void> {
    *out = co_await self.reload();
    end->set();
  };
  components_->reloads.spawn(task(*this, answer, done));
  co_await done->wait();
  co_return *answer;
}

net::awaitable<store::ReloadAnswer> Daemon::reload() {
  auto& components = *components_;
  const auto slot = co_await components.reloading.acquire();
  if (!options_.load) co_return refuse_reload("there is no file to read");
  net::Worker worker("config", 1);
  auto loaded = co_await worker.run([this] { return options_.load(); });
  for (const auto& finding : loaded.findings) {
    if (finding.severity == config::Severity::error) log_.error("{}", to_string(finding));
    if (finding.severity == config::Severity::warning) log_.warn("{}", to_string(finding));
  }
  if (!loaded.config) co_return refuse_reload(first_mistake(loaded.findings));

  auto& config = *loaded.config;
  config.get<config::Mqtt>().instance = instance_of(options_.data_directory);
  const auto hosts = std::exchange(config.hosts, {});
  Fleet::Known known;
  if (!components.fleet.has_all(hosts) || !components.clusters.has_all(config.clusters)) {
    auto states = co_await components.storage->worker.run(
        [&] { return components.storage->store.load_states(); });
    if (!states) co_return refuse_reload(states.error().what);
    known = *std::move(states);
  }
  components.silences.set_maintenance(config.maintenance);
  co_await components.replace_pipeline(config);
  components.clusters.set_clusters(config.clusters, known);
  const auto changes = components.fleet.set_hosts(hosts, std::move(known));
  say_lack_of_files(hosts, log_);
  retire_unused(components.logins, hosts);
  // Behind the hosts, whose next check is by the new accounts.
  components.logins.waive_pauses();
  auto text = fmt::format(
      "reloaded: hosts: {}, new: {}, changed: {}, removed: {}, destinations: {}", hosts.size(),
      changes.come, changes.changed, changes.gone, components.pipeline->size());
  if (config.left_out > 0)
    text += fmt::format(", entries left out because of mistakes: {}", config.left_out);
  text += what_needs_a_restart(options_.config, config);
  log_.notice("{}", text);
  co_return store::ReloadAnswer{.good = true, .text = std::move(text)};
}

store::ReloadAnswer Daemon::refuse_reload(const std::string& why) const {
  auto text = "not reloaded, nothing has changed: " + why;
  log_.error("{}", text);
  return {.good = false, .text = std::move(text)};
}

net::awaitable<void> Daemon::stop() {
  if (!components_) co_return;
  auto& components = *components_;
  components.background.cancel();
  co_await components.reloads.join();
  co_await components.fleet.stop();
  co_await components.background.join();

  net::TaskScope closing(executor_);
  components.fleet.close(closing);
  auto undelivered = co_await components.pipeline->stop();
  co_await components.logins.flush();
  (void)co_await components.storage->restore_files();
  co_await components.journal.store_rest(std::move(undelivered));
  components.storage->log_losses();
  co_await closing.join();
  components_.reset();
}

std::filesystem::path data_directory(const std::string& option, const config::Config& config) {
  if (!option.empty()) return to_path(option);
  if (!config.data_directory.empty()) return to_path(config.data_directory);
  return platform::default_data_directory();
}

}  // namespace tocsin::daemon
