"""`heartbeat`: URLs are asked for while tocsin does its work, whatever its hosts and destinations do."""
import time
import unittest

from program import require_tocsin
from receiver import HANG, Answer
from watched import ENGINE, Watched

TOKEN = "5d3a2b1c-8f7e-4d6c"


def setUpModule():
    require_tocsin()


class Heartbeat(Watched):
    HOSTS = 3

    def beats(self, receiver, **more):
        return [{"url": receiver.url(f"/ping/{TOKEN}"), "every": "10s", **more}]

    def test_beats_while_a_destination_fails_and_ends_with_the_program(self):
        desk = self.receiver(always=HANG)
        pulse = self.receiver()
        running = self.run_tocsin(self.webhook(desk), heartbeat=self.beats(pulse))
        self.manager.stop(ENGINE)
        desk.wait_for(1)
        first, second = pulse.wait_for(2, 40)[:2]
        self.assertEqual((first.method, first.path), ("GET", f"/ping/{TOKEN}"))
        self.assertRegex(first.headers["user-agent"], "^tocsin/")
        self.assertAlmostEqual(second.at - first.at, 10, delta=3)
        self.assertEqual(running.stop(), 0, running.output())
        count = len(pulse.requests)
        time.sleep(11)
        self.assertEqual(len(pulse.requests), count)
        self.assertNotIn(TOKEN, running.output())

    def test_a_url_that_refuses_is_logged_once_without_its_token(self):
        refusal = Answer(status=404, body=f"no check {TOKEN}".encode())
        pulse = self.receiver(refusal, refusal, authority=self.authority)
        cert = {"cert": {"enable": True, "certCA": str(self.authority.certificate)}}
        running = self.run_tocsin(heartbeat=self.beats(pulse, **cert))
        pulse.wait_for(3, 60)
        running.wait_for_line(f"heartbeat https://127.0.0.1:{pulse.port}: taken again")
        self.assertEqual(running.output().count("404 Not Found"), 1, running.output())
        self.assertEqual(running.stop(), 0, running.output())
        self.assertNotIn(TOKEN, running.output())


if __name__ == "__main__":
    unittest.main()
