"""What is different on Windows, of the program as a whole: files, hosts and directories."""
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import unittest

import output
import wine
from program import Running, Simulator, command, configuration, named, require_tocsin, tocsin
from receiver import Authority, Receiver
from servers import wait_until

RARELY = "every 1 hour"
MARKER = "NoSuchService"


def setUpModule():
    require_tocsin()


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-täst 日本-")))
        self.file = self.folder / "tocsin.yaml"

    def check(self, *hosts, **more):
        """The exit code and the rows by host of `tocsin check --json`."""
        done = tocsin("check", "--json", "-c", configuration(self.file, hosts=hosts, **more))
        return done.returncode, {row["host"]: row for row in json.loads(done.stdout)}


class Files(Folder):
    LINES = ("tocsin:", "  serviceMonitor:", "    frequency: sometimes", "    monitor:",
             "      - host: localhost", "        services:", "          - name: Größe")

    def validate(self, content):
        self.file.write_bytes(content)
        return tocsin("validate", "-c", self.file)

    def assert_one_error(self, content):
        done = self.validate(content)
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual([line for line in done.stdout.splitlines() if ": error: " in line],
                         [f"{named(self.file)}:3:16: error: `frequency`: expected `every`, `at` or "
                          "`on`, such as `every 30 seconds`"])

    def test_line_ends_of_windows(self):
        self.assert_one_error("\r\n".join(self.LINES).encode())
        self.assert_one_error("\n".join(self.LINES).encode())

    def test_byte_order_mark(self):
        self.assert_one_error("\r\n".join(self.LINES).encode("utf-8-sig"))

    def test_other_encodings(self):
        for encoding in ("utf-16", "cp1252"):
            with self.subTest(encoding):
                done = self.validate("\r\n".join(self.LINES).encode(encoding))
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stdout, r"(?m)^\S+ \S+:.* error: .*UTF-8|not a text file")

    def test_the_line_end_of_a_secret_file_is_not_part_of_it(self):
        with Simulator(1) as simulator:
            (self.folder / "secret.txt").write_bytes(f"{simulator.PASSWORD}\r\n".encode())
            code, rows = self.check(
                simulator.host("qs-node", ("LanmanServer",)),
                credentials={**simulator.credentials(), "password": "${file:secret.txt}"})
            self.assertEqual((code, rows["qs-node"]["state"]), (0, "RUNNING"), rows)

    def test_what_scm_does_not_need(self):
        configuration(self.file, hosts=[wine.host(("RpcSs",), port=135, credentials="test")],
                      credentials={"name": "test", "username": "x", "password": "${env:PATH}"})
        done = tocsin("validate", "-c", self.file)
        self.assertEqual(done.returncode, 0, done)
        for key in ("port", "credentials"):
            self.assertRegex(done.stdout, rf"warning: `{key}` has no effect with `source: scm`")


class Hosts(Folder):
    """Whose services are asked for, and through what."""

    def test_names_of_this_machine(self):
        own = socket.gethostname()
        names = {"localhost", "LOCALHOST", ".", "127.0.0.1", own, own.upper()}
        with wine.Services() as services:
            services.install("only here")
            services.start("only here")
            for name in sorted(names):
                with self.subTest(name):
                    code, rows = self.check(wine.host(("only here",), name))
                    self.assertEqual((code, rows[name]["state"]), (0, "RUNNING"), rows)
            code, rows = self.check(
                wine.host(("only here",), "alerts-name", address="localhost"))
            self.assertEqual((code, rows["alerts-name"]["state"]), (0, "RUNNING"), rows)
            services.stop("only here")
            services.remove("only here")

    def test_other_machines(self):
        """Wine would answer with its own services."""
        for name in ("no-such-host.invalid", "another-host"):
            code, rows = self.check(wine.host(("RpcSs",), name))
            self.assertEqual((code, rows[name]["state"]), (3, "UNKNOWN"), rows)
            self.assertRegex(rows[name]["error"], "opening the service manager: .*not support")
            listing = tocsin("services", "-c", self.file, name)
            self.assertEqual((listing.returncode, listing.stdout), (3, ""), listing)
            self.assertIn("not support", listing.stderr)

    def test_both_sources_at_once(self):
        """One that pushes its changes, one that is checked over the network, and one that is not reached."""
        script = self.folder / "script.txt"
        script.write_text("".join(f"{5 * n}s {'stop' if n % 2 else 'start'} qs-node LanmanServer\n"
                                  for n in range(1, 20)))
        with Receiver() as receiver, Simulator(1, "--script", script) as simulator, \
                wine.Services() as services:
            services.install("here")
            file = configuration(
                self.file, webhooks=[receiver.url()], credentials=simulator.credentials(),
                hosts=[wine.host(("here", MARKER)), wine.host(("here",), "another-host"),
                       simulator.host("qs-node", ("LanmanServer",))])
            with Running(file, self.folder / "data") as running:
                running.wait_for_line(f"{MARKER} is MISSING at the first check")
                services.start("here")
                wait_until(lambda: {request.message["host"] for request in receiver.requests}
                           == {"localhost", "qs-node", "another-host"}, 90, lambda: receiver.requests)
                self.assertEqual(running.stop(), 0, running.output())
            self.assertRegex(running.output(), "host another-host: check failed: .*not support")


class Directories(Folder):
    def run_with(self, *arguments, **more):
        """Runs with these arguments until ready, and returns that line."""
        configuration(self.file, every=RARELY, hosts=[wine.host((MARKER,))], **more)
        process = subprocess.Popen(command("run", "-c", self.file, *arguments),
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder)
        try:
            return next((line for line in output.lines(process, process.stderr) if " ready: " in line),
                        None)
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    def test_of_the_machine(self):
        self.assertRegex(self.run_with(), r"data in C:\\ProgramData\\tocsin$")

    def test_of_the_configuration(self):
        said = self.run_with(dataDirectory="dätä 日本")
        self.assertTrue(said.endswith(f"data in {named(self.folder)}\\dätä 日本"), said)
        self.assertTrue((self.folder / "dätä 日本" / "tocsin.db").exists())

    def test_of_the_command_line(self):
        database = pathlib.Path(os.environ["WINEPREFIX"], "drive_c/über/alles/tocsin.db")
        for written in ("C:\\über\\\\alles/", "C:/über/alles", "\\\\?\\C:\\über\\alles"):
            with self.subTest(written):
                self.assertTrue(self.run_with("--data-dir", written, dataDirectory="not here"))
                database.unlink()

    def test_log_and_metrics(self):
        metrics = self.folder / "metrics.prom"
        configuration(self.file, every="every 1 second", hosts=[wine.host((MARKER,))],
                      fileLogging=True, logDirectory="lög", metricsFile="metrics.prom")

        def checks():
            found = re.search(r'(?m)^tocsin_checks_total\{host="localhost",outcome="ok"\} (\d+)',
                              metrics.read_text() if metrics.exists() else "")
            return int(found[1]) if found else 0

        with Running(self.file, self.folder / "data") as running:
            first = wait_until(checks, 60, "numbers are written")
            wait_until(lambda: checks() > first, 60, "they are written again")
            self.assertEqual(running.stop(), 0, running.output())
        log = (self.folder / "lög" / "tocsin.log").read_text(encoding="utf-8")
        self.assertIn(f"{MARKER} is MISSING at the first check", log)
        self.assertIn(" stopped", log)


class Certificates(Folder):
    def test_those_of_windows_own_store_are_believed(self):
        authority = Authority(self.enterContext(tempfile.TemporaryDirectory()))
        receiver = self.enterContext(Receiver(authority=authority))
        file = configuration(self.file, hosts=[wine.host(["Spooler"])],
                             webhooks=[receiver.url(host="localhost")])
        self.assertEqual(tocsin("test", "-c", file).returncode, 1)
        self.assertEqual(receiver.requests, [])
        with wine.Services() as services:
            services.trust(authority.certificate)
        done = tocsin("test", "-c", file)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(len(receiver.requests), 1)


class FirstConfiguration(Folder):
    def test_init_proposes_what_runs_here(self):
        receiver = self.enterContext(Receiver())
        words = ("init", "localhost", "--notify", receiver.url(), "-c", self.file, "--data-dir", self.folder / "data")
        done = tocsin(*words)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(len(receiver.requests), 1, "the test message")
        written = self.file.read_bytes()
        self.assertIn(b"'Eventlog'", written)
        self.assertNotIn(b"credentials:", written)
        self.assertRegex(tocsin("validate", "-c", self.file).stdout, "good; hosts: 1,")
        self.assertEqual(tocsin("check", "-c", self.file).returncode, 0)
        self.assertEqual(tocsin(*words).returncode, 1)
        self.assertEqual(self.file.read_bytes(), written, "nothing is overwritten")


class Demo(unittest.TestCase):
    def test_it_tells_of_changes_and_ends(self):
        done = tocsin("demo", "--hosts", 3, "--changes", 600, "--seconds", 8)
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"(?m)^\S+ \S+ +ALERT +qs-node\d +\S.* -> (STOPPED|RUNNING)")
        self.assertNotIn(" error", done.stderr)
        folder, = re.findall(r"check -c (\S+)\\tocsin.yaml", done.stdout)
        self.assertRegex(folder, r"^C:\\.*\\tocsin-demo-[^\\]+$")


if __name__ == "__main__":
    unittest.main()
