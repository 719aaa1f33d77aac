"""A webhook receiver whose answers a test scripts, over HTTP or HTTPS with an authority of its own."""
import dataclasses
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import time
import urllib.parse

from servers import wait_until


class Authority:
    """A certificate authority in a folder, and a server's certificate that it has issued."""

    def __init__(self, folder, names="DNS:localhost,IP:127.0.0.1,IP:::1"):
        folder = pathlib.Path(folder)
        self.certificate = folder / "authority.pem"
        self.server_certificate = folder / "server.pem"
        self.server_key = folder / "server.key"
        key = folder / "authority.key"
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self._openssl(*new_key, "-keyout", key, "-out", self.certificate,
                      "-subj", "/CN=Authority of a test",
                      "-addext", "basicConstraints=critical,CA:TRUE",
                      "-addext", "keyUsage=critical,keyCertSign")
        self._openssl(*new_key, "-keyout", self.server_key, "-out", self.server_certificate,
                      "-CA", self.certificate, "-CAkey", key, "-subj", "/CN=Receiver of a test",
                      "-addext", "basicConstraints=critical,CA:FALSE",
                      "-addext", f"subjectAltName={names}")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", "req", "-x509", "-days", "2", *arguments], check=True,
                       capture_output=True)

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_certificate, self.server_key)
        return context


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: tuple = ()
    body: bytes = b"ok"
    fault: str = ""  # "hang": say nothing; "truncate": close in the middle of the body; "flood": never end
    delay: float = 0  # seconds, before the answer


NO_CONTENT = Answer(status=204, body=b"")
HANG = Answer(fault="hang")
TRUNCATE = Answer(fault="truncate")
FLOOD = Answer(fault="flood")


@dataclasses.dataclass(frozen=True)
class Request:
    at: float  # time.monotonic()
    method: str
    path: str  # with the query
    headers: dict  # names in lower case
    body: bytes

    @property
    def key(self):
        return self.headers.get("idempotency-key")

    @property
    def message(self):
        return json.loads(self.body)

    @property
    def query(self):
        return urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query,
                                      keep_blank_values=True)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(time.monotonic(), self.command, self.path,
                          {name.lower(): value for name, value in self.headers.items()}, body)
        answer = self.server.receiver.take(request)
        if answer.fault == "hang":
            self.close_connection = True
            self.server.receiver.closing.wait()
            return
        if answer.delay:
            time.sleep(answer.delay)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.fault == "flood":
            self.close_connection = True
            self.end_headers()
            while not self.server.receiver.closing.is_set():
                self.wfile.write(bytes(1 << 20))  # until the client hangs up
        if answer.fault == "truncate":
            self.close_connection = True
            self.send_header("Content-Length", str(len(answer.body) + 100))
        elif answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients that hang up, refuse the certificate or are killed are part of the tests."""


class Receiver:
    """Listens on 127.0.0.1. Answers with `script`, one answer a request, then with `always`. In place
    of an answer there may be a function that judges the request."""

    def __init__(self, *script, always=Answer(), authority=None, port=0):
        self.requests = []
        self.closing = threading.Event()
        self.always = always
        self._script = list(script)
        self._lock = threading.Lock()
        self._authority = authority
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.receiver = self
        self.port = self._server.server_port
        if authority:
            self._server.socket = authority.context().wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self):
        self._thread.start()
        return self

    def url(self, path="/alerts", host="127.0.0.1"):
        return f"{'https' if self._authority else 'http'}://{host}:{self.port}{path}"

    def take(self, request):
        """Writes the request down; returns its answer."""
        with self._lock:
            self.requests.append(request)
            answer = self._script.pop(0) if self._script else self.always
        return answer(request) if callable(answer) else answer

    def wait_for(self, count, seconds=15):
        """The requests, as soon as there are so many."""
        wait_until(lambda: len(self.requests) >= count, seconds,
                   lambda: f"{count} requests, only {self.requests}")
        return list(self.requests)

    def __exit__(self, *_):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
