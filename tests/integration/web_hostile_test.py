"""What breaks web servers: clients that stall, flood, lie about lengths or never read. The program stays small, and alerts arrive."""
import pathlib
import re
import resource
import socket
import time
import unittest

from patience import LONGEST, SANITIZER
from program import require_tocsin
from served import Served
from servers import wait_until
from watched import ENGINE
from web import API

MOST_CONNECTIONS = 128
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


def setUpModule():
    require_tocsin()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 12_000), hard))


class Hostile(Served):
    def setUp(self):
        super().setUp()
        self.desk = self.receiver()
        self.web = self.serve(self.webhook(self.desk))
        for _ in range(2):  # it runs again then
            self.tell()  # the first one loads curl
        self.before = self.memory()

    def tell(self):
        """An alert arrives."""
        told = len(self.desk.requests)
        (self.manager.stop if told % 2 == 0 else self.manager.start)(ENGINE)
        self.desk.wait_for(told + 1, seconds=5)

    def memory(self):
        """Kilobytes."""
        status = pathlib.Path(f"/proc/{self.running.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def assert_small(self, more_kilobytes):
        """A sanitizer keeps memory of its own for what is long gone."""
        if not SANITIZER:
            self.assertLess(self.memory() - self.before, more_kilobytes)

    def files(self):
        return len(list(pathlib.Path(f"/proc/{self.running.process.pid}/fd").iterdir()))

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.running.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def assert_well(self, more_kilobytes=4000):
        """Others are served, an alert arrives, and nothing has grown."""
        self.assertEqual(self.web.ask("GET", "/healthz", timeout=5 * LONGEST).body, b"ok\n")
        self.tell()
        self.assert_small(more_kilobytes)
        self.assertLess(self.files(), MOST_CONNECTIONS + 80)

    def connections(self, count, first=b""):
        """As many as the program lets in; each has sent this."""
        clients = []
        for _ in range(count):
            client = self.web.connect()
            self.addCleanup(client.close)
            clients.append(client)
            try:
                client.sendall(first)
            except OSError:  # it had to go for a later one
                pass
        return clients

    def answer(self, request, *pieces):
        """The status of what is answered to bare bytes; 0: nothing. It must come within 5 seconds."""
        with self.web.connect() as client:
            client.settimeout(5 * LONGEST)
            try:
                client.sendall(request)
                for piece in pieces:
                    client.sendall(piece)
            except OSError:  # it has heard enough
                pass
            try:
                return int((client.recv(65536) or b"HTTP/1.1 0").split()[1])
            except ConnectionError:
                return 0


class Stalling(Hostile):
    def test_half_requests_leave_room_for_others(self):
        self.connections(500, HEAD)
        self.assert_well()

    def test_a_request_has_ten_seconds(self):
        with self.web.connect() as slow:
            slow.settimeout(30)
            slow.sendall(HEAD)
            begun = time.monotonic()
            with self.assertRaises((ConnectionError, StopIteration)):
                while True:
                    slow.sendall(b"X: y\r\n")
                    time.sleep(0.5)
                    self.assertLess(time.monotonic() - begun, 15 * LONGEST)
        self.assert_well()

    def test_a_body_that_never_comes(self):
        head = b"POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
        self.connections(300, head + b"{")
        self.assert_well()

    def test_10000_connections(self):
        count = 10_000
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < count + 1000:
            self.skipTest("a process may not open 11,000 files here")
        clients = self.connections(count)
        self.assert_well()
        for client in clients[::2]:
            client.close()
        self.assert_well()
        wait_until(lambda: self.files() < MOST_CONNECTIONS + 60, 5, "no more are open than may be")

    def test_a_storm_of_connections_costs_no_stream(self):
        """Who listens keeps its place."""
        with self.web.listen() as stream:
            for _ in range(3):
                for client in self.connections(300):
                    client.close()
            self.manager.stop(ENGINE)
            self.assertTrue(stream.change(5, what="host"))


class Flooding(Hostile):
    def test_large_heads(self):
        for request in (HEAD + b"X: " + 20_000 * b"x", HEAD + 2000 * b"X: yyyyyyyy\r\n", b"GET /" + 20_000 * b"a" + b" HTTP/1.1\r\n",
                        20_000 * b"A", HEAD + b"X: " + 1_000_000 * b"x"):
            with self.subTest(request=request[:40]):
                self.assertIn(self.answer(request), (0, 400, 431))
        self.assert_well()

    def test_large_bodies(self):
        head = b"POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for length in (b"65537", b"1073741824", b"18446744073709551615", b"99999999999999999999999", b"-1", b"1e9", b"0x10", b"+5", b"5, 6",
                       b"5\r\nContent-Length: 6"):
            with self.subTest(length=length):
                self.assertIn(self.answer(head + b"Content-Length: " + length + b"\r\n\r\n", b"{}   "), (400, 413))
        self.assert_well()

    def test_bodies_that_could_be_read_in_two_ways(self):
        head = b"POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for more in (b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
                     b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding:\x0bchunked\r\n", b"Content-Length : 4\r\n"):
            with self.subTest(more=more):
                status = self.answer(head + more + b"\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertIn(status, (400, 411, 501))
        self.assert_well()

    def test_what_is_no_http(self):
        for request in (b"\0" * 100, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + 500 * b"\xff", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
                        b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET http://x/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\nHost: localhost\n\n", b"\r\n" * 5000,
                        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            with self.subTest(request=request[:40]):
                self.assertIn(self.answer(request + b"\r\n\r\n"), (0, 400, 405, 421, 431, 505))
        self.assert_well()

    def test_no_path_leads_to_a_file(self):
        for path in ("/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/....//etc/passwd", "/assets/../web.token",
                     "/%c0%ae%c0%ae/etc/passwd", "/..\\..\\web.token", "/web.token", "/.%00/web.token", "/%252e%252e/web.token", "/file:///etc/passwd",
                     "/api/v1/hosts/..%2f..%2fweb.token", "/api/v1/hosts/%2e%2e", "//etc/passwd", "/%", "/%g0", "/%f"):
            with self.subTest(path=path):
                with self.web.connect() as client:
                    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                    text = client.recv(65536)
                    self.assertIn(int(text.split()[1]), (400, 404), text)
                    self.assertNotIn(b"root:", text)
                    self.assertNotIn(self.web.token.encode(), text)

    def test_1000_requests_in_one_piece(self):
        with self.web.connect() as client:
            client.sendall(1000 * (HEAD + b"\r\n"))
            text = b""
            while text.count(b"\r\n\r\nok\n") < 1000:
                piece = client.recv(65536)
                self.assertTrue(piece, f"{text.count(b'HTTP/1.1 200')} answers")
                text += piece
            self.assertEqual(text.count(b"HTTP/1.1 200"), 1000)
        self.assert_well()

    def test_requests_whose_answers_nobody_reads(self):
        for _ in range(100):
            client = self.web.connect(receive_buffer=1024)
            self.addCleanup(client.close)
            client.settimeout(0.05)
            try:
                while True:
                    client.sendall(100 * (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            except OSError:
                pass
        self.assert_well(more_kilobytes=20_000)

    def test_deep_and_odd_json(self):
        head = {"Content-Type": "application/json"}
        for body in (30_000 * b"[", 30_000 * b'{"a":', b'{"scope":"' + 60_000 * b"a" + b'"}', b'"' + 60_000 * b"\\u0000" + b'"', b"1e999999", b'{"scope":"\xff\xfe"}',
                     b'{"scope":"\\ud800","seconds":1,"reason":"x"}', b"-" * 60_000):
            with self.subTest(body=body[:20]):
                self.assertEqual(self.web.ask("POST", API + "/silences", body[:65_000], head).status, 400)
        self.assert_well()

    def test_many_fields_of_a_query(self):
        for query in ("?" + "&" * 10_000, "?" + "a=b&" * 3000, "?search=" + "*" * 250 + "x", "?search=" + "*a" * 120, "?search=%00", "?search=%ff"):
            with self.subTest(query=query[:20]):
                begun = time.monotonic()
                self.assertIn(self.web.ask("GET", API + "/hosts" + query).status, (200, 400))
                self.assertLess(time.monotonic() - begun, 1 * LONGEST)
        self.assert_well()


class NotReading(Hostile):
    def test_streams_that_are_never_read(self):
        """They cost their connection: events are kept once for all."""
        deaf = []
        for _ in range(64):
            client = self.web.connect(receive_buffer=1024)
            self.addCleanup(client.close)
            client.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            deaf.append(client)
        wait_until(lambda: self.web.get("/status")["streams"] == 64, 5, "all listen")
        for number in range(30):
            (self.manager.start if number % 2 else self.manager.stop)(ENGINE)
            time.sleep(0.12)
        wait_until(lambda: len(self.desk.requests) >= 20, 10, "alerts go on")
        self.assert_small(64 * 8 + 4000)
        self.manager.stop(ENGINE) if len(self.desk.requests) % 2 == 0 else self.manager.start(ENGINE)
        self.assertEqual(self.web.ask("GET", "/healthz", timeout=2).status, 200)

    def test_a_run_with_deaf_clients_ends_at_once(self):
        for _ in range(64):
            client = self.web.connect(receive_buffer=1024)
            self.addCleanup(client.close)
            client.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.connections(60, HEAD)
        begun = time.monotonic()
        self.assertEqual(self.running.stop(), 0)
        self.assertLess(time.monotonic() - begun, 3 * LONGEST)

    def test_a_client_that_resets(self):
        for _ in range(200):
            client = self.web.connect()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.close()
        wait_until(lambda: self.web.get("/status")["streams"] == 0, 20, "the places of those that have gone")
        self.assert_well()


if __name__ == "__main__":
    unittest.main()
