#include "daemon/daemon.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/path.h"
#include "base/try.h"
#include "daemon/components.h"
#include "daemon/control.h"
#include "daemon/open_files.h"
#include "daemon/unmonitored.h"
#include "net/event.h"
#include "net/timer.h"
#include "net/worker.h"
#include "platform/paths.h"
#include "platform/permissions.h"
#include "platform/process.h"
#include "platform/stop.h"
#include "store/requests.h"
#include "store/store.h"

namespace tocsin::daemon {
namespace {

/// However many pages ask whether files have changed.
constexpr auto kLookAtFilesEvery = std::chrono::seconds(2);
/// On a disk that hangs.
constexpr auto kLookLimit = std::chrono::seconds(5);
/// The details of a few hosts are read by then, and those of thousands before the pause has doubled
/// often.
constexpr std::chrono::milliseconds kFirstReturnOfMemory = std::chrono::minutes(2);
constexpr std::chrono::milliseconds kReturnMemoryEvery = std::chrono::hours(1);
constexpr auto kMetricsEvery = std::chrono::seconds(15);  // as often as Prometheus usually asks

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

/// What a start, a storm or a reload has needed is not needed for days.
net::awaitable<void> return_freed_memory() {
  for (auto pause = kFirstReturnOfMemory;; pause = std::min(2 * pause, kReturnMemoryEvery)) {
    co_await net::sleep_for(pause);
    platform::return_freed_memory();
  }
}

net::awaitable<void> write_metrics(std::filesystem::path file, Web& web, const Log& log) {
  net::Worker worker("metrics", 1);
  for (bool failing = false;; co_await net::sleep_for(kMetricsEvery)) {
    auto text = co_await web.metrics();
    const auto written = co_await worker.run_until(
        [file, text = std::move(text)] { return platform::replace_file(file, text); },
        net::Deadline::max());
    if (!*written && !failing) log.warn("{}", written->error().what);
    failing = !*written;
  }
}

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
  loaded_at_ = clock_.now();
  files_read_ = std::make_shared<const config::FilesRead>(std::move(options_.config.files_read));
  CO_TRY(auto storage,
         Storage::open(options_.data_directory, options_.config.history_kept, clock_, log_));
  CO_TRY(auto known, storage->store.load_states());
  CO_TRY(auto records, storage->logins.load());
  CO_TRY(auto recoveries, storage->recoveries.load());

  const auto hosts = std::exchange(options_.config.hosts, {});
  const auto suppressed = find_suppressed(storage->store, records);
  components_ =
      std::make_unique<Components>(*this, std::move(storage), std::move(records), recoveries);
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
  components.background.spawn(return_freed_memory());
  if (const auto& file = options_.config.metrics_file; !file.empty())
    components.background.spawn(write_metrics(to_path(file), components.web, log_));
  components.background.spawn(
      end_unmonitored(take_unmonitored(known, hosts, options_.config.clusters), components.journal,
                      components.clock, log_, random_));
  components.clusters.set_clusters(options_.config.clusters, known);
  components.background.spawn(components.clusters.run());
  components.fleet.set_hosts(hosts, std::move(known));
  components.show_all();
  say_lack_of_files(hosts, log_);
  retire_unused(components.logins, hosts);
  components.background.spawn(components.storage->watch_files());
  components.background.spawn(components.recovery.run());
  components.background.spawn(components.requests.run());  // which asks what fires
  for (const auto& id : suppressed) components.credential_alerts.remember_suppressed(id);
  components.background.spawn(components.credential_alerts.run(components.logins));
  components.background.spawn(components.web.run());
  components.background.spawn(components.liveness.watch());
  co_await components.heartbeats.set(options_.config.heartbeats);
  components.background.spawn(components.say_what_is_not_watched(options_.config.left_out));
  if (components.pipeline->size() == 0) {
    log_.warn("no destination is enabled: changes go to the log and the history only");
  }
  log_.notice("ready: hosts: {}, {}, destinations: {}, data in {}", hosts.size(),
              options_.config.frequency.text(), components.pipeline->size(),
              to_utf8(options_.data_directory));
  components.supervision.ready();
  components.background.spawn(components.supervision.run());
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
  const Supervision::Reload told(components.supervision);
  if (!options_.load) co_return refuse_reload("there is no file to read");
  net::Worker worker("config", 1);
  auto loaded = co_await worker.run([this] { return options_.load(); });
  options_.findings = loaded.findings;
  for (const auto& finding : loaded.findings) {
    if (finding.severity == config::Severity::error) log_.error("{}", to_string(finding));
    if (finding.severity == config::Severity::warning) log_.warn("{}", to_string(finding));
  }
  if (!loaded.config) co_return refuse_reload(first_mistake(loaded.findings));

  auto& config = *loaded.config;
  config.get<config::Mqtt>().instance = instance_of(options_.data_directory);
  const auto hosts = std::exchange(config.hosts, {});
  auto files_read = std::make_shared<const config::FilesRead>(std::move(config.files_read));
  Fleet::Known known;
  if (!components.fleet.has_all(hosts) || !components.clusters.has_all(config.clusters)) {
    auto states = co_await components.storage->worker.run(
        [&] { return components.storage->store.load_states(); });
    if (!states) co_return refuse_reload(states.error().what);
    known = *std::move(states);
  }
  components.storage->keep_for(config.history_kept);
  components.silences.set_maintenance(config.maintenance);
  co_await components.replace_pipeline(config);
  components.clusters.set_clusters(config.clusters, known);
  const auto changes = components.fleet.set_hosts(hosts, std::move(known));
  components.show_all();
  co_await components.heartbeats.set(config.heartbeats);
  say_lack_of_files(hosts, log_);
  retire_unused(components.logins, hosts);
  components.web.set_config(config.web);
  loaded_at_ = clock_.now();
  files_read_ = std::move(files_read);
  files_differ_ = false;
  look_at_files_ = {};
  components.metrics.set_per_host(config.metrics_per_host);
  components.metrics.count_reload(true, loaded_at_);
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

std::optional<std::string> Daemon::dashboard() const {
  if (!components_) return std::nullopt;
  const auto address = components_->web.address();
  if (!address) return std::nullopt;
  return fmt::format("{}#token={}", *address, components_->web.token().reveal());
}

net::awaitable<web::LoadedConfiguration> Daemon::configuration() {
  if (const auto now = net::MonotonicClock::now(); now >= look_at_files_) {
    look_at_files_ = now + kLookAtFilesEvery;
    const auto files = files_read_;
    const auto differ =
        co_await looking_.run_until([files] { return files->have_changed(); }, now + kLookLimit);
    if (differ && files == files_read_) files_differ_ = *differ;
  }
  co_return web::LoadedConfiguration{.file = options_.file,
                                     .loaded_at = loaded_at_,
                                     .differs = files_differ_,
                                     .findings = options_.findings};
}

store::ReloadAnswer Daemon::refuse_reload(const std::string& why) const {
  auto text = "not reloaded, nothing has changed: " + why;
  components_->metrics.count_reload(false, clock_.now());
  log_.error("{}", text);
  return {.good = false, .text = std::move(text)};
}

net::awaitable<void> Daemon::stop() {
  if (!components_) co_return;
  auto& components = *components_;
  components.supervision.stopping();
  components.background.cancel();
  co_await components.reloads.join();
  co_await components.heartbeats.stop();
  if (components.recovery.is_recovering() || components.web.is_controlling())
    log_.notice(
        "services are being started or stopped: tocsin ends after that, in 2 minutes at most");
  const auto last_controls = net::within(kLastControls);
  co_await components.recovery.stop(last_controls);
  co_await components.web.finish_controls(last_controls);
  co_await components.fleet.stop();
  co_await components.background.join();
  co_await components.web.stop();

  net::TaskScope closing(executor_);
  components.fleet.close(closing);
  auto undelivered = co_await components.pipeline->stop();
  co_await components.logins.flush();
  (void)co_await components.storage->restore_files();
  co_await components.journal.store_rest(std::move(undelivered));
  co_await components.storage->note_alive();
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
