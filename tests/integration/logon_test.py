"""A monitor must never lock an account: how often a refused logon is repeated, and who is notified.

smbd and the pretend hosts count the logons themselves. A usual policy locks an account after 10.
"""
import json
import pathlib
import re
import socket
import tempfile
import time
import unittest

from program import (ON_WINE, Running, Simulator, configuration, named, require_tocsin,
                     tocsin)
from receiver import Receiver
from servers import Samba, wait_until

# Kinds of alerts about a credential.
REFUSED = "refused"
ACCEPTED = "accepted"
UNMONITORED = "unmonitored"

DOMAIN = "CORP"
HOSTS = 200
SERVICE = "QlikSenseEngineService"
LOCKED_OUT = "0xC0000234"


def setUpModule():
    require_tocsin()
    if ON_WINE:
        raise unittest.SkipTest("what counts logons is the same code on both platforms")


class Logons(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.file = self.folder / "tocsin.yaml"
        self.data = self.folder / "data"

    def assert_few(self, count, most, seconds):
        """Fails at once when more than so many logons have been refused, within that time."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            self.assertLessEqual(count(), most, f"refused logons after {passed:.1f} s")
            time.sleep(0.2)

    def kinds(self):
        done = tocsin("history", "--json", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, 0, done)
        return [row["kind"] for row in json.loads(done.stdout)]


class OneHost(Logons):
    def test_a_wrong_password_is_tried_once_a_minute_at_first(self):
        with Samba("  log level = 1 auth_audit:5") as samba:
            def refused():
                log = (samba.folder / "log.smbd").read_text(errors="replace")
                return re.findall(r"Auth: \[SMB2.*status \[(?!NT_STATUS_OK\]).*", log)

            configuration(self.file, hosts=[samba.host()], every="every 1 second",
                          credentials={**samba.credentials(), "password": "wrong"})
            with Running(self.file, self.data):
                self.assert_few(lambda: len(refused()), 1, seconds=20)
            # "Log On To" and whoever reads the log need the name of this machine.
            workstation = socket.gethostname().split(".")[0].upper()[:15]
            self.assertIn(f"workstation [{workstation}]", refused()[0])
            self.assertNotIn("unreachable", self.kinds())


class ManyHosts(Logons):
    """Pretend hosts of one domain account."""

    def simulate(self, hosts, *arguments):
        self.logons_file = self.folder / "logons"
        self.events = self.folder / "events"
        self.simulator = self.enterContext(
            Simulator(hosts, "--services", 10, "--logons", self.logons_file,
                      "--follow", self.events, *arguments))

    def happen(self, *events):
        """On the pretend hosts, at once."""
        with open(self.events, "a", encoding="utf-8") as file:
            file.writelines(f"{event}\n" for event in events)

    def configure(self, password, *webhooks, name="corp"):
        configuration(
            self.file, webhooks=webhooks, dataDirectory=named(self.data), every="every 1 second",
            hosts=[self.simulator.host(name, (SERVICE,)) for name in self.simulator.hosts],
            credentials={"name": name, "username": f"{DOMAIN}\\{self.simulator.USER}",
                         "password": password})

    def logons(self, outcome, since=0):
        """The rows (time, host, user, outcome, status, workstation) from one on."""
        if not self.logons_file.exists():
            return []
        rows = [line.split("\t")
                for line in self.logons_file.read_text(encoding="utf-8").splitlines()]
        return [row for row in rows[since:] if row[3] == outcome]

    def refused(self, since=0):
        return len(self.logons("refused", since))

    def wait_until_all_are_watched(self, seconds, since=0):
        def absent():
            return set(self.simulator.hosts) - {row[1] for row in self.logons("accepted", since)}
        wait_until(lambda: not absent(), seconds,
                   lambda: f"{len(absent())} hosts are not watched: {sorted(absent())[:5]} ...")

    def run_tocsin(self):
        return self.enterContext(Running(self.file, self.data))


class Watching(ManyHosts):
    def setUp(self):
        super().setUp()
        self.simulate(HOSTS)
        self.receiver = self.enterContext(Receiver())

    def test_a_cold_start_with_a_wrong_password_is_one_alert(self):
        self.configure("wrong", self.receiver.url())
        self.run_tocsin()
        alert = self.receiver.wait_for(1, seconds=10)[0].message
        self.assertEqual(alert["host"], "credential:corp")
        self.assertIn("wrong user name or password", alert["reason"])
        refused = {row[1] for row in self.logons("refused")}
        for host in refused:
            self.assertIn(host, alert["reason"])
        self.assert_few(self.refused, 2, seconds=10)
        self.assertEqual(self.kinds(), [REFUSED])
        self.assertEqual(len(self.receiver.requests), 1)

    def expect_end(self):
        end = self.receiver.wait_for(2)[1].message
        self.assertEqual((end["host"], end["serviceStatus"]), ("credential:corp", "UNMONITORED"))
        self.wait_until_all_are_watched(30)
        self.assertEqual(self.kinds(), [REFUSED, UNMONITORED])

    def test_a_credential_that_a_reload_replaces_ends_its_alert(self):
        self.configure("wrong", self.receiver.url())
        self.run_tocsin()
        self.receiver.wait_for(1, seconds=10)
        self.configure(self.simulator.PASSWORD, self.receiver.url(), name="other")
        reloaded = tocsin("reload", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(reloaded.returncode, 0, reloaded)
        self.expect_end()

    def test_a_credential_that_was_replaced_while_nobody_ran_ends_its_alert(self):
        self.configure("wrong", self.receiver.url())
        with Running(self.file, self.data) as running:
            self.receiver.wait_for(1, seconds=10)
            running.wait_for_line("delivered, ")
            running.stop()
        self.configure(self.simulator.PASSWORD, self.receiver.url(), name="other")
        self.run_tocsin()
        self.expect_end()

    def test_a_lock_out_suspends_all_hosts_at_once(self):
        self.happen(f"refuse-logons * {LOCKED_OUT}")
        self.configure(self.simulator.PASSWORD)
        running = self.run_tocsin()
        self.assert_few(self.refused, 1, seconds=10)
        self.assertIn("locked out", running.output())
        self.assertNotIn("unreachable", self.kinds())

    def test_restarts_try_a_wrong_password_no_more_often(self):
        self.configure("wrong")
        for _ in range(10):
            with Running(self.file, self.data) as running:
                self.assert_few(self.refused, 3, seconds=1.5)
                running.kill()
        self.assertGreater(self.refused(), 0, "nobody has tried the password")
        self.assertNotIn("unreachable", self.kinds())

    def test_a_password_that_changes_is_one_alert_and_its_end(self):
        password = "changed"
        self.configure(self.simulator.PASSWORD, self.receiver.url())
        self.run_tocsin()
        self.wait_until_all_are_watched(30)
        self.happen(f"password * {password}")
        time.sleep(3)
        self.assertEqual(self.refused(), 0, "open sessions are kept")
        self.happen("disconnect *")
        alert = self.receiver.wait_for(1, seconds=10)[0].message
        self.assertIn("password", alert["reason"])
        self.assert_few(self.refused, 2, seconds=10)

        refused = self.refused()
        done = len(self.logons_file.read_text(encoding="utf-8").splitlines())
        self.configure(password, self.receiver.url())
        reloaded = tocsin("reload", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(reloaded.returncode, 0, reloaded)
        self.wait_until_all_are_watched(1 + 5, since=done)
        self.receiver.wait_for(2)
        # The hosts are watched again: the next notification is of a service.
        last = list(self.simulator.hosts)[-1]
        self.happen(f"stop {last} {SERVICE}")
        stopped = self.receiver.wait_for(3)[2].message
        self.assertEqual((stopped["host"], stopped["serviceStatus"]), (last, "STOPPED"))
        self.assertEqual(self.kinds(), [REFUSED, ACCEPTED, "stopped"])
        self.assertEqual(self.refused(), refused)


class Checking(ManyHosts):
    def check(self, *arguments):
        done = tocsin("check", "-c", self.file, *arguments)
        return done.returncode, done.stdout + done.stderr

    def test_a_wrong_password_is_tried_once_and_then_only_when_forced(self):
        self.simulate(20)
        self.configure("wrong")
        code, said = self.check()
        self.assertEqual((code, self.refused()), (3, 1), said)
        code, said = self.check()
        self.assertEqual((code, self.refused()), (3, 1), said)
        self.assertIn("--force", said)
        self.assertRegex(said, "(?i)corp.*suspect|suspect.*corp")
        code, said = self.check("--force")
        self.assertEqual((code, self.refused()), (3, 2), said)
        self.configure(self.simulator.PASSWORD)
        code, said = self.check()
        self.assertEqual((code, len(self.logons("accepted"))), (0, 20), said)

    def test_a_lock_out_is_told_as_such(self):
        self.simulate(1, "--event", f"refuse-logons * {LOCKED_OUT}")
        self.configure(self.simulator.PASSWORD)
        code, said = self.check()
        self.assertEqual(code, 3)
        self.assertIn("locked out", said)
        self.assertEqual([row[4] for row in self.logons("refused")], [LOCKED_OUT])


if __name__ == "__main__":
    unittest.main()
