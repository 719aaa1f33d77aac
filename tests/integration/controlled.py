"""What the tests of `tocsin start`, `stop` and `restart` have in common."""
import json
import pathlib
import re
import tempfile
import unittest

import wine
from program import Running, Simulator, configuration, tocsin
from receiver import Receiver
from served import ANY_PORT
from servers import wait_until
from watched import MARKER
from web import API, Web


class Commands(unittest.TestCase):
    """The words of a command, and what it prints."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.file = self.folder / "tocsin.yaml"
        self.data = self.folder / "data"

    def run_command(self, action, what, *more, code=0):
        done = tocsin(action, "-c", self.file, "--data-dir", self.data, what, *more)
        self.assertEqual(done.returncode, code, done)
        self.assertNotIn(Simulator.PASSWORD, done.stdout + done.stderr)
        return done

    def control(self, action, service, *more, code=0):
        """The answer as JSON, which is checked for what every answer has."""
        answer = json.loads(self.run_command(action, f"{self.host}/{service}", "--json", *more, code=code).stdout)
        self.assertEqual((answer["host"], answer["action"], answer["dryRun"]), (self.host, action, "--dry-run" in more))
        return answer

    def refused(self, action, service, *more, code=1):
        """The sentence."""
        done = self.run_command(action, f"{self.host}/{service}", *more, code=code)
        error = done.stderr.splitlines()[-1]
        self.assertTrue(error.startswith("error: "), done)
        return error.removeprefix("error: ")

    def steps(self, answer):
        return [(step["action"], step["service"]) for step in answer["steps"]]

    def state(self, service):
        done = tocsin("check", "--json", "-c", self.file, "--data-dir", self.data)
        return {row["service"]: row["state"] for row in json.loads(done.stdout)}[service]


class ServicesThatRun(Commands):
    """The services of `wine.Services`, which really start, pause, stop, fail and hang.

    `entry`: the host in a configuration, with the services of these names; `credentials`: for it."""

    credentials = ()

    @classmethod
    def install(cls, services):
        cls.services = services
        cls.services.install("one", "hangs", "fails", "patient")
        cls.services.install("never", start="Disabled")

    def setUp(self):
        super().setUp()
        self.configure(self.entry(("one", "hangs", "never")))

    def configure(self, entry, **more):
        configuration(self.file, hosts=[{**entry, "control": True}], credentials=self.credentials, **more)

    def start(self, service):
        """Wine has an internal error while the process that a service had before is ending."""
        def look():
            done = tocsin("start", "-c", self.file, "--data-dir", self.data, f"{self.host}/{service}", "--json")
            if done.returncode:
                self.assertIn("1359", done.stdout)
                return None
            return json.loads(done.stdout)
        return wait_until(look, 20, f"{service} starts")

    def test_starts_stops_and_continues(self):
        started = self.start("one")
        self.assertEqual((started["before"], started["after"]), ("STOPPED", "RUNNING"))
        self.assertEqual(self.services.list()["one"].state, "RUNNING")
        self.assertEqual(self.control("start", "one")["steps"], [])
        self.services.pause("one")
        continued = self.control("start", "one")
        self.assertEqual((continued["before"], continued["after"]), ("PAUSED", "RUNNING"))
        stopped = self.control("stop", "one")
        self.assertEqual((self.steps(stopped), stopped["after"]), ([("stop", "one")], "STOPPED"))
        self.assertEqual(self.services.list()["one"].state, "STOPPED")

    def test_what_hangs_is_given_up(self):
        self.services.start("hangs")
        self.services.control(wine.HANG, "hangs")
        self.assertRegex(self.refused("stop", "hangs"), r"it is still STOP_PENDING after \d+ s without progress")

    def test_what_is_disabled_is_refused(self):
        self.assertIn("never is disabled", self.refused("start", "never"))

    def test_a_restart_outlives_who_has_asked_for_it_and_tocsin_itself(self):
        self.services.start("patient")
        self.configure(self.entry(("patient", MARKER)), web=ANY_PORT)
        running = self.enterContext(Running(self.file, self.data))
        running.wait_for_line(f"{MARKER} is MISSING at the first check")
        web = Web(re.search(r"dashboard: (https?://\S+)", running.wait_for_line("dashboard: http"))[1],
                  (self.data / "web.token").read_text().strip())
        self.services.control(wine.SLOW + 8, "patient")
        with self.assertRaises(TimeoutError):
            web.ask("POST", f"{API}/hosts/{self.host}/services/patient/control", {"action": "restart"}, timeout=2)
        wait_until(lambda: self.services.list()["patient"].state == "STOP_PENDING", 5, "it stops")
        self.assertEqual(running.stop(), 0, running.output())
        self.assertEqual(self.services.list()["patient"].state, "RUNNING")
        self.assertIn("tocsin ends after that", running.output())
        history = tocsin("history", "-c", self.file, "--data-dir", self.data).stdout
        self.assertRegex(history, r"patient +restarted .*it is RUNNING \(was RUNNING\)")

    def test_recovery_starts_what_has_failed(self):
        self.services.start("fails")
        desk = self.enterContext(Receiver())
        entry = self.entry(("fails", MARKER))
        entry["services"][0]["policy"] = {"recovery": {"waits": ["1s"]}}
        self.configure(entry, every="every 1 second",
                       webhooks=[{"description": "desk", "webhookURL": desk.url(), "httpMethod": "POST"}])
        running = self.enterContext(Running(self.file, self.data))
        running.wait_for_line(f"{MARKER} is MISSING at the first check")
        self.services.control(wine.FAIL, "fails")
        stopped, started = (request.message for request in desk.wait_for(2, 60))
        self.assertEqual((stopped["serviceStatus"], "recovery" in stopped), ("STOPPED", False))
        self.assertEqual(started["serviceStatus"], "RUNNING")
        self.assertRegex(started["recovery"], r"^after tocsin started it \(attempt \d of 3\)$")
        self.assertEqual(self.services.list()["fails"].state, "RUNNING")
