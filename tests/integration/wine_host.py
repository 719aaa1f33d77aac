"""A host that others wrote: Samba's SMB server, and behind its svcctl pipe Wine's service manager.

smbd logs users in, signs and encrypts. For each open of the pipe it connects to a socket, where the front
listens. That passes every call on to relay.exe in Wine, which has an instance of the manager's own pipe
for each connection. So a probe meets a server and a service manager that nobody fitted to it, with
services that start, pause, stop, hang and go.

    with wine.Prefix(), Windows() as windows, WineHost(windows, "  server signing = mandatory") as host:
        windows.services.install("one")
        configuration(..., hosts=[host.host(["one"])], credentials=host.credentials())

Where Wine 8 differs from Windows (measured):
- A process that ends without a word leaves its service RUNNING, with the same process id, until somebody starts it.
- Nobody is refused for a lack of rights. A service whose removal is pending may still be started, and nobody is told
  that it is pending.
- Triggers, delayed starts and failure actions are unknown, and answered with an error.
"""
import asyncio
import collections
import contextlib
import os
import struct
import subprocess
import threading
import unittest

import output
import wine
from servers import Samba, require

RELAY = os.environ.get("TOCSIN_RELAY", "")

# DCE/RPC [C706 12.6; MS-RPCE 2.2.2]
_HEADER = struct.Struct("<BBBBIHHI")  # version twice, type, flags, data representation, length, length of
#                                       the authentication, call id
_REQUEST, _FAULT, _BIND, _BIND_ACK, _ALTER_CONTEXT = 0, 3, 11, 12, 14
_FIRST, _LAST, _MULTIPLEXED = 0x01, 0x02, 0x10
_OUT_OF_RANGE = 0x1C010002  # nca_s_op_rng_error

# svcctl [MS-SCMR 3.1.4]; each begins with the handle that it is about
CLOSE, NOTIFY, GET_NOTIFY_RESULTS, CLOSE_NOTIFY, QUERY_CONFIG_EX = 0, 47, 48, 49, 56
_HANDLE = slice(24, 44)
_NEW_NOTIFY_HANDLE = slice(44, 64)

_WINDOWS_FRAGMENT = 4280  # what the pipes of Windows take at most


def _type(fragment):
    return fragment[2]


def _flags(fragment):
    return fragment[3]


def _call_id(fragment):
    return _HEADER.unpack_from(fragment)[-1]


def _opnum(fragment):
    return struct.unpack_from("<H", fragment, 22)[0]


def _close(handle):
    return (_HEADER.pack(5, 0, _REQUEST, _FIRST | _LAST, 0x10, 24 + len(handle), 0, 1)
            + struct.pack("<IHH", len(handle), 0, CLOSE) + handle)


def _with(fragment, offset, form, *values):
    changed = bytearray(fragment)
    struct.pack_into(form, changed, offset, *values)
    return bytes(changed)


def _fault(request, status):
    context = request[20:22]
    return (_HEADER.pack(5, 0, _FAULT, _FIRST | _LAST, 0x10, 32, 0, _call_id(request))
            + struct.pack("<I2sHII", 0, context, 0, status, 0))


class _WinePipe:
    """An instance of the manager's pipe. One call at a time: all replies of Wine have the call id 1."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    async def call(self, call):
        """Its fragments; yields those of the reply, with the id of the call."""
        async with self._turn:
            self._writer.write(b"".join(call))
            while True:
                header = await self._reader.readexactly(_HEADER.size)
                length = _HEADER.unpack(header)[5]
                fragment = header + await self._reader.readexactly(length - len(header))
                yield _with(fragment, 12, "<I", _call_id(call[0]))
                if _flags(fragment) & _LAST:
                    return

    def close(self):
        self._writer.close()


class _Opened:
    """One open of the pipe by a client of smbd, for as long as it lasts."""

    def __init__(self, front, reader, writer):
        self._front = front
        self._reader = reader
        self._writer = writer
        self._pipes = []  # ours of Wine's; the first has all calls but those that wait beside it
        self._idle = []  # of the others
        self._bind = None  # for more pipes, whose handles are those of the first
        self._services = {}  # that are listened to, by the handle of that
        self._waiting = set()  # handles of services that a call waits for

    async def serve(self):
        try:
            await self._greet()
            await self._open_pipe()
            async with asyncio.TaskGroup() as answers:
                async for call in self._calls():
                    answers.create_task(self._answer(call))
        except* (asyncio.IncompleteReadError, ConnectionError):
            await self._run_down()  # either side has closed its end
        finally:
            for pipe in self._pipes:
                pipe.close()
            self._writer.close()

    async def _greet(self):
        """smbd says who has opened the pipe, and is told what kind of pipe it is. [named_pipe_auth.idl: Samba 4.17 speaks
        at level 7, Samba 4.22 at level 8, and the answer is of the same level]"""
        length, = struct.unpack(">I", await self._reader.readexactly(4))
        level, = struct.unpack_from("<I", await self._reader.readexactly(length), 4)  # behind the magic
        by_messages, device_state, allocation = 2, 0x5FF, 4096
        answer = b"NPAM" + struct.pack("<IIHH4xQI", level, level, by_messages, device_state, allocation, 0)
        self._writer.write(struct.pack(">I", len(answer)) + answer)

    async def _calls(self):
        """What wants an answer, when it is complete: a list of fragments."""
        unfinished = collections.defaultdict(list)
        while True:
            length, = struct.unpack("<H", await self._reader.readexactly(2))
            fragment = await self._reader.readexactly(length)
            unfinished[_call_id(fragment)].append(fragment)
            if _flags(fragment) & _LAST:
                call = unfinished.pop(_call_id(fragment))
                if _type(fragment) in (_REQUEST, _BIND, _ALTER_CONTEXT):
                    yield call

    def hang_up(self):
        self._writer.close()

    def _reply(self, fragment):
        self._writer.write(struct.pack("<H", len(fragment)) + fragment)

    async def _answer(self, call):
        if _type(call[0]) == _REQUEST:
            await self._answer_request(call)
        else:
            await self._answer_bind(call[0])

    async def _answer_request(self, call):
        opnum = _opnum(call[0])
        if opnum in self._front.ends_at:
            self.hang_up()
            return
        if opnum in self._front.refused:
            self._reply(_fault(call[0], _OUT_OF_RANGE))
            return
        # The second, because Wine does not answer it while the first waits.
        beside = opnum in (GET_NOTIFY_RESULTS, CLOSE_NOTIFY) and self._front.multiplexes
        pipe = await self._pipe_beside() if beside else self._pipes[0]
        service = self._services.get(call[0][_HANDLE])
        if opnum == GET_NOTIFY_RESULTS and service:
            self._waiting.add(service)
        count = 0
        async for fragment in pipe.call(call):
            count += 1
            self._reply(fragment)
        self._waiting.discard(service)
        if opnum == NOTIFY:
            self._services[fragment[_NEW_NOTIFY_HANDLE]] = call[0][_HANDLE]
        if beside:
            self._idle.append(pipe)
        self._front.most_fragments[opnum] = max(count, self._front.most_fragments[opnum])

    async def _answer_bind(self, bind):
        most = [min(_WINDOWS_FRAGMENT, size) for size in struct.unpack_from("<HH", bind, 16)]
        bind = _with(bind, 16, "<HH", *most)
        async for ack in self._pipes[0].call([bind]):
            if _type(ack) == _BIND_ACK:
                group = ack[20:24]
                self._bind = bind[:20] + group + bind[24:]
                ack = _with(ack, 16, "<HH", *most)
                if self._front.multiplexes:
                    ack = _with(ack, 3, "<B", _flags(ack) | _flags(bind) & _MULTIPLEXED)
            self._reply(ack)

    async def _open_pipe(self):
        pipe = _WinePipe(*await asyncio.open_connection("127.0.0.1", self._front.relay))
        self._pipes.append(pipe)
        return pipe

    async def _pipe_beside(self):
        return self._idle.pop() if self._idle else await self._open_another()

    async def _open_another(self):
        pipe = await self._open_pipe()
        async for _ in pipe.call([self._bind]):
            pass
        return pipe

    async def _run_down(self):
        """Windows closes the handles of a client that goes; Wine only when none of its calls waits any more."""
        if self._waiting:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # Wine has gone
                pipe = await self._open_another()
                for service in self._waiting:
                    async for _ in pipe.call([_close(service)]):
                        pass


class Front:
    """Listens where smbd looks for who serves its svcctl pipe, and mends what Wine gets wrong: call ids,
    the calls in `refused` (Wine 8 never answers RQueryServiceConfigEx, and then nothing else on that pipe), the size of
    fragments, and handles that outlive their client. With `multiplexes` clients may have more calls under way while
    RGetNotifyResults waits."""

    def __init__(self, path, relay, *, multiplexes=False, refused=(QUERY_CONFIG_EX,)):
        self.path = path
        self.relay = relay
        self.multiplexes = multiplexes
        self.refused = refused
        self.ends_at = ()  # calls at which it hangs up
        self.most_fragments = collections.Counter()  # of a reply, by opnum
        self._opened = set()
        self._loop = None
        self._ended = None
        self._listens = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self):
        self.path.parent.mkdir(mode=0o700)  # smbd insists on it
        self._thread.start()
        assert self._listens.wait(10), "nobody serves the pipe"
        return self

    async def _serve(self):
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_unix_server(self._take, self.path):
            self._listens.set()
            await self._ended.wait()

    async def _take(self, reader, writer):
        opened = _Opened(self, reader, writer)
        self._opened.add(opened)
        with contextlib.suppress(asyncio.CancelledError):  # the front ends
            await opened.serve()
        self._opened.discard(opened)

    def hang_up(self):
        """On all clients, as when the manager's process has ended."""
        def do():
            for opened in self._opened:
                opened.hang_up()
        self._loop.call_soon_threadsafe(do)

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()


class Windows:
    """The services of this process's Wine prefix, and a relay to their manager, for any number of hosts."""

    def __init__(self):
        if not RELAY:
            raise unittest.SkipTest("TOCSIN_RELAY does not name relay.exe, which needs g++-mingw-w64-x86-64-posix")
        self.services = None
        self.relay = None  # its port
        self._begun = None

    def __enter__(self):
        with contextlib.ExitStack() as begun:
            self.services = begun.enter_context(wine.Services())
            self.relay = begun.enter_context(_relay())
            self._begun = begun.pop_all()
        return self

    def __exit__(self, *_):
        self._begun.close()


@contextlib.contextmanager
def _relay():
    """The port of a relay that runs."""
    for _ in range(wine.ATTEMPTS):
        process = subprocess.Popen(["wine", RELAY, "svcctl"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            port = next(output.lines(process, process.stdout), "")
            if port:
                yield int(port)
                return
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
    raise AssertionError("relay.exe does not start")


class WineHost(Samba):
    """smbd with the services of a Windows; otherwise as Samba. `front`: how its Front differs."""

    def __init__(self, windows, options="", *, front=None, **more):
        require("smbclient")
        super().__init__(f"  rpc start on demand helpers = no\n{options}", **more)
        self._windows = windows
        self._differs = front or {}
        self.front = None

    def _set_up(self):
        super()._set_up()
        self.front = Front(self.folder / "ncalrpc/np/svcctl", self._windows.relay, **self._differs).__enter__()

    def _log_in(self):
        """`net` would, but asks through other pipes too, which nobody serves here."""
        return subprocess.run(
            ["smbclient", "//127.0.0.1/IPC$", "-s", self.configuration, "-p", str(self.port), "-c", "quit",
             "-U", f"{self.user}%{self.password}"], capture_output=True, text=True, timeout=60, check=False)

    def __exit__(self, *_):
        try:
            super().__exit__()
        finally:
            if self.front:
                self.front.__exit__()
