#!/usr/bin/env python3
"""./dev bench: runs every benchmark program, then measures the whole program beside its peers.

Everything is measured side by side in this run; the machine may be shared and noisy, so medians are printed,
and nothing here fails because a figure is bad.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from kit import (BUILD, PASSWORD, TOCSIN, USER, WATCHED, FastReceiver, Receiver, Running, Simulator, configure,
                 free_port, row)

# The command line of Impacket's services.py takes the port 445 only; the class behind it takes any.
IMPACKET = f"""
import sys
sys.path.insert(0, {str(pathlib.Path(__file__).resolve().parent.parent / 'tests/integration')!r})
import oracles
oracles.services_py(int(sys.argv[1]), sys.argv[2], sys.argv[3], "list")
"""
RUNS = 7


def measure(command):
    """Medians of wall and CPU seconds of whole processes, after one that does not count."""
    walls, cpus = [], []
    for turn in range(RUNS + 1):
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        if process.returncode not in (0, 1):
            raise SystemExit(f"{command}: exit {process.returncode}: {errors.decode()[-500:]}")
        if turn > 0:
            walls.append(time.monotonic() - begin)
            cpus.append(usage.ru_utime + usage.ru_stime)
    return statistics.median(walls), statistics.median(cpus)


def listing(folder):
    print("\nOne listing of 250 services, whole processes, the same pretend host")
    with Simulator(1) as simulator:
        address, port = simulator.hosts["qs-node"]
        ours = measure([TOCSIN, "check", "-c", configure(folder, simulator.hosts, ["*"])])
        eight = measure([TOCSIN, "check", "-c", configure(folder, simulator.hosts, WATCHED)])
        row("tocsin check of 8 services: start to answer", f"{eight[0] * 1e3:.0f} ms", "goal: at most 100 ms")
        row("tocsin check of all 250, details of each read", f"{ours[0] * 1e3:.0f} ms")
        peers = {"net rpc service list": ["net", "rpc", "service", "list", "-S", address, "-p", port,
                                          "-U", f"{USER}%{PASSWORD}"],
                 "services.py list (Impacket)": ["/usr/bin/python3", "-c", IMPACKET, port, USER,
                                                 PASSWORD]}
        for name, command in peers.items():
            if not shutil.which(command[0]):
                row(name, "skipped", f"{command[0]} is not installed")
                continue
            wall, _ = measure(command)
            row(name, f"{wall * 1e3:.0f} ms",
                f"{wall / eight[0]:.1f} x tocsin's 8, {wall / ours[0]:.1f} x its 250")


def rounds(folder):
    print("\n200 pretend hosts x 8 watched services (250 listed), sessions open, every 1 second")
    with Simulator(200) as simulator, Running(
            configure(folder, simulator.hosts, WATCHED, "every 1 second")) as running:
        time.sleep(6)
        before = running.cpu()
        seconds = 10
        time.sleep(seconds)
        row("CPU of a round", f"{(running.cpu() - before) / seconds:.3f} s", "goal: at most 0.1 s")
        row("resident memory with 200 hosts", f"{running.resident():.1f} MB")


def states(folder):
    print("\n40 pretend hosts x 250 services, every 2 seconds: 10,000 states a round to InfluxDB")
    seconds = 20
    with Simulator(40) as simulator, Receiver() as receiver:
        port = int(receiver.url.rsplit(":", 1)[1].strip("/"))
        cpu = {}
        for influx in (None, port):
            with Running(configure(folder, simulator.hosts, ["*"], "every 2 seconds",
                                   influx=influx)) as running:
                time.sleep(6)
                before = running.cpu()
                time.sleep(seconds)
                cpu[influx] = (running.cpu() - before) / (seconds / 2)
        row("CPU of a round, without InfluxDB", f"{cpu[None] * 1e3:.0f} ms")
        row("CPU of a round that InfluxDB adds", f"{(cpu[port] - cpu[None]) * 1e3:.0f} ms",
            "goal: at most 50 ms")


def idle(folder):
    print("\nOne host, at rest")
    with Simulator(1) as simulator, Running(configure(folder, simulator.hosts, WATCHED)) as running:
        time.sleep(5)
        row("resident memory of tocsin run", f"{running.resident():.1f} MB", "goal: at most 20 MB")


def latency(folder):
    count = 100
    print(f"\nChange to webhook at every 1 second, {count} changes on 4 hosts")
    with Receiver() as receiver, Simulator(4, "--random", "5") as simulator:
        configuration = configure(folder, simulator.hosts, WATCHED, "every 1 second", receiver.url)
        with Running(configuration):
            while len(receiver.arrived) < count:
                time.sleep(0.1)
        changed = {}
        for when, line in simulator.changes:
            words = line.split()
            changed.setdefault((words[-2], words[-1]), []).append(when)
        waits = []
        for when, _, message in receiver.arrived:
            causes = [at for at in changed.get((message["host"], message["serviceName"]), []) if at <= when]
            if causes:
                waits.append(when - causes[-1])
        deliveries = json.loads(subprocess.run(
            [TOCSIN, "deliveries", "-c", configuration, "--json"], capture_output=True, text=True,
            check=True).stdout)
    row("change to webhook, median", f"{statistics.median(waits):.2f} s", "goal: at most 0.6 s")
    created = {item["id"]: item["created"] for item in deliveries}
    shares = []
    for when, delivery, _ in receiver.arrived:
        if delivery in created:
            at = time.mktime(time.strptime(created[delivery][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
            shares.append(when - at - int(created[delivery][20:23]) / 1000)
    row("observation to request at the receiver, commit included, median",
        f"{statistics.median(shares) * 1e3:.1f} ms", "goal: at most 5 ms")


def cpu_of(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


FLOOD_SERVICES = 700  # of each host; enough of them run


def running_services(folder, count):
    """Those of a pretend host that run at the start, of `count` in all."""
    with Simulator(1, "--services", str(count)) as simulator:
        listed = subprocess.run(
            [TOCSIN, "services", "-c", configure(folder, simulator.hosts, ["*"]), "--json",
             "qs-node"], capture_output=True, text=True, check=True).stdout
    return [service["service"] for service in json.loads(listed) if service["state"] == "RUNNING"]


def flood_tocsin(folder, receiver, hosts, services):
    """Everything stops while tocsin is not looking: it finds all changes in the same moment."""
    stop_at = 15
    script = pathlib.Path(folder) / "script"
    script.write_text("".join(f"{stop_at}s stop qs-node* {name}\n" for name in services))
    with Simulator(hosts, "--services", str(FLOOD_SERVICES), "--script", script) as simulator:
        configuration = configure(folder, simulator.hosts, services, "every 1 second", receiver.url)
        with Running(configuration) as running:
            time.sleep(10)  # the first check of all hosts
            running.process.send_signal(signal.SIGSTOP)
            while len(simulator.changes) < len(services):  # one line for all hosts
                time.sleep(0.1)
            begin = time.time()
            running.process.send_signal(signal.SIGCONT)
            took = receiver.finished() - begin
            return took, peak(running.process)


def flood_alertmanager(folder, receiver, count):
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
        return receiver.finished() - begin, cpu_of(process), peak(process)
    finally:
        process.kill()
        process.wait()


def flood_outbox(folder, receiver, count):
    """The changes as if just found: stored, delivered, recorded."""
    process = subprocess.Popen([BUILD / "bench/bench_flood", receiver.url, str(count), folder],
                               stdout=subprocess.PIPE, text=True)
    with process.stdout:
        begin = float(process.stdout.readline())
        took = receiver.finished() - begin
        seconds, memory = cpu_of(process), peak(process)
        delivered, first = map(int, process.stdout.readline().split())
    process.wait(10)
    return took, seconds, memory, delivered, first


def flood(folder):
    hosts = 50
    services = running_services(folder, FLOOD_SERVICES)[:10_000 // hosts]
    count = hosts * len(services)
    print(f"\n{count} changes at once to one local webhook, one request each")
    with FastReceiver(count) as receiver:
        took, seconds, memory, delivered, first = flood_outbox(folder, receiver, count)
        row("tocsin: stored and delivered", f"{took:.2f} s", f"{count / took:.0f}/s")
        row("  CPU", f"{seconds:.2f} s")
        row("  largest resident memory", f"{memory:.0f} MB", "goal: at most 45 MB")
        row("  the first request leaves after", f"{first} ms", "goal: at most 50 ms")
        row("  recorded as delivered", f"{delivered}")
        if not shutil.which("prometheus-alertmanager"):
            row("Alertmanager", "skipped", "prometheus-alertmanager is not installed")
        else:
            peer, seconds, memory = flood_alertmanager(folder, receiver, count)
            row("Alertmanager: delivered, from memory", f"{peer:.2f} s",
                f"{count / peer:.0f}/s, {peer / took:.2f} x tocsin's time, goal: at least 2.5")
            row("  CPU", f"{seconds:.2f} s")
            row("  largest resident memory", f"{memory:.0f} MB")
        took, memory = flood_tocsin(folder, receiver, hosts, services)
        row("tocsin run: found on 50 hosts over SMB, stored and delivered", f"{took:.2f} s",
            f"{count / took:.0f}/s")
        row("  largest resident memory", f"{memory:.0f} MB")


def scrape(folder):
    """The closed port answers at once, and a scrape costs the same whatever a host answers."""
    hosts, scrapes = 10_000, 40
    print(f"\n/metrics of {hosts} hosts")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        names = {f"server{number:05}.example.com": ("127.0.0.1", port) for number in range(hosts)}
        file = pathlib.Path(configure(folder, names, WATCHED, "every 6 hours"))
        address = f"127.0.0.1:{free_port()}"
        with file.open("a", encoding="utf-8") as text:
            text.write(f"  web: {{listen: '{address}'}}\n")
        with Running(str(file)) as running:
            def ask():
                with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
                    return answer.read()

            def loop_cpu():
                task = pathlib.Path(f"/proc/{running.process.pid}/task/{running.process.pid}/stat")
                fields = task.read_text().rsplit(")", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            time.sleep(10)  # it listens, and begins to check
            while f'tocsin_hosts{{state="unreached"}} {hosts}\n'.encode() not in ask():
                time.sleep(2)
            before = loop_cpu()
            for _ in range(scrapes):
                size = len(ask())
            row("CPU of the loop for one scrape", f"{(loop_cpu() - before) / scrapes * 1e3:.1f} ms", "goal: at most 20 ms")
            row("  its answer", f"{size / 1e6:.1f} MB")


def main():
    for program in sorted((BUILD / "bench").glob("*_bench")):
        print(f"\n{program.name}", flush=True)
        subprocess.run([program, "--benchmark_min_time=0.2"], check=True)
    for part in (listing, rounds, states, idle, latency, flood, scrape):
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
            part(folder)


if __name__ == "__main__":
    main()
