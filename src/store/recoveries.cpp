#include "store/recoveries.h"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/try.h"
#include "store/actions.h"
#include "store/connection.h"
#include "store/opening.h"

namespace tocsin::store {

struct Recoveries::Database {
  std::filesystem::path file;
  Connection connection;
};

Recoveries::Recoveries(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Recoveries::Recoveries(Recoveries&&) noexcept = default;
Recoveries& Recoveries::operator=(Recoveries&&) noexcept = default;
Recoveries::~Recoveries() = default;

Result<Recoveries> Recoveries::open(const std::filesystem::path& directory) {
  TRY(auto opened, open_existing(directory, Connection::Access::write));
  return Recoveries(
      std::make_unique<Database>(std::move(opened.file), std::move(opened.connection)));
}

Result<> Recoveries::follow() {
  return attempt(database_->file,
                 [&] { return store::follow(database_->file, database_->connection); });
}

Result<std::vector<StoredRecovery>> Recoveries::load() {
  return attempt(database_->file, [&]() -> Result<std::vector<StoredRecovery>> {
    std::vector<StoredRecovery> all;
    auto row = database_->connection.query(
        "SELECT host, service, attempts, begun, ended, runs, outcome FROM recovery");
    while (row.next()) {
      const HostName host(row.text());
      const ServiceName service(row.text());
      RecoveryState state;
      state.attempts = row.number<std::uint32_t>();
      state.begun = row.time();
      state.ended = row.time();
      state.runs = row.flag();
      state.outcome = row.text();
      all.push_back({.host = host, .service = service, .state = std::move(state)});
    }
    return all;
  });
}

Result<> Recoveries::save(const StoredRecovery& recovery, const Action* did) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    const auto& [host, service, state] = recovery;
    Transaction transaction(connection);
    connection.run(
        "INSERT OR REPLACE INTO recovery (host_key, service_key, host, service, attempts, begun,"
        " ended, runs, outcome) VALUES (?,?,?,?,?,?,?,?,?)",
        host.key(), service.key(), host.text(), service.text(), state.attempts, state.begun,
        state.ended, state.runs, state.outcome);
    if (did != nullptr) put_action(connection, *did);
    transaction.commit();
    return {};
  });
}

Result<> Recoveries::forget(const HostName& host, const ServiceName& service) {
  return attempt(database_->file, [&]() -> Result<> {
    database_->connection.run("DELETE FROM recovery WHERE host_key = ? AND service_key = ?",
                              host.key(), service.key());
    return {};
  });
}

Result<> Recoveries::forget(const HostName& host) {
  return attempt(database_->file, [&]() -> Result<> {
    Transaction transaction(database_->connection);
    for (const auto* table : {"stopped_by_person", "recovery"})
      database_->connection.run(fmt::format("DELETE FROM {} WHERE host_key = ?", table),
                                host.key());
    transaction.commit();
    return {};
  });
}

Result<Recoveries::ByPeople> Recoveries::find_by_people(const HostName& host,
                                                        const ServiceName& service) {
  return attempt(database_->file, [&]() -> Result<ByPeople> {
    ByPeople found;
    auto stop = database_->connection.query(
        "SELECT at FROM stopped_by_person WHERE host_key = ? AND service_key = ?", host.key(),
        service.key());
    if (stop.next()) found.stopped_at = stop.time();
    auto count = database_->connection.query(
        "SELECT 1 FROM recovery WHERE host_key = ? AND service_key = ?", host.key(), service.key());
    found.is_counted = count.next();
    return found;
  });
}

}  // namespace tocsin::store
