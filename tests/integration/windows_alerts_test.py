"""From a change of a service to a webhook, through the service control manager: each once.

With a check an hour what is told was heard; with one each second the checks add nothing to it but
what cannot be heard: crashes and, under Wine, what is installed and removed.
"""
import json
import pathlib
import tempfile
import unittest

import wine
from program import Running, configuration, require_tocsin, tocsin
from receiver import Receiver
from servers import wait_until

RARELY = "every 1 hour"
OFTEN = "every 1 second"
MARKER = "NoSuchService"  # its line in the log says that the first check has been
FENCE = "fence"  # its alert says that all before it has been observed
ODD = "Ünd $x & \"日本\" 😀"


def setUpModule():
    require_tocsin()


class Watched(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.enterContext(wine.Prefix())  # fresh names and numbers for each test
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.data = self.folder / "data"
        self.services = self.enterContext(wine.Services())
        self.receiver = self.enterContext(Receiver())
        self.services.install(FENCE)

    def run_tocsin(self, every, *services, **webhook):
        """Returns after the first check."""
        self.file = configuration(
            self.folder / "tocsin.yaml", every=every,
            hosts=[wine.host((*services, FENCE, MARKER))],
            webhooks=[{"description": "receiver", "webhookURL": self.receiver.url(),
                       "httpMethod": "POST", **webhook}])
        return self.start_tocsin(first_look=True)

    def start_tocsin(self, first_look=False):
        running = self.enterContext(Running(self.file, self.data))
        if first_look:
            running.wait_for_line(f"{MARKER} is MISSING at the first check")
        return running

    def rows(self, command):
        done = tocsin(command, "--json", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)

    def end(self, running, expected):
        """Ends the program when all is notified, and checks that exactly this has been, and in this
        order: (kind, service, from, to)."""
        self.services.start(FENCE)
        expected = [*expected, ("started", FENCE, "STOPPED", "RUNNING")]
        self.receiver.wait_for(len(expected), 60)
        self.assertEqual(running.stop(), 0, running.output())
        history = self.rows("history")
        self.assertEqual([(row["kind"], row["service"], row["from"], row["to"])
                          for row in history], expected)
        deliveries = self.rows("deliveries")
        self.assertEqual({(row["state"], row["attempts"]) for row in deliveries},
                         {("delivered", 1)})
        self.assertEqual({row["id"] for row in deliveries},
                         {request.key for request in self.receiver.requests})
        self.assertEqual(len(self.receiver.requests), len(expected))
        self.assertCountEqual(
            [(request.message["serviceName"], request.message["prevState"],
              request.message["currState"]) for request in self.receiver.requests],
            [told[1:] for told in expected])
        return history


class Stories(Watched):
    """One service through all that there is, one step when the other has been notified."""

    # What is done, and what is notified of it: (kind, from, to).
    STORY = (
        (("stop",), ("stopped", "RUNNING", "STOPPED")),
        (("start",), ("started", "STOPPED", "RUNNING")),
        (("pause",), ("paused", "RUNNING", "PAUSED")),
        (("resume",), ("started", "PAUSED", "RUNNING")),
        (("pause",), ("paused", "RUNNING", "PAUSED")),
        (("stop",), ("stopped", "PAUSED", "STOPPED")),
        (("start",), ("started", "STOPPED", "RUNNING")),
        (("stop_slowly", 2), ("stopped", "RUNNING", "STOPPED")),
        (("start",), ("started", "STOPPED", "RUNNING")),
        (("fail",), ("stopped", "RUNNING", "STOPPED")),
    )
    # What is not pushed.
    REST = (
        (("remove",), ("vanished", "STOPPED", "MISSING")),
        (("install",), ("stopped", "MISSING", "STOPPED")),
        (("start",), ("started", "STOPPED", "RUNNING")),
        (("kill",), ("stopped", "RUNNING", "STOPPED")),
        (("start",), ("started", "STOPPED", "RUNNING")),
    )

    def play(self, every, story):
        self.services.install(ODD)
        self.services.start(ODD)
        running = self.run_tocsin(every, ODD)
        for number, ((verb, *arguments), _) in enumerate(story, 1):
            getattr(self.services, verb)(*arguments, ODD)
            self.receiver.wait_for(number, 60)
        history = self.end(running, [(kind, ODD, before, now)
                                     for _, (kind, before, now) in story])
        return [row["reason"] for row in history if row["reason"]]

    def test_heard(self):
        self.assertEqual(self.play(RARELY, self.STORY), ["service-specific exit code 42"])

    def test_heard_and_seen(self):
        self.assertEqual(self.play(OFTEN, self.STORY + self.REST),
                         ["service-specific exit code 42", "it is no longer installed", "was missing",
                          "exit code 1067"])


class Heard(Watched):
    def test_message(self):
        self.services.install(ODD, display={ODD: "Größe & \"Maß\""})
        self.services.start(ODD)
        self.run_tocsin(RARELY, ODD)
        self.services.stop(ODD)
        request, = self.receiver.wait_for(1)
        self.assertEqual(request.message, {
            "event": "Windows service monitor", "host": "localhost", "serviceStatus": "STOPPED",
            "serviceName": ODD, "serviceDisplayName": "Größe & \"Maß\"",
            "serviceStartType": "Manual", "prevState": "RUNNING", "currState": "STOPPED",
            "stateChanged": True, "kind": "stopped"})

    def test_query(self):
        self.services.install(ODD)
        self.run_tocsin(RARELY, ODD, httpMethod="GET")
        self.services.start(ODD)
        request, = self.receiver.wait_for(1)
        self.assertEqual((request.method, dict(request.query)["servicename"]), ("GET", ODD))

    def test_faster_than_a_check(self):
        """A process that is gone and another one that runs in its place."""
        self.services.install("quick")
        self.services.start("quick")
        running = self.run_tocsin(RARELY, "quick")
        self.services.pause("quick")
        self.receiver.wait_for(1)  # from now on it is listened to
        self.services.resume("quick")
        self.receiver.wait_for(2)
        self.services.kill("quick")
        self.services.start("quick")
        restarted = ([("stopped", "quick", "RUNNING", "STOPPED"), ("started", "quick", "STOPPED", "RUNNING")]
                     if wine.notices_deaths() else [("restarted", "quick", "RUNNING", "RUNNING")])
        self.receiver.wait_for(2 + len(restarted))
        self.end(running, [("paused", "quick", "RUNNING", "PAUSED"),
                           ("started", "quick", "PAUSED", "RUNNING"), *restarted])

    def test_fifty_of_two_hundred_at_once(self):
        names = [f"many {number:03}" for number in range(200)]
        self.services.install(*names)
        self.services.start(*names[:50])
        running = self.run_tocsin(RARELY, "many*")
        self.services.control(wine.STOP, *names[:50])
        self.receiver.wait_for(50, 60)
        self.services.start(FENCE)
        self.receiver.wait_for(51, 60)
        self.assertEqual(running.stop(), 0, running.output())
        self.assertCountEqual(
            [(row["kind"], row["service"]) for row in self.rows("history")],
            [("started", FENCE), *(("stopped", name) for name in names[:50])])
        self.assertEqual(len(self.receiver.requests), 51)


class Seen(Watched):
    """What Windows does not push."""

    def test_removed_while_it_runs(self):
        self.services.install("leaving")
        self.services.start("leaving")
        running = self.run_tocsin(OFTEN, "leaving")
        self.services.remove("leaving")
        self.services.control(wine.STOP, "leaving")
        running.wait_for_line("leaving vanished")
        # It may be gone before its stop is pushed.
        heard = "leaving stopped" in running.output()
        stopped = [("stopped", "leaving", "RUNNING", "STOPPED")] if heard else []
        self.end(running, [*stopped, ("vanished", "leaving", "STOPPED" if heard else "RUNNING",
                                      "MISSING")])

    def test_what_matches_a_pattern_comes_and_goes(self):
        self.services.install("web 1")
        running = self.run_tocsin(OFTEN, "web*")
        self.services.install("web 2")
        self.services.start("web 1")
        running.wait_for_line("web 2 is STOPPED at the first check")
        self.services.start("web 2")
        self.receiver.wait_for(2)
        self.services.stop("web 2")
        self.receiver.wait_for(3)
        self.services.remove("web 2")
        self.receiver.wait_for(4)
        self.end(running, [("started", "web 1", "STOPPED", "RUNNING"),
                           ("started", "web 2", "STOPPED", "RUNNING"),
                           ("stopped", "web 2", "RUNNING", "STOPPED"),
                           ("vanished", "web 2", "STOPPED", "MISSING")])

    def test_stuck(self):
        """One that never stops; the other takes its time, but shows that it makes progress."""
        self.services.install("stubborn", "slow")
        self.services.start("stubborn", "slow")
        running = self.run_tocsin(OFTEN, "stubborn", "slow")
        self.services.hang("stubborn")
        self.services.stop_slowly(45, "slow")
        self.receiver.wait_for(1, 90)
        self.receiver.wait_for(2, 90)
        self.services.kill("stubborn")
        self.receiver.wait_for(3)
        history = self.end(running, [("stuck", "stubborn", "RUNNING", "STOP_PENDING"),
                                     ("stopped", "slow", "RUNNING", "STOPPED"),
                                     ("stopped", "stubborn", "RUNNING", "STOPPED")])
        self.assertRegex(history[0]["reason"], r"^no progress for 3\d s$")
        self.assertEqual(history[2]["reason"], "exit code 1067")


class Restarts(Watched):
    def restart(self, end):
        self.services.install("one", "two", "three", "four")
        self.services.start("one", "two", "three", "four")
        running = self.run_tocsin(RARELY, "one", "two", "three", "four")
        self.services.stop("one")
        wait_until(lambda: [row["state"] for row in self.rows("deliveries")] == ["delivered"], 30,
                   "known to be told, or it would be told again after a crash")
        end(running)
        self.services.stop("two", "three")
        self.services.start("three")  # another process than before
        self.services.pause("four")
        self.services.resume("four")  # as if nothing had been
        running = self.start_tocsin()
        self.receiver.wait_for(3)
        self.end(running, [("stopped", "one", "RUNNING", "STOPPED"),
                           ("restarted", "three", "RUNNING", "RUNNING"),
                           ("stopped", "two", "RUNNING", "STOPPED")])

    def test_after_an_end(self):
        self.restart(lambda running: self.assertEqual(running.stop(), 0))

    def test_after_a_crash(self):
        self.restart(lambda running: running.kill())


if __name__ == "__main__":
    unittest.main()
