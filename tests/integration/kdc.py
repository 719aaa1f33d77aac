"""A Kerberos realm of the tests' own (MIT's KDC), and Samba as a host of it."""
import os
import pathlib
import re
import subprocess
import unittest

from servers import Samba, free_port, require
from unpacked import Unpacked

REALM = "TOCSIN.TEST"
HOST = "sql1.tocsin.test"
SERVICE = f"cifs/{HOST}"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


def write_client_configuration(path, kdc, realm=REALM):
    """A krb5.conf that knows one realm and one KDC, and asks no name server."""
    pathlib.Path(path).write_text(f"""[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  {realm} = {{
    kdc = {kdc}
  }}
[domain_realm]
  .{realm.lower()} = {realm}
""", encoding="utf-8")
    return path


class Kdc(Unpacked):
    """krb5kdc with the account `root`, whose name Samba maps to the user of the system, and the service
    of one host. Without PAC, which a Samba outside of a domain does not take."""

    PROGRAMS = ("krb5kdc", "kadmin.local", "kdb5_util")
    PASSWORD = Samba.PASSWORD

    def up(self):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.krb5_conf = write_client_configuration(self.folder / "krb5.conf", self.address)
        (self.folder / "kdc.conf").write_text(f"""[kdcdefaults]
  kdc_listen = {self.address}
  kdc_tcp_listen = {self.address}
[realms]
  {REALM} = {{
    database_name = {self.folder}/principal
    acl_file = {self.folder}/kadm5.acl
    key_stash_file = {self.folder}/stash
    supported_enctypes = aes256-cts:normal aes128-cts:normal
    disable_pac = true
  }}
[logging]
  kdc = FILE:{self.folder}/log.kdc
""", encoding="utf-8")
        self.environment = {**os.environ, "KRB5_CONFIG": str(self.krb5_conf),
                            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf")}
        self.run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master", env=self.environment)
        self.keytab = self.folder / "cifs.keytab"
        self.change("addpol -maxfailure 3 three", "addprinc -randkey " + SERVICE,
                    f"ktadd -k {self.keytab} {SERVICE}")
        self.add("root")
        self.start("krb5kdc", "-n", "-P", self.folder / "pid", port=self.port, env=self.environment)

    def change(self, *queries):
        """kadmin.local's answers."""
        return self.run("kadmin.local", "-r", REALM, input="\n".join(queries) + "\n",
                        env=self.environment).stdout

    def add(self, user, options="", password=PASSWORD):
        self.change(f'addprinc +requires_preauth -policy three {options} -pw "{password}" {user}')

    def keytab_of(self, user):
        """With the keys that the password makes, which stays."""
        path = self.folder / f"{user}.keytab"
        self.change(f"ktadd -norandkey -k {path} {user}")
        return path

    def failed_logons(self, user):
        """As the KDC counts them, which locks the account after three."""
        return int(re.search(r"Failed password attempts: (\d+)", self.change(f"getprinc {user}"))[1])

    def kinit(self, user):
        """A credential cache with a ticket, by MIT's own client."""
        require("kinit")
        cache = f"FILE:{self.folder}/cache"
        subprocess.run(["kinit", "-c", cache, user], input=self.PASSWORD + "\n", text=True, check=True,
                       capture_output=True, env=self.environment)
        return cache


def samba_options(kdc, ntlm=False):
    """With which smbd takes the tickets of a KDC, and NTLM only where that is said."""
    return f"""  realm = {REALM}
  kerberos method = dedicated keytab
  dedicated keytab file = FILE:{kdc.keytab}
  ntlm auth = {'ntlmv2-only' if ntlm else 'disabled'}
"""


class KerberosSamba(Samba):
    """smbd with these options."""

    def __init__(self, kdc, options="", ntlm=False, ahead=""):
        """`ahead`: by how much its clock is, as faketime writes it."""
        super().__init__(f"{samba_options(kdc, ntlm)}  log level = 0 auth_audit:3\n{options}", logs_in=ntlm)
        self.environment = {"KRB5_CONFIG": str(kdc.krb5_conf)}
        if ahead:
            if not os.path.exists(FAKETIME):
                raise unittest.SkipTest("libfaketime is not installed")
            self.environment |= {"LD_PRELOAD": FAKETIME, "FAKETIME": ahead}

    def host(self, services=("Spooler",), **more):
        return super().host(services, **{"serverName": HOST, **more})

    def credentials(self, **more):
        return {"name": "test", "username": f"root@{REALM}", "password": self.password, **more}

    def logons(self, mechanism):
        """How many logins of this kind it has judged, whatever came of them."""
        return sum(len(re.findall(rf"Auth: .*with \[{mechanism}", path.read_text(errors="replace")))
                   for path in self.folder.glob("log.*"))
