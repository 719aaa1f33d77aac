"""`tocsin silence` and maintenance windows: alerts are suppressed; what is still wrong is notified later."""
import json
import time
import unittest

from program import require_tocsin, tocsin
from servers import wait_until
from watched import ENGINE, PROXY, Watched


def setUpModule():
    require_tocsin()


class Silences(Watched):
    def command(self, name, *arguments, code=0):
        done = tocsin(name, "-c", self.file, "--data-dir", self.data, *arguments,
                      env={"SUDO_USER": "alice"})
        self.assertEqual(done.returncode, code, done)
        return done.stdout if code == 0 else done.stderr

    def silence(self, what, length="1h"):
        """Silences, and waits until the run knows of it; returns the id."""
        self.assertIn(f"{what} is silenced until ",
                      self.command("silence", what, "--for", length, "--reason", "new disk"))
        self.running.wait_for_line(f"{what}: silenced by alice until ")
        return self.rows("silences")[-1]["id"]

    def watch(self, **more):
        self.desk = self.receiver()
        self.running = self.run_tocsin(self.webhook(self.desk), **more)

    def stop_unheard(self, service):
        """Stops it, and waits until the history says that it was suppressed, and why."""
        self.manager.stop(service)
        return wait_until(lambda: next((row["held"] for row in self.rows("history")
                                        if row["service"] == service), None), 20,
                          lambda: f"{service} in the history: {self.running.output()}")

    def test_what_is_still_wrong_is_told_when_it_is_ended(self):
        self.watch()
        which = self.silence(self.host)
        held = self.stop_unheard(ENGINE)
        self.assertRegex(held, r"^silenced by alice until .*: new disk$")
        self.stop_unheard(PROXY)
        self.manager.start(PROXY)
        self.assertEqual(self.rows("deliveries"), [])
        self.assertIn("has ended", self.command("unsilence", str(which)))
        self.assertEqual(self.states(self.desk.wait_for(1)), [(ENGINE, "STOPPED")])
        self.assertEqual(self.rows("silences"), [])
        listed = json.loads(self.command("silences", "--all", "--json"))
        self.assertEqual([(row["host"], row["active"]) for row in listed], [(self.host, False)])

    def test_a_pattern_that_matches_nothing_now_is_warned_of(self):
        self.watch()
        for pattern, known in ((f"{self.host}/{ENGINE[:-3]}*", True), (f"{self.host}/Typo*", False)):
            done = tocsin("silence", "-c", self.file, "--data-dir", self.data, pattern, "--for", "1h")
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual("matches no known service" in done.stderr, not known, done)

    def test_the_end_of_what_was_told_passes(self):
        self.watch()
        self.manager.stop(ENGINE)
        self.desk.wait_for(1)
        self.silence(self.host)
        self.stop_unheard(PROXY)
        self.manager.start(PROXY)
        self.manager.start(ENGINE)
        self.assertEqual(self.states(self.desk.wait_for(2)), [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        time.sleep(2)
        self.assertEqual(len(self.desk.requests), 2)

    def test_of_one_service_lets_the_others_speak(self):
        self.watch()
        self.silence(f"{self.host}/{ENGINE}")
        self.stop_unheard(ENGINE)
        self.manager.stop(PROXY)
        self.assertEqual(self.states(self.desk.wait_for(1)), [(PROXY, "STOPPED")])
        self.assertIn("silent", self.command("silences"))

    def test_outlives_the_run_and_ends_by_itself(self):
        self.watch()
        self.silence(self.host, "12s")
        begun = time.monotonic()
        self.running.kill()
        self.running = self.start_tocsin()
        self.running.wait_for_line("ready: ")
        self.stop_unheard(ENGINE)
        self.assertEqual(self.states(self.desk.wait_for(1, seconds=30)), [(ENGINE, "STOPPED")])
        self.assertGreater(time.monotonic() - begun, 9)

    def test_a_window_for_maintenance(self):
        self.watch(monitor={"maintenance": [
            {"name": "always", "of": ["*"], "begins": "every minute", "for": "2m"}]})
        self.assertRegex(self.stop_unheard(ENGINE), r"^maintenance `always` until ")
        self.assertIn("maintenance always", self.command("silences"))
        self.assertEqual(self.rows("deliveries"), [])

    def test_mistakes(self):
        self.configure()
        ask = ("silence", self.host, "--for", "1h")
        self.assertIn("nothing is stored here yet", self.command(*ask, code=1))
        self.watch()
        for words, answer in ((("silence", "sql1", "--for", "1h"), "no host or cluster is called `sql1`"),
                              (("silence", self.host + "x", "--for", "1h"),
                               f"did you mean `{self.host}`?"),
                              (("silence", f"{self.host}/Nobody", "--for", "1h"),
                               "no service `Nobody` is watched there"),
                              (("silence", self.host, "--for", "soon"), "--for soon: expected a duration"),
                              (("silence", self.host, "--for", "0"), "expected more than 0s"),
                              (("unsilence", "7"), "no silence `7` is active"),
                              (("unsilence", self.host), f"no silence `{self.host}` is active")):
            with self.subTest(words=words):
                self.assertIn(answer, self.command(*words, code=1))
        self.assertEqual(self.rows("silences"), [])


if __name__ == "__main__":
    unittest.main()
