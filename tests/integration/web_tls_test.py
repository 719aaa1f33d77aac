"""The dashboard over HTTPS: with a certificate, without one that works, and with another one after a reload."""
import pathlib
import shutil
import socket
import ssl
import subprocess
import unittest

import program
from receiver import Receiver
from watched import Watched

OPENSSL = shutil.which("openssl")


def setUpModule():
    program.require_tocsin()
    if OPENSSL is None:
        raise unittest.SkipTest("openssl is missing")


def make_certificate(folder, name):
    """Its own authority, for 127.0.0.1."""
    folder.mkdir(exist_ok=True)
    subprocess.run([OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "web.key", "-out", folder / "web.pem"],
                   check=True, capture_output=True)
