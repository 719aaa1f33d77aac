"""What the parts of ./dev bench share: the program at work, pretend hosts, receivers, and what /proc says of a process.

$BENCH_BUILD is the folder of the build, build/release where it is not set.
"""
import contextlib
import gzip
import http.client
import http.server
import json
import os
import pathlib
import re
import select
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BENCH_BUILD", ROOT / "build/release")).resolve()
TOCSIN = str(BUILD / "tocsin")
USER, PASSWORD = "monitor", "pretend"
WATCHED = ["QlikLoggingService", "QlikSenseEngineService", "QlikSensePrintingService",
           "QlikSenseProxyService", "QlikSenseRepositoryDatabase", "QlikSenseRepositoryService",
           "QlikSenseSchedulerService", "QlikSenseServiceDispatcher"]

# What the servers of the integration tests read.
os.environ.update(TOCSIN=TOCSIN, TOCSIN_TESTSVC=str(BUILD / "tests/windows/testsvc.exe"),
                  TOCSIN_RELAY=str(BUILD / "tests/windows/relay.exe"))
sys.path.append(str(ROOT / "tests/integration"))


def scratch():
    return tempfile.TemporaryDirectory(prefix="tocsin-bench-")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def load():
    return f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def synced_write(folder):
    """The milliseconds that the disk takes for what a change must wait for before it is told, the median."""
    took = []
    with open(pathlib.Path(folder) / "synced", "wb") as file:
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            begun = time.monotonic()
            os.fdatasync(file.fileno())
            took.append((time.monotonic() - begun) * 1e3)
    return statistics.median(took)


def cpu_times(process, of_thread=False):
    """(user, kernel) seconds of the process, or of its first thread."""
    task = f"task/{process.pid}/" if of_thread else ""
    fields = pathlib.Path(f"/proc/{process.pid}/{task}stat").read_text().rsplit(")", 1)[1].split()
    return tuple(int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:13])


def cpu(process):
    return sum(cpu_times(process))


def memory(process, what="VmRSS"):
    """In MB: VmRSS all that is resident, RssAnon without the pages of files, VmHWM the most it has been."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+) kB", status).group(1)) / 1024


class Simulator:
    """Pretend hosts in a process of their own; `changes` gathers (time, line) of what happens to them."""

    def __init__(self, hosts, *options):
        self.process = subprocess.Popen(
            [TOCSIN, "simulate", "--hosts", str(hosts), "--user", USER, "--password", PASSWORD,
             *map(str, options)], stdout=subprocess.PIPE, text=True)
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
        self.process.wait(30)


class Changes:
    """Pretend hosts and the webhook that is told of their changes (bench/changes.cpp); `how` as in `tocsin simulate --push`."""

    def __init__(self, hosts, how):
        self.process = subprocess.Popen([BUILD / "bench/bench_changes", str(hosts), how], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"
        words = iter(self.process.stdout.readline().split())
        self.hosts = {name: (address, port) for name, address, port in zip(words, words, words, strict=True)}

    def _make(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return [float(took) for took in self.process.stdout.readline().split()]

    def turn(self, count, pause):
        """The milliseconds until each of them is told; a random pause of up to so many before each."""
        return self._make("turn", count, pause)

    def burst(self, count):
        """The milliseconds until the last of them is told."""
        return self._make("burst", count)[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class Receiver:
    """Takes every POST; `arrived` gathers when. Where `fails` is true it answers 503."""

    def __init__(self):
        receiver = self
        receiver.arrived = []
        receiver.fails = False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                if not receiver.fails:
                    receiver.arrived.append(time.time())
                self.send_response(503 if receiver.fails else 204)
                if receiver.fails:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class FastReceiver:
    """A webhook receiver that is never the bottleneck; says when it has received `count` requests."""

    def __init__(self, count):
        self.process = subprocess.Popen([BUILD / "bench/bench_receiver", str(count)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"

    def finished(self):
        """When the last of the next `count` requests was received, in seconds since 1970."""
        if not select.select([self.process.stdout], [], [], 60)[0]:
            raise RuntimeError("not all requests arrive within a minute")
        return float(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


class Running:
    """`tocsin run`, past its `ready`. `prefix` runs the program for it, as valgrind does."""

    def __init__(self, configuration, prefix=(), program=TOCSIN):
        self.port = int(re.search(r"listen: 127.0.0.1:(\d+)", pathlib.Path(configuration).read_text()).group(1))
        self.process = subprocess.Popen([*prefix, program, "run", "-c", configuration], stderr=subprocess.PIPE, text=True)
        self._said = []  # (line, CPU seconds when it was said)
        self._over = False
        self._says_more = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self.wait_for_line(" ready")
        except RuntimeError:
            self.stop()
            raise

    def _listen(self):
        for line in self.process.stderr:
            with self._says_more:
                try:
                    self._said.append((line, self.cpu()))
                except FileNotFoundError:  # it is over
                    self._said.append((line, 0))
                self._says_more.notify_all()
        with self._says_more:
            self._over = True
            self._says_more.notify_all()

    def lines(self):
        return [line for line, _ in self._said]

    def wait_for_line(self, pattern, seconds=120, after=0):
        """Of those after so many: the CPU seconds that it had taken when it said the first that matches."""
        def found():
            return next((used for line, used in self._said[after:] if re.search(pattern, line)), None)
        with self._says_more:
            self._says_more.wait_for(lambda: self._over or found() is not None, seconds)
            if (used := found()) is None:
                last = self._said[-1][0].strip() if self._said else "nothing"
                raise RuntimeError(f"tocsin did not say {pattern.strip()!r}; its last word: {last}")
            return used

    def cpu(self):
        return cpu(self.process)

    def memory(self, what="VmRSS"):
        return memory(self.process, what)

    def get(self, path):
        """The body of the dashboard's answer, unpacked; its size as it came is in `wire`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.wire = len(text)
        return gzip.decompress(text) if answer.getheader("Content-Encoding") == "gzip" else text

    def streams(self):
        return json.loads(self.get("/api/v1/status"))["streams"]

    def checks(self):
        """How many have been made."""
        return sum(map(int, re.findall(r"^tocsin_checks_total\S* (\d+)", self.get("/metrics").decode(), re.M)))

    def watch_checks(self, seconds):
        """(CPU seconds, the kernel's share of them, checks) of so many seconds. The questions lie outside."""
        checks, before = self.checks(), cpu_times(self.process)
        time.sleep(seconds)
        user, kernel = (after - begun for after, begun in zip(cpu_times(self.process), before, strict=True))
        return user + kernel, kernel / (user + kernel), self.checks() - checks

    def wait_for_first_checks(self):
        """The CPU seconds that it took until then."""
        return self.wait_for_line("services are watched|not watched properly")

    def wait_for_rest(self, share=0.05, seconds=60):
        """Until nothing but checks is left to do, which take less than this share of a core."""
        quiet, used, end = 0, 0.0, time.monotonic() + seconds
        while quiet < 3:
            if time.monotonic() > end:
                raise RuntimeError(f"not at rest within {seconds} seconds: {used:.2f} of a core")
            before = self.cpu()
            time.sleep(1)
            used = self.cpu() - before
            quiet = quiet + 1 if used < share else 0

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Stored:
    """Counts services in the store from outside, which costs the measured program nothing."""

    def __init__(self, folder):
        self.file = f"file:{folder}/data/tocsin.db?mode=ro"

    def services(self, details=False):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self.file, uri=True)) as store:
            return store.execute(f"SELECT count(*) FROM service {'WHERE details_id <> 0' if details else ''}").fetchone()[0]
        return 0

    def wait_for(self, count, running, details=False, seconds=180):
        """The CPU seconds that it took until the states, or the details, of so many are stored."""
        end = time.monotonic() + seconds
        while (stored := self.services(details)) < count:
            if time.monotonic() > end:
                raise RuntimeError(f"only {stored:,} of {count:,} services are stored after {seconds} seconds")
            time.sleep(0.1)
        return running.cpu()


def services_of_a_host(count):
    """{name: state} of a pretend host that lists so many, in the order of their names."""
    with scratch() as folder, Simulator(1, "--services", count) as simulator:
        listed = subprocess.run([TOCSIN, "services", "-c", configure(folder, simulator.hosts, ["*"]), "--json", "qs-node"],
                                capture_output=True, text=True, check=True).stdout
    return {service["service"]: service["state"] for service in json.loads(listed)}


def fifty_services():
    """Names of 50 services that every pretend host has, running and stopped ones."""
    others = [name for name in services_of_a_host(60) if name not in WATCHED]
    return [*WATCHED, *others[:50 - len(WATCHED)]]


def configure(folder, hosts, services, frequency="every 30 seconds", webhook=None, influx=None, serves=True, level="info"):
    """Writes a configuration that watches `services` on every host. None flaps: they change as they like."""
    watched = "".join(f'\n          - name: "{name}"' for name in services)
    monitor = "".join(f"""
        - host: {name}
          address: {address}
          port: {port}
          sets: [bench]""" for name, (address, port) in hosts.items())
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
  logLevel: {level}
  web:
    enable: {'true' if serves else 'false'}
    listen: 127.0.0.1:{free_port()}
  serviceMonitor:
    enable: true
    frequency: {frequency}
    policy:
      firstSight: quiet
      flapping:
        start: 0
    credentials:
      - name: pretend
        username: {USER}
        password: {PASSWORD}
    serviceSets:
      - name: bench
        services:{watched}
    monitor:{monitor}
    alertDestination:
      influxDb:
        enable: {'true' if influx else 'false'}
      webhook:
        enable: {'true' if webhook else 'false'}{hooks}
""")
    file.chmod(0o600)
    return str(file)
