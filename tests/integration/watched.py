"""A pretend host for each test, and a `tocsin run` that watches it."""
import json
import pathlib
import tempfile
import unittest

import oracles
from program import Running, Simulator, configuration, tocsin
from receiver import Authority, Receiver
from servers import wait_until

ENGINE = "QlikSenseEngineService"
PROXY = "QlikSenseProxyService"
MARKER = "NoSuchService"  # its line in the log says that the first check has been


class Watched(unittest.TestCase):
    """A fresh pretend host for each test, watched by a `tocsin run` of its own."""

    HOSTS = 30
    SERVICES = (ENGINE, PROXY, MARKER)

    @classmethod
    def setUpClass(cls):
        cls.simulator = cls.enterClassContext(Simulator(cls.HOSTS))
        cls.unused_hosts = iter(cls.simulator.hosts)
        cls.certificates = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tocsin-test-"))
        cls.authority = Authority(cls.certificates)

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.data = self.folder / "data"
        self.file = self.folder / "tocsin.yaml"
        self.host = next(self.unused_hosts)
        self.manager = self.enterContext(oracles.ServiceManager(
            self.simulator.hosts[self.host], self.simulator.USER, self.simulator.PASSWORD))

    def configure(self, *webhooks, **more):
        """`more` as for program.configuration()."""
        configuration(self.file, hosts=[self.simulator.host(self.host, self.SERVICES)],
                      credentials=self.simulator.credentials(), webhooks=webhooks, **more)

    def run_tocsin(self, *webhooks, **more):
        """Runs until the test's end, or until stopped or killed; returns after the first check."""
        self.configure(*webhooks, **more)
        return self.start_tocsin(first_look=True)

    def start_tocsin(self, first_look=False):
        running = self.enterContext(Running(self.file, self.data))
        if first_look:
            running.wait_for_line(f"{MARKER} is MISSING at the first check")
        return running

    def receiver(self, *script, **more):
        return self.enterContext(Receiver(*script, **more))

    def webhook(self, receiver, *, method="POST", path="/alerts", host="127.0.0.1", **cert):
        entry = {"description": "the receiver", "webhookURL": receiver.url(path, host),
                 "httpMethod": method}
        return {**entry, "cert": {"enable": True, **cert}} if cert else entry

    def rows(self, command, *arguments):
        done = tocsin(command, "--json", "-c", self.file, "--data-dir", self.data, *arguments)
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)

    def wait_for_delivery(self, state, seconds=15):
        """The only delivery, as soon as it is in that state."""
        def look():
            rows = self.rows("deliveries")
            return rows[0] if len(rows) == 1 and rows[0]["state"] == state else None
        return wait_until(look, seconds, lambda: f"{state}: {self.rows('deliveries')}")

    def states(self, requests):
        return [(request.message["serviceName"], request.message["serviceStatus"])
                for request in requests]
