"""Changes that a host which others wrote tells by itself (wine_host.py), in what wine_host_test.py does not come to:
restarts, removals, sessions that end, refusals, and what goes over the wire."""
import os
import pathlib
import signal
import tempfile
import time
import unittest

import wine
from capture import Capture, require_capture
from kdc import HOST, REALM, SERVICE, Kdc, samba_options
from pipe_caller import Caller
from program import Running, configuration, require_tocsin, tocsin
from pushed import assert_calls_are_sound, pushed
from receiver import Receiver
from servers import connected, wait_until
from wine_host import NOTIFY, Windows, WineHost

NAME = "pushing"
PASSWORD = "Passw0rd"  # tshark finds the session key with one that is ASCII only
WITNESS = "witness"
HOURLY, EVERY_SECOND = "every 1 hour", "every 1 second"

windows = None
host = None


def setUpModule():
    global windows, host
    require_tocsin()
    windows = Windows()
    host = WineHost(windows, "  server max protocol = SMB2_10\n  server signing = mandatory", password=PASSWORD,
                    front={"multiplexes": True})
    for context in (wine.Prefix(), windows, host):
        unittest.enterModuleContext(context)
    windows.services.install(WITNESS)


class Pushing(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.receiver = self.enterContext(Receiver())

    def run_tocsin(self, *services, every):
        """Returns when the services have been checked and their details read."""
        file = configuration(self.folder / "tocsin.yaml", credentials=host.credentials(), every=every,
                             webhooks=[self.receiver.url()], hosts=[{
                                 **host.host(host=NAME), "services": [
                                     {"name": name, "policy": {"pendingLimit": "1s"}} for name in services]}])
        self.running = self.enterContext(Running(file, self.folder / "data"))
        self.running.wait_for_line("details read")

    def watch(self, *services, every=HOURLY):
        """Returns when they are listened to: a change of one beside them has been pushed. One before that may be found by a check."""
        self.set_states(WITNESS, "STOPPED")
        self.run_tocsin(WITNESS, *services, every=every)
        for state in 20 * ("RUNNING", "STOPPED"):
            self.set_states(WITNESS, state)
            end = time.monotonic() + 2
            while not (told := self.has_pushed_witness(state)) and time.monotonic() < end:
                time.sleep(0.02)
            if told and state == "RUNNING":
                return
        self.fail(self.running.output())

    def has_pushed_witness(self, state):
        return pushed(self.running, NAME, WITNESS)[-1:] == [state]

    def watch_running(self, name):
        """A new service that runs, with a check a second."""
        windows.services.install(name)
        windows.services.start(name)
        self.watch(name, every=EVERY_SECOND)

    def change_witness(self, state):
        self.set_states(WITNESS, state)
        wait_until(lambda: self.has_pushed_witness(state), 30, self.running.output)

    @staticmethod
    def set_states(name, *states):
        with Caller(host.front) as caller:
            caller.bind()
            caller.set_states(name, *states)

    def told(self, *expected):
        """The alerts, each a service and a kind, but those about the witness."""
        def alerts():
            messages = [request.message for request in list(self.receiver.requests)]
            return [(message["serviceName"], message["kind"]) for message in messages
                    if message["serviceName"] != WITNESS]
        wait_until(lambda: len(alerts()) >= len(expected), 30, self.running.output)
        self.assertEqual(alerts(), list(expected))

    def checks(self):
        return sum("check answered" in line for line in self.running.lines)


class Changes(Pushing):
    def test_a_restart_within_milliseconds(self):
        name = "restarts"
        windows.services.install(name)
        self.set_states(name, "RUNNING")
        self.watch(name)
        self.set_states(name, "STOPPED", "RUNNING")
        self.told((name, "stopped"), (name, "started"))
        self.assertEqual(pushed(self.running, NAME, name), ["STOPPED", "RUNNING"])
        self.assertEqual(self.checks(), 1)

    def test_checks_tell_what_hangs(self):
        name = "hangs"
        self.watch_running(name)
        windows.services.hang(name)
        self.told((name, "stuck"))
        self.assertEqual(pushed(self.running, NAME, name), ["STOP_PENDING"])

    def test_what_is_listened_to_can_be_replaced(self):
        """Wine does not tell that a service is to be removed: each check lets go of those that have stopped."""
        name = "replaced"
        self.watch_running(name)
        windows.services.stop(name)
        windows.services.remove(name)
        windows.services.install_again(name)
        before = self.checks()
        wait_until(lambda: self.checks() > before + 1, 10, self.running.output)  # the new one is listened to
        windows.services.start(name)
        wait_until(lambda: pushed(self.running, NAME, name)[-1] == "RUNNING", 10, self.running.output)


class Tickets(unittest.TestCase):
    def test_changes_are_told_over_one_session_while_tickets_last_for_seconds(self):
        kdc = self.enterContext(Kdc())
        own = WineHost(windows, samba_options(kdc), logs_in=False, front={"multiplexes": True})
        own.environment = {"KRB5_CONFIG": str(kdc.krb5_conf)}
        self.enterContext(own)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        environment = {"KRB5_CONFIG": str(kdc.krb5_conf), "KRB5CCNAME": f"FILE:{folder}/no-cache"}
        file = configuration(folder / "tocsin.yaml", every=EVERY_SECOND, hosts=[
            {**own.host([WITNESS], host=NAME), "serverName": HOST}], credentials={
                "name": "test", "username": f"root@{REALM}", "password": own.password})
        tocsin("check", "-c", file, env=environment)  # a fresh smbd may take longer than such a ticket lasts
        kdc.change(f"modprinc -maxlife 4seconds {SERVICE}")
        Pushing.set_states(WITNESS, "STOPPED")
        running = self.enterContext(Running(file, folder / "data", env=environment))
        running.wait_for_line("details read")
        expected = []
        for state in ("RUNNING", "STOPPED") * 3:
            time.sleep(2)
            Pushing.set_states(WITNESS, state)
            expected.append(state)
            wait_until(lambda: pushed(running, NAME, WITNESS) == expected, 10, running.output)
        self.assertEqual(running.stop(), 0, running.output())
        opened = [line for line in running.lines if "session opened" in line]
        self.assertEqual(len(opened), 1, running.output())
        self.assertIn("Kerberos)", opened[0])


class Refusals(Pushing):
    """The host tells of nothing."""

    def setUp(self):
        super().setUp()
        before = host.front.refused
        self.addCleanup(setattr, host.front, "refused", before)
        host.front.refused = (*before, NOTIFY)

    def test_checks_tell_of_changes(self):
        name = "checked"
        windows.services.install(name)
        self.run_tocsin(name, every=EVERY_SECOND)
        self.set_states(name, "RUNNING")
        self.told((name, "started"))
        self.assertEqual(pushed(self.running, NAME, name), [])

    def test_nothing_stays_open(self):
        names = ("free", "free too")
        windows.services.install(*names)
        self.run_tocsin(*names, every=HOURLY)
        for name in names:
            windows.services.remove(name)
            windows.services.install_again(name)


class Endings(Pushing):
    def test_a_host_that_ends_every_listening_is_checked_over_one_session(self):
        host.front.ends_at = (NOTIFY,)
        self.addCleanup(setattr, host.front, "ends_at", ())
        name = "ending"
        windows.services.install(name)
        self.run_tocsin(name, every=EVERY_SECOND)
        wait_until(lambda: self.checks() > 10, 30, self.running.output)
        self.set_states(name, "RUNNING")
        self.told((name, "started"))
        self.assertIn(sum("session opened" in line for line in self.running.lines), range(2, 6))


class Losses(Pushing):
    """Sessions end while services change."""

    def assert_nothing_is_lost(self, end, *names):
        windows.services.install(*names)
        self.watch(*names)
        expected = []
        for name in names:
            end()
            self.set_states(name, "RUNNING")
            expected.append((name, "started"))
            self.told(*expected)
            self.change_witness("STOPPED")  # as it is listened to again
            self.change_witness("RUNNING")
        self.assertGreater(self.checks(), len(names))

    def test_with_the_pipe(self):
        self.assert_nothing_is_lost(host.front.hang_up, "one", "two")

    def test_with_the_connection(self):
        self.assert_nothing_is_lost(end_connections, "three", "four")


def end_connections():
    """smbd has a process for each, as a child of its first one."""
    children = pathlib.Path(f"/proc/{host.process.pid}/task/{host.process.pid}/children").read_text().split()
    for child in children:
        if connected(child, host.port):
            os.kill(int(child), signal.SIGKILL)


class Captured(Pushing):
    def test_tshark_finds_nothing_wrong(self):
        require_capture()
        name = "captured"
        windows.services.install(name)
        file = self.folder / "capture.pcapng"
        with Capture(file, host.port):
            self.watch(name)
            windows.services.start(name)
            self.told((name, "started"))  # a host tells of no state that is over before it is asked again
            windows.services.stop(name)
            self.told((name, "started"), (name, "stopped"))
            self.assertEqual(self.running.stop(), 0, self.running.output())
        assert_calls_are_sound(self, file, host.port, PASSWORD)


if __name__ == "__main__":
    unittest.main()
