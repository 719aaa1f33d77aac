"""tocsin.exe as a service and on a console, under Wine: installed, started, stopped, removed."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
import unittest

import wine
from receiver import Answer, Receiver
from servers import require, wait_until

TOCSIN = os.environ.get("TOCSIN", "")
# Nothing in it is in the code page that Wine starts with.
FOLDER = "C:\\täst 日本"


class SilentReceiver:
    """Takes connections and never answers."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.taken = []
        threading.Thread(target=self._take, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for _, connection in self.taken:
            connection.close()

    def _take(self):
        try:
            while True:
                connection, _ = self.socket.accept()
                self.taken.append((time.monotonic(), connection))
        except OSError:
            pass  # closed

    def wait_until_asked(self):
        """Until a request has just begun: it is given up after 10 s, and comes again later."""
        wait_until(lambda: self.taken and time.monotonic() - self.taken[-1][0] < 2, 60,
                   "no request comes")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/"


def tocsin(*words, cwd=None, env=None):
    return wine.run(TOCSIN, *words, cwd=cwd, env={**os.environ, **(env or {})})


def net(*words):
    return wine.run("net", *words).returncode


def query(service):
    """What `sc query` says: {"STATE": "4 RUNNING", ...}."""
    pairs = (line.split(":", 1) for line in wine.run("sc", "query", service).stdout.splitlines()
             if ":" in line)
    return {name.strip(): " ".join(value.split()) for name, value in pairs}


class WindowsServiceTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        require("wine")
        if not TOCSIN:
            raise unittest.SkipTest("TOCSIN does not name the program under test")
        self.enterContext(wine.Prefix())
        self.folder = pathlib.Path(os.environ["WINEPREFIX"], "drive_c", FOLDER[3:])
        self.folder.mkdir()
        self.configuration = FOLDER + "\\tocsin.yaml"
        self.configure()

    def configure(self, url="http://127.0.0.1:9/", service="Spooler"):
        (self.folder / "tocsin.yaml").write_text(json.dumps({"tocsin": {
            "fileLogging": True,
            "logDirectory": "lög",
            "serviceMonitor": {
                "frequency": "every 1 second",
                "monitor": [{"host": "localhost", "services": [{"name": service}]}],
                "policy": {"firstSight": "quiet"},
                "alertDestination": {"webhook": {"enable": True}},
            },
            "webhookNotification": {"serviceMonitor": {"rateLimit": 0, "webhooks": [
                {"description": "Empfänger", "webhookURL": url, "httpMethod": "POST"}]}},
        }}, ensure_ascii=False), encoding="utf-8")

    def log(self):
        try:
            return (self.folder / "lög" / "tocsin.log").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def wait_for_log(self, text, seconds=20):
        wait_until(lambda: text in self.log(), seconds, lambda: f"{text}:\n{self.log()}")

    def ask(self, *words, code=0, **more):
        """Runs a command that must end with that code, and returns what it printed."""
        done = tocsin(*words, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def install(self, *more):
        return self.ask("service", "install", "-c", self.configuration, *more)

    def test_from_installation_to_removal(self):
        said = self.ask("service", "install", "-c", "tocsin.yaml", cwd=self.folder)
        self.assertIn("installed: tocsin, which runs as NT SERVICE\\tocsin", said)
        self.assertIn(f"configuration: {self.configuration};", said)
        self.assertIn("data: C:\\ProgramData\\tocsin\n", said)

        again = self.ask("service", "install", "-c", self.configuration, code=1)
        self.assertIn("is installed already, and stays as it is", again)

        self.assertEqual(net("start", "tocsin"), 0)
        self.wait_for_log(" ready: hosts: 1,")
        self.assertEqual(query("tocsin")["STATE"], "4 RUNNING")
        self.assertIn("nothing happened", self.ask("history", "-c", self.configuration))
        self.assertIn("another tocsin runs with this data directory",
                      self.ask("run", "-c", self.configuration, code=1))

        self.assertEqual(net("stop", "tocsin"), 0)
        self.wait_for_log(" stopped\n", 5)
        self.assertIn("the service is stopped: stopping", self.log())
        self.assertEqual(query("tocsin")["STATE"], "1 STOPPED")

        self.assertEqual(net("start", "tocsin"), 0)
        wait_until(lambda: self.log().count(" ready: ") == 2, 20, self.log)
        self.assertIn("its data stays in C:\\ProgramData\\tocsin\n",
                      self.ask("service", "uninstall"))  # which stops it first
        self.assertEqual(self.log().count(" stopped\n"), 2)
        self.assertIn("no service named tocsin is installed",
                      self.ask("service", "uninstall", code=1))
        self.assertIn("nothing happened", self.ask("history", "-c", self.configuration))

    def test_names_and_directories_of_ones_own(self):
        said = self.install("--name", "tocsin zwei", "--data-dir", FOLDER + "\\daten")
        self.assertIn("start it now: net start \"tocsin zwei\"", said)
        self.assertEqual(net("start", "tocsin zwei"), 0)
        self.wait_for_log(f" data in {FOLDER}\\daten")
        self.assertTrue((self.folder / "daten" / "tocsin.db").exists())
        self.assertIn(f"its data stays in {FOLDER}\\daten",
                      self.ask("service", "uninstall", "--name", "tocsin zwei"))

    def test_mistakes_install_nothing(self):
        self.configure(url="nowhere")
        said = self.ask("service", "install", "-c", self.configuration, code=2)
        self.assertIn("`webhookURL` must begin with http:// or https://", said)
        self.ask("service", "install", "-c", "C:\\nothing.yaml", code=2)
        self.ask("service", "install", "-c", self.configuration, "--name", "a/b", code=2)
        self.assertIn("no service named tocsin is installed",
                      self.ask("service", "uninstall", code=1))
        self.assertFalse((self.folder.parent / "ProgramData" / "tocsin").exists())

    def test_a_service_that_fails_says_why_it_ended(self):
        self.install()
        self.configure(url="nowhere")
        net("start", "tocsin")
        wait_until(lambda: query("tocsin")["STATE"] == "1 STOPPED", 20, "it does not end")
        self.assertEqual(query("tocsin")["WIN32_EXIT_CODE"], "1066 (0x42a)")
        self.assertEqual(query("tocsin")["SERVICE_EXIT_CODE"], "2 (0x2)")

    def test_services_of_other_programs_are_left_alone(self):
        self.assertIn("the service Spooler is another program's",
                      self.ask("service", "uninstall", "--name", "Spooler", code=1))
        self.assertEqual(query("Spooler")["SERVICE_NAME"], "Spooler")

    def test_only_the_service_manager_starts_a_service(self):
        said = self.ask("service", "run", "-c", self.configuration, code=1)
        self.assertEqual(said, "error: only the service manager starts this: from a console, use "
                               "`tocsin run`\n")

    def test_stopping_waits_for_nobody_longer_than_five_seconds(self):
        receiver = self.enterContext(SilentReceiver())
        self.configure(url=receiver.url, service="watched")
        services = self.enterContext(wine.Services())
        services.install("watched")
        self.install()
        self.assertEqual(net("start", "tocsin"), 0)
        self.wait_for_log("watched is STOPPED at the first check")
        services.start("watched")
        self.wait_for_log("watched started")
        receiver.wait_until_asked()

        asked = time.monotonic()
        net("stop", "tocsin")
        wait_until(lambda: query("tocsin")["STATE"] == "1 STOPPED", 10, "it does not stop")
        # Sending to this receiver would go on for more than twice as long.
        self.assertLess(time.monotonic() - asked, 10)
        self.assertRegex(self.ask("deliveries", "-c", self.configuration),
                         r"watched +started +pending")

    def test_what_is_not_told_before_the_stop_is_told_after_the_next_start(self):
        receiver = self.enterContext(Receiver(always=Answer(503)))
        services = self.enterContext(wine.Services())
        services.install("watched")
        self.configure(url=receiver.url(), service="watched")
        self.install()
        self.assertEqual(net("start", "tocsin"), 0)
        self.wait_for_log("watched is STOPPED at the first check")
        services.start("watched")
        asked = receiver.wait_for(1)[0]
        self.assertEqual(net("stop", "tocsin"), 0)
        wait_until(lambda: query("tocsin")["STATE"] == "1 STOPPED", 20, "it does not stop")

        def deliveries():
            return [(row["id"], row["state"]) for row in json.loads(
                self.ask("deliveries", "--json", "-c", self.configuration))]

        self.assertEqual(deliveries(), [(asked.key, "pending")])
        receiver.always = Answer()
        before = len(receiver.requests)
        services.stop("watched")
        self.assertEqual(net("start", "tocsin"), 0)
        late, new = receiver.wait_for(before + 2)[before:]
        self.assertEqual((late.key, late.body), (asked.key, asked.body))
        self.assertEqual(new.message["currState"], "STOPPED")
        wait_until(lambda: deliveries() == [(asked.key, "delivered"), (new.key, "delivered")], 20,
                   deliveries)
        self.ask("service", "uninstall")

    def test_control_c_and_impatience(self):
        receiver = self.enterContext(SilentReceiver())
        self.configure(url=receiver.url, service="watched")
        services = self.enterContext(wine.Services())
        services.install("watched")
        for twice in (False, True):
            log = len(self.log())
            run = subprocess.Popen(["wine", TOCSIN, "run", "-c", self.configuration],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
            self.addCleanup(run.kill)
            wait_until(lambda: " ready: " in self.log()[log:], 20, self.log)
            services.start("watched")
            wait_until(lambda: "watched started" in self.log()[log:], 20, self.log)
            receiver.wait_until_asked()
            run.send_signal(signal.SIGINT)
            wait_until(lambda: "^C: stopping" in self.log()[log:], 20, self.log)
            asked = time.monotonic()
            if twice:
                run.send_signal(signal.SIGINT)
            run.wait(10)
            self.assertEqual(time.monotonic() - asked < 2, twice)
            self.assertEqual(" stopped\n" in self.log()[log:], not twice)
            services.stop("watched")

    def test_text_in_and_out_is_utf8(self):
        self.configure(url="http://127.0.0.1:9/${env:TOCSIN_TOKEN}")
        self.assertIn(f"{self.configuration}: good",
                      self.ask("validate", "-c", self.configuration, env={"TOCSIN_TOKEN": "größe"}))
        self.assertIn("the environment variable `TOCSIN_TOKEN` is not set",
                      self.ask("validate", "-c", self.configuration, code=2))
        self.assertIn("nichts – gar nichts.yaml",
                      self.ask("validate", "-c", FOLDER + "\\nichts – gar nichts.yaml", code=2))


if __name__ == "__main__":
    unittest.main()
