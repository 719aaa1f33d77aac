"""A client of a pipe's front (wine_host.py) in place of smbd: DCE/RPC and NDR by hand."""
import socket
import struct
import uuid

from wine import STATES, WindowsError

SET_STATUS = 7  # [MS-SCMR 3.1.4.8]


class Caller:
    """Opens the pipe as smbd does for a client, and speaks DCE/RPC there."""

    INTERFACE = uuid.UUID("367abb81-9844-35f1-ad32-98f038001003").bytes_le + struct.pack("<I", 2)
    SYNTAX = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)
    MULTIPLEXED = 0x10

    def __init__(self, front):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._path = str(front.path)

    def __enter__(self):
        self._socket.connect(self._path)
        self._socket.sendall(struct.pack(">I", 8) + struct.pack("<4sI", b"NPAM", 7))
        self._receive(*struct.unpack(">I", self._receive(4)))
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def _receive(self, size):
        return self._socket.recv(size, socket.MSG_WAITALL)

    def _send(self, kind, call_id, body, flags=0):
        fragment = struct.pack("<BBBBIHHI", 5, 0, kind, 3 | flags, 0x10, 16 + len(body), 0, call_id) + body
        self._socket.sendall(struct.pack("<H", len(fragment)) + fragment)

    def receive(self):
        """A reply of one fragment: its kind, flags, call id, and what follows the header."""
        fragment = self._receive(*struct.unpack("<H", self._receive(2)))
        _, _, kind, flags, _, _, _, call_id = struct.unpack_from("<BBBBIHHI", fragment)
        return kind, flags & ~3, call_id, fragment[16:]

    def bind(self, flags=0):
        """The flags and the size of fragments of the answer."""
        self._send(11, 1, struct.pack("<HHIIHH", 5840, 5840, 0, 1, 0, 1) + self.INTERFACE + self.SYNTAX, flags)
        _, flags, _, body = self.receive()
        return flags, struct.unpack_from("<HH", body)

    def send(self, call_id, opnum, stub):
        self._send(0, call_id, struct.pack("<IHH", len(stub), 0, opnum) + stub)

    def ask(self, call_id, opnum, stub):
        self.send(call_id, opnum, stub)
        return self.receive()[3][8:]

    def open_service(self, name, access=0x4):
        """A handle of the service; the access is SERVICE_QUERY_STATUS."""
        manager = self.ask(2, 15, struct.pack("<III", 0, 0, 1))[:20]
        count = len(name) + 1
        text = f"{name}\0".encode("utf-16-le")
        return self.ask(3, 16, manager + struct.pack("<III", count, 0, count) + text + bytes(-len(text) % 4)
                        + struct.pack("<I", access))[:20]

    def set_states(self, name, *states):
        """One after the other, as fast as can be, as a service itself tells its manager. It needs no process."""
        set_status, own_process, accepts_stop = 0x8000, 0x10, 1
        service = self.open_service(name, set_status)
        for state in states:
            status = struct.pack("<7I", own_process, STATES.index(state), accepts_stop, 0, 0, 0, 0)
            code, = struct.unpack("<I", self.ask(4, SET_STATUS, service + status))
            if code:
                raise WindowsError(("set", name, state), code)
