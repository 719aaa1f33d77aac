"""A client of RNotifyServiceStatusChange and its kin that shares no code with the program: SMB by
Impacket, DCE/RPC and NDR by hand ([C706], [MS-SCMR]; Impacket's own classes for these calls do not
work, as they say themselves)."""
import struct

from impacket import smb3structs
from impacket.smbconnection import SMBConnection

SVCCTL = bytes.fromhex("81bb7a364498f135ad3298f038001003") + struct.pack("<I", 2)
NDR32 = bytes.fromhex("045d888aeb1cc9119fe808002b104860") + struct.pack("<I", 2)
OPEN_MANAGER, OPEN_SERVICE, REGISTER, WAIT, CLOSE_NOTIFY = 15, 16, 47, 48, 49
BIND, REQUEST, FAULT = 11, 0, 3
MULTIPLEXING = 0x10
FRAGMENT = 4280


class Fault(Exception):
    pass


class Pipe:
    """One open of the pipe svcctl, bound."""

    def __init__(self, port, user, password, dialect):
        self.smb = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=port, preferredDialect=dialect)
        self.smb.login(user, password)
        self.server = self.smb.getSMBServer()
        self.tree = self.smb.connectTree("IPC$")
        self.file = self.server.create(self.tree, "svcctl", 0x0012019F, 7, 0x40, 1, 0x80)
        self.call_id = 0
        self.flags = 0
        body = struct.pack("<HHI B3x HBx", FRAGMENT, FRAGMENT, 0, 1, 0, 1) + SVCCTL + NDR32
        self.flags = self.exchange(self.fragment(BIND, body, 3 | MULTIPLEXING))[3]

    def close(self):
        self.smb.close()

    @property
    def multiplexed(self):
        return bool(self.flags & MULTIPLEXING)

    def fragment(self, kind, body, flags=3):
        self.call_id += 1
        return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body), 0,
                           self.call_id) + body

    def request(self, opnum, stub):
        return self.fragment(REQUEST, struct.pack("<IHH", len(stub), 0, opnum) + stub)

    def exchange(self, fragment):
        """By FSCTL_PIPE_TRANSCEIVE."""
        return self.server.ioctl(self.tree, self.file, 0x0011C017, 1, fragment,
                                 maxOutputResponse=FRAGMENT)

    def call(self, opnum, stub):
        return stub_of(self.exchange(self.request(opnum, stub)))

    def post(self, opnum, stub):
        """By WRITE; its call id."""
        fragment = self.request(opnum, stub)
        write = smb3structs.SMB2Write()
        write["FileID"], write["Length"], write["Buffer"] = self.file, len(fragment), fragment
        write["Offset"] = write["WriteChannelInfoOffset"] = write["RemainingBytes"] = 0
        answer = self.server.recvSMB(self.send(smb3structs.SMB2_WRITE, write))
        assert answer["Status"] == 0, hex(answer["Status"])
        return self.call_id

    def begin_read(self):
        read = smb3structs.SMB2Read()
        read["Padding"], read["FileID"], read["Length"], read["Offset"] = 0x50, self.file, FRAGMENT, 0
        return self.send(smb3structs.SMB2_READ, read)

    def end_read(self, reading):
        """The call id that a reply bears, and its stub."""
        answer = self.server.recvSMB(reading)
        assert answer["Status"] == 0, hex(answer["Status"])
        fragment = smb3structs.SMB2Read_Response(answer["Data"])["Buffer"]
        return struct.unpack_from("<I", fragment, 12)[0], stub_of(fragment)

    def send(self, command, data):
        packet = self.server.SMB_PACKET()
        packet["Command"], packet["TreeID"], packet["Data"] = command, self.tree, data
        return self.server.sendSMB(packet)

    def open_service(self, name):
        manager = self.call(OPEN_MANAGER, struct.pack("<III", 0, 0, 5))[:20]
        text = (name + "\0").encode("utf-16le")
        string = struct.pack("<III", len(text) // 2, 0, len(text) // 2) + text
        string += bytes(-len(string) % 4)
        return self.call(OPEN_SERVICE, manager + string + struct.pack("<I", 5))[:20]


def stub_of(fragment):
    if fragment[2] == FAULT:
        raise Fault(hex(struct.unpack_from("<I", fragment, 24)[0]))
    return fragment[24:]


def registration(service, mask=0x27F):
    """The stub of RNotifyServiceStatusChange, level 2. The u64 that the structure begins with stands
    at 32, which needs no padding."""
    return (service + struct.pack("<III", 2, 2, 0x20000) + struct.pack("<QI", 0, mask) + bytes(32)
            + bytes(36) + struct.pack("<IIII", 0, 0, 0, 0) + bytes(16))


def registered(stub):
    """The notify handle, and the return value, of its answer."""
    assert len(stub) == 44, len(stub)
    return stub[20:40], struct.unpack_from("<I", stub, 40)[0]


def results(stub):
    """What RGetNotifyResults brings: pairs of the state and what triggered it; the return value."""
    if struct.unpack_from("<I", stub)[0] == 0:
        return [], struct.unpack("<II", stub)[1]
    room, count = struct.unpack_from("<II", stub, 4)
    assert room == count, (room, count)
    at, found = 12 + 12 * count, []
    for _ in range(count):
        at += -at % 8 + 8 + 4 + 32
        state = struct.unpack_from("<9I", stub, at)[1]
        at += 36 + 8
        triggered, names = struct.unpack_from("<II", stub, at)
        assert names == 0
        at += 8
        found.append((state, triggered))
    assert at + 4 == len(stub), (at, len(stub))
    return found, struct.unpack_from("<I", stub, at)[0]
