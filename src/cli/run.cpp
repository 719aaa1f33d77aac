#include "cli/run.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/path.h"
#include "cli/load.h"
#include "cli/version.h"
#include "daemon/daemon.h"
#include "net/loop.h"
#include "platform/permissions.h"
#include "platform/process.h"
#include "platform/program.h"
#include "platform/stop.h"
#include "platform/supervisor.h"
#include "platform/terminal.h"

namespace tocsin::cli {
namespace {

/// The configuration, when there is something to do. What is wrong with it is said once, in full:
/// to the system's log where there is one, because a service has not even a stderr. `warnings` of a
/// file that is good are for the log, which is made later.
std::optional<config::Config> load_to_watch(const std::string& path,
                                            const daemon::SystemLog& system_log,
                                            std::vector<std::string>& warnings,
                                            std::vector<config::Finding>& findings) {
  std::vector<std::pair<config::Severity, std::string>> lines;
  auto configuration = load(
      path,
      [&lines](config::Severity severity, const std::string& line) {
        lines.emplace_back(severity, line);
      },
      &findings);
  const bool is_good = configuration && configuration->enabled;
  std::string report;
  for (auto& [severity, line] : lines) {
    report += line + '\n';
    if (is_good) {
      warnings.push_back(std::move(line));
    } else if (!system_log) {
      print_finding(severity, line);
    }
  }
  if (configuration && !configuration->enabled) {
    const auto reason =
        fmt::format("{}: serviceMonitor.enable is false: there is nothing to do", path);
    if (!system_log) complain(reason);
    report += reason + '\n';
    configuration.reset();
  }
  if (system_log && !report.empty())
    system_log(configuration ? config::LogLevel::warn : config::LogLevel::error, report);
  return configuration;
}

}  // namespace

int watch(const RunOptions& options, const Surroundings& surroundings) {
  platform::protect_memory();
  platform::keep_files_from_others();
  platform::allow_many_files();
  std::vector<std::string> warnings;
  std::vector<config::Finding> findings;
  auto configuration =
      load_to_watch(options.configuration, surroundings.system_log, warnings, findings);
  if (!configuration) return kExitBadConfiguration;
  if (surroundings.on_loaded) surroundings.on_loaded();
  const daemon::Log log(
      {.level = configuration->log_level,
       .color = platform::wants_color(platform::Stream::errors),
       .directory = configuration->file_logging ? to_path(configuration->log_directory) : "",
       .system_log = surroundings.system_log});
  for (const auto& warning : warnings) {
    if (surroundings.system_log) {
      log.info("{}", warning);  // the system's log has them
    } else {
      log.warn("{}", warning);
    }
  }
  const auto directory = daemon::data_directory(options.data_directory, *configuration);

  net::Loop loop;
  return loop.run_until_done([&]() -> net::awaitable<int> {
    const auto load_again = [file = options.configuration] {
      return config::load(file, environment());
    };
    daemon::Daemon daemon(
        loop.executor(),
        {.config = *std::move(configuration),
         .data_directory = directory,
         .version = version(),
         .load = load_again,
         .file = options.configuration,
         .findings = std::move(findings),
         .supervisor = platform::Supervisor::of_process(platform::environment_variable)},
        log, platform::system_random());
    if (const auto started = co_await daemon.start(); !started) {
      log.error("{}", started.error().what);
      co_return kExitFailed;
    }
    if (surroundings.on_ready) surroundings.on_ready();
    const auto reason = co_await platform::stop_request();
    log.notice("{}: stopping", reason);
    co_await daemon.stop();
    log.notice("stopped");
    co_return kExitOk;
  }());
}

int run(const RunOptions& options) { return watch(options, {}); }

}  // namespace tocsin::cli
