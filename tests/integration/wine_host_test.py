"""The program against hosts that others wrote: Samba's SMB server before Wine's service manager (wine_host.py)."""
import itertools
import json
import pathlib
import socket
import struct
import tempfile
import time
import unittest
import uuid

import wine
from program import Running, configuration, require_tocsin, tocsin
from receiver import Receiver
from servers import wait_until
from wine_host import GET_NOTIFY_RESULTS, NOTIFY, QUERY_CONFIG_EX, Front, Windows, WineHost

DIALECTS = {"2.1": "SMB2_10", "3.0": "SMB3_00", "3.1.1": "SMB3_11"}
PROTECTIONS = {"signed": "  server signing = mandatory\n  server smb encrypt = off",
               "encrypted": "  server smb encrypt = required"}
WAYS = {"polled": {}}  # how changes reach the program, and what the host's front needs for it
MATRIX = [case for case in itertools.product(DIALECTS, PROTECTIONS, WAYS) if case[:2] != ("2.1", "encrypted")]

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
        """Returns when each host has been checked and the details of its services are read."""
        running = self.enterContext(Running(self.file, self.data))
        for host in hosts:
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
                self.assertEqual({service: rows[service]["startMode"] for service in (*MANY, "automatic", "disabled")},
                                 {**dict.fromkeys(MANY, "Manual"), "automatic": "Automatic", "disabled": "Disabled"})
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
        for name in names:  # the first check, and no other for an hour, may still have it open
            wait_until(lambda name=name: self.is_created(name), 10, f"{name} is created anew")
        self.assertEqual(running.stop(), 0, running.output())

    @staticmethod
    def is_created(name):
        marked_for_delete = 1072
        try:
            windows.services.install(name)
        except wine.WindowsError as error:
            if error.code != marked_for_delete:
                raise
            return False
        return True

    def test_none_stays_open_after_a_check_one_by_one(self):
        self.assert_replaced("replaced")

    def test_none_stays_open_after_a_check_by_list(self):
        self.assert_replaced("one", "two", "three", "four", "five")


class Caller:
    """Opens the pipe as smbd does for a client, and speaks DCE/RPC there."""

    INTERFACE = uuid.UUID("367abb81-9844-35f1-ad32-98f038001003").bytes_le + struct.pack("<I", 2)
    SYNTAX = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)
    MULTIPLEXED = 0x10

    def __init__(self, front):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._path = str(front.path)

    def __enter__(self):
        self._socket.connect(self._path)
        self._socket.sendall(struct.pack(">I4s", 4, b"NPAM"))
        self._receive(*struct.unpack(">I", self._receive(4)))
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def _receive(self, size):
        return self._socket.recv(size, socket.MSG_WAITALL)

    def _send(self, kind, call_id, body, flags=0):
        fragment = struct.pack("<BBBBIHHI", 5, 0, kind, 3 | flags, 0x10, 16 + len(body), 0, call_id) + body
        self._socket.sendall(struct.pack("<H", len(fragment)) + fragment)

    def receive(self):
        """A reply of one fragment: its kind, flags, call id, and what follows the header."""
        fragment = self._receive(*struct.unpack("<H", self._receive(2)))
        _, _, kind, flags, _, _, _, call_id = struct.unpack_from("<BBBBIHHI", fragment)
        return kind, flags & ~3, call_id, fragment[16:]

    def bind(self, flags=0):
        """The flags and the size of fragments of the answer."""
        self._send(11, 1, struct.pack("<HHIIHH", 5840, 5840, 0, 1, 0, 1) + self.INTERFACE + self.SYNTAX, flags)
        _, flags, _, body = self.receive()
        return flags, struct.unpack_from("<HH", body)

    def send(self, call_id, opnum, stub):
        self._send(0, call_id, struct.pack("<IHH", len(stub), 0, opnum) + stub)

    def ask(self, call_id, opnum, stub):
        self.send(call_id, opnum, stub)
        return self.receive()[3][8:]

    def open_service(self, name):
        """A handle of the service, with the right to query its status."""
        manager = self.ask(2, 15, struct.pack("<III", 0, 0, 1))[:20]
        count = len(name) + 1
        text = f"{name}\0".encode("utf-16-le")
        return self.ask(3, 16, manager + struct.pack("<III", count, 0, count) + text + bytes(-len(text) % 4)
                        + struct.pack("<I", 4))[:20]


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
            wait_until(lambda name=name: self.installs(name), 10, "it can be installed again")

    def installs(self, name):
        marked_for_delete = 1072
        try:
            windows.services.install(name)
        except wine.WindowsError as error:
            self.assertEqual(error.code, marked_for_delete)
            return False
        return True


if __name__ == "__main__":
    unittest.main()
