"""What the parts of ./dev bench share: the program at work, pretend hosts, receivers, and rows of results.

The first argument of each part is the folder of the build.
"""
import http.server
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
TOCSIN = str(BUILD / "tocsin")
USER, PASSWORD = "monitor", "pretend"
WATCHED = ["QlikLoggingService", "QlikSenseEngineService", "QlikSensePrintingService",
           "QlikSenseProxyService", "QlikSenseRepositoryDatabase", "QlikSenseRepositoryService",
           "QlikSenseSchedulerService", "QlikSenseServiceDispatcher"]


class Simulator:
    """Pretend hosts in a process of their own; `changes` gathers (time, line) of what happens to them."""

    def __init__(self, hosts, *options):
        self.process = subprocess.Popen(
            [TOCSIN, "simulate", "--hosts", str(hosts), "--user", USER, "--password", PASSWORD,
             *options], stdout=subprocess.PIPE, text=True)
        self.hosts = {}
        self.changes = []
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
            name, address = line.split()
            self.hosts[name] = address.rsplit(":", 1)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            self.changes.append((time.time(), line.strip()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


class Receiver:
    """Takes every POST; `arrived` gathers (time, delivery id, message, where it is JSON). Where `fails` is true it answers 503."""

    def __init__(self):
        receiver = self
        receiver.arrived = []
        receiver.fails = False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                now = time.time()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = json.loads(body) if body.startswith(b"{") else None
                if not receiver.fails:
                    receiver.arrived.append((now, self.headers["Idempotency-Key"], message))
                self.send_response(503 if receiver.fails else 204)
                if receiver.fails:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """`tocsin run`, past its `ready`."""

    def __init__(self, configuration):
        self.process = subprocess.Popen([TOCSIN, "run", "-c", configuration],
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if " ready" in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(15)


def configure(folder, hosts, services, frequency="every 30 seconds", webhook=None, influx=None):
    """Writes a configuration that watches `services` on every host. None flaps: they change as they like."""
    watched = "".join(f'\n            - name: "{name}"' for name in services)
    monitor = "".join(f"""
        - host: {name}
          address: {address}
          port: {port}
          services:{watched}""" for name, (address, port) in hosts.items())
    hooks = f"""
  webhookNotification:
    enable: true
    serviceMonitor:
      rateLimit: 0
      webhooks:
        - description: bench
          webhookURL: {webhook}
          httpMethod: POST""" if webhook else ""
    if influx:
        hooks += f"""
  influxDb:
    enable: true
    hostIP: 127.0.0.1
    hostPort: {influx}
    dbName: bench"""
    file = pathlib.Path(folder) / "tocsin.yaml"
    file.write_text(f"""tocsin:
  dataDirectory: {folder}/data
  serviceMonitor:
    enable: true
    frequency: {frequency}
    policy:
      flapping:
        start: 0
    credentials:
      - name: pretend
        username: {USER}
        password: {PASSWORD}
    monitor:{monitor}
    alertDestination:
      influxDb:
        enable: {'true' if influx else 'false'}
      webhook:
        enable: {'true' if webhook else 'false'}{hooks}
""")
    file.chmod(0o600)
    return str(file)


def row(name, value, goal=""):
    print(f"  {name:<62} {value:>14}   {goal}", flush=True)


class FastReceiver:
    """A webhook receiver that is never the bottleneck; says when it has received `count` requests."""

    def __init__(self, count):
        self.process = subprocess.Popen([BUILD / "bench/bench_receiver", str(count)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"

    def finished(self):
        """When the last of the next `count` requests was received, in seconds since 1970."""
        if not select.select([self.process.stdout], [], [], 60)[0]:
            raise SystemExit("not all requests arrive within a minute")
        return float(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)
