"""The program against hosts that others wrote: Samba's SMB server before Wine's service manager (wine_host.py)."""
import itertools
import json
import pathlib
import tempfile
import unittest

import wine
from program import Running, configuration, require_tocsin, tocsin
from receiver import Receiver
from wine_host import Windows, WineHost

DIALECTS = {"2.1": "SMB2_10", "3.0": "SMB3_00", "3.1.1": "SMB3_11"}
PROTECTIONS = {"signed": "  server signing = mandatory\n  server smb encrypt = off",
               "encrypted": "  server smb encrypt = required"}
# How changes reach the program, and what the host needs for it.
WAYS = {"polled": {"multiplexes": False}}
MATRIX = [case for case in itertools.product(DIALECTS, PROTECTIONS, WAYS) if case[:2] != ("2.1", "encrypted")]

ENUM_SERVICES = 42  # REnumServicesStatusExW
MARKER = "NoSuchService"
# In several alphabets, and so many that their list comes in several fragments.
MANY = {f"{number:03} {name}": f"{display} {number}" for number, (name, display) in enumerate(
    55 * [("plain", "A display name"), ("Größe & \"Maß\"", "Übung (ß) größer als zuvor"),
          ("日本語", "サービス 😀"), ("long " * 30, "x" * 200)])}

windows = None
hosts = {}  # all of the matrix, by their names; all have the same services


def setUpModule():
    global windows
    require_tocsin()
    windows = Windows()
    for dialect, protection, way in MATRIX:
        only = f"  server min protocol = {DIALECTS[dialect]}\n  server max protocol = {DIALECTS[dialect]}\n"
        hosts[f"smb-{dialect}-{protection}-{way}"] = WineHost(windows, only + PROTECTIONS[protection], **WAYS[way])
    for context in (wine.Prefix(), windows, *hosts.values()):
        unittest.enterModuleContext(context)


class OnEveryHost(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.file = self.folder / "tocsin.yaml"
        self.data = self.folder / "data"

    def configure(self, *services, **more):
        """A service is a name, or how a configuration writes one."""
        services = [{"name": service} if isinstance(service, str) else service for service in (*services, MARKER)]
        configuration(self.file, hosts=[{**host.host(host=name), "services": services} for name, host in hosts.items()],
                      credentials=next(iter(hosts.values())).credentials(), **more)

    def run_tocsin(self):
        """Returns after the first check of each host."""
        running = self.enterContext(Running(self.file, self.data))
        for host in hosts:
            running.wait_for_line(lambda line, host=host: host in line and f"{MARKER} is MISSING" in line)
        return running

    def rows(self, command, *arguments, code=0):
        done = tocsin(command, "--json", "-c", self.file, *arguments)
        self.assertEqual(done.returncode, code, done)
        return json.loads(done.stdout)

    def rows_of(self, host, rows):
        """By service, each of which is there once."""
        rows = [row for row in rows if row["host"] == host]
        by_service = {row["service"]: row for row in rows}
        self.assertEqual(len(rows), len(by_service))
        return by_service


class Reading(OnEveryHost):
    """`check` and `services`."""

    STATES = {"running": "RUNNING", "paused": "PAUSED", "hanging": "STOP_PENDING", "stopped": "STOPPED"}

    @classmethod
    def setUpClass(cls):
        for name, display in MANY.items():
            windows.services.install(name, display=display)
        windows.services.install("automatic", start="Automatic")
        windows.services.install("disabled", start="Disabled")
        windows.services.install(*cls.STATES)
        windows.services.start("running", "paused", "hanging")
        windows.services.pause("paused")
        windows.services.hang("hanging")
        cls.listed = windows.services.list()  # by Windows itself

    @classmethod
    def tearDownClass(cls):
        windows.services.remove(*MANY, "automatic", "disabled", *cls.STATES)

    def assert_as_listed(self, rows, names):
        self.assertEqual({name: wine.Listed(rows[name]["displayName"], rows[name]["state"], rows[name]["processId"])
                          for name in names}, {name: self.listed[name] for name in names})
        self.assertEqual({rows[name]["error"] for name in names}, {None})

    def assert_checked(self, *names):
        self.configure(*names)
        rows = self.rows("check", code=1)
        for host in hosts:
            with self.subTest(host):
                checked = self.rows_of(host, rows)
                self.assertEqual(checked[MARKER]["state"], "MISSING")
                self.assert_as_listed(checked, names)

    def test_check_one_by_one(self):
        self.assert_checked("paused", "001 Größe & \"Maß\"")

    def test_check_by_list(self):
        self.assertEqual({name: self.listed[name].state for name in self.STATES}, self.STATES)
        self.assert_checked(*self.STATES, "002 日本語")

    def test_services(self):
        self.configure()
        for name, host in hosts.items():
            with self.subTest(name):
                rows = self.rows_of(name, self.rows("services", name))
                self.assertEqual(set(rows), set(self.listed))
                self.assert_as_listed(rows, {*MANY, *self.STATES, "automatic", "disabled"})
                self.assertEqual({service: rows[service]["displayName"] for service in MANY}, MANY)
                self.assertEqual([rows[service]["startMode"] for service in ("automatic", "running", "disabled")],
                                 ["Automatic", "Manual", "Disabled"])
                self.assertGreater(host.front.most_fragments[ENUM_SERVICES], 5)


class Watching(OnEveryHost):
    """`run`, while services change behind its back."""

    # Step by step, what is done to each service, and what is told of it: kind, from, to.
    STORY = (
        {"obeys 日本": ("start", ("started", "STOPPED", "RUNNING")),
         "hangs": ("hang", ("stuck", "RUNNING", "STOP_PENDING")),
         "fails": ("fail", ("stopped", "RUNNING", "STOPPED")),
         "dies": ("kill", None),  # Wine does not notice before it is started again
         "Gehört entfernt": ("remove", ("vanished", "STOPPED", "MISSING"))},
        {"obeys 日本": ("pause", ("paused", "RUNNING", "PAUSED")),
         "fails": ("start", ("started", "STOPPED", "RUNNING")),
         "dies": ("start", ("restarted", "RUNNING", "RUNNING")),
         "Gehört entfernt": ("install", ("stopped", "MISSING", "STOPPED"))},
        {"obeys 日本": ("resume", ("started", "PAUSED", "RUNNING")),
         "Gehört entfernt": ("start", ("started", "STOPPED", "RUNNING"))},
        {"obeys 日本": ("stop", ("stopped", "RUNNING", "STOPPED"))},
    )

    def test_every_change_once(self):
        receiver = self.enterContext(Receiver())
        windows.services.install(*self.STORY[0])
        windows.services.start("hangs", "fails", "dies")
        self.configure(*(name for name in self.STORY[0] if name != "hangs"),
                       {"name": "hangs", "policy": {"pendingLimit": "1s"}}, webhooks=[receiver.url()])
        running = self.run_tocsin()
        told = {service: [] for service in self.STORY[0]}
        for step in self.STORY:
            for service, (verb, alert) in step.items():
                getattr(windows.services, verb)(service)
                told[service] += [alert] if alert else []
            receiver.wait_for(sum(map(len, told.values())) * len(hosts), 30)
        self.assertEqual(running.stop(), 0, running.output())
        history = self.rows("history", "--data-dir", self.data)
        messages = [request.message for request in receiver.requests]
        for host, (service, alerts) in itertools.product(hosts, told.items()):
            with self.subTest(host, service=service):
                self.assertEqual([(row["kind"], row["from"], row["to"]) for row in history
                                  if (row["host"], row["service"]) == (host, service)], alerts)
                self.assertEqual([(message["kind"], message["prevState"], message["currState"]) for message in messages
                                  if (message["host"], message["serviceName"]) == (host, service)], alerts)
        self.assertEqual(len({request.key for request in receiver.requests}), len(messages))
        self.assertEqual({message["serviceStartType"] for message in messages}, {"Manual"})


class Handles(OnEveryHost):
    def assert_replaced(self, *names):
        """Windows refuses to create a service anew (1072) while somebody has the removed one open."""
        windows.services.install(*names)
        windows.services.start(*names)
        self.configure(*names, every="every 1 hour")
        running = self.run_tocsin()
        windows.services.stop(*names)
        windows.services.remove(*names)
        windows.services.install(*names)
        self.assertEqual(running.stop(), 0, running.output())

    def test_none_stays_open_after_a_check_one_by_one(self):
        self.assert_replaced("replaced")

    def test_none_stays_open_after_a_check_by_list(self):
        self.assert_replaced("one", "two", "three", "four", "five")


if __name__ == "__main__":
    unittest.main()
