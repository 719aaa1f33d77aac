#include "store/requests.h"

#include <utility>

#include <fmt/format.h>

#include "store/actions.h"
#include "store/connection.h"
#include "store/database.h"
#include "store/opening.h"
#include "store/store.h"

namespace tocsin::store {

namespace {

/// When an acknowledgement has ended that has not.
constexpr Time kNotEnded{};

/// The id of the row that the statement inserts.
std::int64_t inserted(Query row) {
  row.next();
  const auto id = row.integer();
  row.next();  // to its end, which makes the change
  return id;
}

/// Executes a statement that changes the row of an id, where it has not ended by then, and answers
/// its host and service, to which the action is done; false: there is no such row.
bool act(Connection& connection, const std::string& update, Time value, std::int64_t id, Time then,
         Action action) {
  Transaction transaction(connection);
  {
    auto changed = connection.query(update + " RETURNING host, service", value, id, then);
    if (!changed.next()) return false;
    action.scope.host = HostName(changed.text());
    action.scope.service = ServiceName(changed.text());
    changed.next();  // to its end, which makes the change
  }
  put_action(connection, action);
  transaction.commit();
  return true;
}

/// Those of a destination, or of all (''), that are meant by an id, or all (''), and whether each
/// is outdated.
std::string select_dead_letters() {
  return std::string(
             "WITH dead AS (SELECT delivery.alert, delivery.id, destination, message_id, host_key,"
             " service_key FROM delivery JOIN alert ON alert.sequence = delivery.alert"
             " WHERE state <> 'pending' AND state = 'dead' AND (? = '' OR destination = ?)),")
      .append(kNewestAlive)
      .append(
          ", meant AS (SELECT destination, host_key, service_key, min(alert) AS first FROM dead"
          "  WHERE id = ? OR message_id = ? GROUP BY destination, host_key, service_key)"
          " SELECT dead.id, coalesce(newest_alive.alert, 0) > dead.alert FROM dead"
          " LEFT JOIN newest_alive USING (destination, host_key, service_key)"
          " LEFT JOIN meant USING (destination, host_key, service_key)"
          " WHERE (? = '' OR meant.first <= dead.alert) ORDER BY dead.alert");
}

}  // namespace

struct Requests::Database {
  std::filesystem::path file;
  Connection connection;
};

Requests::Requests(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Requests::Requests(Requests&&) noexcept = default;
Requests& Requests::operator=(Requests&&) noexcept = default;
Requests::~Requests() = default;

Result<> Requests::follow() {
  return attempt(database_->file,
                 [&] { return store::follow(database_->file, database_->connection); });
}

Result<Requests> Requests::open(const std::filesystem::path& directory) {
  return with(open_existing(directory, Connection::Access::write));
}

Result<Requests> Requests::open_read_only(const std::filesystem::path& directory) {
  return with(open_existing(directory, Connection::Access::read));
}

Result<Requests> Requests::with(Result<Opened> opened) {
  if (!opened) return fail(std::move(opened));
  return Requests(
      std::make_unique<Database>(std::move(opened->file), std::move(opened->connection)));
}

Result<std::int64_t> Requests::add_silence(const Silence& silence) {
  return attempt(database_->file, [&]() -> Result<std::int64_t> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    const auto id = inserted(
        connection.query("INSERT INTO silence (host, service, begins, ends, reason, author)"
                         " VALUES (?,?,?,?,?,?) RETURNING id",
                         silence.scope.host.text(), silence.scope.service.text(), silence.begin,
                         silence.end, silence.reason, silence.author));
    put_action(connection, {.by = {.name = silence.author, .at = silence.begin},
                            .kind = ActionKind::silenced,
                            .scope = silence.scope,
                            .until = silence.end,
                            .reason = silence.reason});
    transaction.commit();
    return id;
  });
}

Result<bool> Requests::end_silence(std::int64_t id, const Actor& by) {
  return set_end_of_silence(id, by.at, {.by = by, .kind = ActionKind::unsilenced});
}

Result<bool> Requests::extend_silence(std::int64_t id, Time end, const Actor& by) {
  return set_end_of_silence(id, end, {.by = by, .kind = ActionKind::extended, .until = end});
}

Result<bool> Requests::set_end_of_silence(std::int64_t id, Time end, Action action) {
  return attempt(database_->file, [&]() -> Result<bool> {
    return act(database_->connection, "UPDATE silence SET ends = ? WHERE id = ? AND ends > ?", end,
               id, action.by.at, action);
  });
}

Result<std::vector<Silence>> Requests::load_silences(Time since) {
  return attempt(database_->file, [&]() -> Result<std::vector<Silence>> {
    std::vector<Silence> all;
    auto row = database_->connection.query(
        "SELECT id, host, service, begins, ends, reason, author FROM silence"
        " WHERE ends > ? ORDER BY id",
        since);
    while (row.next()) {
      Silence silence;
      silence.id = row.integer();
      silence.scope.host = HostName(row.text());
      silence.scope.service = ServiceName(row.text());
      silence.begin = row.time();
      silence.end = row.time();
      silence.reason = row.text();
      silence.author = row.text();
      all.push_back(std::move(silence));
    }
    return all;
  });
}

Result<std::int64_t> Requests::add_ack(const Ack& ack) {
  return attempt(database_->file, [&]() -> Result<std::int64_t> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    const auto id = inserted(connection.query(
        "INSERT INTO ack (host, service, at, reason, author) VALUES (?,?,?,?,?) RETURNING id",
        ack.host.text(), ack.service.text(), ack.at, ack.reason, ack.author));
    put_action(connection, {.by = {.name = ack.author, .at = ack.at},
                            .kind = ActionKind::acknowledged,
                            .scope = {.host = ack.host, .service = ack.service},
                            .reason = ack.reason});
    transaction.commit();
    return id;
  });
}

Result<bool> Requests::take_back_ack(std::int64_t id, const Actor& by) {
  return attempt(database_->file, [&]() -> Result<bool> {
    return act(database_->connection, "UPDATE ack SET ended = ? WHERE id = ? AND ended = ?", by.at,
               id, kNotEnded, {.by = by, .kind = ActionKind::unacknowledged});
  });
}

Result<> Requests::end_ack(std::int64_t id, Time now) {
  return attempt(database_->file, [&]() -> Result<> {
    database_->connection.query("UPDATE ack SET ended = ? WHERE id = ? AND ended = 0", now, id)
        .run();
    return {};
  });
}

Result<std::vector<Ack>> Requests::load_acks() {
  return attempt(database_->file, [&]() -> Result<std::vector<Ack>> {
    std::vector<Ack> all;
    auto row = database_->connection.query(
        "SELECT id, host, service, at, reason, author FROM ack WHERE ended = 0 ORDER BY id");
    while (row.next()) {
      Ack ack;
      ack.id = row.integer();
      ack.host = HostName(row.text());
      ack.service = ServiceName(row.text());
      ack.at = row.time();
      ack.reason = row.text();
      ack.author = row.text();
      all.push_back(std::move(ack));
    }
    return all;
  });
}

Result<Requests::Retries> Requests::ask_for_retry(const std::string& id, const Actor& by) {
  return ask_for_retry({.id = id, .destination = {}}, by);
}

Result<Requests::Retries> Requests::ask_for_retry_of(const std::string& destination,
                                                     const Actor& by) {
  return ask_for_retry({.id = {}, .destination = destination}, by);
}

Result<Requests::Retries> Requests::ask_for_retry(const DeadLetters& meant, const Actor& by) {
  return attempt(database_->file, [&]() -> Result<Retries> {
    auto& connection = database_->connection;
    Retries retries;
    std::vector<std::string> wanted;
    {
      auto row = connection.query(select_dead_letters(), meant.destination, meant.destination,
                                  meant.id, meant.id, meant.id);
      while (row.next()) {
        auto delivery = row.text();
        if (row.flag()) {
          retries.outdated++;
        } else {
          wanted.push_back(std::move(delivery));
        }
      }
    }
    Transaction transaction(connection);  // no earlier: what was read may take seconds
    for (const auto& delivery : wanted)
      connection.query("INSERT INTO retry (delivery, asked) VALUES (?,?)", delivery, by.at).run();
    if (!wanted.empty()) {
      Action action{.by = by, .kind = ActionKind::retried, .destination = meant.destination};
      if (!meant.id.empty()) {
        auto row = connection.query(
            "SELECT host, service, destination FROM delivery"
            " JOIN alert ON alert.sequence = delivery.alert WHERE delivery.id = ?",
            wanted.front());
        row.next();
        action.scope = {.host = HostName(row.text()), .service = ServiceName(row.text())};
        action.destination = row.text();
      }
      put_action(connection, action);
    }
    transaction.commit();
    retries.asked = wanted.size();
    return retries;
  });
}

Result<bool> Requests::has_retries() {
  return attempt(database_->file, [&]() -> Result<bool> {
    return database_->connection.query("SELECT 1 FROM retry").next();
  });
}

Result<bool> Requests::is_anybody_there() { return is_locked(database_->file.parent_path()); }

Result<std::int64_t> Requests::ask_for_reload(const Actor& by) {
  return attempt(database_->file, [&]() -> Result<std::int64_t> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    const auto id =
        inserted(connection.query("INSERT INTO reload (asked) VALUES (?) RETURNING id", by.at));
    put_action(connection, {.by = by, .kind = ActionKind::reloaded});
    transaction.commit();
    return id;
  });
}

Result<> Requests::add_action(const Action& action) {
  return attempt(database_->file, [&]() -> Result<> {
    Transaction transaction(database_->connection);
    put_action(database_->connection, action);
    transaction.commit();
    return {};
  });
}

Result<> Requests::add_control(const ControlByPerson& control) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    const auto& [action, stopped, started] = control;
    const auto& host = action.scope.host.key();
    Transaction transaction(connection);
    put_action(connection, action);
    for (const auto& service : stopped)
      connection.run("INSERT OR REPLACE INTO stopped_by_person VALUES (?,?,?)", host, service.key(),
                     action.by.at);
    for (const auto& service : started)
      for (const auto* table : {"stopped_by_person", "recovery"})
        connection.run(fmt::format("DELETE FROM {} WHERE host_key = ? AND service_key = ?", table),
                       host, service.key());
    transaction.commit();
    return {};
  });
}

Result<std::optional<std::int64_t>> Requests::find_reload() {
  return attempt(database_->file, [&]() -> Result<std::optional<std::int64_t>> {
    auto row = database_->connection.query(
        "SELECT id FROM reload WHERE answered = 0 ORDER BY id DESC LIMIT 1");
    if (!row.next()) return std::nullopt;
    return row.integer();
  });
}

Result<> Requests::answer_reload(std::int64_t id, const ReloadAnswer& answer) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    connection.query("DELETE FROM reload WHERE answered = 1").run();
    connection
        .query("UPDATE reload SET answered = 1, good = ?, answer = ? WHERE id <= ?", answer.good,
               answer.text, id)
        .run();
    transaction.commit();
    return {};
  });
}

Result<std::optional<ReloadAnswer>> Requests::find_answer(std::int64_t id) {
  return attempt(database_->file, [&]() -> Result<std::optional<ReloadAnswer>> {
    auto row = database_->connection.query(
        "SELECT good, answer FROM reload WHERE answered = 1 AND id = ?", id);
    if (!row.next()) return std::nullopt;
    const bool good = row.flag();
    return ReloadAnswer{.good = good, .text = row.text()};
  });
}

}  // namespace tocsin::store
