"""Parts of ./dev bench: what the dashboard's server costs, and whether alerts wait for it. The browser's part is measured by ui/test/browser."""
import contextlib
import select
import socket
import statistics
import threading
import time

from figures import report
from kit import WATCHED, Changes, Running, Simulator, configure, load, percentile, scratch

STREAMS = 64


@contextlib.contextmanager
def started(hosts, serves=True, frequency="every 30 seconds", webhook=None):
    """A program that serves the dashboard, or does not, and has checked all hosts."""
    with scratch() as folder, Running(configure(folder, hosts, WATCHED, frequency, webhook, serves=serves)) as running:
        running.wait_for_first_checks()
        yield running


class Streams:
    """Clients of /events; `events` counts what they were sent, in a thread that reads it all."""

    def __init__(self, running, count=STREAMS, reads=True):
        self.sockets = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", running.port))
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
def scraper(running):
    """Reads /metrics and the overview each second."""
    ends = threading.Event()

    def scrape():
        while not ends.wait(1):
            for path in ("/metrics", "/api/v1/overview"):
                with contextlib.suppress(OSError):
                    running.get(path)
    thread = threading.Thread(target=scrape)
    thread.start()
    yield
    ends.set()
    thread.join()


def expect_all_streams(running):
    if running.streams() != STREAMS:
        raise RuntimeError("not all streams are open")


def streams():
    """100 pretend hosts x 8 services at rest."""
    used = {}
    with Simulator(100) as simulator:
        for serves in (False, True):
            with started(simulator.hosts, serves) as running:
                running.wait_for_rest(share=0.06)
                used[serves] = running.memory()
                if not serves:
                    continue
                with Streams(running):
                    time.sleep(2)
                    expect_all_streams(running)
                    reading = running.memory() - used[True]
                with Streams(running, reads=False):
                    time.sleep(2)
                    silent = running.memory() - used[True]
    report("resident memory without the dashboard", used[False], "MB")
    report("resident memory that the dashboard adds, idle", used[True] - used[False], "MB", at_most=3)
    report(f"resident memory of each of {STREAMS} streams", reading / STREAMS * 1024, "KB", at_most=8, note="what the first checks have freed is used first")
    report("  each that does not read", silent / STREAMS * 1024, "KB")


def readers():
    """Changes of 4 pretend hosts x 8 services, one at a time; in turn with and without the readers."""
    waits = {False: [], True: []}
    with Changes(4, "multiplexed") as changes, started(changes.hosts, frequency="every 1 second", webhook=changes.url) as running:
        running.wait_for_rest()
        for _ in range(4):
            waits[False] += changes.turn(100, 60)
            with Streams(running), scraper(running):
                waits[True] += changes.turn(100, 60)
    median = {which: statistics.median(times) for which, times in waits.items()}
    ends = {which: percentile(times, 0.99) for which, times in waits.items()}
    report("change to webhook request without readers, median", median[False], "ms", note=f"99th percentile {ends[False]:.1f} ms")
    report(f"change to webhook request with {STREAMS} streams and a scraper to without", median[True] / median[False], "x", at_most=1.1,
           note=f"{median[True]:.2f} ms, 99th percentile {ends[True]:.1f} ms; {load()}")


def events():
    """100 pretend hosts that tell of changes."""
    rate, seconds = 200, 12
    each = {}
    with Simulator(100, "--random", rate) as simulator:
        for serves in (False, True):
            with started(simulator.hosts, serves) as running, Streams(running) if serves else contextlib.nullcontext() as open_streams:
                time.sleep(6)
                if serves:
                    expect_all_streams(running)
                cpu, begun = running.cpu(), len(simulator.changes)
                time.sleep(seconds)
                cpu, made = running.cpu() - cpu, len(simulator.changes) - begun
                heard = f", {open_streams.events / STREAMS / (seconds + 6):.1f} events a second a stream" if serves else ""
                each[serves] = cpu / made
                report(f"CPU with {STREAMS} streams" if serves else "CPU without the dashboard", cpu / seconds * 100, "% of a core",
                       note=f"{made / seconds:.0f} changes a second of {rate} asked for{heard}; {load()}")
    report(f"CPU of {STREAMS} streams at {rate} changes a second", (each[True] - each[False]) * rate * 100, "% of a core", at_most=5)
