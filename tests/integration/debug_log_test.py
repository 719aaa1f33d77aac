"""`logLevel: debug` tells the story of one alert, for its host and for its destinations, and no secret."""
import unittest

import oracles
from program import require_tocsin
from receiver import NO_CONTENT, Answer
from watched import ENGINE, Watched

TOKEN = "s3cret-token"
BUSY = Answer(status=503, headers=(("Retry-After", "1"),), body=b"busy")


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


class DebugLog(Watched):
    HOSTS = 4

    def run_with(self, receiver, **more):
        webhooks = [{"description": name, "webhookURL": receiver.url(path), "httpMethod": "POST"}
                    for name, path in (("On-call", f"/alerts?token={TOKEN}"), ("Office", f"/{TOKEN}"))]
        return self.run_tocsin(*webhooks, monitor={
            "policy": {"flapping": {"start": 0}, "grace": {"time": "2s"}, "firstSight": "quiet"},
            "routes": [{"name": "databases", "match": {"service": ["NoSuch*"]}, "to": ["webhook:Office"]},
                       {"name": "night", "to": ["webhook:On-call"]}],
        }, **more)

    def assert_story(self, lines, subject, *story):
        """All of it stands in the lines of the subject, in this order."""
        lines = iter(line for line in lines if f" {subject}: " in line)
        for part in story:
            self.assertTrue(any(f" {subject}: {part}" in line for line in lines),
                            f"{part}, in this place of the lines about {subject}:\n{self.running.output()}")

    def test_the_story_of_one_alert(self):
        receiver = self.receiver(BUSY, NO_CONTENT)
        self.running = self.run_with(receiver)
        self.manager.stop(ENGINE)
        receiver.wait_for(2)
        self.running.wait_for_line("stopped delivered, 204 No Content")
        self.assertEqual(self.running.stop(), 0, self.running.output())

        self.assert_story(
            self.running.lines, f"host {self.host}",
            "watch begins",
            f"check begins: smb 127.0.0.1:{self.simulator.hosts[self.host]}, credential test",
            "login admitted, credential test",
            "login accepted, credential test",
            "check answered in ",
            "state RUNNING when first seen, no alert: baseline: ",
            "schedule: next check at ",
            f"{ENGINE} stopped: RUNNING -> STOPPED, suppressed: not yet for 2 s",
            f"alert waits: {ENGINE} stopped (checks 1): not yet for 2 s until ",
            f"{ENGINE} stopped: RUNNING -> STOPPED, for ",
            f'routed: {ENGINE} stopped: route 2 `night`: webhook "On-call"; not routed: webhook "Office"',
            "session closed: ")
        alert = f"{self.host} {ENGINE} stopped"
        self.assert_story(
            self.running.lines, 'webhook "On-call"',
            f"delivery queued: {alert}, id ",
            f"delivery attempt 1: {alert}, id ",
            f"delivery answered: {alert} in ",
            f"{alert} not delivered, attempt 1, next in ",
            f"delivery waits: {alert}: backoff after a failed attempt until ",
            f"delivery attempt 2: {alert}, id ",
            f"{alert} delivered, 204 No Content")
        self.assertRegex(self.running.output(), r"next in \d+ m?s: 503 Service Unavailable: busy")
        self.assertRegex(self.running.output(), r"session opened \(SMB 3\.1\.1, encrypted, NTLM\); asked by name 4")  # and RpcSs
        self.assertRegex(self.running.output(), r"store: commit written in \d+ ms: ")
        for secret in (TOKEN, self.simulator.PASSWORD):
            self.assertNotIn(secret, self.running.output())

    def test_info_has_none_of_it(self):
        receiver = self.receiver(NO_CONTENT)
        running = self.run_with(receiver, logLevel="info")
        self.manager.stop(ENGINE)
        receiver.wait_for(1)
        running.wait_for_line("stopped delivered, 204 No Content")
        self.assertNotRegex(running.output(), r" debug |check begins|delivery |alert waits")


if __name__ == "__main__":
    unittest.main()
