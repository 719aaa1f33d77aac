#include "store/reader.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "base/try.h"
#include "base/wildcard.h"
#include "store/connection.h"
#include "store/database.h"
#include "store/opening.h"
#include "store/seen.h"

namespace tocsin::store {
namespace {

/// Alerts that one page looks at: some tenths of a second.
constexpr std::int64_t kMostExamined = 100'000;
/// States that one timeline reads: a second, and 32 MB.
constexpr std::int64_t kMostSeen = 1'000'000;

/// Rows of `delivery`, whose escalation this is as is_escalation() says.
constexpr std::string_view kIsEscalation =
    "(conditional = 1 AND attempts = 0 AND not_before > created)";

template <typename Name>
bool matches(const Name& pattern, const std::string& key) {
  return pattern.empty() || matches_wildcard(pattern.key(), key);
}

std::int64_t page_size(std::size_t limit) {
  constexpr std::size_t kMost = 1000;
  return static_cast<std::int64_t>(std::clamp<std::size_t>(limit, 1, kMost));
}

struct FoundAlerts {
  std::vector<std::int64_t> sequences;
  std::optional<AlertPlace> next;
};

/// The page without what stands in it. Patterns are compared here, so that what one page reads is
/// bounded.
FoundAlerts find_alerts(Connection& connection, const AlertQuery& query) {
  const bool one_host = !query.host.empty() && !has_wildcard(query.host.key());
  const bool one_service = one_host && !query.service.empty() && !has_wildcard(query.service.key());
  std::string sql = "SELECT sequence, at, host_key, service_key, ";
  sql += query.kind.empty() ? "''" : "kind";
  sql +=
      one_host ? " FROM alert INDEXED BY alert_by_service" : " FROM alert INDEXED BY alert_by_time";
  sql += " WHERE at >= ? AND at <= ? AND (at, sequence) < (?, ?)";
  if (one_host) sql += " AND host_key = ?";
  if (one_service) sql += " AND service_key = ?";
  constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
  const auto before = query.before.value_or(AlertPlace{Time::max(), kLast});
  auto row =
      connection.query(sql + " ORDER BY at DESC, sequence DESC LIMIT ?", query.from,
                       std::min(before.at, query.to - Duration(1)), before.at, before.sequence);
  if (one_host) row.bind(query.host.key());
  if (one_service) row.bind(query.service.key());
  row.bind(kMostExamined);
  FoundAlerts found;
  AlertPlace last;
  const auto limit = static_cast<std::size_t>(page_size(query.limit));
  for (std::int64_t examined = 1; row.next(); examined++) {
    if (found.sequences.size() == limit) {
      found.next = last;
      break;
    }
    last.sequence = row.integer();
    last.at = Time(Duration(row.integer()));
    const auto host = row.text();
    const auto service = row.text();
    if (matches(query.host, host) && matches(query.service, service) && row.text() == query.kind)
      found.sequences.push_back(last.sequence);
    if (examined == kMostExamined) found.next = last;
  }
  return found;
}

/// By indices alone, each of which leads to the row at once.
AlertId find_id(Connection& connection, const FiringSince& firing) {
  for (const auto* sql :
       {"SELECT id, at FROM alert INDEXED BY alert_notified"
        " WHERE host_key = ? AND service_key = ? AND notified = 1 ORDER BY sequence DESC LIMIT 1",
        "SELECT id, at FROM alert INDEXED BY alert_by_service"
        " WHERE host_key = ? AND service_key = ? ORDER BY at DESC, sequence DESC LIMIT 1"}) {
    auto row = connection.query(sql, firing.host.key(), firing.service.key());
    if (!row.next()) continue;
    auto id = row.text();
    if (row.time() >= firing.since) return {std::move(id)};
  }
  return {};
}

std::map<DeliveryState, std::size_t> count_told(Connection& connection, std::int64_t alert) {
  std::map<DeliveryState, std::size_t> told;
  auto row = connection.query("SELECT state, count(*) FROM delivery WHERE alert = ? GROUP BY state",
                              alert);
  while (row.next())
    if (const auto state = parse_word<DeliveryState>(row.text()))
      told[*state] = row.number<std::uint32_t>();
  return told;
}

/// Nothing for a kind that this version does not know.
std::optional<Action> read_action(Query& row) {
  Action action;
  action.id = row.integer();
  action.by.at = row.time();
  action.by.name = row.text();
  const auto kind = parse_word<ActionKind>(row.text());
  action.scope.host = HostName(row.text());
  action.scope.service = ServiceName(row.text());
  action.destination = row.text();
  action.until = row.time();
  action.reason = row.text();
  if (!kind) return std::nullopt;
  action.kind = *kind;
  return action;
}

/// By the keys of the indices alone, from one to the next.
std::set<std::string> find_destinations(Connection& connection) {
  std::set<std::string> all;
  for (const auto* sql :
       {"SELECT min(destination) FROM delivery WHERE state = 'pending' AND destination > ?",
        "SELECT min(destination) FROM delivery WHERE state <> 'pending' AND destination > ?"}) {
    for (std::string last;;) {
      auto row = connection.query(sql, last);
      row.next();
      last = row.text();
      if (last.empty()) break;
      all.insert(last);
    }
  }
  return all;
}

/// The latest before one, at most `most`.
std::vector<std::int64_t> find_deliveries(Connection& connection, const std::string& destination,
                                          DeliveryState state, std::int64_t before,
                                          std::int64_t most) {
  std::string sql = "SELECT sequence FROM delivery WHERE destination = ? AND sequence < ? AND ";
  sql += state == DeliveryState::pending ? "state = 'pending'" : "state <> 'pending' AND state = ?";
  auto row = connection.query(sql + " ORDER BY sequence DESC LIMIT ?", destination, before);
  if (state != DeliveryState::pending) row.bind(to_string(state));
  row.bind(most);
  std::vector<std::int64_t> found;
  while (row.next()) found.push_back(row.integer());
  return found;
}

/// The latest of all that are meant, at most `most`.
std::vector<std::int64_t> find_deliveries(Connection& connection, const DeliveryQuery& query,
                                          std::int64_t most) {
  std::vector<std::int64_t> found;
  if (!query.state && query.destination.empty()) {
    auto row = connection.query(
        "SELECT sequence FROM delivery WHERE sequence < ? ORDER BY sequence DESC LIMIT ?",
        query.before, most);
    while (row.next()) found.push_back(row.integer());
    return found;
  }
  const auto destinations =
      query.destination.empty() ? find_destinations(connection) : std::set{query.destination};
  for (const auto& destination : destinations)
    for (const auto state : all_values<DeliveryState>())
      if (!query.state || query.state == state)
        std::ranges::copy(find_deliveries(connection, destination, state, query.before, most),
                          std::back_inserter(found));
  std::ranges::sort(found, std::ranges::greater());
  found.resize(std::min(found.size(), static_cast<std::size_t>(most)));
  return found;
}

std::size_t count_dead(Connection& connection, const std::string& destination) {
  auto row = connection.query(
      "SELECT count(*) FROM delivery"
      " WHERE state <> 'pending' AND state = 'dead' AND destination = ?",
      destination);
  row.next();
  return row.number<std::uint32_t>();
}

std::optional<DestinationState::Failure> find_last_error(Connection& connection,
                                                         const std::string& destination) {
  auto row = connection.query(
      "SELECT * FROM (SELECT updated, detail FROM delivery"
      "  WHERE state <> 'pending' AND state = 'dead' AND destination = ?"
      " UNION ALL SELECT updated, detail FROM delivery"
      "  WHERE state = 'pending' AND attempts > 0 AND destination = ?)"
      " ORDER BY updated DESC LIMIT 1",
      destination, destination);
  if (!row.next()) return std::nullopt;
  const auto at = row.time();
  return DestinationState::Failure{.at = at, .text = row.text()};
}

DestinationState state_of(Connection& connection, const std::string& destination) {
  DestinationState state{.destination = destination,
                         .dead = count_dead(connection, destination),
                         .last_error = find_last_error(connection, destination)};
  {
    auto row = connection.query(std::string("SELECT count(*), min(created) FROM delivery"
                                            " WHERE state = 'pending' AND destination = ? AND NOT ")
                                    .append(kIsEscalation),
                                destination);
    row.next();
    state.waiting = row.number<std::uint32_t>();
    if (state.waiting > 0) state.oldest = row.time();
  }
  auto row = connection.query(
      "SELECT updated FROM delivery WHERE state = 'delivered' AND destination = ?"
      " ORDER BY updated DESC LIMIT 1",
      destination);
  if (row.next()) state.last_delivered = row.time();
  return state;
}

/// Nothing for what is not watched, and for a number that this version does not know.
std::optional<ServiceState> state_of(std::int64_t number) {
  for (const auto state : all_values<ServiceState>())
    if (static_cast<std::int64_t>(state) == number) return state;
  return std::nullopt;
}

/// When tocsin ran at all: in some state, or none. What is older than the first run that is kept
/// counts as a run.
std::vector<Seen> read_runs(Connection& connection) {
  std::vector<Seen> runs{{.at = {}, .state = ServiceState::running}};
  auto row = connection.query("SELECT began, alive FROM run ORDER BY began");
  for (std::optional<Time> alive; row.next();) {
    const Time began = row.time();
    if (alive && *alive < began) {
      runs.push_back({.at = *alive, .state = {}});
      runs.push_back({.at = began, .state = ServiceState::running});
    }
    alive = std::max(row.time(), began);
  }
  return runs;
}

class TimelineRows {
 public:
  TimelineRows(Connection& connection, const TimelineQuery& query)
      : connection_(connection), query_(query) {}

  std::vector<TimelineRow> read() {
    std::vector<std::pair<ServiceName, std::vector<Seen>>> rows;
    auto row =
        connection_.query("SELECT id, service FROM series WHERE host_key = ? ORDER BY service_key",
                          query_.host.key());
    while (row.next()) {
      const auto series = row.integer();
      rows.emplace_back(row.text(), read(series));
    }
    const auto host = seen_through(read_runs(connection_), host_of(rows));
    std::vector<TimelineRow> timeline;
    add({}, host, timeline);
    for (const auto& [service, states] : rows)
      if (!service.empty()) add(service, seen_through(host, states), timeline);
    return timeline;
  }

 private:
  /// From what held at the beginning; less where that would be too much.
  std::vector<Seen> read(std::int64_t series) {
    auto row = connection_.query(
        "SELECT at, state FROM seen WHERE series = ? AND at < ? AND at >= coalesce("
        " (SELECT max(at) FROM seen WHERE series = ? AND at <= ?), 0) ORDER BY at DESC LIMIT ?",
        series, query_.to, series, query_.from, left_);
    std::vector<Seen> states;
    for (; row.next(); left_--) {
      const Time at = row.time();
      states.push_back({.at = at, .state = state_of(row.integer())});
    }
    std::ranges::reverse(states);
    return states;
  }

  /// It was reached from the beginning where nothing else is known.
  static std::vector<Seen> host_of(
      std::span<const std::pair<ServiceName, std::vector<Seen>>> rows) {
    std::optional<Time> first;
    std::vector<Seen> host;
    for (const auto& [service, states] : rows) {
      if (service.empty()) host = states;
      if (!states.empty()) first = std::min(first.value_or(Time::max()), states.front().at);
    }
    if (first && (host.empty() || *first < host.front().at))
      host.insert(host.begin(), {.at = *first, .state = ServiceState::running});
    return host;
  }

  void add(ServiceName service, std::span<const Seen> states, std::vector<TimelineRow>& timeline) {
    std::vector<Seen> shown{{.at = query_.from, .state = {}}};
    for (const auto& [at, state] : states) {
      if (at <= query_.from) {
        shown.front().state = state;
      } else if (at < query_.to) {
        shown.push_back({.at = at, .state = state});
      }
    }
    if (std::ranges::none_of(shown, [](const Seen& seen) { return seen.state.has_value(); }))
      return;
    auto thinned = thin(shown, query_.to, query_.points);
    timeline.push_back({.service = std::move(service),
                        .states = std::move(thinned),
                        .thinned = shown.size() > query_.points});
  }

  Connection& connection_;
  const TimelineQuery& query_;
  std::int64_t left_ = kMostSeen;
};

}  // namespace

Reader::Reader(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(const std::filesystem::path& directory) {
  TRY(auto opened, open_existing(directory, Connection::Access::read));
  return Reader(std::make_unique<Database>(std::move(opened)));
}

Result<> Reader::follow() {
  return attempt(database_->file, [&] {
    return store::follow(database_->file, database_->connection, Connection::Access::read);
  });
}

Result<AlertPage> Reader::alerts(const AlertQuery& query) {
  return attempt(database_->file, [&]() -> Result<AlertPage> {
    auto& connection = database_->connection;
    const auto found = find_alerts(connection, query);
    AlertPage page{.alerts = {}, .next = found.next};
    for (const auto sequence : found.sequences) {
      auto row =
          connection.query(std::string(kSelectAlerts) + " WHERE alert.sequence = ?", sequence);
      if (!row.next()) continue;  // removed meanwhile
      page.alerts.push_back(
          {.alert = database_->read_alert(row), .told = count_told(connection, sequence)});
    }
    database_->complaints.clear();
    return page;
  });
}

Result<std::optional<AlertWithDeliveries>> Reader::alert(const AlertId& id) {
  return attempt(database_->file, [&]() -> Result<std::optional<AlertWithDeliveries>> {
    auto& connection = database_->connection;
    auto row = connection.query(std::string(kSelectAlerts) + " WHERE alert.id = ?", id.value);
    if (!row.next()) return std::nullopt;
    AlertWithDeliveries found{.alert = database_->read_alert(row), .deliveries = {}};
    auto delivery = connection.query(
        std::string(kSelectDeliveries) + " WHERE alert.id = ? ORDER BY delivery.sequence",
        id.value);
    while (delivery.next()) found.deliveries.push_back(database_->read_delivery(delivery));
    database_->complaints.clear();
    return found;
  });
}

Result<ActionPage> Reader::actions(const ActionQuery& query) {
  return attempt(database_->file, [&]() -> Result<ActionPage> {
    auto row = database_->connection.query(
        "SELECT id, at, author, kind, host, service, destination, until, reason FROM action"
        " WHERE id < ? AND at >= ? AND at < ? ORDER BY id DESC",
        query.before, query.from, query.to);
    ActionPage page;
    const auto limit = static_cast<std::size_t>(page_size(query.limit));
    while (row.next()) {
      if (page.actions.size() == limit) {
        page.next = page.actions.back().id;
        break;
      }
      if (auto action = read_action(row); action && action->concerns(query.which))
        page.actions.push_back(*std::move(action));
    }
    return page;
  });
}

Result<std::vector<AlertId>> Reader::ids_of(std::span<const FiringSince> firing) {
  return attempt(database_->file, [&]() -> Result<std::vector<AlertId>> {
    std::vector<AlertId> ids;
    ids.reserve(firing.size());
    for (const auto& one : firing) ids.push_back(find_id(database_->connection, one));
    return ids;
  });
}

Result<DeliveryPage> Reader::deliveries(const DeliveryQuery& query) {
  return attempt(database_->file, [&]() -> Result<DeliveryPage> {
    auto& connection = database_->connection;
    const auto limit = page_size(query.limit);
    auto found = find_deliveries(connection, query, limit + 1);
    DeliveryPage page;
    if (found.size() > static_cast<std::size_t>(limit)) {
      found.pop_back();
      page.next = found.back();
    }
    for (const auto sequence : found) {
      auto row = connection.query(std::string(kSelectDeliveries) + " WHERE delivery.sequence = ?",
                                  sequence);
      if (row.next()) page.deliveries.push_back(database_->read_delivery(row));
    }
    database_->complaints.clear();
    return page;
  });
}

Result<std::vector<DestinationState>> Reader::destinations() {
  return attempt(database_->file, [&]() -> Result<std::vector<DestinationState>> {
    std::vector<DestinationState> states;
    for (const auto& destination : find_destinations(database_->connection))
      states.push_back(state_of(database_->connection, destination));
    return states;
  });
}

Result<DeliveryCounts> Reader::delivery_counts() {
  return attempt(database_->file, [&]() -> Result<DeliveryCounts> {
    auto& connection = database_->connection;
    DeliveryCounts counts;
    for (const auto& destination : find_destinations(connection))
      counts.dead += count_dead(connection, destination);
    auto row = connection.query(
        std::string("SELECT count(*) FROM delivery WHERE state = 'pending' AND NOT ")
            .append(kIsEscalation));
    row.next();
    counts.waiting = row.number<std::uint32_t>();
    return counts;
  });
}

Result<std::vector<TimelineRow>> Reader::timeline(const TimelineQuery& query) {
  return attempt(database_->file, [&]() -> Result<std::vector<TimelineRow>> {
    return TimelineRows(database_->connection, query).read();
  });
}

Result<std::uint64_t> Reader::size() {
  return attempt(database_->file, [&]() -> Result<std::uint64_t> {
    std::uint64_t bytes = 1;
    for (const auto* sql : {"PRAGMA page_count", "PRAGMA page_size"}) {
      auto row = database_->connection.query(sql);
      row.next();
      bytes *= row.number<std::uint32_t>();
    }
    return bytes;
  });
}

}  // namespace tocsin::store
