"""What the program sends, judged by tshark: no malformed or erroneous frame, every signature right."""
import pathlib
import socket
import subprocess
import tempfile
import unittest

from capture import FAULTS, Capture, require_capture, tshark
from program import Running, Simulator, configuration, require_tocsin, tocsin
from pushed import assert_calls_are_sound
from servers import Samba

# tshark finds the session key with a password that is ASCII only.
PASSWORD = "Passw0rd"


def setUpModule():
    require_tocsin()
    require_capture()
    Samba()


class Frames(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tocsin-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def capture(self, dialect, options=""):
        """One check and one listing, captured."""
        samba = self.enterContext(Samba(
            f"  server min protocol = {dialect}\n  server max protocol = {dialect}\n{options}",
            password=PASSWORD))
        file = configuration(f"{self.folder}/tocsin.yaml", credentials=samba.credentials(),
                             hosts=[samba.host(("Spooler", "NETLOGON", "NoSuchService"))])
        self.port = samba.port
        self.file = f"{self.folder}/capture.pcapng"
        with Capture(self.file, samba.port):
            self.assertEqual(tocsin("check", "-c", file).returncode, 1)
            self.assertEqual(tocsin("services", "-c", file, "samba").returncode, 0)

    def shown(self, shown, *fields, file=None, **more):
        return tshark(file or self.file, self.port, PASSWORD, shown, *fields, **more)

    def assert_sound(self, transform, **more):
        """`transform`: whether the frames after the login must be encrypted."""
        self.assertEqual(self.shown(FAULTS, **more), [])
        self.assertEqual(self.shown("smb2.nt_status == 0xc000000d"), [])  # INVALID_PARAMETER
        # tshark has decoded the calls themselves, up to both ends of both conversations.
        self.assertGreaterEqual(len(self.shown(f"svcctl && tcp.dstport == {self.port}")), 6)
        self.assertEqual(len(self.shown("smb2.cmd == 2 && smb2.flags.response == 0")), 2)
        requests = "smb2.cmd > 1 && smb2.flags.response == 0"
        encrypted = self.shown(f"{requests} && smb2.header.transform.signature", "frame.number")
        everything = self.shown(requests, "frame.number")
        self.assertEqual(encrypted, everything if transform else [])
        # Accounts that may log on from some computers only need this machine's name.
        workstation = socket.gethostname().split(".")[0].upper()[:15]
        self.assertEqual(self.shown("ntlmssp.messagetype == 3", "ntlmssp.auth.hostname", **more),
                         [workstation] * 2)
        if not transform:
            signed = self.shown(f"{requests} && smb2.flags.signature == 1", "frame.number")
            self.assertEqual(signed, everything)

    def assert_signatures(self):
        """Every request but the first ones, which have no key, is signed as tshark signs it."""
        requests = "smb2.cmd > 1 && smb2.flags.response == 0"
        self.assertEqual(self.shown(f"{requests} && smb2.good_signature", "frame.number"),
                         self.shown(requests, "frame.number"))

    def test_signed(self):
        cmac = "  server smb3 signing algorithms = aes-128-cmac\n"
        for dialect, options in (("SMB2_10", ""), ("SMB3_00", ""), ("SMB3_02", ""),
                                 ("SMB3_11", cmac)):
            with self.subTest(dialect):
                self.capture(dialect, options + "  server smb encrypt = off\n")
                self.assert_sound(transform=False)
                self.assert_signatures()

    def test_signed_with_gmac(self):
        self.capture("SMB3_11", "  server smb encrypt = off\n")
        self.assert_sound(transform=False, verify=False)

    def test_encrypted(self):
        for dialect in ("SMB3_00", "SMB3_11"):
            with self.subTest(dialect):
                self.capture(dialect, "  server smb encrypt = required\n")
                self.assert_sound(transform=True)

    def test_corrupted_frames_are_found(self):
        """The judge judges: the same capture with some bytes changed does not pass."""
        self.capture("SMB3_00", "  server smb encrypt = off\n")
        corrupted = f"{self.folder}/corrupted.pcapng"
        ethernet_ip_tcp = 14 + 20 + 32
        subprocess.run(["editcap", "-E", "0.01", "--seed", "1", "-o", str(ethernet_ip_tcp),
                        self.file, corrupted], check=True, capture_output=True)
        self.assertNotEqual(self.shown(FAULTS, file=corrupted), [])

    def test_wrong_signatures_are_found(self):
        """One bit of the last request changed: its signature does not fit any more."""
        self.capture("SMB2_10", "  server smb encrypt = off\n")
        requests = "smb2.cmd == 2 && smb2.flags.response == 0"
        signature = bytes.fromhex(self.shown(requests, "smb2.signature")[-1].replace(":", ""))
        with open(self.file, "rb") as file:
            capture = file.read()
        self.assertEqual(capture.count(signature), 1)
        at = capture.index(signature) + len(signature)  # the body follows the signature
        corrupted = f"{self.folder}/corrupted.pcapng"
        with open(corrupted, "wb") as file:
            file.write(capture[:at + 2] + bytes([capture[at + 2] ^ 1]) + capture[at + 3:])
        self.assertEqual(len(self.shown(f"{requests} && smb2.bad_signature", file=corrupted)), 1)


class Pushed(unittest.TestCase):
    def test_what_is_said_to_listen(self):
        """To a pretend host; to one that others wrote in wine_push_test.py."""
        service = "QlikSenseEngineService"
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        simulator = self.enterContext(Simulator(1, "--encryption", "none", "--follow", folder / "events"))
        (name, port), = simulator.hosts.items()
        file = configuration(folder / "tocsin.yaml", credentials=simulator.credentials(),
                             hosts=[simulator.host(name, [service])], every="every 1 hour")
        with Capture(folder / "capture.pcapng", port):
            running = self.enterContext(Running(file, folder / "data"))
            running.wait_for_line("details read")
            for event, state in (("stop", "STOPPED"), ("start", "RUNNING")):
                with open(folder / "events", "a", encoding="ascii") as events:
                    events.write(f"{event} {name} {service}\n")
                running.wait_for_line(f"pushed by the host: {service} {state}")
            self.assertEqual(running.stop(), 0, running.output())
        # tshark knows no password that is not ASCII, and so no signature.
        assert_calls_are_sound(self, folder / "capture.pcapng", port, PASSWORD, verify=False)


if __name__ == "__main__":
    unittest.main()
