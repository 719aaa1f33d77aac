"""`policy.recovery`: tocsin itself starts a service that has crashed, says so, and gives up at its limit."""
import re
import time
import unittest

import oracles
from program import Simulator, configuration, require_tocsin, tocsin
from servers import wait_until
from watched import ENGINE, PROXY, Watched


def setUpModule():
    require_tocsin()


class Recovery(Watched):
    RECOVERY = {"waits": ["1s"], "attempts": 2}

    def setUp(self):
        super().setUp()
        self.events = self.folder / "events"
        self.events.touch()
        self.simulator = self.enterContext(Simulator(1, "--follow", self.events))
        self.host = next(iter(self.simulator.hosts))
        self.desk = self.receiver()

    def happens(self, what, service):
        with self.events.open("a", encoding="utf-8") as events:
            events.write(f"{what} {self.host} {service}\n")

    def configure(self, *webhooks, recovery=None, control=True, **more):
        host = self.simulator.host(self.host, self.SERVICES)
        host["control"] = control
        host["services"][0]["policy"] = {"recovery": recovery or self.RECOVERY}
        configuration(self.file, hosts=[host], credentials=self.simulator.credentials(),
                      webhooks=webhooks, **more)

    def watch(self, **more):
        self.running = self.run_tocsin(self.webhook(self.desk), **more)

    def attempts(self):
        """What `tocsin history` says of them, oldest first: "attempt 1 of 2: it runs"."""
        done = tocsin("history", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, 0, done)
        return re.findall(r"started .*by recovery: (attempt .*?)\s*$", done.stdout, re.M)

    def wait_for_attempts(self, count):
        return wait_until(lambda: self.attempts() if len(self.attempts()) >= count else None, 30,
                          lambda: f"{count} attempts: {self.attempts()} {self.running.output()}")

    def test_a_crash_is_alerted_at_once_and_the_service_runs_again(self):
        self.watch()
        self.happens("crash", ENGINE)
        told = self.desk.wait_for(2)
        self.assertEqual(self.states(told), [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        self.assertNotIn("recovery", told[0].message)
        self.assertEqual(told[1].message["recovery"], "after tocsin started it (attempt 1 of 2)")
        self.assertEqual(self.wait_for_attempts(1), ["attempt 1 of 2: it runs"])

    def test_it_gives_up_at_its_limit_and_says_so_once(self):
        self.watch()
        self.happens("unplug", ENGINE)
        self.happens("crash", ENGINE)
        told = self.desk.wait_for(2, seconds=30)
        self.assertEqual(self.states(told), [(ENGINE, "STOPPED")] * 2)
        self.assertRegex(told[1].message["recovery"],
                         r"^tried to start it 2 times: .* \(error 1069\); it is not tried again until it has run for 1 h$")
        self.assertEqual([attempt.split(":")[0] for attempt in self.wait_for_attempts(2)],
                         ["attempt 1 of 2", "attempt 2 of 2"])
        self.running.kill()
        self.running = self.start_tocsin()
        self.running.wait_for_line("ready: ")
        time.sleep(5)
        self.assertEqual(len(self.attempts()), 2)
        self.assertEqual(len(self.desk.requests), 2)

    def test_a_stop_without_an_error_is_left_alone(self):
        self.watch()
        with oracles.ServiceManager(self.simulator.hosts[self.host], self.simulator.USER,
                                    self.simulator.PASSWORD) as manager:
            manager.stop(ENGINE)
        self.assertEqual(self.states(self.desk.wait_for(1)), [(ENGINE, "STOPPED")])
        time.sleep(4)
        self.assertEqual(self.attempts(), [])

    def test_a_service_without_the_policy_or_a_host_without_control_is_left_alone(self):
        self.watch()
        self.happens("crash", PROXY)
        self.assertEqual(self.states(self.desk.wait_for(1)), [(PROXY, "STOPPED")])
        time.sleep(4)
        self.assertEqual(self.attempts(), [])
        self.running.stop()
        self.configure(self.webhook(self.desk), control=False)
        self.running = self.start_tocsin()
        self.running.wait_for_line("`recovery` does nothing")
        self.running.wait_for_line("ready: ")
        self.happens("crash", ENGINE)
        self.desk.wait_for(2)
        time.sleep(4)
        self.assertEqual(self.attempts(), [])


if __name__ == "__main__":
    unittest.main()
