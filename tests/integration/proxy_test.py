"""Alerts through Squid, and past it; to a server behind HAProxy, which speaks TLS for it."""
import unittest

import oracles
from program import named, require_tocsin, tocsin
from proxy_servers import HaProxy, Squid
from servers import closed_port, require, wait_until
from watched import ENGINE, Watched

DIRECT = {name: "" for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
                                "NO_PROXY")}


def setUpModule():
    require_tocsin()
    require("openssl")
    oracles.require_impacket()


class Proxies(Watched):
    HOSTS = 8

    def test_alerts_pass_the_proxy_by_http_and_https(self):
        receiver = self.receiver()
        front = self.enterContext(HaProxy(self.authority, receiver.port))
        squid = self.enterContext(Squid(receiver.port, front.port))
        plain = {**self.webhook(receiver, path="/plain"), "description": "plain"}
        encrypted = {"description": "encrypted", "webhookURL": f"https://127.0.0.1:{front.port}/encrypted",
                     "httpMethod": "POST", "cert": {"enable": True, "certCA": named(self.authority.certificate)}}
        running = self.run_tocsin(plain, encrypted, proxy=squid.url)
        self.manager.stop(ENGINE)
        requests = receiver.wait_for(2)
        vias = {request.path: request.headers.get("via", "") for request in requests}
        self.assertIn("proxy.test", vias["/plain"])
        self.assertEqual(vias["/encrypted"], "", "the proxy passes bytes on")
        running.stop()
        wait_until(lambda: f"CONNECT 127.0.0.1:{front.port}" in squid.log(), 10, squid.log)

    def test_hosts_that_need_no_proxy(self):
        receiver = self.receiver()
        with closed_port() as nobody:
            self.run_tocsin(self.webhook(receiver), proxy=f"http://127.0.0.1:{nobody}",
                            noProxy=["127.0.0.0/8"])
            self.manager.stop(ENGINE)
            receiver.wait_for(1)

    def test_the_variables_of_the_environment(self):
        receiver = self.receiver()
        squid = self.enterContext(Squid(receiver.port))
        for variables, passes in (({"http_proxy": squid.url}, True),
                                  ({"http_proxy": squid.url, "no_proxy": "127.0.0.1"}, False)):
            self.configure(self.webhook(receiver))
            done = tocsin("test", "webhook", "-c", self.file, env={**DIRECT, **variables})
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual("via" in receiver.requests[-1].headers, passes)
        self.configure(self.webhook(receiver), proxy="none")
        done = tocsin("test", "webhook", "-c", self.file, env={**DIRECT, "http_proxy": squid.url})
        self.assertNotIn("via", receiver.requests[-1].headers, done)

    def refused(self, url, proxy):
        """What `tocsin test` says of it."""
        entry = {"description": "the receiver", "webhookURL": url, "httpMethod": "POST"}
        self.configure(entry, proxy=proxy)
        done = tocsin("test", "webhook", "-c", self.file)
        self.assertEqual(done.returncode, 1, done)
        self.assertNotIn(Squid.PASSWORD, done.stdout + done.stderr)
        return done.stdout

    def test_what_the_proxy_refuses_is_named(self):
        squid = self.enterContext(Squid())
        name = f"127.0.0.1:{squid.port}"
        said = self.refused("http://127.0.0.1:9/", squid.url)
        self.assertRegex(said, f"403 Forbidden, from the proxy {name}: .*could not be retrieved")
        said = self.refused("https://127.0.0.1:9/", squid.url)
        self.assertIn(f"127.0.0.1:9: the proxy {name} refuses the connection with status 403", said)
        with closed_port() as nobody:
            for scheme in ("http", "https"):
                said = self.refused(f"{scheme}://127.0.0.1:9/", f"http://127.0.0.1:{nobody}")
                self.assertIn(f"127.0.0.1:9: the proxy 127.0.0.1:{nobody}: Connection refused", said)

    def test_a_proxy_that_wants_a_login(self):
        receiver = self.receiver()
        squid = self.enterContext(Squid(receiver.port, login=True))
        for scheme in ("http", "https"):
            said = self.refused(f"{scheme}://127.0.0.1:{receiver.port}/", squid.url)
            self.assertIn("it wants a user and a password in its URL", said)
            said = self.refused(f"{scheme}://127.0.0.1:{receiver.port}/",
                                squid.url_with_login.replace(squid.USER, "stranger"))
            self.assertIn("refuses the user and password in its URL", said)
        self.run_tocsin(self.webhook(receiver), proxy=squid.url_with_login)
        self.manager.stop(ENGINE)
        self.assertIn("proxy.test", receiver.wait_for(1)[0].headers["via"])

    def test_what_the_proxy_refuses_is_no_dead_letter(self):
        squid = self.enterContext(Squid())
        running = self.run_tocsin({"description": "the receiver", "webhookURL": "http://127.0.0.1:9/",
                                   "httpMethod": "POST"}, proxy=squid.url)
        self.manager.stop(ENGINE)
        row, = wait_until(lambda: [row for row in self.rows("deliveries") if row["attempts"] > 1], 20,
                          lambda: running.output())
        self.assertEqual(row["state"], "pending")

    def test_plain_http_at_the_tls_front_is_named(self):
        receiver = self.receiver()
        front = self.enterContext(HaProxy(self.authority, receiver.port))
        said = self.refused(f"http://127.0.0.1:{front.port}/", "none")
        self.assertIn("the URL must begin with https://", said)

    def test_a_query_that_is_not_ascii_passes_haproxy(self):
        receiver = self.receiver()
        front = self.enterContext(HaProxy(self.authority, receiver.port))
        entry = {"description": "the receiver", "httpMethod": "POST",
                 "webhookURL": f"https://127.0.0.1:{front.port}/gr\u00fcn?room=K\u00fcche",
                 "cert": {"enable": True, "certCA": named(self.authority.certificate)}}
        self.configure(entry)
        done = tocsin("test", "webhook", "-c", self.file)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(receiver.requests[0].path, "/gr%C3%BCn?room=K%C3%BCche")


if __name__ == "__main__":
    unittest.main()
