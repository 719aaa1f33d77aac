// What is so now: hosts, services, counts, and what changes of them.
#include <algorithm>
#include <functional>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/wildcard.h"
#include "web/api.h"
#include "web/input.h"
#include "wire/gzip.h"

namespace tocsin::web {
namespace {

constexpr std::int64_t kMostOfPage = 1000;
constexpr std::int64_t kUsualPage = 100;

Response no_such_host() { return problem(404, "there is no such host"); }

json or_null(const auto& optional, const auto& as) {
  return optional ? json(as(*optional)) : json(nullptr);
}

json host_json(const WatchedHost& host, const HostSummary& summary) {
  const auto& tracked = host.monitored.host();
  return {{"name", host.monitored.name().text()},
          {"address", host.address},
          {"source", host.source},
          {"control", host.control},
          {"reached", summary.checked ? json(summary.reached) : json(nullptr)},
          {"error", tracked.error},
          {"since", time_or_null(tracked.since)},
          {"checked", or_null(host.checked_at, iso_time)},
          {"roundTripSeconds", or_null(host.took, [](auto took) { return took.count(); })},
          {"bootedAt", time_or_null(tracked.booted_at)},
          {"worst", to_string(summary.worst)},
          {"services", web::to_json(summary.states)},
          {"watched", summary.services},
          {"open", summary.open}};
}

std::optional<ActionKind> parse_control(std::string_view word) {
  if (word == "start") return ActionKind::started;
  if (word == "stop") return ActionKind::stopped;
  if (word == "restart") return ActionKind::restarted;
  return std::nullopt;
}

/// Whether a name has the text in it, or matches the pattern.
std::function<bool(const HostName&)> matcher_of(const std::string& search) {
  if (search.empty()) return [](const HostName&) { return true; };
  const auto pattern =
      HostName(search.find_first_of("*?") == std::string::npos ? "*" + search + "*" : search);
  return [pattern](const HostName& name) { return matches_wildcard(pattern.key(), name.key()); };
}

std::string error_of(ServiceState state, const TrackedHost& host) {
  if (!host.error.empty()) return host.error;
  if (state == ServiceState::missing) return "the host has no such service";
  if (state == ServiceState::denied) return "the host does not let the account ask for it";
  return {};
}

json service_json(const MonitoredHost& host, const KnownService& service,
                  const std::vector<OpenAlert>& open, const std::vector<Ack>& acks) {
  const auto& tracked = service.tracked;
  const auto& details = service.details;
  const auto [name_for_people, friendly] = host.names_of(service.name);
  const auto* entry = host.find_entry(service);
  const auto& seen = tracked.seen;
  const auto alert = std::ranges::find(open, service.name, &OpenAlert::service);
  const bool is_stopped = seen.state == ServiceState::stopped;
  const auto mode = details != nullptr ? details->start_mode : StartMode::unknown;
  return {
      {"name", name_for_people.text()},
      {"displayName", details != nullptr ? details->display_name : ""},
      {"friendlyName", friendly},
      {"state", to_string(seen.state)},
      {"asExpected", entry == nullptr || is_expected(seen.state, entry->policy.expected)},
      {"since", time_or_null(tracked.since)},
      {"startMode", mode == StartMode::unknown ? "" : to_string(mode)},
      {"processId", seen.process_id != 0 ? json(seen.process_id) : json(nullptr)},
      {"exitCode", is_stopped ? json(exit_code(seen)) : json(nullptr)},
      {"error", error_of(seen.state, host.host())},
      {"severity", to_string(entry != nullptr ? entry->policy.severity : AlertSeverity::critical)},
      {"entry", entry == nullptr          ? ""
                : !entry->pattern.empty() ? entry->pattern
                                          : entry->display_name},
      {"alert", alert == open.end() ? json(nullptr) : alert->to_json(acks)}};
}

/// A column of numbers.
void add_column(std::string& text, std::string_view name, const Board& board,
                const std::function<std::uint32_t(const HostSummary&)>& number) {
  text.append(",\"").append(name).append("\":[");
  const char* comma = "";
  for (const auto& [host, summary] : board.hosts()) {
    fmt::format_to(std::back_inserter(text), "{}{}", comma, number(summary));
    comma = ",";
  }
  text += ']';
}

/// Written without a tree, because it is the longest answer that everybody asks for.
std::string write_overview(const Board& board, std::uint64_t sequence, Time now) {
  std::string names;
  std::string worst;
  std::string unreached;
  std::size_t index = 0;
  for (const auto& [name, summary] : board.hosts()) {
    names.append(names.empty() ? "" : ",");
    names += json(name.text()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    worst += row_of(summary.worst).letter;
    if (summary.checked && !summary.reached)
      unreached.append(unreached.empty() ? "" : ",").append(std::to_string(index));
    index++;
  }
  auto text = fmt::format(R"({{"sequence":{},"at":"{}","letters":{},"names":[{}],"worst":"{}")",
                          sequence, iso_time(now), letters().dump(), names, worst);
  add_column(text, "services", board, [](const HostSummary& host) { return host.services; });
  add_column(text, "running", board, &HostSummary::running);
  add_column(text, "troubled", board, [](const HostSummary& host) { return host.troubled; });
  return text + R"(,"unreached":[)" + unreached + "]}";
}

}  // namespace

Answer Api::get_session(const Call& call) const {
  json session{{"name", call.visitor.name},
               {"role", call.visitor.role == Role::act ? "act" : "read"}};
  if (const auto login = call.access->login_path(); !login.empty()) session["login"] = login;
  return respond(session);
}

Answer Api::get_status(const Call& /*call*/) const {
  const auto own = deps_.monitor.own_state();
  return respond({{"version", own.version},
                  {"started", iso_time(own.started)},
                  {"now", iso_time(deps_.clock.now())},
                  {"timeZone", own.time_zone},
                  {"storeBytes", own.store_bytes},
                  {"loopLagSeconds", own.loop_lag.count()},
                  {"stuckThreads", own.stuck_threads},
                  {"lostLogLines", own.lost_log_lines},
                  {"streams", deps_.events.streams()}});
}

Api::Coroutine Api::get_counts(const Call& /*call*/) const {
  const auto acks = co_await deps_.worker.run([this] { return deps_.requests.load_acks(); });
  if (!acks) co_return store_failed(acks.error());
  const auto deliveries =
      co_await read([](store::Reader& reader) { return reader.delivery_counts(); });
  if (!deliveries) co_return store_failed(deliveries.error());
  std::size_t reached = 0;
  std::size_t unreached = 0;
  const auto& hosts = deps_.board.hosts();
  for (const auto& [name, summary] : hosts) {
    if (summary.checked) (summary.reached ? reached : unreached)++;
  }
  std::size_t open = 0;
  std::size_t acknowledged = 0;
  std::size_t silenced = 0;
  for (const auto& alert : open_alerts(deps_.monitor, deps_.board)) {
    const bool is_seen = alert.find_ack(*acks) != nullptr;
    (!alert.suppressed.empty() ? silenced : is_seen ? acknowledged : open)++;
  }
  co_return respond(
      {{"hosts",
        {{"total", hosts.size()},
         {"reached", reached},
         {"unreached", unreached},
         {"unchecked", hosts.size() - reached - unreached}}},
       {"services", web::to_json(deps_.board.states())},
       {"alerts", {{"open", open}, {"acknowledged", acknowledged}, {"silenced", silenced}}},
       {"deliveries", {{"waiting", deliveries->waiting}, {"dead", deliveries->dead}}}});
}

Api::Coroutine Api::get_overview(const Call& /*call*/) {
  constexpr auto kFresh = std::chrono::seconds(10);
  const Time now = deps_.clock.now();
  const bool holds = !overview_.text.empty() && overview_.changes == deps_.board.changes() &&
                     now >= overview_.at && now - overview_.at < kFresh;
  if (!holds) {
    const auto changes = deps_.board.changes();
    const auto text = write_overview(deps_.board, deps_.events.latest(), now);
    // Off the loop: of 10,000 hosts it takes as long as many checks.
    auto packed = co_await deps_.reading.run([&text] { return gzip(text, Packing::small); });
    overview_ = {.changes = changes, .at = now, .text = std::move(packed)};
  }
  Response response{.body = overview_.text};
  response.is_gzip = true;
  co_return response;
}

Answer Api::list_hosts(const Call& call) const {
  Query query(call);
  const auto limit = static_cast<std::size_t>(query.number("limit", 1, kMostOfPage, kUsualPage));
  const HostName after(query.text("next", kMostName));
  const auto is_meant = matcher_of(query.text("search", kMostName));
  const auto worst = query.word<ServiceState>("worst");
  if (auto mistake = query.mistake()) return *std::move(mistake);
  json hosts = json::array();
  const auto& all = deps_.board.hosts();
  auto at = after.empty() ? all.begin() : all.upper_bound(after);
  std::string last;
  for (; at != all.end() && hosts.size() < limit; ++at) {
    const auto& [name, summary] = *at;
    if (!is_meant(name) || (worst && summary.worst != *worst)) continue;
    const auto host = deps_.monitor.find(name);
    if (!host) continue;
    hosts.push_back(host_json(*host, summary));
    last = name.text();
  }
  return respond({{"hosts", std::move(hosts)},
                  {"next", at == all.end() || last.empty() ? json(nullptr) : json(last)}});
}

Answer Api::get_host(const Call& call) const {
  const auto host = deps_.monitor.find(HostName(call.path.front()));
  if (!host) return no_such_host();
  return respond(host_json(*host, summarize(host->monitored, host->checked)));
}

Api::Coroutine Api::list_services(const Call& call) const {
  const auto acks = co_await deps_.worker.run([this] { return deps_.requests.load_acks(); });
  if (!acks) co_return store_failed(acks.error());
  const HostName name(call.path.front());
  std::vector<OpenAlert> open;
  if (const auto host = deps_.monitor.find(name))
    open = co_await with_ids(open_alerts(deps_.monitor, host->monitored));
  const auto host = deps_.monitor.find(name);  // which may be another one by now
  if (!host) co_return no_such_host();
  json services = json::array();
  for (const auto& service : host->monitored.services())
    services.push_back(service_json(host->monitored, service, open, *acks));
  co_return respond({{"services", std::move(services)}});
}

Api::Coroutine Api::check_host(const Call& call) const {
  const HostName host(call.path.front());
  if (!deps_.monitor.check_now(host)) co_return no_such_host();
  co_await keep({.by = actor(call), .kind = ActionKind::checked, .scope = {.host = host}});
  note(call, "check of host " + host.text());
  co_return respond(json::object(), 202);
}

Api::Coroutine Api::diagnose_host(const Call& call) const {
  const auto by = actor(call);
  const auto diagnosis = co_await deps_.monitor.diagnose(HostName(call.path.front()), by.name);
  if (!diagnosis) {
    switch (diagnosis.error()) {
      case NotDiagnosed::no_such_host:
        co_return no_such_host();
      case NotDiagnosed::under_way:
        co_return problem(409,
                          "a diagnosis of this host is under way; try again when it has ended");
      case NotDiagnosed::too_many:
        co_return problem(503, "too many hosts are being diagnosed; try again in a minute");
    }
  }
  co_await keep(
      {.by = by, .kind = ActionKind::diagnosed, .scope = {.host = HostName(diagnosis->host)}});
  deps_.events.add(Change::action);
  co_return respond(web::to_json(*diagnosis));
}

Api::Coroutine Api::control_service(const Call& call) const {
  Body body(call);
  const auto word = body.text("action", 1, kMostName);
  const bool dry_run = body.flag("dryRun");
  body.finish();
  if (auto mistake = body.mistake()) co_return *std::move(mistake);
  const auto action = parse_control(word);
  if (!action) co_return problem(400, "`action` must be `start`, `stop` or `restart`");
  const auto done =
      co_await deps_.monitor.control(HostName(call.path.front()), ServiceName(call.path.back()),
                                     *action, dry_run, actor(call).name);
  if (!done) {
    switch (done.error()) {
      case NotControlled::no_such_host:
        co_return no_such_host();
      case NotControlled::no_such_service:
        co_return problem(404, "no such service is watched on this host");
      case NotControlled::only_watched:
        co_return problem(403,
                          "the services of this host are only watched: the configuration has no "
                          "`control` for it");
      case NotControlled::under_way:
        co_return problem(409,
                          "a service of this host is being started or stopped; try again when that "
                          "has ended");
      case NotControlled::too_many:
        co_return problem(503, "too many services are being started or stopped; try again later");
    }
  }
  co_return respond(web::to_json(*done));
}

Answer Api::listen(const Call& call) const {
  if (deps_.events.streams() >= kMostStreams)
    return problem(503, "too many clients listen; try again later");
  std::optional<std::string> last_seen;
  if (const auto id = call.request.header("last-event-id")) last_seen = *id;
  Answer answer(Response{.type = "text/event-stream",
                         .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}});
  answer.stream = [this, last_seen](net::ServerStream& to) {
    return deps_.events.stream(to, last_seen);
  };
  return answer;
}

}  // namespace tocsin::web
