"""What befalls the program and all that it talks to. Each misfortune is a context: it lasts as long as the with-block.

Those of one track follow each other, those of different tracks coincide.
"""
import contextlib
import dataclasses
import os
import signal
import time
import typing

import isolation
import world as worlds
from mail_servers import DROP, HANG
from receiver import Answer

PROGRAM, HOSTS, NETWORK = "program", "hosts", "network"  # the other tracks are the destinations


@dataclasses.dataclass(frozen=True)
class Misfortune:
    name: str
    strike: typing.Callable  # (world, random, destination) -> context
    seconds: tuple = (2, 10)  # how long it lasts, at least and at most
    missing: typing.Callable = lambda: None  # why it cannot be had here
    left_out: str = ""  # the known fault of the program for which the campaign goes without, unless it is asked for


def _needs_namespaces():
    return None if isolation.isolated() else "needs namespaces"


def _needs_faketime():
    return None if os.path.exists(worlds.FAKETIME) else "needs libfaketime"


def _needs_loss():
    return _needs_namespaces() or (None if isolation.supports("netem loss 1%") else "this kernel has no netem")


# --- the program ---

@contextlib.contextmanager
def killed(world, rng, _):
    with world.disturbed():
        world.end("kill")
        time.sleep(rng.uniform(0, 2))
        world.start()
    yield


@contextlib.contextmanager
def killed_while_it_starts(world, rng, _):
    with world.disturbed():
        world.end("kill")
        for _ in range(5):
            world.start(ready=False)
            time.sleep(rng.uniform(0, 1))
            world.end("kill")
        world.start()
    yield


@contextlib.contextmanager
def restarted(world, rng, _):
    with world.disturbed():
        if code := world.end("stop"):
            world.fault(f"asked to stop, it ended with {code}")
        time.sleep(rng.uniform(0, 2))
        world.start()
    yield


@contextlib.contextmanager
def frozen(world, _rng, _):
    """As a virtual machine that is paused."""
    with world.disturbed():
        world.running.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            world.running.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def reloaded(world, _rng, _):
    world.reload(extra=True)
    yield
    world.reload(extra=False)


@contextlib.contextmanager
def full_disk(world, _rng, _):
    filler = world.data / "filler"
    try:
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            for size in (1 << 20, 1 << 10, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
        yield
    finally:
        filler.unlink()
        time.sleep(3)  # what was kept in memory is written before the next misfortune, which may be a kill


def clock(sign):
    """It stays so: back again would be another misfortune."""
    @contextlib.contextmanager
    def set_off(world, rng, _):
        world.set_clock(world.clock_offset + sign * rng.choice((30, 600, 3600)))
        yield
    return set_off


@contextlib.contextmanager
def log_unread(world, _rng, _):
    with world.running.unread():
        yield


# --- the hosts ---

def some(world, rng):
    return rng.sample(world.hosts, rng.randint(1, 4))


def hosts_that(begin, end):
    """`begin` and `end` are events without their host: "behave HOST silent"."""
    @contextlib.contextmanager
    def strike(world, rng, _):
        hosts = some(world, rng)
        with world.disturbed(*hosts):
            world.happen(*(begin.replace("HOST", host) for host in hosts))
            try:
                yield
            finally:
                if end:
                    world.happen(*(end.replace("HOST", host) for host in hosts))
    return strike


def reboot(kind):
    @contextlib.contextmanager
    def strike(world, rng, _):
        host, = rng.sample(world.hosts, 1)
        with world.disturbed(host):
            world.reboot(host, kind, rng.randint(4, 12))
        yield
    return strike


# --- the network ---

@contextlib.contextmanager
def cable_out(world, _rng, _):
    with world.disturbed():
        world.network.inside("ip link set program down")
        try:
            yield
        finally:
            world.network.inside("ip link set program up")


def cable_with(words):
    @contextlib.contextmanager
    def strike(world, _rng, _):
        with world.disturbed():
            isolation.run(f"tc qdisc add dev world root {words}")
            world.network.inside(f"tc qdisc add dev program root {words}")
            try:
                yield
            finally:
                isolation.run("tc qdisc del dev world root")
                world.network.inside("tc qdisc del dev program root")
    return strike


def hosts_behind(begin, end):
    """Commands for ip(8) where the program is."""
    @contextlib.contextmanager
    def strike(world, rng, _):
        hosts = some(world, rng)
        addresses = [world.simulator.addresses[host] for host in hosts]
        with world.disturbed(*hosts):
            for address in addresses:
                world.network.inside(f"ip {begin.replace('HOST', address)}")
            try:
                yield
            finally:
                for address in addresses:
                    world.network.inside(f"ip {end.replace('HOST', address)}")
    return strike


# --- the destinations ---

def relay(mode):
    @contextlib.contextmanager
    def strike(_world, _rng, destination):
        destination.relay.set(mode)
        try:
            yield
        finally:
            destination.relay.set("pass")
    return strike


@contextlib.contextmanager
def refused(_world, _rng, destination):
    destination.relay.close()
    try:
        yield
    finally:
        destination.relay.open()


@contextlib.contextmanager
def flapping(_world, rng, destination):
    for _ in range(rng.randint(3, 8)):
        destination.relay.close()
        time.sleep(rng.uniform(0.1, 0.8))
        destination.relay.open()
        time.sleep(rng.uniform(0.1, 0.8))
    yield


@contextlib.contextmanager
def broker_restarted(_world, _rng, destination):
    destination.server.down()
    try:
        yield
    finally:
        destination.server.up()


def another(server):
    """Another server stands in its place."""
    @contextlib.contextmanager
    def strike(_world, _rng, destination):
        own, destination.relay.upstream = destination.relay.upstream, destination.others[server]
        destination.relay.set("reset")
        destination.relay.set("pass")
        try:
            yield
        finally:
            destination.relay.upstream = own
            destination.relay.set("reset")
            destination.relay.set("pass")
    return strike


def answers(**answer):
    @contextlib.contextmanager
    def strike(_world, _rng, destination):
        destination.fault = Answer(**answer)
        try:
            yield
        finally:
            destination.fault = None
    return strike


def says(step, answer):
    """A mail server."""
    @contextlib.contextmanager
    def strike(_world, _rng, destination):
        destination.fault = (step, answer)
        try:
            yield
        finally:
            destination.fault = None
    return strike


def wait(seconds):
    return (("Retry-After", str(seconds)),)


_PAGE = {"headers": (("Content-Type", "text/html"),), "body": b"<!doctype html><title>Sign in</title>"}

TABLE = {
    PROGRAM: (
        Misfortune("kill -9", killed),
        Misfortune("kill -9 while it starts", killed_while_it_starts),
        Misfortune("SIGTERM", restarted),
        Misfortune("SIGSTOP", frozen),
        Misfortune("reload", reloaded),
        Misfortune("disk full", full_disk, missing=_needs_namespaces),
        Misfortune("clock forward", clock(1), missing=_needs_faketime),
        Misfortune("clock back", clock(-1), missing=_needs_faketime),
        Misfortune("log unread", log_unread),
    ),
    HOSTS: (
        Misfortune("down", hosts_that("down HOST", "up HOST")),
        Misfortune("disconnect", hosts_that("disconnect HOST", None), (1, 2)),
        *(Misfortune(how, hosts_that(f"behave HOST {how}", "behave HOST none"))
          for how in ("unsigned", "flipped:6", "truncated:3", "oversized", "garbage", "replayed:5", "dribbling", "silent:4",
                      "slow:700", "expiring:5")),
        Misfortune("reboot", reboot("reboot"), (1, 2)),
        Misfortune("reboot-quietly", reboot("reboot-quietly"), (1, 2)),
    ),
    NETWORK: (
        Misfortune("cable out", cable_out, missing=_needs_namespaces),
        Misfortune("narrow cable", cable_with("tbf rate 1mbit burst 8kb limit 16kb"), missing=_needs_namespaces),
        Misfortune("loss", cable_with("netem loss 15%"), missing=_needs_loss),
        Misfortune("packets of hosts swallowed", hosts_behind(
            "neigh replace HOST lladdr 02:00:00:00:00:01 dev program", "neigh del HOST dev program"), missing=_needs_namespaces),
        Misfortune("hosts without a route", hosts_behind(
            "route add unreachable HOST", "route del unreachable HOST"), missing=_needs_namespaces),
    ),
}

_LINKS = (
    Misfortune("refused", refused),
    Misfortune("flapping", flapping, (1, 2)),
    *(Misfortune(mode, relay(mode)) for mode in ("reset", "hang", "slow", "garbage", "cut")),
)
_ANSWERS = (
    Misfortune("500", answers(status=500, body=b"oops")),
    Misfortune("502 page", answers(status=502, **_PAGE)),
    Misfortune("503 later", answers(status=503, headers=wait(2))),
    Misfortune("429", answers(status=429, headers=wait(3))),
    Misfortune("408", answers(status=408)),
    Misfortune("no answer", answers(fault="hang")),
    Misfortune("truncated answer", answers(fault="truncate")),
    Misfortune("endless answer", answers(fault="flood")),
    Misfortune("late answer", answers(delay=3)),
    Misfortune("closed after the answer", answers(headers=(("Connection", "close"),))),
    Misfortune("redirect", answers(status=302, headers=(("Location", "/sign-in"),), body=b"")),
    Misfortune("404", answers(status=404, **_PAGE)),
    Misfortune("429 for 3000 years", answers(status=429, headers=wait(99999999999)),
               left_out="Retry-After holds for minutes, longer than a run"),
)
DESTINATIONS = {
    "webhook": (*_LINKS, *_ANSWERS),
    "webhook-tls": (*_LINKS, *_ANSWERS,
                    Misfortune("another authority", another("stranger")), Misfortune("no TLS", another("plain"))),
    "people": (*_LINKS, *_ANSWERS, Misfortune("200 page", answers(status=200, **_PAGE))),
    "mqtt": (*_LINKS, Misfortune("broker restarts", broker_restarted)),
}
DESTINATIONS["mail"] = (
    *_LINKS,
    *(Misfortune(f"{step}: {answer}", says(step, answer)) for step, answer in (
        ("MAIL", "421 4.3.2 going down"), ("RCPT", "450 4.2.1 greylisted"), ("DATA", "452 4.3.1 no space"),
        ("MAIL", DROP), ("DATA", DROP), ("RCPT", HANG), ("DATA", HANG))),
)
TABLE.update(DESTINATIONS)
