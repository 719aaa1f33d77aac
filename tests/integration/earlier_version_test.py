"""What an earlier version has left: its store, its configuration and its listings work unchanged.

stores/schema4.sql is a store that the version before wrote, and the JSON beside it is what that version
listed of it: one webhook had taken three alerts, the other was away.
"""
import json
import pathlib
import sqlite3
import tempfile
import time
import unittest

import oracles
from program import Running, Simulator, configuration, require_tocsin, tocsin
from receiver import Receiver
from servers import wait_until

STORES = pathlib.Path(__file__).parent / "stores"
ENGINE, PROXY, MISSING = "QlikSenseEngineService", "QlikSenseProxyService", "NoSuchService"
WRITTEN_AT = 1795989636000  # milliseconds: when the store was closed
TIMES = {"alert": ["at"], "delivery": ["created", "updated", "not_before"],
         "service": ["since", "settled_since", "progress_at"],
         "silence": ["begins", "ends"], "host": ["since"]}


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


def restore(folder):
    """Makes the store of stores/schema4.sql, as if it had been closed just now."""
    folder.mkdir(mode=0o700)
    file = folder / "tocsin.db"
    file.touch(0o600)
    database = sqlite3.connect(file)
    database.executescript((STORES / "schema4.sql").read_text(encoding="utf-8"))
    shift = int(time.time() * 1000) - WRITTEN_AT
    for table, columns in TIMES.items():
        for column in columns:
            database.execute(f"UPDATE {table} SET {column} = {column} + ? WHERE {column} > 0", (shift,))
    database.commit()
    database.close()


def timeless(value):
    """JSON without the times, and without the attempts that go on."""
    if isinstance(value, list):
        return [timeless(one) for one in value]
    if isinstance(value, dict):
        changing = {"time", "created", "updated"}
        if value.get("state") == "pending":
            changing |= {"attempts", "detail"}
        return {key: timeless(one) for key, one in value.items() if key not in changing}
    return value


def expected(command):
    """What that version listed."""
    return json.loads((STORES / f"schema4_{command}.json").read_text(encoding="utf-8"))


class EarlierVersion(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.data = self.folder / "data"
        restore(self.data)
        # The engine runs and the proxy is stopped, as the store says.
        self.simulator = self.enterContext(Simulator(1, "--event", f"stop qs-node {PROXY}"))
        (self.port,) = self.simulator.hosts.values()
        self.desk = self.enterContext(Receiver())
        self.away = self.enterContext(Receiver())

    def configure(self, url=None):
        """With the keys of that version."""
        self.file = configuration(
            self.folder / "tocsin.yaml", credentials=self.simulator.credentials(),
            hosts=[{"host": "qs-node1", "address": "127.0.0.1", "port": self.port, "source": "smb",
                    "services": [{"name": name} for name in (ENGINE, PROXY, MISSING)]}],
            monitor={"policy": {"grace": {"looks": 1}, "flapping": {"start": 0}},
                     "hostPolicy": {"grace": {"looks": 2}, "stormWait": 0}},
            webhooks=[{"description": name, "webhookURL": url or receiver.url("/alerts"),
                       "httpMethod": "POST"}
                      for name, receiver in (("desk", self.desk), ("dead", self.away))])

    def bring_up(self):
        """Only a run brings the tables up; this one delivers nothing."""
        self.configure()
        done = tocsin("history", "-c", self.file, "--data-dir", self.data)
        self.assertIn("an older version of tocsin made it: `tocsin run` upgrades it", done.stderr, done)
        self.configure(url="http://127.0.0.1:9/alerts")
        with Running(self.file, self.data) as running:
            running.wait_for_line("check answered")
            self.assertEqual(running.stop(), 0, running.output())
        self.configure()

    def listed(self, command):
        done = tocsin(command, "-c", self.file, "--data-dir", self.data, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return json.loads(done.stdout)

    def run_once(self):
        """Until all is delivered; commands read the store from the first run of this version on."""
        with Running(self.file, self.data) as running:
            self.away.wait_for(4)
            running.wait_for_line("check answered")
            wait_until(lambda: all(row["state"] == "delivered" for row in self.listed("deliveries")),
                       15, lambda: self.listed("deliveries"))
            self.assertEqual(running.stop(), 0, running.output())

    def test_listings_are_the_same(self):
        self.configure()
        self.run_once()
        history = [{**row, "recovery": ""} for row in expected("history")]
        self.assertEqual(timeless(self.listed("history")[:len(history)]), timeless(history))
        before = [{**row, "group": None, "alert": {**row["alert"], "recovery": ""}} for row in expected("deliveries")
                  if row["state"] != "pending"]
        ids = {row["id"] for row in before}
        self.assertEqual(timeless([row for row in self.listed("deliveries") if row["id"] in ids]),
                         timeless(before))
        (silence,) = self.listed("silences")
        self.assertEqual((silence["service"], silence["reason"]), (PROXY, "new disk"))

    def test_an_older_key_works_and_validate_names_the_newer_one(self):
        self.configure()
        done = tocsin("validate", "-c", self.file)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual((done.stdout + done.stderr).count("`looks` is now called `checks`"), 2, done)

    def test_goes_on_where_it_ended(self):
        self.configure()
        pending = [row["id"] for row in expected("deliveries") if row["state"] == "pending"]
        self.assertEqual(len(pending), 3)
        self.run_once()
        new = [request.message["serviceName"] for request in self.desk.requests]
        self.assertEqual(new, [ENGINE], "its process is another one now; else nothing is new")
        self.assertLess(set(pending), {request.key for request in self.away.requests})


if __name__ == "__main__":
    unittest.main()
