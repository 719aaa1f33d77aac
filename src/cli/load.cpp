#include "cli/load.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/table.h"
#include "platform/process.h"

namespace tocsin::cli {

config::Environment environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

std::optional<config::Config> load(const std::string& path) {
  auto loaded = config::load(path, environment());
  const bool colored = platform::wants_color(platform::Stream::errors);
  for (const auto& finding : loaded.findings) {
    if (finding.severity == config::Severity::info) continue;
    const auto color = finding.severity == config::Severity::error ? Color::red : Color::yellow;
    fmt::print(stderr, "{}\n", paint(printable(to_string(finding), 1000), color, colored));
  }
  return std::move(loaded.config);
}

void complain(const std::string& text) { fmt::print(stderr, "error: {}\n", printable(text, 1000)); }

std::string local_time(Time time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(seconds));
}

std::string iso_time(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     (time - seconds).count());
}

}  // namespace tocsin::cli
