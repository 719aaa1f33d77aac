#include "store/details.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "domain/shared_details.h"

namespace tocsin::store {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const char* what) { throw json::other_error::create(501, what, nullptr); }

/// Throws json::exception, as reading a value of the wrong type does.
template <typename T>
T number_of(const json& value) {
  if (!value.is_number_integer()) refuse("not a whole number");
  const bool fits = value.is_number_unsigned() ? std::in_range<T>(value.get<std::uint64_t>())
                                               : std::in_range<T>(value.get<std::int64_t>());
  if (!fits) refuse("too large a number");
  return value.get<T>();
}

/// Throws json::exception, but not where there is none.
template <typename T>
T number_at(const json& object, const char* key, T otherwise) {
  const auto found = object.find(key);
  return found == object.end() ? otherwise : number_of<T>(*found);
}

/// As Query::time() answers: reckoning with it cannot overflow.
Duration duration_of(const json& value) {
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;
  const auto number = number_of<std::int64_t>(value);
  if (number < 0 || number >= kYear10000) refuse("no time");
  return Duration(number);
}

Time time_of(const json& value) { return Time(duration_of(value)); }

Time time_at(const json& object, const char* key, Time otherwise) {
  const auto found = object.find(key);
  return found == object.end() ? otherwise : time_of(*found);
}

std::int64_t to_number(Time time) { return time.time_since_epoch().count(); }

/// Throws json::exception, as reading a value of the wrong type does.
ServiceState state_at(const json& object, const char* key, ServiceState otherwise) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  const auto state = parse_word<ServiceState>(found->get<std::string>());
  if (!state) refuse("no such state");
  return *state;
}

StartMode start_mode_at(const json& object, StartMode otherwise) {
  const auto number = number_at(object, "startMode", static_cast<int>(otherwise));
  if (number < static_cast<int>(StartMode::unknown) || number > static_cast<int>(StartMode::system))
    return StartMode::unknown;
  return static_cast<StartMode>(number);
}

/// Those that earlier versions know too have their numbers.
constexpr std::array kNumberedExpected{Expected::running, Expected::stopped, Expected::any};

void write_expected(JsonWriter& object, const Expected& expected) {
  object.key("expected");
  const auto* numbered = std::ranges::find(kNumberedExpected, expected);
  if (numbered != kNumberedExpected.end()) {
    object.value(numbered - kNumberedExpected.begin());
    return;
  }
  object.begin_list();
  for (const auto state : expected.states()) object.value(to_string(state));
  object.end_list();
}

/// A malformed value counts as absent.
Expected expected_at(const json& object) {
  const auto found = object.find("expected");
  if (found == object.end()) return Expected::running;
  if (!found->is_array()) {
    const auto number = number_of<std::size_t>(*found);
    return number < kNumberedExpected.size() ? kNumberedExpected.at(number) : Expected::running;
  }
  std::vector<ExpectedState> states;
  for (const auto& word : *found) {
    if (const auto state = parse_word<ExpectedState>(word.get<std::string>()))
      states.push_back(*state);
  }
  return Expected(states);
}

void write_details(JsonWriter& object, const ServiceDetails& details) {
  object.member("displayName", details.display_name)
      .member("startMode", static_cast<int>(details.start_mode))
      .member("serviceType", details.type)
      .member("triggerStart", details.trigger_start)
      .member("executablePath", details.executable_path);
  object.key("dependencies").begin_list();
  for (const auto& dependency : details.dependencies) object.value(dependency);
  object.end_list();
}

/// What is absent stays as it is.
void read_details(const json& object, ServiceDetails& details) {
  details.display_name = object.value("displayName", details.display_name);
  details.start_mode = start_mode_at(object, details.start_mode);
  details.type = number_at(object, "serviceType", details.type);
  details.trigger_start = object.value("triggerStart", details.trigger_start);
  details.executable_path = object.value("executablePath", details.executable_path);
  details.dependencies = object.value("dependencies", details.dependencies);
}

/// For a row of an earlier version, whose first sight was never notified.
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
  JsonWriter details;
  details.begin_object()
      .member("from", to_string(alert.from))
      .member("to", to_string(alert.to))
      .member("previousSince", to_number(alert.previous_since))
      .member("reason", alert.reason)
      .member("friendlyName", alert.friendly_name);
  write_details(details, alert.details);
  write_expected(details, alert.expected);
  details.member("severity", to_string(alert.severity))
      .member("set", alert.set)
      .member("rootCause", alert.root_cause.text())
      .member("held", alert.suppressed)
      .member("reminder", alert.reminder)
      .member("acrossHosts", alert.across_hosts)
      .member("forNotified", alert.for_notified)
      .member("overAlready", alert.over_already)
      .member("recovery", alert.recovery)
      .member("notice", alert.notice);
  details.key("status")
      .begin_object()
      .member("state", to_string(alert.status.state))
      .member("processId", alert.status.process_id)
      .member("exitCode", alert.status.exit_code)
      .member("serviceExitCode", alert.status.service_exit_code)
      .member("checkpoint", alert.status.checkpoint)
      .member("waitHintMs", alert.status.wait_hint.count())
      .end_object();
  return details.end_object().take();
}

bool details_from_json(std::string_view text, Alert& alert) {
  try {
    const json details = json::parse(text);
    Alert read = alert;
    read.from = state_at(details, "from", read.from);
    read.to = state_at(details, "to", read.to);
    read.previous_since = time_at(details, "previousSince", read.previous_since);
    read.reason = details.value("reason", read.reason);
    read.friendly_name = details.value("friendlyName", read.friendly_name);
    read_details(details, read.details);
    // Those of an earlier version have none of these.
    read.expected = expected_at(details);
    read.severity = parse_word<AlertSeverity>(details.value("severity", std::string()))
                        .value_or(AlertSeverity::critical);
    read.set = details.value("set", read.set);
    read.root_cause = ServiceName(details.value("rootCause", std::string()));
    read.suppressed = details.value("held", read.suppressed);
    read.reminder = number_at(details, "reminder", read.reminder);
    read.across_hosts = details.value("acrossHosts", read.across_hosts);
    read.for_notified = details.value("forNotified", read.for_notified);
    read.over_already = details.value("overAlready", read.over_already);
    read.recovery = details.value("recovery", read.recovery);
    read.notice = details.value("notice", read.notice);
    const json status = details.value("status", json::object());
    read.status.state = state_at(status, "state", read.status.state);
    read.status.process_id = number_at(status, "processId", read.status.process_id);
    read.status.exit_code = number_at(status, "exitCode", read.status.exit_code);
    read.status.service_exit_code =
        number_at(status, "serviceExitCode", read.status.service_exit_code);
    read.status.checkpoint = number_at(status, "checkpoint", read.status.checkpoint);
    read.status.wait_hint =
        std::chrono::milliseconds(number_at(status, "waitHintMs", std::uint32_t{0}));
    alert = std::move(read);
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

std::string details_to_json(const ServiceDetails& details) {
  JsonWriter object;
  object.begin_object();
  write_details(object, details);
  return object.end_object().take();
}

std::shared_ptr<const ServiceDetails> details_from_json(std::string_view text) {
  try {
    ServiceDetails details;
    read_details(json::parse(text), details);
    return share(std::move(details));
  } catch (const json::exception&) {
    return nullptr;
  }
}

std::string boot_to_json(const BootSigns& boot) {
  if (boot == BootSigns{}) return {};
  JsonWriter object;
  object.begin_object();
  for (const auto service : all_values<BootService>())
    if (boot.process(service) != 0) object.member(to_string(service), boot.process(service));
  if (boot.booted_at != Time{}) object.member("at", to_number(boot.booted_at));
  return object.end_object().take();
}

BootSigns boot_from_json(std::string_view text) {
  if (text.empty()) return {};
  try {
    const json object = json::parse(text);
    BootSigns boot{.booted_at = time_at(object, "at", Time{})};
    for (const auto service : all_values<BootService>())
      boot.process(service) = number_at(object, std::string(to_string(service)).c_str(), 0U);
    return boot;
  } catch (const json::exception&) {
    return {};
  }
}

std::string suspicion_to_json(const logins::Suspicion& suspicion) {
  JsonWriter object;
  object.begin_object().key("refusals").begin_list();
  for (const auto& [peer, refusal] : suspicion.refusals) {
    object.begin_object()
        .member("peer", peer.text())
        .member("blame", logins::to_string(refusal.blame))
        .member("count", refusal.count)
        .member("at", to_number(refusal.at))
        .member("reason", refusal.reason)
        .member("interrupted", refusal.interrupted)
        .member("notified", refusal.notified)
        .member("pardoned", refusal.pardoned)
        .end_object();
  }
  object.end_list()
      .member("count", suspicion.count)
      .member("at", to_number(suspicion.at))
      .member("notifiedAt", to_number(suspicion.notified_at));
  return object.end_object().take();
}

std::optional<logins::Suspicion> suspicion_from_json(std::string_view text) {
  try {
    const auto object = json::parse(text);
    logins::Suspicion suspicion{.count = number_of<unsigned>(object.at("count")),
                                .at = time_of(object.at("at")),
                                .notified_at = time_of(object.at("notifiedAt"))};
    for (const auto& one : object.at("refusals")) {
      const auto blame = parse_word<logins::Blame>(one.at("blame").get<std::string>());
      if (!blame) return std::nullopt;
      suspicion.refusals.insert_or_assign(
          HostName(one.at("peer").get<std::string>()),
          logins::Refusal{.blame = *blame,
                          .count = number_of<unsigned>(one.at("count")),
                          .at = time_of(one.at("at")),
                          .reason = one.at("reason"),
                          .interrupted = number_of<unsigned>(one.at("interrupted")),
                          .notified = one.at("notified"),
                          .pardoned = one.at("pardoned")});
    }
    return suspicion;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::string notified_to_json(const TrackedService& service) {
  TrackedService nothing_open = service;
  nothing_open.checks = 1;
  nothing_open.changes = {};
  nothing_open.flapping = false;
  nothing_open.flapping_bad = false;
  nothing_open.storm_state = ServiceState::unknown;
  nothing_open.storm_lasted = {};
  nothing_open.first_sight = false;
  nothing_open.waits_with_others = false;
  count_as_notified(nothing_open);
  if (nothing_open == service) return {};
  const auto& notified = service.notified;
  JsonWriter object;
  object.begin_object()
      .member("told", to_string(notified.settled))
      .member("stuck", notified.stuck)
      .member("denied", notified.denied)
      .member("from", to_string(notified.from))
      .member("since", to_number(notified.since))
      .member("at", to_number(notified.at))
      .member("reminders", notified.reminders)
      .member("firingSince", to_number(notified.firing_since))
      .member("toldAtFirstSight", notified.first_sight)
      .member("firstSight", service.first_sight)
      .member("waitsWithOthers", service.waits_with_others)
      .member("looks", service.checks)
      .member("flapping", service.flapping)
      .member("flappingBad", service.flapping_bad)
      .member("stormState", to_string(service.storm_state))
      .member("stormLasted", service.storm_lasted.count());
  object.key("changes").begin_list();
  for (const auto change : service.changes.times()) object.value(to_number(change));
  return object.end_list().end_object().take();
}

bool notified_from_json(std::string_view text, TrackedService& service) {
  count_as_notified(service);
  if (text.empty()) return true;
  try {
    const json object = json::parse(text);
    auto read = service;
    read.notified.settled = state_at(object, "told", read.settled);
    read.notified.stuck = object.at("stuck").get<bool>();
    read.notified.denied = object.at("denied").get<bool>();
    read.notified.from = state_at(object, "from", read.settled);
    read.notified.since = time_of(object.at("since"));
    read.notified.at = time_of(object.at("at"));
    read.notified.reminders = number_of<std::uint32_t>(object.at("reminders"));
    read.notified.firing_since = time_at(object, "firingSince", guess_firing_since(read));
    read.notified.first_sight = object.value("toldAtFirstSight", false);
    read.first_sight = object.value("firstSight", false);
    read.waits_with_others = object.value("waitsWithOthers", false);
    read.checks = number_of<std::uint32_t>(object.at("looks"));
    read.flapping = object.at("flapping").get<bool>();
    read.flapping_bad = object.value("flappingBad", false);
    read.storm_state = state_at(object, "stormState", ServiceState::unknown);
    if (const auto lasted = object.find("stormLasted"); lasted != object.end())
      read.storm_lasted = duration_of(*lasted);
    for (const auto& change : object.at("changes")) read.changes.add(time_of(change));
    service = std::move(read);
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

}  // namespace tocsin::store
