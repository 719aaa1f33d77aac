"""Parts of ./dev bench: what a check costs that finds nothing new, with sessions open."""
import contextlib
import pathlib
import re
import shutil
import subprocess
import time

from figures import not_measured, report
from kit import TOCSIN, Receiver, Running, Simulator, configure, fifty_services, scratch

HOSTS = 10  # under valgrind


def by_object(dump):
    """{file of the program or of a library: instructions} of a dump of callgrind."""
    names, costs, current, called = {}, {}, "", False
    for line in dump.read_text().splitlines():
        if file := re.fullmatch(r"c?ob=(\(\d+\))? ?(.*)", line):  # named at its first mention only
            name = names.setdefault(file[1], file[2])
            current = current if line.startswith("c") else name
        elif line.startswith("calls="):
            called = True  # the next line is what the function called took
        elif line[:1].isdigit() or line[:1] in "+-*":
            if not called:
                costs[current] = costs.get(current, 0) + sum(map(int, line.split()[1:]))  # without a cost: 0
            called = False
    return costs


@contextlib.contextmanager
def under_callgrind(folder, listed, services):
    """`tocsin run` that checks some hosts each second; a start before has read what the store keeps."""
    with Simulator(HOSTS, "--services", listed, "--push", "none") as simulator:
        file = configure(folder, simulator.hosts, services, "every 1 second")
        with Running(file) as first:
            first.wait_for_first_checks()
            first.wait_for_rest()
        # valgrind cannot read the DWARF 5 of clang.
        subprocess.run(["llvm-objcopy-19", "--strip-debug", TOCSIN, f"{folder}/tocsin"], check=True)
        with Running(file, ("valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"), f"{folder}/tocsin") as running:
            running.wait_for_first_checks()
            time.sleep(5)
            yield running


def count_instructions(running, folder, seconds):
    """({file: instructions}, checks) of so many seconds; the questions for the checks lie outside."""
    def control(what):
        subprocess.run(["callgrind_control", what, str(running.process.pid)], capture_output=True, check=True)
    before = running.checks()
    control("--zero")
    time.sleep(seconds)
    control("--dump")
    checks = running.checks() - before
    return by_object(min(pathlib.Path(folder).glob("out.*"))), checks


def instructions():
    missing = [tool for tool in ("valgrind", "callgrind_control", "llvm-objcopy-19") if not shutil.which(tool)]
    if missing:
        not_measured("instructions of a check", f"{', '.join(missing)}: not installed")
        return
    services = fifty_services()
    for listed in (60, 250):
        with scratch() as folder, under_callgrind(folder, listed, services) as running:
            costs, checks = count_instructions(running, folder, 15)
        crypto = sum(cost for file, cost in costs.items() if "/libcrypto.so" in file)
        report(f"instructions of a check, {listed} listed, 50 watched", sum(costs.values()) / checks / 1e3, "k",
               at_most=80 if listed == 60 else None, limit=f"libcrypto's part: {crypto / checks / 1e3:.0f} k", note=f"{checks} checks")


def checks():
    hosts = 200
    with scratch() as folder, Simulator(hosts, "--push", "none") as simulator, \
            Running(configure(folder, simulator.hosts, fifty_services(), "every 1 second")) as running:
        running.wait_for_first_checks()
        running.wait_for_rest(share=0.3)
        cpu, kernel, count = running.watch_checks(15)
        report("CPU of a check, 250 listed, 50 watched", cpu / count * 1e3, "ms", at_most=0.4, limit=f"the kernel's part: {kernel:.0%}",
               note=f"{hosts} hosts every 1 second, {count} checks")
        report(f"  resident memory with {hosts} hosts", running.memory(), "MB")


def states():
    hosts, every, seconds = 40, 2, 10
    cpu = {}
    with Simulator(hosts) as simulator, Receiver() as receiver:
        for influx in (None, receiver.port):
            with scratch() as folder, Running(configure(folder, simulator.hosts, ["*"], f"every {every} seconds", influx=influx)) as running:
                running.wait_for_first_checks()
                running.wait_for_rest(share=0.2)
                before = running.cpu()
                time.sleep(seconds)
                cpu[influx] = (running.cpu() - before) / (seconds / every)
    report("CPU of a round of 40 hosts x 250 services, without InfluxDB", cpu[None] * 1e3, "ms")
    report("CPU of a round that InfluxDB adds", (cpu[receiver.port] - cpu[None]) * 1e3, "ms", at_most=50)
