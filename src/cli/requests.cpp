#include "cli/requests.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/wildcard.h"
#include "cli/load.h"
#include "config/monitored/hosts_and_clusters.h"
#include "daemon/daemon.h"
#include "platform/program.h"

namespace tocsin::cli {

std::optional<store::Requests> open_requests(
    const std::string& option, const config::Config& config,
    Result<store::Requests> (*open)(const std::filesystem::path&)) {
  auto opened = open(daemon::data_directory(option, config));
  if (opened) return *std::move(opened);
  complain(opened.error().what);
  return std::nullopt;
}

std::string user() {
  for (const auto* name : {"SUDO_USER", "USER", "USERNAME"})
    if (auto value = platform::environment_variable(name); value && !value->empty()) return *value;
  return {};
}

Actor actor() { return {.name = user(), .at = SystemClock().now()}; }

std::optional<std::int64_t> parse_id(const std::string& text) {
  std::int64_t id = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, id);
  return error == std::errc() && end == last ? std::optional(id) : std::nullopt;
}

std::string find_mistake(const SilenceScope& scope, const config::Config& config) {
  bool is_called = false;
  const auto is_meant = [&](const auto& one) {  // a host or a cluster
    if (!SilenceScope{scope.host, {}}.covers(one.name, {})) return false;
    is_called = true;
    // What patterns find, only the host knows.
    return scope.service.empty() || has_wildcard(scope.service.key()) ||
           one.services.find(scope.service) != nullptr || one.services.has_display_names();
  };
  if (std::ranges::any_of(config.hosts, is_meant) || std::ranges::any_of(config.clusters, is_meant))
    return {};
  if (is_called) return fmt::format("no service `{}` is watched there", scope.service.text());
  return config::no_such_host({config.hosts, config.clusters}, scope.host);
}

}  // namespace tocsin::cli
