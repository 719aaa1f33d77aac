"""Names that no server answers, and too few open files: each costs only the hosts that it is about.

The tests have a network and a resolv.conf of their own, with a name server that answers as they say.
"""
import os
import pathlib
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest

from program import ON_WINE, Running, Simulator, configuration, require_tocsin
from receiver import Receiver
from servers import require, wait_until

SERVICE = "Spooler"
INSIDE = "TOCSIN_TEST_NAMESPACE"


def setUpModule():
    require_tocsin()
    if ON_WINE:
        raise unittest.SkipTest("network namespaces are of Linux")
    require("unshare", "ip", "mount", "prlimit")
    if INSIDE not in os.environ:
        raise unittest.SkipTest("network namespaces are not allowed here")


def enter_namespace():
    """Begins again in a network of its own, where that is allowed."""
    words = ["unshare", "--map-root-user", "--net", "--mount"]
    if INSIDE in os.environ or not shutil.which("unshare") or subprocess.run([*words, "true"], check=False).returncode:
        return
    os.environ[INSIDE] = "1"
    os.execvp(words[0], [*words, sys.executable, *sys.argv])


class NameServer:
    """Answers 127.0.0.1 for every name but those that begin with "hang", and nothing at all while it is silent."""

    def __init__(self, folder):
        self.silent = False
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                query, socket = self.request
                if outer.silent or query[13:17] == b"hang":
                    return
                end = query.index(b"\0", 12) + 5
                is_address = query[end - 4:end - 2] == b"\0\x01"
                answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\x7f\0\0\x01" if is_address else b""
                counts = b"\0\x01" + (b"\0\x01" if is_address else b"\0\0") + b"\0\0\0\0"
                socket.sendto(query[:2] + b"\x81\x80" + counts + query[12:end] + answer, self.client_address)

        self.server = socketserver.ThreadingUDPServer(("127.0.0.1", 53), Handler)
        resolv = pathlib.Path(folder) / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.1\noptions timeout:5 attempts:3\n")
        subprocess.run(["mount", "--bind", resolv, os.path.realpath("/etc/resolv.conf")], check=True)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        subprocess.run(["umount", os.path.realpath("/etc/resolv.conf")], check=True)


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.receiver = self.enterContext(Receiver())

    def simulate(self, hosts, script):
        file = self.folder / "script"
        file.write_text(script)
        return self.enterContext(Simulator(hosts, "--script", file))

    def run_tocsin(self, simulator, hosts, webhooks=(), limits=()):
        file = configuration(self.folder / "tocsin.yaml", credentials=simulator.credentials(), hosts=hosts,
                             webhooks=[*webhooks, self.receiver.url()])
        running = Running(file, self.folder / "data")
        running.arguments = [*limits, *running.arguments]
        return self.enterContext(running)

    def messages(self):
        return [(request.message["host"], request.message["serviceStatus"]) for request in list(self.receiver.requests)]


class Names(Base):
    def setUp(self):
        super().setUp()
        self.names = self.enterContext(NameServer(self.folder))

    def test_names_that_hang_cost_only_themselves(self):
        script = "".join(f"6s stop qs-node{index} {SERVICE}\n" for index in range(1, 11))
        simulator = self.simulate(10, script)
        hosts = [{**simulator.host(name, [SERVICE]), "address": f"{name}.test"} for name in simulator.hosts]
        hanging = [{**hosts[0], "host": f"hang{index}", "address": f"hang{index}.test"} for index in range(60)]
        running = self.run_tocsin(simulator, hanging + hosts, webhooks=["http://hang-too.test:8/"])
        wait_until(lambda: {host for host, state in self.messages() if state == "STOPPED"} == set(simulator.hosts),
                   20, lambda: f"{self.messages()}\n{running.output()[-3000:]}")
        wrong = [message for message in self.messages() if message[0] in simulator.hosts and message[1] != "STOPPED"]
        self.assertEqual(wrong, [])

    def test_a_host_is_back_though_no_name_server_answers(self):
        simulator = self.simulate(1, "5s down qs-node\n9s up qs-node\n")
        hosts = [{**simulator.host(name, [SERVICE]), "address": f"{name}.test"} for name in simulator.hosts]
        running = self.run_tocsin(simulator, hosts)
        running.wait_for_line("check answered")
        self.names.silent = True
        running.wait_for_line("check failed")
        running.wait_for_line("check succeeds again", 15)


class OpenFiles(Base):
    HOSTS = 90
    LIMIT = 128

    def test_fewer_than_hosts_are_no_fault_of_theirs(self):
        simulator = self.simulate(self.HOSTS, "".join(f"8s stop qs-node{index} {SERVICE}\n"
                                                      for index in range(1, self.HOSTS + 1)))
        hosts = [simulator.host(name, [SERVICE]) for name in simulator.hosts]
        running = self.run_tocsin(simulator, hosts,
                                  limits=["prlimit", f"--nofile={self.LIMIT}:{self.LIMIT}"])
        running.wait_for_line(f"the limit of {self.LIMIT} open files allows connections to 57 hosts at a time, and 90 are")
        wait_until(lambda: len({host for host, state in self.messages() if state == "STOPPED"}) == self.HOSTS,
                   40, lambda: f"{len(self.messages())}\n{running.output()[-3000:]}")
        self.assertEqual({state for _, state in self.messages()}, {"STOPPED"})


if __name__ == "__main__":
    enter_namespace()
    unittest.main()
