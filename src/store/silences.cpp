#include "store/silences.h"

#include <type_traits>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

#include "store/connection.h"
#include "store/opening.h"
#include "store/store.h"

namespace tocsin::store {

struct Silences::Database {
  std::filesystem::path file;
  Connection connection;

  template <typename F>
  std::invoke_result_t<F> attempt(F work) {
    try {
      return work();
    } catch (const SQLite::Exception& error) {
      return std::unexpected(explain(error, file));
    }
  }
};

Silences::Silences(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Silences::Silences(Silences&&) noexcept = default;
Silences& Silences::operator=(Silences&&) noexcept = default;
Silences::~Silences() = default;

Result<Silences> Silences::open(const std::filesystem::path& directory) {
  auto opened = open_existing(directory, Connection::Access::write);
  if (!opened) return fail(std::move(opened));
  return Silences(
      std::make_unique<Database>(std::move(opened->file), std::move(opened->connection)));
}

Result<std::int64_t> Silences::add(const Silence& silence) {
  return database_->attempt([&]() -> Result<std::int64_t> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    connection.query("DELETE FROM silence WHERE ends < ?", silence.begin - kRetention).run();
    std::int64_t id = 0;
    {
      auto row = connection.query(
          "INSERT INTO silence (host, service, begins, ends, reason, author)"
          " VALUES (?,?,?,?,?,?) RETURNING id",
          silence.scope.host.text(), silence.scope.service.text(), silence.begin, silence.end,
          silence.reason, silence.author);
      row.next();
      id = row.integer();
    }
    transaction.commit();
    return id;
  });
}

Result<bool> Silences::end(std::int64_t id, Time now) {
  return database_->attempt([&]() -> Result<bool> {
    return database_->connection
               .query("UPDATE silence SET ends = ? WHERE id = ? AND ends > ?", now, id, now)
               .run() > 0;
  });
}

Result<std::vector<Silence>> Silences::load(Time since) {
  return database_->attempt([&]() -> Result<std::vector<Silence>> {
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

}  // namespace tocsin::store
