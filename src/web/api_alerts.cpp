// What fires now, and who has seen it.
#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.h"
#include "domain/transition.h"
#include "web/api.h"
#include "web/input.h"

namespace tocsin::web {
namespace {

TransitionKind kind_of(const TrackedService& service) {
  if (service.stuck) return TransitionKind::stuck;
  if (service.denied) return TransitionKind::denied;
  if (service.flapping) return TransitionKind::flapping;
  return kind_of_settled(service.settled);
}

std::string reason_of(const TrackedService& service, TransitionKind kind) {
  if (kind == TransitionKind::stopped) return exit_reason(service.seen);
  return std::string(row_of(kind).reason);
}

OpenAlert open_alert(const Monitor& monitor, const MonitoredHost& host, const ServiceName& name,
                     const TrackedService& service) {
  const auto [name_for_people, friendly] = host.names_of(name);
  const auto* entry = host.find_entry(name);
  const auto details = host.details(name);
  const auto kind = kind_of(service);
  const auto silence = monitor.silence_of(host.name(), name);
  return {.host = host.name(),
          .service = name_for_people,
          .display_name = details != nullptr ? details->display_name : "",
          .friendly_name = friendly,
          .about = About::service,
          .state = service.seen.state,
          .kind = kind,
          .severity = entry != nullptr ? entry->policy.severity : AlertSeverity::critical,
          .since = service.notified.firing_since,
          .reason = reason_of(service, kind),
          .suppressed = silence ? silence->reason : ""};
}

OpenAlert host_alert(const Monitor& monitor, const MonitoredHost& host) {
  const auto silence = monitor.silence_of(host.name(), {});
  const bool fires = host.firing_since({}).has_value();
  return {.host = host.name(),
          .service = {},
          .display_name = {},
          .friendly_name = {},
          .about = About::host,
          .state = ServiceState::unknown,
          .kind = TransitionKind::unreachable,
          .severity = host.policy().severity,
          .since = fires ? *host.firing_since({}) : host.host().since,
          .reason = host.host().error,
          .suppressed = silence ? silence->reason
                        : fires ? ""
                                : "it may come back within its grace"};
}

OpenAlert credential_alert(const Monitor& monitor, const HostName& credential) {
  const auto silence = monitor.silence_of(credential, {});
  return {.host = credential,
          .service = {},
          .display_name = {},
          .friendly_name = {},
          .about = About::credential,
          .state = ServiceState::unknown,
          .kind = TransitionKind::refused,
          .severity = AlertSeverity::critical,
          .since = {},
          .reason = "hosts refuse the credential",
          .suppressed = silence ? silence->reason : ""};
}

/// What stands first in a list.
auto order_of(const OpenAlert& alert) {
  return std::tuple(alert.suppressed.empty() ? 0 : 1, -static_cast<int>(alert.severity),
                    -row_of(alert.state).rank, -alert.since.time_since_epoch().count(), alert.host,
                    alert.service);
}

}  // namespace

const Ack* OpenAlert::find_ack(const std::vector<Ack>& acks) const {
  const auto ack = std::ranges::find_if(
      acks, [this](const Ack& one) { return one.covers(host, service, since); });
  return ack == acks.end() ? nullptr : &*ack;
}

json OpenAlert::to_json(const std::vector<Ack>& acks) const {
  const auto* ack = find_ack(acks);
  return {{"id", id},
          {"host", host.text()},
          {"service", service.text()},
          {"displayName", display_name},
          {"friendlyName", friendly_name},
          {"about", to_string(about)},
          {"state", to_string(state)},
          {"kind", to_string(kind)},
          {"severity", to_string(severity)},
          {"since", time_or_null(since)},
          {"reason", reason},
          {"suppressed", suppressed},
          {"acknowledged", ack == nullptr ? json(nullptr) : web::to_json(*ack)}};
}

std::vector<OpenAlert> open_alerts(const Monitor& monitor, const MonitoredHost& host) {
  std::vector<OpenAlert> alerts;
  if (host.firing_since({}) || !host.host().error.empty())
    alerts.push_back(host_alert(monitor, host));
  for (const auto& service : host.services()) {
    if (fires(service.tracked))
      alerts.push_back(open_alert(monitor, host, service.name, service.tracked));
  }
  for (const auto& waiting : host.waiting_alerts(monitor.now())) {
    const auto* service = host.services().find(waiting.service);
    if (service == nullptr || fires(service->tracked)) continue;
    auto alert = open_alert(monitor, host, service->name, service->tracked);
    alert.kind = waiting.kind;
    alert.since = service->tracked.since;
    alert.suppressed = waiting.suppression.reason;
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

std::vector<OpenAlert> open_alerts(const Monitor& monitor, const Board& board) {
  std::vector<OpenAlert> alerts;
  for (const auto& [name, summary] : board.hosts()) {
    if (summary.open == 0 && summary.troubled == 0 && summary.reached) continue;
    const auto host = monitor.find(name);
    if (!host) continue;
    for (auto& alert : open_alerts(monitor, host->monitored)) alerts.push_back(std::move(alert));
  }
  for (const auto& credential : monitor.firing_credentials())
    alerts.push_back(credential_alert(monitor, credential));
  std::ranges::sort(alerts, {}, order_of);
  return alerts;
}

net::awaitable<std::vector<OpenAlert>> Api::with_ids(std::vector<OpenAlert> alerts) const {
  std::vector<store::FiringSince> firing;
  firing.reserve(alerts.size());
  for (const auto& alert : alerts)
    firing.push_back({.host = alert.host, .service = alert.service, .since = alert.since});
  const auto ids = co_await read([&](store::Reader& reader) { return reader.ids_of(firing); });
  for (std::size_t i = 0; ids && i < alerts.size(); i++) alerts[i].id = (*ids)[i].value;
  co_return alerts;
}

Api::Coroutine Api::list_alerts(const Call& /*call*/) const {
  const auto acks = co_await deps_.worker.run([this] { return deps_.requests.load_acks(); });
  if (!acks) co_return store_failed(acks.error());
  json alerts = json::array();
  for (const auto& alert : co_await with_ids(open_alerts(deps_.monitor, deps_.board)))
    alerts.push_back(alert.to_json(*acks));
  co_return respond({{"alerts", std::move(alerts)}});
}

Api::Coroutine Api::list_acks(const Call& /*call*/) const {
  const auto acks = co_await deps_.worker.run([this] { return deps_.requests.load_acks(); });
  if (!acks) co_return store_failed(acks.error());
  json all = json::array();
  for (const auto& ack : *acks) all.push_back(web::to_json(ack));
  co_return respond({{"acknowledgements", std::move(all)}});
}

Api::Coroutine Api::acknowledge(const Call& call) const {
  Body body(call);
  const HostName host(body.text("host", 1, kMostName));
  const ServiceName service(body.text("service", 0, kMostName));
  auto reason = body.text("reason", 0, kMostReason);
  body.finish();
  if (auto mistake = body.mistake()) co_return *std::move(mistake);
  const auto open = open_alerts(deps_.monitor, deps_.board);
  const auto alert = std::ranges::find_if(open, [&](const OpenAlert& one) {
    return one.host == host && one.service == service && one.suppressed.empty();
  });
  if (alert == open.end()) co_return problem(409, "nothing fires there now");
  Ack ack{.host = alert->host,
          .service = alert->service,
          .at = std::max(deps_.clock.now(), alert->since),  // the clock may have been set back
          .reason = std::move(reason),
          .author = call.visitor.name};
  const auto since = alert->since;
  const auto stored = co_await deps_.worker.run([&]() -> Result<Ack> {
    TRY(const auto known, deps_.requests.load_acks());
    const auto same = std::ranges::find_if(
        known, [&](const Ack& one) { return one.covers(ack.host, ack.service, since); });
    if (same != known.end()) return *same;
    TRY(const auto id, deps_.requests.add_ack(ack));
    ack.id = id;
    return ack;
  });
  if (!stored) co_return store_failed(stored.error());
  note(call, "acknowledgement of " + stored->text());
  deps_.monitor.take_requests();
  deps_.events.add(Change::silence);
  co_return respond(web::to_json(*stored), 201);
}

Api::Coroutine Api::take_back_ack(const Call& call) const {
  const auto id = parse_number(call.path.front());
  if (!id) co_return problem(404, "there is no such acknowledgement");
  const auto ended =
      co_await deps_.worker.run([&] { return deps_.requests.take_back_ack(*id, actor(call)); });
  if (!ended) co_return store_failed(ended.error());
  if (!*ended) co_return problem(404, "there is no such acknowledgement, or it has ended");
  note(call, fmt::format("acknowledgement {} taken back", *id));
  deps_.monitor.take_requests();
  deps_.events.add(Change::silence);
  co_return Response{.status = 204, .type = {}};
}

}  // namespace tocsin::web
