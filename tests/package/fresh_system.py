"""A fresh Debian of this machine's release that boots by itself: debootstrap makes it once, systemd-nspawn runs a copy."""
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
import bootstrapped  # noqa: E402
from servers import require, wait_until  # noqa: E402

_BOOTS = ["systemd-sysv", "dbus"]


def _check(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _names(relations):
    return [re.split(r"[ (|]", part.strip())[0] for part in relations.split(",")]


def dependencies(package):
    """The names of the packages that it needs. debootstrap knows no virtual ones (libspdlog1.10-fmt9): for them, what provides
    them here."""
    lines = _check("dpkg-query", "-W", "-f", "${Package}\t${Provides}\n").splitlines()
    provided = dict(line.split("\t") for line in lines)
    providers = {virtual: name for name, virtuals in provided.items() for virtual in _names(virtuals)}
    needed = _names(_check("dpkg-deb", "--field", package, "Depends"))
    return [name if name in provided else providers.get(name, name) for name in needed]


class FreshSystem:
    """Booted when the context is entered; gone, with all that ran in it, at its end. Shares this machine's network."""

    def __init__(self, packages):
        require("systemd-nspawn", "nsenter")
        wanted = sorted({*_BOOTS, *packages} - {"systemd"})
        suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
        self._base = bootstrapped.root(suite, f"--include={','.join(wanted)}")
        self._folder = tempfile.TemporaryDirectory(prefix="tocsin-test-")
        self.root = pathlib.Path(self._folder.name) / "root"

    def __enter__(self):
        _check("cp", "-a", "--reflink=auto", self._base, self.root)
        self._log = open(self.root.parent / "boot.log", "wb")
        self._container = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", self.root, "--register=no", "--keep-unit", "-b"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)
        try:
            self._leader = wait_until(self._first_process, 15, self.boot_log)
            wait_until(lambda: self.run("systemctl", "is-system-running", check=False).strip()
                       in ("running", "degraded"), 60, self.boot_log)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _first_process(self):
        if self._container.poll() is not None:
            raise unittest.SkipTest("systemd-nspawn cannot boot a system here: " + self.boot_log()[-300:])
        children = pathlib.Path(f"/proc/{self._container.pid}/task/{self._container.pid}/children").read_text().split()
        return next((child for child in children
                     if "systemd" == pathlib.Path(f"/proc/{child}/comm").read_text().strip()), None)

    def boot_log(self):
        return (self.root.parent / "boot.log").read_text(errors="replace")

    def run(self, *words, check=True, timeout=60):
        """A command in the system; what it prints."""
        entered = ["nsenter", "-t", self._leader, "-m", "-u", "-i", "-p", "--", "env", "DEBIAN_FRONTEND=noninteractive",
                   "SYSTEMD_COLORS=0", *map(str, words)]
        if check:
            return _check(*entered, timeout=timeout)
        done = subprocess.run(entered, capture_output=True, text=True, check=False, timeout=timeout)
        return done.stdout + done.stderr

    def __exit__(self, *_):
        self._container.send_signal(signal.SIGTERM)
        try:
            self._container.wait(20)
        except subprocess.TimeoutExpired:
            self._container.kill()
            self._container.wait()
        self._log.close()
        self._folder.cleanup()
