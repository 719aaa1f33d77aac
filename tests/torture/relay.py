"""A TCP relay in front of a server: the place where connections go bad."""
import asyncio
import contextlib
import os
import socket
import struct
import threading


class Relays:
    """The thread in which all relays run."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)


class Relay:
    """Listens on `address` and passes on to a port of 127.0.0.1. `mode`: "pass"; "reset" or answer "garbage" to whoever
    connects; "hang": pass nothing on; "cut": reset shortly after the first bytes of each direction; "slow"."""

    def __init__(self, relays, address, upstream):
        self.relays = relays
        self.address = address
        self.upstream = upstream
        self.port = 0
        self.mode = "pass"
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers = set()
        self.open()

    def open(self):
        self._server = self.relays.run(asyncio.start_server(self._serve, self.address, self.port))
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self):
        """Nobody listens any more, and all connections are closed."""
        async def close():
            self._server.close()
            self._drop_all()
        self.relays.run(close())

    def set(self, mode):
        """From now on, for old connections too."""
        async def change():
            self.mode = mode
            if mode == "hang":
                self._passing.clear()
            else:
                self._passing.set()
            if mode in ("reset", "garbage"):
                self._drop_all()
        self.relays.run(change())

    def _drop_all(self):
        for writer in list(self._writers):
            self._reset(writer)

    @staticmethod
    def _reset(writer):
        with contextlib.suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _serve(self, reader, writer):
        if self.mode == "reset":
            self._reset(writer)
            return
        if self.mode == "garbage":
            writer.write(os.urandom(200))
            writer.close()
            return
        try:
            upper_reader, upper_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            self._reset(writer)
            return
        both = {writer, upper_writer}
        self._writers |= both
        try:
            await asyncio.gather(self._pump(reader, upper_writer, both), self._pump(upper_reader, writer, both))
        except OSError:
            pass
        finally:
            for one in both:
                one.transport.abort()
            self._writers -= both

    async def _pump(self, source, sink, both):
        while data := await source.read(65536):
            await self._passing.wait()
            size = 512 if self.mode == "slow" else len(data)
            for begin in range(0, len(data), size):
                sink.write(data[begin:begin + size])
                await sink.drain()
                if self.mode == "slow":
                    await asyncio.sleep(0.05)
            if self.mode == "cut":
                await asyncio.sleep(0.05)
                for one in both:
                    self._reset(one)
        await self._passing.wait()
        if not sink.is_closing():
            with contextlib.suppress(OSError):
                sink.write_eof()
