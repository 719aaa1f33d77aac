#include "store/logins.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "store/connection.h"
#include "store/opening.h"

namespace tocsin::store {
namespace {

using nlohmann::json;

std::int64_t to_number(Time time) { return time.time_since_epoch().count(); }

/// Throws json::exception. Between 1970 and 9999, as Query::time() answers.
Time time_at(const json& object, const char* key) {
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;
  const auto number = object.at(key).get<std::int64_t>();
  if (number < 0 || number >= kYear10000) throw json::other_error::create(501, "no time", nullptr);
  return Time(Duration(number));
}

std::string to_text(const logins::Suspicion& suspicion) {
  json refusals = json::array();
  for (const auto& [peer, refusal] : suspicion.refusals) {
    refusals.push_back({{"peer", peer.text()},
                        {"blame", logins::to_string(refusal.blame)},
                        {"count", refusal.count},
                        {"at", to_number(refusal.at)},
                        {"reason", refusal.reason},
                        {"interrupted", refusal.interrupted},
                        {"notified", refusal.notified},
                        {"pardoned", refusal.pardoned}});
  }
  const json object{{"refusals", std::move(refusals)},
                    {"count", suspicion.count},
                    {"at", to_number(suspicion.at)},
                    {"notifiedAt", to_number(suspicion.notified_at)}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<logins::Suspicion> parse_suspicion(const std::string& text) {
  try {
    const auto object = json::parse(text);
    logins::Suspicion suspicion{.count = object.at("count").get<unsigned>(),
                                .at = time_at(object, "at"),
                                .notified_at = time_at(object, "notifiedAt")};
    for (const auto& one : object.at("refusals")) {
      const auto blame = parse_word<logins::Blame>(one.at("blame").get<std::string>());
      if (!blame) return std::nullopt;
      suspicion.refusals.insert_or_assign(
          HostName(one.at("peer").get<std::string>()),
          logins::Refusal{.blame = *blame,
                          .count = one.at("count").get<unsigned>(),
                          .at = time_at(one, "at"),
                          .reason = one.at("reason"),
                          .interrupted = one.at("interrupted").get<unsigned>(),
                          .notified = one.at("notified"),
                          .pardoned = one.at("pardoned")});
    }
    return suspicion;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

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
  auto opened = open_existing(directory, Connection::Access::write);
  if (!opened) return fail(std::move(opened));
  return Logins(std::make_unique<Database>(std::move(opened->file), std::move(opened->connection)));
}

Result<std::vector<logins::StoredLogin>> Logins::load() {
  return attempt(database_->file, [&]() -> Result<std::vector<logins::StoredLogin>> {
    std::vector<logins::StoredLogin> all;
    auto row = database_->connection.query("SELECT id, salt, hash, suspicion FROM login");
    while (row.next()) {
      const logins::LoginId id{row.text()};
      auto salt = from_hex(row.text());
      auto hash = from_hex(row.text());
      auto suspicion = parse_suspicion(row.text());
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
                 id.value, to_hex(fingerprint.salt), to_hex(fingerprint.hash), to_text(suspicion))
          .run();
    }
    transaction.commit();
    return {};
  });
}

}  // namespace tocsin::store
