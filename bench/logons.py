#!/usr/bin/env python3
"""Part of ./dev bench: what a logon by Kerberos costs beside one by NTLM, and how many tickets a fleet asks for."""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

from kit import BUILD, TOCSIN, row

os.environ["TOCSIN"] = TOCSIN
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/integration"))

import program  # noqa: E402
from kdc import REALM, Kdc, KerberosSamba  # noqa: E402

LOGONS = 100
SERVERS = [f"node{number}.tocsin.test" for number in range(200)]


def add_servers(kdc):
    kdc.change(*(f"addprinc -randkey cifs/{server}" for server in SERVERS),
               *(f"ktadd -k {kdc.keytab} cifs/{server}" for server in SERVERS))


def cpu(kdc, samba):
    print(f"\nOne logon to Samba, CPU of the client, {LOGONS} of each kind in turn")
    done = subprocess.run([BUILD / "bench/bench_logons", str(samba.port), "root", samba.password, REALM, str(LOGONS),
                           *SERVERS[:LOGONS + 1]], capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, "KRB5_CONFIG": str(kdc.krb5_conf)})
    if done.returncode:
        raise SystemExit(f"bench_logons: {done.stderr}")
    ntlm, known, new = (statistics.median(map(float, line.split())) for line in done.stdout.splitlines())
    row("NTLM", f"{ntlm:.0f} us")
    row("Kerberos, with a ticket for the host", f"{known:.0f} us", f"{known / ntlm:.1f} x NTLM; goal: at most 3 x")
    row("Kerberos, asking the KDC for one", f"{new:.0f} us", f"{new / ntlm:.1f} x NTLM")


def requests(kdc, kind):
    return len(re.findall(rf"{kind} .*: ISSUE", (kdc.folder / "log.kdc").read_text()))


def sharing(kdc, samba, folder):
    """smbd forks a process for each of them, so that some may need a second try."""
    print(f"\n{len(SERVERS)} hosts log in at once with one account")
    file = program.configuration(
        pathlib.Path(folder) / "tocsin.yaml", credentials=samba.credentials(), every="every 5 seconds",
        hosts=[samba.host(host=server, serverName=server) for server in SERVERS])
    before = {kind: requests(kdc, kind) for kind in ("AS_REQ", "TGS_REQ")}
    reached = set()
    begun = time.monotonic()
    with program.Running(file, pathlib.Path(folder) / "data", env={
            "KRB5_CONFIG": str(kdc.krb5_conf), "KRB5CCNAME": f"FILE:{folder}/none"}) as running:
        while len(reached) < len(SERVERS) and time.monotonic() < begun + 120:
            time.sleep(0.5)
            reached |= set(re.findall(r"host (\S+): check answered .* Kerberos\)", running.output()))
        took = time.monotonic() - begun
        running.stop()
    row(f"hosts that are reached by Kerberos, in {took:.0f} s", f"{len(reached)}")
    for kind, what in (("AS_REQ", "tickets of the account that the KDC gave"), ("TGS_REQ", "tickets of hosts")):
        row(what, f"{requests(kdc, kind) - before[kind]}", "goal: 1" if kind == "AS_REQ" else "")


def main():
    try:
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, Kdc() as kdc:
            add_servers(kdc)
            with KerberosSamba(kdc, ntlm=True) as samba:
                cpu(kdc, samba)
                sharing(kdc, samba, folder)
    except unittest.SkipTest as reason:
        row("Kerberos beside NTLM", "skipped", str(reason))


if __name__ == "__main__":
    main()
