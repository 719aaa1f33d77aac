#!/usr/bin/env python3
"""./dev bench [PART...]: measures figures, all of them or those of some parts, and prints them beside their goals.

Everything that is compared is measured side by side in this run; the machine may be shared and noisy, so CPU and
instructions are measured where that is possible, and nothing here fails because a figure is bad.
"""
import argparse
import importlib
import multiprocessing
import pathlib
import signal
import sys
import time

import figures
from kit import BUILD, TOCSIN

# name, which is that of the function: (module, what it measures)
PARTS = {
    "programs": ("programs", "the small programs, bench/*_bench.cpp"),
    "listing": ("commands", "`tocsin check` of 8 and of 250 services beside `net` and Impacket, whole processes"),
    "start": ("commands", "`tocsin --version`, and the memory of one host at rest"),
    "history": ("commands", "a large store: the time to open it, and to read of one host"),
    "instructions": ("checks", "instructions of a check that finds nothing new, of 60 and of 250 listed services (valgrind)"),
    "checks": ("checks", "CPU of a check that finds nothing new, 250 listed, 50 watched"),
    "states": ("checks", "what 10,000 states a round to InfluxDB cost"),
    "polled": ("fleets", "a fleet that is polled: first start and restart, CPU at rest, memory"),
    "pushed": ("fleets", "the same of a fleet that tells of changes"),
    "large": ("fleets", "10,000 real pretend hosts: start, memory, pages of the dashboard, a reload"),
    "flood": ("storm", "10,000 changes at once to one webhook beside Alertmanager"),
    "latency": ("pushes", "a change to its webhook request, pushed and polled"),
    "host": ("pushes", "the same, pushed by a host that others wrote: Samba before Wine's service manager"),
    "logons": ("logons", "a logon by Kerberos beside one by NTLM; how many tickets a fleet asks for"),
    "streams": ("dashboard", "memory of the dashboard's server and its streams"),
    "readers": ("dashboard", "whether alerts wait for 64 readers of the dashboard"),
    "events": ("dashboard", "CPU of 64 streams while services change"),
    "wine": ("windows", "tocsin.exe under Wine: size, memory, a check, a change to its webhook request"),
}
PATIENCE = 300  # seconds without a figure


def measure(name, pipe):
    """In a process of its own, so that whatever goes wrong ends with the part."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that it ends what it has started
    figures.gather = pipe.send
    try:
        getattr(importlib.import_module(PARTS[name][0]), name)()
    except Exception as reason:  # whatever it is, it is said
        figures.not_measured("what is left of this part", f"{type(reason).__name__}: {reason}")


def run(name):
    """The figures of a part, and the seconds that it took."""
    print(f"\n{name}: {PARTS[name][1]}", flush=True)
    begun = time.monotonic()
    receiving, sending = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=measure, args=(name, sending))
    process.start()
    sending.close()
    found = []
    try:
        while receiving.poll(PATIENCE):
            found.append(receiving.recv())
        process.terminate()
    except EOFError:
        pass
    process.join()
    if process.exitcode:
        found.append(figures.Figure("what is left of this part", None, note=f"exit code {process.exitcode}, or nothing for {PATIENCE} seconds"))
    for figure in found:
        figure.part = name
    took = time.monotonic() - begun
    print(f"  ({took:.0f} s)", flush=True)
    return found, took


def main():
    options = argparse.ArgumentParser(
        prog="./dev bench", formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__.split("\n\n")[0],
        epilog="parts:\n" + "\n".join(f"  {name:<14}{what}" for name, (_, what) in PARTS.items()))
    options.add_argument("parts", metavar="PART", nargs="*", choices=[[], *PARTS], help="by default all, one after the other")
    parts = options.parse_args().parts or list(PARTS)
    if not pathlib.Path(TOCSIN).exists():
        options.error(f"there is no {TOCSIN}: ./dev build")
    machine = figures.Machine()
    found, seconds = [], {}
    for name in parts:
        more, seconds[name] = run(name)
        found += more
    figures.print_table(found)
    file = BUILD / "bench/figures.json"
    figures.write_json(file, machine, found, seconds)
    print(f"\n{sum(seconds.values()) / 60:.1f} minutes; all figures: {file}")


if __name__ == "__main__":
    main()
