#include "store/store.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/path.h"
#include "base/text.h"
#include "store/connection.h"
#include "store/details.h"
#include "store/opening.h"

namespace tocsin::store {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kPruneStep = 500;
/// Of the word of a kind that another version has stored.
constexpr std::size_t kLongestKind = 64;

/// What Database::read_alert() and Database::read_delivery() read.
constexpr std::string_view kSelectAlerts =
    "SELECT alert.id, alert.at, alert.kind, alert.host, alert.service, alert.details FROM alert";
constexpr std::string_view kSelectDeliveries =
    "SELECT delivery.sequence, delivery.id, delivery.destination, delivery.state,"
    " delivery.attempts, delivery.created, delivery.updated, delivery.not_before, delivery.detail,"
    " delivery.conditional, delivery.message_id,"
    " alert.id, alert.at, alert.kind, alert.host, alert.service, alert.details"
    " FROM delivery JOIN alert ON alert.sequence = delivery.alert";

std::int64_t limit(std::size_t most) {
  constexpr std::size_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(most, kMost));
}

void put_state(Connection& connection, const StateChange& change) {
  if (change.forgotten) {
    connection
        .query("DELETE FROM service WHERE host_key = ? AND service_key = ?", change.host.key(),
               change.service.key())
        .run();
    return;
  }
  const auto& state = change.state;
  const auto& seen = state.seen;
  connection
      .query(
          "INSERT OR REPLACE INTO service (host_key, service_key, host, service, state, since,"
          " process_id, exit_code, service_exit_code, checkpoint, wait_hint_ms, settled,"
          " settled_since, settled_process_id, progress_at, stuck, denied, news, details)"
          " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
          change.host.key(), change.service.key(), change.host.text(), change.service.text(),
          to_string(seen.state), state.since, seen.process_id, seen.exit_code,
          seen.service_exit_code, seen.checkpoint, std::int64_t{seen.wait_hint.count()},
          to_string(state.settled), state.settled_since, state.process_id, state.progress_at,
          state.stuck, state.denied, notified_to_json(state),
          change.details ? details_to_json(*change.details) : "")
      .run();
}

void put_host(Connection& connection, const HostChange& change) {
  if (change.forgotten) {
    connection.query("DELETE FROM host WHERE host_key = ?", change.host.key()).run();
    return;
  }
  const auto& state = change.state;
  connection
      .query(
          "INSERT OR REPLACE INTO host (host_key, host, trouble, since, failures, told, told_at,"
          " reminders, booted_at, storm_until, login_refused, shutdown_since,"
          " reached_since, boot)"
          " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
          change.host.key(), change.host.text(), state.error, state.since, state.failures,
          state.notified, state.notified_at, state.reminders, state.booted_at, state.storm_until,
          state.login_refused, state.shutdown_since, state.reached_since, boot_to_json(state.boot))
      .run();
}

/// Answers the alert's sequence; an alert that is stored already stays as it is.
std::int64_t put_alert(Connection& connection, const Alert& alert) {
  auto query = connection.query(
      "INSERT INTO alert (id, at, kind, host_key, service_key, host, service, details)"
      " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET id = id RETURNING sequence",
      alert.id.value, alert.at, kind_word(alert), alert.host.key(), alert.service.key(),
      alert.host.text(), alert.service.text(), details_to_json(alert));
  query.next();
  return query.integer();
}

/// Answers the delivery's sequence; one that is stored already stays as it is.
std::int64_t put_delivery(Connection& connection, const Delivery& delivery, std::int64_t alert) {
  auto query = connection.query(
      "INSERT INTO delivery (id, alert, destination, attempts, created, updated, not_before,"
      " detail, conditional) VALUES (?,?,?,?,?,?,?,?,?)"
      " ON CONFLICT (id) DO UPDATE SET id = id RETURNING sequence",
      delivery.id.value, alert, delivery.destination, delivery.attempts, delivery.created,
      delivery.created, delivery.not_before, delivery.last_error, delivery.conditional);
  query.next();
  return query.integer();
}

}  // namespace

struct Store::Database : Opened {
  explicit Database(Opened opened) : Opened(std::move(opened)) {}

  Alert read_alert(Query& row);
  DeliveryRecord read_delivery(Query& row);
  void put_open_alert(const DeliveryId& delivered);
  void complain(const std::string& what) {
    complaints.push_back(to_utf8(file) + ": " + printable(what));
  }

  std::vector<std::string> complaints;
};

/// What makes no sense in it becomes a complaint; the alert stays.
Alert Store::Database::read_alert(Query& row) {
  Alert alert;
  alert.id.value = row.text();
  alert.at = row.time();
  const auto word = row.text();
  alert.kind = parse_word<TransitionKind>(word).value_or(TransitionKind::other);
  if (alert.kind == TransitionKind::other) {
    complain("alert " + alert.id.value + " is of a kind that this version does not know: " + word);
    alert.other_kind = printable(word, kLongestKind);  // it goes into headers, JSON and terminals
  }
  alert.host = HostName(row.text());
  alert.service = ServiceName(row.text());
  alert.from = ServiceState::unknown;
  alert.to = ServiceState::unknown;
  if (!details_from_json(row.text(), alert)) {
    alert.reason = "the stored details of this alert are damaged";
    complain("the details of alert " + alert.id.value + " are damaged");
  }
  return alert;
}

DeliveryRecord Store::Database::read_delivery(Query& row) {
  DeliveryRecord record;
  auto& delivery = record.delivery;
  delivery.sequence = row.integer();
  delivery.id.value = row.text();
  delivery.destination = row.text();
  record.state = parse_word<DeliveryState>(row.text()).value_or(DeliveryState::dead);
  delivery.attempts = row.number<int>();
  delivery.created = row.time();
  record.updated = row.time();
  delivery.not_before = row.time();
  record.detail = row.text();
  delivery.last_error = record.detail;
  delivery.conditional = row.flag();
  delivery.group = row.text();
  delivery.alert = read_alert(row);
  return record;
}

/// What its destination was notified of now: an alert that fires, or the end of one.
void Store::Database::put_open_alert(const DeliveryId& delivered) {
  auto row =
      connection.query(std::string(kSelectDeliveries) + " WHERE delivery.id = ?", delivered.value);
  if (!row.next()) return;
  const auto delivery = read_delivery(row).delivery;
  const auto& alert = delivery.alert;
  if (is_resolved(alert)) {
    connection
        .query("DELETE FROM open_alert WHERE destination = ? AND host_key = ? AND service_key = ?",
               delivery.destination, alert.host.key(), alert.service.key())
        .run();
    return;
  }
  const auto open = open_by(delivery);
  connection
      .query(
          "INSERT OR REPLACE INTO open_alert"
          " (destination, host_key, service_key, host, service, name) VALUES (?,?,?,?,?,?)",
          open.destination, open.host.key(), open.service.key(), open.host.text(),
          open.service.text(), open.name)
      .run();
}

OpenAlert open_by(const Delivery& delivery) {
  const auto& alert = delivery.alert;
  return {.destination = delivery.destination,
          .host = alert.host,
          .service = alert.service,
          .name = name_for_people(alert)};
}

Store::Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const fs::path& directory) {
  auto opened = open_for_writing(directory);
  if (!opened) return fail(std::move(opened));
  return Store(std::make_unique<Database>(*std::move(opened)));
}

Result<Store> Store::open_read_only(const fs::path& directory) {
  auto opened = open_existing(directory, Connection::Access::read);
  if (!opened) return fail(std::move(opened));
  return Store(std::make_unique<Database>(*std::move(opened)));
}

Result<bool> Store::restore_if_displaced() {
  if (!is_displaced(*database_)) return false;
  if (auto restored = restore(*database_); !restored) return fail(std::move(restored));
  return true;
}

Result<std::map<HostName, MonitoredHost::Known>> Store::load_states() {
  return attempt(database_->file, [&]() -> Result<std::map<HostName, MonitoredHost::Known>> {
    std::map<HostName, MonitoredHost::Known> hosts;
    auto row = database_->connection.query(
        "SELECT host, service, state, since, process_id, exit_code, service_exit_code, checkpoint,"
        " wait_hint_ms, settled, settled_since, settled_process_id, progress_at, stuck, denied,"
        " news, details FROM service");
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
                            " is no known one; the next check begins anew");
        continue;
      }
      tracked.seen.state = *state;
      tracked.settled = *settled;
      if (!notified_from_json(row.text(), tracked))
        database_->complain("what was notified of service " + service.text() + " of " +
                            host.text() + " is unreadable; its present state counts as notified");
      auto& of_host = hosts[host];
      of_host.services.insert_or_assign(service, std::move(tracked));
      if (auto details = details_from_json(row.text()))
        of_host.details.insert_or_assign(service, std::move(details));
    }
    auto known = database_->connection.query(
        "SELECT host, trouble, since, failures, told, told_at, reminders, booted_at, storm_until,"
        " login_refused, shutdown_since, reached_since, boot"
        " FROM host");
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
      for (const auto& alert : commit.alerts) alerts[alert.id.value] = put_alert(connection, alert);
      for (const auto& delivery : commit.deliveries) {
        const auto [alert, missing] = alerts.try_emplace(delivery.alert.id.value);
        if (missing) alert->second = put_alert(connection, delivery.alert);
        sequences.push_back(put_delivery(connection, delivery, alert->second));
      }
    }
    transaction.commit();
    auto sequence = sequences.begin();
    for (auto& commit : commits)
      for (auto& delivery : commit.deliveries) delivery.sequence = *sequence++;
    return {};
  });
}

Result<std::vector<Delivery>> Store::load_pending(std::string_view destination, std::int64_t after,
                                                  std::size_t most) {
  return attempt(database_->file, [&]() -> Result<std::vector<Delivery>> {
    std::vector<Delivery> pending;
    auto row =
        database_->connection.query(std::string(kSelectDeliveries) +
                                        " WHERE state = 'pending' AND destination = ? AND"
                                        " delivery.sequence > ? ORDER BY delivery.sequence LIMIT ?",
                                    destination, after, limit(most));
    while (row.next()) pending.push_back(std::move(database_->read_delivery(row).delivery));
    return pending;
  });
}

Result<std::size_t> Store::abandon(std::span<const std::string> configured, Time at,
                                   std::string_view detail) {
  return attempt(database_->file, [&]() -> Result<std::size_t> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    std::vector<std::string> gone;
    {
      auto row =
          connection.query("SELECT DISTINCT destination FROM delivery WHERE state = 'pending'");
      while (row.next())
        if (auto destination = row.text();
            std::ranges::find(configured, destination) == configured.end())
          gone.push_back(std::move(destination));
    }
    std::size_t count = 0;
    for (const auto& destination : gone)
      count += connection
                   .query(
                       "UPDATE delivery SET state = 'dead', updated = ?, detail = ?"
                       " WHERE state = 'pending' AND destination = ?",
                       at, detail, destination)
                   .run();
    transaction.commit();
    return count;
  });
}

Result<std::vector<LastDelivered>> Store::load_last_delivered(Time since) {
  return attempt(database_->file, [&]() -> Result<std::vector<LastDelivered>> {
    std::vector<LastDelivered> last;
    auto row = database_->connection.query(
        "SELECT destination, host, service, kind, max(updated) FROM delivery"
        " JOIN alert ON alert.sequence = delivery.alert"
        " WHERE state <> 'pending' AND state = 'delivered' AND updated >= ?"
        " GROUP BY destination, host_key, service_key, kind",
        since);
    while (row.next()) {
      LastDelivered delivered;
      delivered.destination = row.text();
      delivered.host = HostName(row.text());
      delivered.service = ServiceName(row.text());
      delivered.kind = parse_word<TransitionKind>(row.text()).value_or(TransitionKind::other);
      delivered.at = row.time();
      last.push_back(std::move(delivered));
    }
    return last;
  });
}

Result<std::vector<OpenAlert>> Store::load_open_alerts() {
  return attempt(database_->file, [&]() -> Result<std::vector<OpenAlert>> {
    std::vector<OpenAlert> open;
    auto row =
        database_->connection.query("SELECT destination, host, service, name FROM open_alert");
    while (row.next()) {
      OpenAlert one;
      one.destination = row.text();
      one.host = HostName(row.text());
      one.service = ServiceName(row.text());
      one.name = row.text();
      open.push_back(std::move(one));
    }
    return open;
  });
}

Result<> Store::commit(const StoredMessage& message, std::span<const DeliveryId> members) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    connection
        .query("INSERT OR REPLACE INTO message (id, text, note) VALUES (?,?,?)", message.id,
               message.text, message.note)
        .run();
    for (const auto& member : members)
      connection
          .query("UPDATE delivery SET message_id = ? WHERE id = ? AND state = 'pending'",
                 message.id, member.value)
          .run();
    transaction.commit();
    return {};
  });
}

Result<std::optional<Store::PendingMessage>> Store::load_message(std::string_view id) {
  return attempt(database_->file, [&]() -> Result<std::optional<PendingMessage>> {
    auto row = database_->connection.query(
        "SELECT id, text, note, (SELECT count(*) FROM delivery"
        " WHERE message_id <> '' AND state = 'pending' AND message_id = message.id)"
        " FROM message WHERE id = ?",
        id);
    if (!row.next()) return std::nullopt;
    PendingMessage found;
    found.message.id = row.text();
    found.message.text = row.text();
    found.message.note = row.text();
    found.members = row.number<std::uint32_t>();
    return found;
  });
}

Result<> Store::update(std::span<const DeliveryUpdate> updates) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    for (const auto& update : updates) {
      connection
          .query(
              "UPDATE delivery SET state = ?, attempts = ?, updated = ?, not_before = ?,"
              " detail = ?, message_id = CASE WHEN ? = '' AND ? = 0 THEN message_id ELSE ? END"
              " WHERE id = ?",
              to_string(update.state), update.attempts, update.at, update.not_before, update.detail,
              update.group, update.attempts, update.group, update.id.value)
          .run();
      if (update.state == DeliveryState::delivered) database_->put_open_alert(update.id);
    }
    transaction.commit();
    return {};
  });
}

Result<std::optional<Alert>> Store::find_firing(const HostName& host, const ServiceName& service) {
  return attempt(database_->file, [&]() -> Result<std::optional<Alert>> {
    auto row = database_->connection.query(
        std::string(kSelectAlerts) +
            " WHERE host_key = ? AND service_key = ? ORDER BY at DESC, sequence DESC",
        host.key(), service.key());
    while (row.next()) {
      auto alert = database_->read_alert(row);
      if (!alert.suppressed.empty()) continue;
      return is_resolved(alert) ? std::nullopt : std::optional(std::move(alert));
    }
    return std::nullopt;
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

Result<std::vector<DeliveryRecord>> Store::deliveries(bool failed, std::size_t most) {
  return attempt(database_->file, [&]() -> Result<std::vector<DeliveryRecord>> {
    std::vector<DeliveryRecord> records;
    std::string sql(kSelectDeliveries);
    if (failed) sql += " WHERE state = 'dead' OR (state = 'pending' AND attempts > 0)";
    auto row =
        database_->connection.query(sql + " ORDER BY delivery.sequence DESC LIMIT ?", limit(most));
    while (row.next()) records.push_back(database_->read_delivery(row));
    std::ranges::reverse(records);
    return records;
  });
}

Result<std::size_t> Store::prune(Time now) {
  return attempt(database_->file, [&]() -> Result<std::size_t> {
    auto& connection = database_->connection;
    const Time oldest = now - kRetention;
    Transaction transaction(connection);
    auto count = connection
                     .query(
                         "DELETE FROM delivery WHERE sequence IN (SELECT sequence FROM delivery"
                         " WHERE state <> 'pending' AND updated < ? ORDER BY updated LIMIT ?)",
                         oldest, kPruneStep)
                     .run();
    // Of what has met its end.
    connection
        .query(
            "DELETE FROM message WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE message_id <> ''"
            " AND state = 'pending' AND message_id = message.id)")
        .run();
    count += connection
                 .query(
                     "DELETE FROM alert WHERE sequence IN (SELECT sequence FROM alert"
                     " WHERE at < ? AND NOT EXISTS (SELECT 1 FROM delivery"
                     " WHERE delivery.alert = alert.sequence) ORDER BY at LIMIT ?)",
                     oldest, kPruneStep)
                 .run();
    transaction.commit();
    return count;
  });
}

std::vector<std::string> Store::take_complaints() {
  return std::exchange(database_->complaints, {});
}

}  // namespace tocsin::store
