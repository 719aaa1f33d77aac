"""States of services in VictoriaMetrics, which takes the writes of InfluxDB 1 and 2."""
import json
import unittest
import urllib.parse
import urllib.request

import influx_test
from influx_test import ENGINE, PROXY
from program import require_tocsin
from servers import free_port, wait_until
from unpacked import Unpacked


def setUpModule():
    require_tocsin()


class VictoriaMetrics(Unpacked):
    PROGRAMS = ("victoria-metrics",)

    def __init__(self):
        super().__init__()
        self.port = free_port()

    def up(self):
        self.start("victoria-metrics", f"-storageDataPath={self.folder}/data",
                   f"-httpListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=1", port=self.port)

    def _get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def series(self, name):
        """[{"metric": labels, "values": [...], "timestamps": [...]}]"""
        self._get("/internal/force_flush")
        lines = self._get("/api/v1/export?" + urllib.parse.urlencode({"match[]": name})).splitlines()
        return [json.loads(line) for line in lines]


class Victoria(influx_test.Watched):
    def check_states(self, **section):
        server = self.enterContext(VictoriaMetrics())
        simulator = self.simulator(1, *self.script(f"4s stop qs-node {ENGINE}"))
        self.configure(simulator, services=(ENGINE, PROXY), hostPort=server.port, **section)
        done = self.try_it()
        self.assertEqual(done.returncode, 0, done)
        running = self.run_tocsin()

        def is_there():
            found = {one["metric"]["service_name"]: one for one in server.series("win_service_state_state_num")}
            return ENGINE in found and {1, 4} <= set(found[ENGINE]["values"]) and found

        found = wait_until(is_there, 30, lambda: f"{server.log()} {running.output()}")
        self.assertEqual(set(found), {ENGINE, PROXY})
        self.assertEqual(set(found[PROXY]["values"]), {4})
        self.assertEqual(found[ENGINE]["metric"]["host"], "qs-node")
        times = found[ENGINE]["timestamps"]
        self.assertEqual(times, sorted(set(times)), "each state has its own time")
        self.assertEqual(running.stop(), 0, running.output())

    def test_writes_of_version_1(self):
        self.check_states(dbName="tocsin")

    def test_writes_of_version_2(self):
        self.check_states(version=2, v2Config={"org": "ops", "bucket": "tocsin", "token": "any"})


if __name__ == "__main__":
    unittest.main()
