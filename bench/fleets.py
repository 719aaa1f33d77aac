"""Parts of ./dev bench: fleets, from the first start to rest."""
import pathlib
import re
import signal
import statistics
import time

from figures import report
from kit import WATCHED, Changes, Running, Simulator, Stored, configure, cpu_times, fifty_services, load, scratch

GOAL = 10_000  # hosts
EVERY = 30  # seconds
REFRESH = 6 * 3600  # seconds after which details are read again


class Fleet:
    """Pretend hosts and programs that watch 50 of the 250 services of each, one after the other with the same store."""

    def __init__(self, folder, changes):
        self.folder, self.changes, self.services = folder, changes, fifty_services()
        self.count = len(changes.hosts)
        self.scale = GOAL / self.count

    def start(self, every, hosts=None, level="info"):
        some = dict(list(self.changes.hosts.items())[:hosts])
        return Running(configure(self.folder, some, self.services, f"every {every} seconds", self.changes.url, level=level))

    def report_starts(self):
        """The first start, and one with what it has stored."""
        stored, rows = Stored(self.folder), self.count * len(self.services)
        with self.start(EVERY) as running:
            states = stored.wait_for(rows, running)
            report("CPU until first states of 10,000 hosts are stored, cold", states * self.scale, "s", at_most=15,
                   note=f"scaled: {states:.2f} s of {self.count} hosts, with what else is done meanwhile; {load()}")
            details = stored.wait_for(rows, running, details=True)
            report("  until all details are known too", details * self.scale, "s", note=f"scaled: {details:.2f} s")
            self.refreshes = (details - states) * self.scale / REFRESH
        with self.start(EVERY) as running:
            states = running.wait_for_first_checks()
            report("CPU until first states of 10,000 hosts are known, restart", states * self.scale, "s", at_most=10,
                   note=f"scaled: {states:.2f} s of {self.count} hosts, with what else is done meanwhile")

    def report_rest(self, running, every, at_most):
        """So few hosts, checked so much more often."""
        seconds = 4 * every
        took, kernel, checks = running.watch_checks(seconds)
        share = took / seconds * self.scale * every / EVERY + self.refreshes
        report("CPU at rest of 10,000 hosts every 30 s", share * 100, "% of a core", at_most=at_most, limit=f"the kernel's part: {kernel:.0%}",
               note=f"scaled: {self.count} hosts every {every} s, {checks} checks; refreshes of details each 6 h: {self.refreshes:.2%}; {load()}")

    def report_memory(self, memory, every):
        few = self.count // 4
        with self.start(every, few) as running:
            running.wait_for_first_checks()
            running.wait_for_rest(share=0.1)
            more = (memory - running.memory("RssAnon")) / (self.count - few)
        report("memory (anonymous) of 10,000 hosts x 50", memory + more * (GOAL - self.count), "MB", at_most=150,
               note=f"scaled: {memory:.1f} MB with {self.count} hosts, {more * 1024:.1f} KB each more than with {few}")


def polled():
    every = 3
    with scratch() as folder, Changes(800, "none") as changes:
        fleet = Fleet(folder, changes)
        fleet.report_starts()
        with fleet.start(every) as running:
            running.wait_for_first_checks()
            running.wait_for_rest(share=0.25)
            fleet.report_rest(running, every, at_most=13)
            memory = running.memory("RssAnon")
        fleet.report_memory(memory, every)
        with fleet.start(1, 20, level="debug") as running:
            running.wait_for_first_checks()
            time.sleep(5)
            read = sum(map(int, re.findall(r"details read (\d+)", "".join(running.lines()))))
        report("details read again after a restart", read, at_most=0, note=f"of 20 hosts x {len(fleet.services)}")


def pushed():
    every, at_once = 6, 200
    with scratch() as folder, Changes(300, "multiplexed") as changes:
        fleet = Fleet(folder, changes)
        fleet.report_starts()
        with fleet.start(every) as running:
            running.wait_for_first_checks()
            running.wait_for_rest(share=0.06, seconds=120)
            fleet.report_rest(running, every, at_most=4)
            memory = running.memory("RssAnon")
            took = [changes.burst(at_once) for _ in range(5)]
            report(f"{at_once} changes at once, until the last is told, median", statistics.median(took), "ms", at_most=1000,
                   note=f"the slowest {max(took):.0f} ms; {load()}")
        fleet.report_memory(memory, every)


def cpu_at_rest(running, seconds):
    """The CPU seconds of a second at rest."""
    before = running.cpu()
    time.sleep(seconds)
    return (running.cpu() - before) / seconds


def reload(running, file, logons):
    """One host of all is changed, and no other logs in again."""
    text = file.read_text()
    at_rest = cpu_at_rest(running, 5)
    said, logged_in, before, begun = len(running.lines()), logons.read_text().count("\n"), running.cpu(), time.monotonic()
    file.write_text(text.replace("sets: [bench]", "sets: [bench]\n          push: false", 1))
    running.process.send_signal(signal.SIGHUP)
    running.wait_for_line("reloaded: .* changed: 1,", after=said)
    time.sleep(2)
    used = running.cpu() - before - at_rest * (time.monotonic() - begun)
    report("reload of 10,000 hosts with one changed, CPU", used, "s", at_most=0.5)
    time.sleep(5)
    report("hosts that log in again after that reload", logons.read_text().count("\n") - logged_in, at_most=1)


PAGES = {"/api/v1/overview": {"at_most": 60}, "/metrics": {}, "/api/v1/counts": {}, "/api/v1/alerts": {}, "/api/v1/hosts": {}, "/": {}}


def pages(running, times=10):
    for path, goal in PAGES.items():
        took, before, loop = [], running.cpu(), sum(cpu_times(running.process, of_thread=True))
        for _ in range(times):
            begun = time.monotonic()
            text = running.get(path)
            took.append((time.monotonic() - begun) * 1e3)
        report(f"{path}: over the wire", running.wire / 1024, "KB", **goal, note=f"{len(text) / 1024:.0f} KB unpacked")
        loop = (sum(cpu_times(running.process, of_thread=True)) - loop) / times * 1e3
        report(f"{path}: CPU of the loop", loop, "ms", at_most=20 if path == "/metrics" else None,
               note=f"of all threads {(running.cpu() - before) / times * 1e3:.0f} ms; median {statistics.median(took):.0f} ms")


def large():
    """They list and watch 8 services each, so that this machine has room for both sides: what depends on the number of hosts."""
    most = GOAL * len(WATCHED) * 99 // 100  # who does not answer in time on a busy machine is asked again after two minutes
    with scratch() as folder:
        logons = pathlib.Path(folder) / "logons"
        with Simulator(GOAL, "--services", len(WATCHED), "--one-port", "--address", "127.1.0.1", "--push", "none", "--logons", logons) as simulator:
            file = pathlib.Path(configure(folder, simulator.hosts, WATCHED, "every 120 seconds"))
            with Running(str(file)) as running:
                stored = Stored(folder)
                states = stored.wait_for(most, running)
                report("10,000 hosts x 8: CPU until first states are stored, cold", states, "s", at_most=15, note=f"of 99 %; {load()}")
                details = stored.wait_for(most, running, details=True)
                report("  until all details are known too", details, "s")
                running.wait_for_rest(share=0.15)
                report("  memory (anonymous)", running.memory("RssAnon"), "MB")
                report("  CPU at rest, every 120 s", cpu_at_rest(running, 10) * 100, "% of a core")
                pages(running)
                reload(running, file, logons)
