#!/usr/bin/env python3
"""Part of ./dev bench: how soon a pushed change is told, and what it costs to be told of changes.

Everything is measured side by side in this run; the machine may be shared and noisy, and nothing here fails
because a figure is bad.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

from kit import BUILD, TOCSIN, WATCHED, Running, configure, row

os.environ["TOCSIN"] = TOCSIN
os.environ["TOCSIN_TESTSVC"] = str(BUILD / "tests/windows/testsvc.exe")
os.environ["TOCSIN_RELAY"] = str(BUILD / "tests/windows/relay.exe")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/integration"))

import program  # noqa: E402
import wine  # noqa: E402
from pushed import pushed  # noqa: E402
from receiver import Receiver  # noqa: E402
from wine_host import Windows, WineHost  # noqa: E402

HOWS = ("multiplexed", "none")
NAMES = {"multiplexed": "pushed", "none": "polled"}


class Changes:
    """Pretend hosts and the webhook that is told of their changes (bench/changes.cpp)."""

    def __init__(self, hosts, how):
        self.process = subprocess.Popen([BUILD / "bench/bench_changes", str(hosts), how], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"
        words = iter(self.process.stdout.readline().split())
        self.hosts = {name: (address, port) for name, address, port in zip(words, words, words, strict=True)}

    def _make(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return [float(took) for took in self.process.stdout.readline().split()]

    def turn(self, count, pause):
        """The milliseconds until each of them is told; a random pause of up to so many before each."""
        return self._make("turn", count, pause)

    def burst(self, count):
        """The milliseconds until the last of them is told."""
        return self._make("burst", count)[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def load():
    return f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def synced_write(folder):
    """The milliseconds that the disk takes for what a change must wait for before it is told, the median."""
    took = []
    with open(pathlib.Path(folder) / "synced", "wb") as file:
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            begun = time.monotonic()
            os.fdatasync(file.fileno())
            took.append((time.monotonic() - begun) * 1e3)
    return statistics.median(took)


def latency():
    print("\nChange to webhook request, 4 pretend hosts x 8 services, every 1 second, one change at a time")
    medians = {}
    for how, count, pause in zip(HOWS, (500, 30), (100, 1000), strict=True):
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, Changes(4, how) as changes, \
                Running(configure(folder, changes.hosts, WATCHED, "every 1 second", changes.url)):
            time.sleep(5)
            waits = changes.turn(count, pause)
            synced = synced_write(folder)
        medians[how] = statistics.median(waits)
        pushed = how != "none"
        row(f"{NAMES[how]}, {count} changes, median", f"{medians[how]:.2f} ms", "goal: at most 3 ms" if pushed else
            f"{medians[how] / medians[HOWS[0]]:.0f} x pushed")
        row("  99th percentile", f"{percentile(waits, 0.99):.2f} ms", load())
        row("  a write that is synced to that disk, median", f"{synced:.2f} ms")


def wait_for_rest(running):
    """Until the first checks are over, and nothing but checks is left to do."""
    quiet = 0
    while quiet < 3:
        before = running.cpu()
        time.sleep(1)
        quiet = quiet + 1 if running.cpu() - before < 0.03 else 0


def fleet():
    count, changes_at_once, every, seconds = 1000, 500, 30, 120
    print(f"\n{count} pretend hosts x 8 services, every {every} seconds")
    cpu, memory = {}, {}
    for how in HOWS:
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, Changes(count, how) as changes:
            file = configure(folder, changes.hosts, WATCHED, f"every {every} seconds", changes.url)
            with Running(file) as running:
                wait_for_rest(running)
                before = running.cpu()
                time.sleep(seconds)  # each host is polled once where it tells of changes, else four times
                cpu[how] = running.cpu() - before
                memory[how] = running.resident()
                row(f"{NAMES[how]}: CPU in {seconds} s at rest", f"{cpu[how]:.2f} s",
                    f"{cpu[how] / seconds:.2%} of a core; {load()}")
                row("  resident memory", f"{memory[how]:.0f} MB")
                took = [changes.burst(changes_at_once) for _ in range(5 if how != "none" else 1)]
                row(f"  {changes_at_once} changes at once, until the last is told, median",
                    f"{statistics.median(took):.0f} ms", "goal: at most 1,000 ms" if how != "none" else "")
                row("  the slowest", f"{max(took):.0f} ms")
    polls = seconds / every
    rest = cpu[HOWS[0]] - cpu["none"] / polls
    row("pushed: CPU beside the slow poll, as a share of a core", f"{rest / seconds:.2%}", "goal: at most 0.5 %")
    row("  polled to pushed, all CPU", f"{cpu['none'] / cpu[HOWS[0]]:.1f} x")
    row("  resident memory more than polled, each host",
        f"{(memory[HOWS[0]] - memory['none']) / count * 1024:.1f} KB",
        "goal: at most 16 KB of heap a host (probe_bench, heap_of_open_hosts)")


SERVICES = [f"bench {number:03}" for number in range(200)]


def listen_to(running, host, host_of, services):
    """Returns when changes of these are pushed: up to then, while details are read, checks find them."""
    for service in services:
        for _ in range(30):
            for change in (host_of.services.pause, host_of.services.resume):
                change(service)
                time.sleep(1)
            if pushed(running, host, service)[-1:] == ["RUNNING"]:
                break
        else:
            raise AssertionError(f"changes of {service} are not pushed")


def windows():
    """Each change is made when the one before has been told."""
    count = 100
    print(f"\nChange to webhook request, a host that others wrote, {len(SERVICES)} services over one encrypted session")
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, wine.Prefix(), Windows() as host_of, \
            WineHost(host_of, "  server smb encrypt = required", front={"multiplexes": True}) as host, \
            Receiver() as receiver:
        turn = SERVICES[::20]
        host_of.services.install(*SERVICES)
        host_of.services.start(*turn)
        monitored = host.host(SERVICES)
        file = program.configuration(pathlib.Path(folder) / "tocsin.yaml", every="every 30 seconds",
                                     hosts=[monitored], credentials=host.credentials(),
                                     webhooks=[receiver.url()])
        with program.Running(file, pathlib.Path(folder) / "data") as running:
            listen_to(running, monitored["host"], host_of, turn)
            begun = len(receiver.requests)
            waits = []
            for number in range(count):
                time.sleep(0.05)
                change = host_of.services.pause if number // len(turn) % 2 == 0 else host_of.services.resume
                changed = change(turn[number % len(turn)])
                arrived = receiver.wait_for(begun + number + 1, 90)[-1].at + (time.time() - time.monotonic())
                waits.append((arrived - changed) * 1e3)
            running.stop()
    row("the change is asked for -> request at the receiver, median", f"{statistics.median(waits):.1f} ms",
        "goal: at most 10 ms")
    row("  99th percentile", f"{percentile(waits, 0.99):.1f} ms", f"goal: at most 60 ms; {load()}")


def main():
    parts = [part for part in (latency, fleet, windows) if part.__name__ in sys.argv[2:] or not sys.argv[2:]]
    for part in parts:
        try:
            part()
        except unittest.SkipTest as reason:
            row(part.__name__, "skipped", str(reason))
        except AssertionError as reason:  # on a machine that is too busy
            row(part.__name__, "not measured", str(reason).splitlines()[0])


if __name__ == "__main__":
    main()
