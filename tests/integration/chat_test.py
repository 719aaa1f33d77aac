"""Slack and Teams, as far as their documented rules say what they would answer; and templates."""
import json
import pathlib
import unittest

import chats
import oracles
from program import require_tocsin, tocsin
from servers import wait_until
from watched import ENGINE, MARKER, PROXY, Watched

DOWN, UP = "/services/T0/B0/s3cret-down", "/services/T0/B0/s3cret-up"
OTHER = "/services/T0/B0/s3cret-other"
PAUSABLE = "LanmanServer"
WORKFLOW = ("/workflows/0a1b/triggers/manual/paths/invoke?api-version=2016-06-01"
            "&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=s3cret-Sig_%2F")


def setUpModule():
    require_tocsin()
    oracles.require_impacket()


class Slack:
    """Of tests: Slack and its sections."""

    def setUp(self):
        super().setUp()
        self.cloud = chats.Slack({DOWN: "", UP: ""})
        self.site = self.receiver(always=self.cloud)

    def sections(self, **stopped):
        shared = {"channel": "#operations", "fromUser": "tocsin", "iconEmoji": ":bell:", "rateLimit": 0}
        return {"destinations": ["slack"],
                "genericUrls": [{"id": "r", "linkText": "Runbook", "comment": "", "url": "https://x/?a=1&b=2"}],
                "slackNotification": {
                    "enable": True,
                    "serviceStopped": {**shared, "webhookURL": self.site.url(DOWN), **stopped},
                    "serviceStarted": {**shared, "webhookURL": self.site.url(UP), "messageType": "basic",
                                       "basicMsgTemplate": "{{serviceDisplayName}} runs on {{host}}"}}}


class SlackAlerts(Slack, Watched):
    HOSTS = 10

    def template(self, text):
        file = pathlib.Path(self.file).with_name("slack.handlebars")
        file.write_text(text, encoding="utf-8")
        return file

    def test_blocks_when_a_service_stops_and_a_line_when_it_starts(self):
        running = self.run_tocsin(**self.sections())
        for count, change in enumerate((self.manager.stop, self.manager.start), 1):
            change(ENGINE)
            wait_until(lambda: len(self.cloud.messages) == count, 30, lambda: self.site.requests)
        (down_path, down), (up_path, up) = self.cloud.messages
        self.assertEqual((down_path, up_path), (DOWN, UP))
        self.assertEqual(list(down)[:3], ["username", "channel", "icon_emoji"])
        self.assertEqual(down["blocks"][0]["text"]["text"],
                         f":red_circle: Qlik Sense Engine Service has stopped on {self.host}")
        self.assertIn("<https://x/?a=1&b=2|Runbook>", json.dumps(down))
        line = f"Qlik Sense Engine Service runs on {self.host}"
        self.assertEqual(up["blocks"], [
            {"type": "header", "text": {"type": "plain_text", "text": line, "emoji": True}},
            {"type": "divider"}])
        self.assertNotIn("s3cret", running.output())

    def test_one_message_a_second(self):
        sections = self.sections()
        sections["slackNotification"]["grouping"] = {"interval": 0}
        self.run_tocsin(**sections)
        for name in (ENGINE, PROXY):
            self.manager.stop(name)
        wait_until(lambda: len(self.cloud.messages) == 2, 30, lambda: self.site.requests)
        self.assertEqual(self.cloud.too_fast, 0)

    def test_a_broken_template_loses_no_alert_and_is_taken_up_when_it_is_repaired(self):
        file = self.template('{"blocks": [\n  {{#if up}}]}')
        running = self.run_tocsin(**self.sections(templateFile=str(file)))
        running.wait_for_line("slack.handlebars:2:")
        self.manager.stop(ENGINE)
        wait_until(lambda: len(self.cloud.messages) == 1, 30, lambda: self.site.requests)
        self.assertIn("has stopped", self.cloud.messages[0][1]["blocks"][0]["text"]["text"])
        running.wait_for_line("the built-in message was sent in its place")
        self.template('{"text": "repaired {{serviceName}}"}')
        self.manager.start(ENGINE)
        wait_until(lambda: len(self.cloud.messages) == 2, 30, lambda: self.site.requests)
        self.manager.stop(ENGINE)
        wait_until(lambda: len(self.cloud.messages) == 3, 30, lambda: self.site.requests)
        self.assertEqual(self.cloud.messages[2][1]["text"], f"repaired {ENGINE}")

    def test_an_archived_channel_is_said_in_words(self):
        self.cloud.hooks[UP] = "channel_is_archived"
        self.configure(**self.sections())
        done = tocsin("test", "-c", self.file, "slack")
        self.assertEqual((done.returncode, done.stdout),
                         (1, "Slack, serviceStopped: delivered, 200 OK\n"
                             "Slack, serviceStarted: refused, 410 Gone: channel_is_archived "
                             "(the channel is archived)\n"))

    def test_validate_says_where_a_template_is_wrong(self):
        file = self.template('{\n  "text": "{{nope 1}}"}')
        self.configure(**self.sections(templateFile=str(file)))
        done = tocsin("validate", "-c", self.file)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("slack.handlebars:2:12: warning: there is no helper `nope`", done.stdout)
        file.unlink()
        done = tocsin("validate", "-c", self.file)
        self.assertIn("slack.handlebars` does not exist; the built-in one is used", done.stdout)


class SlackOtherAlerts(Slack, Watched):
    HOSTS = 5
    SERVICES = (PAUSABLE, MARKER)

    def test_what_neither_stops_nor_starts_has_a_text_of_its_own(self):
        stopped = {"messageType": "basic",
                   "basicMsgTemplate": 'Windows service stopped: "{{serviceName}}"'}
        self.run_tocsin(**self.sections(**stopped))
        self.manager.pause(PAUSABLE)
        wait_until(lambda: len(self.cloud.messages) == 1, 30, lambda: self.site.requests)
        path, message = self.cloud.messages[0]
        self.assertEqual((path, message["text"]),
                         (DOWN, f"Server is paused on {self.host}"))

    def test_other_alerts_have_a_section(self):
        self.cloud.hooks[OTHER] = ""
        sections = self.sections()
        sections["slackNotification"]["otherAlerts"] = {
            "webhookURL": self.site.url(OTHER), "messageType": "basic",
            "basicMsgTemplate": "{{kind}}: {{serviceName}}, {{reason}}"}
        self.run_tocsin(**sections)
        self.manager.pause(PAUSABLE)
        wait_until(lambda: len(self.cloud.messages) == 1, 30, lambda: self.site.requests)
        path, message = self.cloud.messages[0]
        self.assertEqual((path, message["channel"]), (OTHER, "#operations"))
        self.assertEqual(message["text"], f"paused: {PAUSABLE}, it is paused, and was not before")
        done = tocsin("test", "-c", self.file, "slack")
        self.assertEqual(done.stdout, "".join(
            f"Slack, {section}: delivered, 200 OK\n"
            for section in ("serviceStopped", "serviceStarted", "otherAlerts")))


class SlackGroups(Slack, Watched):
    HOSTS = 5
    SERVICES = (ENGINE, PROXY, PAUSABLE, MARKER)

    def delivered(self, count):
        rows = wait_until(lambda: [row for row in self.rows("deliveries")
                                   if row["state"] == "delivered"][count - 1:] and
                          self.rows("deliveries"), 30, lambda: self.rows("deliveries"))
        self.assertEqual(len(rows), count, rows)
        return rows

    def test_deliveries_name_the_message_that_they_share(self):
        sections = self.sections()
        sections["slackNotification"]["grouping"] = {"wait": "6s", "interval": "6s"}
        self.run_tocsin(**sections)
        self.manager.stop(ENGINE)
        (first,) = self.delivered(1)
        self.assertIsNone(first["group"], "its message is its own")
        self.manager.stop(PROXY)
        self.manager.pause(PAUSABLE)
        first, *others = self.delivered(3)
        self.assertIsNone(first["group"])
        groups = {row["group"] for row in others}
        self.assertEqual(len(groups), 1, others)
        self.assertTrue(groups.isdisjoint({None, *(row["id"] for row in others)}), others)
        self.assertEqual(len(self.cloud.messages), 2, self.cloud.messages)
        keys = [request.headers["idempotency-key"] for request in self.site.requests]
        self.assertEqual(keys, [first["id"], *groups])
        table = tocsin("deliveries", "-c", self.file, "--data-dir", self.data)
        self.assertRegex(table.stdout.splitlines()[0], "ANSWER +GROUP +DEAD LETTER$")
        self.assertEqual(table.stdout.count(*groups), 2, table.stdout)


class TeamsAlerts(Watched):
    HOSTS = 5

    def setUp(self):
        super().setUp()
        self.cloud = chats.Teams(WORKFLOW)
        self.site = self.receiver(always=self.cloud)

    def sections(self, path=WORKFLOW):
        side = {"webhookURL": self.site.url(path), "rateLimit": 0}
        return {"destinations": ["teams"],
                "teamsNotification": {
                    "enable": True, "serviceStopped": side,
                    "serviceStarted": {**side, "messageType": "basic",
                                       "basicMsgTemplate": "{{serviceName}} runs"}}}

    def test_cards(self):
        running = self.run_tocsin(**self.sections())
        for count, change in enumerate((self.manager.stop, self.manager.start), 1):
            change(ENGINE)
            wait_until(lambda: len(self.cloud.cards) == count, 30, lambda: self.site.requests)
        down, up = self.cloud.cards
        self.assertEqual(down["body"][0]["style"], "attention")
        self.assertIn("Qlik Sense Engine Service has stopped", json.dumps(down))
        self.assertEqual(up["body"], [{"type": "TextBlock", "text": f"{ENGINE} runs", "wrap": True}])
        self.assertNotIn("s3cret", running.output())

    def test_a_wrong_signature_is_said_without_it(self):
        self.configure(**self.sections(WORKFLOW + "x"))
        done = tocsin("test", "-c", self.file, "teams")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("Microsoft Teams, serviceStopped: not delivered, would be tried again, 401 Unauthorized", done.stdout)
        self.assertNotIn("s3cret", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
