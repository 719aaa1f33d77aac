// `ack`, `acks` and `unack`: written to the store, where a running tocsin finds them.
#include <algorithm>
#include <expected>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/requests.h"
#include "cli/table.h"
#include "daemon/credentials.h"
#include "daemon/daemon.h"
#include "domain/monitored_host.h"
#include "store/logins.h"
#include "store/store.h"
#include "web/json.h"

namespace tocsin::cli {
namespace {

using web::json;

/// An alert that was notified, and not its end.
struct Firing {
  HostName host;
  ServiceName service;  ///< empty: the host itself
  Time since{};
};

/// What the store knows to fire: hosts, services, clusters and credentials.
Result<std::vector<Firing>> load_firing(const std::filesystem::path& directory) {
  TRY(auto store, store::Store::open_read_only(directory));
  TRY(auto states, store.load_states());
  std::vector<Firing> all;
  for (auto& [name, known] : states) {
    const MonitoredHost host(name, {}, std::move(known));
    const auto add = [&](const ServiceName& service) {
      if (const auto since = host.firing_since(service)) all.push_back({name, service, *since});
    };
    add({});
    for (const auto& service : host.services()) add(service.name);
  }
  TRY(auto logins, store::Logins::open(directory));
  TRY(const auto records, logins.load());
  for (const auto& record : records) {
    if (daemon::is_firing_credential(record))
      all.push_back({.host = HostName(record.id.value), .service = {}, .since = {}});
  }
  return all;
}

/// Answers the id; nothing: it has complained.
std::optional<std::int64_t> find_or_add(store::Requests& requests, const std::vector<Ack>& known,
                                        const Firing& firing, const Ack& ack) {
  const auto same = std::ranges::find_if(
      known, [&](const Ack& one) { return one.covers(firing.host, firing.service, firing.since); });
  if (same != known.end()) return same->id;
  const auto id = requests.add_ack(ack);
  if (id) return *id;
  complain(id.error().what);
  return std::nullopt;
}

/// Those that the command means by an id or by what they are for.
std::vector<Ack> find_meant(const std::vector<Ack>& acks, const std::string& text) {
  const auto id = parse_id(text);
  const auto scope = SilenceScope::parse(text);
  std::vector<Ack> meant;
  std::ranges::copy_if(acks, std::back_inserter(meant), [&](const Ack& ack) {
    return id ? ack.id == *id : scope.covers(ack.host, ack.service);
  });
  return meant;
}

void print_table(const std::vector<Ack>& acks) {
  Table table({"ID", "WHAT", "SINCE", "BY", "REASON"});
  for (const auto& ack : acks)
    table.add(
        {{std::to_string(ack.id)}, {ack.text()}, {local_time(ack.at)}, {ack.author}, {ack.reason}});
  print(table, "nothing is acknowledged");
}

/// What all commands about acknowledgements begin with.
struct Opened {
  config::Config config;
  store::Requests requests;
  std::vector<Ack> acks;  ///< those that have not ended
};

/// The exit code where it cannot be had; it has complained then. `options` are those of a command.
std::expected<Opened, int> open(const auto& options, auto how) {
  auto config = load(options.configuration);
  if (!config) return std::unexpected(kExitBadConfiguration);
  auto requests = open_requests(options.data_directory, *config, how);
  if (!requests) return std::unexpected(kExitFailed);
  auto acks = requests->load_acks();
  if (!acks) {
    complain(acks.error().what);
    return std::unexpected(kExitFailed);
  }
  return Opened{*std::move(config), *std::move(requests), *std::move(acks)};
}

}  // namespace

int ack(const AckOptions& options) {
  auto opened = open(options, store::Requests::open);
  if (!opened) return opened.error();
  auto& [config, requests, known] = *opened;
  auto firing = load_firing(daemon::data_directory(options.data_directory, config));
  if (!firing) return failed(firing.error().what);
  const auto scope = SilenceScope::parse(options.scope);
  std::erase_if(*firing, [&](const Firing& one) { return !scope.covers(one.host, one.service); });
  if (firing->empty()) {
    const auto mistake = find_mistake(scope, config);
    return failed(mistake.empty() ? fmt::format("nothing fires at `{}`", options.scope) : mistake);
  }
  const Time now = SystemClock().now();
  for (const auto& one : *firing) {
    const Ack ack{.host = one.host,
                  .service = one.service,
                  .at = std::max(now, one.since),  // the clock may have been set back
                  .reason = options.reason,
                  .author = options.author.empty() ? user() : options.author};
    const auto id = find_or_add(requests, known, one, ack);
    if (!id) return kExitFailed;
    fmt::print("{} is acknowledged until its alert ends; `tocsin unack {}` undoes this\n",
               printable(ack.text()), *id);
  }
  return kExitOk;
}

int acks(const AcksOptions& options) {
  auto opened = open(options, store::Requests::open_read_only);
  if (!opened) return opened.error();
  if (options.json) {
    json array = json::array();
    for (const auto& ack : opened->acks) array.push_back(web::to_json(ack));
    print_json(array);
  } else {
    print_table(opened->acks);
  }
  return kExitOk;
}

int unack(const UnackOptions& options) {
  auto opened = open(options, store::Requests::open);
  if (!opened) return opened.error();
  const auto meant = find_meant(opened->acks, options.ack);
  if (meant.empty()) {
    complain(fmt::format("`{}` is not acknowledged; `tocsin acks` lists what is", options.ack));
    return kExitFailed;
  }
  for (const auto& ack : meant) {
    if (const auto ended = opened->requests.take_back_ack(ack.id, actor()); !ended)
      return failed(ended.error().what);
    fmt::print("{} is no longer acknowledged\n", printable(ack.text()));
  }
  return kExitOk;
}

}  // namespace tocsin::cli
