"""Logins by Kerberos: a real KDC, and Samba as the host that takes its tickets.

Where the host takes no NTLM, whatever reaches it has come by Kerberos.
"""
import json
import pathlib
import socket
import tempfile
import threading
import time
import unittest

from kdc import HOST, REALM, SERVICE, Kdc, KerberosSamba, write_client_configuration
from program import Running, configuration, require_tocsin, tocsin
from servers import closed_port, wait_until

DIALECTS = ("SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11")


def setUpModule():
    require_tocsin()
    Kdc()


class Realm(unittest.TestCase):
    """A KDC for all tests of a class, and a folder for each."""

    NTLM = False

    @classmethod
    def setUpClass(cls):
        cls.kdc = cls.enterClassContext(Kdc())
        cls.samba = cls.enterClassContext(KerberosSamba(cls.kdc, ntlm=cls.NTLM))

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-"))
        self.folder = pathlib.Path(folder)
        self.environment = {"KRB5_CONFIG": str(self.kdc.krb5_conf),
                            "KRB5CCNAME": f"FILE:{self.folder}/no-cache"}

    def write(self, *, samba=None, credentials=None, host=None):
        samba = samba or self.samba
        return configuration(self.folder / "tocsin.yaml",
                             hosts=[samba.host(("Spooler", "NETLOGON"), **(host or {}))],
                             credentials=samba.credentials() if credentials is None else credentials,
                             dataDirectory=str(self.folder / "data"))

    def check(self, **more):
        """The exit code, the row of Spooler, and what was said of the way to the host."""
        done = tocsin("check", "--json", "-c", self.write(**more), env=self.environment)
        self.assertNotIn(self.kdc.PASSWORD, done.stdout + done.stderr)
        try:
            rows = {row["service"]: row for row in json.loads(done.stdout)}
        except json.JSONDecodeError:
            self.fail(f"no JSON: {done}")
        said = [line for line in done.stderr.splitlines() if "Kerberos" in line or "NTLM" in line]
        return done.returncode, rows["Spooler"], "\n".join(said)

    def assert_reached(self, **more):
        answer = []

        def answers_in_time():  # the first calls of a fresh smbd may take longer than a check waits
            answer[:] = self.check(**more)
            return "no answer in time" not in (answer[1]["error"] or "")
        wait_until(answers_in_time, 60, lambda: answer)
        code, row, said = answer
        self.assertEqual((code, row["state"]), (1, "RUNNING"), (row, said))  # NETLOGON is stopped
        return said

    def assert_not_reached(self, sentence, **more):
        code, row, _ = self.check(**more)
        self.assertEqual((code, row["state"]), (3, "UNKNOWN"), row)
        self.assertRegex(row["error"], sentence)

    def credentials(self, user="root", **more):
        return self.samba.credentials(username=f"{user}@{REALM}", **more)

    def by_keytab(self, user="root"):
        return {**self.by_keytab_alone(user), "username": f"{user}@{REALM}"}

    def by_keytab_alone(self, user="root"):
        return {"name": "test", "keytab": str(self.kdc.keytab_of(user))}


class Proofs(Realm):
    """What an account may log in with, at a host that takes no NTLM."""

    def test_password(self):
        self.assertEqual(self.assert_reached(), "")

    def test_password_and_realm(self):
        self.assert_reached(credentials=self.samba.credentials(username="root", realm=REALM))

    def test_keytab(self):
        self.assert_reached(credentials=self.by_keytab())

    def test_keytab_without_user_name(self):
        self.assert_reached(credentials=self.by_keytab_alone())

    def test_cache_of_the_process(self):
        self.environment["KRB5CCNAME"] = self.kdc.kinit("root")
        self.assert_reached(credentials={})
        self.assert_reached(credentials={"name": "own", "authentication": "kerberos"})

    def test_keytab_of_the_process(self):
        self.environment["KRB5_CLIENT_KTNAME"] = f"FILE:{self.kdc.keytab_of('root')}"
        self.assert_reached(credentials={})

    def test_address_that_is_the_name(self):
        """What `address` says is the service's name where there is no `serverName`."""
        self.kdc.change("addprinc -randkey cifs/localhost",
                        f"ktadd -k {self.kdc.keytab} cifs/localhost")
        self.assert_reached(host={"address": "localhost", "serverName": "localhost"})

    def test_every_dialect_signed_and_encrypted(self):
        for dialect in DIALECTS:
            for encryption in ("off", "required"):
                if (dialect, encryption) == ("SMB2_10", "required"):
                    continue  # it has none
                options = (f"  server min protocol = {dialect}\n  server max protocol = {dialect}\n"
                           f"  server signing = mandatory\n  server smb encrypt = {encryption}")
                with self.subTest(f"{dialect}, encryption {encryption}"), \
                        KerberosSamba(self.kdc, options) as samba:
                    self.assert_reached(samba=samba)

    def test_ciphers_of_both_lengths(self):
        for cipher in ("aes-128-gcm", "aes-128-ccm", "aes-256-gcm", "aes-256-ccm"):
            options = ("  server min protocol = SMB3_11\n  server smb encrypt = required\n"
                       f"  server smb3 encryption algorithms = {cipher}")
            with self.subTest(cipher), KerberosSamba(self.kdc, options) as samba:
                self.assert_reached(samba=samba)


class Doctor(Realm):
    def test_names_the_ticket(self):
        done = tocsin("doctor", "--json", "-c", self.write(), "samba", env=self.environment)
        steps = {step["step"]: step["found"] for step in json.loads(done.stdout)["steps"]}
        aes = "aes256-cts-hmac-sha1-96"
        self.assertEqual(steps["login"], f"root@{REALM} (credential test) is logged in by Kerberos: "
                                         f"ticket for {SERVICE} {aes}, session key {aes}")
        done = tocsin("doctor", "-c", self.write(credentials=self.by_keytab_alone()), "samba", env=self.environment)
        self.assertIn("credential test is logged in by Kerberos: ticket for", done.stdout)


class Reasons(Realm):
    """What goes wrong is said in words."""

    def test_wrong_password_counts_once(self):
        self.kdc.add("mistaken")
        wrong = self.credentials("mistaken", password="wrong")
        self.assert_not_reached(f"mistaken@{REALM}: wrong password", credentials=wrong)
        self.assertEqual(self.kdc.failed_logons("mistaken"), 1)
        self.assert_not_reached("not tried before|suspect|refused", credentials=wrong)
        self.assertEqual(self.kdc.failed_logons("mistaken"), 1, "it is not tried again")

    def test_wrong_key_counts_once(self):
        self.kdc.add("stale")
        credentials = self.by_keytab("stale")
        self.kdc.change('cpw -pw "another password" stale')
        self.assert_not_reached(f"stale@{REALM}: wrong password or key", credentials=credentials)
        self.assertLessEqual(self.kdc.failed_logons("stale"), 1)

    def test_unknown_user(self):
        self.assert_not_reached(f"does not know the account nobody@{REALM}",
                                credentials=self.credentials("nobody", authentication="kerberos"))

    def test_unknown_service(self):
        self.assert_not_reached(
            "does not know cifs/other.tocsin.test: .*serverName",
            credentials=self.credentials(authentication="kerberos"),
            host={"serverName": "other.tocsin.test"})

    def test_address(self):
        self.assert_not_reached(
            "does not know cifs/127.0.0.1: an IP address has no",
            credentials=self.credentials(authentication="kerberos"),
            host={"serverName": "127.0.0.1"})

    def test_locked(self):
        self.kdc.add("locked", "-allow_tix")
        self.assert_not_reached(f"locked@{REALM}: the account is locked, disabled",
                                credentials=self.credentials("locked"))

    def test_expired_account(self):
        self.kdc.add("gone", "-expire yesterday")
        self.assert_not_reached(f"gone@{REALM}: the account has expired",
                                credentials=self.credentials("gone"))

    def test_expired_password(self):
        self.kdc.add("old", "-pwexpire yesterday")
        self.assert_not_reached(f"old@{REALM}: its password has expired",
                                credentials=self.credentials("old"))

    def test_no_aes_key(self):
        self.kdc.change('addprinc +requires_preauth -e arcfour-hmac:normal -pw "x" rc4')
        self.assert_not_reached("no common encryption type for rc4@",
                                credentials=self.credentials("rc4", password="x",
                                                             authentication="kerberos"))

    def test_no_kdc(self):
        with closed_port() as port:
            self.environment["KRB5_CONFIG"] = str(write_client_configuration(
                self.folder / "krb5.conf", f"127.0.0.1:{port}"))
            self.assert_not_reached(rf"no KDC of {REALM} answers \(asked 127.0.0.1:{port}\)",
                                    credentials=self.credentials(authentication="kerberos"))

    def test_kdc_that_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
            port = silent.getsockname()[1]
            self.environment["KRB5_CONFIG"] = str(write_client_configuration(
                self.folder / "krb5.conf", f"127.0.0.1:{port}"))
            self.assert_not_reached(rf"no KDC of {REALM} answers \(asked 127.0.0.1:{port}\) within 5 s",
                                    credentials=self.credentials(authentication="kerberos"))

    def test_kdc_that_answers_garbage(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as garbage:
            garbage.bind(("127.0.0.1", 0))
            garbage.settimeout(20)
            self.environment["KRB5_CONFIG"] = str(write_client_configuration(
                self.folder / "krb5.conf", f"127.0.0.1:{garbage.getsockname()[1]}"))

            def answer():
                while True:
                    try:
                        _, sender = garbage.recvfrom(65536)
                        garbage.sendto(b"\x7e\x82\xff\xffgarbage", sender)
                    except OSError:
                        return
            threading.Thread(target=answer, daemon=True).start()
            self.assert_not_reached("Kerberos: ",
                                    credentials=self.credentials(authentication="kerberos"))

    def test_clock_of_the_host(self):
        with KerberosSamba(self.kdc, ahead="+10m") as samba:
            self.assert_not_reached(
                rf"refuses the Kerberos ticket for {SERVICE}: its clock is (9 min \d+ s|10 min).* ahead",
                samba=samba)

    def test_no_ticket(self):
        credentials = {"name": "own", "authentication": "kerberos"}
        self.assert_not_reached("no Kerberos ticket .*KRB5CCNAME.*KRB5_CLIENT_KTNAME",
                                credentials=credentials)


class Negotiation(Realm):
    """NTLM comes in where Kerberos cannot work, and never behind a wrong password."""

    NTLM = True

    def assert_by(self, mechanism, **more):
        """What was said of it."""
        before = self.samba.logons("NTLMv2")
        said = self.assert_reached(**more)
        self.assertEqual(self.samba.logons("NTLMv2") > before, mechanism == "NTLM", said)
        return said

    def test_kerberos_comes_first(self):
        self.assertEqual(self.assert_by("Kerberos"), "")

    def test_ntlm_where_it_is_wished(self):
        with closed_port() as port:  # where a KDC would be asked in vain
            self.environment["KRB5_CONFIG"] = str(write_client_configuration(
                self.folder / "krb5.conf", f"127.0.0.1:{port}"))
            credentials = self.samba.credentials(username="root", authentication="ntlm")
            self.assertEqual(self.assert_by("NTLM", credentials=credentials), "")

    def test_silently_for_an_address_or_without_realm(self):
        for more in ({"host": {"serverName": "127.0.0.1"},
                      "credentials": self.samba.credentials(username="root", realm=REALM)},
                     {"credentials": self.samba.credentials(username="root")}):
            with self.subTest(more):
                self.assertEqual(self.assert_by("NTLM", **more), "")

    def test_unknown_service_is_said(self):
        said = self.assert_by("NTLM", host={"serverName": "other.tocsin.test"},
                              credentials=self.samba.credentials(username="root", realm=REALM))
        self.assertRegex(said, "logs in by NTLM instead of Kerberos: .*cifs/other.tocsin.test")

    def test_no_kdc_is_said_once(self):
        with closed_port() as port:
            self.environment["KRB5_CONFIG"] = str(write_client_configuration(
                self.folder / "krb5.conf", f"127.0.0.1:{port}"))
            file = self.write(credentials=self.samba.credentials(username="root", realm=REALM))
            running = self.enterContext(Running(file, self.folder / "data", env=self.environment))
            running.wait_for_line("by NTLM instead of Kerberos: no KDC of")
            running.wait_for_line("session kept")
            self.assertEqual(running.stop(), 0)
            said = [line for line in running.lines if "instead of Kerberos" in line]
            self.assertEqual(len(said), 1, said)

    def test_wrong_password_is_not_tried_by_ntlm(self):
        self.kdc.add("mistaken")
        before = self.samba.logons("NTLMv2")
        self.assert_not_reached("wrong password",
                                credentials=self.credentials("mistaken", password="wrong"))
        self.assertEqual(self.kdc.failed_logons("mistaken"), 1)
        self.assertEqual(self.samba.logons("NTLMv2"), before)

    def test_no_ntlm_for_an_account_that_the_kdc_refuses(self):
        before = self.samba.logons("NTLMv2")
        for user, options, reason in (("locked", "-allow_tix", "is locked, disabled"),
                                      ("gone", "-expire yesterday", "the account has expired"),
                                      ("old", "-pwexpire yesterday", "its password has expired")):
            with self.subTest(user):
                self.kdc.add(user, options)
                self.assert_not_reached(f"{user}@{REALM}: .*{reason}",
                                        credentials=self.credentials(user))
        self.assertEqual(self.samba.logons("NTLMv2"), before)

    def assert_ntlm_after_the_refusal(self, reason, samba, **host):
        """No check fails for it: the login is by NTLM then, and why is said once."""
        before = samba.logons("NTLMv2")
        credentials = samba.credentials(username="root", realm=REALM)  # Samba alone knows no root@REALM
        file = self.write(samba=samba, host=host, credentials=credentials)
        done = tocsin("doctor", "--json", "-c", file, "samba", env=self.environment)
        steps = {step["step"]: step for step in json.loads(done.stdout)["steps"]}
        self.assertEqual(steps["login"]["result"], "limited", steps["login"])
        self.assertRegex(steps["login"]["advice"], f"by NTLM instead of Kerberos: .*{reason}")
        running = self.enterContext(Running(file, self.folder / "data", env=self.environment))
        running.wait_for_line("session kept")
        self.assertEqual(running.stop(), 0, running.output())
        said = [line for line in running.lines if "instead of Kerberos" in line or "check failed" in line]
        self.assertEqual(len(said), 1, running.output())
        self.assertRegex(said[0], f"logs in by NTLM instead of Kerberos: .*{reason}")
        self.assertEqual(samba.logons("NTLMv2"), before + 2)

    def test_the_host_refuses_the_ticket_for_its_clock(self):
        with KerberosSamba(self.kdc, ntlm=True, ahead="+10m") as samba:
            self.assert_ntlm_after_the_refusal("refuses the Kerberos ticket for .*clock", samba)

    def test_the_host_has_another_key(self):
        name = "renamed.tocsin.test"
        self.kdc.change(f"addprinc -randkey cifs/{name}", f"ktadd -k {self.kdc.keytab} cifs/{name}",
                        f"cpw -randkey cifs/{name}")
        refused = "refuses the Kerberos ticket for cifs/renamed"
        with KerberosSamba(self.kdc, ntlm=True) as samba:
            self.assert_not_reached(refused, samba=samba, host={"serverName": name},
                                    credentials=self.credentials(authentication="kerberos"))
            self.assert_ntlm_after_the_refusal(refused, samba, serverName=name)


class Expiry(Realm):
    def test_tickets_that_last_for_seconds(self):
        self.assert_reached()  # the first call of a fresh smbd may take longer than such a ticket lasts
        self.kdc.change(f"modprinc -maxlife 4seconds {SERVICE}")
        running = self.enterContext(Running(self.write(), self.folder / "data", env=self.environment))
        running.wait_for_line("Kerberos)")
        time.sleep(12)
        self.assertEqual(running.stop(), 0, running.output())
        opened = [line for line in running.lines if "session opened" in line]
        self.assertFalse([line for line in running.lines if "not answered" in line], running.output())
        self.assertEqual(len(opened), 1, "it logs in again before the session ends")
        self.assertIn("Kerberos)", opened[0])


if __name__ == "__main__":
    unittest.main()
