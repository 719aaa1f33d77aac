#include "config/load.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "config/destinations/generic_urls.h"
#include "config/destinations/heartbeat.h"
#include "config/destinations/http_proxy.h"
#include "config/destinations/read_destinations.h"
#include "config/destinations/read_routes.h"
#include "config/file/config_files.h"
#include "config/file/files.h"
#include "config/file/findings.h"
#include "config/file/substitution.h"
#include "config/known_keys.h"
#include "config/load_tree.h"
#include "config/migration/by_default.h"
#include "config/section/section.h"
#include "config/service_monitor.h"
#include "config/web.h"

namespace tocsin::config {
namespace {

/// Butler writes "silly" where others write "trace", and knows one level between debug and
/// info that we do not.
constexpr std::array kLogLevels = {
    Choice<LogLevel>{"silly", LogLevel::trace},   Choice<LogLevel>{"debug", LogLevel::debug},
    Choice<LogLevel>{"verbose", LogLevel::debug}, Choice<LogLevel>{"info", LogLevel::info},
    Choice<LogLevel>{"warn", LogLevel::warn},     Choice<LogLevel>{"error", LogLevel::error}};

/// One line for all that only Butler uses, where no comparison lists it.
void say_what_is_ignored(Section& root) {
  std::vector<std::pair<Place, std::string_view>> ignored;
  for (const auto& [path, key] : root.reading().seen.unused) {
    if (key.of_butler) ignored.emplace_back(key.place, path);
  }
  if (ignored.empty()) return;
  std::ranges::sort(ignored);
  constexpr std::size_t kMostNamed = 30;
  std::string names;
  for (std::size_t i = 0; i < std::min(ignored.size(), kMostNamed); i++)
    names += (i == 0 ? "" : ", ") + printable(ignored[i].second, 64);
  if (ignored.size() > kMostNamed)
    names += fmt::format(" and {} more", ignored.size() - kMostNamed);
  root.info(ignored.front().first, "not used by this version: " + names);
}

/// A path that stands at the root of a file.
void read_path(Section& root, const Key& key, std::string& out, Check check = nullptr) {
  const auto place = root.text(key, out, check);
  out = root.path_at(place.value_or(root.place()), out);
}

void read_history_days(Section& root, std::chrono::days& out) {
  auto days = static_cast<unsigned>(out.count());
  root.count({.name = "historyDays",
              .description = "Number of days for which states, alerts, ended deliveries and ended "
                             "silences are kept.",
              .example = "365"},
             days, {1, 3650});
  out = std::chrono::days(days);
}

/// All of it: what stands under `Butler:` or `tocsin:`.
void read_config(Section& root, Config& config) {
  root.share_with_butler(Shared::all);
  AlertDestinations destinations;
  const auto monitor = root.section(
      {.name = "serviceMonitor",
       .description = "Hosts and services to watch, and the destinations of their alerts.",
       .need = Need::required,
       .differs = "States survive a restart, and a stopped service is one alert. Butler forgets "
                  "them and alerts again about every stopped service."},
      [&](Section& section) { destinations = read_service_monitor(section, config); });
  if (monitor && config.enabled && !destinations.any())
    root.warning(*monitor, "no destination gets alerts: `alertDestination` enables none");
  HttpProxy proxy;
  read_proxy(root, proxy);
  read_destinations(root, destinations, proxy, config.destinations);
  if (config.enabled)
    check_routes(root, destinations.of_routes, config.destinations, config.routes);
  read_heartbeats(root, proxy, config.heartbeats);
  read_generic_urls(root, config.generic_urls);

  std::vector<std::string> include;  // Sources has read and checked it, and taken it out
  root.texts({.name = "include",
              .description = "Further files of the configuration, relative to the folder of this "
                             "one; `*` and `?` make patterns.",
              .example = "[conf.d/*.yaml]"},
             include);
  read_path(
      root,
      {.name = "dataDirectory",
       .description = "Directory of the store: states, history and undelivered notifications.",
       .example = "/var/lib/tocsin",
       .otherwise = "`/var/lib/tocsin` for root, else `$XDG_STATE_HOME/tocsin`; "
                    "`%ProgramData%\\tocsin` on Windows"},
      config.data_directory);
  read_history_days(root, config.history_kept);
  read_path(root,
            {.name = "metricsFile",
             .description = "File for metrics about tocsin itself, rewritten every 15 seconds. The "
                            "textfile collector of node_exporter or windows_exporter reads it.",
             .example = "/var/lib/node_exporter/tocsin.prom",
             .otherwise = "none"},
            config.metrics_file);
  root.section({.name = "metrics", .description = "Metrics about tocsin itself."},
               [&config](Section& section) {
                 section.boolean(
                     {.name = "perHost",
                      .description = "Each host has series of its own. Without them a large fleet "
                                     "costs Prometheus less.",
                      .example = "true"},
                     config.metrics_per_host);
               });
  read_web(root, config.web);
  root.choice(
      {.name = "logLevel",
       .description = "Lowest level of messages in the log. `verbose` is the same as `debug`.",
       .example = "info",
       .differs = "`verbose` logs the same as `debug`, and the log never shows secrets. Butler "
                  "logs API keys."},
      config.log_level, kLogLevels);
  root.boolean(
      {.name = "fileLogging", .description = "Writes the log to files too.", .example = "true"},
      config.file_logging);
  read_path(root,
            {.name = "logDirectory",
             .description = "Directory of the log files.",
             .example = "/var/log/tocsin",
             .differs = "A relative path starts from the folder of the configuration. Butler puts "
                        "every path under the folder of its program."},
            config.log_directory, must_not_be_empty);
}

Loaded parse_text(const std::string& text, const std::string& file, const ConfigFile& source,
                  const Environment& environment, const UseTree& use, FilesRead files_read = {}) {
  Findings findings(file);
  Config config;
  Loaded loaded;
  Substitution substitution(environment, files_read);
  ConfigFiles sources(findings, substitution, environment, files_read);
  if (const auto* node = sources.read(text, file, source)) {
    Reading reading{.findings = findings,
                    .substitution = substitution,
                    .environment = environment,
                    .files_read = files_read,
                    .files = sources.files(),
                    .is_butler_file = sources.is_butler_file(),
                    .adds_account = use != nullptr};
    Section root(reading, node, node->place);
    read_config(root, config);
    root.finish();
    config.left_out = reading.left_out;
    config.missing_templates = std::move(reading.missing_templates);
    if (use) use({*node, reading.seen, findings, reading.is_butler_file, sources.files().size()});
    if (reading.is_butler_file) {
      loaded.comparison = compare(*node, reading.seen, findings);
      loaded.comparison->by_default = find_defaults(*node, config.destinations);
    } else {
      say_what_is_ignored(root);
    }
  }
  config.files_read = std::move(files_read);
  if (!findings.has_errors()) loaded.config = std::move(config);
  loaded.findings = std::move(findings).take();
  return loaded;
}

}  // namespace

std::vector<KnownKey> known_keys() {
  std::vector<KnownKey> keys;
  Findings findings("");
  const Environment nowhere;
  FilesRead files_read;
  Substitution substitution(nowhere, files_read);
  Reading reading{.findings = findings,
                  .substitution = substitution,
                  .environment = nowhere,
                  .files_read = files_read,
                  .files = {ConfigFile{}},
                  .known_keys = &keys};
  Section root(reading, nullptr, {});
  Config config;
  read_config(root, config);
  return keys;
}

Loaded parse_tree(const std::string& text, const std::string& file, const std::string& directory,
                  const Environment& environment, const UseTree& use) {
  return parse_text(text, file, {.directory = directory}, environment, use);
}

Loaded load_tree(const std::string& path, const Environment& environment, const UseTree& use) {
  FilesRead files_read;
  files_read.add(path);
  const auto text = read_file(path, kMostConfigBytes, Accept::streams_too);
  if (!text) {
    Findings findings(path);
    findings.add(Severity::error, {}, "the file " + text.error().what);
    return {.config = {}, .findings = std::move(findings).take(), .comparison = {}};
  }
  const ConfigFile source{.directory = to_utf8(to_path(path).parent_path()),
                          .exposed = environment.is_readable_by_others(path)};
  return parse_text(*text, path, source, environment, use, std::move(files_read));
}

Loaded parse(const std::string& text, const std::string& file, const std::string& directory,
             const Environment& environment) {
  return parse_tree(text, file, directory, environment, {});
}

Loaded load(const std::string& path, const Environment& environment) {
  return load_tree(path, environment, {});
}

}  // namespace tocsin::config
