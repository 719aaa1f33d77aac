#!/usr/bin/env python3
"""./dev soak [MINUTES] [HOSTS]: a fleet at work for long, with changes, lost hosts, reloads and a destination that fails for a while.

Hosts are checked every 2 seconds: 96 minutes are as many checks as a day at every 30 seconds. Memory, open files and
threads must not grow: after a first quarter, or ten minutes where the run has twenty, the line through the samples
(least squares) must not rise by more than its own error and a hundredth of the mean an hour allow. Up to then caches
fill: 2 MB of the database's pages, and a thousand events for the dashboard (1 MB at most). A shorter run says that
memory grows, and is right. All changes must be delivered.
"""
import argparse
import collections
import json
import math
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from figures import report
from kit import TOCSIN, WATCHED, Receiver, Running, Simulator, configure

EVERY = 2  # seconds between two checks of a host
SAMPLE = 5  # seconds between two samples
CHANGES = 2.0  # a second, in the whole fleet
WARM = 600  # seconds in which caches fill
HEALING = 60  # the last seconds, in which nothing goes wrong; then
PATIENCE = 120  # more, at most, until all is delivered
TOLERATED = 0.01  # of the mean, an hour

options = argparse.ArgumentParser(prog="./dev soak")
options.add_argument("minutes", nargs="?", type=float, default=60)
options.add_argument("hosts", nargs="?", type=int, default=2000)
options = options.parse_args()


class Samples:
    """What /proc and the data directory say of the process, over time."""

    def __init__(self, process, data):
        self.process, self.data = process, data
        self.times = []
        self.values = collections.defaultdict(list)

    def take(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        number = lambda name: int(re.search(rf"^{name}:\s+(\d+)", status, re.M).group(1))  # noqa: E731
        self.times.append(time.monotonic())
        self.values["anonymous memory, KB"].append(number("RssAnon"))
        self.values["open files"].append(len(os.listdir(f"/proc/{self.process.pid}/fd")))
        self.values["threads"].append(number("Threads"))
        self.values["database, KB"].append(sum(file.stat().st_size for file in self.data.glob("tocsin.db*")) / 1024)


def line_through(times, values):
    """(slope, its standard error) of the line of least squares, an hour."""
    count = len(times)
    mid, mean = statistics.fmean(times), statistics.fmean(values)
    spread = sum((at - mid) ** 2 for at in times)
    slope = sum((at - mid) * (value - mean) for at, value in zip(times, values)) / spread
    rest = sum((value - mean - slope * (at - mid)) ** 2 for at, value in zip(times, values))
    return slope * 3600, math.sqrt(rest / (count - 2) / spread) * 3600


def is_flat(times, values):
    """Whether it does not grow, and what to print of it. Neighbouring samples are not independent: the error counts four times."""
    slope, error = line_through(times, values)
    text = f"{slope:+.1f} an hour (error {error:.1f}), mean {statistics.fmean(values):.0f}, largest {max(values):.0f}"
    return slope <= 4 * error + TOLERATED * statistics.fmean(values), text


class Troubles:
    """What goes wrong meanwhile: (what it does, what ends it), each for some seconds."""

    def __init__(self, folder, file, running, receiver, hosts):
        self.events, self.file, self.running, self.receiver, self.hosts = folder / "events", file, running, receiver, list(hosts)
        self.text = file.read_text()
        self.counts = collections.Counter()

    def tell(self, *lines):
        with self.events.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def lose_hosts(self, rng):
        lost = rng.sample(self.hosts, max(1, len(self.hosts) // 50))
        self.tell(*(f"down {host}" for host in lost))
        return lambda: self.tell(*(f"up {host}" for host in lost))

    def drop_connections(self, _rng):
        self.tell("disconnect *")
        return lambda: None

    def fail_destination(self, _rng):
        self.receiver.fails = True

        def again():
            self.receiver.fails = False
        return again

    def reload(self, rng):
        """With one host less; then as before."""
        host = rng.choice(self.hosts)
        shorter, found = re.subn(rf"\n        - host: {re.escape(host)}\n(?:          .*\n?)+", "\n", self.text)
        assert found == 1
        self.file.write_text(shorter)
        self.running.process.send_signal(signal.SIGHUP)

        def again():
            self.file.write_text(self.text)
            self.running.process.send_signal(signal.SIGHUP)
        return again

    def strike(self, rng):
        trouble = rng.choice((self.lose_hosts, self.drop_connections, self.fail_destination, self.reload))
        self.counts[trouble.__name__.replace("_", " ")] += 1
        return trouble(rng)


def soak(folder):
    folder = pathlib.Path(folder)
    (folder / "events").touch()
    rng = random.Random(1)
    with Receiver() as receiver, \
            Simulator(options.hosts, "--random", str(CHANGES), "--follow", folder / "events") as simulator:
        file = pathlib.Path(configure(folder, simulator.hosts, WATCHED, f"every {EVERY} seconds", receiver.url))
        with Running(str(file)) as running:
            samples = Samples(running.process, folder / "data")
            troubles = Troubles(folder, file, running, receiver, simulator.hosts)
            end = time.monotonic() + options.minutes * 60
            stop = threading.Event()

            def suffer():
                while not stop.wait(rng.uniform(5, 20)) and time.monotonic() < end - HEALING:
                    heal = troubles.strike(rng)
                    stop.wait(rng.uniform(5, 30))
                    heal()
            suffering = threading.Thread(target=suffer)
            suffering.start()
            begin, before = time.monotonic(), running.cpu()
            while time.monotonic() < end:
                time.sleep(SAMPLE)
                samples.take()
            share = (running.cpu() - before) / (time.monotonic() - begin)
            stop.set()
            suffering.join()
            waiting = wait_for_deliveries(file)
    return samples, troubles.counts, len(receiver.arrived), waiting, share


def wait_for_deliveries(file):
    """What still waits, or is given up, when nothing changes any more."""
    end = time.monotonic() + PATIENCE
    while True:
        listed = subprocess.run([TOCSIN, "deliveries", "-c", file, "--json"], capture_output=True, text=True, check=True)
        waiting = [one for one in json.loads(listed.stdout) if one["state"] in ("pending", "dead")]
        if not waiting or time.monotonic() > end:
            return waiting
        time.sleep(2)


def main():
    print(f"{options.hosts} pretend hosts x {len(WATCHED)} services, every {EVERY} seconds, for {options.minutes:g} minutes", flush=True)
    with tempfile.TemporaryDirectory(prefix="tocsin-soak-") as folder:
        samples, troubles, arrived, waiting, share = soak(folder)
    report("checks of each host", options.minutes * 60 / EVERY, note="as many as in a day at every 30 seconds: 2,880")
    report("CPU", share * 100, "% of a core")
    report("messages", arrived)
    for trouble, count in sorted(troubles.items()):
        report(f"times: {trouble}", count)
    faults = [f"{len(waiting)} deliveries wait or are given up: {waiting[:3]}"] if waiting else []
    count = len(samples.times)
    warm = max(count // 4, min(count // 2, WARM // SAMPLE))
    for name, values in samples.values.items():
        flat, text = is_flat(samples.times[warm:], values[warm:])
        report(name, values[-1], note=text)
        if not flat and not name.startswith("database"):  # the history grows until it is old enough
            faults.append(f"{name} grows: {text}")
    for fault in faults:
        print(f"FAULT: {fault}")
    print("no faults" if not faults else f"{len(faults)} faults")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
