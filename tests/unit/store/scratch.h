// What the store's tests share: a directory of their own, things to store, and SQLite at hand.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "base/path.h"
#include "kit/scratch.h"
#include "store/store.h"

namespace tocsin::store {

constexpr Time kNow{Duration{1'700'000'000'000}};

class ScratchDirectory : public kit::ScratchDirectory {
 public:
  ScratchDirectory() : kit::ScratchDirectory(Place::memory) {}
};

inline Store open_store(const std::filesystem::path& directory) {
  auto store = Store::open(directory);
  if (!store) throw std::runtime_error(store.error().what);
  return *std::move(store);
}

inline Alert make_alert(const std::string& id, Time at = kNow) {
  return {.id = {id},
          .at = at,
          .kind = TransitionKind::stopped,
          .host = HostName("Host"),
          .service = ServiceName("Spooler"),
          .friendly_name = "Print \"spooler\"",
          .details = {.display_name = "Druckwarteschlange \xC3\xA4",
                      .start_mode = StartMode::automatic_delayed,
                      .executable_path = R"(C:\Windows\System32\spoolsv.exe)",
                      .dependencies = {"RPCSS", "http"},
                      .type = 0x10},
          .status = {.state = ServiceState::stopped,
                     .process_id = 0,
                     .exit_code = 1067,
                     .service_exit_code = 4'294'967'295,
                     .checkpoint = 3,
                     .wait_hint = std::chrono::milliseconds(4'294'967'295)},
          .from = ServiceState::running,
          .to = ServiceState::stopped,
          .previous_since = kNow - std::chrono::hours(30),
          .reason = "exit code 1067"};
}

inline Delivery make_delivery(const std::string& id, const Alert& alert,
                              const std::string& destination = "webhook:1") {
  return {
      .id = {id}, .destination = destination, .alert = alert, .created = kNow, .not_before = kNow};
}

/// A check that brought one change: a state, an alert and a delivery, told apart by `id`.
inline Commit make_commit(const std::string& id) {
  const auto alert = make_alert(id);
  Commit commit;
  commit.states.push_back({.host = alert.host,
                           .service = ServiceName("Service " + id),
                           .state = {.seen = alert.status, .settled = ServiceState::stopped}});
  commit.alerts.push_back(alert);
  commit.deliveries.push_back(make_delivery("d-" + id, alert));
  return commit;
}

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

inline SQLite::Database open_database(const std::filesystem::path& file) {
  return {to_utf8(file), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
}

/// Runs SQL on the database, past the store.
inline void run_sql(const std::filesystem::path& directory, const std::string& sql) {
  open_database(directory / "tocsin.db").exec(sql);
}

/// The tables of the latest version become those of version 8.
inline const std::string kBackToVersion8 =
    "ALTER TABLE service DROP COLUMN details_id; DROP TABLE service_details;"
    "ALTER TABLE service ADD COLUMN details TEXT NOT NULL DEFAULT '';"
    "DROP TABLE recovery; DROP TABLE stopped_by_person; DROP TABLE action; DROP TABLE series; DROP "
    "TABLE seen; DROP TABLE run; "
    "DROP INDEX "
    "delivery_by_destination;"
    "DROP INDEX delivery_delivered; PRAGMA user_version = 8;";

/// What SQLite says of the whole file: "ok".
inline std::string integrity(const std::filesystem::path& directory) {
  auto database = open_database(directory / "tocsin.db");
  return database.execAndGet("PRAGMA integrity_check").getString();
}

}  // namespace tocsin::store
