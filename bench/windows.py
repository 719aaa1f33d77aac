"""Part of ./dev bench: tocsin.exe under Wine, whose own latencies are included. $BENCH_WINDOWS_BUILD is the folder of its build."""
import json
import os
import pathlib
import statistics
import subprocess
import time
import unittest

from figures import not_measured, report
from kit import ROOT, memory, percentile, scratch

BUILD = pathlib.Path(os.environ.get("BENCH_WINDOWS_BUILD", ROOT / "build/windows")).resolve()
PROGRAM = BUILD / "bench/tocsin.exe"
os.environ.update(TOCSIN=str(PROGRAM), TOCSIN_TESTSVC=str(BUILD / "tests/windows/testsvc.exe"))

import output  # noqa: E402  they read TOCSIN
import wine as wine_tests  # noqa: E402
from program import Running, configuration  # noqa: E402
from receiver import Receiver  # noqa: E402

CHANGES = 50
SERVICES = [f"bench {number:03}" for number in range(200)]


def size():
    report("tocsin.exe, stripped", PROGRAM.stat().st_size / 1e6, "MB", at_most=12)


def check():
    """One look at 200 local services, in process."""
    if not (BUILD / "bench/scm_bench.exe").exists():
        not_measured("check of 200 services to the bare EnumServicesStatusExW", "scm_bench.exe is not built")
        return
    done = output.run(
        ["wine", BUILD / "bench/scm_bench.exe", "--benchmark_format=json", "--benchmark_repetitions=9",
         "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.2"],
        timeout=600)
    done.check_returncode()
    medians = {entry["run_name"].split("/")[0]: entry["real_time"]
               for entry in json.loads(done.stdout)["benchmarks"] if entry.get("aggregate_name") == "median"}
    report("check of 200 services to the bare EnumServicesStatusExW", medians["check"] / medians["bare_call"], "x", at_most=2,
           note=f"{medians['check']:.2f} ms, {medians['bare_call']:.2f} ms")


def rest(services, folder):
    """Resident memory with all of Wine's libraries."""
    services.list()  # by then it is what it becomes
    nothing = memory(services.process)
    file = configuration(pathlib.Path(folder) / "tocsin.yaml", every="every 1 hour",
                         hosts=[wine_tests.host(["Spooler"])])
    with Running(file, pathlib.Path(folder) / "data") as running:
        time.sleep(3)
        report("resident memory of tocsin.exe, one service", memory(running.process), "MB", at_most=25,
               limit=f"testsvc.exe, which does nothing: {nothing:.1f} MB")
        running.stop()


def push(services, folder, count):
    """Each change is made when the one before has been notified, and the service is listened to again."""
    names = SERVICES[:count]
    with Receiver() as receiver:
        file = configuration(pathlib.Path(folder) / "tocsin.yaml", every="every 1 hour",
                             hosts=[wine_tests.host([*names, "Marker"])], webhooks=[receiver.url()])
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
    report(f"change to webhook request, of {count} watched services, median", statistics.median(waits), "ms", at_most=10)
    report(f"change to webhook request, of {count} watched services, 99th percentile", percentile(waits, 0.99), "ms", at_most=50,
           note=f"slowest {max(waits):.1f} ms")


def wine():
    if not (BUILD / "tocsin.exe").exists():
        raise unittest.SkipTest(f"there is no {BUILD / 'tocsin.exe'}")
    # As it is packed.
    subprocess.run(["llvm-strip-19", "-o", PROGRAM, BUILD / "tocsin.exe"], check=True)
    with scratch() as folder, wine_tests.Prefix(), wine_tests.Services() as services:
        size()
        rest(services, folder)
        services.install(*SERVICES)
        check()
        for count in (10, len(SERVICES)):
            with scratch() as fresh:
                push(services, fresh, count)
