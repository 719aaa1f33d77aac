// `check` and `services`: one check, now, without alerts.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "base/try.h"
#include "cli/ask_hosts.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/table.h"
#include "config/file/findings.h"
#include "daemon/daemon.h"
#include "daemon/listed.h"
#include "daemon/watch_gaps.h"
#include "domain/cluster.h"
#include "domain/monitored_host.h"
#include "domain/service.h"
#include "platform/terminal.h"
#include "probe/probe.h"
#include "probe/scm_terms.h"

namespace tocsin::cli {
namespace {

constexpr auto kCheckLimit = std::chrono::seconds(30);

using Services = std::vector<ObservedService>;
using json = nlohmann::ordered_json;

enum class Check : std::uint8_t { watched, all };

/// All details as well, as far as the time allows.
net::awaitable<Result<Services>> check_watched(probe::Probe& probe, net::Deadline deadline) {
  auto services = co_await probe.check(deadline);
  if (!services) co_return services;
  CO_TRY(const auto details, co_await probe.read_details(probe.due_details(), deadline));
  attach_details(*services, details);
  co_return services;
}

/// The answers in the order of the hosts.
std::vector<Result<Services>> check_hosts(std::span<const config::Host> hosts, Check check,
                                          const AskOptions& options) {
  std::vector<Result<Services>> answers(hosts.size());
  ask_hosts(hosts, options, [&](std::size_t place, probe::Probe& probe) -> net::awaitable<void> {
    const auto deadline = net::within(kCheckLimit);
    answers[place] = check == Check::watched ? co_await check_watched(probe, deadline)
                                             : co_await probe.list(deadline);
    if (const auto notice = probe.last_check().notice; !notice.empty())
      warn(hosts[place].name.text() + " " + notice);
  });
  return answers;
}

Color color_of(ServiceState state) {
  if (state == ServiceState::running) return Color::green;
  if (state == ServiceState::stopped || state == ServiceState::missing) return Color::red;
  if (state == ServiceState::unknown || state == ServiceState::denied) return Color::magenta;
  return Color::yellow;
}

/// One line of the answer; fields that are not known are empty.
struct Row {
  std::string host;
  std::string service;
  std::string display_name;
  std::string friendly_name;
  ServiceState state = ServiceState::unknown;
  StartMode start_mode = StartMode::unknown;
  std::uint32_t process_id = 0;
  std::string error;
  bool in_cluster = false;  ///< the rule of a cluster decides whether it is right
  std::string rule;         ///< of a cluster, whose state says whether it holds
  std::string reason;       ///< of that state
};

std::string error_of(ServiceState state) {
  if (state == ServiceState::missing) return "no such service on the host";
  if (state == ServiceState::unknown) return "the host reports an unknown state";
  if (state == ServiceState::denied) return "access denied: the account may not query this service";
  return "";
}

/// A first check brings services whose details decide whether they are watched.
void leave_watched(Services& services, const Watchlist& watchlist) {
  std::erase_if(services, [&](const ObservedService& service) {
    const auto* details = service.details.get();
    return watchlist.find(service.name, details) == nullptr ||
           watchlist.is_undecided(service.name, details);
  });
}

std::vector<Row> rows_of(const config::Host& host, const Result<Services>& answer) {
  std::vector<Row> rows;
  if (!answer) {
    for (const auto& entry : host.services.entries()) {
      rows.push_back({.host = host.name.text(),
                      .service = entry.pattern.empty() ? entry.display_name : entry.pattern,
                      .friendly_name = entry.friendly_name,
                      .error = answer.error().what});
    }
    return rows;
  }
  for (const auto& service : *answer) {
    const auto* details = service.details.get();
    Row row{.host = host.name.text(),
            .service = service.name.text(),
            .state = service.status.state,
            .process_id = service.status.process_id,
            .error = error_of(service.status.state)};
    if (const auto* watched = host.services.find(service.name, details)) {
      row.friendly_name = watched->friendly_name;
      row.in_cluster = !watched->cluster.empty();
      if (is_one_name(*watched)) row.service = watched->pattern;
    }
    if (details != nullptr) {
      row.display_name = details->display_name;
      row.start_mode = details->start_mode;
    }
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, {}, [](const Row& row) { return ServiceName(row.service).key(); });
  return rows;
}

/// What the rules of the clusters say to what was seen.
std::vector<Row> rows_of(const std::vector<config::Cluster>& clusters,
                         const std::vector<Row>& seen) {
  std::map<std::pair<HostName, ServiceName>, ServiceState> states;
  for (const auto& row : seen)
    if (row.in_cluster)
      states.emplace(std::pair(HostName(row.host), ServiceName(row.service)), row.state);
  std::vector<Row> rows;
  for (const auto& cluster : clusters) {
    for (const auto& service : cluster.services.exact_names()) {
      auto verdict = judge(cluster.rule, cluster.hosts, [&](const HostName& host) {
        const auto state = states.find({host, service});
        return state == states.end() ? ServiceState::unknown : state->second;
      });
      rows.push_back({.host = cluster.name.text(),
                      .service = service.text(),
                      .state = verdict.state,
                      .rule = to_string(cluster.rule),
                      .reason = std::move(verdict.reason)});
    }
  }
  return rows;
}

/// Names the services of whose details nothing is known, though they are there: those of a host
/// that was too slow, or an account that may not read them.
void warn_of_unread(std::span<const config::Host> hosts,
                    std::span<const Result<Services>> answers) {
  const auto is_unread = [](const ObservedService& service) {
    return probe::is_there(service.status) &&
           (service.details == nullptr || service.details->start_mode == StartMode::unknown);
  };
  for (std::size_t i = 0; i < answers.size(); i++) {
    if (!answers[i]) continue;
    std::vector<std::string> names;
    for (const auto& service : *answers[i] | std::views::filter(is_unread))
      names.push_back(service.name.text());
    if (names.empty()) continue;
    warn(
        fmt::format("{}: start mode not known, because the host did not answer within {} or the "
                    "account may not read it: {}",
                    hosts[i].name.text(), duration_text(kCheckLimit), daemon::listed(names)));
  }
}

/// What is not watched properly.
struct Shortfall {
  daemon::WatchGaps gaps;
  std::vector<std::string> idle;  ///< patterns that find nothing, as sentences
};

/// As a running tocsin would see it after its first check.
Shortfall find_shortfall(const config::Config& configuration,
                         const std::vector<Result<Services>>& answers) {
  Shortfall found{.gaps = {.left_out = configuration.left_out}, .idle = {}};
  for (std::size_t i = 0; i < answers.size(); i++) {
    const auto& host = configuration.hosts[i];
    MonitoredHost monitored(host.name, {.services = host.services, .policy = host.policy}, {});
    (void)monitored.apply({.host = host.name, .at = SystemClock().now(), .services = answers[i]});
    found.gaps.add(monitored);
    if (!answers[i]) continue;
    for (const auto& pattern : monitored.idle_patterns())
      found.idle.push_back(fmt::format("{}: no service matches {}", host.name.text(),
                                       config::in_backticks(pattern)));
  }
  return found;
}

json to_json(const Row& row) {
  const auto text = [](const std::string& value) -> json {
    if (value.empty()) return nullptr;
    return value;
  };
  json object{{"host", row.host},
              {"service", row.service},
              {"displayName", text(row.display_name)},
              {"friendlyName", text(row.friendly_name)},
              {"state", to_string(row.state)},
              {"startMode", to_string(row.start_mode)},
              {"processId", row.process_id},
              {"error", text(row.error)}};
  if (!row.rule.empty()) {
    object["rule"] = row.rule;
    object["reason"] = text(row.reason);
  }
  return object;
}

void print_rows(const std::vector<Row>& rows) {
  json array = json::array();
  for (const auto& row : rows) array.push_back(to_json(row));
  print_json(array);
}

std::string process_of(const Row& row) {
  return row.process_id == 0 ? "-" : std::to_string(row.process_id);
}

/// The last column: whatever else is worth saying.
Cell remark_of(const Row& row) {
  if (!row.rule.empty())
    return {row.reason.empty() ? row.rule : row.rule + ": " + row.reason, Color::dim};
  if (!row.error.empty()) return {row.error, Color::dim};
  return {row.friendly_name.empty() ? row.display_name : row.friendly_name};
}

void print_table(const std::vector<Row>& rows) {
  Table table({"HOST", "SERVICE", "STATE", "START", "PID", "NAME"});
  for (const auto& row : rows) {
    table.add({{row.host},
               {row.service},
               {std::string(to_string(row.state)), color_of(row.state)},
               {row.rule.empty() ? std::string(to_string(row.start_mode)) : "-"},
               {process_of(row)},
               remark_of(row)});
  }
  fmt::print("{}", table.draw(platform::wants_color(platform::Stream::output)));
}

}  // namespace

int check(const CheckOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  auto answers =
      check_hosts(configuration->hosts, Check::watched,
                  {.data_directory = daemon::data_directory(options.data_directory, *configuration),
                   .force = options.force});
  std::vector<Row> rows;
  bool all_reached = true;
  for (std::size_t i = 0; i < answers.size(); i++) {
    all_reached &= answers[i].has_value();
    if (answers[i]) leave_watched(*answers[i], configuration->hosts[i].services);
    std::ranges::move(rows_of(configuration->hosts[i], answers[i]), std::back_inserter(rows));
  }
  std::ranges::move(rows_of(configuration->clusters, rows), std::back_inserter(rows));
  options.json ? print_rows(rows) : print_table(rows);
  warn_of_unread(configuration->hosts, answers);
  const auto shortfall = find_shortfall(*configuration, answers);
  for (const auto& sentence : shortfall.idle)
    print_finding(config::Severity::warning, printable(sentence, 1000));
  if (!shortfall.gaps.empty())
    print_finding(config::Severity::warning, "not watched properly: " + shortfall.gaps.text());
  if (!all_reached) return kExitNotReached;
  if (!shortfall.idle.empty()) return kExitFailed;
  const bool all_running = std::ranges::all_of(
      rows, [](const Row& row) { return row.in_cluster || row.state == ServiceState::running; });
  return all_running ? kExitOk : kExitFailed;
}

int services(const HostOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  const auto* found = find_called(configuration->hosts, HostName(options.host));
  if (found == nullptr)
    return failed(fmt::format("{} has no host \"{}\"", options.configuration, options.host));
  const auto answers =
      check_hosts(std::span(found, 1), Check::all,
                  {.data_directory = daemon::data_directory(options.data_directory, *configuration),
                   .force = options.force});
  if (!answers.front())
    return failed(fmt::format("{}: {}", found->name.text(), answers.front().error().what),
                  kExitNotReached);
  const auto rows = rows_of(*found, answers.front());
  options.json ? print_rows(rows) : print_table(rows);
  warn_of_unread(std::span(found, 1), answers);
  return kExitOk;
}

}  // namespace tocsin::cli
