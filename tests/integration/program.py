"""The program under test: its commands, its long runs and its configuration.

$TOCSIN names it; without it every test is skipped. Where it is a tocsin.exe it runs under Wine.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import unittest

import output
import wine
from patience import SLOWER
from servers import ended_if_it_fails, listens, wait_until

TOCSIN = os.environ.get("TOCSIN", "")
ON_WINE = TOCSIN.endswith(".exe")
ASKED_TO_STOP = signal.SIGINT if ON_WINE else signal.SIGTERM  # Wine makes ^C of the one only


def require_tocsin():
    """For setUpModule: skips all tests, or sees to it that the program runs."""
    if not TOCSIN:
        raise unittest.SkipTest("TOCSIN does not name the program under test")
    if ON_WINE:
        unittest.enterModuleContext(wine.Prefix())


def named(path):
    """What the program calls a file of this machine."""
    return wine.windows_path(path) if ON_WINE else str(path)


def command(*arguments):
    """The words to start the program with; paths become what it calls them."""
    words = [named(word) if isinstance(word, pathlib.Path) else str(word) for word in arguments]
    return [*(["wine"] if ON_WINE else []), TOCSIN, *words]


def _environment(changes):
    return {**os.environ, "NO_COLOR": "1", **(changes or {})}


def tocsin(*arguments, env=None, timeout=60):
    """Runs a command of the program to its end."""
    if ON_WINE:
        return wine.run(*command(*arguments)[1:], env=_environment(env), timeout=timeout)
    return output.run(command(*arguments), timeout=timeout * SLOWER, env=_environment(env))


def configuration(path, *, hosts, credentials=None, webhooks=(), every="every 1 second", rate_limit=0,
                  destinations=(), monitor=None, **more):
    """Writes a configuration (JSON is YAML too) and returns its path. `webhooks` are URLs or whole
    entries; `destinations` are switched on besides, by their names in alertDestination; `monitor` goes
    into serviceMonitor, `more` beside it. Nothing is served to browsers unless `more` says so. No service flaps, and the
    first check is a baseline: tests change services as they like."""
    entries = [{"description": f"receiver {index}", "webhookURL": entry, "httpMethod": "POST"}
               if isinstance(entry, str) else entry for index, entry in enumerate(webhooks)]
    path = pathlib.Path(path)
    path.touch(0o600)
    path.write_text(json.dumps({"tocsin": {
        "logLevel": "debug",
        "serviceMonitor": {
            "enable": True,
            "frequency": every,
            "credentials": [credentials] if credentials else [],
            "monitor": hosts,
            "policy": {"flapping": {"start": 0}, "firstSight": "quiet"},
            **(monitor or {}),
            "alertDestination": {"webhook": {"enable": bool(entries)},
                                 **{name: {"enable": True} for name in destinations}},
        },
        "webhookNotification": {
            "enable": bool(entries),
            "serviceMonitor": {"rateLimit": rate_limit, "webhooks": entries},
        },
        # Without it `check` would remember refused logins in this machine's own directory.
        "web": {"enable": False},
        **({"dataDirectory": named(path.with_suffix(".data"))} if credentials else {}),
        **more,
    }}, indent=2, ensure_ascii=False), encoding="utf-8")
    return path


class _Process:
    """A long run of the program whose lines are collected while it runs."""

    def __init__(self, *arguments, env=None):
        self.arguments = command(*arguments)
        self.env = _environment(env)
        self.lines = []
        self.process = None
        self.starts = 0

    def start(self):
        self.starts += 1
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=self.env)
        self._reader = threading.Thread(target=self._read, args=(self.process,))
        self._reader.start()

    def _read(self, process):
        with process.stdout:
            for line in output.lines(process, process.stdout):
                self.lines.append(line)

    def output(self):
        return "\n".join(self.lines)

    def wait_for_line(self, found, seconds=30):
        """The first line for which `found` holds, or which contains it."""
        holds = found if callable(found) else lambda line: found in line

        def look():
            line = next((line for line in list(self.lines) if holds(line)), None)
            if line is None and self.process.poll() is not None:
                if self._did_not_start():
                    self.start()
                    return None
                raise AssertionError(f"{self.arguments} ended with {self.process.returncode}:\n"
                                     + self.output())
            return line

        return wait_until(look, seconds, lambda: f"{found}:\n{self.output()}")

    def _did_not_start(self):
        """And may be started again."""
        self._reader.join()
        return (ON_WINE and self.starts < wine.ATTEMPTS and not self.lines
                and wine.failed(self.process.returncode, said=False))

    def stop(self):
        """Asks it to; returns the exit code."""
        return self._end(ASKED_TO_STOP)

    def kill(self):
        """SIGKILL: no last words."""
        return self._end(signal.SIGKILL)

    def _end(self, sent):
        if self.process.poll() is None:
            self.process.send_signal(sent)
        try:
            code = self.process.wait(20 * SLOWER)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.arguments} does not end:\n{self.output()}") from late
        finally:
            self._reader.join()
        return code

    def __exit__(self, *_):
        if self.process:
            self._end(signal.SIGKILL)


class Running(_Process):
    """`tocsin run`, ready when the context is entered."""

    def __init__(self, configuration_file, data_directory, env=None):
        super().__init__("run", "-c", configuration_file, "--data-dir", data_directory, env=env)

    @ended_if_it_fails
    def __enter__(self):
        self.start()
        self.wait_for_line(" ready: ")
        return self


class Simulator(_Process):
    """`tocsin simulate` on ports of the system's choice; `hosts` is {name: port}. With --one-port each host has
    an address of its own, from `address` on, which nobody else listens at while it is down."""

    USER = "monitor"
    PASSWORD = "Pa$$w0rd & \u00fcber"

    def __init__(self, hosts=1, *arguments, address="127.0.0.1"):
        super().__init__("simulate", "--hosts", hosts, "--address", address, "--port", 0,
                         "--user", self.USER, "--password", self.PASSWORD, *arguments)
        self.hosts = {}
        self.addresses = {}

    @ended_if_it_fails
    def __enter__(self):
        self.start()
        self.wait_for_line(lambda line: line.startswith("ready"))
        for line in self.lines:
            host = re.fullmatch(r"(\S+) (\d+\.\d+\.\d+\.\d+):(\d+)", line)
            if host:
                self.addresses[host[1]] = host[2]
                self.hosts[host[1]] = int(host[3])
        holder = wine.server() if ON_WINE else self.process.pid
        for port in set(self.hosts.values()):
            assert listens(holder, port), f"port {port} is not the simulator's"
        return self

    def host(self, name, services):
        """How a configuration names this host."""
        return {"host": name, "address": self.addresses[name], "port": self.hosts[name], "source": "smb",
                "services": [{"name": service} for service in services]}

    def credentials(self):
        return {"name": "test", "username": self.USER, "password": self.PASSWORD}
