"""Part of ./dev bench: what a logon by Kerberos costs beside one by NTLM, and how many tickets a fleet asks for."""
import os
import pathlib
import re
import statistics
import subprocess
import time

from figures import report
from kit import BUILD, scratch

import program
from kdc import REALM, Kdc, KerberosSamba

LOGONS = 60
SERVERS = [f"node{number}.tocsin.test" for number in range(100)]


def add_servers(kdc):
    kdc.change(*(f"addprinc -randkey cifs/{server}" for server in SERVERS),
               *(f"ktadd -k {kdc.keytab} cifs/{server}" for server in SERVERS))


def cpu(kdc, samba):
    """One logon to Samba, CPU of the client; some of each kind in turn."""
    done = subprocess.run([BUILD / "bench/bench_logons", str(samba.port), "root", samba.password, REALM, str(LOGONS),
                           *SERVERS[:LOGONS + 1]], capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, "KRB5_CONFIG": str(kdc.krb5_conf)})
    if done.returncode:
        raise RuntimeError(f"bench_logons: {done.stderr}")
    ntlm, known, new = (statistics.median(map(float, line.split())) for line in done.stdout.splitlines())
    report("logon by NTLM, CPU", ntlm, "us")
    report("logon by Kerberos with a ticket for the host to one by NTLM, CPU", known / ntlm, "x", at_most=3, note=f"{known:.0f} us")
    report("  asking the KDC for one", new / ntlm, "x", note=f"{new:.0f} us")


def requests(kdc, kind):
    return len(re.findall(rf"{kind} .*: ISSUE", (kdc.folder / "log.kdc").read_text()))


def sharing(kdc, samba, folder):
    """All hosts log in at once with one account. smbd forks a process for each, so that some may need a second try."""
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
    report("hosts that log in at once and are reached by Kerberos", len(reached), note=f"of {len(SERVERS)}, in {took:.0f} s")
    report("tickets of their account that the KDC gave", requests(kdc, "AS_REQ") - before["AS_REQ"], at_most=1)
    report("  tickets of hosts", requests(kdc, "TGS_REQ") - before["TGS_REQ"])


def logons():
    with scratch() as folder, Kdc() as kdc:
        add_servers(kdc)
        with KerberosSamba(kdc, ntlm=True) as samba:
            cpu(kdc, samba)
            sharing(kdc, samba, folder)
