"""A service that must run on exactly one of two hosts: what is notified of it, and what is not."""
import json
import time
import unittest

import oracles
from broker import Mosquitto, Subscriber
from program import configuration, require_tocsin, tocsin
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
        self.configure()
        self.running = self.start_tocsin()
        for host in (self.host, self.other):
            self.running.wait_for_line(f"host {host}: {MARKER} is MISSING at the first check")

    def configure(self, services=(PROXY, MARKER), **more):
        configuration(
            self.file, webhooks=[self.webhook(self.desk)],
            credentials=self.simulator.credentials(),
            hosts=[self.simulator.host(host, services) for host in (self.host, self.other)],
            monitor={"clusters": [{"name": PAIR, "hosts": [self.host, self.other],
                                   "services": [ENGINE], "running": "exactly one",
                                   "policy": {"grace": {"time": "5s"}}}]}, **more)

    def check(self):
        """The exit code of `check`, and its rows but for the service that no host has."""
        done = tocsin("check", "--json", "-c", self.file)
        return done.returncode, [row for row in json.loads(done.stdout)
                                 if row["service"] != MARKER]

    def held(self, count):
        """The suppressed rows of the history, once there are so many."""
        def look():
            rows = [row for row in self.rows("history") if row["held"]]
            return rows if len(rows) >= count else None
        return wait_until(look, 20, lambda: f"{count} suppressed rows: {self.rows('history')}")

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
        self.assertEqual(self.told(1), [(PAIR, ENGINE, "OVERRUN")])
        row = [row for row in self.rows("history", PAIR) if not row["held"]][0]
        self.assertIn(f"runs on {self.host} and {self.other}, where at most 1 may run it",
                      row["reason"])

    def test_the_command_check_judges_it(self):
        self.other_manager.start(ENGINE)
        row = self.check()[1][-1]
        self.assertEqual((row["host"], row["service"], row["state"], row["rule"], row["reason"]),
                         (PAIR, ENGINE, "OVERRUN", "exactly one", f"runs on {self.host} and "
                          f"{self.other}, where at most 1 may run it"))
        table = tocsin("check", "-c", self.file).stdout
        self.assertRegex(table, f"{PAIR} +{ENGINE} +OVERRUN .*exactly one: runs on {self.host} and")

    def test_a_member_that_stands_by_is_no_failure_of_check(self):
        for services, code in (((PROXY,), 0), ((PROXY, MARKER), 1)):
            self.configure(services=services)
            exit_code, rows = self.check()
            self.assertEqual(exit_code, code, rows)
            self.assertEqual([row["state"] for row in rows if row["host"] == self.other
                              and row["service"] == ENGINE], ["STOPPED"])
            self.assertEqual((rows[-1]["state"], rows[-1]["reason"]),
                             ("RUNNING", f"runs on {self.host}"))

    def test_its_state_goes_where_all_states_go(self):
        broker = self.enterContext(Mosquitto())
        listener = self.enterContext(Subscriber(broker))
        self.running.stop()
        self.configure(destinations=["mqtt"],
                       mqttConfig={"enable": True, "brokerHost": "127.0.0.1",
                                   "brokerPort": broker.port, "serviceRunningTopic": "up",
                                   "serviceStoppedTopic": "down", "serviceStatusTopic": "status"})
        self.start_tocsin()
        topic = f"status/{PAIR}/{ENGINE}"
        self.assertEqual(self.state_of(listener.wait_for(1, topic)[-1]), "RUNNING")
        self.manager.stop(ENGINE)
        wait_until(lambda: self.state_of(listener.of(topic)[-1]) == "STOPPED", 20,
                   lambda: listener.of(topic))

    @staticmethod
    def state_of(message):
        return json.loads(message["payload"])["serviceStatus"]


if __name__ == "__main__":
    unittest.main()
