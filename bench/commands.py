"""Parts of ./dev bench: whole processes that end, and one at rest."""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import time

from figures import not_measured, number, report
from kit import BUILD, PASSWORD, ROOT, TOCSIN, USER, WATCHED, Running, Simulator, configure, scratch

# The command line of Impacket's services.py takes the port 445 only; the class behind it takes any.
IMPACKET = f"""
import sys
sys.path.insert(0, {str(ROOT / 'tests/integration')!r})
import oracles
oracles.services_py(int(sys.argv[1]), sys.argv[2], sys.argv[3], "list")
"""


def measure(*commands, runs=7):
    """For each command the medians of (wall, CPU) seconds of its whole processes, run in turn, after one that does not count."""
    taken = [[] for _ in commands]
    for _ in range(runs + 1):
        for command, times in zip(commands, taken, strict=True):
            begin = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            with process.stderr:
                errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode not in (0, 1):
                raise RuntimeError(f"{command}: exit {process.returncode}: {errors.decode()[-500:]}")
            times.append((time.monotonic() - begin, usage.ru_utime + usage.ru_stime))
    return [tuple(map(statistics.median, zip(*times[1:], strict=True))) for times in taken]


def listing():
    with scratch() as folder, Simulator(1) as simulator:
        address, port = simulator.hosts["qs-node"]
        eight = [TOCSIN, "check", "-c", configure(folder, simulator.hosts, WATCHED)]
        net = ["net", "rpc", "service", "list", "-S", address, "-p", port, "-U", f"{USER}%{PASSWORD}"]
        has_net = shutil.which("net") is not None
        (wall, cpu), (_, bare), *peer = measure(eight, [TOCSIN, "--version"], *([net] if has_net else []))
        report("tocsin check of 8 services: start to answer", wall * 1e3, "ms", at_most=100)
        report("  CPU", cpu * 1e3, "ms", limit=f"its start alone (--version): {bare * 1e3:.0f} ms")
        if has_net:
            report("tocsin check of 8 services to `net rpc service list`, CPU", cpu / peer[0][1], "x", at_most=0.18,
                   limit=f"its start alone: {bare / peer[0][1]:.2f} x", note=f"net: {peer[0][1] * 1e3:.0f} ms CPU, {peer[0][0] * 1e3:.0f} ms")
        else:
            not_measured("tocsin check of 8 services to `net rpc service list`, CPU", "net is not installed")
        impacket = ["/usr/bin/python3", "-c", IMPACKET, port, USER, PASSWORD]
        every = [TOCSIN, "check", "-c", configure(folder, simulator.hosts, ["*"])]
        (wall, cpu), (_, other) = measure(every, impacket, runs=3)
        report("tocsin check of all 250, details of each read", wall * 1e3, "ms", note=f"CPU {cpu * 1e3:.0f} ms")
        report("  CPU of services.py list (Impacket) to it", other / cpu, "x", note=f"{other * 1e3:.0f} ms")


def start():
    (_, cpu), (_, nothing) = measure([TOCSIN, "--version"], ["/bin/true"], runs=20)
    report("tocsin --version, CPU", cpu * 1e3, "ms", at_most=5, limit=f"/bin/true: {nothing * 1e3:.1f} ms")
    with scratch() as folder, Simulator(1) as simulator, Running(configure(folder, simulator.hosts, WATCHED)) as running:
        running.wait_for_first_checks()
        time.sleep(5)
        own, all_of_it = running.memory("RssAnon"), running.memory()
        report("memory of one host at rest: anonymous", own, "MB", at_most=2.5)
        report("memory of one host at rest: all", all_of_it, "MB", at_most=12, limit=f"pages of files, shared with others: {all_of_it - own:.1f} MB")


PART = 50  # of the history of 10,000 hosts, which bench_history writes
GOAL_SIZE = 1500  # MB


def cpu_to_open(configuration, runs=5):
    """CPU seconds of `tocsin run` until it is ready, the median."""
    used = []
    for _ in range(runs):
        with Running(configuration) as running:
            used.append(running.wait_for_line(" ready"))
    return statistics.median(used)


def history():
    """As old as the history of bench_history is, a running tocsin deletes it: the commands come before."""
    with scratch() as folder:
        hosts = {f"qs-node{number}.example.com": ("127.0.0.1", 9) for number in range(10_000 // PART)}
        file = configure(folder, hosts, WATCHED, "every 6 hours")
        data = pathlib.Path(folder) / "data"
        empty = cpu_to_open(file)
        shutil.rmtree(data)
        data.mkdir(mode=0o700)
        written = subprocess.run([BUILD / "bench/bench_history", data, str(PART)], capture_output=True, text=True, check=True).stdout
        size = (data / "tocsin.db").stat().st_size / 1e6
        command = [TOCSIN, "history", "-c", file, "--since", "9999d", "qs-node7.example.com"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.count("\n")
        (wall, cpu), (bare, _) = measure(command, [TOCSIN, "--version"])
        report(f"tocsin history HOST in a store of {size:.0f} MB", wall * 1e3, "ms", at_most=50, limit=f"--version: {bare * 1e3:.0f} ms",
               note=f"{lines} lines, CPU {cpu * 1e3:.0f} ms")
        for what, took, found in re.findall(r"^(.*?) {2,}([\d.]+) ms, (\d+) found$", written, re.M):
            report(f"  in process: {what}", float(took), "ms", note=f"{found} found")
        large = cpu_to_open(file)
        more = max(0.0, large - empty) * GOAL_SIZE / size
        report(f"tocsin run until it is ready with a store of {GOAL_SIZE} MB, CPU", empty + more, "s", at_most=0.5, limit=f"an empty store: {empty:.2f} s",
               note=f"{number(size)} MB: {large:.2f} s; what that takes more is scaled by the size")
