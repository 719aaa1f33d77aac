"""200 times kill -9 at random moments, each with a change pending: every change is notified at least once.

TOCSIN_KILL_SEED repeats a run's choices (the machine's timing it cannot repeat).
"""
import collections
import os
import pathlib
import random
import tempfile
import time
import unittest

import oracles
from program import Running, Simulator, configuration, require_tocsin
from receiver import Answer, Receiver
from servers import wait_until

KILLS = 200
HOSTS = 4
SERVICES = ("QlikSenseEngineService", "QlikSensePrintingService", "QlikSenseProxyService",
            "QlikSenseSchedulerService")
MARKER = "NoSuchService"


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


class SlowReceiver(Receiver):
    """Takes up to 30 ms to answer: time to be killed between sending and knowing that it was delivered."""

    def __init__(self, seed):
        super().__init__()
        self._random = random.Random(seed)

    def take(self, request):
        super().take(request)
        return Answer(delay=self._random.uniform(0, 0.03))


class Service:
    """One watched service: what was done to it, and which changes are not yet notified.

    It changes again only when its last change was notified: of what comes and goes between two
    checks nothing is known.
    """

    def __init__(self, host, name, manager):
        self.key = (host, name)
        self.manager = manager
        self.changes = []  # the states it was brought into

    def change(self):
        stops = len(self.changes) % 2 == 0
        (self.manager.stop if stops else self.manager.start)(self.key[1])
        self.changes.append("STOPPED" if stops else "RUNNING")


class Kills(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("TOCSIN_KILL_SEED", random.SystemRandom().randrange(10**6)))
        print(f"seed: TOCSIN_KILL_SEED={self.seed}", flush=True)
        self.random = random.Random(self.seed)
        folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        simulator = self.enterContext(Simulator(HOSTS))
        self.receiver = self.enterContext(SlowReceiver(self.seed))
        self.told_in_time = 0
        self.services = []
        for host, port in simulator.hosts.items():
            manager = self.enterContext(oracles.ServiceManager(port, simulator.USER,
                                                               simulator.PASSWORD))
            self.services += [Service(host, name, manager) for name in SERVICES]
        self.data = folder / "data"
        self.file = configuration(
            folder / "tocsin.yaml", credentials=simulator.credentials(),
            hosts=[simulator.host(host, (*SERVICES, MARKER)) for host in simulator.hosts],
            webhooks=[self.receiver.url()])

    def heard(self):
        """{service: states}, each delivery once, in the order in which they were first received."""
        heard = collections.defaultdict(list)
        keys = set()
        for request in list(self.receiver.requests):
            if request.key not in keys:
                keys.add(request.key)
                message = request.message
                heard[message["host"], message["serviceName"]].append(message["serviceStatus"])
        return heard

    def pending(self):
        heard = self.heard()
        return [service for service in self.services
                if len(heard[service.key]) < len(service.changes)]

    def change_some(self, most):
        """Up to so many of the services that may change; at least one change is pending then."""
        pending = self.pending()
        free = [service for service in self.services if service not in pending]
        at_least = 0 if pending else 1
        for service in self.random.sample(free, min(len(free), self.random.randint(at_least, most))):
            service.change()

    def first_looks(self, running):
        wait_until(lambda: running.output().count(f"{MARKER} is MISSING at the first check") == HOSTS,
                   30, running.output)

    def kill_while_it_starts(self, until_told):
        self.change_some(3)
        running = Running(self.file, self.data)
        running.start()
        time.sleep(self.random.uniform(0, 1.3 * until_told))
        self.kill(running)

    def kill_while_it_watches(self):
        with Running(self.file, self.data) as running:
            wait_until(lambda: not self.pending(), 20, "what was left over is told")
            self.change_some(3)
            time.sleep(self.random.uniform(0, 1.2))
            self.kill(running)

    def kill(self, running):
        """With a change pending: where all has been notified already, one more is made."""
        if not self.pending():
            self.told_in_time += 1
            self.change_some(1)
        running.kill()

    def test_every_change_is_told(self):
        started = time.monotonic()
        with Running(self.file, self.data) as running:
            self.first_looks(running)
            self.assertEqual(running.stop(), 0)

        # How long it takes from the start to the first alert decides when kills are worth while.
        self.change_some(4)
        begin = time.monotonic()
        with Running(self.file, self.data):
            self.receiver.wait_for(1)
            until_told = time.monotonic() - begin
            wait_until(lambda: not self.pending(), 20, "the first changes are told")

        for number in range(KILLS):
            # Mostly the change is there when tocsin starts; every fifth time it comes while tocsin
            # is awake, and the next check finds it.
            if number % 5:
                self.kill_while_it_starts(until_told)
            else:
                self.kill_while_it_watches()

        with Running(self.file, self.data) as running:
            wait_until(lambda: not self.pending(), 30,
                       lambda: f"every change is told: {running.output()}")
            time.sleep(1.5)
            self.assertEqual(running.stop(), 0)

        changes = {service.key: service.changes for service in self.services}
        self.assertEqual({key: states for key, states in self.heard().items() if states},
                         {key: states for key, states in changes.items() if states})
        requests = self.receiver.requests
        bodies = {}
        for request in requests:
            self.assertEqual(bodies.setdefault(request.key, request.body), request.body)
        total = sum(map(len, changes.values()))
        self.assertEqual(len(bodies), total)
        self.assertGreaterEqual(total, KILLS / 2)
        print(f"{KILLS} kills, {total} changes, all told; {len(requests) - total} told twice; "
              f"before {self.told_in_time} kills all was told already, and one more change made; "
              f"{until_told * 1000:.0f} ms from start to first alert; "
              f"{time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    unittest.main()
