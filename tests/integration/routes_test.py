"""Which destinations an alert goes to, and which it escalates to while it fires."""
import re
import time
import unittest

import oracles
from program import require_tocsin, tocsin
from servers import wait_until
from watched import ENGINE, MARKER, PROXY, Watched

AFTER = 3  # seconds until an escalation


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


class Routes(Watched):
    def setUp(self):
        super().setUp()
        self.desk = self.receiver()
        self.on_call = self.receiver()

    def webhooks(self):
        return [{"description": name, "webhookURL": receiver.url(), "httpMethod": "POST"}
                for name, receiver in (("Desk", self.desk), ("On-call", self.on_call))]

    def run_with(self, *routes):
        return self.run_tocsin(*self.webhooks(), monitor={"routes": routes})

    def run_escalating(self, after=AFTER):
        return self.run_with({"to": ["webhook:Desk"],
                              "escalate": [{"after": f"{after}s", "to": ["webhook:On-call"]}]})

    def wait_for_end_of_deliveries(self):
        wait_until(lambda: all(row["state"] != "pending" for row in self.rows("deliveries")), 15,
                   lambda: self.rows("deliveries"))

    def test_each_alert_goes_where_its_route_leads(self):
        self.run_with({"match": {"host": [self.host.upper()], "service": ["*proxy*"]},
                       "to": ["webhook:on-call"]},
                      {"match": {"kind": ["vanished"]}, "to": []},
                      {"to": ["webhook:Desk"]})
        self.manager.stop(PROXY)
        self.on_call.wait_for(1)
        self.manager.stop(ENGINE)
        self.desk.wait_for(1)
        self.manager.start(PROXY)
        self.manager.start(ENGINE)
        on_call, desk = self.on_call.wait_for(2), self.desk.wait_for(2)
        self.assertEqual(self.states(on_call), [(PROXY, "STOPPED"), (PROXY, "RUNNING")])
        self.assertEqual(self.states(desk), [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])

    def test_what_waits_for_its_escalation_is_listed_as_waiting(self):
        self.run_escalating(after=600)
        self.manager.stop(ENGINE)
        self.desk.wait_for(1)
        self.assertEqual(self.on_call.requests, [])
        waiting = [row for row in self.rows("deliveries") if row["escalation"]]
        self.assertEqual([(row["destinationName"], row["state"], row["attempts"])
                          for row in waiting], [('webhook "On-call"', "pending", 0)])
        self.assertEqual(self.rows("deliveries", "--failed"), [])
        table = tocsin("deliveries", "-c", self.file, "--data-dir", self.data)
        self.assertRegex(table.stdout, r"waits until .+, escalation")

    def test_what_lasts_is_escalated_and_its_end_is_told_there(self):
        self.run_escalating()
        self.manager.stop(ENGINE)
        self.desk.wait_for(1)
        self.on_call.wait_for(1)
        told, = self.desk.requests
        escalated, = self.on_call.requests
        self.assertGreater(escalated.at - told.at, AFTER - 1)
        self.manager.start(ENGINE)
        self.assertEqual(self.states(self.on_call.wait_for(2)),
                         [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        self.assertEqual(self.states(self.desk.wait_for(2)),
                         [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])

    def test_what_ends_in_time_is_not_escalated(self):
        running = self.run_escalating(after=10)
        self.manager.stop(ENGINE)
        told, = self.desk.wait_for(1)
        self.manager.start(ENGINE)
        self.desk.wait_for(2)
        self.wait_for_end_of_deliveries()
        time.sleep(max(0, told.at + 11 - time.monotonic()))
        self.assertEqual(self.on_call.requests, [], running.output())
        details = [row["detail"] for row in self.rows("deliveries") if row["state"] == "merged"]
        self.assertEqual(details, ["ended before the escalation was due",
                                   "what it ends was not notified here"])

    def test_what_waits_survives_a_kill_and_is_escalated_once(self):
        running = self.run_escalating(after=10)
        self.manager.stop(ENGINE)
        self.desk.wait_for(1)
        wait_until(lambda: [row["state"] for row in self.rows("deliveries")].count("delivered") == 1,
                   10, "the first delivery to be recorded")
        running.kill()
        self.assertEqual(self.on_call.requests, [])
        again = self.start_tocsin()
        self.on_call.wait_for(1)
        self.wait_for_end_of_deliveries()
        again.kill()
        self.start_tocsin()
        self.manager.start(ENGINE)
        self.assertEqual(self.states(self.on_call.wait_for(2)),
                         [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])
        self.assertEqual(self.states(self.desk.wait_for(2)),
                         [(ENGINE, "STOPPED"), (ENGINE, "RUNNING")])

    def test_the_command_test_knows_the_names_of_routes(self):
        self.run_with({"to": []})
        sent = tocsin("test", "-c", self.file, "webhook:ON-CALL")
        self.assertEqual(sent.returncode, 0, sent)
        self.on_call.wait_for(1)
        self.assertEqual(self.desk.requests, [])

    def test_the_command_routes_says_who_would_hear_of_it(self):
        running = self.run_escalating(after=60)
        running.stop()

        def ask(*what):
            done = tocsin("routes", "-c", self.file, *what)
            return done.returncode, [re.split(r"  +", line.rstrip())
                                     for line in done.stdout.splitlines()], done.stderr

        self.assertEqual(ask(f"{self.host}/{ENGINE}")[:2], (0, [
            ["DESTINATION", "WHEN", "CONDITION"],
            ['webhook "Desk"', "at once"],
            ['webhook "On-call"', "after 1 min", "if it still fires then"]]))
        self.assertEqual(ask(self.host, "--kind", "reachable")[:2], (0, [
            ["DESTINATION", "WHEN", "CONDITION"],
            ['webhook "Desk"', "at once"],
            ['webhook "On-call"', "at once", "if the firing alert went there"]]))
        for wrong, said in (((f"{self.host}/Nothing",), "no service `Nothing` is watched"),
                            (("nowhere",), "no host or cluster is called `nowhere`"),
                            ((self.host, "--kind", "danced"), 'there is no kind "danced"')):
            code, lines, complaint = ask(*wrong)
            self.assertEqual((code, lines), (1, []))
            self.assertIn(said, complaint)

    def test_the_command_routes_knows_clusters(self):
        pair = {"name": "the pair", "hosts": [self.host], "running": "exactly one"}
        self.configure(*self.webhooks(), monitor={
            "routes": [{"match": {"host": ["the pair"]}, "to": ["webhook:Desk"]}, {"to": []}],
            "clusters": [{**pair, "services": [ENGINE]},
                         {**pair, "name": "both", "services": [PROXY, MARKER]}]})

        def ask(*what):
            done = tocsin("routes", "-c", self.file, *what)
            return done.returncode, done.stdout + done.stderr

        for known in ("The Pair", f"the pair/{ENGINE}"):
            code, answer = ask(known)
            self.assertEqual(code, 0, answer)
            self.assertRegex(answer, 'webhook "Desk" +at once')
        self.assertEqual(ask(f"both/{PROXY}"), (0, "nobody is notified; the history has it\n"))
        self.assertEqual(ask(f"{self.host}/{ENGINE}"),
                         (0, "nobody is notified; the rule of the cluster the pair decides\n"))
        for wrong, said in (("both", f"choose one: both/{PROXY}, both/{MARKER}"),
                            ("the pai", "is called `the pai`; did you mean `the pair`?"),
                            (f"the pair/{ENGINE}s", f"did you mean `{ENGINE}`?")):
            code, answer = ask(wrong)
            self.assertEqual(code, 1)
            self.assertIn(said, answer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
