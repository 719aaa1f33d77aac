"""The real servers that the tests talk to, and what starting servers needs.

Every class here is a context manager: it starts processes on a port of their own, waits until these
very processes answer, and ends them by their ids.
"""
import contextlib
import functools
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from patience import LONGEST


def ended_if_it_fails(enter):
    """For an __enter__: what has begun when it fails is ended, as by __exit__."""
    @functools.wraps(enter)
    def entering(self):
        try:
            return enter(self)
        except BaseException:
            self.__exit__()
            raise
    return entering


def require(*programs):
    """Skips the test, saying which program is missing."""
    for program in programs:
        if not shutil.which(program):
            raise unittest.SkipTest(f"{program} is not installed")


def require_root(what):
    if os.geteuid() != 0:
        raise unittest.SkipTest(f"{what} needs root")


def free_port():
    """A port that was free a moment ago: whoever listens on it later must be checked to be ours. None of
    those that the system gives to connections (ip(7), ip_local_port_range), of which many are made."""
    while True:
        port = random.randrange(10_000, 32_768)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def closed_port():
    """A port where connections are refused and that nobody else is given, until a server that allows
    its address to be reused listens on it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class Threaded:
    """A server of socketserver's kind that serves in a thread of its own, on `port`."""

    def __init__(self, server):
        self._server = server
        self._server.daemon_threads = True
        self.port = server.server_address[1]
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def wait_until(condition, seconds, what):
    """Waits for a truthy answer and returns it; `what` is a text, or a function that says why not."""
    seconds *= LONGEST
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.03)


def listens(pid, port):
    """Whether the process itself holds the socket that listens on the TCP port (proc(5))."""
    return _holds(pid, port, "0A")


def connected(pid, port):
    """Whether the process holds a connection to the TCP port of this machine, at the port's end."""
    return _holds(pid, port, "01")


def _holds(pid, port, state):
    """A socket of the process, at this local port."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError), open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[3] == state and int(fields[1].rsplit(":", 1)[1], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    with contextlib.suppress(FileNotFoundError):  # a process that has ended listens no more
        for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(entry) in inodes:
                    return True
    return False


def processes_about(path):
    """The processes whose command line names this file: a path in a folder of ours is ours alone."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.fsencode(path) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def end_processes_about(path):
    for sent in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes_about(path):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sent)
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not processes_about(path), 5, "the processes end")
            return
    raise AssertionError(f"processes about {path} do not end: {processes_about(path)}")


class Samba:
    """smbd with a private configuration, and nothing of it outside its folder.

    Its services are NETLOGON, RemoteRegistry, Spooler and WINS. Measured with Samba 4.17:
    - Only Spooler can be stopped and started. Its state lives in the process that serves the
      connection, hence the one worker: every session sees what another one did.
    - Services of `svcctl list` (here `odd`) cannot be asked: they answer "access denied" to the plain
      query, and are listed in a state that Samba never sets: mostly 0, which does not exist, but 5
      was seen too, and two lists in a row that differ.
    """

    PASSWORD = "Pa$$w0rd & \u00fcber"

    def __init__(self, options="", odd=(), password=PASSWORD, logs_in=True):
        """`logs_in`: whether the options let Samba's own client in, which says that it is up."""
        require("smbd", "smbpasswd", "net")
        require_root("smbd, which logs users in,")
        self.options = options
        self.odd = odd
        self.user = "root"
        self.password = password
        self.logs_in = logs_in
        self.environment = {}
        self.port = free_port()
        self.folder = None
        self.process = None

    @ended_if_it_fails
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-samba-"))
        self.configuration = self.folder / "smb.conf"
        self._set_up()
        self.up()
        return self

    def _set_up(self):
        for name in ("private", "lock", "state", "cache", "ncalrpc", "pid"):
            (self.folder / name).mkdir()
        interfaces = "127.0.0.1 ::1" if has_ipv6() else "127.0.0.1"
        self.configuration.write_text(f"""[global]
  workgroup = TOCSINTEST
  netbios name = TOCSINHOST
  server role = standalone server
  private dir = {self.folder}/private
  lock directory = {self.folder}/lock
  state directory = {self.folder}/state
  cache directory = {self.folder}/cache
  ncalrpc dir = {self.folder}/ncalrpc
  pid directory = {self.folder}/pid
  passdb backend = tdbsam:{self.folder}/private/passdb.tdb
  interfaces = {interfaces}
  bind interfaces only = yes
  smb ports = {self.port}
  disable netbios = yes
  load printers = no
  rpcd_classic:num_workers = 1
  svcctl list = {' '.join(self.odd)}
{self.options}
""", encoding="utf-8")
        subprocess.run(["smbpasswd", "-c", self.configuration, "-s", "-a", self.user],
                       input=f"{self.password}\n{self.password}\n", text=True, encoding="utf-8",
                       check=True, capture_output=True)

    def up(self):
        """Starts the server, at first or again on the same port. When it ends it ends its whole
        process group, hence the session of its own."""
        self.process = subprocess.Popen(
            ["smbd", "--foreground", "--no-process-group", "-s", self.configuration,
             "-l", self.folder],
            env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        wait_until(self._listens, 30, "smbd listens")
        # After a cold start one session must be complete before several are opened, or some hang.
        if self.logs_in:
            wait_until(lambda: self._log_in().returncode == 0, 30,
                       lambda: f"smbd answers: {self._log_in()}")

    def _log_in(self):
        return self.net("rpc", "service", "list", check=False)

    def _listens(self):
        if self.process.poll() is not None:
            log = "".join(path.read_text() for path in self.folder.glob("log.smbd"))
            raise AssertionError(f"smbd ended: {log[-2000:]}")
        return listens(self.process.pid, self.port)

    def net(self, *arguments, check=True):
        """Runs Samba's own client against this server. It speaks SMB 3.1.1 unless told otherwise."""
        return subprocess.run(
            ["net", *arguments, "-s", self.configuration, "-S", "127.0.0.1", "-p", str(self.port),
             "-U", f"{self.user}%{self.password}"],
            capture_output=True, text=True, timeout=60, check=check)

    def control(self, verb):
        """Stops or starts the one service that can be."""
        self.net("rpc", "service", verb, "Spooler")

    def host(self, services=("Spooler",), **more):
        """How a configuration names this server."""
        return {"host": "samba", "address": "127.0.0.1", "port": self.port, "source": "smb",
                "services": [{"name": name} for name in services], **more}

    def credentials(self):
        return {"name": "test", "username": self.user, "password": self.password}

    def down(self):
        """Ends smbd and its helpers, which run in sessions of their own and would outlive it."""
        end_processes_about(self.configuration)
        self.process.wait(10)

    def __exit__(self, *_):
        if self.process:
            self.down()
        shutil.rmtree(self.folder, ignore_errors=True)
