"""A client of tocsin's web API. Every answer is checked by the contract, and for what it must say to browsers."""
import collections
import dataclasses
import gzip
import http.client
import json
import socket
import urllib.parse

import contract

API = contract.BASE
SECURITY = ("content-security-policy", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy",
            "cross-origin-resource-policy", "x-frame-options", "cache-control")


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict  # names in lower case
    body: bytes
    wire: int  # bytes of the body as it came

    @property
    def json(self):
        return json.loads(self.body)


class Web:
    """Speaks to a URL such as http://127.0.0.1:8484/; a new connection for each request."""

    def __init__(self, url, token=None):
        self.url = url.rstrip("/")
        parts = urllib.parse.urlsplit(self.url)
        self.address, self.port, self.base = parts.hostname, parts.port, parts.path
        self.token = token
        self.tls = None  # the context of an https URL

    def _open(self, timeout):
        if self.tls:
            return http.client.HTTPSConnection(self.address, self.port, timeout=timeout, context=self.tls)
        return http.client.HTTPConnection(self.address, self.port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, timeout=20):
        """`path` below the URL. `body`: bytes as they are, or what becomes JSON. A header that is None is left out."""
        sent = {"Accept-Encoding": "gzip"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, bytes):
            sent["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        sent.update(headers or {})
        connection = self._open(timeout)
        try:
            connection.putrequest(method, self.base + path, skip_host="Host" in sent, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            wire = answer.read()
        finally:
            connection.close()
        kept = {name.lower(): value for name, value in answer.getheaders()}
        text = gzip.decompress(wire) if kept.get("content-encoding") == "gzip" and wire else wire
        return self._checked(method, path, Answer(answer.status, kept, text, len(wire)))

    def _checked(self, method, path, answer):
        for name in SECURITY:
            assert name in answer.headers, f"{method} {path}: without {name}: {answer}"
        assert not [name for name in answer.headers if name.startswith("access-control")], answer
        if path.startswith(API + "/"):
            contract.check(method, path.removeprefix(API), answer.status, answer.headers.get("content-type", ""),
                           answer.body)
        return answer

    def get(self, path, expected=200, **more):
        """What the API says."""
        return self._api("GET", path, None, expected, **more)

    def post(self, path, body=None, expected=200, **more):
        return self._api("POST", path, {} if body is None else body, expected, **more)

    def patch(self, path, body, expected=200, **more):
        return self._api("PATCH", path, body, expected, **more)

    def delete(self, path, expected=204, **more):
        return self._api("DELETE", path, None, expected, **more)

    def _api(self, method, path, body, expected, **more):
        answer = self.ask(method, API + path, body, **more)
        assert answer.status == expected, f"{method} {path}: {answer.status}, not {expected}: {answer.body[:500]}"
        return answer.json if answer.body else None

    def connect(self, receive_buffer=None):
        """A bare connection."""
        bare = socket.socket()
        if receive_buffer:
            bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        bare.settimeout(20)
        bare.connect((self.address, self.port))
        return self.tls.wrap_socket(bare, server_hostname=self.address) if self.tls else bare

    def listen(self, last_seen=None):
        return Stream(self, last_seen)


def quoted(text):
    """One segment of a path."""
    return urllib.parse.quote(text, safe="")


Event = collections.namedtuple("Event", "id name data")


class Stream:
    """Server-sent events, as a browser reads them; each fits the contract."""

    def __init__(self, web, last_seen=None):
        self.last_seen = last_seen
        self._bare = web.connect()
        lines = [f"GET {web.base}{API}/events HTTP/1.1", f"Host: {web.address}:{web.port}", "Accept: text/event-stream"]
        if web.token:
            lines.append(f"Authorization: Bearer {web.token}")
        if last_seen:
            lines.append(f"Last-Event-ID: {last_seen}")
        self._bare.sendall("\r\n".join([*lines, "", ""]).encode())
        self._text = b""
        head = self._take(b"\r\n\r\n").decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:])}
        if self.status == 200:
            contract.check("GET", "/events", 200, self.headers["content-type"], b"")
            self.retry = self._block()  # what comes at once: all is well

    def _take(self, end):
        while end not in self._text:
            piece = self._bare.recv(65536)
            if not piece:
                raise ConnectionError(f"the stream has ended: {self._text}")
            self._text += piece
        taken, self._text = self._text.split(end, 1)
        return taken

    def _block(self):
        return self._take(b"\n\n").decode()

    def event(self, seconds=10):
        """The next one; comments are passed over."""
        self._bare.settimeout(seconds)
        while True:
            fields = dict(line.split(": ", 1) for line in self._block().split("\n") if not line.startswith(":"))
            if "data" not in fields:
                continue
            event = Event(fields.get("id"), fields.get("event", "message"), json.loads(fields["data"]))
            self.last_seen = event.id or self.last_seen
            if event.name == "message":
                contract.fits(event.data, "Event", f"event {event.id}")
            return event

    def change(self, seconds=10, **wanted):
        """The first change that has these fields."""
        while True:
            for change in self.event(seconds).data.get("changes", ()):
                if wanted.items() <= change.items():
                    return change

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._bare.close()
