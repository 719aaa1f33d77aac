"""Servers of packages that are not installed: ./dev setup has unpacked them (tools/unpack_servers).

Each runs in a mount namespace of its own, where they lie over /usr and have the users that they insist on.
Nothing outside it sees them.
"""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from servers import end_processes_about, ended_if_it_fails, listens, processes_about, require, require_root, wait_until

ROOT = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin/servers/root"

# Over /usr: all of what the packages hold. The last line becomes the server.
_SCRIPT = """
mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr &&
mount --bind "$2/passwd" /etc/passwd && mount --bind "$2/group" /etc/group || exit 77
shift 2
exec "$@"
"""
_USERS = {"postfix": 60001, "postdrop": 60002, "dovecot": 60003, "dovenull": 60004,
          "Debian-exim": 60005, "proxy": 60006, "rabbitmq": 60007}


def is_unpacked(program):
    return any((ROOT / folder / program).exists() for folder in ("usr/bin", "usr/sbin"))


def require_unpacked(*programs):
    """Skips the tests where one of these is neither unpacked nor installed."""
    require("unshare", "mount")
    require_root("a server in a mount namespace")
    for program in programs:
        if not is_unpacked(program):
            require(program)


def uid(user):
    return _USERS[user]


class Unpacked:
    """One server with a folder of its own; subclasses write its files and say how it starts."""

    PROGRAMS = ()

    def __init__(self):
        require_unpacked(*self.PROGRAMS)
        self.folder = None
        self.processes = []

    @ended_if_it_fails
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-unpacked-"))
        self.folder.chmod(0o755)
        for name in ("passwd", "group"):
            lines = pathlib.Path("/etc", name).read_text(encoding="utf-8").splitlines()
            own = [line for line in lines if line.split(":")[0] not in _USERS]
            own += [f"{user}:x:{number}:" + (f"{number}::/nonexistent:/bin/sh" if name == "passwd" else "")
                    for user, number in _USERS.items()]
            (self.folder / name).write_text("\n".join(own) + "\n", encoding="utf-8")
        self.up()
        return self

    def up(self):
        raise NotImplementedError

    def command(self, *words):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "sh", ROOT,
                self.folder, *words]

    def run(self, *words, **more):
        """A program of the packages, to its end."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=60, check=True,
                              **more)

    def version(self, *words, **more):
        """What the words print, which begin with it, as (2, 3, 19)."""
        return tuple(map(int, re.match(r"[\d.]*\d", self.run(*words, **more).stdout)[0].split(".")))

    def begin(self, *words, env=None):
        """Starts it."""
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True, env={**os.environ, **(env or {})})
        self.processes.append(process)
        return process

    def start(self, *words, port, env=None):
        """The same; returns when it, or a process that names the folder, listens on the port."""
        process = self.begin(*words, env=env)

        def is_up():
            if process.poll() == 77:
                raise unittest.SkipTest(f"no private folders here: {self.log()}")
            if process.poll() is not None:
                raise AssertionError(f"{words} ended with {process.returncode}: {self.log()}")
            return any(listens(pid, port) for pid in [process.pid, *processes_about(self.folder)])

        wait_until(is_up, 60, lambda: f"{words} listens: {self.log()}")
        return process

    def log(self):
        return "\n".join(path.read_text(encoding="utf-8", errors="replace")[-3000:]
                         for path in sorted(self.folder.glob("*log*")) if path.is_file())

    def __exit__(self, *_):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        end_processes_about(self.folder)
        self.processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
