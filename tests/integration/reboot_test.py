"""What checks observe of a pretend host that is restarted."""

import json
import tempfile
import time
import unittest

from program import Simulator, configuration, require_tocsin, tocsin

SERVICES = ["QlikSenseEngineService", "QlikSenseProxyService", "Spooler"]


def setUpModule():
    require_tocsin()


class RebootTest(unittest.TestCase):
    def start(self, event):
        """A pretend host to which the event happens at once; its configuration file."""
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-"))
        simulator = self.enterContext(Simulator(1, "--event", event.replace("HOST", "qs-node")))
        (host,) = simulator.hosts
        return configuration(f"{folder}/tocsin.yaml", hosts=[simulator.host(host, SERVICES)],
                             credentials=simulator.credentials())

    def check(self, path):
        """The states by name, or the error of the host."""
        done = tocsin("check", "--json", "-c", path)
        self.assertTrue(done.stdout, done.stderr)
        rows = json.loads(done.stdout)
        if all(row["state"] == "UNKNOWN" for row in rows):
            return rows[0]["error"]
        return {row["service"]: row["state"] for row in rows}

    def wait_for(self, path, wanted, seconds=30):
        seen = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen.append(self.check(path))
            if wanted(seen[-1]):
                return seen
            time.sleep(0.05)
        self.fail(f"not seen: {seen[-3:]}")

    def test_a_reboot_is_an_outage_and_no_stops(self):
        path = self.start("reboot HOST 10s")
        self.assertIn("shutting down", self.check(path))
        self.wait_for(path, lambda seen: isinstance(seen, str) and "shutting" not in seen)
        self.wait_for(path, lambda seen: isinstance(seen, dict)
                      and set(seen.values()) == {"RUNNING"})

    def test_a_quiet_reboot_shows_each_stop(self):
        # Slow enough for a busy machine, on which a check takes seconds, to see it.
        path = self.start("reboot-quietly HOST 60s")
        self.wait_for(path, lambda seen: isinstance(seen, dict)
                      and {"STOPPED", "STOP_PENDING"} <= set(seen.values()))
        self.wait_for(path, lambda seen: isinstance(seen, str))


if __name__ == "__main__":
    unittest.main()
