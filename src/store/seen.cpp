#include "store/seen.h"

#include <optional>
#include <string>
#include <vector>

namespace tocsin::store {
namespace {

/// Series that one step looks at: some milliseconds.
constexpr std::int64_t kSeriesStep = 500;

struct LastSeen {
  Time at{};
  std::int64_t state = kNotWatched;
};

std::optional<std::int64_t> find_series(Connection& connection, const HostName& host,
                                        const ServiceName& service) {
  auto row = connection.query("SELECT id FROM series WHERE host_key = ? AND service_key = ?",
                              host.key(), service.key());
  return row.next() ? std::optional(row.integer()) : std::nullopt;
}

std::int64_t add_series(Connection& connection, const HostName& host, const ServiceName& service) {
  connection.run("INSERT INTO series (host_key, service_key, service) VALUES (?,?,?)", host.key(),
                 service.key(), service.text());
  return connection.last_inserted();
}

/// Of an empty name the host itself.
void put_seen(Connection& connection, const HostName& host, const ServiceName& service, Time at,
              std::int64_t state) {
  auto series = find_series(connection, host, service);
  if (!series && state == kNotWatched) return;
  if (series) {
    auto row = connection.query(
        "SELECT at, state FROM seen WHERE series = ? ORDER BY at DESC LIMIT 1", *series);
    if (row.next()) {
      const Time last = row.time();
      if (last <= at && row.integer() == state) return;
      // What seems to have been seen later was seen before the clock was set back.
      if (last >= at) connection.run("DELETE FROM seen WHERE series = ? AND at >= ?", *series, at);
    }
  } else {
    series = add_series(connection, host, service);
  }
  connection.run("INSERT INTO seen (series, at, state) VALUES (?,?,?)", *series, at, state);
}

bool is_reached(Connection& connection, const Commit& commit, const HostName& host) {
  if (commit.host && commit.host->host == host) return commit.host->state.error.empty();
  auto row = connection.query("SELECT trouble = '' FROM host WHERE host_key = ?", host.key());
  return !row.next() || row.flag();
}

std::int64_t number_of(ServiceState state) { return static_cast<std::int64_t>(state); }

}  // namespace

void note_seen(Connection& connection, const Commit& commit) {
  if (commit.host) {
    const auto& [host, state, forgotten] = *commit.host;
    const auto reached = state.error.empty() ? ServiceState::running : ServiceState::unknown;
    put_seen(connection, host, {}, forgotten || state.since == Time{} ? commit.at : state.since,
             forgotten ? kNotWatched : number_of(reached));
  }
  for (const auto& change : commit.states) {
    const auto state = change.state.seen.state;
    if (change.forgotten) {
      put_seen(connection, change.host, change.service, commit.at, kNotWatched);
    } else if (state != ServiceState::unknown || is_reached(connection, commit, change.host)) {
      put_seen(connection, change.host, change.service, change.state.since, number_of(state));
    }
    // Else the one row of the host says it for all of its services.
    if (state == ServiceState::running && !change.forgotten)
      connection.run(
          "DELETE FROM stopped_by_person WHERE host_key = ? AND service_key = ? AND at < ?",
          change.host.key(), change.service.key(), change.state.since);
  }
}

std::int64_t prune_seen(Connection& connection, Time oldest, std::int64_t after) {
  std::vector<std::int64_t> some;
  {
    auto row = connection.query("SELECT id FROM series WHERE id > ? ORDER BY id LIMIT ?", after,
                                kSeriesStep);
    while (row.next()) some.push_back(row.integer());
  }
  for (const auto series : some) {
    LastSeen before;
    {
      auto row = connection.query(
          "SELECT at, state FROM seen WHERE series = ? AND at <= ? ORDER BY at DESC LIMIT 1",
          series, oldest);
      if (!row.next()) continue;
      before = {.at = row.time(), .state = row.integer()};
    }
    // Before what is first seen after it nothing was watched anyway.
    const auto kept = before.state == kNotWatched ? before.at + Duration(1) : before.at;
    connection.run("DELETE FROM seen WHERE series = ? AND at < ?", series, kept);
    connection.run(
        "DELETE FROM series WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM seen WHERE series = series.id)",
        series);
  }
  return some.size() < static_cast<std::size_t>(kSeriesStep) ? 0 : some.back();
}

void begin_run(Connection& connection, Time now) {
  Transaction transaction(connection);
  // Those that seem to be yet to come were before the clock was set back.
  connection.run("DELETE FROM run WHERE began >= ?", now);
  connection.run("UPDATE run SET alive = ? WHERE alive > ?", now, now);
  connection.run("INSERT INTO run (began, alive) VALUES (?,?)", now, now);
  transaction.commit();
}

}  // namespace tocsin::store
