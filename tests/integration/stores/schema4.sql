-- Written by the version before the closed sets became tables (schema 4). It is never changed: users have such files.
BEGIN TRANSACTION;
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
INSERT INTO "alert" VALUES(1,'01a22952-e6f5-7a63-b978-1933da3b94dc',1795989628661,'stopped','QS-NODE1','QLIKSENSEENGINESERVICE','qs-node1','QlikSenseEngineService','{"dependencies":["QlikSenseServiceDispatcher"],"displayName":"Qlik Sense Engine Service","executablePath":"C:\\Program Files\\Qlik\\Sense\\Engine\\Engine.exe","expected":0,"friendlyName":"","from":"RUNNING","held":"","previousSince":1795989628314,"reason":"","reminder":0,"rootCause":"","serviceType":16,"set":"","severity":"critical","startMode":0,"status":{"checkpoint":0,"exitCode":0,"processId":0,"serviceExitCode":0,"state":"STOPPED","waitHintMs":0},"to":"STOPPED","triggerStart":false}');
INSERT INTO "alert" VALUES(2,'01a22952-eadd-75fb-a9d7-419d56c8cef2',1795989629661,'started','QS-NODE1','QLIKSENSEENGINESERVICE','qs-node1','QlikSenseEngineService','{"dependencies":["QlikSenseServiceDispatcher"],"displayName":"Qlik Sense Engine Service","executablePath":"C:\\Program Files\\Qlik\\Sense\\Engine\\Engine.exe","expected":0,"friendlyName":"","from":"STOPPED","held":"","previousSince":1795989628661,"reason":"","reminder":0,"rootCause":"","serviceType":16,"set":"","severity":"critical","startMode":0,"status":{"checkpoint":0,"exitCode":0,"processId":1376,"serviceExitCode":0,"state":"RUNNING","waitHintMs":0},"to":"RUNNING","triggerStart":false}');
INSERT INTO "alert" VALUES(3,'01a22952-eec5-7a9d-bfd1-9d159d063fb9',1795989630661,'stopped','QS-NODE1','QLIKSENSEPROXYSERVICE','qs-node1','QlikSenseProxyService','{"dependencies":["QlikSenseServiceDispatcher"],"displayName":"Qlik Sense Proxy Service","executablePath":"C:\\Program Files\\Qlik\\Sense\\Proxy\\Proxy.exe","expected":0,"friendlyName":"","from":"RUNNING","held":"","previousSince":1795989628314,"reason":"","reminder":0,"rootCause":"","serviceType":16,"set":"","severity":"critical","startMode":0,"status":{"checkpoint":0,"exitCode":0,"processId":0,"serviceExitCode":0,"state":"STOPPED","waitHintMs":0},"to":"STOPPED","triggerStart":false}');
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
, conditional INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "delivery" VALUES(1,'01a22952-e6f5-7e43-a82d-ef93b88b97bd',1,'webhook:634612cacc709dcd','delivered',1,1795989628661,1795989628664,1795989628661,'200 OK',0);
INSERT INTO "delivery" VALUES(2,'01a22952-e6f5-7a4b-91f9-3d00daaf81cb',1,'webhook:9bd1e0ddbf585d94','pending',4,1795989628661,1795989633836,1795989640973,'127.0.0.1:9: Connection refused',0);
INSERT INTO "delivery" VALUES(3,'01a22952-eadd-798e-a478-75b61f4a2813',2,'webhook:634612cacc709dcd','delivered',1,1795989629661,1795989629662,1795989629661,'200 OK',0);
INSERT INTO "delivery" VALUES(4,'01a22952-eadd-7cbc-93bc-c226d8c92367',2,'webhook:9bd1e0ddbf585d94','pending',0,1795989629661,1795989629661,1795989629661,'',0);
INSERT INTO "delivery" VALUES(5,'01a22952-eec5-7697-ac66-b319b8ebbca3',3,'webhook:634612cacc709dcd','delivered',1,1795989630661,1795989630662,1795989630661,'200 OK',0);
INSERT INTO "delivery" VALUES(6,'01a22952-eec5-7380-9159-39a1a2536f63',3,'webhook:9bd1e0ddbf585d94','pending',3,1795989630661,1795989633499,1795989636992,'127.0.0.1:9: Connection refused',0);
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
, login_refused INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE login (
  id        TEXT NOT NULL PRIMARY KEY,
  salt      TEXT NOT NULL,
  hash      TEXT NOT NULL,
  suspicion TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE reload (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  asked    INTEGER NOT NULL,
  answered INTEGER NOT NULL DEFAULT 0,
  good     INTEGER NOT NULL DEFAULT 0,
  answer   TEXT NOT NULL DEFAULT ''
) STRICT;
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
  denied             INTEGER NOT NULL, news TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (host_key, service_key)
) STRICT, WITHOUT ROWID;
INSERT INTO "service" VALUES('QS-NODE1','NOSUCHSERVICE','qs-node1','NoSuchService','MISSING',1795989628314,0,0,0,0,0,'MISSING',1795989628314,0,1795989628314,0,0,'','');
INSERT INTO "service" VALUES('QS-NODE1','QLIKSENSEENGINESERVICE','qs-node1','QlikSenseEngineService','RUNNING',1795989629661,1376,0,0,0,0,'RUNNING',1795989629661,1376,1795989628314,0,0,'{"at":1795989629661,"changes":[],"denied":false,"flapping":false,"from":"STOPPED","looks":1,"reminders":0,"since":1795989629661,"stuck":false,"told":"RUNNING"}','{"displayName":"Qlik Sense Engine Service","serviceType":16,"startMode":0,"triggerStart":false}');
INSERT INTO "service" VALUES('QS-NODE1','QLIKSENSEPROXYSERVICE','qs-node1','QlikSenseProxyService','STOPPED',1795989630661,0,0,0,0,0,'STOPPED',1795989630661,0,1795989628314,0,0,'{"at":1795989630661,"changes":[],"denied":false,"flapping":false,"from":"RUNNING","looks":1,"reminders":0,"since":1795989630661,"stuck":false,"told":"STOPPED"}','{"displayName":"Qlik Sense Proxy Service","serviceType":16,"startMode":0,"triggerStart":false}');
CREATE TABLE silence (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  host    TEXT NOT NULL,
  service TEXT NOT NULL,
  begins  INTEGER NOT NULL,
  ends    INTEGER NOT NULL,
  reason  TEXT NOT NULL,
  author  TEXT NOT NULL
) STRICT;
INSERT INTO "silence" VALUES(1,'qs-node1','QlikSenseProxyService',1795989632691,1795993232691,'new disk','');
CREATE INDEX alert_by_time ON alert (at);
CREATE INDEX alert_by_service ON alert (host_key, service_key, at);
CREATE INDEX delivery_by_alert ON delivery (alert);
CREATE INDEX delivery_pending ON delivery (destination, sequence) WHERE state = 'pending';
CREATE INDEX delivery_ended ON delivery (updated) WHERE state <> 'pending';
CREATE INDEX delivery_conditional ON delivery (destination, sequence) WHERE conditional = 1;
CREATE INDEX silence_by_end ON silence (ends);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('delivery',6);
INSERT INTO "sqlite_sequence" VALUES('silence',1);
COMMIT;
PRAGMA application_id = 1953457011;
PRAGMA user_version = 4;
