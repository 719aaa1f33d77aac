"""MQTT brokers: mosquitto with a private configuration, a subscriber, and one that misbehaves."""
import json
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading

from servers import ended_if_it_fails, free_port, listens, require, wait_until


class Mosquitto:
    """On a port of its own, on loopback. Sessions outlive an orderly restart."""

    def __init__(self, *options, authority=None, users=None, rules=None):
        """`users` is {name: password}; `rules` the text of an ACL file; with an `authority` it speaks
        TLS and wants a certificate of that authority."""
        require("mosquitto", "mosquitto_sub", "mosquitto_passwd")
        self.options = options
        self.authority = authority
        self.users = users or {}
        self.rules = rules
        self.port = free_port()
        self.folder = None
        self.process = None

    @ended_if_it_fails
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-mosquitto-"))
        self.folder.chmod(0o755)
        lines = [f"listener {self.port} 127.0.0.1", "persistence true",
                 f"persistence_location {self.folder}/", "log_type all", *self.options]
        if not any(option.startswith("user ") for option in self.options):
            lines.append("user root")
        if self.users:
            passwords = self.folder / "passwords"
            passwords.touch(0o600)
            for name, password in self.users.items():
                subprocess.run(["mosquitto_passwd", "-b", passwords, name, password], check=True,
                               capture_output=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines.append("allow_anonymous true")
        if self.rules is not None:
            (self.folder / "rules").write_text(self.rules, encoding="utf-8")
            lines.append(f"acl_file {self.folder}/rules")
        if self.authority:
            lines += [f"cafile {self.authority.certificate}",
                      f"certfile {self.authority.server_certificate}",
                      f"keyfile {self.authority.server_key}", "require_certificate true"]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.up()
        return self

    def up(self):
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(["mosquitto", "-c", self.folder / "mosquitto.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is None and listens(self.process.pid, self.port),
                   10, lambda: f"mosquitto listens: {self.log()}")

    def log(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def down(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Subscriber:
    """mosquitto_sub, whose messages are collected: dicts with topic, payload, qos and retain."""

    def __init__(self, broker, topic="#", user=None, retained=True, version="5", client_id=None):
        self.broker = broker
        self.topic = topic
        self.user = user
        self.retained = retained
        self.version = version
        self.client_id = client_id or f"subscriber-{id(self)}"
        self.subscribed = threading.Event()
        self.messages = []
        self.process = None

    def __enter__(self):
        arguments = ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", self.broker.port, "-t", self.topic,
                     "-q", "2", "-i", self.client_id, "-c", "-V", self.version, "-d",
                     *(["-x", "3600"] if self.version == "5" else []),
                     "-F", "%j", *([] if self.retained else ["-R"])]
        if self.user:
            arguments += ["-u", self.user, "-P", self.broker.users[self.user]]
        if self.broker.authority:
            arguments += ["--cafile", self.broker.authority.certificate,
                          "--cert", self.broker.authority.server_certificate,
                          "--key", self.broker.authority.server_key]
        self.process = subprocess.Popen([str(word) for word in arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        encoding="utf-8")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self.subscribed.wait(10):
            self.__exit__()
            raise AssertionError(f"subscribed: {self.broker.log()}")
        return self

    def _read(self):
        for line in self.process.stdout:
            if line.startswith("Subscribed"):
                self.subscribed.set()
            if not line.startswith("{"):
                continue  # what -d says besides
            message = json.loads(line)
            payload = message["payload"]
            message["payload"] = payload if isinstance(payload, str) else json.dumps(payload)
            self.take(message)

    def take(self, message):
        """Each, as it comes."""
        self.messages.append(message)

    def of(self, beginning):
        """The messages so far on topics that begin like this."""
        return [message for message in list(self.messages)
                if message["topic"].startswith(beginning)]

    def wait_for(self, count, beginning, seconds=20):
        wait_until(lambda: len(self.of(beginning)) >= count, seconds,
                   lambda: f"{count} messages on {beginning}: {self.messages}")
        return self.of(beginning)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


class BadBroker:
    """Speaks as much of MQTT 3.1.1 as it wants to: `connect(n)` and `publish(n)` say what it answers
    to the n-th (from 1) CONNECT or PUBLISH: True, None (nothing), False (it closes the connection) or
    bytes."""

    def __init__(self, connect=lambda n: True, publish=lambda n: True):
        self.answer_connect = connect
        self.answer_publish = publish
        self.connects = 0
        self.published = []  # (topic, payload)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, client.makefile("rb") as stream:
            try:
                while head := stream.read(1):
                    size, shift = 0, 0
                    while True:
                        byte = stream.read(1)[0]
                        size |= (byte & 0x7F) << shift
                        shift += 7
                        if not byte & 0x80:
                            break
                    if not self._handle(client, head[0], stream.read(size)):
                        return
            except (OSError, IndexError):
                return

    def _handle(self, client, head, body):
        kind = head >> 4
        if kind == 1:
            self.connects += 1
            answer, good = self.answer_connect(self.connects), b"\x20\x02\x00\x00"
        elif kind == 3:
            size, = struct.unpack(">H", body[:2])
            rest = body[2 + size:]
            self.published.append((body[2:2 + size].decode(), rest[2:].decode()))
            answer, good = self.answer_publish(len(self.published)), b"\x40\x02" + rest[:2]
        elif kind == 12:
            answer, good = True, b"\xd0\x00"
        else:
            return False
        if isinstance(answer, bytes):
            client.sendall(answer)
        elif answer:
            client.sendall(good)
        return answer is not False

    def __exit__(self, *_):
        self._listener.close()
        for client in self._sockets:
            client.close()
