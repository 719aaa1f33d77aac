"""`tocsin ack`: what fires and somebody has seen has no reminders until it ends, and its end is told."""
import time
import unittest

from program import require_tocsin, tocsin
from servers import wait_until
from watched import ENGINE, PROXY, Watched

REMINDED = {"policy": {"flapping": {"start": 0}, "firstSight": "quiet", "repeatEvery": "1s"}}


def setUpModule():
    require_tocsin()


class Acknowledging(Watched):
    def command(self, name, *arguments, code=0):
        done = tocsin(name, "-c", self.file, "--data-dir", self.data, *arguments,
                      env={"SUDO_USER": "alice"})
        self.assertEqual(done.returncode, code, done)
        return done.stdout if code == 0 else done.stderr

    def ack(self, what, *more):
        """Acknowledges; returns what it answers, line by line."""
        return self.command("ack", what, "--reason", "on it", *more).splitlines()

    def watch(self, monitor=None):
        self.desk = self.receiver()
        self.running = self.run_tocsin(self.webhook(self.desk), monitor=monitor)

    def told(self):
        """What the desk was told of the engine."""
        return [state for service, state in self.states(self.desk.requests) if service == ENGINE]

    def wait_until_told(self, count):
        return wait_until(lambda: self.told() if len(self.told()) >= count else None, 15,
                          lambda: f"{count} messages: {self.told()}, {self.running.output()}")

    def expect_peace(self):
        """No reminder comes any more, one that was under way aside."""
        time.sleep(1)
        before = len(self.told())
        time.sleep(4)
        self.assertEqual(len(self.told()), before)
        return before

    def test_ends_reminders_until_the_alert_ends(self):
        self.watch(REMINDED)
        self.manager.stop(ENGINE)
        self.wait_until_told(2)
        self.assertRegex(self.ack(f"{self.host}/{ENGINE}")[0],
                         rf"^{self.host}/{ENGINE} is acknowledged until its alert ends; `tocsin unack 1`")
        self.running.wait_for_line(f"{self.host}/{ENGINE}: acknowledged by alice: on it")
        before = self.expect_peace()
        self.running.kill()
        self.running = self.start_tocsin()
        self.running.wait_for_line("ready: ")
        self.assertEqual(self.expect_peace(), before, "it outlives the run")
        self.manager.start(ENGINE)
        self.assertEqual(self.wait_until_told(before + 1)[-1], "RUNNING")
        wait_until(lambda: self.rows("acks") == [], 10, "the end of the acknowledgement")
        self.manager.stop(ENGINE)
        self.assertEqual(self.wait_until_told(before + 3)[-2:], ["STOPPED", "STOPPED"])

    def test_of_a_host_means_all_that_fires_there(self):
        self.watch()
        for service in (ENGINE, PROXY):
            self.manager.stop(service)
        self.desk.wait_for(2)
        self.assertEqual(len(self.ack(self.host, "--author", "bob")), 2)
        self.assertEqual({(row["host"], row["service"], row["by"], row["reason"])
                          for row in self.rows("acks")},
                         {(self.host, service, "bob", "on it") for service in (ENGINE, PROXY)})
        self.assertEqual(len(self.ack(self.host)), 2, "once more changes nothing")
        self.assertEqual(len(self.rows("acks")), 2)
        self.assertIn("bob", self.command("acks"))
        self.manager.start(PROXY)
        wait_until(lambda: [row["service"] for row in self.rows("acks")] == [ENGINE], 10,
                   lambda: f"the end of one of them: {self.running.output()}")

    def test_taken_back(self):
        self.watch(REMINDED)
        self.manager.stop(ENGINE)
        self.wait_until_told(1)
        self.ack(f"{self.host}/{ENGINE}")
        self.running.wait_for_line("acknowledged by alice: on it")
        before = self.expect_peace()
        self.assertIn(f"{self.host}/{ENGINE} is no longer acknowledged",
                      self.command("unack", f"{self.host}/{ENGINE}"))
        self.wait_until_told(before + 1)

    def test_mistakes(self):
        self.configure()
        self.assertIn("nothing is stored here yet",
                      self.command("ack", self.host, "--reason", "on it", code=1))
        self.watch()
        for words, answer in (
                (("ack", self.host, "--reason", "on it"), f"nothing fires at `{self.host}`"),
                (("ack", f"{self.host}/{ENGINE}", "--reason", "on it"), "nothing fires at"),
                (("ack", "sql1", "--reason", "on it"), "no host or cluster is called `sql1`"),
                (("ack", f"{self.host}/Nobody", "--reason", "on it"),
                 "no service `Nobody` is watched there"),
                (("unack", "7"), "`7` is not acknowledged"),
                (("unack", self.host), f"`{self.host}` is not acknowledged")):
            with self.subTest(words=words):
                self.assertIn(answer, self.command(*words, code=1))
        self.assertEqual(self.rows("acks"), [])


if __name__ == "__main__":
    unittest.main()
