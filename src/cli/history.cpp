// `history` and `deliveries`: what happened, and the notifications of it; read from the store of a
// running or stopped tocsin.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/configured_destinations.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/requests.h"
#include "cli/table.h"
#include "config/section/duration.h"
#include "daemon/daemon.h"
#include "notify/destination.h"
#include "platform/process.h"
#include "store/reader.h"
#include "store/store.h"
#include "web/json.h"

namespace tocsin::cli {
namespace {

constexpr std::size_t kMostDeliveries = 1000;
constexpr std::size_t kActionsPerPage = 1000;

using web::json;

Color color_of(TransitionKind kind) {
  switch (row_of(kind).tone) {
    case Tone::good:
      return Color::green;
    case Tone::notable:
      return Color::yellow;
    case Tone::bad:
      return Color::red;
    case Tone::blind:
      return Color::magenta;
  }
  return Color::none;
}

Color color_of(store::DeliveryState state) {
  switch (state) {
    case store::DeliveryState::delivered:
      return Color::green;
    case store::DeliveryState::pending:
      return Color::yellow;
    case store::DeliveryState::dead:
      return Color::red;
    case store::DeliveryState::merged:
      return Color::dim;
  }
  return Color::none;
}

/// As the API has it, but for a key that is older than that.
json to_json(const Alert& alert) {
  auto object = web::to_json(alert);
  object.erase("suppressed");
  object["held"] = alert.suppressed;
  return object;
}

/// The store named by the options, or nothing after a complaint.
std::optional<store::Store> open_store(const std::string& option, const config::Config& config) {
  auto opened = store::Store::open_read_only(daemon::data_directory(option, config));
  if (opened) return *std::move(opened);
  complain(opened.error().what);
  return std::nullopt;
}

/// What made no sense in the rows that were read, on stderr.
void pass_on_complaints(store::Store& store) {
  for (const auto& complaint : store.take_complaints()) complain(complaint);
}

bool is_waiting_escalation(const store::DeliveryRecord& record) {
  return record.state == store::DeliveryState::pending && is_escalation(record.delivery);
}

/// The names of the configured destinations, by their keys.
std::map<std::string, std::string> names_of_destinations(const config::Config& config) {
  const ConfiguredDestinations destinations(config);
  std::map<std::string, std::string> names;
  for (const auto& destination : destinations.all().alerts) {
    names.emplace(destination.channel->key(), destination.channel->name());
  }
  return names;
}

/// What somebody did, the latest first.
Result<std::vector<Action>> load_actions(const std::filesystem::path& directory,
                                         const store::HistoryQuery& query) {
  TRY(auto reader, store::Reader::open(directory));
  std::vector<Action> all;
  store::ActionQuery page{.which = {.host = query.host.value_or(HostName()),
                                    .service = query.service.value_or(ServiceName())},
                          .from = query.since,
                          .limit = kActionsPerPage};
  for (;;) {
    TRY(auto read, reader.actions(page));
    std::ranges::move(read.actions, std::back_inserter(all));
    if (!read.next) return all;
    page.before = *read.next;
  }
}

std::vector<Cell> row_of_action(const Action& action,
                                const std::map<std::string, std::string>& names) {
  const auto or_dash = [](std::string text) { return text.empty() ? "-" : std::move(text); };
  std::string about = "by " + (action.by.name.empty() ? "somebody" : action.by.name);
  if (action.until != Time{}) about += ", until " + local_time(action.until);
  if (const auto name = names.find(action.destination); name != names.end())
    about += ", " + name->second;
  if (!action.reason.empty()) about += ": " + action.reason;
  return {{local_time(action.by.at)},
          {or_dash(action.scope.host.text())},
          {or_dash(action.scope.service.text())},
          {std::string(to_string(action.kind))},
          {"-"},
          {"-"},
          {std::move(about)}};
}

/// Asks the tocsin that runs, or runs next.
int retry(const DeliveriesOptions& options, const config::Config& config) {
  if (options.id.empty() != options.all)
    return failed(
        "--retry needs the ID of a dead letter, as `tocsin deliveries --failed` lists it, or "
        "--all");
  auto requests = open_requests(options.data_directory, config);
  if (!requests) return kExitFailed;
  const auto retries = requests->ask_for_retry(options.id, actor());
  const auto is_anybody_there = requests->is_anybody_there();
  for (const auto* error : {retries ? nullptr : &retries.error(),
                            is_anybody_there ? nullptr : &is_anybody_there.error()}) {
    if (error != nullptr) return failed(error->what);
  }
  if (retries->asked + retries->outdated == 0)
    return failed(options.all
                      ? std::string("there are no dead letters")
                      : fmt::format("there is no dead letter `{}`: `tocsin deliveries --failed` "
                                    "lists them",
                                    printable(options.id)));
  fmt::print("dead letters sent again{}: {}\n", *is_anybody_there ? "" : " when tocsin runs",
             retries->asked);
  if (retries->outdated > 0)
    fmt::print("not sent again, because a later delivery about the service was sent or waits: {}\n",
               retries->outdated);
  return kExitOk;
}

}  // namespace

int history(const HistoryOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  const auto age = config::parse_duration(options.since);
  if (!age) return failed(fmt::format("--since {}: {}", options.since, age.error().expected));
  auto store = open_store(options.data_directory, *configuration);
  if (!store) return kExitFailed;
  store::HistoryQuery query{.since = SystemClock().now() - *age};
  if (!options.host.empty()) query.host = HostName(options.host);
  if (!options.service.empty()) query.service = ServiceName(options.service);
  const auto alerts = store->history(query);
  if (!alerts) return failed(alerts.error().what);
  pass_on_complaints(*store);
  if (options.json) {
    json array = json::array();
    for (const auto& alert : *alerts) array.push_back(to_json(alert));
    print_json(array);
    return kExitOk;
  }
  const auto actions =
      load_actions(daemon::data_directory(options.data_directory, *configuration), query);
  if (!actions) return failed(actions.error().what);
  const auto names = names_of_destinations(*configuration);
  Table table({"TIME", "HOST", "SERVICE", "WHAT", "FROM", "TO", "REASON", "SUPPRESSED"});
  auto action = actions->rbegin();  // they are read the latest first
  const auto add_actions_until = [&](Time at) {
    for (; action != actions->rend() && action->by.at <= at; ++action)
      table.add(row_of_action(*action, names));
  };
  for (const auto& alert : *alerts) {
    add_actions_until(alert.at);
    const bool about_host = is_about_host(alert);
    table.add({{local_time(alert.at)},
               {alert.host.text()},
               {about_host ? "-" : alert.service.text()},
               {std::string(kind_word(alert)), color_of(alert.kind)},
               {about_host ? "-" : std::string(to_string(alert.from))},
               {about_host ? "-" : std::string(to_string(alert.to))},
               {alert.reason},
               {alert.suppressed}});
  }
  add_actions_until(Time::max());
  print(table, fmt::format("nothing happened in the last {}", options.since));
  return kExitOk;
}

int deliveries(const DeliveriesOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  if (options.retry) return retry(options, *configuration);
  auto store = open_store(options.data_directory, *configuration);
  if (!store) return kExitFailed;
  const auto records = store->deliveries(options.failed, kMostDeliveries);
  if (!records) return failed(records.error().what);
  pass_on_complaints(*store);
  const auto names = names_of_destinations(*configuration);
  const auto name_of = [&](const std::string& key) {
    const auto found = names.find(key);
    return found == names.end() ? key : found->second;
  };
  if (options.json) {
    json array = json::array();
    for (const auto& record : *records) {
      const auto group = shared_message(record.delivery);
      array.push_back(
          {{"id", record.delivery.id.value},
           {"destination", record.delivery.destination},
           {"destinationName", name_of(record.delivery.destination)},
           {"state", to_string(record.state)},
           {"attempts", record.delivery.attempts},
           {"created", iso_time(record.delivery.created)},
           {"updated", iso_time(record.delivery.updated)},
           {"detail", record.detail},
           {"escalation", is_waiting_escalation(record) ? json(iso_time(record.delivery.not_before))
                                                        : json(nullptr)},
           {"group", group.empty() ? json(nullptr) : json(group)},
           {"alert", to_json(record.delivery.alert)}});
    }
    print_json(array);
    return kExitOk;
  }
  Table table({"TIME", "DESTINATION", "HOST", "SERVICE", "WHAT", "DELIVERY", "TRIES", "ANSWER",
               "GROUP", "DEAD LETTER"});
  for (const auto& record : *records) {
    const auto& alert = record.delivery.alert;
    table.add({{local_time(record.delivery.created)},
               {name_of(record.delivery.destination)},
               {alert.host.text()},
               {alert.service.text()},
               {std::string(kind_word(alert)), color_of(alert.kind)},
               {std::string(to_string(record.state)), color_of(record.state)},
               {std::to_string(record.delivery.attempts)},
               {is_waiting_escalation(record) ? fmt::format("waits until {}, escalation",
                                                            local_time(record.delivery.not_before))
                                              : record.detail},
               {shared_message(record.delivery)},
               {record.state == store::DeliveryState::dead ? record.delivery.id.value : ""}});
  }
  print(table, options.failed ? "no delivery has failed" : "nothing has been sent yet");
  return kExitOk;
}

}  // namespace tocsin::cli
