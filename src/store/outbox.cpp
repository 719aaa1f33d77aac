// The part of Store that keeps deliveries, and what their destinations know.
#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "store/connection.h"
#include "store/database.h"
#include "store/store.h"

namespace tocsin::store {
namespace {

/// Bytes of a message: a thousand alerts in a mail take less than one MiB.
constexpr std::int64_t kLongestMessage = std::int64_t{8} << 20;

std::int64_t limit(std::size_t most) {
  constexpr std::size_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(most, kMost));
}

void put_open_alert(Connection& connection, const OpenAlert& open) {
  connection.run(
      "INSERT OR REPLACE INTO open_alert"
      " (destination, host_key, service_key, host, service, name) VALUES (?,?,?,?,?,?)",
      open.destination, open.host.key(), open.service.key(), open.host.text(), open.service.text(),
      open.name);
}

void remove_open_alert(Connection& connection, const OpenAlert& ended) {
  connection.run(
      "DELETE FROM open_alert WHERE destination = ? AND host_key = ? AND service_key = ?",
      ended.destination, ended.host.key(), ended.service.key());
}

}  // namespace

/// The dead letters that are asked for up to this request and may still be sent, in their order.
std::vector<std::string> Database::find_retries(std::int64_t last) {
  std::vector<std::string> ids;
  auto row = connection.query(
      std::string("WITH dead AS (SELECT DISTINCT delivery.alert, delivery.id, destination,"
                  " host_key, service_key FROM retry JOIN delivery ON delivery.id = retry.delivery"
                  " JOIN alert ON alert.sequence = delivery.alert"
                  " WHERE state = 'dead' AND retry.id <= ?),")
          .append(kNewestAlive)
          .append(" SELECT dead.id FROM dead"
                  " LEFT JOIN newest_alive USING (destination, host_key, service_key)"
                  " WHERE coalesce(newest_alive.alert, 0) < dead.alert ORDER BY dead.alert"),
      last);
  while (row.next()) ids.push_back(row.text());
  return ids;
}

OpenAlert open_by(const Delivery& delivery) {
  const auto& alert = delivery.alert;
  return {.destination = delivery.destination,
          .host = alert.host,
          .service = alert.service,
          .name = name_for_people(alert)};
}

Result<std::vector<Delivery>> Store::load_pending(std::string_view destination, std::int64_t after,
                                                  std::size_t most) {
  return attempt(database_->file, [&]() -> Result<std::vector<Delivery>> {
    std::vector<Delivery> pending;
    auto row = database_->connection.query(
        std::string(kSelectDeliveries) +
            " WHERE state = 'pending' AND destination = ? AND delivery.alert > ?"
            " ORDER BY delivery.alert, delivery.sequence",
        destination, after);
    while (row.next()) {
      auto delivery = std::move(database_->read_delivery(row).delivery);
      // Two webhooks may be alike, and then have one key: a page ends behind both.
      if (pending.size() >= most && pending.back().sequence != delivery.sequence) break;
      pending.push_back(std::move(delivery));
    }
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
      count += connection.run(
          "UPDATE delivery SET state = 'dead', updated = ?, detail = ?"
          " WHERE state = 'pending' AND destination = ?",
          at, detail, destination);
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
    auto& connection = database_->connection;
    Transaction transaction(connection);
    {
      auto row = connection.query("SELECT destination, host, service, name FROM open_alert");
      while (row.next()) {
        OpenAlert one;
        one.destination = row.text();
        one.host = HostName(row.text());
        one.service = ServiceName(row.text());
        one.name = row.text();
        open.push_back(std::move(one));
      }
    }
    const auto over = std::ranges::partition(
        open, [this](const OpenAlert& one) { return !database_->is_over(one); });
    for (const auto& one : over) remove_open_alert(connection, one);
    open.erase(over.begin(), over.end());
    transaction.commit();
    return open;
  });
}

Result<> Store::commit(const StoredMessage& message, std::span<const DeliveryId> members) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    connection.run("INSERT OR REPLACE INTO message (id, text, note) VALUES (?,?,?)", message.id,
                   message.text, message.note);
    for (const auto& member : members)
      connection.run("UPDATE delivery SET message_id = ? WHERE id = ? AND state = 'pending'",
                     message.id, member.value);
    transaction.commit();
    return {};
  });
}

Result<std::optional<Store::PendingMessage>> Store::load_message(std::string_view id) {
  return attempt(database_->file, [&]() -> Result<std::optional<PendingMessage>> {
    auto row = database_->connection.query(
        "SELECT length(CAST(text AS BLOB)) + length(CAST(note AS BLOB)), id, text, note, (SELECT "
        "count(*)"
        " FROM delivery WHERE message_id <> '' AND state = 'pending' AND message_id = message.id)"
        " FROM message WHERE id = ?",
        id);
    if (!row.next()) return std::nullopt;
    if (row.integer() > kLongestMessage) {
      database_->complain("message " + std::string(id) + " is larger than any that was stored");
      return std::nullopt;
    }
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
      connection.run(
          "UPDATE delivery SET state = ?, attempts = ?, updated = ?, not_before = ?,"
          " detail = ?, escalated = ?, message_id = CASE WHEN ? = '' AND ? = 0 THEN message_id "
          "ELSE ? END"
          " WHERE id = ?",
          to_string(update.state), update.attempts, update.at, update.not_before, update.detail,
          update.escalated, update.group, update.attempts, update.group, update.id.value);
      if (update.opens) put_open_alert(connection, *update.opens);
      if (update.ends) remove_open_alert(connection, *update.ends);
    }
    transaction.commit();
    return {};
  });
}

Result<std::vector<Delivery>> Store::take_retries(Time now, std::size_t most) {
  return attempt(database_->file, [&]() -> Result<std::vector<Delivery>> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    std::int64_t last = 0;
    {
      auto row = connection.query("SELECT max(id) FROM (SELECT id FROM retry ORDER BY id LIMIT ?)",
                                  limit(most));
      if (row.next()) last = row.integer();
    }
    std::vector<Delivery> again;
    for (const auto& id : database_->find_retries(last)) {
      // It is sent whatever was notified before: somebody wants it.
      connection.run(
          "UPDATE delivery SET state = 'pending', attempts = 0, updated = ?,"
          " not_before = created, conditional = 0, message_id = '',"
          " detail = 'to be sent again on request; before: ' || detail WHERE id = ?",
          now, id);
      auto row = connection.query(std::string(kSelectDeliveries) + " WHERE delivery.id = ?", id);
      if (row.next()) again.push_back(std::move(database_->read_delivery(row).delivery));
    }
    connection.run("DELETE FROM retry WHERE id <= ?", last);
    transaction.commit();
    return again;
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

}  // namespace tocsin::store
