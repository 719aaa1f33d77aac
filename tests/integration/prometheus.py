"""A real Prometheus, installed or unpacked, with a private configuration."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

from servers import ended_if_it_fails, free_port, listens, wait_until
from unpacked import ROOT

SHIPPED = pathlib.Path(__file__).resolve().parent.parent.parent / "packaging/prometheus"


def program(name):
    """Its path; skips the tests where it is neither unpacked nor installed."""
    found = shutil.which(name) or shutil.which(name, path=ROOT / "usr/bin")
    if not found:
        raise unittest.SkipTest(f"{name} is neither unpacked (tools/unpack_servers) nor installed")
    return found


def promtool(*arguments, stdin=None):
    """What it answers; it must find no fault."""
    done = subprocess.run([program("promtool"), *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"promtool {arguments}: exit {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Prometheus:
    """Runs the files of a folder, of which prometheus.yml is one."""

    def __init__(self, folder):
        self._file = pathlib.Path(folder) / "prometheus.yml"
        self.port = free_port()
        self.process = None

    @ended_if_it_fails
    def __enter__(self):
        self._data = tempfile.TemporaryDirectory(prefix="tocsin-prometheus-")
        self.process = subprocess.Popen(
            [program("prometheus"), f"--config.file={self._file}", f"--storage.tsdb.path={self._data.name}",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.process.poll() is not None or listens(self.process.pid, self.port), 30,
                   "Prometheus listens")
        assert self.process.poll() is None, "Prometheus ended"
        wait_until(self._ready, 30, "Prometheus is ready")
        return self

    def _ready(self):
        # It listens before it answers.
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=10):
                return True
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                raise
            return False

    def _ask(self, path, **parameters):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?"
                                    + urllib.parse.urlencode(parameters), timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        """The value of the only series; None while there is none."""
        found = self._ask("query", query=expression)["result"]
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def rules(self):
        return {rule["name"] for group in self._ask("rules")["groups"] for rule in group["rules"]}

    def firing(self):
        """The labels of the alerts that fire, by their names."""
        return {alert["labels"]["alertname"]: alert["labels"] for alert in self._ask("alerts")["alerts"]
                if alert["state"] == "firing"}

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
        self._data.cleanup()
