"""Which files `run` and `check` make, whose they are, and who may read them."""
import json
import os
import pathlib
import stat
import tempfile
import unittest

from program import ON_WINE, Running, Simulator, configuration, require_tocsin, tocsin
from servers import wait_until

SERVICE = "Spooler"
SOMEBODY = 12345


def setUpModule():
    require_tocsin()


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@unittest.skipIf(os.name != "posix" or "wine" in os.environ.get("TOCSIN", ""), "permissions of Linux")
class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.simulator = cls.enterClassContext(Simulator(1))
        (cls.host,) = cls.simulator.hosts

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.data = self.folder / "data"
        self.file = self.folder / "tocsin.yaml"

    def configure(self, services=(SERVICE,), **more):
        configuration(self.file, hosts=[self.simulator.host(self.host, services)],
                      credentials=self.simulator.credentials(), **more)

    def run_ready(self):
        running = self.enterContext(Running(self.file, self.data))
        running.wait_for_line("ready: ")
        return running

    def test_check_names_a_pattern_that_finds_nothing(self):
        self.configure([SERVICE, "Typo*"])
        done = tocsin("check", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(f"{self.host}: no service matches `Typo*`", done.stderr)
        self.configure()
        self.assertEqual(tocsin("check", "-c", self.file, "--data-dir", self.data).returncode, 0)

    @unittest.skipIf(os.geteuid() != 0, "only root can work in another's directory")
    @unittest.skipIf(ON_WINE, "owners, modes and links are those of Linux")
    def test_what_root_makes_in_a_directory_belongs_to_its_owner(self):
        self.configure()
        self.data.mkdir()
        os.chown(self.data, SOMEBODY, SOMEBODY)
        running = self.run_ready()
        self.assertEqual({path.name: path.stat().st_uid for path in self.data.iterdir()},
                         {path.name: SOMEBODY for path in self.data.iterdir()})
        self.assertIn("tocsin.db", {path.name for path in self.data.iterdir()})
        running.stop()
        self.assertEqual({path.stat().st_uid for path in self.data.iterdir()}, {SOMEBODY})

    def test_a_directory_for_everybody_is_warned_of(self):
        self.configure()
        self.data.mkdir()
        self.data.chmod(0o777)
        self.run_ready().wait_for_line("every user of this machine can put files into the data directory")

    @unittest.skipIf(ON_WINE, "owners, modes and links are those of Linux")
    def test_metrics_and_log_are_for_owner_and_group_whatever_the_umask(self):
        metrics, logs = self.folder / "tocsin.prom", self.folder / "log"
        logs.mkdir()
        self.configure(metricsFile=str(metrics), fileLogging=True, logDirectory=str(logs))
        before = os.umask(0)
        try:
            self.run_ready()
        finally:
            os.umask(before)
        wait_until(metrics.exists, 10, lambda: "no metrics")
        self.assertEqual(mode_of(metrics), 0o640)
        self.assertEqual(mode_of(logs / "tocsin.log"), 0o640)

    @unittest.skipIf(ON_WINE, "owners, modes and links are those of Linux")
    def test_neither_is_written_through_a_link(self):
        victim, metrics, logs = self.folder / "victim", self.folder / "tocsin.prom", self.folder / "log"
        victim.write_text("untouched")
        logs.mkdir()
        for link in (metrics, pathlib.Path(f"{metrics}.new"), logs / "tocsin.log"):
            link.symlink_to(victim)
        self.configure(metricsFile=str(metrics), fileLogging=True, logDirectory=str(logs))
        self.run_ready().wait_for_line("no log file is written: ")
        wait_until(lambda: not metrics.is_symlink(), 10, lambda: "the link is still there")
        self.assertEqual(victim.read_text(), "untouched")

    def test_json_turns_no_text_around(self):
        turned = "No\u202eSuch*"
        self.configure()
        configured = json.loads(self.file.read_text())
        host = next(iter(configured.values()))["serviceMonitor"]["monitor"][0]
        host.update(port=1, services=[{"displayName": turned}])
        self.file.write_text(json.dumps(configured))
        done = tocsin("check", "--json", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, 3, done)
        self.assertEqual([row["service"] for row in json.loads(done.stdout)], [turned])
        self.assertNotIn("\u202e", done.stdout)


if __name__ == "__main__":
    unittest.main()
