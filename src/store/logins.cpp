#include "store/logins.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/try.h"
#include "store/connection.h"
#include "store/details.h"
#include "store/opening.h"

namespace tocsin::store {
struct Logins::Database {
  std::filesystem::path file;
  Connection connection;
};

Logins::Logins(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Logins::Logins(Logins&&) noexcept = default;
Logins& Logins::operator=(Logins&&) noexcept = default;
Logins::~Logins() = default;

Result<> Logins::follow() {
  return attempt(database_->file,
                 [&] { return store::follow(database_->file, database_->connection); });
}

Result<Logins> Logins::open(const std::filesystem::path& directory) {
  TRY(auto opened, open_existing(directory, Connection::Access::write));
  return Logins(std::make_unique<Database>(std::move(opened.file), std::move(opened.connection)));
}

Result<std::vector<logins::StoredLogin>> Logins::load() {
  return attempt(database_->file, [&]() -> Result<std::vector<logins::StoredLogin>> {
    std::vector<logins::StoredLogin> all;
    auto row = database_->connection.query("SELECT id, salt, hash, suspicion FROM login");
    while (row.next()) {
      const logins::LoginId id{row.text()};
      auto salt = from_hex(row.text());
      auto hash = from_hex(row.text());
      auto suspicion = suspicion_from_json(row.text());
      if (!salt || !hash || !suspicion) continue;
      all.push_back({.id = id,
                     .fingerprint = {.salt = *std::move(salt), .hash = *std::move(hash)},
                     .suspicion = *std::move(suspicion)});
    }
    return all;
  });
}

Result<> Logins::save(std::span<const logins::StoredLogin> records) {
  return attempt(database_->file, [&]() -> Result<> {
    auto& connection = database_->connection;
    Transaction transaction(connection);
    for (const auto& [id, fingerprint, suspicion] : records) {
      if (suspicion.empty()) {
        connection.query("DELETE FROM login WHERE id = ?", id.value).run();
        continue;
      }
      connection
          .query("INSERT OR REPLACE INTO login (id, salt, hash, suspicion) VALUES (?,?,?,?)",
                 id.value, to_hex(fingerprint.salt), to_hex(fingerprint.hash),
                 suspicion_to_json(suspicion))
          .run();
    }
    transaction.commit();
    return {};
  });
}

}  // namespace tocsin::store
