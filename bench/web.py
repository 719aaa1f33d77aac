#!/usr/bin/env python3
"""Part of ./dev bench: what the dashboard's server costs, and whether alerts wait for it.

Everything is measured side by side in this run; the machine may be shared and noisy, and nothing here fails
because a figure is bad. The browser's part is measured by ui/test/browser.
"""
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from kit import BUILD, WATCHED, Running, Simulator, configure, row

STREAMS = 64


def load():
    return f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A fleet and a `tocsin run` that serves its dashboard, or does not; the fleet has been checked."""

    def __init__(self, folder, hosts, webhook=None, serves=True, frequency="every 30 seconds"):
        self.port = free_port()
        file = pathlib.Path(configure(folder, hosts, WATCHED, frequency, webhook))
        web = f"  web:\n    enable: {'true' if serves else 'false'}\n    listen: 127.0.0.1:{self.port}\n"
        file.write_text(file.read_text().replace("tocsin:\n", "tocsin:\n" + web, 1))
        self.running = Running(str(file))
        self.serves, self.count = serves, len(hosts)

    def __enter__(self):
        self.running.__enter__()
        end = time.time() + 120
        while self.serves and time.time() < end:
            with contextlib.suppress(OSError):
                if json.loads(self.get("/api/v1/counts"))["hosts"]["unchecked"] == 0:
                    break
            time.sleep(0.5)
        return self

    def __exit__(self, *_):
        self.running.__exit__()

    def get(self, path):
        """The body, unpacked; its size as it came is in `wire`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.wire = len(text)
        return gzip.decompress(text) if answer.getheader("Content-Encoding") == "gzip" else text

    def rest(self):
        """Until the first checks are over, and nothing but checks is left to do."""
        quiet = 0
        while quiet < 3:
            before = self.running.cpu()
            time.sleep(1)
            quiet = quiet + 1 if self.running.cpu() - before < 0.05 else 0


class Streams:
    """Clients of /events; `events` counts what they were sent, in a thread that reads it all."""

    def __init__(self, served, count=STREAMS, reads=True):
        self.sockets = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", served.port))
            client.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.sockets.append(client)
        self.events = self.bytes = 0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        if reads:
            self._thread.start()

    def _read(self):
        while not self._ends.is_set():
            for client in select.select(self.sockets, [], [], 0.1)[0]:
                text = client.recv(1 << 20)
                self.events += text.count(b"\nid: ") + text.startswith(b"id: ")
                self.bytes += len(text)
                if not text:
                    self.sockets.remove(client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ends.set()
        if self._thread.is_alive():
            self._thread.join()
        for client in self.sockets:
            client.close()


@contextlib.contextmanager
def scraper(served):
    """Reads /metrics and the overview each second."""
    ends = threading.Event()

    def scrape():
        while not ends.wait(1):
            for path in ("/metrics", "/api/v1/overview"):
                with contextlib.suppress(OSError):
                    served.get(path)
    thread = threading.Thread(target=scrape)
    thread.start()
    yield
    ends.set()
    thread.join()


def memory():
    print("\nMemory, 100 pretend hosts x 8 services at rest")
    used = {}
    with Simulator(100) as fleet:
        for serves in (False, True):
            with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, Served(folder, fleet.hosts, serves=serves) as served:
                time.sleep(5)
                served.rest()
                used[serves] = served.running.resident()
                if not serves:
                    continue
                before = served.running.resident()
                with Streams(served):
                    time.sleep(2)
                    if json.loads(served.get("/api/v1/status"))["streams"] != STREAMS:
                        raise SystemExit("not all streams are open")
                    stream = (served.running.resident() - before) / STREAMS * 1024
                row("resident without the dashboard", f"{used[False]:.1f} MB")
                row("  with it, idle", f"{used[True]:.1f} MB", f"+ {used[True] - used[False]:.1f} MB, goal: at most 3 MB")
                row(f"  each of {STREAMS} streams", f"{stream:.1f} KB", "goal: at most 8 KB; what the first checks have freed is used first")
                with Streams(served, reads=False):
                    time.sleep(2)
                    row("  each more that does not read", f"{(served.running.resident() - before) / STREAMS * 1024:.1f} KB")


def large():
    count = 10_000
    print(f"\n{count:,} pretend hosts x 8 services")
    with Simulator(count, "--services", "8", "--one-port", "--address", "127.1.0.1", "--push", "none") as fleet, \
            tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, \
            Served(folder, fleet.hosts, frequency="every 120 seconds") as served:
        served.rest()
        for path, goal in (("/api/v1/overview", "goal: at most 60 KB, the page included"), ("/metrics", "goal: at most 20 ms"), ("/api/v1/counts", ""),
                           ("/api/v1/alerts", ""), ("/api/v1/hosts", ""), ("/", "")):
            took, cpu = [], served.running.cpu()
            for _ in range(20):
                begun = time.monotonic()
                text = served.get(path)
                took.append((time.monotonic() - begun) * 1e3)
            cpu = (served.running.cpu() - cpu) / 20 * 1e3
            row(f"{path}: {len(text) / 1024:.0f} KB, over the wire", f"{served.wire / 1024:.1f} KB", goal if "KB" in goal else "")
            row("  median", f"{statistics.median(took):.1f} ms", f"CPU {cpu:.0f} ms{'; ' + goal if 'ms' in goal else ''}")


def changes():
    rate, seconds = 200, 20
    print(f"\n{STREAMS} streams, 100 pretend hosts that tell of changes, {rate} changes a second asked for, for {seconds} s")
    each = {}
    with Simulator(100, "--random", str(rate)) as fleet:
        for serves in (False, True):
            with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, Served(folder, fleet.hosts, serves=serves) as served:
                time.sleep(10)
                with Streams(served) if serves else contextlib.nullcontext() as streams:
                    if serves and json.loads(served.get("/api/v1/status"))["streams"] != STREAMS:
                        raise SystemExit("not all streams are open")
                    cpu, begun = served.running.cpu(), len(fleet.changes)
                    time.sleep(seconds)
                    cpu, made = served.running.cpu() - cpu, len(fleet.changes) - begun
                    heard = f", {streams.events / STREAMS / seconds:.1f} events a second a stream" if serves else ""
                each[serves] = cpu / made
                row(f"CPU with {STREAMS} streams" if serves else "CPU without the dashboard", f"{cpu / seconds:.1%}",
                    f"{made / seconds:.0f} changes a second{heard}; {load()}")
    row(f"  what the streams cost, as for {rate} changes a second", f"{(each[True] - each[False]) * rate:.1%}", "goal: at most 5 % of a core")


class Changes:
    """Pretend hosts and the webhook that is told of their changes (bench/changes.cpp)."""

    def __init__(self, hosts):
        self.process = subprocess.Popen([BUILD / "bench/bench_changes", str(hosts), "multiplexed"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"
        words = iter(self.process.stdout.readline().split())
        self.hosts = {name: (address, port) for name, address, port in zip(words, words, words, strict=True)}

    def turn(self, count, pause):
        """The milliseconds until each of them is told; a random pause of up to so many before each."""
        self.process.stdin.write(f"turn {count} {pause}\n")
        self.process.stdin.flush()
        return [float(took) for took in self.process.stdout.readline().split()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def latency():
    print("\nChange to webhook request, 4 pretend hosts x 8 services, one change at a time; in turn with and without")
    waits = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, Changes(4) as made, \
            Served(folder, made.hosts, made.url, frequency="every 1 second") as served:
        time.sleep(5)
        for _ in range(4):
            waits[False] += made.turn(150, 60)
            with Streams(served), scraper(served):
                waits[True] += made.turn(150, 60)
    median = {which: statistics.median(times) for which, times in waits.items()}
    row("without, median", f"{median[False]:.2f} ms", load())
    row("with 64 streams and a scraper, median", f"{median[True]:.2f} ms", f"{median[True] / median[False]:.2f} x, goal: at most 1.1 x")
    ends = {which: sorted(times)[int(len(times) * 0.99)] for which, times in waits.items()}
    row("  99th percentile, without and with", f"{ends[False]:.1f}, {ends[True]:.1f} ms")


def main():
    for part in (memory, latency, changes, large):
        if part.__name__ in sys.argv[2:] or not sys.argv[2:]:
            part()


if __name__ == "__main__":
    main()
