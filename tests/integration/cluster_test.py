"""A service that must run on exactly one of two hosts: what is told of it, and what is not."""
import time
import unittest

import oracles
from program import configuration, require_tocsin
from servers import wait_until
from watched import ENGINE, MARKER, PROXY, Watched

PAIR = "the pair"


def setUpModule():
    require_tocsin()


class Cluster(Watched):
    def setUp(self):
        super().setUp()
        self.other = next(self.unused_hosts)
        self.other_manager = self.enterContext(oracles.ServiceManager(
            self.simulator.hosts[self.other], self.simulator.USER, self.simulator.PASSWORD))
        self.other_manager.stop(ENGINE)
        self.desk = self.receiver()
        configuration(
            self.file, webhooks=[self.webhook(self.desk)],
            credentials=self.simulator.credentials(),
            hosts=[self.simulator.host(host, (PROXY, MARKER)) for host in (self.host, self.other)],
            monitor={"clusters": [{"name": PAIR, "hosts": [self.host, self.other],
                                   "services": [ENGINE], "running": "exactly one",
                                   "policy": {"grace": {"time": "5s"}}}]})
        self.running = self.start_tocsin()
        for host in (self.host, self.other):
            self.running.wait_for_line(f"{host} {MARKER} is MISSING at the first look")

    def held(self, count):
        """The rows of the history that nobody was told, once there are so many."""
        def look():
            rows = [row for row in self.rows("history") if row["held"]]
            return rows if len(rows) >= count else None
        return wait_until(look, 20, lambda: f"{count} held rows: {self.rows('history')}")

    def told(self, count):
        return [(request.message["host"], request.message["serviceName"],
                 request.message["serviceStatus"]) for request in self.desk.wait_for(count, 30)]

    def test_a_failover_is_no_news(self):
        self.manager.stop(ENGINE)
        self.other_manager.start(ENGINE)
        rows = self.held(2)
        self.assertEqual({row["held"] for row in rows if row["host"] != PAIR},
                         {f"the rule of the cluster {PAIR} decides"})
        time.sleep(7)  # longer than the grace
        self.assertEqual(self.desk.requests, [])

    def test_none_and_whole_again(self):
        self.manager.stop(ENGINE)
        self.assertEqual(self.told(1), [(PAIR, ENGINE, "STOPPED")])
        self.wait_for_delivery("delivered")  # else it would rightly be sent again
        self.running.kill()
        self.running = self.start_tocsin()
        self.other_manager.start(ENGINE)
        self.assertEqual(self.told(2)[1], (PAIR, ENGINE, "RUNNING"))
        rows = [row for row in self.rows("history", PAIR) if not row["held"]]
        self.assertEqual([row["reason"].removesuffix(", for 5 s by now") for row in rows],
                         [f"runs on none of {self.host} and {self.other}", f"runs on {self.other}"])

    def test_two_at_once(self):
        self.other_manager.start(ENGINE)
        self.assertEqual(self.told(1), [(PAIR, ENGINE, "STOPPED")])
        row = [row for row in self.rows("history", PAIR) if not row["held"]][0]
        self.assertIn(f"runs on {self.host} and {self.other}, where at most 1 may run it",
                      row["reason"])


if __name__ == "__main__":
    unittest.main()
