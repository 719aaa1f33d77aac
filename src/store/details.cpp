#include "store/details.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tocsin::store {
namespace {

using nlohmann::json;

/// Throws json::exception, as reading a value of the wrong type does.
ServiceState state_at(const json& object, const char* key, ServiceState otherwise) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  const auto state = parse_word<ServiceState>(found->get<std::string>());
  if (!state) throw json::other_error::create(501, "no such state", nullptr);
  return *state;
}

StartMode start_mode_at(const json& object, StartMode otherwise) {
  const auto number = object.value("startMode", static_cast<int>(otherwise));
  if (number < static_cast<int>(StartMode::unknown) || number > static_cast<int>(StartMode::system))
    return StartMode::unknown;
  return static_cast<StartMode>(number);
}

/// Those that earlier versions know too have their numbers.
constexpr std::array kNumberedExpected{Expected::running, Expected::stopped, Expected::any};

json expected_to_json(const Expected& expected) {
  const auto* numbered = std::ranges::find(kNumberedExpected, expected);
  if (numbered != kNumberedExpected.end()) return numbered - kNumberedExpected.begin();
  auto words = json::array();
  for (const auto state : expected.states()) words.push_back(to_string(state));
  return words;
}

/// What makes no sense is as if it were absent.
Expected expected_at(const json& object) {
  const auto found = object.find("expected");
  if (found == object.end()) return Expected::running;
  if (!found->is_array()) {
    const auto number = found->get<std::size_t>();
    return number < kNumberedExpected.size() ? kNumberedExpected.at(number) : Expected::running;
  }
  std::vector<ExpectedState> states;
  for (const auto& word : *found) {
    if (const auto state = parse_word<ExpectedState>(word.get<std::string>()))
      states.push_back(*state);
  }
  return Expected(states);
}

void write_basics(json& object, const ServiceDetails& details) {
  object["displayName"] = details.display_name;
  object["startMode"] = static_cast<int>(details.start_mode);
  object["serviceType"] = details.type;
  object["triggerStart"] = details.trigger_start;
}

/// What is absent stays as it is.
void read_basics(const json& object, ServiceDetails& details) {
  details.display_name = object.value("displayName", details.display_name);
  details.start_mode = start_mode_at(object, details.start_mode);
  details.type = object.value("serviceType", details.type);
  details.trigger_start = object.value("triggerStart", details.trigger_start);
}

/// Names may hold anything; invalid UTF-8 must not keep what it belongs to from being stored.
std::string to_text(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Of a row that an earlier version wrote, whose first sight was never notified.
Time guess_firing_since(const TrackedService& service) {
  const auto& notified = service.notified;
  const bool is_bad =
      notified.stuck || notified.denied ||
      (notified.settled != ServiceState::running && notified.settled != ServiceState::unknown);
  const bool was_notified =
      notified.from != notified.settled || notified.since != service.settled_since;
  return is_bad && was_notified ? notified.since : Time{};
}

/// As if its state had been notified when it began.
void count_as_notified(TrackedService& service) {
  service.notified = {.settled = service.settled,
                      .stuck = service.stuck,
                      .denied = service.denied,
                      .from = service.settled,
                      .since = service.settled_since,
                      .at = service.settled_since};
}

}  // namespace

std::string details_to_json(const Alert& alert) {
  json status;
  status["state"] = to_string(alert.status.state);
  status["processId"] = alert.status.process_id;
  status["exitCode"] = alert.status.exit_code;
  status["serviceExitCode"] = alert.status.service_exit_code;
  status["checkpoint"] = alert.status.checkpoint;
  status["waitHintMs"] = alert.status.wait_hint.count();
  json details;
  details["from"] = to_string(alert.from);
  details["to"] = to_string(alert.to);
  details["previousSince"] = alert.previous_since.time_since_epoch().count();
  details["reason"] = alert.reason;
  details["friendlyName"] = alert.friendly_name;
  write_basics(details, alert.details);
  details["executablePath"] = alert.details.executable_path;
  details["dependencies"] = alert.details.dependencies;
  details["expected"] = expected_to_json(alert.expected);
  details["severity"] = to_string(alert.severity);
  details["set"] = alert.set;
  details["rootCause"] = alert.root_cause.text();
  details["held"] = alert.suppressed;
  details["reminder"] = alert.reminder;
  details["acrossHosts"] = alert.across_hosts;
  details["forNotified"] = alert.for_notified;
  details["overAlready"] = alert.over_already;
  details["notice"] = alert.notice;
  details["status"] = std::move(status);
  return to_text(details);
}

bool details_from_json(std::string_view text, Alert& alert) {
  try {
    const json details = json::parse(text);
    Alert read = alert;
    read.from = state_at(details, "from", read.from);
    read.to = state_at(details, "to", read.to);
    read.previous_since = Time(
        Duration(details.value("previousSince", read.previous_since.time_since_epoch().count())));
    read.reason = details.value("reason", read.reason);
    read.friendly_name = details.value("friendlyName", read.friendly_name);
    read_basics(details, read.details);
    read.details.executable_path = details.value("executablePath", read.details.executable_path);
    read.details.dependencies = details.value("dependencies", read.details.dependencies);
    // Those of an earlier version have none of these.
    read.expected = expected_at(details);
    read.severity = parse_word<AlertSeverity>(details.value("severity", std::string()))
                        .value_or(AlertSeverity::critical);
    read.set = details.value("set", read.set);
    read.root_cause = ServiceName(details.value("rootCause", std::string()));
    read.suppressed = details.value("held", read.suppressed);
    read.reminder = details.value("reminder", read.reminder);
    read.across_hosts = details.value("acrossHosts", read.across_hosts);
    read.for_notified = details.value("forNotified", read.for_notified);
    read.over_already = details.value("overAlready", read.over_already);
    read.notice = details.value("notice", read.notice);
    const json status = details.value("status", json::object());
    read.status.state = state_at(status, "state", read.status.state);
    read.status.process_id = status.value("processId", read.status.process_id);
    read.status.exit_code = status.value("exitCode", read.status.exit_code);
    read.status.service_exit_code = status.value("serviceExitCode", read.status.service_exit_code);
    read.status.checkpoint = status.value("checkpoint", read.status.checkpoint);
    read.status.wait_hint =
        std::chrono::milliseconds(status.value("waitHintMs", read.status.wait_hint.count()));
    alert = std::move(read);
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

std::string details_to_json(const ServiceDetails& details) {
  json object;
  write_basics(object, details);
  return to_text(object);
}

std::shared_ptr<const ServiceDetails> details_from_json(std::string_view text) {
  if (text.empty()) return nullptr;
  try {
    ServiceDetails details;
    read_basics(json::parse(text), details);
    return std::make_shared<const ServiceDetails>(std::move(details));
  } catch (const json::exception&) {
    return nullptr;
  }
}

std::string boot_to_json(const BootSigns& boot) {
  json object;
  for (const auto service : all_values<BootService>())
    if (boot.process(service) != 0) object[to_string(service)] = boot.process(service);
  if (boot.booted_at != Time{}) object["at"] = boot.booted_at.time_since_epoch().count();
  return object.empty() ? std::string() : object.dump();
}

BootSigns boot_from_json(std::string_view text) {
  if (text.empty()) return {};
  try {
    const json object = json::parse(text);
    BootSigns boot{.booted_at = Time(Duration(object.value("at", std::int64_t{0})))};
    for (const auto service : all_values<BootService>())
      boot.process(service) = object.value(to_string(service), std::uint32_t{0});
    return boot;
  } catch (const json::exception&) {
    return {};
  }
}

std::string notified_to_json(const TrackedService& service) {
  TrackedService nothing_open = service;
  nothing_open.checks = 1;
  nothing_open.changes.clear();
  nothing_open.flapping = false;
  nothing_open.flapping_bad = false;
  nothing_open.storm_state = ServiceState::unknown;
  nothing_open.storm_lasted = Duration(0);
  nothing_open.first_sight = false;
  nothing_open.waits_with_others = false;
  count_as_notified(nothing_open);
  if (nothing_open == service) return {};
  const auto& notified = service.notified;
  json object;
  object["told"] = to_string(notified.settled);
  object["stuck"] = notified.stuck;
  object["denied"] = notified.denied;
  object["from"] = to_string(notified.from);
  object["since"] = notified.since.time_since_epoch().count();
  object["at"] = notified.at.time_since_epoch().count();
  object["reminders"] = notified.reminders;
  object["firingSince"] = notified.firing_since.time_since_epoch().count();
  object["toldAtFirstSight"] = notified.first_sight;
  object["firstSight"] = service.first_sight;
  object["waitsWithOthers"] = service.waits_with_others;
  object["looks"] = service.checks;
  object["flapping"] = service.flapping;
  object["flappingBad"] = service.flapping_bad;
  object["stormState"] = to_string(service.storm_state);
  object["stormLasted"] = service.storm_lasted.count();
  auto& changes = object["changes"] = json::array();
  for (const auto change : service.changes) changes.push_back(change.time_since_epoch().count());
  return object.dump();
}

bool notified_from_json(std::string_view text, TrackedService& service) {
  count_as_notified(service);
  if (text.empty()) return true;
  try {
    const json object = json::parse(text);
    auto read = service;
    const auto time_at = [&](const char* key) {
      return Time(Duration(object.at(key).get<std::int64_t>()));
    };
    read.notified.settled = state_at(object, "told", read.settled);
    read.notified.stuck = object.at("stuck").get<bool>();
    read.notified.denied = object.at("denied").get<bool>();
    read.notified.from = state_at(object, "from", read.settled);
    read.notified.since = time_at("since");
    read.notified.at = time_at("at");
    read.notified.reminders = object.at("reminders").get<std::uint32_t>();
    read.notified.firing_since =
        object.contains("firingSince") ? time_at("firingSince") : guess_firing_since(read);
    read.notified.first_sight = object.value("toldAtFirstSight", false);
    read.first_sight = object.value("firstSight", false);
    read.waits_with_others = object.value("waitsWithOthers", false);
    read.checks = object.at("looks").get<std::uint32_t>();
    read.flapping = object.at("flapping").get<bool>();
    read.flapping_bad = object.value("flappingBad", false);
    read.storm_state = state_at(object, "stormState", ServiceState::unknown);
    read.storm_lasted = Duration(object.value("stormLasted", std::int64_t{0}));
    for (const auto& change : object.at("changes"))
      read.changes.emplace_back(Duration(change.get<std::int64_t>()));
    service = std::move(read);
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

}  // namespace tocsin::store
