"""The examples of webhooks, as users copy them: what arrives is what the documentation of each receiver asks for.

Nothing here is the live service: webhook_schemas/ says in our words what its documentation says.
"""
import json
import pathlib
import re
import unittest
import urllib.parse

import oracles
from program import ON_WINE, Running, require_tocsin, tocsin
from receiver import Answer
from servers import wait_until
from watched import ENGINE, MARKER, Watched

try:
    import jsonschema
    import yaml
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}; ./dev setup installs it") from missing

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples" / "webhooks"
SECRET = "s3cret-of-a-test"
SETTINGS = {name: SECRET for name in (
    "TOCSIN_PASSWORD", "OPSGENIE_KEY", "SPLUNK_ON_CALL_KEY", "SERVICENOW_LOGIN", "JIRA_LOGIN", "DISCORD_WEBHOOK",
    "TELEGRAM_TOKEN")} | {"TELEGRAM_CHAT": "-1001234567890"}
HOSTILE = {
    "markup": "a\"b'c\\d <b>*bold*</b> @everyone <!channel> &amp; {{title}}",
    "emoji": "\U0001F514" * 128,
    "long": "x" * 256,
}


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


def schema(name):
    read = json.loads((HERE / "webhook_schemas" / f"{name}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(read)
    return jsonschema.Draft202012Validator(read)


def units(text):
    """The length of a text as Telegram and Discord count: in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


class Examples(Watched):
    HOSTS = 40

    def run_example(self, name, receiver, services):
        """`services`: entries of the configuration. All that is replaced of the example is who is watched, and where
        the receiver is."""
        example = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text("utf-8"))
        monitor = example["tocsin"]["serviceMonitor"]
        host = {**self.simulator.host(self.host, ()), "services": [*services, {"name": MARKER}]}
        monitor |= {"frequency": "every 1 second", "credentials": [self.simulator.credentials()], "monitor": [host],
                    "policy": {"flapping": {"start": 0}, "firstSight": "quiet"}}
        example["tocsin"] |= {"logLevel": "debug", "web": {"enable": False}}
        hook, = example["tocsin"]["webhookNotification"]["serviceMonitor"]["webhooks"]
        for part in (hook, hook.get("resolved", {})):
            if "webhookURL" in part:
                self.assertRegex(part["webhookURL"], "^https://")
                part["webhookURL"] = re.sub("^https://[^/]*", receiver.url(""), part["webhookURL"])
        self.file.touch(0o600)
        self.file.write_text(json.dumps(example, ensure_ascii=False), "utf-8")
        running = self.enterContext(Running(self.file, self.data, env=SETTINGS))
        running.wait_for_line(f"{MARKER} is MISSING at the first check")
        return running

    def there_and_back(self, name, friendly_name, *, ends=True):
        """The requests of a service that stops and starts."""
        receiver = self.receiver()
        running = self.run_example(name, receiver, [{"name": ENGINE, "friendlyName": friendly_name}])
        self.manager.stop(ENGINE)
        receiver.wait_for(1)
        self.manager.start(ENGINE)
        requests = receiver.wait_for(2 if ends else 1, 45)  # those of a group wait
        if not ends:
            wait_until(lambda: len(self.rows("history")) == 2, 15, lambda: self.rows("history"))
        self.assertEqual(running.stop(), 0, running.output())
        self.assertNotIn(SECRET, running.output())
        self.assertNotIn(SECRET, json.dumps(self.rows("deliveries")))
        self.assertEqual({row["state"] for row in self.rows("deliveries")}, {"delivered"})
        self.assertEqual(len(requests), 2 if ends else 1)
        self.assertEqual(len({request.key for request in requests}), len(requests))
        for request in requests:
            self.assertEqual((request.method, request.headers["content-type"]), ("POST", "application/json"))
        return requests

    def check(self, name, request):
        """The message, which is as the documentation says."""
        message = request.message
        self.assertEqual([error.message for error in schema(name).iter_errors(message)], [])
        return message

    def each_name(self, name, look, **more):
        """`look(stopped, started, friendly_name)` for each hostile name."""
        for what, friendly_name in HOSTILE.items():
            with self.subTest(what):
                self.setUp()  # another host
                look(*self.there_and_back(name, friendly_name, **more), " ".join(friendly_name.split()))

    def rows(self, command, *arguments):
        done = tocsin(command, "--json", "-c", self.file, "--data-dir", self.data, *arguments, env=SETTINGS)
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)

    def test_opsgenie(self):
        def look(stopped, started, name):
            self.assertEqual(stopped.headers["authorization"], f"GenieKey {SECRET}")
            self.assertEqual(started.headers["authorization"], f"GenieKey {SECRET}")
            opened = self.check("opsgenie_create", stopped)
            self.check("opsgenie_close", started)
            self.assertEqual(stopped.path, "/v2/alerts")
            self.assertEqual(started.path, f"/v2/alerts/{opened['alias']}/close?identifierType=alias")
            self.assertRegex(opened["alias"], "^[0-9a-f]{32}$")
            self.assertTrue(opened["message"].startswith(name[:60]), opened)
            self.assertIn(name, opened["description"])
            self.assertEqual(opened["priority"], "P1")
        self.each_name("opsgenie", look)

    def test_splunk_on_call(self):
        def look(stopped, started, name):
            begin, end = self.check("splunk_on_call", stopped), self.check("splunk_on_call", started)
            self.assertEqual(stopped.path, f"/integrations/generic/20131114/alert/{SECRET}/windows")
            self.assertEqual((begin["message_type"], end["message_type"]), ("CRITICAL", "RECOVERY"))
            self.assertEqual(begin["entity_id"], end["entity_id"])
            self.assertIn(name, begin["state_message"])
        self.each_name("splunk-on-call", look)

    def test_servicenow(self):
        def look(stopped, started, name):
            begin, end = self.check("servicenow", stopped), self.check("servicenow", started)
            self.assertEqual(stopped.path, "/api/now/table/em_event")
            self.assertEqual(stopped.headers["authorization"], f"Basic {SECRET}")
            self.assertEqual(stopped.headers["accept"], "application/json")
            self.assertEqual((begin["severity"], end["severity"]), ("1", "0"))
            self.assertEqual(begin["message_key"], end["message_key"])
            self.assertIn(name, begin["description"])
            self.assertEqual(json.loads(begin["additional_info"])["severity"], "critical")
        self.each_name("servicenow", look)

    def test_jira(self):
        def look(stopped, name):
            issue = self.check("jira", stopped)["fields"]
            self.assertEqual(stopped.path, "/rest/api/3/issue")
            self.assertEqual(stopped.headers["authorization"], f"Basic {SECRET}")
            self.assertTrue(issue["summary"].startswith(name[:60]))
            self.assertIn(name, issue["description"]["content"][0]["content"][0]["text"])
        self.each_name("jira", look, ends=False)

    def embed_of(self, request):
        message = self.check("discord", request)
        self.assertEqual(request.path, f"/api/webhooks/{SECRET}")
        self.assertEqual(message["allowed_mentions"], {"parse": []})
        embed, = message["embeds"]
        self.assertLessEqual(units(embed["title"]), 256)
        self.assertLessEqual(units(embed["description"]), 4096)
        self.assertLessEqual(units(embed["title"] + embed["description"] + embed["footer"]["text"]), 6000)
        return embed

    def text_of(self, request):
        message = self.check("telegram", request)
        self.assertEqual(urllib.parse.unquote(request.path), f"/bot{SECRET}/sendMessage")
        self.assertEqual(message["chat_id"], SETTINGS["TELEGRAM_CHAT"])
        self.assertNotIn("parse_mode", message)
        self.assertLessEqual(units(message["text"]), 4096)
        return message["text"]

    def test_discord(self):
        def look(stopped, started, name):
            down, up = self.embed_of(stopped), self.embed_of(started)
            self.assertTrue(down["title"].startswith(name[:60]), down)
            self.assertIn("has stopped on", down["description"] if len(name) < 100 else "has stopped on")
            self.assertNotEqual(down["color"], up["color"])
        self.each_name("discord", look)

    def test_telegram(self):
        def look(stopped, started, name):
            self.assertTrue(self.text_of(stopped).startswith(f"\U0001F534 {name[:60]}"), stopped.body)
            self.assertTrue(self.text_of(started).startswith("\u2705 "), started.body)
        self.each_name("telegram", look)

    def group(self, name, read, friendly_name):
        """What a group of 30 alerts, and one before it, say as `read(request)`. It leaves at the second attempt."""
        services = oracles.running_services(self.simulator.hosts[self.host], self.simulator.USER,
                                            self.simulator.PASSWORD)
        receiver = self.receiver(Answer(), Answer(503))
        self.run_example(name, receiver, [
            {"name": service, "friendlyName": f"{number:02} {friendly_name}"}
            for number, service in enumerate(services)])
        others = self.manager.stop_so_many(1, services)
        receiver.wait_for(1)
        self.manager.stop_so_many(30, others)
        wait_until(lambda: [row["state"] for row in self.rows("deliveries")] == ["delivered"] * 31, 60,
                   lambda: self.rows("deliveries"))
        first, *groups = receiver.requests
        self.assertEqual((groups[0].key, groups[0].body), (groups[1].key, groups[1].body))
        return [read(request) for request in (first, *groups[1:])]

    def test_discord_gets_thirty_alerts_in_a_message(self):
        for what, lines in (("markup", 30), ("long", 8)):
            with self.subTest(what):
                self.setUp()  # another host
                _, *groups = self.group("discord", self.embed_of, HOSTILE[what])
                self.assert_complete([embed["description"] for embed in groups], lines)
                self.assertRegex(groups[0]["title"], rf"^{self.host}: \d+ alerts$")
                self.assertIn("still down: ", groups[0]["footer"]["text"])

    def test_telegram_gets_thirty_alerts_in_a_message(self):
        for what, lines in (("markup", 28), ("emoji", 5)):
            with self.subTest(what):
                self.setUp()  # another host
                _, *groups = self.group("telegram", self.text_of, HOSTILE[what])
                self.assert_complete(groups, lines)

    def assert_complete(self, texts, lines):
        """All 30 alerts have a line, at least so many of them, or are counted."""
        listed = sum(len(re.findall(r"(?m)^\d\d:\d\d:\d\dZ ", text)) for text in texts)
        more = sum(int(count) for text in texts for count in re.findall(r"(?m)^and (\d+) more$", text))
        self.assertEqual(listed + more, 30, texts)
        self.assertGreaterEqual(listed, lines, texts)
        self.assertLessEqual(len(texts), 3, texts)


class EveryExample(unittest.TestCase):
    def test_is_checked_by_a_test(self):
        tested = {name.removeprefix("test_").replace("_", "-") for name in dir(Examples) if name.startswith("test_")}
        self.assertLessEqual({example.stem for example in EXAMPLES.glob("*.yaml")}, tested)

    def test_is_valid(self):
        for example in sorted(EXAMPLES.glob("*.yaml")):
            with self.subTest(example.name):
                done = tocsin("validate", "-c", example, env=SETTINGS)
                self.assertEqual(done.returncode, 0, done)
                self.assertNotRegex(done.stdout + done.stderr, "error:|warning:")
                self.assertNotIn(SECRET, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
