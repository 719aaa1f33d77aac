"""`tocsin start`, `stop` and `restart`: what they do, and what they refuse to do."""
import json
import unittest

import controlled
import wine
from program import Running, Simulator, configuration, require_tocsin, tocsin
from servers import Samba, wait_until
from watched import ENGINE, PROXY
from wine_host import Windows, WineHost

DISPATCHER = "QlikSenseServiceDispatcher"
QLIK = "QlikSense*"


def setUpModule():
    require_tocsin()


class OnAPretendHost(controlled.Commands):
    OPTIONS = ()

    def setUp(self):
        super().setUp()
        self.events = self.folder / "events"
        self.simulator = self.enterContext(
            Simulator(1, "--follow", self.events, "--logons", self.folder / "logons", *self.OPTIONS))
        self.host = next(iter(self.simulator.hosts))
        self.configure()

    def configure(self, control=True, credentials=(), **more):
        host = {**self.simulator.host(self.host, [QLIK, "Spooler", "CscService"]), "control": control}
        configuration(self.file, hosts=[host], credentials=self.simulator.credentials(), **more)
        if credentials:
            whole = json.loads(self.file.read_text(encoding="utf-8"))
            whole["tocsin"]["serviceMonitor"]["credentials"].extend(credentials)
            self.file.write_text(json.dumps(whole), encoding="utf-8")

    def happen(self, *events):
        before = len(self.simulator.lines)
        with open(self.events, "a", encoding="utf-8") as file:
            file.writelines(f"{event}\n" for event in events)
        wait_until(lambda: len(self.simulator.lines) >= before + len(events), 10, f"{events}")


class Services(OnAPretendHost):
    def test_stops_and_starts(self):
        stopped = self.control("stop", "Spooler")
        self.assertEqual((stopped["before"], stopped["after"], stopped["error"]), ("RUNNING", "STOPPED", None))
        self.assertEqual(self.state("Spooler"), "STOPPED")
        again = self.run_command("stop", f"{self.host}/Spooler")
        self.assertIn("Spooler on qs-node is STOPPED already: nothing was done", again.stdout)
        started = self.run_command("start", f"{self.host}/Spooler")
        self.assertIn("Spooler on qs-node is RUNNING (was STOPPED)", started.stdout)
        self.assertEqual(self.control("start", "Spooler")["steps"], [])
        self.assertEqual(self.state("Spooler"), "RUNNING")

    def test_restarts_with_what_depends_on_it(self):
        self.happen(f"stop {self.host} {PROXY}")
        done = self.control("restart", DISPATCHER)
        steps = self.steps(done)
        half = len(steps) // 2
        self.assertEqual(steps[half - 1:half + 1], [("stop", DISPATCHER), ("start", DISPATCHER)])
        self.assertEqual([service for _, service in steps[half:]], [service for _, service in reversed(steps[:half])])
        self.assertIn(("stop", ENGINE), steps)
        self.assertNotIn(("start", PROXY), steps, "it did not run before")
        self.assertEqual((self.state(ENGINE), self.state(PROXY)), ("RUNNING", "STOPPED"))

    def test_starts_what_it_depends_on(self):
        self.control("stop", DISPATCHER)
        self.assertEqual(self.state(ENGINE), "STOPPED")
        self.assertEqual(self.steps(self.control("start", ENGINE)), [("start", ENGINE)])
        self.assertEqual(self.state(DISPATCHER), "RUNNING")

    def test_a_dry_run_does_nothing(self):
        planned = self.control("restart", DISPATCHER, "--dry-run")
        self.assertIn(("stop", ENGINE), self.steps(planned))
        self.assertEqual((planned["before"], planned["after"], planned["error"]), ("RUNNING", "RUNNING", None))
        said = self.run_command("restart", f"{self.host}/{DISPATCHER}", "--dry-run").stdout
        self.assertIn("nothing was done, because this was a dry run", said)
        self.assertEqual(self.state(ENGINE), "RUNNING")
        self.assertFalse([line for line in self.simulator.lines if ENGINE in line])

    def test_says_why_a_service_does_not_start(self):
        self.happen(f"stop {self.host} Spooler", f"unplug {self.host} Spooler")
        self.assertEqual(self.refused("start", "Spooler"),
                         f"{self.host}: start Spooler: the account of the service could not log on (error 1069)")
        self.happen(f"jam {self.host} Spooler")
        # It gives a wait hint of 30 seconds.
        self.assertRegex(self.refused("start", "Spooler"), "it is still START_PENDING after 3. s without progress")

    def test_a_restart_that_fails_starts_what_it_has_stopped(self):
        self.happen(f"unplug {self.host} {ENGINE}")
        done = self.control("restart", DISPATCHER, code=1)
        self.assertEqual(done["error"],
                         f"start {ENGINE}: the account of the service could not log on (error 1069)")
        self.assertEqual((self.state(DISPATCHER), self.state(PROXY)), ("RUNNING", "RUNNING"))

    def test_what_is_disabled_is_refused(self):
        self.assertEqual(self.refused("start", "CscService"),
                         f"{self.host}: start CscService: CscService is disabled: set its start type to manual or "
                         "automatic first (error 1058)")

    def test_rights_that_are_missing(self):
        self.happen(f"protect {self.host} {ENGINE}")
        sentence = self.refused("stop", DISPATCHER)
        self.assertIn(f"stop {ENGINE}: access is denied: grant the account SERVICE_STOP on {ENGINE}", sentence)
        self.assertIn("docs/windows-hosts.md", sentence)
        self.assertEqual(self.state(PROXY), "RUNNING", "nothing is stopped before that is known")
        self.assertEqual(self.refused("stop", DISPATCHER, "--dry-run"), sentence)

    def test_only_hosts_that_have_control(self):
        self.configure(control=False)
        self.assertIn("are only watched: write `control: true`", self.refused("stop", "Spooler"))
        self.assertIn("no service `Fax` is watched", (self.configure(), self.refused("stop", "Fax"))[1])
        self.assertIn("no host", self.run_command("stop", "nobody/Spooler", code=1).stderr)
        self.assertIn("write HOST/SERVICE", self.run_command("stop", self.host, code=1).stderr)

    def test_an_account_of_its_own(self):
        operator = {"name": "operator", "username": "operator", "password": "another"}
        self.configure(control={"credentials": "operator"}, credentials=[operator])
        self.assertEqual(self.state("Spooler"), "RUNNING")
        self.assertIn("wrong user name or password", self.refused("stop", "Spooler", code=3))
        self.assertIn("is suspect", self.run_command("stop", f"{self.host}/Spooler", code=3).stderr)
        rows = (self.folder / "logons").read_text(encoding="utf-8").splitlines()
        self.assertEqual(sum("\trefused\t" in row for row in rows), 1, "the account is not locked")

    def test_other_names_of_services(self):
        running = self.enterContext(Running(self.file, self.data))
        running.wait_for_line("details read")
        self.assertEqual(self.control("stop", "Print Spooler")["service"], "Spooler")
        said = tocsin("history", "-c", self.file, "--data-dir", self.data, env={"COLUMNS": "200"}).stdout
        self.assertRegex(said, r"Spooler +stopped .*it is STOPPED \(was RUNNING\)")


class WithoutRights(OnAPretendHost):
    OPTIONS = ("--watch-only",)

    def test_everything_is_refused(self):
        for action, right in (("stop", "SERVICE_STOP"), ("restart", "SERVICE_START")):
            self.assertIn(f"access is denied: grant the account {right} on Spooler", self.refused(action, "Spooler"))
        self.assertEqual(self.state("Spooler"), "RUNNING")


class OnSamba(controlled.Commands):
    """What Samba knows of it: Spooler can be stopped and started, nothing else."""

    @classmethod
    def setUpClass(cls):
        cls.samba = cls.enterClassContext(Samba())
        cls.host = "samba"

    def setUp(self):
        super().setUp()
        configuration(self.file, hosts=[{**self.samba.host(("Spooler", "NETLOGON")), "control": True}],
                      credentials=self.samba.credentials())

    def test_stops_and_starts(self):
        self.assertEqual(self.control("stop", "Spooler")["after"], "STOPPED")
        self.assertEqual(self.state("Spooler"), "STOPPED")
        self.assertEqual(self.steps(self.control("start", "Spooler")), [("start", "Spooler")])
        self.assertEqual(self.state("Spooler"), "RUNNING")
        self.assertEqual(self.steps(self.control("restart", "Spooler")), [("stop", "Spooler"), ("start", "Spooler")])

    def test_what_it_refuses(self):
        self.assertIn("NETLOGON", self.refused("start", "NETLOGON"))
        self.assertEqual(self.state("NETLOGON"), "STOPPED")


class OnWine(controlled.ServicesThatRun):
    """Samba before Wine's service manager."""

    @classmethod
    def setUpClass(cls):
        windows = Windows()
        cls.enterClassContext(wine.Prefix())
        cls.enterClassContext(windows)
        cls.samba = cls.enterClassContext(WineHost(windows))
        cls.install(windows.services)
        cls.host = "samba"
        cls.credentials = cls.samba.credentials()

    def entry(self, names):
        return self.samba.host(names)


if __name__ == "__main__":
    unittest.main()
