#include "cli/load.h"

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "cli/table.h"
#include "config/load.h"
#include "daemon/probes.h"
#include "kerberos/library.h"
#include "platform/paths.h"
#include "platform/permissions.h"
#include "platform/program.h"
#include "platform/standard_streams.h"
#include "platform/terminal.h"
#include "platform/time_zones.h"

namespace tocsin::cli {

config::Environment environment() {
  return {
      .variable = platform::environment_variable,
      .credential_file =
          [](const std::string& name) { return to_utf8(platform::credential_file(name)); },
      .is_readable_by_others =
          [](const std::string& path) { return platform::is_readable_by_others(to_path(path)); },
      .how_to_hide = platform::how_to_hide(),
      .has_service_manager = daemon::has_service_manager(),
      .has_ticket = kerberos::has_process_ticket(),
      .time_zone = platform::load_time_zone};
}

void print_finding(config::Severity severity, const std::string& line) {
  const bool colored = platform::wants_color(platform::Stream::errors);
  const auto color = severity == config::Severity::error ? Color::red : Color::yellow;
  platform::write_to_stderr(paint(line, color, colored) + '\n');
}

std::optional<config::Config> load(const std::string& path, const Report& report,
                                   std::vector<config::Finding>* findings) {
  auto loaded = config::load(path, environment());
  for (const auto& finding : loaded.findings) {
    if (finding.severity == config::Severity::info) continue;
    report(finding.severity, printable(to_string(finding), 1000));
  }
  if (findings != nullptr) *findings = std::move(loaded.findings);
  return std::move(loaded.config);
}

std::optional<std::string> find_configuration() {
  const auto of_machine = to_utf8(platform::system_configuration());
  for (const auto& file : {std::string("tocsin.yaml"), of_machine}) {
    std::error_code ignored;
    if (!std::filesystem::exists(to_path(file), ignored)) continue;
    platform::write_to_stderr(fmt::format("using {}\n", file));
    return file;
  }
  complain(fmt::format(
      "there is no tocsin.yaml here and no {}: name your configuration with -c FILE", of_machine));
  return std::nullopt;
}

void complain(const std::string& text) {
  platform::write_to_stderr(fmt::format("error: {}\n", printable(text, 1000)));
}

int failed(const std::string& why, int code) {
  complain(why);
  return code;
}

void warn(const std::string& text) {
  platform::write_to_stderr(fmt::format("warning: {}\n", printable(text, 1000)));
}

std::string local_time(Time time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(seconds));
}

}  // namespace tocsin::cli
