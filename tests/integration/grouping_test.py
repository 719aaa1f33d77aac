"""Several alerts in one message: how soon people know, and that no kill, reload or outage loses or repeats any."""
import collections
import contextlib
import dataclasses
import json
import pathlib
import re
import socket
import sqlite3
import tempfile
import time
import unittest

import chats
import mail_servers
import receiver
from mail_servers import MailServer, require_aiosmtpd
from program import ON_WINE, Running, Simulator, configuration, require_tocsin, tocsin
from receiver import Answer, Receiver
from servers import wait_until

HOOK = "/services/T0/B0/s3cret"
CHECK = 1  # seconds
MARKER = "NoSuchService"  # its line in the log says that the first check has been
ENGINE, PRINTING, PROXY, SCHEDULER = (f"QlikSense{name}Service" for name in
                                      ("Engine", "Printing", "Proxy", "Scheduler"))
QLIK = (ENGINE, PRINTING, PROXY, SCHEDULER)
OPS = "ops@example.com"
SOON = {"wait": "2s", "interval": "30s"}  # where the default's numbers are not what is shown


def setUpModule():
    require_tocsin()


def has(state, host, *services):
    """As people read it: "Qlik Sense Engine Service has stopped on db1"."""
    def name(service):
        return " ".join(re.findall("[A-Z][a-z]+", service))
    return [f"{name(service)} has {state} on {host}" for service in services]


@dataclasses.dataclass(frozen=True)
class Told:
    """A message to people: the lines without their times and reasons, and those for which there was no room."""
    at: float  # time.monotonic()
    title: str
    lines: list
    more: int
    still_down: str
    notice: str

    @property
    def count(self):
        return len(self.lines) + self.more


class Slack(chats.Slack):
    """Takes messages, or as long as it is `down` none."""

    def __init__(self):
        super().__init__({HOOK: ""})
        self.down = False
        self.told = []

    def __call__(self, request):
        if self.down:
            return Answer(503, body=b"rollup_error")
        answer = super().__call__(request)
        if answer.status == 200:
            self.told.append(self._read(request))
        return answer

    @staticmethod
    def _read(request):
        message = json.loads(request.body)
        sections = [block["text"]["text"] for block in message["blocks"]
                    if block["type"] == "section" and "text" in block]
        notes = [element["text"] for block in message["blocks"] if block["type"] == "context"
                 for element in block["elements"]]
        told = {"at": request.at, "title": message["text"], "notice": "", "more": 0,
                "still_down": next((note for note in notes if note.startswith("still down: ")), "")}
        texts = "\n".join(sections).split("\n")
        if texts[0].startswith("tocsin reaches none"):
            told["notice"] = texts.pop(0)
        lines = [re.sub(r"^\d\d:\d\d:\d\dZ (.*?)(: .*)?$", r"\1", text) for text in texts if text]
        if lines and (more := re.fullmatch(r"and (\d+) more", lines[-1])):
            told["more"] = int(more[1])
            lines.pop()
        return Told(lines=lines or [told["title"]], **told)


class Grouping(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.data = self.folder / "data"
        self.file = self.folder / "tocsin.yaml"
        self.events = self.folder / "events"
        self.desk = self.enterContext(Receiver())
        self.cloud = Slack()
        self.site = None

    def simulate(self, hosts, *arguments):
        """Hosts whose changes are found by checks, so that a test decides what comes together."""
        self.simulator = self.enterContext(
            Simulator(hosts, "--follow", self.events, "--push", "none", *arguments))
        self.hosts = list(self.simulator.hosts)

    def happen(self, *events):
        """On the pretend hosts, at once; returns when they are told of it."""
        at = time.monotonic()
        with open(self.events, "a", encoding="utf-8") as file:
            file.write("".join(f"{event}\n" for event in events))
        return at

    def configure(self, services=QLIK, monitor=None, slack=None, policy=None, **more):
        side = {"webhookURL": slack or self.site.url(HOOK), "rateLimit": 0}
        monitor = {"policy": {"flapping": {"start": 0}, "firstSight": "quiet", **(policy or {})},
                   **(monitor or {})}
        configuration(self.file, credentials=self.simulator.credentials(), monitor=monitor,
                      hosts=[self.simulator.host(host, (*services, MARKER)) for host in self.hosts],
                      webhooks=[self.desk.url()], every=f"every {CHECK} second",
                      **{"destinations": ["slack"], **more},
                      slackNotification={"enable": True, "serviceStopped": side, "serviceStarted": side})

    def run_tocsin(self, **more):
        """Watches every host, until the test's end; returns after their first checks."""
        self.begin(**more)
        wait_until(lambda: len([line for line in list(self.running.lines) if f"{MARKER} is MISSING" in line])
                   >= len(self.hosts), 60, self.running.output)

    def begin(self, **more):
        if not self.site and "slack" not in more:
            self.site = self.enterContext(Receiver(always=self.cloud))
        self.configure(**more)
        self.running = self.start_tocsin()

    def start_tocsin(self):
        return self.enterContext(Running(self.file, self.data))

    def command(self, *words):
        done = tocsin(words[0], "-c", self.file, "--data-dir", self.data, *words[1:])
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def deliveries(self):
        return json.loads(self.command("deliveries", "--json"))

    def wait_for_messages(self, count, seconds=15):
        wait_until(lambda: len(self.cloud.told) >= count, seconds,
                   lambda: f"{count} messages: {self.cloud.told}, {self.running.output()}")
        return list(self.cloud.told)

    def wait_for_lines(self, count, seconds=15):
        """The messages, as soon as they tell so many alerts."""
        wait_until(lambda: sum(told.count for told in self.cloud.told) >= count, seconds,
                   lambda: f"{count} alerts: {self.cloud.told}, {self.running.output()}")
        return list(self.cloud.told)

    def heard(self):
        """What the desk was told: (host, service, status)."""
        return [(request.message["host"], request.message["serviceName"],
                 request.message["serviceStatus"]) for request in self.desk.requests]


class Promises(Grouping):
    """How soon people know, and by how many messages."""

    def test_three_that_stop_in_one_check_and_their_ends(self):
        self.simulate(1)
        host, = self.hosts
        self.run_tocsin()
        stopped = self.happen(*(f"stop {host} {service}" for service in QLIK[:3]))
        told, = self.wait_for_messages(1)
        self.assertEqual((told.title, told.lines), (f"{host}: 3 alerts", has("stopped", host, *QLIK[:3])))
        self.assertLess(told.at - stopped, CHECK + 1)
        self.assertEqual(sorted(self.heard()), [(host, service, "STOPPED") for service in QLIK[:3]])
        self.happen(*(f"start {host} {service}" for service in QLIK[:3]))
        ends = self.wait_for_messages(2)[1]
        self.assertEqual((ends.title, ends.lines, ends.still_down),
                         (f"{host}: 3 resolved", has("started", host, *QLIK[:3]), ""))
        self.assertEqual(sorted(self.heard()[3:]),
                         [(host, service, "RUNNING") for service in QLIK[:3]])
        self.assertEqual(len(self.cloud.told), 2)

    def test_three_that_stop_one_after_the_other(self):
        self.simulate(1)
        host, = self.hosts
        self.run_tocsin()
        stopped = []
        for service in QLIK[:3]:
            time.sleep(max(0, stopped[-1] + 2 - time.monotonic()) if stopped else 0)
            stopped.append(self.happen(f"stop {host} {service}"))
        first, second = self.wait_for_messages(2)
        self.assertEqual(first.lines, has("stopped", host, ENGINE))
        self.assertEqual(second.lines, has("stopped", host, PRINTING, PROXY))
        self.assertIn("Qlik Sense Engine Service", second.still_down)
        self.assertLess(second.at - first.at, 6)
        self.assertEqual(self.heard(), [(host, service, "STOPPED") for service in QLIK[:3]])
        for at, request in zip(stopped, self.desk.requests):
            self.assertLess(request.at - at, CHECK + 1)

    def test_250_services_that_stop_in_one_check(self):
        self.simulate(1, "--services", 400)
        host, = self.hosts
        self.site = self.enterContext(Receiver(always=self.cloud))
        self.configure()

        def services(state):
            return [row["service"] for row in json.loads(self.command("services", "--json", host))
                    if row["state"] == state]

        self.happen(*(f"start {host} {name}" for name in services("STOPPED")))
        wait_until(lambda: len(services("RUNNING")) >= 250, 10, "250 services run")
        names = services("RUNNING")[:250]
        self.run_tocsin(services=names)
        self.happen(*(f"stop {host} {name}" for name in names))
        told = self.wait_for_lines(250)[0]
        self.desk.wait_for(250)
        self.assertEqual((told.title, told.count), (f"{host}: 250 alerts", 250))
        self.assertGreater(told.more, 0)
        self.assertLess(told.at - self.desk.requests[0].at, 1)
        self.assertEqual(len(self.desk.requests), 250)
        self.assertEqual(len(self.cloud.told), 1)

    def test_500_hosts_that_are_lost_at_once(self):
        count = 50 if ON_WINE else 500
        self.simulate(count, "--services", 8, "--one-port")
        self.run_tocsin(services=())
        lost = self.happen("down *")
        told = self.wait_for_lines(count, 60)
        self.assertEqual(sum(one.count for one in told), count)
        self.assertLessEqual(len(told), 3, told)
        print(f"{count} hosts lost: " + ", ".join(
            f"{one.count} after {one.at - lost:.1f} s" for one in told), flush=True)
        self.assertLess(told[0].at - lost, 2 * CHECK + 1)
        self.assertLess(told[-1].at - lost, 40)
        self.assertEqual(told[-1].notice,
                         f"tocsin reaches none of its {count} hosts: check its own network first")

    def test_20_escalations_that_are_due_together(self):
        self.simulate(20)
        self.run_tocsin(services=(ENGINE,), monitor={
            "grouping": SOON,
            "routes": [{"to": ["webhook"], "escalate": [{"after": "2s", "to": ["slack"]}]}]})
        self.happen(*(f"stop {host} {ENGINE}" for host in self.hosts))
        told = self.wait_for_lines(20)
        self.assertLessEqual(len(told), 2, told)
        self.assertEqual(sorted(line for one in told for line in one.lines),
                         sorted(line for host in self.hosts for line in has("stopped", host, ENGINE)))

    def test_hosts_whose_services_are_stopped_when_they_are_first_seen(self):
        self.simulate(40, "--event", f"stop * {ENGINE}")
        self.begin(services=(ENGINE,), policy={"firstSight": "byName"}, monitor={"grouping": SOON})
        # Two of each host: MARKER is not installed.
        told = self.wait_for_lines(80)
        self.desk.wait_for(80)
        self.assertEqual(len(set(self.heard())), 80)
        self.assertEqual(len(self.desk.requests), 80)
        self.assertLessEqual(len(told), 3, told)
        self.assertLess(told[0].at - self.desk.requests[0].at, 1)


class Silences(Grouping):
    def test_an_escalation_waits_for_their_end_and_is_stopped_by_an_acknowledgement(self):
        self.simulate(3)
        self.run_tocsin(services=(ENGINE,), monitor={
            "grouping": {"wait": "1s", "interval": "1s"},  # shorter than what a silence withholds
            "routes": [{"to": ["webhook"], "escalate": [{"after": "5s", "to": ["slack"]}]}]})
        silenced, acknowledged, plain = self.hosts
        self.happen(*(f"stop {host} {ENGINE}" for host in self.hosts))
        self.desk.wait_for(3)
        self.command("silence", silenced, "--for", "1h", "--reason", "new disk")
        self.command("ack", f"{acknowledged}/{ENGINE}", "--reason", "on it")
        told, = self.wait_for_messages(1)
        self.assertEqual(told.lines, has("stopped", plain, ENGINE))
        self.command("unsilence", silenced)
        self.assertEqual(self.wait_for_messages(2)[1].lines, has("stopped", silenced, ENGINE))
        self.happen(*(f"start {host} {ENGINE}" for host in self.hosts))
        self.desk.wait_for(6)
        told = self.wait_for_lines(4)
        self.assertEqual(sorted(line for one in told[2:] for line in one.lines),
                         sorted(line for host in (silenced, plain) for line in has("started", host, ENGINE)))


class Durable(Grouping):
    """What a kill, a reload and an outage cost: nothing."""

    GROUPING = {"wait": "3s", "interval": "30s"}

    def setUp(self):
        super().setUp()
        require_aiosmtpd()
        self.simulate(1)
        self.host, = self.hosts

    def run_tocsin(self, mail_port=None, **more):
        section = {"rateLimit": 0, "fromAddress": "tocsin@example.com", "recipients": [OPS]}
        if mail_port:
            more |= {"destinations": ["slack", "email"], "emailNotification": {
                "enable": True, "serviceStopped": section, "serviceStarted": section,
                "smtp": {"host": "127.0.0.1", "port": mail_port}}}
        super().run_tocsin(monitor={"grouping": self.GROUPING}, **more)

    def stop(self, *services):
        self.happen(*(f"stop {self.host} {service}" for service in services))

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(f"file:{self.data / 'tocsin.db'}?mode=ro",
                                                uri=True)) as store:
            return store.execute(query).fetchall()

    def groups(self, least):
        """{message id: (its stored text, the attempts of its members)} of the pending ones, as soon as each of
        two has so many members."""
        def look():
            groups = collections.defaultdict(lambda: ("", []))
            for id, text, attempts in self.rows(
                    "SELECT message.id, text, attempts FROM delivery JOIN message"
                    " ON message.id = message_id WHERE state = 'pending'"):
                groups[id] = (text, [*groups[id][1], attempts])
            complete = len(groups) == 2 and all(len(group[1]) >= least for group in groups.values())
            return dict(groups) if complete else None
        return wait_until(look, 20, lambda: f"two groups: {self.deliveries()}")

    def expect_all_delivered(self):
        wait_until(lambda: all(row["state"] == "delivered" for row in self.deliveries()), 20,
                   self.deliveries)
        keys = [request.key for request in self.desk.requests]
        self.assertEqual(len(keys), len(set(keys)))

    def test_a_kill_while_alerts_are_collected(self):
        self.run_tocsin()
        self.stop(ENGINE)
        self.wait_for_messages(1)
        wait_until(lambda: self.rows("SELECT 1 FROM delivery WHERE state = 'delivered'"
                                     " AND destination LIKE 'slack%'"), 5, self.deliveries)
        self.stop(PRINTING, PROXY)
        self.desk.wait_for(3)
        wait_until(lambda: len(self.rows("SELECT 1 FROM delivery WHERE state = 'delivered'")) == 4,
                   5, self.deliveries)
        self.assertEqual(self.rows("SELECT message_id, attempts FROM delivery WHERE state = 'pending'"),
                         [("", 0)] * 2)
        self.running.kill()
        self.assertEqual(len(self.cloud.told), 1)
        self.running = self.start_tocsin()
        self.wait_for_lines(3)
        self.expect_all_delivered()
        self.assertEqual([told.lines for told in self.cloud.told],
                         [has("stopped", self.host, ENGINE),
                          has("stopped", self.host, PRINTING, PROXY)])

    def test_a_kill_when_a_group_is_committed_and_not_sent(self):
        """Connections wait to be accepted by servers that never do."""
        with socket.create_server(("127.0.0.1", 0)) as chat, socket.create_server(("127.0.0.1", 0)) as mail:
            ports = [server.getsockname()[1] for server in (chat, mail)]
            self.run_tocsin(ports[1], slack=f"http://127.0.0.1:{ports[0]}{HOOK}")
            self.stop(*QLIK[:3])
            groups = self.groups(3)
            wait_until(lambda: len(self.rows("SELECT 1 FROM delivery WHERE state = 'delivered'")) == 3,
                       5, self.deliveries)
            self.running.kill()
        self.assertEqual([attempts for _, attempts in groups.values()], [[0] * 3] * 2)
        site = self.enterContext(Receiver(always=self.cloud, port=ports[0]))
        server = self.enterContext(MailServer(port=ports[1]))
        self.stop(SCHEDULER)  # goes into no group that has begun
        self.running = self.start_tocsin()
        self.wait_for_lines(4, 30)
        mails = server.wait_for(2, 30)
        self.expect_all_delivered()
        self.assertEqual([told.lines for told in self.cloud.told],
                         [has("stopped", self.host, *QLIK[:3]), has("stopped", self.host, SCHEDULER)])
        first = site.requests[0]
        self.assertEqual(first.body.decode(), groups.pop(first.key)[0])
        self.assertIn(next(iter(groups)), mails[0].id)
        self.assertEqual(len(mails), 2)

    def test_a_kill_when_a_group_is_sent_and_that_is_not_recorded(self):
        """The second group, of a service that has stopped and started meanwhile, and another one."""
        server = self.enterContext(MailServer())
        self.run_tocsin(server.port)
        self.stop(ENGINE)
        self.wait_for_messages(1)
        server.wait_for(1)
        self.site.always = receiver.HANG
        server.when("DATA", mail_servers.HANG)
        self.stop(PRINTING, PROXY)
        self.desk.wait_for(3)
        self.happen(f"start {self.host} {PRINTING}")
        self.desk.wait_for(4)
        groups = self.groups(3)
        self.site.wait_for(2)
        server.wait_for(2)
        self.running.kill()
        self.site.always = self.cloud
        self.running = self.start_tocsin()
        self.site.wait_for(3)
        server.wait_for(3)
        self.expect_all_delivered()
        sent, again = self.site.requests[1:]
        self.assertEqual((again.key, again.body), (sent.key, sent.body))
        self.assertEqual(again.body.decode(), groups[again.key][0])
        mails = server.mails[1:]
        self.assertEqual(len({mail.id for mail in mails}), 1)
        self.assertEqual(mails[0].data, mails[1].data)
        lines = [*has("stopped", self.host, PRINTING, PROXY), *has("started", self.host, PRINTING)]
        self.assertEqual(self.cloud.told[-1].lines, lines)

    def test_a_reload_while_alerts_are_collected(self):
        self.run_tocsin()
        self.stop(ENGINE)
        self.wait_for_messages(1)
        self.stop(PRINTING, PROXY)
        self.desk.wait_for(3)
        self.configure(monitor={"grouping": {**self.GROUPING, "interval": "20s"}})
        self.assertIn("reloaded: ", self.command("reload"))
        self.wait_for_lines(3)
        self.stop(SCHEDULER)
        self.wait_for_lines(4)
        self.expect_all_delivered()
        told = [line for one in self.cloud.told for line in one.lines]
        self.assertEqual(told, has("stopped", self.host, *QLIK))


class Outage(Grouping):
    def test_the_return_of_a_destination_brings_one_message_for_each_host(self):
        self.simulate(3)
        self.run_tocsin(monitor={"grouping": SOON})
        self.cloud.down = True
        for service in QLIK:
            before = len(self.desk.requests)
            self.happen(*(f"stop {host} {service}" for host in self.hosts))
            self.desk.wait_for(before + 3)
        tried = {request.key for request in self.site.requests}
        self.cloud.down = False
        told = self.wait_for_lines(12, 30)
        self.assertEqual(sorted(line for one in told for line in one.lines),
                         sorted(line for host in self.hosts for line in has("stopped", host, *QLIK)))
        self.assertLessEqual(len(told), len(self.hosts) + len(tried), told)
        wait_until(lambda: all(row["state"] == "delivered" for row in self.deliveries()), 10,
                   self.deliveries)

    def test_a_group_that_is_refused_for_its_content_is_sent_one_by_one(self):
        self.simulate(1)
        host, = self.hosts
        self.site = self.enterContext(Receiver(Answer(400, body=b"invalid_blocks"), always=self.cloud))
        self.run_tocsin()
        self.happen(*(f"stop {host} {service}" for service in QLIK[:3]))
        told = self.wait_for_messages(3)
        # Those that stop in the same moment come in any order.
        self.assertEqual(sorted(one.lines for one in told), sorted(has("stopped", host, name) for name in QLIK[:3]))
        self.assertEqual(len({request.key for request in self.site.requests}), 4)
        self.running.wait_for_line(f"Slack: {host} {ENGINE} stopped and 2 more in one message refused, "
                                   "will be sent one by one: 400 Bad Request: invalid_blocks")


if __name__ == "__main__":
    unittest.main()
