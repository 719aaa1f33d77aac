"""Captures what goes over the loopback interface, and lets tshark judge it."""
import pathlib
import signal
import socket
import subprocess
import time
import unittest

from servers import require, require_root, wait_until

# Malformed, erroneous or not reassembled; but a negotiate response, in which tshark 4.0 takes
# Samba's own negotiate contexts for errors.
FAULTS = ("(_ws.malformed || _ws.expert.severity == 8388608 || _ws.expert.group == 0x07000000"
          " || _ws.unreassembled) && !(smb2.cmd == 0 && smb2.flags.response == 1)")


def require_capture():
    require("tshark", "dumpcap", "editcap")
    require_root("capturing")


class Capture:
    """The traffic of one TCP port of this machine, from start to end, in a file."""

    def __init__(self, file, port):
        self.file = pathlib.Path(file)
        self.port = port

    def __enter__(self):
        self.process = subprocess.Popen(
            ["dumpcap", "-q", "-i", "lo", "-f", f"tcp port {self.port}", "-w", self.file],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = ""
        while "File:" not in said:  # by then the interface is open and filtered
            line = self.process.stderr.readline()
            said += line
            if not line:
                self.process.wait()
                raise unittest.SkipTest(f"dumpcap cannot capture here: {said.strip()}")
        return self

    def __exit__(self, *_):
        time.sleep(0.5)  # dumpcap hands over what it holds several times a second
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)


def tshark(file, port, password, shown, *fields, verify=True):
    """The lines that tshark prints of the frames that match the display filter. `verify`: signatures
    too; tshark 4.0 knows HMAC-SHA256 and AES-CMAC, and takes every AES-GMAC for a wrong one."""
    output = ["-T", "fields", *(part for field in fields for part in ("-e", field))]
    done = subprocess.run(
        ["tshark", "-r", file, "-d", f"tcp.port=={port},nbss",
         "-o", f"ntlmssp.nt_password:{password}", "-o", f"smb2.verify_signatures:{verify}",
         "-Y", shown, *(output if fields else ())],
        capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.splitlines()
