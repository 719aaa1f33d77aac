"""The dashboard over HTTPS: with a certificate, without one that works, and with another one after a reload."""
import contextlib
import http.client
import pathlib
import ssl
import tempfile
import unittest
import warnings

from program import require_tocsin, tocsin
from receiver import Authority
from served import Served
from servers import free_port, wait_until
from watched import ENGINE
from web import Web


def setUpModule():
    require_tocsin()


class Encrypted(Served):
    def secured(self, authority=None):
        """Of the configuration, with TLS."""
        authority = authority or self.authority
        return {"listen": f"127.0.0.1:{free_port()}", "certificateFile": str(authority.server_certificate), "keyFile": str(authority.server_key)}

    def trusting(self, authority=None):
        """A client that trusts this authority alone."""
        web = self.client()
        web.tls = ssl.create_default_context(cafile=(authority or self.authority).certificate)
        return web

    def test_serves_over_tls(self):
        self.serve(web=self.secured())
        web = self.trusting()
        self.assertEqual(web.get("/overview")["names"], [self.host])
        with web.listen() as stream:
            self.manager.stop(ENGINE)
            self.assertTrue(stream.change(what="host"))
        self.assertEqual(web.post("/silences", {"scope": self.host, "seconds": 60, "reason": "x"}, 201)["by"], "dashboard")

    def test_old_versions_are_refused(self):
        self.serve(web=self.secured())
        web = self.trusting()
        web.tls.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore"):
            web.tls.minimum_version, web.tls.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with self.assertRaises(OSError):
            web.get("/overview")

    def test_what_is_no_tls_holds_nobody_up(self):
        self.serve(web=self.secured())
        web = self.trusting()
        plain = Web(web.url)
        with self.assertRaises((OSError, http.client.HTTPException)):
            plain.get("/overview")
        stalled = [self.enterContext(plain.connect()) for _ in range(300)]
        for number, client in enumerate(stalled):
            with contextlib.suppress(OSError):
                client.sendall(b"\x16\x03\x01\x02\x00"[:number % 6])
        self.assertEqual(web.get("/overview")["names"], [self.host])

    def test_a_new_certificate_is_taken_at_a_reload(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        other = Authority(folder)
        mine = self.folder / "mine"
        mine.mkdir()
        names = {"certificateFile": mine / "web.pem", "keyFile": mine / "web.key"}

        def put(authority):
            names["certificateFile"].write_bytes(authority.server_certificate.read_bytes())
            names["keyFile"].write_bytes(authority.server_key.read_bytes())
        put(self.authority)
        self.serve(web={"listen": f"127.0.0.1:{free_port()}", **{name: str(path) for name, path in names.items()}})
        web, after = self.trusting(), self.trusting(other)
        with self.assertRaises(ssl.SSLError):
            after.get("/overview")
        put(other)
        self.assertTrue(web.post("/configuration/reload")["good"])

        def is_new():
            with contextlib.suppress(OSError):
                return after.get("/overview")
        wait_until(is_new, 10, lambda: f"the new certificate: {self.running.output()}")

    def test_a_bad_certificate_keeps_alerts_from_nobody(self):
        desk = self.receiver()
        files = ("/nowhere/web.pem", str(self.file), str(self.authority.certificate))  # none, no PEM, not the key's
        secured = self.secured()
        for number, bad in enumerate(files):
            with self.subTest(bad=bad):
                if number == 0:
                    self.running = self.run_tocsin(self.webhook(desk), web={**secured, "certificateFile": bad})
                else:
                    self.configure(self.webhook(desk), web={**secured, "certificateFile": bad})
                    self.assertEqual(tocsin("reload", "-c", self.file, "--data-dir", self.data).returncode, 0)
                line = self.running.wait_for_line(f"dashboard: {bad}" if number < 2 else "dashboard: /")
                self.assertIn("error", line)
                for change in (self.manager.stop, self.manager.start):
                    told = len(desk.requests)
                    change(ENGINE)
                    desk.wait_for(told + 1)


if __name__ == "__main__":
    unittest.main()
