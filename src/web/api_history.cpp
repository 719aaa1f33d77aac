// What happened, and what was seen over time.
#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "web/api.h"
#include "web/input.h"

namespace tocsin::web {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr std::size_t kMostWord = 64;
constexpr std::int64_t kMostAlerts = 1000;
constexpr std::int64_t kUsualAlerts = 100;
constexpr std::int64_t kFewestPoints = 10;
constexpr std::int64_t kMostPoints = 5000;
constexpr std::int64_t kUsualPoints = 1000;
constexpr Duration kUsualSpan = hours(24);
constexpr Duration kLongestSpan = days(3660);

/// "1764097323004-17".
std::string cursor_of(const store::AlertPlace& place) {
  return fmt::format("{}-{}", place.at.time_since_epoch().count(), place.sequence);
}

std::optional<store::AlertPlace> parse_cursor(std::string_view text) {
  const auto dash = text.find('-');
  const auto at = parse_number(text.substr(0, dash));
  const auto sequence =
      dash == std::string_view::npos ? std::nullopt : parse_number(text.substr(dash + 1));
  if (!at || !sequence) return std::nullopt;
  return store::AlertPlace{.at = Time(Duration(*at)), .sequence = *sequence};
}

json told_json(const store::AlertRecord& record) {
  json told = json::object();
  for (const auto& [state, count] : record.told) told[std::string(to_string(state))] = count;
  return told;
}

/// As columns: the first beginning, then the distances.
json row_json(const store::TimelineRow& row) {
  json start = json::array();
  std::string states;
  Time before{};
  for (const auto& seen : row.states) {
    start.push_back((seen.at - before).count());
    before = seen.at;
    states += seen.state ? row_of(*seen.state).letter : ' ';
  }
  return {{"service", row.service.text()},
          {"start", std::move(start)},
          {"states", std::move(states)},
          {"thinned", row.thinned}};
}

/// One span for each silence and window that covers the host or a service of it in that time.
json spans_json(const HostName& host, const std::vector<Silence>& silences,
                const std::vector<PlannedSilence>& planned, Time from, Time to) {
  json spans = json::array();
  const auto add = [&](const SilenceScope& scope, Time begin, Time end, const std::string& text) {
    if (begin >= to || end <= from) return;
    // A service of its own name stands for all that the scope may mean.
    const auto service = scope.service.empty() ? ServiceName() : scope.service;
    if (!SilenceScope{.host = scope.host, .service = {}}.covers(host, {})) return;
    spans.push_back({{"service", service.text()},
                     {"from", iso_time(std::max(begin, from))},
                     {"to", iso_time(std::min(end, to))},
                     {"text", text}});
  };
  for (const auto& silence : silences)
    add(silence.scope, silence.begin, silence.end, silence.reason);
  for (const auto& one : planned) {
    for (const auto& scope : one.scopes)
      add(SilenceScope::parse(scope), one.begin, one.end, "maintenance " + one.name);
  }
  return spans;
}

}  // namespace

Api::Coroutine Api::get_timeline(const Call& call) const {
  Query query(call);
  const Time now = deps_.clock.now();
  const Time to = std::min(query.time("to").value_or(now), now);
  const Time from = query.time("from").value_or(to - kUsualSpan);
  const auto points = query.number("points", kFewestPoints, kMostPoints, kUsualPoints);
  if (auto mistake = query.mistake()) co_return *std::move(mistake);
  if (from >= to || to - from > kLongestSpan)
    co_return problem(400, "`from` must lie before `to`, by ten years at most");
  const HostName host(call.path.front());
  if (!deps_.monitor.find(host)) co_return problem(404, "there is no such host");
  const auto rows = co_await read([&](store::Reader& reader) {
    return reader.timeline(
        {.host = host, .from = from, .to = to, .points = static_cast<std::size_t>(points)});
  });
  if (!rows) co_return store_failed(rows.error());
  const auto silences =
      co_await deps_.worker.run([&] { return deps_.requests.load_silences(from); });
  if (!silences) co_return store_failed(silences.error());
  json all = json::array();
  for (const auto& row : *rows) all.push_back(row_json(row));
  co_return respond(
      {{"from", iso_time(from)},
       {"to", iso_time(to)},
       {"letters", letters()},
       {"rows", std::move(all)},
       {"silences", spans_json(host, *silences, deps_.monitor.planned_silences(), from, to)}});
}

Api::Coroutine Api::list_history(const Call& call) const {
  Query query(call);
  store::AlertQuery wanted{
      .host = HostName(query.text("host", kMostName)),
      .service = ServiceName(query.text("service", kMostName)),
      .kind = query.text("kind", kMostWord),
      .from = query.time("from").value_or(Time{}),
      .to = query.time("to").value_or(Time::max()),
      .limit = static_cast<std::size_t>(query.number("limit", 1, kMostAlerts, kUsualAlerts))};
  const auto next = query.text("next", kMostName);
  if (auto mistake = query.mistake()) co_return *std::move(mistake);
  if (!next.empty()) {
    wanted.before = parse_cursor(next);
    if (!wanted.before) co_return problem(400, "`next` is none that a page has named");
  }
  const auto page = co_await read([&](store::Reader& reader) { return reader.alerts(wanted); });
  if (!page) co_return store_failed(page.error());
  json alerts = json::array();
  for (const auto& record : page->alerts)
    alerts.push_back({{"alert", web::to_json(record.alert)}, {"told", told_json(record)}});
  co_return respond({{"alerts", std::move(alerts)},
                     {"next", page->next ? json(cursor_of(*page->next)) : json(nullptr)}});
}

json Api::to_json(const Action& action) const {
  const auto& key = action.destination;
  return {{"id", action.id},
          {"time", iso_time(action.by.at)},
          {"by", action.by.name},
          {"kind", to_string(action.kind)},
          {"host", action.scope.host.text()},
          {"service", action.scope.service.text()},
          {"destination", key},
          {"destinationName", key.empty() ? "" : name_of(key)},
          {"until", time_or_null(action.until)},
          {"reason", action.reason}};
}

net::awaitable<void> Api::keep(Action action) const {
  std::ignore = co_await deps_.worker.run([&] { return deps_.requests.add_action(action); });
}

Api::Coroutine Api::list_actions(const Call& call) const {
  Query query(call);
  store::ActionQuery wanted{
      .which = {.host = HostName(query.text("host", kMostName)),
                .service = ServiceName(query.text("service", kMostName))},
      .from = query.time("from").value_or(Time{}),
      .to = query.time("to").value_or(Time::max()),
      .limit = static_cast<std::size_t>(query.number("limit", 1, kMostAlerts, kUsualAlerts))};
  wanted.before = query.cursor("next").value_or(wanted.before);
  if (auto mistake = query.mistake()) co_return *std::move(mistake);
  const auto page = co_await read([&](store::Reader& reader) { return reader.actions(wanted); });
  if (!page) co_return store_failed(page.error());
  json actions = json::array();
  for (const auto& action : page->actions) actions.push_back(to_json(action));
  co_return respond({{"actions", std::move(actions)},
                     {"next", page->next ? json(fmt::format("{}", *page->next)) : json(nullptr)}});
}

Api::Coroutine Api::get_alert(const Call& call) const {
  const AlertId id{call.path.front()};
  const auto found = co_await read([&](store::Reader& reader) { return reader.alert(id); });
  if (!found) co_return store_failed(found.error());
  if (!*found) co_return problem(404, "there is no such alert in the history");
  json deliveries = json::array();
  for (const auto& record : (*found)->deliveries) deliveries.push_back(to_json(record));
  co_return respond(
      {{"alert", web::to_json((*found)->alert)}, {"deliveries", std::move(deliveries)}});
}

}  // namespace tocsin::web
