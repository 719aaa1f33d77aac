"""The installer of ./dev package under Wine: installed, upgraded while the service runs, removed."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import wine
from servers import require, wait_until
from windows_service_test import TOCSIN, net, query

SOURCES = pathlib.Path(__file__).parents[2]
OLD, NEW = "0.0.1", "0.0.2"
PROGRAM = "C:\\Program Files\\tocsin\\tocsin.exe"


def build(version, folder):
    """The same program under another version, so that it may be upgraded: the path of the .msi."""
    done = subprocess.run([SOURCES / "tools/windows_package", version], capture_output=True, text=True, check=False,
                          env={**os.environ, "TOCSIN": os.path.abspath(TOCSIN)})
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    made = SOURCES / f"build/package/tocsin-{version}-windows-x64"
    shutil.rmtree(made)
    made.with_name(made.name + ".zip").unlink()
    return shutil.move(made.with_name(made.name + ".msi"), folder)


class WindowsInstallerTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        require("wine", "wixl", "msibuild")
        if not TOCSIN:
            raise unittest.SkipTest("TOCSIN does not name the program under test")
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tocsin-test-"))
        cls.installers = {version: build(version, folder) for version in (OLD, NEW)}

    def setUp(self):
        self.enterContext(wine.Prefix())
        self.drive = pathlib.Path(os.environ["WINEPREFIX"], "drive_c")
        self.configuration = self.drive / "ProgramData/tocsin/tocsin.yaml"
        self.database = self.configuration.with_name("tocsin.db")
        self.program = self.drive / "Program Files/tocsin/tocsin.exe"
        self.log = self.drive / "log/tocsin.log"

    def msiexec(self, what, version):
        """Silent, as a software distribution calls it."""
        done = wine.run("msiexec", what, wine.windows_path(self.installers[version]), "/qn", timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def ask(self, *words):
        done = wine.run(PROGRAM, *words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def starts(self):
        return self.log.read_text(encoding="utf-8").count(" ready: ") if self.log.exists() else 0

    def state(self):
        return query("tocsin").get("STATE")

    def install_and_start(self):
        self.msiexec("/i", OLD)
        # Nobody has made the service yet, and the installer asks for nothing.
        self.assertIsNone(self.state())
        self.configuration.parent.mkdir()
        self.configuration.write_text(json.dumps({"tocsin": {
            "fileLogging": True, "logDirectory": "C:\\log",
            "serviceMonitor": {"frequency": "every 1 second",
                               "monitor": [{"host": "localhost", "services": [{"name": "Spooler"}]}]}}}))
        self.ask("service", "install")
        self.assertEqual(net("start", "tocsin"), 0)
        wait_until(lambda: self.starts() == 1, 20, lambda: "it does not start")

    def test_an_upgrade_stops_the_service_and_starts_it_again(self):
        # Wine does not wait until the service has ended, so its program may be in use and stay the old one.
        self.install_and_start()
        known = self.database.stat().st_ino
        self.msiexec("/i", NEW)
        wait_until(lambda: self.starts() == 2 and self.state() == "4 RUNNING", 30, self.state)
        self.assertIn(" stopped\n", self.log.read_text(encoding="utf-8"), "it was not killed")
        self.assertEqual(self.database.stat().st_ino, known)

    def test_a_service_that_does_not_start_with_windows_stays_as_it_is(self):
        self.install_and_start()
        self.assertEqual(wine.run("reg", "add", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\tocsin", "/v", "Start",
                                  "/t", "REG_DWORD", "/d", "3", "/f").returncode, 0)
        net("stop", "tocsin")
        wait_until(lambda: self.state() == "1 STOPPED", 20, self.state)
        os.utime(self.program, (0, 0))
        self.msiexec("/i", NEW)
        self.assertNotEqual(self.program.stat().st_mtime, 0, "the program is the newer one's")
        self.assertEqual((self.state(), self.starts()), ("1 STOPPED", 1))

        self.ask("service", "uninstall")
        self.msiexec("/x", NEW)
        self.assertFalse(self.program.exists())
        self.assertTrue(self.configuration.exists() and self.database.exists(), "configuration and history stay")


if __name__ == "__main__":
    unittest.main()
