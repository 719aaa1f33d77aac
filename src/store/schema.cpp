#include "store/schema.h"

#include <array>

namespace tocsin::store {
namespace {

// Times are milliseconds since 1970, UTC. Columns ..._key hold names folded for comparison; the
// column without _key has the name as it was written.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE service (
  host_key           TEXT NOT NULL,
  service_key        TEXT NOT NULL,
  host               TEXT NOT NULL,
  service            TEXT NOT NULL,
  state              TEXT NOT NULL,
  since              INTEGER NOT NULL,
  process_id         INTEGER NOT NULL,
  exit_code          INTEGER NOT NULL,
  service_exit_code  INTEGER NOT NULL,
  checkpoint         INTEGER NOT NULL,
  wait_hint_ms       INTEGER NOT NULL,
  settled            TEXT NOT NULL,
  settled_since      INTEGER NOT NULL,
  settled_process_id INTEGER NOT NULL,
  progress_at        INTEGER NOT NULL,
  stuck              INTEGER NOT NULL,
  denied             INTEGER NOT NULL,
  PRIMARY KEY (host_key, service_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
  sequence    INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  at          INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  host_key    TEXT NOT NULL,
  service_key TEXT NOT NULL,
  host        TEXT NOT NULL,
  service     TEXT NOT NULL,
  details     TEXT NOT NULL  -- JSON: all else that a message may say
) STRICT;
CREATE INDEX alert_by_time ON alert (at);
CREATE INDEX alert_by_service ON alert (host_key, service_key, at);

CREATE TABLE delivery (
  sequence    INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: readers go on after one
  id          TEXT NOT NULL UNIQUE,
  alert       INTEGER NOT NULL REFERENCES alert (sequence),
  destination TEXT NOT NULL,
  state       TEXT NOT NULL DEFAULT 'pending'
              CHECK (state IN ('pending', 'delivered', 'dead', 'merged')),
  attempts    INTEGER NOT NULL,
  created     INTEGER NOT NULL,
  updated     INTEGER NOT NULL,
  not_before  INTEGER NOT NULL,
  detail      TEXT NOT NULL  -- the destination's answer or the last error
) STRICT;
CREATE INDEX delivery_by_alert ON delivery (alert);
CREATE INDEX delivery_pending ON delivery (destination, sequence) WHERE state = 'pending';
CREATE INDEX delivery_ended ON delivery (updated) WHERE state <> 'pending';
)sql";

constexpr std::array kMigrations{kVersion1};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace tocsin::store
