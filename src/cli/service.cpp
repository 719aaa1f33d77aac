// tocsin as a service of Windows: what is installed, and what runs then.
#include "platform/service.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/path.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/run.h"
#include "daemon/daemon.h"
#include "platform/service_rules.h"

namespace tocsin::cli {
namespace {

constexpr auto kDescription =
    "Watches Windows services and alerts people when one stops, starts, pauses, vanishes or hangs.";

/// A service starts in a directory of the system, so that nothing may be relative to ours.
std::filesystem::path absolute(const std::string& path) {
  return std::filesystem::absolute(to_path(path)).lexically_normal();
}

/// The arguments of `service run`; what follows from the configuration stays there, so that a
/// change of it takes effect at the next start.
std::vector<std::string> arguments_of(const ServiceInstallOptions& options) {
  std::vector<std::string> arguments{"service", "run", "-c",
                                     to_utf8(absolute(options.configuration))};
  if (!options.data_directory.empty()) {
    arguments.emplace_back("--data-dir");
    arguments.push_back(to_utf8(absolute(options.data_directory)));
  }
  return arguments;
}

/// Where a service that was installed with these arguments keeps its data; nothing when only its
/// configuration says so, and that is no longer readable.
std::optional<std::filesystem::path> data_directory_of(const std::vector<std::string>& arguments) {
  const auto value_of = [&](std::string_view option) -> std::string {
    for (std::size_t i = 0; i + 1 < arguments.size(); i++)
      if (arguments[i] == option) return arguments[i + 1];
    return {};
  };
  const auto directory = value_of("--data-dir");
  if (!directory.empty()) return to_path(directory);
  const auto loaded = config::load(value_of("-c"), environment());
  if (!loaded.config) return std::nullopt;
  return daemon::data_directory({}, *loaded.config);
}

platform::Severity severity_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::error:
      return platform::Severity::error;
    case config::LogLevel::warn:
      return platform::Severity::warning;
    default:
      return platform::Severity::information;
  }
}

void print_installed(const ServiceInstallOptions& options, const config::Config& configuration,
                     const std::filesystem::path& file, const std::filesystem::path& data) {
  const auto account =
      options.account.empty() ? platform::virtual_account(options.name) : options.account;
  fmt::print(
      "installed: {}, which runs as {} and starts with the system\n"
      "  configuration: {}; the account may read it, and must be able to read what it names\n"
      "  data: {}\n",
      options.name, account, to_utf8(file), to_utf8(data));
  if (!configuration.metrics_file.empty()) {
    // Its directory belongs to another program, so that nothing is changed there.
    fmt::print("  metrics: {}; the account must be able to write to its directory\n",
               configuration.metrics_file);
  }
  fmt::print(
      "  messages: Event Viewer, Windows Logs, Application, source {}\n"
      "start it now: net start {}\n",
      options.name, options.name.contains(' ') ? '"' + options.name + '"' : options.name);
}

}  // namespace

int service_install(const ServiceInstallOptions& options) {
  if (const auto allowed = platform::check_service_rights(); !allowed)
    return failed(allowed.error().what);
  const auto file = absolute(options.configuration);
  const auto configuration = load(to_utf8(file));
  if (!configuration) return kExitBadConfiguration;
  if (!configuration->enabled)
    return failed(fmt::format("{}: serviceMonitor.enable is false: there is nothing to do",
                              options.configuration),
                  kExitBadConfiguration);
  const auto data =
      std::filesystem::absolute(daemon::data_directory(options.data_directory, *configuration));
  std::vector directories{data};
  if (configuration->file_logging) directories.push_back(to_path(configuration->log_directory));

  const auto installed = platform::install_service({.name = options.name,
                                                    .description = kDescription,
                                                    .account = options.account,
                                                    .arguments = arguments_of(options),
                                                    .directories = directories,
                                                    .files = {file}});
  if (!installed) return failed(installed.error().what);
  for (const auto& warning : *installed) warn(warning);
  print_installed(options, *configuration, file, data);
  return kExitOk;
}

int service_uninstall(const ServiceUninstallOptions& options) {
  if (const auto allowed = platform::check_service_rights(); !allowed)
    return failed(allowed.error().what);
  const auto removed = platform::uninstall_service(options.name);
  if (!removed) return failed(removed.error().what);
  for (const auto& warning : removed->warnings) warn(warning);
  const auto data = data_directory_of(removed->arguments);
  fmt::print("removed: {}; its data stays in {}\n", options.name,
             data ? to_utf8(*data) : "the dataDirectory of its configuration");
  return kExitOk;
}

int service_run(const RunOptions& options) {
  const auto ended = platform::run_as_service([&](platform::ServiceHost& host) {
    try {
      return watch(options, {.system_log =
                                 [&](config::LogLevel level, std::string_view text) {
                                   host.report(severity_of(level), text);
                                 },
                             .on_loaded = [&] { host.still_starting(); },
                             .on_ready = [&] { host.ready(); }});
    } catch (const std::exception& exception) {
      host.report(platform::Severity::error, exception.what());
      return kExitFailed;
    }
  });
  return ended ? *ended : failed(ended.error().what);
}

}  // namespace tocsin::cli
