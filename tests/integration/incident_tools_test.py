"""New Relic, PagerDuty and ntfy, as far as their documented rules say what they would answer."""
import unittest

import clouds
import oracles
from program import require_tocsin, tocsin
from servers import wait_until
from watched import ENGINE, Watched

FIRST_KEY, SECOND_KEY, ROUTING_KEY = "s3cret-first-key", "s3cret-second-key", "s3cret-routing-key"


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


class NewRelic(Watched):
    HOSTS = 5

    def setUp(self):
        super().setUp()
        self.cloud = clouds.NewRelic({"1": FIRST_KEY, "2": SECOND_KEY})
        self.site = self.receiver(always=self.cloud)

    def sections(self, second_key=SECOND_KEY):
        kinds = {"enable": True, "sendToAccount": ["First", "Second"],
                 "attribute": {"static": [{"name": "kind", "value": "x"}],
                               "dynamic": {"serviceHost": True, "serviceName": True,
                                           "serviceDisplayName": True, "serviceState": True}}}
        return {
            "destinations": ["newRelic"],
            "thirdPartyToolsCredentials": {"newRelic": [
                {"accountName": "First", "insertApiKey": FIRST_KEY, "accountId": 1},
                {"accountName": "Second", "insertApiKey": second_key, "accountId": 2}]},
            "incidentTool": {"newRelic": {
                "enable": True,
                "url": {"event": self.site.url("/"), "log": self.site.url("/log/v1")},
                "serviceMonitor": {
                    "destination": {"event": kinds, "log": kinds},
                    "sharedSettings": {
                        "rateLimit": 0, "header": [{"name": "X-Test", "value": "yes"}],
                        "attribute": {"static": [{"name": "tier", "value": 1}]}}}}}}

    def test_events_and_logs_of_two_accounts(self):
        self.run_tocsin(**self.sections())
        for count, change in enumerate((self.manager.stop, self.manager.start), 1):
            change(ENGINE)
            wait_until(lambda: {len(self.cloud.events), len(self.cloud.logs)} == {2 * count}, 30,
                       lambda: (self.cloud.events, self.cloud.logs))
        expected = {"tier": 1, "kind": "x", "butler_serviceHost": self.host,
                    "butler_serviceName": ENGINE,
                    "butler_serviceDisplayName": "Qlik Sense Engine Service"}
        for account in "1", "2":
            self.assertEqual(
                [event for of, event in self.cloud.events if of == account],
                [{**expected, "butler_serviceStatus": state, "eventType": "qs_serviceStateEvent",
                  "tocsin_kind": kind}
                 for state, kind in (("STOPPED", "stopped"), ("RUNNING", "started"))])
        message, attributes = self.cloud.logs[0]
        self.assertEqual(message, f'Windows service "Qlik Sense Engine Service" on host '
                                  f'"{self.host}" is STOPPED.')
        self.assertEqual(attributes, {**expected, "butler_serviceStatus": "STOPPED",
                                      "logtype": "qs_serviceStateLog", "tocsin_kind": "stopped"})
        self.assertEqual({request.headers["x-test"] for request in self.site.requests}, {"yes"})

    def test_a_wrong_key_is_a_dead_letter_at_once_and_holds_nobody_back(self):
        running = self.run_tocsin(**self.sections(second_key="s3cret-wrong-key"))
        self.manager.stop(ENGINE)
        wait_until(lambda: len(self.cloud.events) == 1 and len(self.cloud.logs) == 1, 30,
                   lambda: (self.cloud.events, self.cloud.logs))
        running.wait_for_line('New Relic events "Second": ')
        wait_until(lambda: sorted(row["state"] for row in self.rows("deliveries"))
                   == ["dead", "dead", "delivered", "delivered"], 15,
                   lambda: self.rows("deliveries"))
        dead = tocsin("deliveries", "-c", self.file, "--data-dir", self.data, "--failed")
        self.assertIn("403 Forbidden: Invalid insert key", dead.stdout)
        self.assertIn("cannot be delivered: 403 Forbidden", running.output())
        self.assertNotIn("s3cret", running.output() + dead.stdout)

    def test_test_command(self):
        self.configure(**self.sections())
        done = tocsin("test", "-c", self.file, "newRelic")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stdout.count(": delivered, "), 4, done)
        self.assertIn('New Relic logs "Second": delivered, 202 Accepted\n', done.stdout)


class PagerDuty(Watched):
    HOSTS = 5

    def setUp(self):
        super().setUp()
        self.cloud = clouds.PagerDuty(ROUTING_KEY)
        self.site = self.receiver(always=self.cloud)

    def section(self, key=ROUTING_KEY):
        return {"destinations": ["pagerDuty"],
                "pagerDutyNotification": {"routingKey": key, "url": self.site.url("/v2/enqueue")}}

    def test_opens_and_resolves(self):
        self.run_tocsin(**self.section())
        key = f"{self.host}/{ENGINE}".upper()
        self.manager.stop(ENGINE)
        wait_until(lambda: self.cloud.incidents == {key: True}, 30, lambda: self.cloud.incidents)
        self.manager.start(ENGINE)
        wait_until(lambda: self.cloud.incidents == {key: False}, 30, lambda: self.cloud.incidents)
        self.assertEqual(self.cloud.summaries, [
            f"Qlik Sense Engine Service on {self.host} is STOPPED (was RUNNING)",
            f"Qlik Sense Engine Service on {self.host} is RUNNING (was STOPPED)"])

    def test_test_command(self):
        self.configure(**self.section())
        done = tocsin("test", "-c", self.file, "pagerDuty")
        self.assertEqual((done.returncode, done.stdout), (0, "PagerDuty: delivered, 202 Accepted\n"))
        self.configure(**self.section("s3cret-wrong-key"))
        done = tocsin("test", "-c", self.file, "pagerDuty")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("'routing_key' is invalid", done.stdout)
        self.assertNotIn("s3cret", done.stdout + done.stderr)


class Ntfy(Watched):
    HOSTS = 5

    def setUp(self):
        super().setUp()
        self.cloud = clouds.Ntfy("s3cret-topic", "s3cret-token")
        self.site = self.receiver(always=self.cloud)

    def section(self, topic="s3cret-topic", token="s3cret-token"):
        return {"destinations": ["ntfy"],
                "ntfyNotification": {"topic": topic, "token": token, "tags": ["computer"],
                                     "url": self.site.url("/")}}

    def test_pushes_what_stops_and_runs_again(self):
        self.run_tocsin(**self.section())
        for count, change in enumerate((self.manager.stop, self.manager.start), 1):
            change(ENGINE)
            wait_until(lambda: len(self.cloud.messages) == count, 30, lambda: self.cloud.messages)
        self.assertEqual(
            [(message["title"], message["priority"], message["tags"])
             for message in self.cloud.messages],
            [(f"Qlik Sense Engine Service has stopped on {self.host}", 5,
              ["rotating_light", "computer", "stopped"]),
             (f"Qlik Sense Engine Service has started on {self.host}", 3,
              ["white_check_mark", "computer", "started"])])

    def test_test_command(self):
        self.configure(**self.section())
        done = tocsin("test", "-c", self.file, "ntfy")
        self.assertEqual((done.returncode, done.stdout), (0, "ntfy: delivered, 200 OK\n"))
        for wrong in {"topic": "s3cret-other"}, {"token": "s3cret-wrong"}:
            self.configure(**self.section(**wrong))
            done = tocsin("test", "-c", self.file, "ntfy")
            self.assertEqual(done.returncode, 1, done)
            self.assertNotIn("s3cret", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
