"""Squid as an HTTP proxy, and HAProxy as what speaks TLS in front of a server."""
import os

from servers import free_port
from unpacked import Unpacked, is_unpacked, uid


class Squid(Unpacked):
    """Lets through what goes to `allowed` ports of this machine; with a user it wants a login."""

    # Debian 13's package installs it under another name, and links it.
    PROGRAMS = ("squid-gnutls" if is_unpacked("squid-gnutls") else "squid",)
    USER, PASSWORD = "watcher", "s3cret-of-the-proxy"

    def __init__(self, *allowed, login=False):
        super().__init__()
        self.allowed = allowed
        self.login = login
        self.port = free_port()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def url_with_login(self):
        return f"http://{self.USER}:{self.PASSWORD}@127.0.0.1:{self.port}"

    def up(self):
        os.chown(self.folder, uid("proxy"), uid("proxy"))
        (self.folder / "users").write_text(f"{self.USER} {self.PASSWORD}\n", encoding="utf-8")
        helper = self.folder / "check"
        helper.write_text(f"""#!/bin/sh
while read -r user password; do
  grep -qxF "$user $password" {self.folder}/users && echo OK || echo ERR
done
""", encoding="utf-8")
        helper.chmod(0o755)
        login = f"""
auth_param basic program {helper}
auth_param basic children 1
acl known proxy_auth REQUIRED
http_access deny !known
""" if self.login else ""
        (self.folder / "squid.conf").write_text(f"""
http_port 127.0.0.1:{self.port}
visible_hostname proxy.test
pid_filename {self.folder}/squid.pid
cache_log {self.folder}/squid-log
access_log stdio:{self.folder}/access-log
coredump_dir {self.folder}
cache_effective_user proxy
cache deny all
shutdown_lifetime 0 seconds
mime_table /etc/hosts
error_directory /usr/share/squid/errors/en
icon_directory /usr/share/squid/icons
acl ours port {' '.join(map(str, self.allowed)) or '1'}
{login}
http_access allow ours
http_access deny all
""", encoding="utf-8")
        self.start(*self.PROGRAMS, "-N", "-f", self.folder / "squid.conf", port=self.port)


class HaProxy(Unpacked):
    """Speaks TLS on `port`, with the authority's certificate, and plain HTTP to the server behind it."""

    PROGRAMS = ("haproxy",)

    def __init__(self, authority, behind):
        super().__init__()
        self.authority = authority
        self.behind = behind  # a port
        self.port = free_port()

    def up(self):
        (self.folder / "server.pem").write_bytes(self.authority.server_certificate.read_bytes()
                                                 + self.authority.server_key.read_bytes())
        (self.folder / "haproxy.cfg").write_text(f"""
global
  log stdout format raw local0
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend tls
  bind 127.0.0.1:{self.port} ssl crt {self.folder}/server.pem
  default_backend server
backend server
  server behind 127.0.0.1:{self.behind}
""", encoding="utf-8")
        self.start("haproxy", "-db", "-f", self.folder / "haproxy.cfg", port=self.port)
