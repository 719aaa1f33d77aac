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

// `news` is JSON: what was notified of the service, and what is suppressed; empty: all was
// notified.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE service ADD COLUMN news TEXT NOT NULL DEFAULT '';

CREATE TABLE host (
  host_key    TEXT NOT NULL PRIMARY KEY,
  host        TEXT NOT NULL,
  trouble     TEXT NOT NULL,
  since       INTEGER NOT NULL,
  failures    INTEGER NOT NULL,
  told        INTEGER NOT NULL,
  told_at     INTEGER NOT NULL,
  reminders   INTEGER NOT NULL,
  booted_at   INTEGER NOT NULL,
  storm_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// The `details` of a service are JSON; empty: not known. store.h explains conditional deliveries.
// The `host` and `service` of a silence are patterns; an empty service means the host as a whole.
// Ending a silence sets `ends`.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE service ADD COLUMN details TEXT NOT NULL DEFAULT '';

ALTER TABLE delivery ADD COLUMN conditional INTEGER NOT NULL DEFAULT 0;
CREATE INDEX delivery_conditional ON delivery (destination, sequence) WHERE conditional = 1;

CREATE TABLE silence (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  host    TEXT NOT NULL,
  service TEXT NOT NULL,
  begins  INTEGER NOT NULL,
  ends    INTEGER NOT NULL,
  reason  TEXT NOT NULL,
  author  TEXT NOT NULL
) STRICT;
CREATE INDEX silence_by_end ON silence (ends);

CREATE TABLE reload (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  asked    INTEGER NOT NULL,
  answered INTEGER NOT NULL DEFAULT 0,
  good     INTEGER NOT NULL DEFAULT 0,
  answer   TEXT NOT NULL DEFAULT ''
) STRICT;
)sql";

// A suspected login: salt and hash (hexadecimal) tell whether its secret has changed, and
// `suspicion` is JSON (logins/guard.h).
constexpr const char* kVersion4 = R"sql(
ALTER TABLE host ADD COLUMN login_refused INTEGER NOT NULL DEFAULT 0;

CREATE TABLE login (
  id        TEXT NOT NULL PRIMARY KEY,
  salt      TEXT NOT NULL,
  hash      TEXT NOT NULL,
  suspicion TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// A message is what its deliveries leave with; message_id is its id. An open alert is one that a
// destination was notified of, and not yet of its end. An ack is of what fires and somebody has
// seen: of an empty `service` the host itself; `ended` is 0 while the alert fires. `boot` is JSON:
// by what the next start of the host is recognised; empty: nothing.
constexpr const char* kVersion5 = R"sql(
ALTER TABLE delivery ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
CREATE INDEX delivery_by_message ON delivery (message_id)
  WHERE message_id <> '' AND state = 'pending';

CREATE TABLE message (
  id   TEXT NOT NULL PRIMARY KEY,
  text TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE open_alert (
  destination TEXT NOT NULL,
  host_key    TEXT NOT NULL,
  service_key TEXT NOT NULL,
  host        TEXT NOT NULL,
  service     TEXT NOT NULL,
  name        TEXT NOT NULL,
  PRIMARY KEY (destination, host_key, service_key)
) STRICT, WITHOUT ROWID;
INSERT INTO open_alert
  WITH told AS (
    SELECT max(delivery.sequence), destination, host_key, service_key, host, service, kind,
      CASE WHEN json_valid(details) THEN details ELSE '{}' END AS details
    FROM delivery JOIN alert ON alert.sequence = delivery.alert
    WHERE state <> 'pending' AND state = 'delivered'
    GROUP BY destination, host_key, service_key),
  known AS (
    SELECT *, coalesce(json_extract(details, '$.expected'), 0) AS expected FROM told)
  SELECT destination, host_key, service_key, host, service,
    coalesce(nullif(json_extract(details, '$.friendlyName'), ''),
             nullif(json_extract(details, '$.displayName'), ''), nullif(service, ''), host)
  FROM known
  WHERE kind IN ('vanished', 'stuck', 'denied', 'flapping', 'unreachable', 'refused')
    OR (kind IN ('stopped', 'paused') AND expected = 0)
    OR (kind IN ('steady', 'visible') AND expected = 0
        AND json_extract(details, '$.to') <> 'RUNNING')
    OR (kind IN ('started', 'paused', 'restarted') AND expected = 1);
DROP INDEX delivery_conditional;

CREATE TABLE ack (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  host    TEXT NOT NULL,
  service TEXT NOT NULL,
  at      INTEGER NOT NULL,
  reason  TEXT NOT NULL,
  author  TEXT NOT NULL,
  ended   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX ack_by_end ON ack (ended);

ALTER TABLE host ADD COLUMN shutdown_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN reached_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN boot TEXT NOT NULL DEFAULT '';
)sql";

// `retry` is what somebody has asked for: the delivery of this id, which is dead, is sent again.
constexpr const char* kVersion6 = R"sql(
ALTER TABLE delivery ADD COLUMN escalated INTEGER NOT NULL DEFAULT 0;

CREATE TABLE retry (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery TEXT NOT NULL,
  asked    INTEGER NOT NULL
) STRICT;
)sql";

// Pending deliveries are sent in the order of their alerts: one that was stored late, because the
// disk was full, stands behind younger ones.
constexpr const char* kVersion7 = R"sql(
DROP INDEX delivery_pending;
CREATE INDEX delivery_pending ON delivery (destination, alert) WHERE state = 'pending';
)sql";

// `notified` is 0 where something suppressed the alert. The last one of a service that was notified
// is asked for often, and one that flaps has many others behind it. A host fires since
// `firing_since`, also where its `since` has moved with a clock that was set.
constexpr const char* kVersion8 = R"sql(
ALTER TABLE alert ADD COLUMN notified INTEGER NOT NULL DEFAULT 1;
UPDATE alert SET notified = 0
  WHERE CASE WHEN json_valid(details) THEN json_extract(details, '$.held') <> '' ELSE 0 END;
CREATE INDEX alert_notified ON alert (host_key, service_key) WHERE notified = 1;

ALTER TABLE host ADD COLUMN firing_since INTEGER NOT NULL DEFAULT 0;
UPDATE host SET firing_since = since WHERE told = 1;
)sql";

// What was seen: of each series (a service; of an empty name the host itself) since when it had
// which state. The numbers are those of ServiceState; 0: not watched from then on. `run` is when
// tocsin ran at all. Deliveries are listed by destination and state.
constexpr const char* kVersion9 = R"sql(
CREATE TABLE series (
  id          INTEGER PRIMARY KEY,
  host_key    TEXT NOT NULL,
  service_key TEXT NOT NULL,
  service     TEXT NOT NULL,
  UNIQUE (host_key, service_key)
) STRICT;

CREATE TABLE seen (
  series INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  state  INTEGER NOT NULL,
  PRIMARY KEY (series, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  began INTEGER NOT NULL PRIMARY KEY,
  alive INTEGER NOT NULL
) STRICT;

INSERT INTO series (host_key, service_key, service)
  SELECT host_key, '', '' FROM host UNION ALL SELECT host_key, service_key, service FROM service;
INSERT INTO seen
  SELECT id, since, CASE trouble WHEN '' THEN 4 ELSE 18 END
  FROM host JOIN series ON series.host_key = host.host_key AND service_key = '' WHERE since > 0;
INSERT INTO seen
  SELECT id, since, CASE state WHEN 'STOPPED' THEN 1 WHEN 'START_PENDING' THEN 2
    WHEN 'STOP_PENDING' THEN 3 WHEN 'RUNNING' THEN 4 WHEN 'CONTINUE_PENDING' THEN 5
    WHEN 'PAUSE_PENDING' THEN 6 WHEN 'PAUSED' THEN 7 WHEN 'MISSING' THEN 16 WHEN 'DENIED' THEN 17
    WHEN 'OVERRUN' THEN 19 END
  FROM service JOIN series USING (host_key, service_key)
  WHERE state IN ('STOPPED', 'START_PENDING', 'STOP_PENDING', 'RUNNING', 'CONTINUE_PENDING',
    'PAUSE_PENDING', 'PAUSED', 'MISSING', 'DENIED', 'OVERRUN');

CREATE INDEX delivery_by_destination ON delivery (destination, state) WHERE state <> 'pending';
CREATE INDEX delivery_delivered ON delivery (destination, updated) WHERE state = 'delivered';
)sql";

// What somebody did. `kind` is a word of ActionKind; `host` and `service` are patterns, empty where
// it was about none; `until` is the end of a silence, else 0.
constexpr const char* kVersion10 = R"sql(
CREATE TABLE action (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  at          INTEGER NOT NULL,
  author      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  host        TEXT NOT NULL,
  service     TEXT NOT NULL,
  destination TEXT NOT NULL,
  until       INTEGER NOT NULL,
  reason      TEXT NOT NULL
) STRICT;
INSERT INTO action (at, author, kind, host, service, destination, until, reason)
  SELECT begins, author, 'silenced', host, service, '', ends, reason FROM silence
  UNION ALL SELECT at, author, 'acknowledged', host, service, '', 0, reason FROM ack ORDER BY 1;
)sql";

// What is known of services besides their states, as JSON, and each only once: a fleet has few
// different ones. A service has the id of its own; 0: nothing is known.
constexpr const char* kVersion11 = R"sql(
CREATE TABLE service_details (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO service_details (text) SELECT DISTINCT details FROM service WHERE details <> '';

ALTER TABLE service ADD COLUMN details_id INTEGER NOT NULL DEFAULT 0;
UPDATE service SET details_id = (SELECT id FROM service_details WHERE text = details)
  WHERE details <> '';
ALTER TABLE service DROP COLUMN details;
)sql";

// What was done to get a service running again (domain/recovery.h): `ended` is 0 while the last
// attempt is under way. What was started or stopped last is asked for before each.
constexpr const char* kVersion12 = R"sql(
CREATE TABLE recovery (
  host_key    TEXT NOT NULL,
  service_key TEXT NOT NULL,
  host        TEXT NOT NULL,
  service     TEXT NOT NULL,
  attempts    INTEGER NOT NULL,
  begun       INTEGER NOT NULL,
  ended       INTEGER NOT NULL,
  runs        INTEGER NOT NULL,
  outcome     TEXT NOT NULL,
  PRIMARY KEY (host_key, service_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX action_control ON action (id) WHERE kind IN ('started', 'stopped', 'restarted');
)sql";

// Services that a person has stopped: recovery leaves them alone until they have run again, however
// long that takes. What is known of before is the last action about each.
constexpr const char* kVersion13 = R"sql(
CREATE TABLE stopped_by_person (
  host_key    TEXT NOT NULL,
  service_key TEXT NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (host_key, service_key)
) STRICT, WITHOUT ROWID;
INSERT INTO stopped_by_person
  SELECT series.host_key, series.service_key, last.at FROM (
    SELECT lower(host) AS host, lower(service) AS service, kind, at, max(id) FROM action
    WHERE kind IN ('started', 'stopped', 'restarted') AND author <> 'recovery' GROUP BY 1, 2
  ) AS last JOIN series ON lower(series.host_key) = last.host
    AND lower(series.service_key) = last.service
  WHERE kind = 'stopped'
    AND NOT EXISTS (SELECT 1 FROM seen WHERE series = series.id AND state = 4 AND seen.at > last.at);

DROP INDEX action_control;
)sql";

constexpr std::array kMigrations{kVersion1,  kVersion2,  kVersion3, kVersion4, kVersion5,
                                 kVersion6,  kVersion7,  kVersion8, kVersion9, kVersion10,
                                 kVersion11, kVersion12, kVersion13};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace tocsin::store
