"""A Samba domain controller: Kerberos with a PAC, and a host that is a member of its own domain.

It has an address of its own, because its ports cannot be chosen.
"""
import contextlib
import os
import re
import socket
import subprocess
import unittest

from kdc import write_client_configuration
from servers import wait_until
from unpacked import Unpacked

REALM = "AD.TOCSIN.TEST"
DOMAIN = "TOCSINAD"
HOST = "dc1.ad.tocsin.test"
ADDRESS = "127.0.0.30"


def _answers(port):
    with contextlib.suppress(OSError), socket.create_connection((ADDRESS, port), timeout=1):
        return True
    return False


class DomainController(Unpacked):
    PROGRAMS = ("samba", "samba-tool", "winbindd")
    PASSWORD = "Pa$$w0rd & x"

    def up(self):
        own = self.folder / "domain"
        done = subprocess.run(self.command(
            "samba-tool", "domain", "provision", f"--realm={REALM}", f"--domain={DOMAIN}", "--server-role=dc",
            "--dns-backend=NONE", f"--adminpass={self.PASSWORD}", f"--targetdir={own}", "--host-name=dc1",
            f"--host-ip={ADDRESS}", "--option=interfaces = 127.0.0.30/8", "--option=bind interfaces only = yes",
            "--option=server services = s3fs, rpc, ldap, cldap, kdc, winbindd",
            f"--option=log file = {self.folder}/log.samba"), capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise AssertionError(done.stderr[-3000:])
        self.configuration = own / "etc" / "smb.conf"
        self.krb5_conf = write_client_configuration(self.folder / "krb5.conf", ADDRESS, realm=REALM)
        self.environment = {**os.environ, "KRB5_CONFIG": str(self.krb5_conf)}
        if any(map(_answers, (88, 445))):
            raise unittest.SkipTest(f"somebody else listens on {ADDRESS}")
        process = self.begin("samba", "--foreground", "--no-process-group", "-s", self.configuration,
                             env=self.environment)
        wait_until(lambda: process.poll() is not None or all(map(_answers, (88, 445))), 120,
                   lambda: f"samba answers: {self.log()}")
        if process.poll() is not None:
            raise AssertionError(f"samba ended with {process.returncode}: {self.log()}")

        # Without one no wrong password is counted.
        self.run("samba-tool", "domain", "passwordsettings", "set", "--account-lockout-threshold=5", "-s",
                 self.configuration)

    def command(self, *words):
        """With a /run of its own: any other smbd would ask this domain's winbindd there."""
        return super().command("sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh", *words)

    def begin(self, *words, env=None):
        """In a process namespace, with whose first process all end: the others have sessions of their own,
        and titles instead of command lines."""
        command = self.command(*words)
        command[1:1] = ["--pid", "--fork", "--kill-child", "--mount-proc"]
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True, env=env)
        self.processes.append(process)
        return process

    def add(self, user):
        self.run("samba-tool", "user", "create", user, self.PASSWORD, "-s", self.configuration)

    def host(self, services=("Spooler",), **more):
        return {"host": "dc1", "address": ADDRESS, "serverName": HOST, "source": "smb",
                "services": [{"name": name} for name in services], **more}

    def credentials(self, user="Administrator", **more):
        return {"name": "test", "username": f"{DOMAIN}\\{user}", "password": self.PASSWORD, **more}

    def failed_logons(self, user):
        """As the domain counts them, to lock the account."""
        shown = self.run("samba-tool", "user", "show", user, "--attributes=badPwdCount", "-s",
                         self.configuration).stdout
        found = re.search(r"badPwdCount: (\d+)", shown)
        return int(found[1]) if found else 0
