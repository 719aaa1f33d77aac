"""The program against Samba: every dialect, what a server may demand, and what goes wrong.

The oracles are Samba's own client and Impacket: same services, same states.
"""
import json
import re
import tempfile
import time
import unittest

import oracles
from program import Running, configuration, require_tocsin, tocsin
from receiver import Receiver
from servers import Samba, has_ipv6, processes_about

DIALECTS = ("SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11")


def setUpModule():
    require_tocsin()
    Samba()


def only(dialect):
    return f"  server min protocol = {dialect}\n  server max protocol = {dialect}\n"


class Looking(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tocsin-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def configuration(self, samba, *services, credentials=None, **host):
        return configuration(f"{self.folder}/tocsin.yaml", hosts=[samba.host(services, **host)],
                             credentials=credentials or samba.credentials())

    def check(self, samba, *services, **more):
        """The exit code and the rows by service of `tocsin check --json`."""
        done = tocsin("check", "--json", "-c", self.configuration(samba, *services, **more))
        self.assertNotIn(samba.password, done.stdout + done.stderr)
        try:
            rows = json.loads(done.stdout)
        except json.JSONDecodeError:
            self.fail(f"no JSON: {done}")
        return done.returncode, {row["service"]: row for row in rows}

    def doctor(self, samba, **more):
        """The exit code and the steps of `tocsin doctor --json` by name."""
        done = tocsin("doctor", "--json", "-c", self.configuration(samba, "Spooler", **more), "samba")
        self.assertNotIn(samba.password, done.stdout + done.stderr)
        return done.returncode, {step["step"]: step for step in json.loads(done.stdout)["steps"]}

    def services(self, samba, **more):
        done = tocsin("services", "--json", "-c", self.configuration(samba, "Spooler", **more),
                      "samba")
        self.assertEqual(done.returncode, 0, done)
        return {row["service"]: row for row in json.loads(done.stdout)}

    def assert_reached(self, samba, **more):
        code, rows = self.check(samba, "Spooler", "NETLOGON", **more)
        states = {service: row["state"] for service, row in rows.items()}
        self.assertEqual((code, states), (1, {"Spooler": "RUNNING", "NETLOGON": "STOPPED"}), rows)
        listed = {service: row["state"] for service, row in self.services(samba, **more).items()}
        self.assertEqual(listed, {"Spooler": "RUNNING", "NETLOGON": "STOPPED", "WINS": "STOPPED",
                                  "RemoteRegistry": "RUNNING"})

    def assert_not_reached(self, samba, sentence, **more):
        """Exit 3, and an error that says why, both as JSON and as a table; never a state."""
        code, rows = self.check(samba, "Spooler", **more)
        self.assertEqual((code, rows["Spooler"]["state"]), (3, "UNKNOWN"), rows)
        self.assertRegex(rows["Spooler"]["error"], sentence)
        file = self.configuration(samba, "Spooler", **more)
        listing = tocsin("services", "-c", file, "samba")
        self.assertEqual((listing.returncode, listing.stdout), (3, ""), listing)
        self.assertRegex(listing.stderr, sentence)
        table = tocsin("check", "-c", file)
        self.assertEqual(table.returncode, 3, table)
        self.assertRegex(table.stdout, sentence)


class Demands(Looking):
    """What a server may be configured to demand."""

    def assert_variants(self, variants):
        for options in variants:
            with self.subTest(" ".join(options.split())), Samba(options) as samba:
                self.assert_reached(samba)

    def test_every_dialect(self):
        self.assert_variants(only(dialect) for dialect in DIALECTS)

    def test_signing_mandatory(self):
        self.assert_variants(only(dialect) + "  server signing = mandatory" for dialect in DIALECTS)

    def test_signing_algorithms(self):
        self.assert_variants(
            only("SMB3_11") + "  server signing = mandatory\n  server smb encrypt = off\n"
            f"  server smb3 signing algorithms = {name}"
            for name in ("aes-128-gmac", "aes-128-cmac", "hmac-sha256"))

    def test_encryption_required(self):
        self.assert_variants(only(dialect) + "  server smb encrypt = required"
                             for dialect in DIALECTS[1:])

    def test_ciphers(self):
        self.assert_variants(
            only("SMB3_11") + "  server smb encrypt = required\n"
            f"  server smb3 encryption algorithms = {name}"
            for name in ("aes-128-gcm", "aes-128-ccm", "aes-256-gcm", "aes-256-ccm"))

    def test_encryption_off(self):
        self.assert_variants(only(dialect) + "  server smb encrypt = off" for dialect in DIALECTS)

    def test_ntlmv2_only(self):
        self.assert_variants(["  ntlm auth = ntlmv2-only"])

    def test_encryption_required_of_a_dialect_without(self):
        with Samba(only("SMB2_10") + "  server smb encrypt = required", logs_in=False) as samba:
            self.assert_not_reached(samba, "(?i)denied|encrypt")

    def test_no_ntlm(self):
        with Samba("  ntlm auth = disabled", logs_in=False) as samba:
            self.assert_not_reached(samba, "NTLM")
            code, steps = self.doctor(samba)
            self.assertEqual((code, steps["login"]["result"], steps["pipe"]["result"]),
                             (3, "FAILS", "not tried"), steps)


class OneServer(Looking):
    """What may be asked of one server, and who may ask."""

    @classmethod
    def setUpClass(cls):
        cls.samba = Samba(odd=("Guarded",))
        cls.enterClassContext(cls.samba)

    def test_fields(self):
        _, rows = self.check(self.samba, "Spooler")
        process = rows["Spooler"]["processId"]  # of the worker that answers
        self.assertIn(process, processes_about(self.samba.configuration))
        self.assertEqual(rows["Spooler"], {
            "host": "samba", "service": "Spooler", "displayName": "Print Spooler",
            "friendlyName": None, "state": "RUNNING", "startMode": "Manual",
            "processId": process, "error": None})

    def test_all_running(self):
        code, rows = self.check(self.samba, "Spooler", "RemoteRegistry")
        self.assertEqual(code, 0, rows)

    def test_names_in_another_case(self):
        code, rows = self.check(self.samba, "sPOOLER", "netLogon")
        self.assertEqual({name: row["state"] for name, row in rows.items()},
                         {"sPOOLER": "RUNNING", "netLogon": "STOPPED"})
        self.assertEqual(code, 1)

    def test_missing(self):
        code, rows = self.check(self.samba, "Spooler", "NoSuch$Service & (1) \u00e4#")
        missing = rows["NoSuch$Service & (1) \u00e4#"]
        self.assertEqual((code, missing["state"]), (1, "MISSING"), rows)
        self.assertRegex(missing["error"], "no such service")
        self.assertEqual(rows["Spooler"]["state"], "RUNNING")

    def test_a_state_that_does_not_exist(self):
        """One service that Samba says nothing true about disables neither the others nor the host."""
        for others in (("Spooler",), ("Spooler", "*oo*")):  # asked one by one, and as a list
            code, rows = self.check(self.samba, *others, "Guarded")
            self.assertEqual(rows["Spooler"]["state"], "RUNNING")
            self.assertEqual(code, 1, rows)
            if rows["Guarded"]["state"] == "UNKNOWN":
                self.assertRegex(rows["Guarded"]["error"], "reports an unknown state")

    def test_doctor(self):
        code, steps = self.doctor(self.samba)
        limited = {name for name, step in steps.items() if step["result"] != "ok"}
        self.assertEqual((code, limited), (1, {"push"}), steps)
        self.assertRegex(steps["push"]["found"], "the host does not tell of changes .*does not have this call")
        self.assertRegex(steps["connection"]["found"], rf"127\.0\.0\.1:{self.samba.port}")
        self.assertRegex(steps["protocol"]["found"], "SMB 3.1.1, encryption by AES")
        self.assertRegex(steps["mechanisms"]["found"], "NTLM")
        self.assertRegex(steps["clock"]["found"], r"^the host's clock is \d s ")
        self.assertRegex(steps["list of services"]["found"], r"^\d+ services")
        self.assertRegex(steps["one service"]["found"], "Spooler")

    def test_doctor_of_a_wrong_password(self):
        code, steps = self.doctor(self.samba, credentials={**self.samba.credentials(),
                                                           "password": "wrong"})
        self.assertEqual((code, steps["mechanisms"]["result"], steps["login"]["result"],
                          steps["share"]["result"]), (3, "ok", "FAILS", "not tried"), steps)
        self.assertRegex(steps["login"]["advice"], "credential")

    def test_doctor_for_people(self):
        done = tocsin("doctor", "-c", self.configuration(self.samba, "NoSuchService"), "samba")
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stdout, r"one service +limited +NoSuchService: ")
        self.assertRegex(done.stdout, "(?m)^ +-> correct the name")
        self.assertRegex(done.stdout, "samba can be watched, with limits\n$")

    def test_wildcard(self):
        _, rows = self.check(self.samba, "*oo*", "n*N")
        self.assertEqual({name: row["state"] for name, row in rows.items()},
                         {"Spooler": "RUNNING", "NETLOGON": "STOPPED"})

    def test_wrong_password(self):
        self.assert_not_reached(self.samba, "(?i)password", credentials={
            **self.samba.credentials(), "password": "wrong"})

    def test_unknown_user(self):
        self.assert_not_reached(self.samba, "(?i)user", credentials={
            **self.samba.credentials(), "username": "nobody-of-that-name"})

    def test_user_with_domain(self):
        for username in (r"TOCSINHOST\root", "TOCSINTEST\\root", r".\root"):
            with self.subTest(username):
                code, rows = self.check(self.samba, "Spooler", credentials={
                    **self.samba.credentials(), "username": username})
                self.assertEqual(code, 0, rows)

    def test_nobody_listens(self):
        self.assert_not_reached(self.samba, "(?i)refused", port=1)

    def test_unknown_host_name(self):
        self.assert_not_reached(self.samba, "(?i)no-such-host.invalid",
                                address="no-such-host.invalid")

    def test_host_name(self):
        code, rows = self.check(self.samba, "Spooler", address="localhost")
        self.assertEqual(code, 0, rows)

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("this machine has no ::1")
        for address in ("::1", "[::1]"):
            with self.subTest(address):
                code, rows = self.check(self.samba, "Spooler", address=address)
                self.assertEqual(code, 0, rows)

    def test_same_answers_as_net(self):
        """`net` lists the names; the states it answers one by one."""
        listed = dict(re.findall(r'^(\S+)\s+"(.*)"\s*$',
                                 self.samba.net("rpc", "service", "list").stdout, re.M))
        ours = self.services(self.samba)
        self.assertEqual({name: row["displayName"] for name, row in ours.items()}, listed)
        for name in listed:
            told = self.samba.net("rpc", "service", "status", name, check=False)
            if name == "Guarded":
                self.assertIn("WERR_ACCESS_DENIED", told.stdout + told.stderr)
                continue
            state = re.search(r" service is (\w+)\.", told.stdout).group(1)
            self.assertEqual(ours[name]["state"], state.upper(), name)

    def test_same_answers_as_impacket(self):
        oracles.require_impacket()
        theirs = oracles.services_py_list(self.samba.port, self.samba.user, self.samba.password)
        self.assertGreaterEqual(len(theirs), 5)
        ours = {name: (row["displayName"], row["state"].replace("_", " "))
                for name, row in self.services(self.samba).items()}
        for listed in (ours, theirs):  # whose state differs from one answer of Samba to the next
            listed["Guarded"] = listed["Guarded"][0]
        self.assertEqual(ours, theirs)


class Watching(Looking):
    """`tocsin run` while the server changes behind its back."""

    def setUp(self):
        super().setUp()
        self.samba = self.enterContext(Samba())
        self.receiver = self.enterContext(Receiver())

    def run_tocsin(self):
        self.file = configuration(
            f"{self.folder}/tocsin.yaml", hosts=[self.samba.host(("Spooler", "NETLOGON"))],
            credentials=self.samba.credentials(), webhooks=[self.receiver.url()])
        return self.enterContext(Running(self.file, f"{self.folder}/data"))

    def test_stopped_and_started_behind_our_back(self):
        running = self.run_tocsin()
        running.wait_for_line("NETLOGON is STOPPED at the first check")
        self.samba.control("stop")
        stopped = self.receiver.wait_for(1)
        self.samba.control("start")
        self.receiver.wait_for(2)
        time.sleep(2.5)  # two more checks, which have nothing to say
        self.assertEqual(running.stop(), 0, running.output())

        self.assertEqual([request.message for request in self.receiver.requests], [
            {"event": "Windows service monitor", "host": "samba", "serviceStatus": now,
             "serviceName": "Spooler", "serviceDisplayName": "Print Spooler",
             "serviceStartType": "Manual", "prevState": before, "currState": now,
             "stateChanged": True, "kind": kind}
            for before, now, kind in (("RUNNING", "STOPPED", "stopped"),
                                      ("STOPPED", "RUNNING", "started"))])
        self.assertNotEqual(stopped[0].key, self.receiver.requests[1].key)


if __name__ == "__main__":
    unittest.main()
