"""What the program lives in: pretend hosts, destinations, its disk and its clock; and what it does in it."""
import collections
import contextlib
import json
import os
import pathlib
import re
import signal
import threading
import time

import isolation
import output
from broker import Mosquitto, Subscriber
from chats import Slack
from mail_servers import MailServer
from program import Running, Simulator, configuration, tocsin
from receiver import Answer, Authority, Receiver
from relay import Relay, Relays
from servers import wait_until
from truth import Cut, Disturbances, History, Message

HOSTS = 24
SERVICES = ("LanmanServer", "QlikLoggingService", *(f"QlikSense{name}Service" for name in (
    "Engine", "Printing", "Proxy", "Repository", "Scheduler")))
PAUSES = "LanmanServer"
MARKER = "NoSuchService"  # its line in the log says that the first check has been
ENOUGH_SERVICES = 80  # of a pretend host, so that all of these are among them
KINDS = ("started", "stopped", "paused")
RECOVERY = 12  # seconds after a disturbance within which a host is checked again
MAILBOX = "ops@example.com"
HOOK = "/services/T0/B0/s3cret"
EXTRA = "extra"  # a host that comes and goes with reloads; nobody counts what is said of it

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
DISK = "128m"  # the store of half an hour

# What people read, in a form that can be read back: the built-in texts have no previous state.
LINE = "{{host}}|{{serviceName}}|{{servicePrevStatus}}|{{serviceStatus}}|{{kind}}"
ONE = "{{host}}|0;" + LINE
SEVERAL = "{{host}}|{{more}}{{#each alerts}};" + LINE + "{{/each}}"


class Destination:
    """What it receives, in the order of arrival, and the relay through which it is reached."""

    def __init__(self, name, relay, server, answers=False):
        self.name = name
        self.relay = relay
        self.server = server
        self.answers = answers  # whether what it answers can be made bad
        self.messages = []
        self.hosts = collections.defaultdict(list)  # of alerts about hosts: kind, id
        self.others = {}  # servers that may stand in its place: their ports
        self.cuts = {}  # of lists for people: key: Cut
        self.fault = None  # the answer in place of the good one

    def receive(self, at, host, service, before, state, kind, key):
        if host == EXTRA:
            return
        if not service:
            self.hosts[host].append((kind, key))
        elif kind in KINDS:
            self.messages.append(Message(at, (host, service), before, state, key))

    def receive_list(self, at, text, key):
        """What ONE and SEVERAL make of alerts; a notice may stand before it."""
        host, more, lines = re.search(r"([\w-]*)\|(\d+);(.*)", text.strip(), re.DOTALL).groups()
        if int(more):
            self.cuts[key] = Cut(at, host or None, int(more))
        for number, line in enumerate(lines.split(";")):
            self.receive(at, *line.split("|"), f"{key}#{number}")

    @property
    def refuses(self):
        """Whether the good server would not know of it: the fault answers in its place."""
        return self.fault and (self.fault.status >= 300 or self.fault.fault == "hang" or self.fault.body.startswith(b"<"))


class Webhook(Destination):
    def __call__(self, request):
        if not self.refuses:
            message = request.message
            self.receive(request.at, message["host"], message["serviceName"], message["prevState"], message["currState"],
                         message["kind"], request.key)
        return self.fault or Answer()


class People(Destination):
    """Slack, as its documentation describes it."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.slack = Slack({HOOK: ""})

    def __call__(self, request):
        if self.refuses:
            return self.fault
        answer = self.slack(request)
        if answer.status != 200:
            return answer
        self.receive_list(request.at, self.slack.messages[-1][1]["text"], request.key)
        return self.fault or answer


class Mails(Destination):
    """`fault` is a step and the answer to it."""

    def take(self, step, _address):
        at, answer = self.fault or (None, None)
        answer = answer if step == at else None
        if step == "DATA" and not (answer or "").startswith("4"):
            mail = self.server.mails[-1]
            self.receive_list(mail.at, mail.body("html"), mail.id)
        return answer


class Topics(Destination):
    def read(self, message, at):
        """Has no ids."""
        if not message["topic"].startswith(("qs/running", "qs/stopped", "qs/paused")):
            return
        alert = json.loads(message["payload"])
        self.receive(at, alert["serviceHost"], alert["serviceName"], alert["servicePrevStatus"], alert["serviceStatus"],
                     alert["kind"], None)


class Listener(Subscriber):
    """Hands on each message as it comes."""

    def __init__(self, broker, hand_on):
        super().__init__(broker)
        self._hand_on = hand_on

    def take(self, message):
        self._hand_on(message, time.monotonic())


class Program(Running):
    """`tocsin run`, whose log may be left unread."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self._is_read = threading.Event()
        self._is_read.set()

    def _read(self, process):
        with process.stdout:
            for line in output.lines(process, process.stdout):
                self.lines.append(line)
                self._is_read.wait()

    @contextlib.contextmanager
    def unread(self):
        self._is_read.clear()
        try:
            yield
        finally:
            self._is_read.set()


class World(contextlib.ExitStack):
    """`folder` keeps what is worth reading after a failure."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.data = folder / "data"
        self.file = folder / "tocsin.yaml"
        self.events = folder / "events"
        self.clock = folder / "clock"
        self.network = None
        self.running = None
        self.faults = []  # of the program, but for what destinations received
        self.starts = 0
        self.memory = self.files = 0
        self.disturbances = Disturbances()
        self._lock = threading.Lock()  # of the hosts and their histories
        self.busy_hosts = set()  # that restart
        self.changes = 0

    # --- building ---

    def build(self):
        isolated = isolation.isolated()
        self.network = self.enter_context(isolation.Network()) if isolated else None
        self.data.mkdir()
        if isolated:
            isolation.run(f"mount -t tmpfs -o size={DISK} torture {self.data}")
            self.callback(isolation.run, f"umount --lazy {self.data}")
        self.address = isolation.WORLD if isolated else "127.0.0.1"
        self.events.touch()
        self.simulator = self.enter_context(Simulator(
            HOSTS, "--services", ENOUGH_SERVICES, "--pending", 0, "--one-port", "--follow", self.events,
            address=isolation.HOSTS if isolated else "127.77.1.1"))
        self.hosts = list(self.simulator.hosts)
        self.histories = {(host, service): History((host, service), "RUNNING")
                          for host in self.hosts for service in SERVICES}
        self.relays = self.enter_context(Relays())
        self.destinations = [self._webhook("webhook"), self._webhook("webhook-tls", tls=True), self._people(),
                             self._topics(), self._mails()]
        self._configure()
        self.callback(self._leave_nothing_running)
        self.start()
        wait_until(lambda: self.running.output().count(f"{MARKER} is MISSING at the first check") == HOSTS, 60,
                   self.running.output)
        threading.Thread(target=self._watch_resources, daemon=True).start()

    def _webhook(self, name, tls=False):
        authority = None
        if tls:
            self.certificates = self.folder / "certificates"
            self.certificates.mkdir()
            other = self.folder / "other_certificates"
            other.mkdir()
            authority = Authority(self.certificates, f"DNS:localhost,IP:127.0.0.1,IP:{self.address}")
            stranger = Authority(other)
        destination = Webhook(name, None, None, answers=True)
        destination.server = self.enter_context(Receiver(always=destination, authority=authority))
        destination.relay = Relay(self.relays, self.address, destination.server.port)
        if tls:
            destination.others = {"stranger": self.enter_context(Receiver(authority=stranger)).port,
                                  "plain": self.enter_context(Receiver()).port}
        return destination

    def _people(self):
        destination = People("people", None, None, answers=True)
        destination.server = self.enter_context(Receiver(always=destination))
        destination.relay = Relay(self.relays, self.address, destination.server.port)
        return destination

    def _topics(self):
        broker = self.enter_context(Mosquitto())
        destination = Topics("mqtt", Relay(self.relays, self.address, broker.port), broker)
        self.enter_context(Listener(broker, destination.read))
        return destination

    def _mails(self):
        destination = Mails("mail", None, MailServer())
        destination.server.take = destination.take
        self.enter_context(destination.server)
        destination.relay = Relay(self.relays, self.address, destination.server.port)
        return destination

    def _configure(self, extra=False):
        for name, text in (("one.html", ONE), ("group.html", SEVERAL), ("one.json", json.dumps({"text": ONE})),
                           ("group.json", json.dumps({"text": SEVERAL}))):
            (self.folder / f"{name}.handlebars").write_text(text, encoding="utf-8")
        plain, tls, people, topics, mails = (destination.relay.port for destination in self.destinations)
        side = {"webhookURL": f"http://{self.address}:{people}{HOOK}", "rateLimit": 0, "messageType": "formatted",
                "templateFile": str(self.folder / "one.json.handlebars"),
                "groupTemplateFile": str(self.folder / "group.json.handlebars")}
        letter = {"rateLimit": 0, "fromAddress": "tocsin@example.com", "recipients": [MAILBOX], "subject": "{{title}}",
                  "bodyFileDirectory": str(self.folder), "htmlTemplateFile": "one.html", "groupTemplateFile": "group.html"}
        sections = ("serviceStopped", "serviceStarted", "otherAlerts")
        soon = {"wait": "2s", "interval": "5s"}
        hosts = [self.simulator.host(host, (*SERVICES, MARKER)) for host in self.hosts]
        if extra:
            hosts.append({**self.simulator.host(self.hosts[0], SERVICES[:1]), "host": EXTRA})
        configuration(
            self.file, hosts=hosts, credentials=self.simulator.credentials(), destinations=["mqtt", "slack", "email"],
            monitor={"policy": {"flapping": {"start": 0}, "firstSight": "quiet", "bootGrace": "0s",
                                "delayedStartGrace": "0s"}},
            webhooks=[{"description": "plain", "webhookURL": f"http://{self.address}:{plain}/alerts", "httpMethod": "POST"},
                      {"description": "tls", "webhookURL": f"https://{self.address}:{tls}/alerts", "httpMethod": "POST",
                       "cert": {"enable": True, "certCA": str(self.certificates / "authority.pem")}}],
            slackNotification={"enable": True, "grouping": soon, **dict.fromkeys(sections, side)},
            emailNotification={"enable": True, "grouping": soon, **dict.fromkeys(sections, letter),
                               "smtp": {"host": self.address, "port": mails, "secure": False}},
            mqttConfig={"enable": True, "brokerHost": self.address, "brokerPort": topics, "clientId": "tocsin-torture",
                        **{f"service{name}Topic": f"qs/{name.lower()}" for name in ("Running", "Stopped", "Paused")}})

    # --- the program ---

    def fault(self, text):
        self.faults.append(text)

    def start(self, ready=True):
        env = {}
        if os.path.exists(FAKETIME):
            if not self.clock.exists():
                self.set_clock(24 * 3600)  # so that it may go back without leaving the certificates' time
            env = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                   "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_CACHE_DURATION": "1"}
        self.running = Program(self.file, self.data, env=env)
        if self.network:
            self.running.arguments = [*self.network.prefix, *self.running.arguments]
        self.starts += 1
        self.running.start()
        if ready:
            self.running.wait_for_line(" ready: ", 60)

    def end(self, how):
        """Ends the program by "kill" or "stop"; keeps its log. Returns its exit code."""
        if (ended := self.running.process.poll()) is not None:
            self.fault(f"start {self.starts}: it ended by itself with {ended}")
        code = getattr(self.running, how)()
        with open(self.folder / "tocsin.log", "a", encoding="utf-8") as log:
            log.write(f"--- start {self.starts}\n{self.running.output()}\n--- {how}: {code}\n")
        self.running = None
        return code

    def _leave_nothing_running(self):
        if self.running:
            self.running.kill()

    def set_clock(self, seconds):
        """Off the machine's own; the program sees it within a second."""
        self.clock_offset = seconds
        self.clock.write_text(f"{seconds:+}", encoding="utf-8")

    def dead_letters(self):
        """As the program itself lists them: (destination's name, service)."""
        done = tocsin("deliveries", "--failed", "--json", "-c", self.file, "--data-dir", self.data)
        return [(row["destinationName"], (row["alert"]["host"], row["alert"]["service"]))
                for row in json.loads(done.stdout) if row["state"] == "dead"]

    def reload(self, extra):
        self._configure(extra)
        self.running.process.send_signal(signal.SIGHUP)

    def _watch_resources(self):
        while True:
            time.sleep(0.5)
            with contextlib.suppress(Exception):
                process = pathlib.Path(f"/proc/{self.running.process.pid}")
                status = (process / "status").read_text(encoding="ascii")
                self.memory = max(self.memory, int(status.split("VmHWM:")[1].split()[0]))
                self.files = max(self.files, len(os.listdir(process / "fd")))

    # --- the hosts ---

    def happen(self, *events):
        """On the pretend hosts. Returns when it has: the times before and after."""
        with self._lock:
            return self._happen(events)

    def _happen(self, events):
        """The simulator prints a line for each, in their order; among them those of a host that restarts."""
        before = time.monotonic()
        seen = len(self.simulator.lines)
        with open(self.events, "a", encoding="utf-8") as file:
            file.write("".join(f"{event}\n" for event in events))

        def happened():
            lines = self.simulator.lines[seen:]
            if refused := [line for line in lines if ": " in line]:
                raise RuntimeError(f"the simulator refuses: {refused}")
            rest = iter(lines)
            return all(any(line.startswith(event) for line in rest) for event in events)
        wait_until(happened, 30, lambda: f"{events[:3]} on the hosts: {self.simulator.lines[seen:]}")
        return before, time.monotonic()

    def change(self, rng, count):
        """So many services, each into another state."""
        with self._lock:
            free = [service for service in self.histories if service[0] not in self.busy_hosts]
            chosen = rng.sample(free, min(count, len(free)))
            plan = [(service, *next_state(rng, service[1], self.histories[service].state)) for service in chosen]
            times = self._happen([f"{action} {host} {name}" for (host, name), action, _ in plan])
            for service, _, state in plan:
                self.histories[service].enter(state, *times)
            self.changes += len(plan)

    def reboot(self, host, kind, seconds):
        """All services stop and start, at moments that are nobody's business."""
        with self._lock:
            self.busy_hosts.add(host)
            begin, _ = self._happen([f"{kind} {host} {seconds}s"])
        time.sleep(seconds + 3)
        with self._lock:
            now = time.monotonic()
            for name in SERVICES:
                self.histories[host, name].enter("STOPPED", begin, now)
                self.histories[host, name].enter("RUNNING", begin, now)
            self.busy_hosts.discard(host)

    @contextlib.contextmanager
    def disturbed(self, *hosts):
        """While they cannot be observed, and until they must be again; none named: all of them."""
        begin = time.monotonic()
        try:
            yield
        finally:
            for host in hosts or (None,):
                self.disturbances.add(host, begin, time.monotonic() + RECOVERY)


def next_state(rng, name, state):
    if state == "RUNNING":
        if name == PAUSES and rng.random() < 0.5:
            return "pause", "PAUSED"
        return ("crash" if rng.random() < 0.2 else "stop"), "STOPPED"
    if state == "PAUSED":
        return ("resume", "RUNNING") if rng.random() < 0.5 else ("stop", "STOPPED")
    return "start", "RUNNING"
