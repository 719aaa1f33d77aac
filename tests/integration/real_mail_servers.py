"""Postfix with the logins of Dovecot, and Exim: each with STARTTLS on one port and TLS from the first byte on
another, a user, greylisting, and a recipient that it refuses."""
import contextlib
import email
import email.policy
import os
import socketserver

from servers import Threaded, free_port
from unpacked import Unpacked, uid

DOMAIN = "box.example"
GONE = f"gone@{DOMAIN}"
USER, PASSWORD = "watcher", "p\u00e4ss w0rd"


class Greylist(Threaded):
    """Postfix' policy protocol: the first mail to each recipient must come again."""

    def __init__(self):
        seen = set()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                asked = {}
                for line in self.rfile:
                    name, _, value = line.decode().strip().partition("=")
                    asked[name] = value
                    if name:
                        continue
                    known = asked["recipient"] in seen
                    seen.add(asked["recipient"])
                    self.wfile.write(b"action=" + (b"dunno" if known else b"defer_if_permit 4.2.0 Greylisted")
                                     + b"\n\n")
                    asked = {}

        super().__init__(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler))


class _RealMailServer(Unpacked):
    def __init__(self, authority, *, mechanism="PLAIN", greylist=False, needs_login=True):
        super().__init__()
        self.authority = authority
        self.mechanism = mechanism
        self.greylist = greylist
        self.needs_login = needs_login
        self.port = free_port()  # STARTTLS
        self.tls_port = free_port()

    def settings(self, secure, **more):
        """How a configuration names this server."""
        return {"host": "127.0.0.1", "port": self.tls_port if secure else self.port, "secure": secure,
                "auth": {"enable": True, "user": USER, "password": PASSWORD}, **more}

    def mails(self):
        """What lies in the maildirs."""
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP)
                for path in sorted((self.folder / "box").rglob("new/*"))]

    def _private(self, path, mode=0o600, owner=None):
        path.chmod(mode)
        if owner is not None:
            os.chown(path, owner, owner)
        return path


# The first lines must be these from 2.4 on.
_DOVECOT_24_BEGINS = """dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0"""
_DOVECOT_24_USERS = """
passdb passwd-file {{
  passwd_file_path = {}
}}
userdb static {{
  fields {{
    uid = 65534
    gid = 65534
    home = /nonexistent
  }}
}}"""
_DOVECOT_23_USERS = """
passdb {{
  driver = passwd-file
  args = {}
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}}"""


class Postfix(_RealMailServer):
    PROGRAMS = ("postfix", "dovecot")

    def up(self):
        folder, postfix = self.folder, uid("postfix")
        grey = self._stack.enter_context(Greylist()) if self.greylist else None
        for name in ("etc", "queue", "data", "box"):
            (folder / name).mkdir()
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
                     "saved", "trace", "maildrop", "public"):
            (folder / "queue" / name).mkdir()
            self._private(folder / "queue" / name, 0o755, postfix)
        (folder / "queue/pid").mkdir()
        self._private(folder / "data", 0o755, postfix)
        self._private(folder / "box", 0o755, 65534)
        checks = ["permit_sasl_authenticated" if self.needs_login else "permit_mynetworks", "reject"]
        recipients = [f"check_recipient_access inline:{{{{{GONE}=550 5.1.1 no such user}}}}",
                      *([f"check_policy_service inet:127.0.0.1:{grey.port}"] if grey else []), *checks]
        (folder / "etc/main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mail.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {folder}/box
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_cert_file = {self.authority.server_certificate}
smtpd_tls_key_file = {self.authority.server_key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/auth
smtpd_relay_restrictions = permit
smtpd_recipient_restrictions = {', '.join(recipients)}
""", encoding="utf-8")
        inner = "\n".join(f"{name} unix {private} - n - {most} {command}" for name, private, most, command in [
            ("cleanup", "n", 0, "cleanup"), ("qmgr", "n", 1, "qmgr"), ("tlsmgr", "-", 1, "tlsmgr"),
            ("rewrite", "-", "-", "trivial-rewrite"), ("bounce", "-", 0, "bounce"),
            ("defer", "-", 0, "bounce"), ("trace", "-", 0, "bounce"), ("proxymap", "-", "-", "proxymap"),
            ("error", "-", "-", "error"), ("retry", "-", "-", "error"),
            ("anvil", "-", 1, "anvil"), ("smtp", "-", "-", "smtp"), ("scache", "-", 1, "scache")])
        (folder / "etc/master.cf").write_text(f"""
127.0.0.1:{self.port} inet n - n - - smtpd
127.0.0.1:{self.tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
postlog unix-dgram n - n - 1 postlogd
virtual unix - n n - - virtual
{inner}
""".replace("qmgr unix n - n - 1 qmgr", "qmgr unix n - n 300 1 qmgr"), encoding="utf-8")
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        dovecot = self.version("dovecot", "--version")
        (folder / "dovecot.conf").write_text(f"""{_DOVECOT_24_BEGINS if dovecot >= (2, 4) else ""}
base_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
protocols =
ssl = no
auth_mechanisms = {self.mechanism.lower()}
{(_DOVECOT_24_USERS if dovecot >= (2, 4) else _DOVECOT_23_USERS).format(folder / "users")}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
""", encoding="utf-8")
        self.begin("dovecot", "-F", "-c", folder / "dovecot.conf")
        self.start("/usr/lib/postfix/sbin/master", "-c", folder / "etc", "-d", port=self.port)

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self._stack.close()


class Exim(_RealMailServer):
    PROGRAMS = ("exim4",)

    def up(self):
        folder, exim = self.folder, uid("Debian-exim")
        for name in ("spool", "box"):
            (folder / name).mkdir()
            self._private(folder / name, 0o755, exim)
        self._private(folder, 0o777)
        certificate = folder / "server.pem"
        certificate.write_bytes(self.authority.server_certificate.read_bytes())
        key = folder / "server.key"
        key.write_bytes(self.authority.server_key.read_bytes())
        for path in (certificate, key):
            self._private(path, 0o600, exim)
        grey = f"""
  defer message = 451 4.7.1 Greylisted
        !condition = ${{if exists{{{folder}/spool/seen-$local_part}}}}
        condition = ${{if eq{{${{run{{/usr/bin/touch {folder}/spool/seen-$local_part}}{{yes}}{{yes}}}}}}{{yes}}}}
""" if self.greylist else ""
        plain = """
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{USER}}{eq{$auth3}{PASSWORD}}}}
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
"""
        login = """
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${if and{{eq{$auth1}{USER}}{eq{$auth2}{PASSWORD}}}}
  server_set_id = $auth1
  server_advertise_condition = ${if def:tls_in_cipher}
"""
        authenticator = (login if self.mechanism == "LOGIN" else plain).replace("{USER}", f"{{{USER}}}", 1)
        authenticator = authenticator.replace("{PASSWORD}", f"{{{PASSWORD}}}", 1)
        (folder / "exim.conf").write_text(f"""
primary_hostname = mail.test
spool_directory = {folder}/spool
log_file_path = {folder}/exim-%slog
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port} : {self.tls_port}
tls_on_connect_ports = {self.tls_port}
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
never_users =
deliver_drop_privilege = true
host_lookup =
rfc1413_hosts =
keep_environment =
domainlist local_domains = {DOMAIN}
begin acl
check_rcpt:
  deny message = 550 5.1.1 no such user
       recipients = {GONE}
{grey}
  accept authenticated = *
         domains = +local_domains
  {'deny message = 550 5.7.1 relay not permitted' if self.needs_login else 'accept'}
begin routers
box:
  driver = accept
  domains = +local_domains
  transport = maildir
begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {folder}/box/${{lookup{{$local_part}}nwildlsearch{{{folder}/boxes}}}}
  create_directory
  user = {exim}
  group = {exim}
begin authenticators
{authenticator}
""", encoding="utf-8")
        (folder / "boxes").write_text("*: all\n", encoding="utf-8")
        self.start("exim4", "-C", folder / "exim.conf", "-bdf", "-q1h", port=self.port)
