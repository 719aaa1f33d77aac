"""States of services in InfluxDB: the real version 1, and imposters of versions 2 and 3."""
import collections
import gzip
import pathlib
import re
import tempfile
import time
import unittest

from influx import Imposter, InfluxDb, tell_influx
from patience import assert_memory_below
from program import ON_WINE, Running, Simulator, configuration, named, require_tocsin, tocsin
from receiver import NO_CONTENT, Answer, Authority, Receiver
from servers import closed_port, require, wait_until

ENGINE = "QlikSenseEngineService"
PROXY = "QlikSenseProxyService"
MISSING = "NoSuchService"
NASTY = 'a, b=c "d" \\ \u00fc\U0001F514 e\\'  # a friendly name; what lines cannot hold comes out as below
NASTY_ARRIVES = 'a, b=c "d" / \u00fc\U0001F514 e/'
MARKER = "s3cret-marker"
ALL = 'SELECT * FROM "win_service_state"'


def setUpModule():
    require_tocsin()


def longest_gap(times):
    return max(later - earlier for earlier, later in zip(times, times[1:]))


class Watched(unittest.TestCase):
    """Pretend hosts that are watched each second."""

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.data = self.folder / "data"
        self.metrics = self.folder / "tocsin.prom"

    def simulator(self, hosts=1, *options):
        # What is counted are checks.
        return self.enterContext(Simulator(hosts, "--push", "none", *options))

    def script(self, *events):
        path = self.folder / "script"
        path.write_text("".join(f"{event}\n" for event in events))
        return "--script", path

    def configure(self, simulator, services=(ENGINE, PROXY, MISSING), friendly=None, **influx):
        hosts = [simulator.host(name, services) for name in simulator.hosts]
        if friendly:
            hosts[0]["services"][0]["friendlyName"] = friendly
        self.file = configuration(self.folder / "tocsin.yaml", hosts=hosts,
                                  credentials=simulator.credentials(),
                                  metricsFile=named(self.metrics))
        return tell_influx(self.file, **influx)

    def run_tocsin(self):
        return self.enterContext(Running(self.file, self.data))

    def try_it(self):
        return tocsin("test", "-c", self.file, "influxDb")

    def count(self, name):
        """A counter of the metrics, once they have been written."""
        found = re.search(rf'^{name}{{destination="InfluxDB"}} (\d+)', self.metrics.read_text(), re.M)
        return int(found[1]) if found else 0


class Version1(Watched):
    def setUp(self):
        super().setUp()
        self.auth = "account" in self._testMethodName
        self.influx = self.enterContext(InfluxDb(auth=self.auth))

    def section(self, **more):
        return {"hostPort": self.influx.port, "dbName": "tocsin db", "instanceTag": "PROD",
                "retentionPolicy": {"name": "10d", "duration": "10d"},
                "tag": {"static": [{"name": "site", "value": "Berlin, north"}]}, **more}

    def rows(self, query=ALL, database="tocsin db"):
        return self.influx.rows(query, database)

    def wait_for_rows(self, count, query=ALL, seconds=20, output=lambda: ""):
        def look():
            if "tocsin db" not in self.influx.databases():
                return None
            rows = self.rows(query)
            return rows if len(rows) >= count else None
        return wait_until(look, seconds, lambda: f"{count} rows\n{output()}")

    def test_points_are_those_of_the_original_in_a_database_that_is_created(self):
        simulator = self.simulator(1, *self.script(f"4s stop qs-node {ENGINE}"))
        self.configure(simulator, friendly=NASTY, **self.section())
        before = time.time()
        running = self.run_tocsin()
        self.wait_for_rows(3, ALL + f" WHERE \"service_name\" = '{ENGINE}' AND \"state_num\" = 1")
        self.wait_for_rows(6, ALL + f" WHERE \"service_name\" = '{PROXY}'")
        self.assertEqual(running.stop(), 0, running.output())

        policy, = self.influx.rows('SHOW RETENTION POLICIES ON "tocsin db"', None)
        self.assertEqual((policy["name"], policy["duration"], policy["default"]),
                         ("10d", "240h0m0s", True))
        types = {row["fieldKey"]: row["fieldType"]
                 for row in self.rows('SHOW FIELD KEYS FROM "win_service_state"')}
        self.assertEqual(types, {"state_num": "float", "state_text": "string",
                                 "startup_mode_num": "float", "startup_mode_text": "string"})
        tags = {row["tagKey"] for row in self.rows('SHOW TAG KEYS FROM "win_service_state"')}
        self.assertEqual(tags, {"butler_instance", "display_name", "friendly_name", "host",
                                "service_name", "site"})
        rows = self.rows()
        last = {row["service_name"]: row for row in rows}
        self.assertEqual(last[ENGINE], {
            "time": last[ENGINE]["time"], "butler_instance": "PROD", "site": "Berlin, north",
            "host": "qs-node", "service_name": ENGINE, "friendly_name": NASTY_ARRIVES,
            "display_name": "Qlik Sense Engine Service", "state_num": 1, "state_text": "STOPPED",
            "startup_mode_num": 0, "startup_mode_text": "Automatic"})
        self.assertEqual((last[PROXY]["state_num"], last[PROXY]["friendly_name"]),
                         (4, "Qlik Sense Proxy Service"))
        self.assertEqual((last[MISSING]["state_num"], last[MISSING]["startup_mode_num"]), (16, None))
        # A point a second of each, at the time of the check.
        times = [row["time"] / 1000 for row in rows if row["service_name"] == PROXY]
        self.assertTrue(before - 1 < times[0] and times[-1] < time.time(), times)
        self.assertGreaterEqual(len(times), 6)
        self.assertLess(longest_gap(times), 7)

    def test_a_database_of_the_original_takes_our_points(self):
        self.influx.query('CREATE DATABASE "tocsin db"')  # its default policy is another
        now = int(time.time() * 1000)
        self.influx.write("tocsin%20db", "win_service_state,host=qs-node,service_name="
                          f"{ENGINE},display_name=x,friendly_name=y state_num=4,"
                          'state_text="RUNNING",startup_mode_num=0,startup_mode_text="Automatic" '
                          f"{now - 60000}\n")
        self.configure(self.simulator(), **self.section())
        running = self.run_tocsin()
        rows = self.wait_for_rows(3, ALL + f" WHERE \"service_name\" = '{ENGINE}'")
        self.assertEqual(rows[0]["time"], now - 60000)  # old and new, in one policy
        done = self.try_it()
        self.assertEqual(done.returncode, 0, done)
        self.assertIn('the database has no retention policy "10d"', done.stdout)
        self.assertEqual(running.stop(), 0)
        self.assertNotIn("InfluxDB: dropped", running.output())

    def test_points_of_another_type_are_counted_as_lost_and_not_sent_for_ever(self):
        self.influx.query('CREATE DATABASE "tocsin db"')
        self.influx.write("tocsin%20db", 'win_service_state,x=y startup_mode_num="text"\n')
        self.configure(self.simulator(), **self.section())
        running = self.run_tocsin()
        line = running.wait_for_line("InfluxDB: dropped")
        self.assertRegex(line, r"partial write: field type conflict.*startup_mode_num")
        # The service without start mode has no field that conflicts.
        rows = self.wait_for_rows(4, ALL + f" WHERE \"service_name\" = '{MISSING}'")
        wait_until(lambda: self.metrics.exists() and self.count("tocsin_unreported_total") > 0, 30,
                   "losses in the metrics")
        self.assertGreater(self.count("tocsin_reported_total"), 0)
        self.assertEqual([row for row in self.rows() if row["service_name"] == ENGINE], [])
        self.assertEqual(len({row["time"] for row in rows}), len(rows))
        self.assertEqual(running.stop(), 0)

    def test_a_database_that_is_dropped_is_made_again(self):
        self.configure(self.simulator(), **self.section())
        self.run_tocsin()
        self.wait_for_rows(3)
        self.influx.query('DROP DATABASE "tocsin db"')
        self.wait_for_rows(6)
        policy, = self.influx.rows('SHOW RETENTION POLICIES ON "tocsin db"', None)
        self.assertEqual(policy["name"], "10d")

    def test_nothing_is_missing_after_an_outage_of_influxdb(self):
        self.configure(self.simulator(), **self.section())
        running = self.run_tocsin()
        self.wait_for_rows(6)
        self.influx.down()
        down = time.time() * 1000
        running.wait_for_line("InfluxDB: service states wait")
        time.sleep(8)
        self.influx.up()
        up = time.time() * 1000
        running.wait_for_line("InfluxDB: service states are written again")
        time.sleep(3)
        self.assertEqual(running.stop(), 0, running.output())
        times = [row["time"] for row in self.rows(ALL + f" WHERE \"service_name\" = '{PROXY}'")]
        self.assertEqual(times, sorted(set(times)))
        self.assertGreaterEqual(len([at for at in times if down < at < up]), 4)
        self.assertLess(longest_gap(times), 7000)
        self.assertNotIn("InfluxDB: dropped", running.output())

    def test_goes_on_after_kill(self):
        self.configure(self.simulator(), **self.section())
        running = self.run_tocsin()
        self.wait_for_rows(3)
        running.kill()
        before = len(self.rows())
        again = self.run_tocsin()
        self.wait_for_rows(before + 6)
        self.assertEqual(again.stop(), 0)

    def test_an_account_that_is_refused_is_said_loudly_and_mended_while_it_runs(self):
        self.influx.query('CREATE DATABASE "tocsin db"')
        account = {"enable": True, "username": "writer", "password": MARKER}
        self.configure(self.simulator(), **self.section(auth=account))
        done = self.try_it()
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("401 Unauthorized: authorization failed", done.stdout)
        running = self.run_tocsin()
        line = running.wait_for_line("InfluxDB: service states wait")
        self.assertIn("nothing is written until `auth` of `influxDb` is right", line)
        self.influx.query(f"CREATE USER writer WITH PASSWORD '{MARKER}'")
        done = self.try_it()  # the user is right, but may not write
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("403 Forbidden", done.stdout)
        granted = time.time() * 1000
        self.influx.query('GRANT WRITE ON "tocsin db" TO writer')
        rows = self.wait_for_rows(6, seconds=100)  # the login is tried again after a minute
        # What waited is there too.
        self.assertLess(rows[0]["time"], granted)
        done = self.try_it()
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(running.stop(), 0)
        self.assertNotIn(MARKER, running.output() + done.stdout + done.stderr)

    def test_command_leaves_no_point_that_a_dashboard_shows(self):
        self.configure(self.simulator(), **self.section())
        done = self.try_it()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertIn("204 No Content", done.stdout)
        measurements = [row["name"] for row in self.rows("SHOW MEASUREMENTS")]
        self.assertEqual(measurements, ["tocsin_test"])

    def test_command_says_what_is_wrong(self):
        port = self.enterContext(closed_port())
        self.configure(self.simulator(), **self.section(hostPort=port))
        done = self.try_it()
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stdout, rf"127\.0\.0\.1:{port}: .*refused")

    @unittest.skipIf(ON_WINE, "measures a process of Linux")
    def test_ten_thousand_states_a_second_are_bounded_while_influxdb_is_down(self):
        simulator = self.simulator(40)
        self.configure(simulator, services=("*",), **self.section())
        self.influx.down()
        running = self.run_tocsin()
        line = running.wait_for_line("InfluxDB: dropped", 90)
        self.assertIn("too many are waiting", line)
        resident = assert_memory_below(self, running.process.pid, "VmRSS", 150 * 1024)
        self.influx.up()
        running.wait_for_line("InfluxDB: service states are written again", 120)
        # More than a round: of each host's 250 services some are copies for users, which stand together.
        count = 'SELECT count("state_num") FROM "win_service_state"'
        wait_until(lambda: any(row["count"] >= 9_500 for row in self.rows(count)), 60,
                   lambda: self.rows(count))
        print(f"\n10,000 states a second, InfluxDB down: {resident / 1024:.0f} MB")


class Imposters(Watched):
    DATABASE = "my db"

    def imposter(self, version, **options):
        return self.enterContext(Imposter(version, token=MARKER, **options))

    def section(self, imposter, **more):
        return {"hostPort": imposter.port, "version": imposter.version,
                "v1Config": {"auth": {"enable": False}, "dbName": "unused"},
                "v2Config": {"org": "an org", "bucket": self.DATABASE, "token": MARKER,
                             "description": "words", "retentionDuration": "10d"},
                "v3Config": {"database": self.DATABASE, "token": MARKER, "retentionDuration": "10d",
                             "writeTimeout": 5000, "queryTimeout": 5000}, **more}

    def run_against(self, imposter, services=(ENGINE, PROXY, MISSING), **more):
        self.configure(self.simulator(), services=services, **self.section(imposter, **more))
        return self.run_tocsin()

    def wait_for_points(self, imposter, count, running, seconds=30):
        wait_until(lambda: len(imposter.points) >= count, seconds,
                   lambda: f"{count} points: {imposter.journal}\n{running.output()}")
        return list(imposter.points.values())

    def test_points_arrive_in_a_database_that_is_created(self):
        for version, retention in ((2, [{"type": "expire", "everySeconds": 864000}]), (3, "10d")):
            with self.subTest(version=version):
                imposter = self.imposter(version)
                running = self.run_against(imposter, services=("Qlik*",))
                points = self.wait_for_points(imposter, 24, running)
                self.assertEqual(running.stop(), 0, running.output())
                self.assertEqual(imposter.databases, {self.DATABASE: retention})
                engine = next(point for point in points if point.tag["service_name"] == ENGINE)
                self.assertEqual(engine.tag, {
                    "display_name": "Qlik Sense Engine Service", "host": "qs-node",
                    "friendly_name": "Qlik Sense Engine Service", "service_name": ENGINE})
                self.assertEqual(engine.fields,
                                 'state_num=4,state_text="RUNNING",startup_mode_num=0,'
                                 'startup_mode_text="Automatic"')
                self.assertNotIn(MARKER, running.output())
                failed = [entry for entry in imposter.journal if entry[2] >= 300]
                self.assertEqual([entry[2] for entry in failed], [404] if version == 2 else [])

    def test_a_partial_write_is_counted_and_not_repeated(self):
        for version in (2, 3):
            with self.subTest(version=version):
                imposter = self.imposter(version, databases=[self.DATABASE])
                imposter.refuse = lambda point: ("conflict" if point.tag["service_name"] == ENGINE
                                                 else None)
                running = self.run_against(imposter)
                self.assertRegex(running.wait_for_line("InfluxDB: dropped"),
                                 r"dropped \d+ service states: 4\d\d .*conflict")
                self.wait_for_points(imposter, 8, running)
                self.assertEqual(running.stop(), 0)
                seen = collections.Counter(point.tag["service_name"]
                                           for point in imposter.points.values())
                self.assertEqual(set(seen), {PROXY, MISSING})
                # One request a round: none is there twice.
                writes = [entry for entry in imposter.journal if "write" in entry[1]]
                self.assertLessEqual(len(writes), seen[PROXY] + 1)

    def test_what_is_too_large_is_split(self):
        imposter = self.imposter(2, databases=[self.DATABASE], most_bytes=20_000)
        running = self.run_against(imposter, services=("*",))
        self.wait_for_points(imposter, 250, running)
        self.assertEqual(running.stop(), 0)
        statuses = collections.Counter(entry[2] for entry in imposter.journal)
        self.assertGreater(statuses[413], 0)
        self.assertNotIn("InfluxDB: dropped", running.output())

    def test_waits_as_long_as_asked_and_loses_nothing(self):
        imposter = self.imposter(3, databases=[self.DATABASE])
        imposter.answers = [(429, {"error": "slow down"}, (("Retry-After", "4"),))] * 2
        begin = time.time()
        running = self.run_against(imposter, v3Config={"database": self.DATABASE, "token": MARKER})
        self.assertIn("429 Too Many Requests: slow down", running.wait_for_line("service states wait"))
        points = self.wait_for_points(imposter, 12, running)
        self.assertGreaterEqual(time.time() - begin, 8)
        self.assertEqual([entry[2] for entry in imposter.journal[:3]], [429, 429, 204])
        times = sorted(point.time for point in points if point.tag["service_name"] == PROXY)
        self.assertLess(longest_gap(times), 7000)
        self.assertEqual(running.stop(), 0)

    def test_a_wrong_token_is_said_and_never_shown(self):
        for version in (2, 3):
            with self.subTest(version=version):
                imposter = self.imposter(version)
                imposter.token = "another"
                self.configure(self.simulator(), **self.section(imposter))
                done = self.try_it()
                self.assertEqual(done.returncode, 1, done)
                self.assertIn(f"`influxDb.v{version}Config.token`", done.stdout)
                self.assertNotIn(MARKER, done.stdout + done.stderr)
                imposter.token = MARKER
                done = self.try_it()
                self.assertEqual(done.returncode, 0, done)
                self.assertEqual([key[0] for key in imposter.points], ["tocsin_test"])


class Strange(Watched):
    """What listens where InfluxDB should is behind https, or is no InfluxDB."""

    def test_https(self):
        require("openssl")
        authority = Authority(self.folder)
        receiver = self.enterContext(Receiver(always=NO_CONTENT, authority=authority))
        address = {"hostIP": "https://127.0.0.1/influx/", "hostPort": receiver.port, "dbName": "d"}
        self.configure(self.simulator(), **address)
        done = self.try_it()
        self.assertEqual((done.returncode, receiver.requests), (1, []), done)
        self.assertIn("the certificate was not accepted", done.stdout)
        self.configure(self.simulator(), **address, cert={
            "enable": True, "rejectUnauthorized": True, "certCA": named(authority.certificate)})
        done = self.try_it()
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(receiver.requests[-1].path, "/influx/write?db=d&precision=ms")

    def test_answers_of_another_program_lose_nothing(self):
        receiver = self.enterContext(Receiver(
            Answer(400, body=b"Client sent an HTTP request to an HTTPS server."),
            Answer(302, (("Location", "http://127.0.0.1:1/"),)), Answer(404),
            always=Answer(500, body=MARKER.encode() + b"x" * 1_000_000)))
        self.configure(self.simulator(), hostPort=receiver.port, dbName="d",
                       auth={"enable": True, "username": "u", "password": MARKER})
        running = self.run_tocsin()
        receiver.wait_for(4, 30)
        self.assertEqual(running.stop(), 0)
        self.assertNotIn("InfluxDB: dropped", running.output())
        self.assertNotIn(MARKER, running.output())
        batches = {gzip.decompress(request.body) if "content-encoding" in request.headers
                   else request.body for request in receiver.requests
                   if request.path.startswith("/write")}
        self.assertEqual(len(batches), 1, "the same batch is written again")


if __name__ == "__main__":
    unittest.main()
