"""InfluxDB: the real 1.x of Debian with a private configuration, and imposters of versions 2 and 3 that
enforce what their documentation says."""
import base64
import contextlib
import dataclasses
import gzip
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

from servers import Threaded, ended_if_it_fails, free_port, listens, require, wait_until


def _request(url, data=None, headers=None, timeout=20):
    """(status, text) of an answer, whatever its status."""
    request = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class InfluxDb:
    """influxd with nothing of it outside its folder; `down()` and `up()` keep port and data."""

    ADMIN = ("admin", "admin's secret")

    def __init__(self, auth=False, http=""):
        """`http`: more lines for its section [http]."""
        require("influxd")
        self.auth = auth
        self.http = http
        self.port = free_port()
        self.process = None
        self.folder = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @ended_if_it_fails
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-influx-"))
        (self.folder / "influxdb.conf").write_text(f"""reporting-disabled = true
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{self.folder}/meta"
[data]
  dir = "{self.folder}/data"
  wal-dir = "{self.folder}/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{self.port}"
  auth-enabled = {'true' if self.auth else 'false'}
  log-enabled = false
{self.http}
""")
        self.up()
        if self.auth:
            user, password = self.ADMIN
            self.query(f"CREATE USER \"{user}\" WITH PASSWORD '{self._quoted(password)}' "
                       "WITH ALL PRIVILEGES")
        return self

    def up(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(["influxd", "-config", self.folder / "influxdb.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, 30, lambda: (self.folder / "log").read_text()[-2000:])

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"influxd ended: {(self.folder / 'log').read_text()[-2000:]}")
        if not listens(self.process.pid, self.port):
            return False
        with contextlib.suppress(OSError):
            return _request(self.url + "/ping")[0] == 204
        return False

    @staticmethod
    def _quoted(text):
        return text.replace("\\", "\\\\").replace("'", "\\'")

    def query(self, text, database=None):
        """The series of the first statement: [{"name", "tags", "columns", "values"}], times in ms."""
        parameters = {"q": text, "epoch": "ms"}
        if database:
            parameters["db"] = database
        account = base64.b64encode(":".join(self.ADMIN).encode()).decode()
        status, body = _request(f"{self.url}/query",
                                data=urllib.parse.urlencode(parameters).encode(),
                                headers={"Authorization": f"Basic {account}"} if self.auth else {})
        result = json.loads(body)
        if status != 200 or "error" in result["results"][0]:
            raise AssertionError(f"{text}: {status} {body}")
        return result["results"][0].get("series", [])

    def rows(self, text, database):
        """All rows as dictionaries, tags and columns together."""
        return [{**series.get("tags", {}), **dict(zip(series["columns"], values))}
                for series in self.query(text, database) for values in series["values"]]

    def databases(self):
        return [values[0] for series in self.query("SHOW DATABASES")
                for values in series.get("values", [])]

    def write(self, database, lines):
        """Into a server without accounts; `database` is percent-encoded."""
        status, body = _request(f"{self.url}/write?db={database}&precision=ms", lines.encode())
        if status != 204:
            raise AssertionError(f"{status} {body}")

    def down(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __exit__(self, *_):
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)


# A reader of the line protocol, as strict as the servers: escaped `, =` in names and tags.
_WORD = r"(?:\\[,= ]|\\(?![,= ])|[^,= \\\n])+"
_FIELD = rf"{_WORD}=(?:-?\d+(?:\.\d+)?|\"(?:\\[\"\\]|[^\"\\\n])*\")"
_LINE = re.compile(rf"({_WORD})((?:,{_WORD}={_WORD})*) ({_FIELD}(?:,{_FIELD})*) (\d+)")


@dataclasses.dataclass(frozen=True)
class Point:
    measurement: str
    tags: tuple
    fields: str
    time: int

    @property
    def tag(self):
        return dict(self.tags)


def parse_lines(text):
    """[Point or the line that is none]."""
    points = []
    for line in text.split("\n"):
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if not found:
            points.append(line)
            continue
        tags = tuple(tuple(re.sub(r"\\([,= ])", r"\1", part) for part in pair)
                     for pair in re.findall(rf",({_WORD})=({_WORD})", found[2]))
        points.append(Point(re.sub(r"\\([,= ])", r"\1", found[1]), tags, found[3], int(found[4])))
    return points


class _Refused(Exception):
    def __init__(self, status, body, headers=()):
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers


class Imposter(Threaded):
    """Versions 2 and 3, as documented: `points` holds what was stored, `journal` (method, path) of each
    request with its status. `refuse(point)` says why a point conflicts; `answers` are given first."""

    def __init__(self, version, token="t0ken", organization="an org", databases=(),
                 most_bytes=10 * 1000 * 1000):
        self.version = version
        self.token = token
        self.organization = organization
        self.databases = {name: None for name in databases}  # -> retention
        self.most_bytes = most_bytes
        self.points = {}  # (measurement, tags, time) -> Point, so that what comes twice is there once
        self.journal = []
        self.answers = []
        self.refuse = lambda point: None
        self._lock = threading.Lock()
        imposter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with imposter._lock:
                    try:
                        status, answer = imposter._answer(self.command, self.path, self.headers, body)
                        more = ()
                    except _Refused as refused:
                        status, answer, more = refused.status, refused.body, refused.headers
                    imposter.journal.append((self.command, self.path, status))
                data = b"" if status == 204 else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in more:
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = serve

            def log_message(self, *_):
                pass

        super().__init__(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))

    def _answer(self, method, path, headers, body):
        if self.answers:
            raise _Refused(*self.answers.pop(0))
        scheme = {2: "Token", 3: "Bearer"}[self.version]
        if headers.get("Authorization") != f"{scheme} {self.token}":
            raise _Refused(401, {"code": "unauthorized", "message": "unauthorized access"})
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query, strict_parsing=bool(url.query)))
        route = (self.version, method, url.path)
        if route == (2, "POST", "/api/v2/write"):
            return self._write(query, {"org", "bucket", "precision"}, headers, body)
        if route == (3, "POST", "/api/v3/write_lp"):
            return self._write(query, {"db", "precision"}, headers, body)
        if route == (2, "GET", "/api/v2/orgs"):
            if query["org"] != self.organization:
                raise _Refused(404, {"code": "not found", "message": "organization not found"})
            return 200, {"orgs": [{"id": "0123456789abcdef", "name": self.organization}]}
        if route == (2, "POST", "/api/v2/buckets"):
            return self._create_bucket(json.loads(body))
        if route == (3, "POST", "/api/v3/configure/database"):
            return self._create_database(json.loads(body))
        raise _Refused(404, {"code": "not found", "message": "path not found"})

    def _create_bucket(self, bucket):
        if bucket["orgID"] != "0123456789abcdef" or "retentionRules" not in bucket:
            raise _Refused(400, {"code": "invalid", "message": "invalid bucket"})
        if bucket["name"] in self.databases:
            raise _Refused(422, {"code": "conflict", "message": "bucket already exists"})
        for rule in bucket["retentionRules"]:
            if rule["type"] != "expire" or rule["everySeconds"] < 3600:
                raise _Refused(422, {"code": "unprocessable entity", "message": "retention"})
        self.databases[bucket["name"]] = bucket["retentionRules"]
        return 201, bucket

    def _create_database(self, wanted):
        if set(wanted) - {"db", "retention_period"}:
            raise _Refused(400, {"error": "unknown field"})
        if wanted["db"] in self.databases:
            raise _Refused(409, {"error": "attempted to create a resource that already exists"})
        self.databases[wanted["db"]] = wanted.get("retention_period")
        return 200, {}

    def _write(self, query, parameters, headers, body):
        if set(query) != parameters:
            raise _Refused(400, {"error": f"parameters {sorted(query)}"})
        precisions = {2: ("ns", "us", "ms", "s"),
                      3: ("nanosecond", "microsecond", "millisecond", "second")}[self.version]
        if query["precision"] not in precisions:
            raise _Refused(400, {"error": "serde error: unknown variant of precision"})
        if len(body) > self.most_bytes:
            raise _Refused(413, {"code": "request too large", "message": "too large"})
        if headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
            if len(body) > self.most_bytes:
                raise _Refused(413, {"code": "request too large", "message": "too large"})
        if not headers.get("Content-Type", "").startswith("text/plain"):
            raise _Refused(415, {"code": "invalid", "message": "content type"})
        name = query["bucket" if self.version == 2 else "db"]
        if self.version == 2 and query["org"] != self.organization:
            raise _Refused(404, {"code": "not found", "message": "organization not found"})
        if name not in self.databases:
            if self.version == 2:
                raise _Refused(404, {"code": "not found", "message": f'bucket "{name}" not found'})
            self.databases[name] = None  # InfluxDB 3 Core makes it itself
        points = parse_lines(body.decode("utf-8"))
        if not points:
            raise _Refused(400, {"code": "invalid", "message": "no points"})
        if query["precision"] not in ("ms", "millisecond"):
            raise AssertionError("the tests take timestamps for milliseconds")
        bad = []
        for number, point in enumerate(points, 1):
            why = "invalid line" if isinstance(point, str) else self.refuse(point)
            if why:
                bad.append((number, why))
            else:
                self.points[point.measurement, point.tags, point.time] = point
        if not bad:
            return 204, None
        if self.version == 2:
            raise _Refused(422, {"code": "unprocessable entity", "message":
                                 "failure writing points to database: partial write: "
                                 f"{bad[0][1]} dropped={len(bad)}"})
        raise _Refused(400, {"error": "partial write of line protocol occurred", "data": [
            {"error_message": why, "line_number": number, "original_line": "..."}
            for number, why in bad]})


def tell_influx(file, **section):
    """Adds InfluxDB to a configuration (program.py): `section` is what stands under `influxDb`."""
    file = pathlib.Path(file)
    document = json.loads(file.read_text(encoding="utf-8"))
    document["tocsin"]["serviceMonitor"]["alertDestination"]["influxDb"] = {"enable": True}
    document["tocsin"]["influxDb"] = {"enable": True, "hostIP": "127.0.0.1", **section}
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False), encoding="utf-8")
    return file
