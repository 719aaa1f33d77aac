"""Foreign clients against the pretend hosts: Impacket's services.py, Samba's net, tshark."""

import functools
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import output
from capture import FAULTS, Capture, require_capture, tshark as judge
from program import ASKED_TO_STOP, command, require_tocsin

SERVICES_PY = "/usr/share/doc/python3-impacket/examples/services.py"
USER, PASSWORD = "monitor", "tocsin"

# services.py takes no port but 139 and 445 on its command line; its class does.
RUN_SERVICES_PY = """
import argparse, importlib.util, sys
path, port, action, name = sys.argv[1:]
spec = importlib.util.spec_from_file_location("services", path)
services = importlib.util.module_from_spec(spec)
spec.loader.exec_module(services)
options = argparse.Namespace(action=action, name=name, k=False, aesKey=None, hashes=None, dc_ip=None)
client = services.SVCCTL("%s", "%s", "", options, int(port))
client.run("127.0.0.1", "127.0.0.1")
""" % (USER, PASSWORD)


def setUpModule():
    require_tocsin()


class Fleet:
    """`tocsin simulate` while the with-block runs."""

    def __init__(self, *options):
        self.command = command("simulate", "--services", "60", *options)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE)
        self.lines = output.lines(self.process, self.process.stdout)
        self.hosts = []
        for line in self.lines:
            if line == "ready":
                return self
            name, address = line.split()
            self.hosts.append((name, *address.rsplit(":", 1)))
        raise RuntimeError("tocsin simulate ended before it was ready")

    def __exit__(self, *_):
        self.process.send_signal(ASKED_TO_STOP)
        self.process.wait(timeout=10)
        self.process.stdout.close()

    @property
    def port(self):
        return self.hosts[0][2]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


class SimulateTest(unittest.TestCase):
    def services_py(self, port, action, name=""):
        return run(sys.executable, "-c", RUN_SERVICES_PY, SERVICES_PY, port, action, name)

    def net(self, port, *arguments):
        return run("net", "rpc", "service", *arguments, "-S", "127.0.0.1", "-p", port,
                   "-U", f"{USER}%{PASSWORD}")

    def need_net(self):
        if not shutil.which("net"):
            self.skipTest("Samba's net is not installed (package samba-common-bin)")

    def test_says_where_each_host_listens(self):
        with Fleet("--hosts", "5") as fleet:
            self.assertEqual([host[0] for host in fleet.hosts],
                             [f"qs-node{i}" for i in range(1, 6)])
            for _, address, port in fleet.hosts:
                socket.create_connection((address, int(port)), timeout=10).close()

    def test_refuses_what_makes_no_sense(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as script:
            script.write("1s explode qs-node1 QlikSenseProxyService\n")
            script.flush()
            bad = run(*command("simulate", "--script", pathlib.Path(script.name)))
            self.assertEqual(bad.returncode, 2)
            self.assertIn("line 1", bad.stderr)
        taken = socket.create_server(("127.0.0.1", 0))
        with taken:
            bad = run(*command("simulate", "--port", taken.getsockname()[1]))
        self.assertEqual(bad.returncode, 2)
        self.assertIn("qs-node", bad.stderr)

    def test_services_py_lists_asks_and_controls(self):
        if not os.path.exists(SERVICES_PY):
            self.skipTest("Impacket's services.py is not installed (package python3-impacket)")
        with Fleet() as fleet:
            listed = self.services_py(fleet.port, "LIST")
            self.assertIn("Total Services: 60", listed.stdout, listed.stderr)
            self.assertRegex(listed.stdout, r"QlikSenseEngineService - +Qlik Sense Engine Service - +RUNNING")
            config = self.services_py(fleet.port, "CONFIG", "QlikSenseEngineService").stdout
            self.assertIn(r"C:\Program Files\Qlik\Sense\Engine\Engine.exe", config)
            self.assertIn("AUTO START", config)
            for action, state in (("STOP", "STOPPED"), ("START", "RUNNING")):
                self.services_py(fleet.port, action, "QlikSenseEngineService")
                status = self.services_py(fleet.port, "STATUS", "QlikSenseEngineService").stdout
                self.assertRegex(status, rf"QlikSenseEngineService - +{state}")

    def test_net_lists_asks_and_controls(self):
        self.need_net()
        for encryption in ("none", "offered", "demanded"):
            with self.subTest(encryption=encryption), Fleet("--encryption", encryption) as fleet:
                listed = self.net(fleet.port, "list")
                self.assertIn('"Qlik Sense Engine Service"', listed.stdout, listed.stderr)
                self.assertEqual(len(listed.stdout.splitlines()), 60)
                for action, state in (("stop", "stopped"), ("start", "running")):
                    self.net(fleet.port, action, "QlikSenseEngineService")
                    status = self.net(fleet.port, "status", "QlikSenseEngineService").stdout
                    self.assertIn(f"QlikSenseEngineService service is {state}", status)

    def test_a_wrong_password_is_refused(self):
        self.need_net()
        with Fleet() as fleet:
            refused = run("net", "rpc", "service", "list", "-S", "127.0.0.1", "-p", fleet.port,
                          "-U", f"{USER}%wrong")
            self.assertIn("NT_STATUS_LOGON_FAILURE", refused.stdout + refused.stderr)

    def test_logons_are_written_down_and_refused_when_told(self):
        self.need_net()
        with tempfile.TemporaryDirectory() as folder:
            logons, events = pathlib.Path(folder, "logons"), pathlib.Path(folder, "events")
            with Fleet("--logons", logons, "--follow", events) as fleet:
                self.assertEqual(self.net(fleet.port, "list").returncode, 0)
                for event, answer in (
                        ("refuse-logons qs-node 0xC0000234", "NT_STATUS_ACCOUNT_LOCKED_OUT"),
                        ("password qs-node changed", "NT_STATUS_ACCOUNT_LOCKED_OUT"),
                        ("accept-logons *", "NT_STATUS_LOGON_FAILURE")):
                    with open(events, "a", encoding="utf-8") as file:
                        file.write(f"{event}\n")
                    self.assertEqual(fleet.process.stdout.readline().split(), event.encode().split())
                    refused = self.net(fleet.port, "list")
                    self.assertIn(answer, refused.stdout + refused.stderr)
                with open(events, "a", encoding="utf-8") as file:
                    file.write("explode qs-node\n")
                self.assertEqual(fleet.process.stdout.readline().rstrip(),
                                 b"explode qs-node: no service after 'explode'")
            rows = [line.split("\t") for line in logons.read_text(encoding="utf-8").splitlines()]
        self.assertEqual({(row[1], row[2].rsplit("\\", 1)[-1]) for row in rows},
                         {("qs-node", USER)})
        seen = [(row[3], row[4]) for row in rows]
        # net may try once more than it needs to.
        self.assertEqual(list(dict.fromkeys(seen)),
                         [("accepted", "0x00000000"), ("refused", "0xC0000234"),
                          ("refused", "0xC000006D")])

    def test_a_script_plays_and_is_told(self):
        self.need_net()
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as script:
            script.write("0ms stop qs-node QlikSenseProxyService\n")
            script.flush()
            with Fleet("--script", pathlib.Path(script.name)) as fleet:
                self.assertEqual(next(fleet.lines), "stop qs-node QlikSenseProxyService")
                status = self.net(fleet.port, "status", "QlikSenseProxyService").stdout
                self.assertIn("QlikSenseProxyService service is stopped", status)

    def test_a_foreign_client_is_told_of_changes(self):
        """By both ways to wait, judged by tshark: several calls on one pipe with WRITE and READ,
        and one call with TRANSCEIVE."""
        try:
            import push_client as push
        except ImportError:
            self.skipTest("Impacket is not installed (package python3-impacket)")
        require_capture()
        stopped, starting, running = (1, 1), (2, 2), (4, 8)
        for encryption, dialect in (("none", 0x0210), ("demanded", 0x0300)):
            with (self.subTest(encryption=encryption), tempfile.TemporaryDirectory() as folder,
                  Fleet("--encryption", encryption, "--follow", f"{folder}/events") as fleet):
                def happen(event):
                    with open(f"{folder}/events", "a", encoding="utf-8") as file:
                        file.write(f"{event}\n")

                with Capture(f"{folder}/capture.pcapng", fleet.port):
                    pipe = push.Pipe(int(fleet.port), USER, PASSWORD, dialect)
                    self.assertTrue(pipe.multiplexed)
                    calls = {}
                    for name in ("QlikSenseEngineService", "QlikSenseProxyService"):
                        service = pipe.open_service(name)
                        for expected in ([running], None):  # told at once, then with a change
                            notify, code = push.registered(
                                pipe.call(push.REGISTER, push.registration(service)))
                            self.assertEqual(code, 0)
                            if expected:
                                self.assertEqual(push.results(pipe.call(push.WAIT, notify)),
                                                 (expected, 0))
                                pipe.call(push.CLOSE_NOTIFY, notify)
                        calls[name] = pipe.post(push.WAIT, notify), notify
                    reading = pipe.begin_read()
                    happen("crash qs-node QlikSenseProxyService")
                    call_id, stub = pipe.end_read(reading)
                    self.assertEqual(call_id, calls["QlikSenseProxyService"][0])
                    self.assertEqual(push.results(stub), ([stopped], 0))

                    call, notify = calls["QlikSenseEngineService"]
                    reading = pipe.begin_read()
                    closing = pipe.post(push.CLOSE_NOTIFY, notify)
                    call_id, stub = pipe.end_read(reading)
                    self.assertEqual((call_id, push.results(stub)), (call, ([], 1235)))
                    self.assertEqual(pipe.end_read(pipe.begin_read())[0], closing)

                    notify, _ = push.registered(
                        pipe.call(push.REGISTER, push.registration(service)))
                    happen("start qs-node QlikSenseProxyService")
                    self.assertEqual(push.results(pipe.call(push.WAIT, notify)), ([starting], 0))
                    pipe.close()

                def shown(expression, *fields):
                    return judge(f"{folder}/capture.pcapng", fleet.port, PASSWORD, expression, *fields)

                self.assertEqual(shown(FAULTS), [])
                requests = shown("dcerpc.pkt_type == 0", "dcerpc.opnum")
                self.assertEqual([requests.count(opnum) for opnum in ("47", "48", "49")], [5, 5, 3])
                self.assertGreater(len(shown("smb2.nt_status == 0x103")), 1)

    def test_tshark_finds_nothing_wrong_with_what_is_answered(self):
        self.need_net()
        require_capture()
        with tempfile.TemporaryDirectory() as folder, Fleet("--encryption", "none") as fleet:
            with Capture(f"{folder}/capture.pcapng", fleet.port):
                self.net(fleet.port, "list")
                self.net(fleet.port, "status", "QlikSenseProxyService")
            # Signatures not: `net` may sign with AES-GMAC.
            frames = functools.partial(judge, f"{folder}/capture.pcapng", fleet.port, PASSWORD, verify=False)
            self.assertGreater(len(frames("svcctl")), 10)
            self.assertEqual(frames(FAULTS), [])


if __name__ == "__main__":
    unittest.main()
