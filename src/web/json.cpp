#include "web/json.h"

#include <nlohmann/json.hpp>

#include "domain/transition.h"

namespace tocsin::web {

Response respond(const json& body, int status) {
  return {.status = status,
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

json time_or_null(Time time) { return time == Time{} ? json(nullptr) : json(iso_time(time)); }

json to_json(const StateCounts& states) {
  json counts = json::object();
  for (const auto state : all_values<ServiceState>()) {
    if (const auto count = states[index_of(state)]; count > 0)
      counts[std::string(to_string(state))] = count;
  }
  return counts;
}

const json& letters() {
  static const json all = [] {
    json letters = json::object();
    for (const auto state : all_values<ServiceState>())
      letters[std::string(1, row_of(state).letter)] = to_string(state);
    return letters;
  }();
  return all;
}

json to_json(const Alert& alert) {
  return {{"id", alert.id.value},
          {"time", iso_time(alert.at)},
          {"host", alert.host.text()},
          {"service", alert.service.text()},
          {"displayName", alert.details.display_name},
          {"friendlyName", alert.friendly_name},
          {"kind", kind_word(alert)},
          {"from", to_string(alert.from)},
          {"to", to_string(alert.to)},
          {"reason", alert.reason},
          {"severity", to_string(alert.severity)},
          {"serviceSet", alert.set},
          {"rootCause", alert.root_cause.text()},
          {"recovery", alert.recovery},
          {"reminder", alert.reminder},
          {"suppressed", alert.suppressed}};
}

json to_json(const Ack& ack) {
  return {{"id", ack.id},           {"host", ack.host.text()}, {"service", ack.service.text()},
          {"at", iso_time(ack.at)}, {"reason", ack.reason},    {"by", ack.author}};
}

json to_json(const Silence& silence, Time now) {
  return {{"id", silence.id},
          {"host", silence.scope.host.text()},
          {"service", silence.scope.service.text()},
          {"begin", iso_time(silence.begin)},
          {"end", iso_time(silence.end)},
          {"active", silence.is_active(now)},
          {"reason", silence.reason},
          {"by", silence.author}};
}

namespace {

json text_or_null(std::string_view value) {
  if (value.empty()) return nullptr;
  return value;
}

}  // namespace

json to_json(const Controlled& controlled) {
  json steps = json::array();
  for (const auto& [action, service, error, took] : controlled.steps)
    steps.push_back({{"action", action},
                     {"service", service},
                     {"error", text_or_null(error)},
                     {"seconds", took.count()}});
  return {{"host", controlled.host},
          {"service", controlled.service},
          {"action", controlled.action},
          {"dryRun", controlled.dry_run},
          {"before", text_or_null(controlled.before)},
          {"after", text_or_null(controlled.after)},
          {"steps", std::move(steps)},
          {"error", text_or_null(controlled.error)}};
}

json to_json(const Diagnosis& diagnosis) {
  json steps = json::array();
  for (const auto& [step, result, found, advice] : diagnosis.steps)
    steps.push_back({{"step", step},
                     {"result", result},
                     {"found", text_or_null(found)},
                     {"advice", text_or_null(advice)}});
  return {{"host", diagnosis.host},
          {"address", diagnosis.address},
          {"port", diagnosis.port},
          {"result", diagnosis.result},
          {"steps", std::move(steps)}};
}

}  // namespace tocsin::web
