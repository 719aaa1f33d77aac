#!/usr/bin/env python3
"""The second half of ./dev bench: tocsin.exe under Wine. The argument is the folder of the Windows build.

Latencies include Wine's own; everything is measured side by side in this run, and nothing here fails because
a figure is bad.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
# As it is packed.
PROGRAM = BUILD / "bench/tocsin.exe"
subprocess.run(["llvm-strip-19", "-o", PROGRAM, BUILD / "tocsin.exe"], check=True)
os.environ["TOCSIN"] = str(PROGRAM)
os.environ["TOCSIN_TESTSVC"] = str(BUILD / "tests/windows/testsvc.exe")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/integration"))

import output  # noqa: E402
import wine  # noqa: E402
from program import Running, configuration  # noqa: E402
from receiver import Receiver  # noqa: E402

CHANGES = 100
SERVICES = [f"bench {number:03}" for number in range(200)]


def row(what, figure, note=""):
    print(f"  {what:<70} {figure:>10}   {note}", flush=True)


def size():
    print("\nThe program")
    row("tocsin.exe, stripped", f"{PROGRAM.stat().st_size / 1e6:.1f} MB", "goal: at most 12 MB")


def check():
    print(f"\nOne look at {len(SERVICES)} local services, in process")
    done = output.run(
        ["wine", BUILD / "bench/scm_bench.exe", "--benchmark_format=json", "--benchmark_repetitions=9",
         "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.2"],
        timeout=600)
    done.check_returncode()
    medians = {entry["run_name"].split("/")[0]: entry["real_time"]
               for entry in json.loads(done.stdout)["benchmarks"] if entry.get("aggregate_name") == "median"}
    row("bare EnumServicesStatusExW", f"{medians['bare_call']:.2f} ms")
    row("check of all of them", f"{medians['check']:.2f} ms",
        f"{medians['check'] / medians['bare_call']:.2f} x the bare call; goal: at most 2")


def resident(process):
    """In MB. `wine` becomes the program that it starts."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


def rest(services, folder):
    print("\nAt rest, resident memory with all of Wine's libraries")
    services.list()  # by then it is what it becomes
    row("testsvc.exe, which does nothing", f"{resident(services.process):.1f} MB")
    file = configuration(pathlib.Path(folder) / "tocsin.yaml", every="every 1 hour",
                         hosts=[wine.host(["Spooler"])])
    with Running(file, pathlib.Path(folder) / "data") as running:
        time.sleep(3)
        row("tocsin.exe, one service", f"{resident(running.process):.1f} MB", "goal: at most 25 MB")
        running.stop()


def push(services, folder, count):
    """Each change is made when the one before has been notified, and the service is listened to again."""
    print(f"\nChange to webhook by push, {CHANGES} changes of {count} watched services in turn, 50 ms apart")
    names = SERVICES[:count]
    with Receiver() as receiver:
        file = configuration(pathlib.Path(folder) / "tocsin.yaml", every="every 1 hour",
                             hosts=[wine.host([*names, "Marker"])], webhooks=[receiver.url()])
        with Running(file, pathlib.Path(folder) / "data") as running:
            running.wait_for_line("Marker is MISSING at the first check")
            time.sleep(3)  # until all are listened to
            turn = names[:CHANGES // 10]
            services.start(*turn)
            told = len(receiver.wait_for(len(turn), 60))
            waits = []
            for number in range(CHANGES):
                time.sleep(0.05)
                change = services.pause if number // len(turn) % 2 == 0 else services.resume
                changed = change(turn[number % len(turn)])
                arrived = receiver.wait_for(told + number + 1)[-1].at + (time.time() - time.monotonic())
                waits.append((arrived - changed) * 1e3)
            running.stop()
    services.stop(*turn)
    waits.sort()
    row("the change is asked for -> request at the receiver, median", f"{statistics.median(waits):.1f} ms",
        "goal: at most 10 ms")
    row("99th percentile", f"{waits[int(CHANGES * 0.99) - 1]:.1f} ms", "goal: at most 50 ms")
    row("slowest", f"{waits[-1]:.1f} ms")


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, wine.Prefix(), \
            wine.Services() as services:
        size()
        rest(services, folder)
        services.install(*SERVICES)
        check()
        for count in (10, len(SERVICES)):
            with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as fresh:
                push(services, fresh, count)


if __name__ == "__main__":
    main()
