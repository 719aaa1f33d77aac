"""Part of ./dev bench: 10,000 changes at once."""
import json
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

from figures import not_measured, report
from kit import (BUILD, FastReceiver, Running, Simulator, Stored, configure, cpu, free_port, memory, scratch,
                 services_of_a_host, synced_write)

SERVICES = 700  # of each host; enough of them run
HOSTS = 50
PAIRS = 3


def found_over_smb(folder, receiver, services):
    """Everything stops while tocsin is not looking: it finds all changes in the same moment."""
    events = pathlib.Path(folder) / "events"
    events.touch()
    with Simulator(HOSTS, "--services", SERVICES, "--follow", events) as simulator:
        configuration = configure(folder, simulator.hosts, services, "every 1 second", receiver.url)
        with Running(configuration) as running:
            Stored(folder).wait_for(HOSTS * len(services), running, details=True)
            running.process.send_signal(signal.SIGSTOP)
            events.write_text("".join(f"stop qs-node* {name}\n" for name in services))
            while len(simulator.changes) < len(services):  # one line for all hosts
                time.sleep(0.1)
            begin = time.time()
            running.process.send_signal(signal.SIGCONT)
            took = receiver.finished() - begin
            return took, running.memory("VmHWM")


def told_by_alertmanager(folder, receiver, count):
    port = free_port()
    (pathlib.Path(folder) / "alertmanager.yml").write_text(f"""
route: {{receiver: bench, group_by: ['...'], group_wait: 0s}}
receivers:
  - name: bench
    webhook_configs: [{{url: '{receiver.url}'}}]
""")
    process = subprocess.Popen(
        ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml",
         f"--storage.path={folder}/am", f"--web.listen-address=127.0.0.1:{port}",
         "--cluster.listen-address="], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        alerts = json.dumps([{"labels": {"alertname": "WindowsService", "host": f"h{index // 250}",
                                         "service": f"s{index % 250}"}} for index in range(count)])
        for _ in range(100):
            try:
                begin = time.time()
                urllib.request.urlopen(urllib.request.Request(
                    f"http://127.0.0.1:{port}/api/v2/alerts", alerts.encode(),
                    {"Content-Type": "application/json"}), timeout=30).close()
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        return receiver.finished() - begin, cpu(process), memory(process, "VmHWM")
    finally:
        process.kill()
        process.wait()


def stored_and_delivered(folder, receiver, count):
    """The changes as if just found: stored, delivered, recorded."""
    process = subprocess.Popen([BUILD / "bench/bench_flood", receiver.url, str(count), folder],
                               stdout=subprocess.PIPE, text=True)
    with process.stdout:
        begin = float(process.stdout.readline())
        took = receiver.finished() - begin
        seconds, most = cpu(process), memory(process, "VmHWM")
        delivered, first = map(int, process.stdout.readline().split())
    process.wait(10)
    return took, seconds, most, delivered, first


def flood():
    services = [name for name, state in services_of_a_host(SERVICES).items() if state == "RUNNING"][:10_000 // HOSTS]
    count = HOSTS * len(services)
    has_peer = shutil.which("prometheus-alertmanager") is not None
    ours, peers = [], []
    with FastReceiver(count) as receiver:
        for _ in range(PAIRS):
            with scratch() as folder:
                synced = synced_write(folder)
                ours.append(stored_and_delivered(folder, receiver, count))
            if has_peer:
                with scratch() as folder:
                    peers.append(told_by_alertmanager(folder, receiver, count))
        took, seconds, most, delivered, first = sorted(ours)[PAIRS // 2]
        report(f"tocsin: {count:,} changes stored and delivered", took, "s", note=f"{count / took:,.0f}/s, CPU {seconds:.2f} s")
        report("changes recorded as delivered", delivered, at_least=count)
        report("largest resident memory in the storm", most, "MB", at_most=45)
        report("the first request leaves after", first, "ms", at_most=50, limit=f"a synced write: {synced:.1f} ms")
        name = "Alertmanager to tocsin, time of the storm"
        if has_peer:
            peer, seconds, most = sorted(peers)[PAIRS // 2]
            report(name, peer / took, "x", at_least=2.5, limit="tocsin's changes are on the disk first, Alertmanager's in memory only",
                   note=f"medians of {PAIRS} in turn; {peer:.2f} s, {count / peer:,.0f}/s, CPU {seconds:.2f} s, {most:.0f} MB")
        else:
            not_measured(name, "prometheus-alertmanager is not installed")
        with scratch() as folder:
            took, most = found_over_smb(folder, receiver, services)
        report(f"tocsin run: found on {HOSTS} hosts over SMB, stored and delivered", took, "s", note=f"{count / took:,.0f}/s, {most:.0f} MB")
