"""Windows' side of a test: a Wine prefix of its own, and the services that testsvc.exe makes there.

A prepared prefix is kept in the user's cache. That of a suite is made from it in a tenth of a second:
what nobody writes to are links. Everything in it ends with the test, and even when the test is killed.
"""
import base64
import contextlib
import dataclasses
import fcntl
import functools
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest

import output
from servers import require, wait_until

TESTSVC = os.environ.get("TOCSIN_TESTSVC", "")
_CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin"

# winsvc.h
STATES = (None, "STOPPED", "START_PENDING", "STOP_PENDING", "RUNNING", "CONTINUE_PENDING",
          "PAUSE_PENDING", "PAUSED")
START_TYPES = {"Automatic": 2, "Manual": 3, "Disabled": 4}
STOP, PAUSE, CONTINUE = 1, 2, 3
# tests/windows/testsvc.cpp
HANG, FAIL, SLOW = 128, 129, 200


ATTEMPTS = 3  # of what Wine itself may fail at


def failed(code, said):
    """Whether Wine failed a program, `said`: whether that printed anything. Wine's server kills a process
    that needs too long to end on a busy machine, and its exit code is lost; now and then Wine does not
    start one, and says nothing, or breaks down itself when one ends. Our programs can do none of it: one
    that breaks down has exit code 5 (of 0xC0000005)."""
    return code in (-signal.SIGKILL, -signal.SIGSEGV) or (code == 1 and not said)


def run(*words, timeout=60, **more):
    """A Windows program to its end, with what it printed as text."""
    for _ in range(ATTEMPTS):
        done = output.run(["wine", *words], timeout=timeout, **more)
        if not failed(done.returncode, done.stdout or done.stderr):
            break
    return done


def windows_path(path):
    """What Windows calls a file of this machine."""
    return "Z:" + str(path).replace("/", "\\")


def server():
    """The process that holds the sockets of all programs of the prefix."""
    ours = os.fsencode(f"WINEPREFIX={os.environ['WINEPREFIX']}")
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if ((entry / "comm").read_text().startswith("wineserver")
                    and ours in (entry / "environ").read_bytes().split(b"\0")):
                return int(entry.name)
    raise AssertionError("no wineserver runs for this prefix")


class WineError(Exception):
    pass


class _Server:
    """The wineserver of a prefix. All programs and services there live and die with it, and it ends
    with us, however we end: a process that is no child of ours waits for that, and cleans up."""

    def __init__(self, prefix, folder=""):
        """`folder`: goes in the end."""
        self.environment = {
            **{name: value for name, value in os.environ.items()
               if name not in ("DISPLAY", "WAYLAND_DISPLAY")},
            "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "HOME": str(prefix),
            "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        self._folder = folder
        self._cleaner = None

    def __enter__(self):
        # A wineserver that is killed leaves its programs behind; one that is asked to end does not.
        self._cleaner = subprocess.Popen(
            ["setsid", "--fork", "sh", "-c", 'read -r end; wineserver --kill; rm -rf "$1"', "sh",
             self._folder],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self._run("wineserver", "--persistent")  # returns when it listens
        return self

    def _run(self, *command):
        """No pipes: what it starts would keep them open."""
        with tempfile.TemporaryFile() as errors:
            code = subprocess.run(command, env=self.environment, check=False, timeout=300,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=errors).returncode
            errors.seek(0)
            if code:
                raise WineError(f"{' '.join(command)}: exit code {code}\n"
                                + errors.read().decode(errors="replace"))

    def boot(self, *arguments):
        """Starts Windows' own services."""
        self._run("wineboot", *arguments)

    def __exit__(self, *_):
        self._cleaner.communicate(timeout=60)  # until it has ended


@functools.cache
def _version():
    """As "wine-8.0"."""
    return subprocess.run(["wine", "--version"], capture_output=True, text=True, check=True,
                          env={**os.environ, "WINEDEBUG": "-all"}).stdout.split()[0]


def notices_deaths():
    """Whether its service manager sees that a service's process has ended."""
    return float(re.search(r"\d+\.\d+", _version())[0]) >= 10


def _prepared_prefix():
    """Made once for each version of Wine; eight seconds."""
    prefix = _CACHE / _version()
    _CACHE.mkdir(parents=True, exist_ok=True)
    with open(_CACHE / "wine.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not prefix.exists():
            with tempfile.TemporaryDirectory(prefix="wine-", dir=_CACHE) as unfinished:
                new = pathlib.Path(unfinished) / "prefix"
                new.mkdir()
                with _Server(new) as server:
                    server.boot("--init")
                new.rename(prefix)
    return prefix


def _copy_prefix(to):
    prepared = _prepared_prefix()
    programs = (str(prepared / "drive_c/windows"), str(prepared / "drive_c/Program Files"))

    def copy(source, target):
        (os.symlink if source.startswith(programs) else shutil.copy2)(source, target)

    shutil.copytree(prepared, to, symlinks=True, copy_function=copy)


class Prefix:
    """A Windows that has just been installed; `wine` of this process and its children means it."""

    def __init__(self):
        require("wine", "wineserver", "wineboot")
        self._folder = None
        self._server = None
        self._before = None

    def __enter__(self):
        for left in reversed(range(ATTEMPTS)):
            try:
                return self._boot()
            except WineError as failure:
                if not left:
                    raise
                print(f"once more with another prefix: {failure}", file=sys.stderr)

    def _boot(self):
        self._folder = tempfile.TemporaryDirectory(prefix="tocsin-wine-",
                                                   ignore_cleanup_errors=True)
        try:
            prefix = pathlib.Path(self._folder.name) / "prefix"
            _copy_prefix(prefix)
            self._server = _Server(prefix, self._folder.name).__enter__()
            self._server.boot()
            self._before = dict(os.environ)
            os.environ.clear()
            os.environ.update(self._server.environment)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._before is not None:
            os.environ.clear()
            os.environ.update(self._before)
        if self._server:
            self._server.__exit__()
            self._server = None
        self._folder.cleanup()


def host(services, name="localhost", **more):
    """How a configuration names this Windows."""
    return {"host": name, "services": [{"name": service} for service in services], **more}


class WindowsError(Exception):
    def __init__(self, words, code):
        super().__init__(f"{' '.join(words)}: error {code}")
        self.code = code


@dataclasses.dataclass(frozen=True)
class Listed:
    display_name: str
    state: str
    process: int


class Services:
    """The services of a prefix, made, changed and asked by testsvc.exe.

    What makes a change returns the time at which it was asked for, as time.time() does, and returns
    when the service has settled.
    """

    def __init__(self):
        if not TESTSVC:
            raise unittest.SkipTest("TOCSIN_TESTSVC does not name testsvc.exe")
        self.process = None
        self._lines = None

    def __enter__(self):
        for left in reversed(range(ATTEMPTS)):
            self.process = subprocess.Popen(["wine", TESTSVC, "shell"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE)
            self._lines = output.lines(self.process, self.process.stdout)
            try:
                self.list()
                return self
            except (AssertionError, BrokenPipeError):
                self.__exit__()
                if not left:
                    raise

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def _try(self, *commands):
        """All of them at once; the answers: each an error, the time and what was asked for."""
        commands = [[str(word) for word in words] for words in commands]
        for words in commands:
            self.process.stdin.write("\t".join(words).encode() + b"\n")
        self.process.stdin.flush()
        lines = [next(self._lines, "") for _ in commands]
        answers = []
        for words, line in zip(commands, lines, strict=True):
            if not line:
                raise AssertionError("testsvc.exe has ended")
            code, at, *answer = line.split("\t")
            error = WindowsError(words, int(code)) if code != "0" else None
            answers.append((error, int(at or 0) / 1e6, answer))
        return answers

    def _ask(self, *commands):
        """The same without errors: the first one is raised."""
        answers = self._try(*commands)
        for error, *_ in answers:
            if error:
                raise error
        return [(at, answer) for _, at, answer in answers]

    def _change(self, names, command, *words, until=None):
        asked = self._ask(*((command, name, *words) for name in names))
        if until:
            self._ask(*(("wait", name, STATES.index(until)) for name in names))
        return asked[-1][0]

    def install(self, *names, display=None, start="Manual"):
        """`display`: {name: display name}; other services display their name."""
        displayed = display or {}
        self._ask(*(("install", name, displayed.get(name, name), START_TYPES[start]) for name in names))

    def install_again(self, name):
        """As soon as the one before, which is to be removed, is held open by nobody."""
        marked_for_delete = 1072

        def begin():
            (error, *_), = self._try(("install", name, name, START_TYPES["Manual"]))
            if error and error.code != marked_for_delete:
                raise error
            return not error
        wait_until(begin, 10, f"nobody holds the removed {name} open")

    def remove(self, *names):
        return self._change(names, "remove")

    def start(self, *names):
        """Wine has an internal error while the process that a service had before is ending."""
        internal_error = 1359

        def begin(name):
            answers = []

            def look():
                answers[:] = self._try(("start", name))
                error = answers[0][0]
                return error is None or error.code != internal_error
            wait_until(look, 20, f"{name} starts")
            (error, at, _), = answers
            if error:
                raise error
            return at
        asked = [begin(name) for name in names][-1]
        self._ask(*(("wait", name, STATES.index("RUNNING")) for name in names))
        return asked

    def control(self, code, *names, until=None):
        return self._change(names, "control", code, until=until)

    def stop(self, *names):
        return self.control(STOP, *names, until="STOPPED")

    def pause(self, *names):
        return self.control(PAUSE, *names, until="PAUSED")

    def resume(self, *names):
        return self.control(CONTINUE, *names, until="RUNNING")

    def hang(self, *names):
        """They are asked to stop and never do."""
        self.control(HANG, *names)
        return self.control(STOP, *names, until="STOP_PENDING")

    def stop_slowly(self, seconds, *names):
        """They are on their way for so long, with a checkpoint each second."""
        self.control(SLOW + seconds, *names)
        return self.control(STOP, *names, until="STOP_PENDING")

    def fail(self, *names):
        """They stop with the exit code 42 of their own."""
        return self.control(FAIL, *names, until="STOPPED")

    def kill(self, *names):
        """Their processes end, which not every Wine's manager notices."""
        return self._change(names, "kill")

    def trust(self, certificate):
        """Windows' own store believes the authority of this PEM file from now on."""
        der = ssl.PEM_cert_to_DER_cert(pathlib.Path(certificate).read_text(encoding="ascii"))
        self._ask(("trust", base64.b64encode(der).decode()))

    def list(self):
        """{name: Listed}, of all services there are."""
        (_, words), = self._ask(("list",))
        return {name: Listed(display, STATES[int(state)], int(process))
                for name, display, state, process in zip(*[iter(words)] * 4, strict=True)}
