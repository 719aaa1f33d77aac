"""Mails through Postfix (with the logins of Dovecot) and Exim, as they are in the field."""
import unittest

import email_test
import oracles
from program import require_tocsin, tocsin
from real_mail_servers import GONE, DOMAIN, Exim, Postfix
from servers import require, wait_until
from watched import ENGINE

BOX = f"ops@{DOMAIN}"


def setUpModule():
    require_tocsin()
    require("openssl")
    oracles.require_impacket()


class RealServers:
    """What both must show."""

    SERVER = None

    def real_server(self, **more):
        return self.enterContext(self.SERVER(self.authority, **more))

    def settings(self, server, secure=False, **tls):
        return server.settings(secure, tls=self.tls(**tls))

    def wait_for_mails(self, server, count):
        return wait_until(lambda: len(server.mails()) >= count and server.mails(), 20,
                          lambda: f"{count} mails: {server.log()}")

    def test_logins_and_encryption(self):
        for mechanism in ("PLAIN", "LOGIN"):
            with self.SERVER(self.authority, mechanism=mechanism) as server:
                for count, secure in enumerate((False, True), start=1):
                    self.configure(self.settings(server, secure), recipients=[BOX])
                    done = tocsin("test", "email", "-c", self.file)
                    self.assertEqual(done.returncode, 0, f"{done} {server.log()}")
                    mails = self.wait_for_mails(server, 2 * count)  # one for each section
                    self.assertEqual({mail["to"] for mail in mails}, {BOX})

    def test_a_wrong_password(self):
        server = self.real_server()
        wrong = {"enable": True, "user": "watcher", "password": "s3cret-and-wrong"}
        self.configure({**self.settings(server), "auth": wrong}, recipients=[BOX])
        done = tocsin("test", "email", "-c", self.file)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("refuses the login", done.stdout)
        self.assertNotIn("s3cret", done.stdout + done.stderr)

    def test_greylisting_and_a_refused_recipient(self):
        server = self.real_server(greylist=True)
        running = self.run_tocsin(self.settings(server), recipients=[BOX, GONE])
        self.manager.stop(ENGINE)
        self.wait_for_mails(server, 1)
        rows = self.wait_for_states("delivered", "dead")
        dead, = (row for row in rows if row["state"] == "dead")
        self.assertRegex(dead["detail"], "the recipient was refused: 550 .*no such user")
        delivered, = (row for row in rows if row["state"] == "delivered")
        self.assertGreater(delivered["attempts"], 1)
        self.assertRegex(running.output(), "(?i)greylisted")
        self.assertEqual(len(server.mails()), 1)

    def test_a_login_that_is_not_offered_is_no_dead_letter(self):
        """Both offer it on encrypted connections only."""
        server = self.real_server()
        self.run_tocsin(self.settings(server, ignoreTLS=True), recipients=[BOX])
        self.manager.stop(ENGINE)
        waiting, = wait_until(lambda: [row for row in self.rows() if row["detail"]], 20, "an attempt")
        self.assertEqual(waiting["state"], "pending")
        self.assertRegex(waiting["detail"], "the recipient was refused: 55[04] .*the server offered no login here")


class ThroughPostfix(RealServers, email_test.Watched):
    SERVER = Postfix


class ThroughExim(RealServers, email_test.Watched):
    SERVER = Exim


if __name__ == "__main__":
    unittest.main()
