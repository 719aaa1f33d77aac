// Silences: list, try out, make, extend, end.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.h"
#include "web/api.h"
#include "web/input.h"

namespace tocsin::web {
namespace {

constexpr std::int64_t kLongestSeconds = std::int64_t{366} * 24 * 60 * 60;
constexpr std::size_t kMostScope = 512;
/// How many silences a repeated request may still mean.
constexpr std::size_t kMostRemembered = 256;

Response no_such_silence() { return problem(404, "there is no such silence, or it has ended"); }

json planned_json(const PlannedSilence& planned) {
  return {{"name", planned.name},
          {"scopes", planned.scopes},
          {"begin", iso_time(planned.begin)},
          {"end", iso_time(planned.end)},
          {"active", planned.active},
          {"reason", planned.reason}};
}

}  // namespace

net::awaitable<Result<std::optional<Silence>>> Api::find_silence(std::int64_t id) const {
  CO_TRY(const auto active, co_await deps_.worker.run([this] {
    return deps_.requests.load_silences(deps_.clock.now());
  }));
  const auto found = std::ranges::find(active, id, &Silence::id);
  if (found == active.end()) co_return std::nullopt;
  co_return *found;
}

Api::Coroutine Api::list_silences(const Call& call) const {
  Query query(call);
  const bool ended_too = query.flag("ended");
  if (auto mistake = query.mistake()) co_return *std::move(mistake);
  const Time now = deps_.clock.now();
  const auto silences = co_await deps_.worker.run(
      [&] { return deps_.requests.load_silences(ended_too ? Time{} : now); });
  if (!silences) co_return store_failed(silences.error());
  json all = json::array();
  for (const auto& silence : *silences) all.push_back(web::to_json(silence, now));
  json planned = json::array();
  for (const auto& one : deps_.monitor.planned_silences()) planned.push_back(planned_json(one));
  co_return respond({{"silences", std::move(all)}, {"maintenance", std::move(planned)}});
}

Api::Coroutine Api::create_silence(const Call& call) {
  Body body(call);
  const auto scope = SilenceScope::parse(body.text("scope", 1, kMostScope));
  const auto seconds = std::chrono::seconds(body.number("seconds", 1, kLongestSeconds));
  auto reason = body.text("reason", 1, kMostReason);
  body.finish();
  if (auto mistake = body.mistake()) co_return *std::move(mistake);
  if (scope.host.empty()) co_return problem(400, "`scope` must be HOST or HOST/SERVICE");
  const auto key = std::string(call.request.header("idempotency-key").value_or(""));
  const auto before = std::ranges::find(made_, key, &Made::key);
  if (!key.empty() && before != made_.end()) {
    if (!before->id) co_return problem(409, "the same request is under way");
    const auto known = co_await find_silence(*before->id);
    if (!known) co_return store_failed(known.error());
    if (*known) co_return respond(web::to_json(**known, deps_.clock.now()), 201);
  }
  std::erase_if(made_, [&key](const Made& made) { return made.key == key; });
  if (made_.size() == kMostRemembered) made_.erase(made_.begin());
  made_.push_back({.key = key});
  const Time now = deps_.clock.now();
  Silence silence{.scope = scope,
                  .begin = now,
                  .end = now + seconds,
                  .reason = std::move(reason),
                  .author = call.visitor.name};
  const auto id = co_await deps_.worker.run([&] { return deps_.requests.add_silence(silence); });
  std::erase_if(made_, [&key](const Made& made) { return made.key == key; });
  if (!id) co_return store_failed(id.error());
  silence.id = *id;
  if (!key.empty()) made_.push_back({.key = key, .id = *id});
  note(call, fmt::format("silence of {} until {}", scope.text(), iso_minutes(silence.end)));
  deps_.monitor.take_requests();
  deps_.events.add(Change::silence);
  co_return respond(web::to_json(silence, now), 201);
}

Api::Coroutine Api::preview_silence(const Call& call) const {
  Query query(call);
  const auto scope = SilenceScope::parse(query.needed_text("scope", kMostScope));
  if (auto mistake = query.mistake()) co_return *std::move(mistake);
  const auto acks = co_await deps_.worker.run([this] { return deps_.requests.load_acks(); });
  if (!acks) co_return store_failed(acks.error());
  std::size_t hosts = 0;
  std::size_t services = 0;
  deps_.monitor.for_each([&](const WatchedHost& host) {
    const auto& name = host.monitored.name();
    const auto covered = std::ranges::count_if(host.monitored.services(), [&](const auto& service) {
      return scope.covers(name, service.name);
    });
    services += static_cast<std::size_t>(covered);
    if (covered > 0 || scope.covers(name, {})) hosts++;
  });
  auto alerts = open_alerts(deps_.monitor, deps_.board);
  std::erase_if(alerts, [&scope](const OpenAlert& alert) {
    return !alert.suppressed.empty() || !scope.covers(alert.host, alert.service);
  });
  json open = json::array();
  for (const auto& alert : co_await with_ids(std::move(alerts)))
    open.push_back(alert.to_json(*acks));
  co_return respond({{"hosts", hosts}, {"services", services}, {"open", std::move(open)}});
}

Api::Coroutine Api::extend_silence(const Call& call) const {
  Body body(call);
  const auto end = body.time("end");
  body.finish();
  if (auto mistake = body.mistake()) co_return *std::move(mistake);
  const auto id = parse_number(call.path.front());
  const Time now = deps_.clock.now();
  if (end <= now || end > now + std::chrono::seconds(kLongestSeconds))
    co_return problem(400, "`end` must lie ahead, and within a year");
  if (!id) co_return no_such_silence();
  const auto extended = co_await deps_.worker.run(
      [&] { return deps_.requests.extend_silence(*id, end, actor(call)); });
  if (!extended) co_return store_failed(extended.error());
  const auto silence = co_await find_silence(*id);
  if (!silence) co_return store_failed(silence.error());
  if (!*extended || !*silence) co_return no_such_silence();
  note(call, fmt::format("silence {} until {}", *id, iso_minutes(end)));
  deps_.monitor.take_requests();
  deps_.events.add(Change::silence);
  co_return respond(web::to_json(**silence, now));
}

Api::Coroutine Api::end_silence(const Call& call) const {
  const auto id = parse_number(call.path.front());
  if (!id) co_return no_such_silence();
  const auto ended =
      co_await deps_.worker.run([&] { return deps_.requests.end_silence(*id, actor(call)); });
  if (!ended) co_return store_failed(ended.error());
  if (!*ended) co_return no_such_silence();
  note(call, fmt::format("end of silence {}", *id));
  deps_.monitor.take_requests();
  deps_.events.add(Change::silence);
  co_return Response{.status = 204, .type = {}};
}

}  // namespace tocsin::web
