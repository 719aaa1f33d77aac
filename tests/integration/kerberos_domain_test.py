"""Kerberos in a domain: a Samba domain controller, whose tickets have a PAC, and which is the host too."""
import json
import pathlib
import tempfile
import unittest

from domain_controller import REALM, DomainController
from program import configuration, require_tocsin, tocsin
from servers import wait_until


def setUpModule():
    require_tocsin()


class Domain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.domain = cls.enterClassContext(DomainController())
        for user in ("plain", "mistaken"):
            cls.domain.add(user)
        # The first calls of a fresh service manager may hang.
        wait_until(lambda: cls.check(cls.domain.credentials("plain", authentication="ntlm"))[0] == 0,
                   240, "the service manager answers")

    @classmethod
    def check(cls, credentials, **host):
        """The exit code, the row, and what was said beside."""
        with tempfile.TemporaryDirectory(prefix="tocsin-test-") as folder:
            file = configuration(pathlib.Path(folder) / "tocsin.yaml", hosts=[cls.domain.host(**host)],
                                 credentials=credentials)
            done = tocsin("check", "--json", "-c", file, env={
                "KRB5_CONFIG": str(cls.domain.krb5_conf), "KRB5CCNAME": f"FILE:{folder}/none"})
        return done.returncode, json.loads(done.stdout)[0], done.stderr

    def test_the_host_names_the_realm_of_the_domain(self):
        """A plain user of the domain, as DOMAIN\\user."""
        code, row, _ = self.check(self.domain.credentials("plain", authentication="kerberos"))
        self.assertEqual((code, row["state"]), (0, "RUNNING"), row)

    def test_user_with_realm(self):
        code, row, said = self.check(self.domain.credentials(
            "plain", username=f"plain@{REALM.lower()}"))
        self.assertEqual((code, row["state"]), (0, "RUNNING"), row)
        self.assertNotIn("NTLM", said)

    def test_wrong_password_counts_once(self):
        code, row, _ = self.check(self.domain.credentials("mistaken", password="wrong"))
        self.assertEqual(code, 3, row)
        self.assertRegex(row["error"], f"mistaken@{REALM}: wrong password")
        self.assertEqual(self.domain.failed_logons("mistaken"), 1)

    def test_alias_that_nobody_registered(self):
        code, row, said = self.check(self.domain.credentials("plain"), serverName="alias.tocsin.test")
        self.assertEqual((code, row["state"]), (0, "RUNNING"), (row, said))
        self.assertRegex(said, "NTLM instead of Kerberos: .*cifs/alias.tocsin.test")


if __name__ == "__main__":
    unittest.main()
