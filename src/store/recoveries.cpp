#include "store/recoveries.h"

#include <cstdint>
#include <string>
#include <utility>

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
    database_->connection.run("DELETE FROM recovery WHERE host_key = ?", host.key());
    return {};
  });
}

Result<std::optional<Recoveries::ByPerson>> Recoveries::find_last_by_person(
    const HostName& host, const ServiceName& service) {
  return attempt(database_->file, [&]() -> Result<std::optional<ByPerson>> {
    auto& connection = database_->connection;
    std::optional<ByPerson> last;
    {
      auto row = connection.query(
          "SELECT host, service, kind, at FROM action"
          " WHERE kind IN ('started', 'stopped', 'restarted') AND author <> ? ORDER BY id DESC",
          kRecoveryActor);
      while (!last && row.next()) {
        const HostName of(row.text());
        const ServiceName name(row.text());
        const auto kind = parse_word<ActionKind>(row.text());
        const auto at = row.time();
        if (kind && of == host && name == service) last = {.kind = *kind, .at = at};
      }
    }
    if (!last) return last;
    auto row = connection.query(
        "SELECT 1 FROM seen JOIN series ON series.id = seen.series"
        " WHERE host_key = ? AND service_key = ? AND state = ? AND at > ?",
        host.key(), service.key(), static_cast<int>(ServiceState::running), last->at);
    last->has_run_since = row.next();
    return last;
  });
}

}  // namespace tocsin::store
