// `check` and `services`: one look, now, without store or alerts.
#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/table.h"
#include "daemon/probes.h"
#include "domain/cluster.h"
#include "domain/service.h"
#include "net/loop.h"
#include "net/semaphore.h"
#include "net/task_scope.h"
#include "platform/process.h"
#include "platform/terminal.h"
#include "probe/probe.h"

namespace tocsin::cli {
namespace {

constexpr auto kLookLimit = std::chrono::seconds(30);
constexpr auto kLogOffLimit = std::chrono::seconds(1);
constexpr std::size_t kHostsAtOnce = 256;

using Services = std::vector<ObservedService>;
using json = nlohmann::ordered_json;

enum class Look : std::uint8_t { watched, all };

net::awaitable<void> look_at(const config::Host& host, Look look, daemon::Probes& probes,
                             net::Semaphore& slots, Result<Services>& answer) {
  const auto slot = co_await slots.acquire();
  const auto probe = probes.make(host);
  const auto deadline = net::within(kLookLimit);
  answer = look == Look::watched ? co_await probe->check(deadline) : co_await probe->list(deadline);
  co_await probe->close(net::within(kLogOffLimit));
}

/// The answers in the order of the hosts.
std::vector<Result<Services>> look_at_all(std::span<const config::Host> hosts, Look look) {
  platform::allow_many_files();
  std::vector<Result<Services>> answers(hosts.size());
  net::Loop loop;
  loop.run_until_done([&]() -> net::awaitable<void> {
    const SystemClock clock;
    daemon::Probes probes(loop.executor(), platform::system_random(), clock);
    net::Semaphore slots(loop.executor(), kHostsAtOnce);
    net::TaskScope scope(loop.executor());
    for (std::size_t i = 0; i < hosts.size(); i++) {
      scope.spawn(look_at(hosts[i], look, probes, slots, answers[i]));
    }
    co_await scope.join();
  }());
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
  if (state == ServiceState::unknown) return "the host names a state that does not exist";
  if (state == ServiceState::denied) return "access denied: the account may not query this service";
  return "";
}

/// A first look brings some of which their details say, or do not say, whether they are watched.
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

void print_json(const std::vector<Row>& rows) {
  json array = json::array();
  for (const auto& row : rows) array.push_back(to_json(row));
  fmt::print("{}\n", array.dump(2, ' ', false, json::error_handler_t::replace));
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
  auto answers = look_at_all(configuration->hosts, Look::watched);
  std::vector<Row> rows;
  bool all_reached = true;
  for (std::size_t i = 0; i < answers.size(); i++) {
    all_reached &= answers[i].has_value();
    if (answers[i]) leave_watched(*answers[i], configuration->hosts[i].services);
    std::ranges::move(rows_of(configuration->hosts[i], answers[i]), std::back_inserter(rows));
  }
  std::ranges::move(rows_of(configuration->clusters, rows), std::back_inserter(rows));
  options.json ? print_json(rows) : print_table(rows);
  if (!all_reached) return kExitNotReached;
  const bool all_running = std::ranges::all_of(
      rows, [](const Row& row) { return row.in_cluster || row.state == ServiceState::running; });
  return all_running ? kExitOk : kExitFailed;
}

int services(const ServicesOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  const auto* found = find_called(configuration->hosts, HostName(options.host));
  if (found == nullptr) {
    complain(fmt::format("{} has no host \"{}\"", options.configuration, options.host));
    return kExitFailed;
  }
  const auto answers = look_at_all(std::span(found, 1), Look::all);
  if (!answers.front()) {
    complain(fmt::format("{}: {}", found->name.text(), answers.front().error().what));
    return kExitNotReached;
  }
  const auto rows = rows_of(*found, answers.front());
  options.json ? print_json(rows) : print_table(rows);
  return kExitOk;
}

}  // namespace tocsin::cli
