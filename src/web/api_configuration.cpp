// Who would be told of what, and the configuration that runs.
#include <utility>

#include <nlohmann/json.hpp>

#include "domain/imagined_alert.h"
#include "web/api.h"
#include "web/input.h"

namespace tocsin::web {
namespace {

constexpr std::size_t kMostKind = 64;

}  // namespace

Answer Api::list_routes(const Call& call) const {
  Query query(call);
  const HostName host(query.needed_text("host", kMostName));
  const ServiceName service(query.text("service", kMostName));
  const auto kind = query.text("kind", kMostKind);
  if (auto mistake = query.mistake()) return *std::move(mistake);
  const auto parsed = imagined_kind(kind, service.empty() ? About::host : About::service);
  if (!parsed) return problem(400, "there is no such `kind`");
  const auto watched = deps_.monitor.find(host);
  if (!watched) return problem(404, "there is no such host");
  const auto& monitored = watched->monitored;
  const auto* entry = service.empty() ? nullptr : monitored.find_entry(service);
  if (entry == nullptr && !service.empty()) return problem(404, "no such service is watched there");
  const auto alert = entry == nullptr
                         ? imagined_alert(monitored.name(), monitored.policy(), *parsed)
                         : imagined_alert(monitored.name(), service, *entry, *parsed);
  json destinations = json::array();
  if (alert.suppressed.empty()) {
    for (const auto& target : deps_.monitor.route(alert)) {
      const auto delay = std::chrono::duration_cast<std::chrono::seconds>(target.after);
      destinations.push_back({{"key", target.destination.key},
                              {"name", target.destination.name},
                              {"delaySeconds", delay.count()}});
    }
  }
  return respond({{"destinations", std::move(destinations)}});
}

Api::Coroutine Api::get_configuration(const Call& /*call*/) const {
  const auto loaded = co_await deps_.monitor.configuration();
  json findings = json::array();
  for (const auto& finding : loaded.findings)
    findings.push_back(
        {{"severity", to_string(finding.severity)}, {"text", config::to_string(finding)}});
  co_return respond({{"file", loaded.file},
                     {"loadedAt", iso_time(loaded.loaded_at)},
                     {"differs", loaded.differs},
                     {"findings", std::move(findings)}});
}

Api::Coroutine Api::reload(const Call& call) const {
  co_await keep({.by = actor(call), .kind = ActionKind::reloaded});
  note(call, "reload of the configuration");
  const auto answer = co_await deps_.monitor.reload();
  deps_.events.add(Change::configuration);
  co_return respond({{"good", answer.good}, {"text", answer.text}});
}

Api::Coroutine Api::test_destination(const Call& call) const {
  const auto key = call.path.front();
  co_await keep({.by = actor(call), .kind = ActionKind::tested, .destination = key});
  note(call, "test of destination " + key);
  const auto answer = co_await deps_.monitor.test(key);
  if (!answer) co_return problem(404, "there is no such destination");
  co_return respond({{"delivered", answer->delivered}, {"text", answer->text}});
}

}  // namespace tocsin::web
