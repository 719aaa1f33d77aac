"""The program against hosts that others wrote: Samba's SMB server before Wine's service manager (wine_host.py)."""
import itertools
import json
import pathlib
import struct
import tempfile
import time
import unittest
from concurrent import futures

import wine
from pipe_caller import Caller
from program import Running, configuration, require_tocsin, tocsin
from pushed import pushed
from receiver import Receiver
from wine_host import GET_NOTIFY_RESULTS, NOTIFY, QUERY_CONFIG_EX, Front, Windows, WineHost

DIALECTS = {"2.1": "SMB2_10", "3.0": "SMB3_00", "3.1.1": "SMB3_11"}
PROTECTIONS = {"signed": "  server signing = mandatory\n  server smb encrypt = off",
               "encrypted": "  server smb encrypt = required"}
# How changes reach the program, and what the host's front needs for it.
WAYS = {"polled": {}, "pushed": {"multiplexes": True}, "apart": {}}  # apart: over a pipe for each service
MATRIX = [case for case in itertools.product(DIALECTS, PROTECTIONS, WAYS)
          if case[:2] != ("2.1", "encrypted") and (case[2] != "apart" or case[0] == "3.1.1")]

QUERY_STATUS, ENUM_SERVICES = 40, 42  # RQueryServiceStatusEx, REnumServicesStatusExW
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
        hosts[f"smb-{dialect}-{protection}-{way}"] = WineHost(windows, only + PROTECTIONS[protection], front=WAYS[way])
    for context in (wine.Prefix(), windows):
        unittest.enterModuleContext(context)
    with futures.ThreadPoolExecutor(len(MATRIX)) as starts:
        list(starts.map(unittest.enterModuleContext, hosts.values()))


def way_of(host):
    return host.rpartition("-")[2]


class OnEveryHost(unittest.TestCase):
    maxDiff = None
    # Of checks, in the ways that the test is about.
    FREQUENCIES = {"polled": "every 1 second", "pushed": "every 1 hour", "apart": "every 1 hour"}

    def setUp(self):
        self.hosts = {name: host for name, host in hosts.items() if way_of(name) in self.FREQUENCIES}
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.file = self.folder / "tocsin.yaml"
        self.data = self.folder / "data"

    def configure(self, *services, polled=(), **more):
        """A service is a name, or how a configuration writes one; those of `polled` are watched in that way only."""
        def watched(way):
            names = (*services, *(polled if way == "polled" else ()), MARKER)
            return [{"name": service} if isinstance(service, str) else service for service in names]
        configuration(self.file, credentials=next(iter(self.hosts.values())).credentials(), hosts=[
            {**host.host(host=name), "services": watched(way_of(name)), "frequency": self.FREQUENCIES[way_of(name)],
             "push": way_of(name) != "polled"}
            for name, host in self.hosts.items()], **more)

    def run_tocsin(self):
        """Returns when each host has been checked and the details of its services are read."""
        running = self.enterContext(Running(self.file, self.data))
        for host in self.hosts:
            running.wait_for_line(lambda line, host=host: host in line and "details read" in line)
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
        windows.services.install(*MANY, display=MANY)
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
        for host in self.hosts:
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
        for name, host in self.hosts.items():
            with self.subTest(name):
                rows = self.rows_of(name, self.rows("services", name))
                self.assertEqual(set(rows), set(self.listed))
                self.assert_as_listed(rows, {*MANY, *self.STATES, "automatic", "disabled"})
                self.assertEqual({service: rows[service]["displayName"] for service in MANY}, MANY)
                self.assertEqual({service: rows[service]["startMode"] for service in (*MANY, "automatic", "disabled")},
                                 {**dict.fromkeys(MANY, "Manual"), "automatic": "Automatic", "disabled": "Disabled"})
                self.assertGreater(host.front.most_fragments[ENUM_SERVICES], 5)


class Watching(OnEveryHost):
    """`run`, while services change behind its back."""

    REMOVED = "Gehört entfernt"  # of which Wine tells nobody, and who listens to it defers that up to the next check

    def story(self):
        """Step by step, what is done to each service, and what is told of it: kind, from, to."""
        killed, started = ((("stopped", "RUNNING", "STOPPED"), ("started", "STOPPED", "RUNNING"))
                           if wine.notices_deaths() else (None, ("restarted", "RUNNING", "RUNNING")))
        return (
            {"obeys 日本": ("start", ("started", "STOPPED", "RUNNING")),
             "hangs": ("hang", ("stuck", "RUNNING", "STOP_PENDING")),
             "fails": ("fail", ("stopped", "RUNNING", "STOPPED")),
             "dies": ("kill", killed),
             self.REMOVED: ("remove", ("vanished", "STOPPED", "MISSING"))},
            {"obeys 日本": ("pause", ("paused", "RUNNING", "PAUSED")),
             "fails": ("start", ("started", "STOPPED", "RUNNING")),
             "dies": ("start", started),
             self.REMOVED: ("install", ("stopped", "MISSING", "STOPPED"))},
            {"obeys 日本": ("resume", ("started", "PAUSED", "RUNNING")),
             self.REMOVED: ("start", ("started", "STOPPED", "RUNNING"))},
            {"obeys 日本": ("stop", ("stopped", "RUNNING", "STOPPED"))},
        )

    def test_every_change_once(self):
        receiver = self.enterContext(Receiver())
        story = self.story()
        windows.services.install(*story[0])
        windows.services.start("hangs", "fails", "dies")
        self.configure("obeys 日本", {"name": "hangs", "policy": {"pendingLimit": "1s"}}, "fails", "dies",
                       polled=[self.REMOVED], webhooks=[receiver.url()])
        running = self.run_tocsin()
        told = {(host, service): [] for host, service in itertools.product(self.hosts, story[0])}
        for step in story:
            for service, (verb, alert) in step.items():
                getattr(windows.services, verb)(service)
                for host in self.hosts:
                    if alert and (way_of(host) == "polled" or not self.takes_a_check(service, alert)):
                        told[host, service].append(alert)
            receiver.wait_for(sum(map(len, told.values())), 30)
        self.assertEqual(running.stop(), 0, running.output())
        history = self.rows("history", "--data-dir", self.data)
        messages = [request.message for request in receiver.requests]
        for (host, service), alerts in told.items():
            with self.subTest(host, service=service):
                self.assertEqual([(row["kind"], row["from"], row["to"]) for row in history
                                  if (row["host"], row["service"]) == (host, service)], alerts)
                self.assertEqual([(message["kind"], message["prevState"], message["currState"]) for message in messages
                                  if (message["host"], message["serviceName"]) == (host, service)], alerts)
                states = pushed(running, host, service)
                if way_of(host) == "polled":
                    self.assertEqual(states, [])
                elif service == "hangs":
                    self.assertIn(states, ([], ["STOP_PENDING"]))
                else:  # all from when it is listened to on: the checks are an hour apart
                    settled = [state for state in states if not state.endswith("_PENDING")]
                    expected = [state for _, _, state in alerts]
                    self.assertTrue(settled or not expected)
                    self.assertEqual(settled, expected[len(expected) - len(settled):])
        self.assertEqual(len({request.key for request in receiver.requests}), len(messages))
        self.assertEqual({message["serviceStartType"] for message in messages}, {"Manual"})

    def takes_a_check(self, service, alert):
        """Nothing is pushed about what makes no progress."""
        return service == self.REMOVED or alert[0] == "stuck"


class Handles(OnEveryHost):
    FREQUENCIES = {"polled": "every 1 hour"}

    def assert_replaced(self, *names):
        """Windows refuses to create a service anew (1072) while somebody has the removed one open."""
        windows.services.install(*names)
        windows.services.start(*names)
        self.configure(*names)
        running = self.run_tocsin()
        windows.services.stop(*names)
        windows.services.remove(*names)
        for name in names:  # the first check, and no other for an hour, may still have it open
            windows.services.install_again(name)
        self.assertEqual(running.stop(), 0, running.output())

    def test_none_stays_open_after_a_check_one_by_one(self):
        self.assert_replaced("replaced")

    def test_none_stays_open_after_a_check_by_list(self):
        self.assert_replaced("one", "two", "three", "four", "five")


class FrontTest(unittest.TestCase):
    """What the front mends between smbd and Wine."""

    STOPPED, RUNNING = 1, 4

    def open(self, **more):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-"))
        front = self.enterContext(Front(pathlib.Path(folder) / "np/svcctl", windows.relay, **more))
        return self.enterContext(Caller(front))

    def test_fragments_are_of_the_size_of_windows(self):
        self.assertEqual(self.open().bind(), (0, (4280, 4280)))

    def test_several_calls_only_where_both_sides_want_them(self):
        self.assertEqual(self.open().bind(Caller.MULTIPLEXED)[0], 0)
        self.assertEqual(self.open(multiplexes=True).bind()[0], 0)

    def test_what_wine_never_answers_is_refused(self):
        caller = self.open()
        caller.bind()
        caller.send(7, QUERY_CONFIG_EX, bytes(24))
        fault, out_of_range = 3, 0x1C010002
        kind, _, call_id, body = caller.receive()
        self.assertEqual((kind, call_id, *struct.unpack_from("<I", body, 8)), (fault, 7, out_of_range))

    def listen(self, caller, name, state, call_id):
        """The call waits for that state of the service, whose handle is returned."""
        service = caller.open_service(name)
        asked = struct.pack("<IIIQI", 2, 2, 1, 0, 1 << state - 1) + bytes(100)  # [MS-SCMR 3.1.4.43]
        registered = caller.ask(4, NOTIFY, service + asked)
        self.assertEqual(registered[40:], bytes(4))
        caller.send(call_id, GET_NOTIFY_RESULTS, registered[20:40])
        return service

    def test_calls_are_answered_while_another_waits(self):
        windows.services.install("listened to")
        caller = self.open(multiplexes=True)
        self.assertEqual(caller.bind(Caller.MULTIPLEXED)[0], Caller.MULTIPLEXED)
        service = self.listen(caller, "listened to", self.RUNNING, 5)
        for call_id in (6, 7):
            caller.send(call_id, QUERY_STATUS, service + struct.pack("<II", 0, 36))
            _, _, answered, body = caller.receive()
            self.assertEqual((answered, *struct.unpack_from("<I", body, 16)), (call_id, self.STOPPED))
        windows.services.start("listened to")
        _, _, answered, body = caller.receive()
        self.assertEqual((answered, body[-4:]), (5, bytes(4)))

    def test_a_client_that_goes_leaves_nothing_open(self):
        for multiplexes in (False, True):
            name = f"left {multiplexes}"
            windows.services.install(name)
            caller = self.open(multiplexes=multiplexes)
            caller.bind(Caller.MULTIPLEXED)
            self.listen(caller, name, self.RUNNING, 5)
            time.sleep(1)  # until Wine has the call, which nothing shows
            caller.close()
            windows.services.remove(name)
            windows.services.install_again(name)


if __name__ == "__main__":
    unittest.main()
