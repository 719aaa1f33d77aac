"""Changes of services become alerts of a real Alertmanager, and end there when the service runs again."""
import json
import pathlib
import subprocess
import tempfile
import unittest
import urllib.request
from datetime import datetime

import oracles
from program import require_tocsin, tocsin
from servers import ended_if_it_fails, free_port, listens, require, wait_until
from watched import ENGINE, PROXY, Watched


def setUpModule():
    require_tocsin()
    require("prometheus-alertmanager")
    oracles.require_impacket()


class Alertmanager:
    """A server with a private configuration; what it notifies goes to `receiver`."""

    def __init__(self, receiver):
        self._receiver = receiver
        self.port = free_port()
        self.process = None

    @ended_if_it_fails
    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="tocsin-alertmanager-")
        folder = pathlib.Path(self._folder.name)
        (folder / "alertmanager.yml").write_text(f"""
route: {{receiver: test, group_by: ['...'], group_wait: 0s, group_interval: 1s}}
receivers:
  - name: test
    webhook_configs: [{{url: '{self._receiver.url("/notified")}', send_resolved: true}}]
""", encoding="utf-8")
        self.up()
        return self

    def up(self):
        folder = pathlib.Path(self._folder.name)
        self.process = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml",
             f"--storage.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
             "--cluster.listen-address="],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.process.poll() is not None or listens(self.process.pid, self.port),
                   30, "Alertmanager listens")
        assert self.process.poll() is None, "Alertmanager ended"

    def down(self):
        self.process.kill()
        self.process.wait()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def alerts(self):
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
            return json.load(answer)

    def __exit__(self, *_):
        if self.process:
            self.down()
        self._folder.cleanup()


class Alerts(Watched):
    HOSTS = 5

    def setUp(self):
        super().setUp()
        self.notified = self.receiver()
        self.server = self.enterContext(Alertmanager(self.notified))

    def run_with_server(self):
        return self.run_tocsin(
            destinations=["alertmanager"],
            alertmanagerNotification={"servers": [{"url": self.server.url}],
                                      "labels": [{"name": "team", "value": "windows"}]})

    def notification(self, number):
        """The n-th notification of Alertmanager: its status and the alert's labels."""
        message = self.notified.wait_for(number)[number - 1].message
        return message["status"], message["alerts"][0]

    def test_fires_and_ends(self):
        self.run_with_server()
        self.manager.stop(ENGINE)
        status, alert = self.notification(1)
        labels = {"alertname": "WindowsService", "host": self.host, "service": ENGINE,
                  "severity": "critical", "team": "windows"}
        self.assertEqual((status, alert["labels"]), ("firing", labels))
        self.assertEqual(alert["annotations"]["summary"],
                         f"Qlik Sense Engine Service on {self.host} is STOPPED (was RUNNING)")
        stopped, = self.server.alerts()
        self.assertEqual(stopped["labels"], labels)
        self.manager.start(ENGINE)
        status, alert = self.notification(2)
        self.assertEqual((status, alert["labels"]), ("resolved", labels))
        began = datetime.fromisoformat(alert["startsAt"])  # written with fewer digits here and there
        self.assertEqual(began, datetime.fromisoformat(stopped["startsAt"]))
        self.assertGreater(datetime.fromisoformat(alert["endsAt"]), began)
        self.assertEqual(self.server.alerts(), [])

    def test_is_down_and_comes_back(self):
        running = self.run_with_server()
        self.server.down()
        self.manager.stop(ENGINE)
        running.wait_for_line("not delivered, attempt 1")
        self.manager.stop(PROXY)
        self.server.up()
        firing = {self.notification(number)[1]["labels"]["service"] for number in (1, 2)}
        self.assertEqual(firing, {ENGINE, PROXY})
        # An outcome is written a moment after the server's answer.
        wait_until(lambda: {row["state"] for row in self.rows("deliveries")} == {"delivered"}, 10,
                   lambda: self.rows("deliveries"))

    def test_test_command(self):
        self.configure(destinations=["alertmanager"],
                       alertmanagerNotification={"servers": [{"url": self.server.url}]})
        done = tocsin("test", "-c", self.file, "alertmanager")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stdout, f"Alertmanager {self.server.url}: delivered, 200 OK\n")
        self.server.down()
        done = tocsin("test", "-c", self.file, "alertmanager")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("not delivered, would be tried again", done.stdout)


if __name__ == "__main__":
    unittest.main()
