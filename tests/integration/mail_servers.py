"""Mail servers: one whose every answer a test scripts (aiosmtpd), and one that puts mails into a
maildir (OpenSMTPD)."""
import asyncio
import base64
import contextlib
import dataclasses
import email
import email.policy
import logging
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import warnings

from servers import end_processes_about, ended_if_it_fails, free_port, listens, require, require_root, wait_until

HANG = "hang"  # answers that are none: say nothing, close the connection
DROP = "drop"


def require_aiosmtpd():
    """Skips the tests where the library behind MailServer is missing."""
    try:
        import aiosmtpd.smtp  # noqa: F401
    except ImportError as missing:
        raise unittest.SkipTest(f"python3-aiosmtpd is not installed: {missing}") from missing


@dataclasses.dataclass(frozen=True)
class Mail:
    at: float  # time.monotonic()
    sender: str
    recipient: str
    data: bytes
    login: tuple | None  # mechanism, user, secret
    encrypted: bool
    sni: str | None  # the name that the client asked for
    client: str  # what it called itself

    @property
    def message(self):
        return email.message_from_bytes(self.data, policy=email.policy.SMTP)

    @property
    def id(self):
        return self.message["message-id"]

    def body(self, kind):
        """The text of the part `plain` or `html`."""
        return self.message.get_body((kind,)).get_content()


class _Handler:
    def __init__(self, owner):
        self.owner = owner

    async def _answer(self, server, step, address, otherwise):
        answer = self.owner.take(step, address) or otherwise
        if answer == HANG:
            await asyncio.sleep(3600)
        if answer == DROP:
            server.transport.abort()
            await asyncio.sleep(3600)
        return answer

    async def handle_MAIL(self, server, _session, envelope, address, options):
        envelope.mail_from = address
        return await self._answer(server, "MAIL", address, "250 2.1.0 OK")

    async def handle_RCPT(self, server, _session, envelope, address, _options):
        answer = await self._answer(server, "RCPT", address, "250 2.1.5 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        self.owner.mails.append(Mail(
            time.monotonic(), envelope.mail_from, envelope.rcpt_tos[0], envelope.original_content,
            session.auth_data, session.ssl is not None or self.owner.tls == "implicit",
            self.owner.sni, session.host_name))
        return await self._answer(server, "DATA", envelope.rcpt_tos[0], "250 2.0.0 queued")

    async def auth_XOAUTH2(self, server, arguments):
        """As Google and Microsoft do it: a wrong token is answered with a challenge first."""
        from aiosmtpd.smtp import AuthResult
        blob = arguments[1] if len(arguments) > 1 else await server.challenge_auth("")
        if isinstance(blob, str):
            blob = base64.b64decode(blob)
        user, token = (part.split(b"=", 1)[1] for part in blob.rstrip(b"\1").split(b"\1"))
        user, token = user.decode(), token.decode().removeprefix("Bearer ")
        if self.owner.users.get(user) == token:
            return AuthResult(success=True, auth_data=("XOAUTH2", user, token))
        await server.challenge_auth('{"status":"401","schemes":"Bearer"}')
        return AuthResult(success=False, handled=False)


class MailServer:
    """Listens on 127.0.0.1. `tls` is None, "starttls" or "implicit"; with `users` ({name: secret}) a
    login is demanded, by one of `mechanisms`."""

    def __init__(self, *, tls=None, authority=None, users=None, mechanisms=("PLAIN", "LOGIN"),
                 port=0, **options):
        self.tls = tls
        self.users = users or {}
        self.mails = []
        self.logins = []  # whether each attempt was accepted
        self.sni = None
        self.commands = []  # verbs and what follows, but for what is said within AUTH
        self.port = port
        self._context = authority.context() if authority else None
        if self._context:
            self._context.sni_callback = self._note_name
        unwanted = {"PLAIN", "LOGIN", "XOAUTH2"} - set(mechanisms)
        self._options = {"auth_exclude_mechanism": unwanted, "auth_require_tls": False, **options}
        if self.users:
            self._options |= {"authenticator": self._check, "auth_required": True}
        self._script = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._server = None

    def _note_name(self, _socket, name, _context):
        self.sni = name

    def _check(self, _server, _session, _envelope, mechanism, data):
        from aiosmtpd.smtp import AuthResult
        user, secret = data.login.decode(), data.password.decode()
        self.logins.append(self.users.get(user) == secret)
        return AuthResult(success=self.logins[-1], handled=False,
                          auth_data=(mechanism, user, secret))

    def _connection(self):
        from aiosmtpd.smtp import SMTP
        starttls = self._context if self.tls == "starttls" else None
        owner = self

        class Connection(SMTP):
            async def _call_handler_hook(self, command, *arguments):
                owner.commands.append(command)
                return await super()._call_handler_hook(command, *arguments)

        with warnings.catch_warnings():  # of what is asked for
            warnings.simplefilter("ignore")
            return Connection(_Handler(self), hostname="mail.test", tls_context=starttls,
                              loop=self._loop, **self._options)

    def when(self, step, *answers, address=None):
        """The answers to MAIL, RCPT or DATA, one after the other; afterwards all is well again.
        `address`: of one sender or recipient only."""
        self._script[(step, address)] = list(answers)

    def take(self, step, address):
        for key in ((step, address), (step, None)):
            if self._script.get(key):
                return self._script[key].pop(0)
        return None

    def __enter__(self):
        for log in ("mail.log", "mail.debug"):  # where it reports clients that go away
            logging.getLogger(log).setLevel(logging.CRITICAL)
        self._thread.start()
        implicit = self._context if self.tls == "implicit" else None
        self._server = self._call(self._loop.create_server(self._connection, "127.0.0.1", self.port,
                                                           ssl=implicit))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def _call(self, task):
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(20)

    async def _close(self):
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __exit__(self, *_):
        if self._server:
            self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def settings(self, **more):
        """How a configuration names this server."""
        smtp = {"host": "127.0.0.1", "port": self.port, "secure": self.tls == "implicit", **more}
        if self.users and "auth" not in more:
            user, secret = next(iter(self.users.items()))
            smtp["auth"] = {"enable": True, "user": user, "password": secret}
        return smtp

    def wait_for(self, count, seconds=20):
        """The mails, as soon as there are so many."""
        wait_until(lambda: len(self.mails) >= count, seconds,
                   lambda: f"{count} mails, only {[mail.recipient for mail in self.mails]}")
        return list(self.mails)


class OpenSmtpd:
    """smtpd with a private configuration, spool and run folder: those of the machine are hidden from it
    by a mount namespace. Puts mails for `DOMAIN` into a maildir. In the clear and without a login, for
    Debian 12's does no TLS (measured: "missing private key", whatever the key and the version)."""

    DOMAIN = "box.example"

    def __init__(self):
        require("smtpd", "unshare", "mount")
        require_root("smtpd, which changes its user,")
        self.port = free_port()
        self.process = None

    @ended_if_it_fails
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-smtpd-"))
        self.folder.chmod(0o755)
        self.box = self.folder / "box"
        self.box.mkdir()
        shutil.chown(self.box, "nobody")
        self.configuration = self.folder / "smtpd.conf"
        self.configuration.write_text(f"""
table users {{ "@{self.DOMAIN}" = "nobody" }}
listen on 127.0.0.1 port {self.port}
action "box" maildir "{self.box}" virtual <users>
match from any for domain "{self.DOMAIN}" action "box"
""", encoding="utf-8")
        script = ("mount -t tmpfs none /var/spool && mkdir -m 711 /var/spool/smtpd && "
                  "mount -t tmpfs none /run && exec smtpd -d -f \"$1\"")
        self.log = open(self.folder / "log", "w+", encoding="utf-8")  # closed in __exit__
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
             self.configuration], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_until(self._listens, 20, self.output)
        return self

    def output(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def _listens(self):
        if self.process.poll() is not None:
            if "mount" in self.output() or "unshare" in self.output():
                raise unittest.SkipTest(f"no private folders for smtpd here: {self.output().strip()}")
            raise AssertionError(f"smtpd ended: {self.output()}")
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return any(listens(int(child), self.port) for child in children.read_text().split())

    def settings(self):
        return {"host": "127.0.0.1", "port": self.port}

    def mails(self):
        """What lies in the maildir."""
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP)
                for path in sorted(self.box.glob("new/*"))]

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        end_processes_about(self.configuration)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
