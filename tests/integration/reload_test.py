"""`tocsin reload` and SIGHUP: what a new configuration changes, and what it leaves alone."""
import pathlib
import signal
import time
import unittest

import oracles
from program import ON_WINE, configuration, require_tocsin, tocsin
from servers import closed_port, wait_until
from watched import ENGINE, MARKER, PROXY, Watched


def setUpModule():
    require_tocsin()


def connections(port):
    """The connections of others than this process to the port, by their sockets."""
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    mine = {link.readlink().name for link in pathlib.Path("/proc/self/fd").iterdir()
            if link.is_symlink()}
    return {row[9] for row in rows if row[2] == f"0100007F:{port:04X}" and row[3] == "01"
            and f"socket:[{row[9]}]" not in mine}


class Reload(Watched):
    def setUp(self):
        super().setUp()
        self.other = next(self.unused_hosts)

    def write(self, *webhooks, hosts=None, services=(ENGINE, PROXY, MARKER), **more):
        configuration(self.file, webhooks=webhooks, credentials=self.simulator.credentials(),
                      hosts=[self.simulator.host(host, services)
                             for host in hosts or [self.host]], **more)

    def start(self, *webhooks, **more):
        self.write(*webhooks, **more)
        self.running = self.start_tocsin(first_look=True)

    def reload(self, code=0):
        done = tocsin("reload", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, code, done)
        return done.stdout if code == 0 else done.stderr

    def other_manager(self):
        return self.enterContext(oracles.ServiceManager(
            self.simulator.hosts[self.other], self.simulator.USER, self.simulator.PASSWORD))

    def test_hosts_and_destinations_come_and_sessions_and_states_stay(self):
        desk, pager = self.receiver(), self.receiver()
        self.start(self.webhook(desk))
        self.manager.stop(ENGINE)
        self.assertEqual(self.states(desk.wait_for(1)), [(ENGINE, "STOPPED")])
        port = self.simulator.hosts[self.host]
        before = connections(port)
        self.write(self.webhook(desk), self.webhook(pager), hosts=[self.host, self.other])
        self.assertIn("reloaded: hosts: 2, new: 1, changed: 0, removed: 0, destinations: 2",
                      self.reload())
        self.running.wait_for_line(f"host {self.other}: {MARKER} is MISSING at the first check")
        self.other_manager().stop(PROXY)
        self.assertEqual(self.states(pager.wait_for(1)), [(PROXY, "STOPPED")])
        desk.wait_for(2)  # there is no order between hosts
        self.manager.start(ENGINE)
        self.assertEqual(self.states(desk.wait_for(3))[1:], [(PROXY, "STOPPED"), (ENGINE, "RUNNING")])
        self.assertTrue(before & connections(port), "the session with the host is another one")

    def test_a_host_that_changes_keeps_its_session_and_one_that_goes_is_left(self):
        desk = self.receiver()
        self.start(self.webhook(desk), hosts=[self.host, self.other])
        self.running.wait_for_line(f"host {self.other}: {MARKER} is MISSING at the first check")
        port = self.simulator.hosts[self.host]
        wait_until(lambda: connections(port), 10, "a session with the host")
        before = connections(port)
        self.write(self.webhook(desk), services=(ENGINE, MARKER))
        self.assertIn("new: 0, changed: 1, removed: 1", self.reload())
        self.running.wait_for_line(f"host {self.host}: configuration changed: services")
        wait_until(lambda: not connections(self.simulator.hosts[self.other]), 15,
                   "the end of the session with the host that is gone")
        self.other_manager().stop(ENGINE)
        self.manager.stop(PROXY)
        self.manager.stop(ENGINE)
        self.assertEqual(self.states(desk.wait_for(1)), [(ENGINE, "STOPPED")])
        self.assertEqual(len(self.rows("history")), 1)
        self.assertTrue(before & connections(port), "the session with the host is another one")

    def expect_ends(self, desk, other, *services):
        """Desk was notified of these, which end; the other was of nothing."""
        ends = self.states(desk.wait_for(2 * len(services)))[len(services):]
        self.assertEqual(sorted(ends), sorted((service, "UNMONITORED") for service in services))
        time.sleep(1)
        self.assertEqual(len(desk.requests), 2 * len(services))
        self.assertEqual(other.requests, [])

    def test_what_is_no_longer_monitored_ends_for_those_who_were_told(self):
        desk, other = self.receiver(), self.receiver()
        self.start(self.webhook(desk), hosts=[self.host, self.other])
        self.running.wait_for_line(f"host {self.other}: {MARKER} is MISSING at the first check")
        self.manager.stop(ENGINE)
        desk.wait_for(1)
        self.other_manager().stop(PROXY)
        desk.wait_for(2)
        # The one leaves with its host, the other alone.
        self.write(self.webhook(desk), self.webhook(other), hosts=[self.host],
                   services=(PROXY, MARKER))
        self.assertIn("removed: 1", self.reload())
        self.expect_ends(desk, other, ENGINE, PROXY)
        self.assertEqual(self.rows("history", self.other)[-1]["kind"], "unmonitored")

    def test_what_went_while_nobody_ran_ends_at_the_start(self):
        desk, other = self.receiver(), self.receiver()
        self.start(self.webhook(desk), hosts=[self.host, self.other])
        self.running.wait_for_line(f"host {self.other}: {MARKER} is MISSING at the first check")
        self.other_manager().stop(PROXY)
        desk.wait_for(1)
        self.wait_for_delivery("delivered")
        self.running.stop()
        self.write(self.webhook(desk), self.webhook(other))
        self.running = self.start_tocsin()
        self.running.wait_for_line(f"host {self.other}: no longer monitored, and forgotten")
        self.expect_ends(desk, other, PROXY)

    def test_what_is_expected_now_ends(self):
        desk, other = self.receiver(), self.receiver()
        self.start(self.webhook(desk))
        self.manager.stop(ENGINE)
        desk.wait_for(1)
        self.write(self.webhook(desk), self.webhook(other), monitor={"policy": {
            "flapping": {"start": 0}, "expected": "stopped"}}, services=(ENGINE,))
        self.reload()
        self.expect_ends(desk, other, ENGINE)
        self.assertIn("this state is expected now", desk.requests[-1].message["reason"])

    def test_what_waits_is_told_once(self):
        port = self.enterContext(closed_port())
        entry = {"description": "late", "webhookURL": f"http://127.0.0.1:{port}/", "httpMethod": "POST"}
        self.start(entry)
        self.manager.stop(ENGINE)
        self.running.wait_for_line("not delivered, attempt 1")
        self.write(entry, every="every 2 seconds")
        self.assertIn("changed: 1", self.reload())
        late = self.receiver(port=port)
        self.assertEqual(self.states(late.wait_for(1, seconds=60)), [(ENGINE, "STOPPED")])
        self.wait_for_delivery("delivered")
        time.sleep(1)
        self.assertEqual(len(late.requests), 1)

    def test_a_bad_file_changes_nothing(self):
        desk = self.receiver()
        self.start(self.webhook(desk))
        good = self.file.read_text(encoding="utf-8")
        self.file.write_text(good.replace('"every 1 second"', '"every 0 seconds"'), encoding="utf-8")
        done = tocsin("reload", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, 2, done)
        self.assertRegex(done.stderr, r":6:27: error: `frequency`: expected a number of at least 1")
        if not ON_WINE:  # the running one reads it too
            self.running.process.send_signal(signal.SIGHUP)
            self.running.wait_for_line(lambda line: "not reloaded, nothing has changed: " in line and
                                       "expected a number of at least 1" in line)
        self.manager.stop(ENGINE)
        self.assertEqual(self.states(desk.wait_for(1)), [(ENGINE, "STOPPED")])

    @unittest.skipIf(ON_WINE, "Windows has no signals")
    def test_a_signal(self):
        self.start()
        desk = self.receiver()
        self.write(self.webhook(desk))
        for _ in range(3):  # as many as come, while one is at work too
            self.running.process.send_signal(signal.SIGHUP)
        self.running.wait_for_line("reloaded: hosts: 1, new: 0, changed: 0")
        self.manager.stop(ENGINE)
        self.assertEqual(self.states(desk.wait_for(1)), [(ENGINE, "STOPPED")])

    def test_a_pattern_that_finds_nothing_is_said_at_the_first_check(self):
        self.start(services=(ENGINE, MARKER, "NoSuch*"))
        self.running.wait_for_line(f"{self.host}: no service matches `NoSuch*`")
        self.write(services=(ENGINE, MARKER, "NoSuch*", "Nobody?", "Qlik*"))
        self.reload()
        self.running.wait_for_line(f"{self.host}: no service matches `Nobody?` yet")
        self.assertNotIn("matches `Qlik*`", self.running.output())

    def test_nobody_is_there(self):
        self.start()
        self.running.stop()
        self.assertIn("no tocsin runs with this data directory", self.reload(code=1))


if __name__ == "__main__":
    unittest.main()
