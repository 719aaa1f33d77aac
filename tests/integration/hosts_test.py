"""What hosts may do: every change that there is, and every way to misbehave on the wire."""
import json
import os
import pathlib
import re
import tempfile
import time
import unittest

from patience import LONGEST, SANITIZER, assert_memory_below
from program import ON_WINE, Running, Simulator, configuration, require_tocsin, tocsin
from receiver import Receiver
from servers import wait_until

SERVICE = "LanmanServer"


def setUpModule():
    require_tocsin()


class Hosts(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.receiver = self.enterContext(Receiver())

    def configure(self, simulator, services=(SERVICE,), **more):
        self.file = configuration(
            self.folder / "tocsin.yaml", credentials=simulator.credentials(),
            hosts=[simulator.host(name, services) for name in simulator.hosts],
            webhooks=[self.receiver.url()], **more)

    def history(self):
        done = tocsin("history", "--json", "-c", self.file, "--data-dir", self.folder / "data")
        return json.loads(done.stdout)


class Timeline(Hosts):
    """What happens to a service and its host, and what is notified of it: (script, kind, states)."""

    # Rights count when a service is opened, and a stopped one is opened at each check.
    STORY = (
        ("stop HOST SERVICE", "stopped", ("RUNNING", "STOPPED")),
        ("start HOST SERVICE", "started", ("STOPPED", "RUNNING")),
        ("restart HOST SERVICE", "restarted", ("RUNNING", "RUNNING")),
        ("pause HOST SERVICE", "paused", ("RUNNING", "PAUSED")),
        ("resume HOST SERVICE", "started", ("PAUSED", "RUNNING")),
        ("down HOST", "unreachable", None),
        ("up HOST", "reachable", None),
        ("crash HOST SERVICE", "stopped", ("RUNNING", "STOPPED")),
        ("deny HOST SERVICE", "denied", ("STOPPED", "DENIED")),
        ("allow HOST SERVICE", "visible", ("DENIED", "STOPPED")),
        ("uninstall HOST SERVICE", "vanished", ("STOPPED", "MISSING")),
        ("install HOST SERVICE", "stopped", ("MISSING", "STOPPED")),
        ("start HOST SERVICE", "started", ("STOPPED", "RUNNING")),
    )

    def test_everything_is_told_once_and_in_order(self):
        self.play("none", self.STORY)

    def test_a_host_that_tells_of_changes_tells_both_halves_of_a_restart(self):
        self.play_pushed("multiplexed")

    def test_so_does_one_that_takes_one_call_at_a_time_on_a_pipe(self):
        self.play_pushed("single")

    def play_pushed(self, push):
        restart = next(number for number, part in enumerate(self.STORY) if part[1] == "restarted")
        both = (self.STORY[restart][0], "stopped", ("RUNNING", "STOPPED")), (None, "started", ("STOPPED", "RUNNING"))
        # Rights are found by checks, which are rare here.
        rest = [part for part in self.STORY[restart + 1:] if part[1] not in ("denied", "visible")]
        self.play(push, [*self.STORY[:restart], *both, *rest])

    def play(self, push, story):
        step = 1.5  # seconds; a check a second
        away = 6.0  # a check that fails is tried once more, and Windows takes 2 s for a refused connection
        at = 4.0
        lines = []
        for what in (what for what, *_ in story if what):
            lines.append(f"{at}s {what}\n".replace("HOST", "qs-node").replace("SERVICE", SERVICE))
            at += away if what.startswith("down") else step
        script = self.folder / "script"
        script.write_text("".join(lines))
        with Simulator(1, "--script", script, "--push", push) as simulator:
            # A restart right after a check is told as one where the host tells of it: which was first is not known.
            self.configure(simulator, monitor={"checkEveryNth": 100})
            with Running(self.file, self.folder / "data") as running:
                self.receiver.wait_for(len(story), 60)
                time.sleep(1.5)
                self.assertEqual(running.stop(), 0, running.output())

        history = self.history()
        self.assertEqual([row["kind"] for row in history], [kind for _, kind, _ in story])
        told = [(kind, states) for _, kind, states in story if states]
        self.assertEqual([(row["kind"], (row["from"], row["to"]))
                          for row in history if row["service"]], told)
        messages = [request.message for request in self.receiver.requests
                    if request.message["currState"] not in ("UNREACHABLE", "REACHABLE")]
        self.assertEqual(len(self.receiver.requests) - len(messages), 2, "the host's own")
        self.assertEqual([(message["prevState"], message["currState"]) for message in messages],
                         [states for _, states in told])
        without = [message["kind"] for message in messages if "reason" not in message]
        self.assertEqual(set(without), {"stopped", "started"}, "all others have one")


class Unread(Hosts):
    """What is not known of services is named, and is no reason to fail."""

    def test_services_whose_start_mode_is_not_known_are_named(self):
        simulator = self.enterContext(Simulator(1, "--push", "none", "--event", "behave qs-node silent:13"))
        self.configure(simulator, ("LanmanServer",))
        done = tocsin("check", "--json", "-c", self.file)
        row, = json.loads(done.stdout)
        self.assertEqual((done.returncode, row["state"], row["startMode"]), (0, "RUNNING", "Unknown"), done)
        self.assertIn("qs-node: start mode not known, because the host did not answer within 30 s or the account may not "
                      "read it: LanmanServer", done.stderr)


@unittest.skipIf(ON_WINE, "what bounds it is the same code on both platforms, and Wine takes minutes for the log of 20,000 services")
class ChangingList(Hosts):
    """Services with the longest names that there are, other ones in each list."""

    MOST = 20_000  # services of a host, vanished ones included
    MEMORY = 300_000  # kilobytes

    def test_20000_at_each_check_cost_no_other_host_anything(self):
        told = self.watch_both(self.MOST, patience=60)
        self.assertLessEqual(set(told), {"vanished", "unreachable"}, "what is gone is asked for until the check has lasted 30 s")

    def test_more_than_are_watched_are_not_remembered(self):
        told = self.watch_both(4_000, patience=120)
        self.assertEqual(set(told), {"vanished"})
        self.assertLess(len(told), self.MOST)

    def watch_both(self, listed, patience):
        """Until the host whose list changes has an alert, and as many services as it may. Answers the kinds of its alerts."""
        events = self.folder / "events"
        events.touch()
        simulator = self.enterContext(Simulator(
            2, "--services", listed, "--push", "none", "--follow", events, "--event", "behave qs-node1 renaming"))
        changing, steady = simulator.hosts
        self.file = configuration(
            self.folder / "tocsin.yaml", credentials=simulator.credentials(), every="every 2 seconds",
            hosts=[simulator.host(changing, ("*",)), simulator.host(steady, (SERVICE,))], webhooks=[self.receiver.url()])

        def kinds_of(host):
            return [one.message["kind"] for one in list(self.receiver.requests) if one.message["host"] == host]

        with Running(self.file, self.folder / "data") as running:
            running.wait_for_line("all hosts and services are watched", 30 * LONGEST)
            for number, kind in enumerate(("stop", "start")):
                with open(events, "a", encoding="utf-8") as file:
                    file.write(f"{kind} {steady} {SERVICE}\n")
                wait_until(lambda: len(kinds_of(steady)) > number, 10 * LONGEST, lambda: kinds_of(steady))
            running.wait_for_line(f"{self.MOST} services are watched", patience * LONGEST)
            wait_until(lambda: kinds_of(changing), patience * LONGEST, lambda: "no alert about it")
            assert_memory_below(self, running.process.pid, "VmHWM", self.MEMORY)
            self.assertEqual(running.stop(), 0)
        return kinds_of(changing)


class Mischief(Hosts):
    # How a host misbehaves (":6": after six right replies), and what the error must say of it.
    WAYS = (
        ("unsigned", "not signed"),
        ("flipped", "negotiation"),
        ("truncated", "negotiation"),
        ("oversized", "too long"),
        ("garbage", "not an SMB2 message"),
        ("dribbling", "in time"),
        ("silent", "in time"),
        ("unsigned:6", "not signed"),
        ("flipped:6", "changed on its way|signature"),
        ("truncated:6", "wrong size"),
        ("oversized:6", "too long"),
        ("garbage:6", "not an SMB2 message"),
        ("replayed:6", "belongs to another request"),
        ("plain:6", "not encrypted"),
        ("silent:6", "in time"),
    )
    GOOD = ("expiring", "slow:100", "none")

    def setUp(self):
        super().setUp()
        behaviours = [way for way, _ in self.WAYS] + list(self.GOOD)
        events = [argument for number, way in enumerate(behaviours)
                  for argument in ("--event", f"behave qs-node{number + 1} {way}")]
        script = self.folder / "script"
        script.write_text(f"8s stop qs-node{len(behaviours)} {SERVICE}\n")
        self.simulator = self.enterContext(
            Simulator(len(behaviours), "--script", script, *events))
        self.names = dict(zip(self.simulator.hosts, behaviours, strict=True))
        # Bad hosts are history only, which leaves the receiver to the good ones.
        self.configure(self.simulator, monitor={"hostPolicy": {"grace": {"time": "1d"}}})

    def test_each_bad_host_is_one_error(self):
        started = time.monotonic()
        done = tocsin("check", "--json", "-c", self.file)
        self.assertLess(time.monotonic() - started, 35)
        self.assertEqual(done.returncode, 3, done)
        reasons = dict(self.WAYS)
        rows = json.loads(done.stdout)
        self.assertEqual(len(rows), len(self.names))
        for row in rows:
            way = self.names[row["host"]]
            with self.subTest(way):
                if way in self.GOOD:
                    self.assertEqual((row["state"], row["error"]), ("RUNNING", None))
                else:
                    self.assertEqual(row["state"], "UNKNOWN")
                    self.assertRegex(row["error"], reasons[way])

    def test_bad_hosts_hold_the_good_ones_back_in_nothing(self):
        with Running(self.file, self.folder / "data") as running:
            request, = self.receiver.wait_for(1, 30)
            self.assertEqual((request.message["host"], request.message["currState"]),
                             (list(self.names)[-1], "STOPPED"))
            wait_until(lambda: len(self.unreachable()) == len(self.WAYS), 60,
                       lambda: self.history())
            before = self.size(running)
            time.sleep(5)
            after = self.size(running)
            self.assertEqual(running.stop(), 0, running.output())
        if not SANITIZER:
            self.assertLess(after[0], before[0] + 2000, "kilobytes")
        self.assertLess(after[1], before[1] + 20, "open files")
        self.assertEqual(len(self.unreachable()), len(self.WAYS))
        self.assertEqual(len(self.receiver.requests), 1)

    def unreachable(self):
        """Each host is once in the history, however often it was tried."""
        return [row["host"] for row in self.history() if row["kind"] == "unreachable"]

    @staticmethod
    def size(running):
        """Resident memory in kilobytes, and the number of open files."""
        process = pathlib.Path(f"/proc/{running.process.pid}")
        resident = re.search(r"VmRSS:\s+(\d+)", (process / "status").read_text())
        return int(resident[1]), len(os.listdir(process / "fd"))


if __name__ == "__main__":
    unittest.main()
