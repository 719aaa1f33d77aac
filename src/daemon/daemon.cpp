#include "daemon/daemon.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/path.h"
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
#include "daemon/status_log.h"
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
constexpr auto kCompareFilesEvery = std::chrono::seconds(5);
/// Dead letters that are made pending again before other work has its turn: some milliseconds.
constexpr std::size_t kRetriesAtOnce = 500;
constexpr auto kTendEvery = std::chrono::hours(1);
constexpr auto kMetricsEvery = std::chrono::seconds(15);  // as often as Prometheus usually asks

/// What the data directory holds besides the states.
struct Stored {
  store::Requests requests;
  store::Logins logins;
  std::vector<logins::StoredLogin> records;
};

Result<Stored> open_stored(const std::filesystem::path& directory) {
  auto requests = store::Requests::open(directory);
  if (!requests) return fail(std::move(requests));
  auto logins = store::Logins::open(directory);
  if (!logins) return fail(std::move(logins));
  auto records = logins->load();
  if (!records) return fail(std::move(records));
  return Stored{*std::move(requests), *std::move(logins), *std::move(records)};
}

}  // namespace

/// In the order in which they need each other: what is declared later uses what is declared before.
struct Daemon::Components {
  Components(const net::Executor& on, store::Store opened, Stored stored,
             const DaemonOptions& options, const Log& log_to, const RandomFill& random,
             std::function<net::awaitable<store::ReloadAnswer>()> reload)
      : executor(on),
        data_directory(options.data_directory),
        log(log_to),
        store(std::move(opened)),
        silences(options.config.maintenance, log),
        acks(log),
        stored_logins(std::move(stored.logins)),
        logins({.executor = executor,
                .clock = clock,
                .random = random,
                .save = std::bind_front(&Components::save_logins, this),
                .notify = std::bind_front(&Components::notify, this),
                .on_step = step_log(log)},
               std::move(stored.records)),
        requests(std::move(stored.requests),
                 {.worker = store_worker,
                  .silences = silences,
                  .acks = acks,
                  .firing_since = std::bind_front(&Components::firing_since, this),
                  .clock = clock,
                  .log = log,
                  .reload = std::move(reload),
                  .retry = std::bind_front(&Components::retry_dead_letters, this)}),
        probes(executor, {.logins = logins, .clock = clock, .random = random}),
        http(executor),
        status_log(log, metrics),
        pipeline_deps{
            .executor = executor,
            .http = http,
            .logins = logins,
            .outbox = outbox,
            .status_log = status_log,
            .clock = clock,
            .log = log,
            .random = random,
            .version = options.version,
            .withheld = std::bind_front(
                &daemon::withheld,
                Withholding{silences, acks, std::bind_front(&Components::find_host, this)})},
        pipeline(std::make_unique<Pipeline>(options.config, pipeline_deps)),
        journal(
            executor,
            {.store = store, .worker = store_worker, .clock = clock, .log = log, .random = random},
            pipeline->pipeline()),
        credential_alerts({.journal = journal,
                           .clock = clock,
                           .log = log,
                           .random = random,
                           .silence = std::bind_front(&Silences::find, &silences)}),
        clusters(executor, {.journal = journal,
                            .clock = clock,
                            .log = log,
                            .random = random,
                            .silence = std::bind_front(&Silences::find, &silences),
                            .ack = std::bind_front(&Acks::find, &acks),
                            .report = std::bind_front(&Components::report, this)}),
        checks(executor, kChecksAtOnce),
        fleet(executor, {.journal = journal,
                         .checks = checks,
                         .clock = clock,
                         .log = log,
                         .metrics = metrics,
                         .random = random,
                         .wants_reports = std::bind_front(&Components::wants_reports, this),
                         .report = std::bind_front(&Components::report, this),
                         .make_probe = std::bind_front(&Probes::make, &probes),
                         .on_update = std::bind_front(&Clusters::update, &clusters),
                         .on_gone = std::bind_front(&logins::Logins::forget, &logins),
                         .silence = std::bind_front(&Silences::find, &silences),
                         .ack = std::bind_front(&Acks::find, &acks)}),
        reloading(executor, 1),
        background(executor),
        reloads(executor) {}

  [[nodiscard]] bool wants_reports() const { return pipeline && pipeline->has_streams(); }
  void report(const notify::StatusReport& report) {
    if (pipeline) pipeline->report(report);
  }
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
  net::awaitable<Result<>> save_logins(std::vector<logins::StoredLogin> records);
  net::awaitable<void> watch_files();
  net::awaitable<Result<bool>> restore_files();
  net::awaitable<void> notify(const logins::Gate& gate, logins::Notice notice) {
    return credential_alerts.notify(gate, notice);
  }

  net::Executor executor;
  std::filesystem::path data_directory;
  const Log& log;
  SystemClock clock;
  store::Store store;
  net::Worker store_worker{"store", 1};
  notify::StoreOutbox outbox{store, store_worker};
  Silences silences;
  Acks acks;
  store::Logins stored_logins;
  logins::Logins logins;
  Requests requests;
  Probes probes;
  net::HttpClient http;
  Metrics metrics;
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

/// Of a credential, whose name may stand in the place of a host's, only whether is known.
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
  auto again =
      co_await store_worker.run([&] { return store.take_retries(clock.now(), kRetriesAtOnce); });
  if (!again) co_return fail(std::move(again));
  const auto count = again->size();
  pipeline->pipeline().dispatcher.get().submit(*std::move(again));
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

net::awaitable<Result<>> Daemon::Components::save_logins(std::vector<logins::StoredLogin> records) {
  auto saved = co_await store_worker.run([&] { return stored_logins.save(records); });
  if (!saved) log.warn("refused logins are not stored: {}", saved.error().what);
  co_return saved;
}

/// Somebody may remove or replace the data directory's files while they are open, and a disk that
/// was full at the start may have room.
net::awaitable<Result<bool>> Daemon::Components::restore_files() {
  co_return co_await store_worker.run([this]() -> Result<bool> {
    if (auto made = platform::make_private_directory(data_directory); !made)
      return fail(std::move(made));
    auto restored = store.restore_if_displaced();
    if (!restored) return restored;
    if (*restored) platform::give_to_owner(data_directory, store::kFiles);
    if (auto followed = requests.follow_store(); !followed) return fail(std::move(followed));
    if (auto followed = stored_logins.follow(); !followed) return fail(std::move(followed));
    return restored;
  });
}

net::awaitable<void> Daemon::Components::watch_files() {
  auto failure = store.lack_of_disk();  // was said at the start
  for (;; co_await net::sleep_for(kCompareFilesEvery)) {
    const bool was_in_memory = store.lack_of_disk().has_value();
    const auto* what =
        was_in_memory
            ? "tocsin runs from memory"
            : "the database was removed or replaced while tocsin ran, and cannot be made anew";
    const auto restored = co_await restore_files();
    if (!restored && (!failure || failure->what != restored.error().what))
      log.error("{}: {}", what, restored.error().what);
    failure = restored ? std::nullopt : std::optional(restored.error());
    if (!restored || !*restored) continue;
    if (was_in_memory) {
      log.notice("the disk has space again: all that was in memory is stored");
    } else {
      log.error(
          "the database was removed or replaced while tocsin ran: nothing is lost, it is made anew "
          "from what tocsin still has open");
    }
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
  if (auto made = platform::make_private_directory(options_.data_directory);
      !made && made.error().kind != ErrorKind::exhausted)
    co_return fail(std::move(made));
  auto opened = store::Store::open(options_.data_directory);
  if (!opened) co_return fail(std::move(opened));
  auto known = opened->load_states();
  if (!known) co_return fail(std::move(known));
  auto stored = open_stored(options_.data_directory);
  if (!stored) co_return fail(std::move(stored));
  if (const auto& lack = opened->lack_of_disk())
    log_.error(
        "{}; tocsin runs from memory: alerts are sent, but states, history and waiting deliveries "
        "are lost if it ends before there is space; then they are written",
        lack->what);
  platform::give_to_owner(options_.data_directory, store::kFiles);
  if (platform::is_writable_by_others(options_.data_directory))
    log_.warn(
        "every user of this machine may put files into the data directory {}: take that right away",
        to_utf8(options_.data_directory));

  const auto hosts = std::exchange(options_.config.hosts, {});
  const auto suppressed = find_suppressed(*opened, stored->records);
  components_ =
      std::make_unique<Components>(executor_, *std::move(opened), *std::move(stored), options_,
                                   log_, random_, [this] { return reload_in_peace(); });
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
  components.background.spawn(
      tend_hourly(components.store, components.store_worker, components.clock, log_));
  if (const auto& file = options_.config.metrics_file; !file.empty())
    components.background.spawn(
        write_metrics(to_path(file), components.metrics, components.probes, log_));
  components.background.spawn(
      end_unmonitored(take_unmonitored(*known, hosts, options_.config.clusters), components.journal,
                      components.clock, log_, random_));
  components.clusters.set_clusters(options_.config.clusters, *known);
  components.background.spawn(components.clusters.run());
  components.fleet.set_hosts(hosts, *std::move(known));
  say_lack_of_files(hosts, log_);
  retire_unused(components.logins, hosts);
  components.background.spawn(components.watch_files());
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
    auto states =
        co_await components.store_worker.run([&] { return components.store.load_states(); });
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
      "reloaded: hosts: {}, of these new: {}, changed: {}; gone: {}, "
      "destinations: {}",
      hosts.size(), changes.come, changes.changed, changes.gone, components.pipeline->size());
  if (config.left_out > 0)
    text += fmt::format(", entries left out for mistakes: {}", config.left_out);
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
  (void)co_await components.restore_files();
  co_await components.journal.store_rest(std::move(undelivered));
  if (const auto& lack = components.store.lack_of_disk())
    log_.error("{}; states, history and waiting deliveries are lost", lack->what);
  co_await closing.join();
  components_.reset();
}

std::filesystem::path data_directory(const std::string& option, const config::Config& config) {
  if (!option.empty()) return to_path(option);
  if (!config.data_directory.empty()) return to_path(config.data_directory);
  return platform::default_data_directory();
}

}  // namespace tocsin::daemon
