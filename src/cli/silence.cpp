// `silence`, `silences` and `unsilence`: written to the store, where a running tocsin finds them.
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/requests.h"
#include "cli/table.h"
#include "config/file/findings.h"
#include "config/section/duration.h"
#include "daemon/daemon.h"
#include "store/store.h"
#include "web/json.h"

namespace tocsin::cli {
namespace {

using web::json;

constexpr Duration kLongest = std::chrono::days(366);

/// Those that the command means by an id or by what they are for, and that have not ended.
std::vector<Silence> find_meant(const std::vector<Silence>& silences, const std::string& text) {
  const auto id = parse_id(text);
  const auto scope = SilenceScope::parse(text);
  std::vector<Silence> meant;
  std::ranges::copy_if(silences, std::back_inserter(meant), [&](const Silence& silence) {
    return id ? silence.id == *id : silence.scope == scope;
  });
  return meant;
}

/// Whether the scope covers a service that is named in the configuration, or that a check has
/// found; also where the store does not say.
bool means_any(const SilenceScope& scope, const config::Config& config, const std::string& option) {
  if (scope.service.empty()) return true;
  const auto is_named = [&scope](const auto& one) {  // a host or a cluster
    return std::ranges::any_of(one.services.exact_names(), [&](const ServiceName& service) {
      return scope.covers(one.name, service);
    });
  };
  if (std::ranges::any_of(config.hosts, is_named) || std::ranges::any_of(config.clusters, is_named))
    return true;
  auto store = store::Store::open_read_only(daemon::data_directory(option, config));
  const auto states = store ? store->load_states() : fail(std::move(store));
  if (!states) return true;
  return std::ranges::any_of(*states, [&scope](const auto& known) {
    return std::ranges::any_of(known.second.services, [&](const auto& service) {
      return scope.covers(known.first, service.name);
    });
  });
}

std::string text_of(const std::vector<SilenceScope>& scopes) {
  std::string text;
  for (const auto& scope : scopes) text += (text.empty() ? "" : ", ") + scope.text();
  return text;
}

/// A row for a maintenance window that is open, or when it opens next.
std::vector<Cell> row_of(const config::Maintenance& maintenance, Time now) {
  const auto until = maintenance.window.open_until(now);
  const auto next = until ? std::optional(*until - maintenance.window.length)
                          : maintenance.window.begins.next(now);
  if (!next) return {};
  return {{"-"},
          {text_of(maintenance.scopes)},
          {local_time(*next)},
          {local_time(*next + maintenance.window.length)},
          until ? Cell{"silent", Color::yellow} : Cell{"to come"},
          {"maintenance " + maintenance.name},
          {maintenance.reason}};
}

void print_table(const std::vector<Silence>& silences, const config::Config& config, Time now) {
  Table table({"ID", "WHAT", "FROM", "UNTIL", "NOW", "BY", "REASON"});
  for (const auto& silence : silences)
    table.add({{std::to_string(silence.id)},
               {silence.scope.text()},
               {local_time(silence.begin)},
               {local_time(silence.end)},
               silence.is_active(now) ? Cell{"silent", Color::yellow} : Cell{"over", Color::dim},
               {silence.author},
               {silence.reason}});
  for (const auto& maintenance : config.maintenance)
    if (auto row = row_of(maintenance, now); !row.empty()) table.add(std::move(row));
  print(table, "nothing is silenced");
}

}  // namespace

int silence(const SilenceOptions& options) {
  const auto config = load(options.configuration);
  if (!config) return kExitBadConfiguration;
  const auto length = config::parse_duration(options.length);
  if (!length || *length <= Duration(0) || *length > kLongest)
    return failed(
        fmt::format("--for {}: {}", options.length,
                    length ? "expected more than 0s and at most 366d" : length.error().expected));
  const auto scope = SilenceScope::parse(options.scope);
  if (const auto mistake = find_mistake(scope, *config); !mistake.empty()) return failed(mistake);
  auto requests = open_requests(options.data_directory, *config);
  if (!requests) return kExitFailed;
  if (!means_any(scope, *config, options.data_directory))
    print_finding(
        config::Severity::warning,
        fmt::format("warning: {} matches no known service; the silence will apply to later ones",
                    config::in_backticks(options.scope, config::kLongNames)));
  const Time now = SystemClock().now();
  const auto id = requests->add_silence({.scope = scope,
                                         .begin = now,
                                         .end = now + *length,
                                         .reason = options.reason,
                                         .author = user()});
  if (!id) return failed(id.error().what);
  fmt::print("{} is silenced until {}; `tocsin unsilence {}` ends it\n", printable(options.scope),
             local_time(now + *length), *id);
  return kExitOk;
}

int silences(const SilencesOptions& options) {
  const auto config = load(options.configuration);
  if (!config) return kExitBadConfiguration;
  auto requests = open_requests(options.data_directory, *config, store::Requests::open_read_only);
  if (!requests) return kExitFailed;
  const Time now = SystemClock().now();
  const auto all = requests->load_silences(options.all ? Time{} : now);
  if (!all) return failed(all.error().what);
  if (options.json) {
    json array = json::array();
    for (const auto& silence : *all) array.push_back(web::to_json(silence, now));
    print_json(array);
  } else {
    print_table(*all, *config, now);
  }
  return kExitOk;
}

int unsilence(const UnsilenceOptions& options) {
  const auto config = load(options.configuration);
  if (!config) return kExitBadConfiguration;
  auto requests = open_requests(options.data_directory, *config);
  if (!requests) return kExitFailed;
  const Time now = SystemClock().now();
  const auto all = requests->load_silences(now);
  if (!all) return failed(all.error().what);
  const auto meant = find_meant(*all, options.silence);
  if (meant.empty()) {
    complain(
        fmt::format("no silence `{}` is active; `tocsin silences` lists them", options.silence));
    return kExitFailed;
  }
  for (const auto& silence : meant) {
    if (const auto ended = requests->end_silence(silence.id, {.name = user(), .at = now}); !ended)
      return failed(ended.error().what);
    fmt::print("the silence {} of {} has ended\n", silence.id, printable(silence.scope.text()));
  }
  return kExitOk;
}

}  // namespace tocsin::cli
