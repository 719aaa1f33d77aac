"""Parts of ./dev bench: how soon a change is told that a host tells of by itself."""
import pathlib
import statistics
import time

from figures import report
from kit import WATCHED, Changes, Running, configure, load, percentile, scratch, synced_write

import program
import wine
from pushed import pushed
from receiver import Receiver
from wine_host import Windows, WineHost


def latency():
    """4 pretend hosts x 8 services, every 1 second, one change at a time."""
    medians = {}
    for how, name, count, pause in (("multiplexed", "pushed", 300, 100), ("none", "polled", 15, 1000)):
        with scratch() as folder, Changes(4, how) as changes, \
                Running(configure(folder, changes.hosts, WATCHED, "every 1 second", changes.url)) as running:
            running.wait_for_first_checks()
            running.wait_for_rest()
            waits = changes.turn(count, pause)
            synced = synced_write(folder)
        medians[name] = statistics.median(waits)
        report(f"change to webhook request, {name}, median", medians[name], "ms", at_most=3 if name == "pushed" else 600,
               limit=f"a synced write: {synced:.2f} ms", note=f"{count} changes")
        report("  99th percentile", percentile(waits, 0.99), "ms", note=load())
    report("  polled to pushed", medians["polled"] / medians["pushed"], "x")


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


def host():
    """200 services over one encrypted session; each change is made when the one before has been told."""
    count = 50
    with scratch() as folder, wine.Prefix(), Windows() as host_of, \
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
    report("the change is asked for -> request at the receiver, median", statistics.median(waits), "ms", at_most=10)
    report("the change is asked for -> request at the receiver, 99th percentile", percentile(waits, 0.99), "ms", at_most=60, note=load())
