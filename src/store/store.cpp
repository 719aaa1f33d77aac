#include "store/store.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/try.h"
#include "store/connection.h"
#include "store/data_files.h"
#include "store/database.h"
#include "store/details.h"
#include "store/opening.h"
#include "store/seen.h"

namespace tocsin::store {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kPruneStep = 500;

/// The id of these details, which are stored if they are not; 0: none.
std::int64_t put_details(Connection& connection, const ServiceDetails* details) {
  if (details == nullptr) return 0;
  const auto text = details_to_json(*details);
  auto known = connection.query("SELECT id FROM service_details WHERE text = ?", text);
  if (known.next()) return known.integer();
  connection.run("INSERT INTO service_details (text) VALUES (?)", text);
  return connection.last_inserted();
}

void put_state(Connection& connection, const StateChange& change) {
  if (change.forgotten) {
    connection.run("DELETE FROM service WHERE host_key = ? AND service_key = ?", change.host.key(),
                   change.service.key());
    return;
  }
  const auto& state = change.state;
  const auto& seen = state.seen;
  connection.run(
      "INSERT OR REPLACE INTO service (host_key, service_key, host, service, state, since,"
      " process_id, exit_code, service_exit_code, checkpoint, wait_hint_ms, settled,"
      " settled_since, settled_process_id, progress_at, stuck, denied, news, details_id)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      change.host.key(), change.service.key(), change.host.text(), change.service.text(),
      to_string(seen.state), state.since, seen.process_id, seen.exit_code, seen.service_exit_code,
      seen.checkpoint, std::int64_t{seen.wait_hint.count()}, to_string(state.settled),
      state.settled_since, state.process_id, state.progress_at, state.stuck, state.denied,
      notified_to_json(state), put_details(connection, change.details.get()));
}

/// By their ids; those that are unreadable are left out.
std::unordered_map<std::int64_t, std::shared_ptr<const ServiceDetails>> load_details(
    Connection& connection) {
  std::unordered_map<std::int64_t, std::shared_ptr<const ServiceDetails>> all;
  auto row = connection.query("SELECT id, text FROM service_details");
  while (row.next()) {
    const auto id = row.integer();
    if (auto details = details_from_json(row.text())) all.emplace(id, std::move(details));
  }
  return all;
}

void put_host(Connection& connection, const HostChange& change) {
  if (change.forgotten) {
    connection.run("DELETE FROM host WHERE host_key = ?", change.host.key());
    return;
  }
  const auto& state = change.state;
  connection.run(
      "INSERT OR REPLACE INTO host (host_key, host, trouble, since, failures, told, told_at,"
      " reminders, booted_at, storm_until, login_refused, shutdown_since,"
      " reached_since, boot, firing_since)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      change.host.key(), change.host.text(), state.error, state.since, state.failures,
      state.notified, state.notified_at, state.reminders, state.booted_at, state.storm_until,
      state.login_refused, state.shutdown_since, state.reached_since, boot_to_json(state.boot),
      state.firing_since);
}

/// Answers the alert's sequence; an alert that is stored already stays as it is.
std::int64_t put_alert(Connection& connection, const Alert& alert) {
  const auto added = connection.run(
      "INSERT INTO alert (id, at, kind, host_key, service_key, host, service, details,"
      " notified) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING",
      alert.id.value, alert.at, kind_word(alert), alert.host.key(), alert.service.key(),
      alert.host.text(), alert.service.text(), details_to_json(alert), alert.suppressed.empty());
  if (added > 0) return connection.last_inserted();
  auto stored = connection.query("SELECT sequence FROM alert WHERE id = ?", alert.id.value);
  stored.next();
  return stored.integer();
}

/// One that is stored already stays as it is.
void put_delivery(Connection& connection, const Delivery& delivery, std::int64_t alert) {
  connection.run(
      "INSERT INTO delivery (id, alert, destination, attempts, created, updated, not_before,"
      " detail, conditional, escalated) VALUES (?,?,?,?,?,?,?,?,?,?)"
      " ON CONFLICT (id) DO NOTHING",
      delivery.id.value, alert, delivery.destination, delivery.attempts, delivery.created,
      delivery.created, delivery.not_before, delivery.last_error, delivery.conditional,
      delivery.escalated);
}

}  // namespace

Store::Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const fs::path& directory) {
  TRY(auto opened, open_for_writing(directory));
  const bool spent_reserve = opened.spent_reserve;
  auto database = std::make_unique<Database>(std::move(opened));
  if (spent_reserve)
    database->complain(
        "the disk is full, and the last reserve was spent to start: free some space");
  return Store(std::move(database));
}

Result<Store> Store::open_read_only(const fs::path& directory) {
  TRY(auto opened, open_existing(directory, Connection::Access::read));
  return Store(std::make_unique<Database>(std::move(opened)));
}

const std::optional<Error>& Store::lack_of_disk() const { return database_->lack; }

Result<bool> Store::restore_if_displaced() {
  if (!is_displaced(*database_)) return false;
  TRY(restore(*database_));
  return true;
}

Result<std::map<HostName, MonitoredHost::Known>> Store::load_states() {
  return attempt(database_->file, [&]() -> Result<std::map<HostName, MonitoredHost::Known>> {
    std::map<HostName, MonitoredHost::Known> hosts;
    const auto details = load_details(database_->connection);
    auto row = database_->connection.query(
        "SELECT host, service, state, since, process_id, exit_code, service_exit_code, checkpoint,"
        " wait_hint_ms, settled, settled_since, settled_process_id, progress_at, stuck, denied,"
        " news, details_id FROM service");
    while (row.next()) {
      const HostName host(row.text());
      const ServiceName service(row.text());
      TrackedService tracked;
      const auto state = parse_word<ServiceState>(row.text());
      tracked.since = row.time();
      tracked.seen.process_id = row.number<std::uint32_t>();
      tracked.seen.exit_code = row.number<std::uint32_t>();
      tracked.seen.service_exit_code = row.number<std::uint32_t>();
      tracked.seen.checkpoint = row.number<std::uint32_t>();
      tracked.seen.wait_hint = std::chrono::milliseconds(row.number<std::uint32_t>());
      const auto settled = parse_word<ServiceState>(row.text());
      tracked.settled_since = row.time();
      tracked.process_id = row.number<std::uint32_t>();
      tracked.progress_at = row.time();
      tracked.stuck = row.flag();
      tracked.denied = row.flag();
      if (!state || !settled) {
        database_->complain("the state of service " + service.text() + " of " + host.text() +
                            " is unknown to this version; the next check begins anew");
        continue;
      }
      tracked.seen.state = *state;
      tracked.settled = *settled;
      if (!notified_from_json(row.text(), tracked))
        database_->complain("what was notified of service " + service.text() + " of " +
                            host.text() + " is unreadable; its present state counts as notified");
      auto& known = hosts[host].services[service];
      known.tracked = std::move(tracked);
      if (const auto read = details.find(row.integer()); read != details.end())
        known.details = read->second;
    }
    auto known = database_->connection.query(
        "SELECT host, trouble, since, failures, told, told_at, reminders, booted_at, storm_until,"
        " login_refused, shutdown_since, reached_since, boot,"
        " firing_since FROM host");
    while (known.next()) {
      TrackedHost& host = hosts[HostName(known.text())].host;
      host.error = known.text();
      host.since = known.time();
      host.failures = known.number<std::uint32_t>();
      host.notified = known.flag();
      host.notified_at = known.time();
      host.reminders = known.number<std::uint32_t>();
      host.booted_at = known.time();
      host.storm_until = known.time();
      host.login_refused = known.flag();
      host.shutdown_since = known.time();
      host.reached_since = known.time();
      host.boot = boot_from_json(known.text());
      host.firing_since = known.time();
    }
    return hosts;
  });
}

Result<> Store::commit(std::span<Commit> commits) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    std::unordered_map<std::string, std::int64_t> alerts;
    std::vector<std::int64_t> sequences;
    Transaction transaction(connection);
    for (const auto& commit : commits) {
      for (const auto& change : commit.states) put_state(connection, change);
      if (commit.host) put_host(connection, *commit.host);
      note_seen(connection, commit);
      for (const auto& alert : commit.alerts) alerts[alert.id.value] = put_alert(connection, alert);
      for (const auto& delivery : commit.deliveries) {
        const auto [alert, missing] = alerts.try_emplace(delivery.alert.id.value);
        if (missing) alert->second = put_alert(connection, delivery.alert);
        put_delivery(connection, delivery, alert->second);
        sequences.push_back(alert->second);
      }
    }
    transaction.commit();
    auto sequence = sequences.begin();
    for (auto& commit : commits)
      for (auto& delivery : commit.deliveries) delivery.sequence = *sequence++;
    return {};
  });
}

Result<std::optional<Alert>> Store::find_firing(const HostName& host, const ServiceName& service) {
  return attempt(database_->file, [&]() -> Result<std::optional<Alert>> {
    auto last = database_->find_last_notified(host, service);
    return last && is_resolved(*last) ? std::nullopt : std::move(last);
  });
}

Result<std::vector<Alert>> Store::history(const HistoryQuery& query) {
  return attempt(database_->file, [&]() -> Result<std::vector<Alert>> {
    std::vector<Alert> alerts;
    auto sql = std::string(kSelectAlerts) + " WHERE at >= ?";
    if (query.host) sql += " AND host_key = ?";
    if (query.service) sql += " AND service_key = ?";
    auto row = database_->connection.query(sql + " ORDER BY at, sequence", query.since);
    if (query.host) row.bind(query.host->key());
    if (query.service) row.bind(query.service->key());
    while (row.next()) alerts.push_back(database_->read_alert(row));
    return alerts;
  });
}

Result<std::size_t> Store::prune(Time oldest) {
  return attempt(database_->file, [&]() -> Result<std::size_t> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    auto count = connection.run(
        "DELETE FROM delivery WHERE sequence IN (SELECT sequence FROM delivery"
        " WHERE state <> 'pending' AND updated < ? ORDER BY updated LIMIT ?)",
        oldest, kPruneStep);
    // Messages of which every delivery has ended.
    connection.run(
        "DELETE FROM message WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE message_id <> ''"
        " AND state = 'pending' AND message_id = message.id)");
    count += connection.run(
        "DELETE FROM alert WHERE sequence IN (SELECT sequence FROM alert"
        " WHERE at < ? AND NOT EXISTS (SELECT 1 FROM delivery"
        " WHERE delivery.alert = alert.sequence)"
        // The last one stays: its sequence is never used twice.
        " AND sequence < (SELECT max(sequence) FROM alert) ORDER BY at LIMIT ?)",
        oldest, kPruneStep);
    count += connection.run("DELETE FROM silence WHERE ends < ?", oldest);
    count += connection.run(
        "DELETE FROM run WHERE alive < ? AND began < (SELECT max(began) FROM run)", oldest);
    count += connection.run("DELETE FROM ack WHERE ended <> 0 AND ended < ?", oldest);
    count += connection.run("DELETE FROM action WHERE at < ?", oldest);
    transaction.commit();
    keep_reserve(database_->file.parent_path());
    return count;
  });
}

Result<std::int64_t> Store::prune_seen(Time oldest, std::int64_t after) {
  return attempt(database_->file, [&]() -> Result<std::int64_t> {
    Transaction transaction(database_->connection);
    const auto last = store::prune_seen(database_->connection, oldest, after);
    transaction.commit();
    return last;
  });
}

Result<> Store::begin_run(Time now) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    store::begin_run(connection, now);
    connection.query("DELETE FROM service_details WHERE id NOT IN (SELECT details_id FROM service)")
        .run();
    return {};
  });
}

Result<> Store::note_alive(Time now) {
  return attempt(database_->file, [&]() -> Result<> {
    database_->connection.run("UPDATE run SET alive = ? WHERE began = (SELECT max(began) FROM run)",
                              now);
    return {};
  });
}

std::vector<std::string> Store::take_complaints() {
  return std::exchange(database_->complaints, {});
}

}  // namespace tocsin::store
