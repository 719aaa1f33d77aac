"""Every destination is given secrets and answers carelessly: they are in no log, listing, store or file."""
import base64
import re
import socketserver
import unittest

import broker
import oracles
from program import require_tocsin, tocsin
from receiver import Answer
from servers import Threaded, wait_until
from watched import ENGINE, Watched

MARKER = "m4rk3r"  # in every secret


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


def careless(status):
    """Says back all that it was sent."""
    def answer(request):
        told = "\n".join([request.path, *(f"{name}: {value}" for name, value in request.headers.items()),
                          request.body.decode(errors="replace")])
        return Answer(status=status, body=told.encode())
    return answer


class _CarelessMail(socketserver.StreamRequestHandler):
    """Wants a login, and says back what it is sent."""

    def handle(self):
        self.wfile.write(b"220 careless\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-careless\r\n250 AUTH PLAIN LOGIN\r\n")
            elif word == b"AUTH":
                said = base64.b64decode(line.split()[-1]) if len(line.split()) > 2 else b""
                self.wfile.write(b"535 no: " + line.strip() + b" " + said.replace(b"\0", b" ")
                                 + b"\r\n")
            else:
                self.wfile.write(b"221 bye\r\n")
                return


class CarelessMailServer(Threaded):
    def __init__(self):
        super().__init__(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _CarelessMail))


class Secrets(Watched):
    HOSTS = 4

    def everything(self, status):
        """A configuration with all destinations, each with secrets; all of them answer `status`."""
        site = self.receiver(always=careless(status))
        mail = self.enterContext(CarelessMailServer())
        mqtt = self.enterContext(broker.BadBroker(connect=lambda _: False))

        def url(name):
            return site.url(f"/{MARKER}-{name}-path?sig={MARKER}-{name}-query").replace(
                "://", f"://{MARKER}-user:{MARKER}-{name}-password@")

        def messages(name):
            section = {"webhookURL": url(name), "messageType": "formatted", "rateLimit": 0}
            return {"enable": True, "serviceStopped": section, "serviceStarted": section}

        letters = {"recipients": ["ops@example.com"], "fromAddress": "tocsin@example.com",
                   "rateLimit": 0}
        accounts = {"sendToAccount": ["First"]}
        return {
            "destinations": ["slack", "teams", "email", "mqtt", "influxDb", "newRelic", "pagerDuty",
                             "alertmanager", "ntfy"],
            "slackNotification": messages("slack"),
            "teamsNotification": messages("teams"),
            "emailNotification": {
                "serviceStopped": letters, "serviceStarted": letters,
                "smtp": {"host": "127.0.0.1", "port": mail.port,
                         "auth": {"enable": True, "user": f"{MARKER}-mail-user",
                                  "password": f"{MARKER}-mail-password"}}},
            "mqttConfig": {
                "brokerHost": "127.0.0.1", "brokerPort": mqtt.port,
                "username": "somebody", "password": f"{MARKER}-mqtt-password",
                "serviceStoppedTopic": "stopped", "serviceRunningTopic": "running",
                "serviceStatusTopic": "status"},
            "influxDb": {"hostIP": site.url("").rstrip("/"), "version": 2,
                         "v2Config": {"org": "org", "bucket": "bucket",
                                      "token": f"{MARKER}-influx-token"}},
            "thirdPartyToolsCredentials": {"newRelic": [
                {"accountName": "First", "insertApiKey": f"{MARKER}-newrelic-key", "accountId": 1}]},
            "incidentTool": {"newRelic": {
                "url": {"event": site.url(""), "log": site.url("/log/v1")},
                "serviceMonitor": {"destination": {"event": accounts, "log": accounts}}}},
            "pagerDutyNotification": {"routingKey": f"{MARKER}-pagerduty-key",
                                      "url": site.url("/v2/enqueue")},
            "alertmanagerNotification": {"servers": [
                {"url": site.url(""), "username": "me", "password": f"{MARKER}-am-password"}]},
            "ntfyNotification": {"url": site.url(""), "topic": f"{MARKER}-topic",
                                 "token": f"{MARKER}-ntfy-token"},
        }, [{"description": "careless", "webhookURL": url("webhook"), "httpMethod": "POST"}]

    def search(self, where, text):
        """Neither the secrets, nor what they become on the wire."""
        for found in re.findall(r"[^\s\"']*" + MARKER + r"[^\s\"']*", text):
            # The name of the account is none: it says whose password is wrong.
            self.assertEqual(found.strip("<>:,."), f"{MARKER}-mail-user", f"{where}: {text}")
        for word in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", text):
            for start in range(4):
                part = word[start:]
                decoded = base64.b64decode(part[:len(part) // 4 * 4] or b"", validate=False)
                self.assertNotIn(MARKER.encode(), decoded, f"{where}: {word}")

    def go_through(self, status, told):
        sections, webhooks = self.everything(status)
        running = self.run_tocsin(*webhooks, logLevel="silly", **sections)
        self.manager.stop(ENGINE)
        wait_until(lambda: len({row["destination"] for row in self.rows("deliveries")
                                if told(row)}) == 10, 60, lambda: self.rows("deliveries"))
        running.wait_for_line("InfluxDB")
        listings = {
            command: tocsin(command, "-c", self.file, "--data-dir", self.data, *more)
            for command, more in (("deliveries", ()), ("deliveries", ("--json",)), ("history", ()),
                                  ("history", ("--json",)))}
        self.assertEqual(running.stop(), 0, running.output())
        self.search("log", running.output())
        for command, done in listings.items():
            self.search(command, done.stdout + done.stderr)
        for command in "validate", "test", "check":
            done = tocsin(command, "-c", self.file, timeout=120)
            self.search(command, done.stdout + done.stderr)
        for path in self.data.rglob("*"):
            if path.is_file():
                self.search(path.name, path.read_bytes().decode(errors="replace"))
        return running.output()

    def test_refused(self):
        log = self.go_through(400, lambda row: row["attempts"] > 0)
        self.assertIn("***", log, "the careless answers are in the log, without the secrets")

    def test_in_trouble(self):
        self.go_through(503, lambda row: row["attempts"] > 0)


if __name__ == "__main__":
    unittest.main()
