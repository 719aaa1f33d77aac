"""From a change on a host to a mail, through real mail servers and whatever they answer."""
import base64
import datetime
import json
import tempfile
import time
import unittest

import oracles
import watched
from mail_servers import DROP, HANG, MailServer, OpenSmtpd, require_aiosmtpd
from program import configuration, named, require_tocsin, tocsin
from receiver import Authority, Receiver
from servers import closed_port, require, wait_until
from watched import ENGINE, MARKER

OPS, BOSS = "ops@example.com", "boss@example.com"
SECRET = "m4rker-s3cret p\u00e4ss"
HOSTILE = "A \"quoted\" \\ & <b>'x'</b>\r\nBcc: evil@example.com \U0001f514 \u76e3\u8996 \u05e9\u05dc\u05d5\u05dd"


def setUpModule():
    require_tocsin()
    require("openssl")
    require_aiosmtpd()
    oracles.require_impacket()


class Watched(watched.Watched):
    """Watched by a `tocsin run` that sends mails."""

    maxDiff = None

    def server(self, **options):
        if options.get("tls"):
            options.setdefault("authority", self.authority)
        return self.enterContext(MailServer(**options))

    def tls(self, **more):
        return {"certCA": named(self.authority.certificate), **more}

    def configure(self, smtp, *, recipients=(OPS,), stopped=None, started=None, friendly_name="",
                  **more):
        section = {"rateLimit": 0, "fromAddress": "Watch <tocsin@example.com>",
                   "recipients": list(recipients)}
        host = self.simulator.host(self.host, (ENGINE, MARKER))
        if friendly_name:
            host["services"][0]["friendlyName"] = friendly_name
        configuration(self.file, hosts=[host], credentials=self.simulator.credentials(),
                      destinations=["email"], emailNotification={
                          "enable": True, "serviceStopped": {**section, **(stopped or {})},
                          "serviceStarted": {**section, **(started or {})}, "smtp": smtp}, **more)

    def run_tocsin(self, smtp, **more):
        """Runs until the test's end, or until stopped or killed; returns after the first check."""
        self.configure(smtp, **more)
        return self.start_tocsin(first_look=True)

    def rows(self, *arguments):
        return super().rows("deliveries", *arguments)

    def wait_for_states(self, *states, seconds=20):
        """The deliveries, as soon as these are their states in any order."""
        def look():
            rows = self.rows()
            return rows if sorted(row["state"] for row in rows) == sorted(states) else None
        return wait_until(look, seconds, lambda: f"{states}: {self.rows()}")

    def wait_for_failure(self, words, seconds=20):
        """The first delivery that has failed, when the reason has these words."""
        failed, = wait_until(lambda: self.rows("--failed"), seconds, "a failed delivery")[:1]
        self.assertRegex(failed["detail"], words)
        return failed


class Mails(Watched):
    def test_a_stop_and_a_start(self):
        server = self.server()
        running = self.run_tocsin(server.settings(), recipients=[OPS, f"The boss <{BOSS}>"],
                                  stopped={"priority": "high"}, started={"priority": "low"})
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.manager.stop(ENGINE)
        server.wait_for(2)
        self.manager.start(ENGINE)
        mails = server.wait_for(4)
        delivered = self.wait_for_states(*["delivered"] * 4)
        self.assertEqual(running.stop(), 0, running.output())

        self.assertEqual({row["detail"] for row in delivered}, {"250 2.0.0 queued"})
        self.assertEqual(sorted(mail.recipient for mail in mails), [BOSS, BOSS, OPS, OPS])
        self.assertEqual({mail.sender for mail in mails}, {"tocsin@example.com"})
        self.assertEqual({mail.id for mail in mails},
                         {f"<{row['id']}.tocsin@example.com>" for row in delivered})
        for mail in mails:
            message = mail.message
            self.assertEqual(message.defects, [])
            stopped = message["x-tocsin-event"] == "stopped"
            self.assertEqual(str(message["from"]), "Watch <tocsin@example.com>")
            self.assertEqual(message["to"].addresses[0].display_name,
                             "The boss" if mail.recipient == BOSS else "")
            self.assertEqual(message["subject"], f"Qlik Sense Engine Service has "
                                                 f"{'stopped' if stopped else 'started'} on {self.host}")
            self.assertEqual([message["x-priority"], message["importance"]],
                             ["1 (Highest)", "High"] if stopped else ["5 (Lowest)", "Low"])
            self.assertEqual(message["auto-submitted"], "auto-generated")
            self.assertEqual((message["x-tocsin-host"], message["x-tocsin-service"]),
                             (self.host, ENGINE))
            self.assertLessEqual(before, message["date"].datetime)
            self.assertLess(message["date"].datetime - before, datetime.timedelta(minutes=2))
            self.assertEqual(message.get_content_type(), "multipart/alternative")
            for kind in ("plain", "html"):
                self.assertIn(self.host, mail.body(kind))
                self.assertIn("STOPPED", mail.body(kind))

    def test_names_arrive_as_they_are(self):
        server = self.server()
        templates = self.folder / "t\u00e4mplates"
        templates.mkdir()
        (templates / "body.handlebars").write_text(
            "<p>{{serviceFriendlyName}}|{{{serviceFriendlyName}}}|{{host}}</p>\n.\n..\n",
            encoding="utf-8")
        self.run_tocsin(server.settings(), friendly_name=HOSTILE,
                        recipients=[f"\"J\u00fcrgen, \u76e3\u8996 \U0001f514\" <{OPS}>"],
                        stopped={"subject": "\u274c {{serviceFriendlyName}} / {{{serviceFriendlyName}}}",
                                 "bodyFileDirectory": named(templates), "htmlTemplateFile": "body",
                                 "fromAdress": "Qlik Sense (no-reply) <qs@example.com>",
                                 "fromAddress": None})
        self.manager.stop(ENGINE)
        mail, = server.wait_for(1)
        on_one_line = HOSTILE.replace("\r", " ").replace("\n", " ")
        self.assertEqual(mail.message["subject"], f"\u274c {on_one_line} / {on_one_line}")
        self.assertNotIn("bcc", mail.message)
        self.assertEqual(mail.recipient, OPS)
        self.assertEqual(str(mail.message["from"]), "Qlik Sense <qs@example.com>")
        self.assertEqual(mail.message["to"].addresses[0].display_name,
                         "J\u00fcrgen, \u76e3\u8996 \U0001f514")
        self.assertIn(HOSTILE.replace("\r\n", "\n"), mail.body("plain").replace("\r\n", "\n"))
        html = mail.body("html")
        self.assertNotIn("<b>", html)
        self.assertEqual(html.count("&lt;b&gt;"), 2)
        self.assertTrue(html.replace("\r\n", "\n").endswith("</p>\n.\n..\n"), html)

    def test_each_section_has_its_recipients(self):
        server = self.server()
        self.run_tocsin(server.settings(), stopped={"recipients": [OPS, BOSS, OPS.upper()[:4] + OPS[4:]]},
                        started={"recipients": ["ops@EXAMPLE.com"]})
        self.manager.stop(ENGINE)
        self.assertEqual(sorted(mail.recipient for mail in server.wait_for(3)),
                         [f"OPS@{OPS[4:]}", BOSS, OPS])
        self.manager.start(ENGINE)
        self.assertEqual(server.wait_for(4)[3].recipient.lower(), OPS)
        self.assertEqual(len(self.wait_for_states(*["delivered"] * 4)), 4)

    def test_a_template_that_fails_is_replaced(self):
        server = self.server()
        (self.folder / "bad.handlebars").write_text("<p>\n{{#if}\n", encoding="utf-8")
        running = self.run_tocsin(server.settings(), stopped={
            "bodyFileDirectory": named(self.folder), "htmlTemplateFile": "bad"})
        self.manager.stop(ENGINE)
        mail, = server.wait_for(1)
        self.assertIn("<!DOCTYPE html>", mail.body("html"))
        self.assertRegex(running.output(), r"bad\.handlebars:2:\d+")


class Security(Watched):
    """What is encrypted, whom we trust, and how we log in."""

    def assert_mail(self, server, smtp, **more):
        self.run_tocsin(smtp, **more)
        self.manager.stop(ENGINE)
        mail, = server.wait_for(1)
        return mail

    def test_starttls_and_plain(self):
        server = self.server(tls="starttls", users={"us\u00e9r": SECRET}, require_starttls=True)
        mail = self.assert_mail(server, server.settings(
            clientName="watcher.example.com", tls=self.tls(requireTLS=True, serverName="localhost")))
        self.assertEqual((mail.encrypted, mail.sni, mail.client, mail.login),
                         (True, "localhost", "watcher.example.com", ("PLAIN", "us\u00e9r", SECRET)))

    def test_tls_from_the_first_byte_and_login(self):
        server = self.server(tls="implicit", users={"user": SECRET}, mechanisms=["LOGIN"])
        mail = self.assert_mail(server, server.settings(tls=self.tls()))
        self.assertEqual((mail.encrypted, mail.login), (True, ("LOGIN", "user", SECRET)))

    def test_a_token(self):
        server = self.server(tls="starttls", users={"user": SECRET}, mechanisms=["XOAUTH2"])
        token = self.folder / "token"
        token.write_text(SECRET + "\n", encoding="utf-8")
        mail = self.assert_mail(server, server.settings(tls=self.tls(requireTLS=True), auth={
            "enable": True, "type": "xoauth2", "user": "user", "tokenFile": named(token)}))
        self.assertEqual(mail.login, ("XOAUTH2", "user", SECRET))

    def test_starttls_is_used_where_it_is_offered(self):
        server = self.server(tls="starttls")
        self.assertTrue(self.assert_mail(server, server.settings(tls=self.tls())).encrypted)

    def test_ignore_tls(self):
        server = self.server(tls="starttls")
        mail = self.assert_mail(server, server.settings(tls=self.tls(ignoreTLS=True)))
        self.assertFalse(mail.encrypted)

    def test_nothing_is_sent_without_the_tls_that_is_required(self):
        server = self.server(users={"user": SECRET})
        running = self.run_tocsin(server.settings(tls={"requireTLS": True}))
        self.manager.stop(ENGINE)
        failed = self.wait_for_failure("STARTTLS is required")
        self.assertEqual(failed["state"], "pending")
        self.assertNotIn("AUTH", server.commands)
        self.assertNotIn("MAIL", server.commands)
        running.stop()

        # The delivery waits; with the configuration mended it is accepted.
        self.configure(server.settings())
        self.start_tocsin()
        self.assertEqual(server.wait_for(1)[0].id, f"<{failed['id']}.tocsin@example.com>")

    def test_certificates_that_are_not_accepted(self):
        other = Authority(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")),
                          names="DNS:another.example")
        for tls in ("starttls", "implicit"):
            for authority, trusted in ((self.authority, other), (other, other)):
                with self.subTest(tls=tls, authority=authority):
                    server = self.server(tls=tls, authority=authority, users={"user": SECRET})
                    self.configure(server.settings(tls={
                        "requireTLS": True, "certCA": named(trusted.certificate)}))
                    done = tocsin("test", "-c", self.file)
                    self.assertEqual(done.returncode, 1, done)
                    self.assertIn("the certificate was not accepted", done.stdout)
                    self.assertNotIn("MAIL", server.commands)

    def test_another_name_that_the_configuration_names(self):
        other = Authority(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")),
                          names="DNS:another.example")
        server = self.server(tls="starttls", authority=other)
        mail = self.assert_mail(server, server.settings(tls={
            "requireTLS": True, "certCA": named(other.certificate), "serverName": "another.example"}))
        self.assertEqual((mail.encrypted, mail.sni), (True, "another.example"))

    def test_any_certificate_with_reject_unauthorized_false(self):
        server = self.server(tls="implicit")
        mail = self.assert_mail(server, server.settings(tls={"rejectUnauthorized": False}))
        self.assertTrue(mail.encrypted)

    def test_tls_where_the_server_speaks_none(self):
        server = self.server()
        self.configure(server.settings(secure=True))
        done = tocsin("test", "-c", self.file)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("does not speak TLS from the first byte", done.stdout)

    def test_a_refused_login_waits_and_tells_no_secret(self):
        server = self.server(users={"user": "another"})
        running = self.run_tocsin(server.settings(auth={
            "enable": True, "user": "user", "password": SECRET}))
        self.manager.stop(ENGINE)
        failed = self.wait_for_failure("the mail server refuses the login")
        self.assertEqual(failed["state"], "pending")
        line = running.wait_for_line(lambda line: "not delivered" in line and "refuses the login" in line)
        self.assertRegex(line, r"next in (60|59) s")
        told = running.output() + json.dumps(self.rows())
        for secret in (SECRET, base64.b64encode(SECRET.encode()).decode(),
                       base64.b64encode(f"\0user\0{SECRET}".encode()).decode()):
            self.assertNotIn(secret, told)
        self.assertEqual(server.mails, [])


class RefusedLogins(Watched):
    """A login belongs to all recipients, and servers lock accounts."""

    RECIPIENTS = (OPS, BOSS, "dev@example.com")

    def refusing_server(self):
        server = self.server(users={"user": "another"})
        return server, server.settings(auth={"enable": True, "user": "user", "password": SECRET})

    def test_three_recipients_try_it_once_and_all_are_told_when_it_is_accepted(self):
        server, smtp = self.refusing_server()
        running = self.run_tocsin(smtp, recipients=self.RECIPIENTS)
        end = time.monotonic() + 20
        self.manager.stop(ENGINE)
        running.wait_for_line("the mail server refuses the login")
        self.manager.start(ENGINE)
        time.sleep(max(0, end - time.monotonic()))
        self.assertEqual(server.logins, [False])
        self.assertEqual({row["state"] for row in self.rows()}, {"pending"})

        server.users["user"] = SECRET
        done = tocsin("reload", "-c", self.file, "--data-dir", self.data)
        self.assertEqual(done.returncode, 0, done)
        self.wait_for_states(*["delivered"] * 6)
        # The one that was tried leaves as it was; what others waited for is one mail for each.
        mails = server.wait_for(4)
        self.assertEqual(len(mails), 4)
        self.assertEqual(sorted({mail.recipient for mail in mails}), sorted(self.RECIPIENTS))
        self.assertEqual(server.logins.count(False), 1)

    def test_a_restart_does_not_try_it_again(self):
        server, smtp = self.refusing_server()
        running = self.run_tocsin(smtp, recipients=self.RECIPIENTS)
        self.manager.stop(ENGINE)
        running.wait_for_line("the mail server refuses the login")
        running.stop()
        for _ in range(3):
            running = self.start_tocsin()
            time.sleep(1)
            running.kill()
        self.assertEqual(server.logins, [False])

        # Another password is none that was refused.
        server.users["user"] = "the new one"
        self.configure(server.settings(), recipients=self.RECIPIENTS)
        self.start_tocsin()
        self.assertEqual(len(server.wait_for(3)), 3)

    def test_the_test_command_tries_it_once(self):
        server, smtp = self.refusing_server()
        self.configure(smtp, recipients=self.RECIPIENTS)
        for attempts in (1, 2):  # it remembers nothing: whoever tests has mended the account
            done = tocsin("test", "-c", self.file, "email")
            self.assertEqual(done.returncode, 1, done)
            self.assertRegex(done.stdout, f"(?m)^email to {OPS}, serviceStopped: login refused, .*`emailNotification.smtp.auth`")
            for other in self.RECIPIENTS[1:]:
                self.assertRegex(done.stdout, f"(?m)^email to {other}, serviceStopped: not tried, .*was just refused")
            self.assertEqual(server.logins, [False] * attempts)


class Answers(Watched):
    """What the server may answer, and what follows from it."""

    def test_a_refusal_for_now_is_tried_again(self):
        for step, words in (("MAIL", "the sender"), ("RCPT", "the recipient"), ("DATA", "the mail")):
            with self.subTest(step=step):
                self.setUp()
                server = self.server()
                server.when(step, "451 4.7.1 greylisted")
                running = self.run_tocsin(server.settings())
                self.manager.stop(ENGINE)
                self.wait_for_states("delivered")
                running.wait_for_line(f"{words} was refused: 451 4.7.1 greylisted")
                self.assertEqual(len({mail.id for mail in server.mails}), 1)
                running.stop()

    def test_one_recipient_is_refused_and_the_other_is_told(self):
        server = self.server()
        server.when("RCPT", *["550 5.1.1 no such user"] * 2, address=BOSS)
        running = self.run_tocsin(server.settings(), recipients=[OPS, BOSS])
        self.manager.stop(ENGINE)
        server.wait_for(1)
        self.wait_for_states("dead", "delivered")
        self.manager.start(ENGINE)
        server.wait_for(2)
        self.wait_for_states("dead", "dead", "delivered", "delivered")
        self.assertEqual([mail.recipient for mail in server.mails], [OPS, OPS])
        dead = self.rows("--failed")
        self.assertEqual({(row["state"], row["attempts"], row["detail"]) for row in dead},
                         {("dead", 1, "the recipient was refused: 550 5.1.1 no such user")})
        self.assertRegex(running.output(), rf" error +email to {BOSS}: .* cannot be delivered: .*550")

    def test_a_mail_that_is_refused_is_a_dead_letter(self):
        server = self.server()
        server.when("DATA", "554 5.7.1 this is spam")
        self.run_tocsin(server.settings())
        self.manager.stop(ENGINE)
        dead, = self.wait_for_states("dead")
        self.assertEqual(dead["detail"], "the mail was refused: 554 5.7.1 this is spam")

    def test_a_connection_that_breaks_is_tried_again_as_the_same_mail(self):
        server = self.server()
        server.when("DATA", DROP)
        self.run_tocsin(server.settings())
        self.manager.stop(ENGINE)
        self.wait_for_states("delivered")
        first, second = server.mails
        self.assertEqual(first.id, second.id)

    def test_a_server_that_hangs_holds_nobody_else_back(self):
        server = self.server()
        server.when("RCPT", HANG)
        receiver = self.enterContext(Receiver())
        running = self.run_tocsin(server.settings(), webhooks=[receiver.url()])
        self.manager.stop(ENGINE)
        receiver.wait_for(1)
        wait_until(lambda: "RCPT" in server.commands, 20, "it hangs")
        self.manager.start(ENGINE)
        receiver.wait_for(2)
        self.assertEqual(server.mails, [])
        self.assertEqual(running.stop(), 0, running.output())  # within seconds, all the same
        self.start_tocsin()
        self.assertEqual([mail.message["x-tocsin-event"] for mail in server.wait_for(2, 30)],
                         ["stopped", "started"])

    def test_a_server_that_is_down_for_a_while(self):
        port = self.enterContext(closed_port())
        running = self.run_tocsin({"host": "127.0.0.1", "port": port}, recipients=[OPS, BOSS])
        self.manager.stop(ENGINE)
        self.wait_for_failure("127.0.0.1:\\d+: .*")
        running.kill()
        server = self.server(port=port)
        self.start_tocsin()
        mails = server.wait_for(2)
        delivered = self.wait_for_states("delivered", "delivered")
        self.assertEqual(sorted(mail.recipient for mail in mails), [BOSS, OPS])
        self.assertEqual({mail.id for mail in mails},
                         {f"<{row['id']}.tocsin@example.com>" for row in delivered})
        self.assertEqual(len(server.mails), 2)


class TestAlert(Watched):
    """`tocsin test`."""

    def test_each_recipient_is_told_about(self):
        server = self.server(tls="starttls", users={"user": SECRET})
        server.when("RCPT", *["550 5.1.1 no such user"] * 2, address=BOSS)
        self.configure(server.settings(tls=self.tls(requireTLS=True)), recipients=[OPS, BOSS])
        done = tocsin("test", "-c", self.file, "email")
        self.assertEqual(done.returncode, 1, done)
        for section in ("serviceStopped", "serviceStarted"):
            self.assertRegex(done.stdout,
                             f"(?m)^email to {OPS}, {section}: delivered, 250 2.0.0 queued$")
            self.assertRegex(done.stdout,
                             f"(?m)^email to {BOSS}, {section}: refused, .*550 5.1.1 no such user$")
        self.assertEqual([mail.message["subject"] for mail in server.mails],
                         [f"Test message from tocsin has {event} on {self.host}"
                          for event in ("stopped", "started")])


class Mailbox(Watched):
    """A whole mail server."""

    def test_a_mail_ends_in_a_mailbox(self):
        server = self.enterContext(OpenSmtpd())
        recipient = f"ops@{OpenSmtpd.DOMAIN}"
        running = self.run_tocsin(server.settings(), friendly_name=HOSTILE,
                                  recipients=[recipient, "nobody@elsewhere.example"])
        self.manager.stop(ENGINE)
        rows = self.wait_for_states("delivered", "dead", seconds=30)
        mail, = wait_until(server.mails, 20, server.output)
        self.assertEqual(running.stop(), 0, running.output())
        self.assertIn(HOSTILE.replace("\r", " ").replace("\n", " "), mail["subject"])
        self.assertEqual(mail["to"].addresses[0].addr_spec, recipient)
        self.assertNotIn("bcc", mail)
        self.assertIn("STOPPED", mail.get_body(("html",)).get_content())
        dead, = (row for row in rows if row["state"] == "dead")
        self.assertRegex(dead["detail"], "^the recipient was refused: 550")
        self.assertEqual(mail["message-id"], "<{}.tocsin@example.com>".format(
            next(row["id"] for row in rows if row["state"] == "delivered")))


if __name__ == "__main__":
    unittest.main()
