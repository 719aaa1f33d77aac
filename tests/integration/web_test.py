"""The dashboard's API: what it shows of a run, and what can be done with it. Each answer is checked by the contract."""
import contextlib
import datetime
import http.client
import json
import re
import threading
import time
import unittest
import zoneinfo

import contract
from program import ON_WINE, SLOWER, Simulator, configuration, require_tocsin, tocsin
from receiver import Answer
from served import ANY_PORT, SOON, Served
from servers import closed_port, wait_until
from watched import ENGINE, MARKER, PROXY
from web import quoted

BROKEN = Answer(status=400, body=b"no such channel")


def setUpModule():
    require_tocsin()


class Showing(Served):
    def test_the_host_and_its_services(self):
        web = self.serve()
        host = web.get(f"/hosts/{self.host.upper()}")
        self.assertEqual((host["name"], host["source"], host["reached"], host["worst"], host["watched"]),
                         (self.host, "smb", True, "MISSING", 3))
        self.assertEqual(host["services"], {"RUNNING": 2, "MISSING": 1})
        self.assertEqual(web.get("/hosts")["hosts"], [host])
        engine = self.service(web)
        self.assertEqual((engine["state"], engine["asExpected"], engine["entry"], engine["alert"]),
                         ("RUNNING", True, ENGINE, None))
        self.assertGreater(engine["processId"], 0)
        missing = self.service(web, MARKER)
        self.assertEqual((missing["state"], missing["asExpected"], missing["processId"]), ("MISSING", False, None))
        self.assertTrue(missing["error"])

    def test_the_overview_and_the_counts(self):
        web = self.serve()
        overview = web.get("/overview")
        columns = [overview[name] for name in ("names", "services", "running", "troubled", "unreached")]
        self.assertEqual(columns, [[self.host], [3], [2], [1], []])
        self.assertEqual([overview["letters"][letter] for letter in overview["worst"]], ["MISSING"])
        counts = web.get("/counts")
        self.assertEqual(counts["hosts"], {"total": 1, "reached": 1, "unreached": 0, "unchecked": 0})
        self.assertEqual(counts["services"], {"RUNNING": 2, "MISSING": 1})
        self.assertEqual(counts["deliveries"], {"waiting": 0, "dead": 0})

    def test_a_host_that_is_not_reached(self):
        web = self.serve()
        self.move_away(web)
        overview = web.get("/overview")
        self.assertEqual(overview["letters"][overview["worst"]], "UNKNOWN")
        self.assertEqual(overview["unreached"], [0])
        host = web.get(f"/hosts/{self.host}")
        self.assertTrue(host["error"])
        self.assertEqual(self.service(web)["state"], "UNKNOWN")
        self.assertEqual(web.get("/counts")["services"], {"UNKNOWN": 3})

    def move_away(self, web):
        """The configuration names a port where nobody listens."""
        with closed_port() as port:
            self.file.write_text(self.file.read_text().replace(str(self.simulator.hosts[self.host]), str(port)))
            self.reload_until_unreached(web)

    def reload_until_unreached(self, web):
        self.assertTrue(web.post("/configuration/reload")["good"])
        wait_until(lambda: web.get(f"/hosts/{self.host}")["reached"] is False, 30, "the host is not reached")

    def test_pages_of_hosts(self):
        names = [self.host, next(self.unused_hosts), next(self.unused_hosts)]
        configuration(self.file, hosts=[self.simulator.host(name, self.SERVICES) for name in names],
                      credentials=self.simulator.credentials(), web=ANY_PORT)
        self.running = self.start_tocsin(first_look=True)
        web = self.client()
        wait_until(lambda: web.get("/counts")["hosts"]["reached"] == 3, 15, "all are checked")
        found, following = [], ""
        while following is not None:
            page = web.get("/hosts?limit=1" + (f"&next={quoted(following)}" if following else ""))
            found += [host["name"] for host in page["hosts"]]
            following = page["next"]
        self.assertEqual(sorted(found), sorted(names))
        self.assertEqual(len(web.get(f"/hosts?search={names[0][-3:].upper()}")["hosts"]),
                         sum(names[0][-3:] in name for name in names))
        self.assertEqual(len(web.get("/hosts?search=*node*")["hosts"]), 3)
        self.assertEqual(web.get("/hosts?search=node*")["hosts"], [])
        self.assertEqual(len(web.get("/hosts?worst=MISSING")["hosts"]), 3)
        self.assertEqual(web.get("/hosts?worst=RUNNING")["hosts"], [])

    def test_hosts_are_sorted_as_people_look_for_them(self):
        entry = self.simulator.host(self.host, self.SERVICES)
        configuration(self.file, hosts=[{**entry, "host": name} for name in ("app10", "web1", "App2", "app1")],
                      credentials=self.simulator.credentials(), web=ANY_PORT)
        self.running = self.start_tocsin(first_look=True)
        web = self.client()
        self.assertEqual(web.get("/overview")["names"], ["app1", "App2", "app10", "web1"])
        first = web.get("/hosts?limit=2")
        self.assertEqual([one["name"] for one in first["hosts"]], ["app1", "App2"])
        rest = web.get(f"/hosts?limit=2&next={quoted(first['next'])}")
        self.assertEqual([one["name"] for one in rest["hosts"]], ["app10", "web1"])

    def test_an_alert_leads_to_what_was_notified_of_it(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk))
        ids = []
        for _ in range(2):
            self.manager.stop(ENGINE)
            alert = self.wait_for_alert(web)
            ids.append(alert["id"])
            entry = web.get(f"/history/{quoted(alert['id'])}")
            self.assertEqual((entry["alert"]["service"], entry["alert"]["to"]), (ENGINE, "STOPPED"))
            self.assertEqual(self.service(web)["alert"], alert)
            self.manager.start(ENGINE)
            wait_until(lambda: not web.get("/alerts")["alerts"], 10, "its end")
        self.assertNotEqual(*ids)

    def test_tocsin_itself(self):
        web = self.serve()
        self.assertEqual(web.get("/session"), {"name": "dashboard", "role": "act"})
        status = web.get("/status")
        self.assertEqual(status["streams"], 0)
        self.assertGreater(status["storeBytes"], 0)
        if ON_WINE:
            self.assertEqual(status["timeZone"], "")
        else:
            zoneinfo.ZoneInfo(status["timeZone"])
        self.assertLess(abs(datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(status["now"])),
                        datetime.timedelta(seconds=20))
        self.assertEqual(web.ask("GET", "/healthz").body, b"ok\n")
        self.assertEqual(web.ask("GET", "/readyz").body, b"ready\n")
        self.assertIn(b"# TYPE tocsin_", web.ask("GET", "/metrics").body)

    def test_the_page_and_what_it_loads(self):
        web = self.serve()
        page = web.ask("GET", "/")
        self.assertEqual((page.status, page.headers["content-type"]), (200, "text/html; charset=utf-8"))
        files = re.findall(rb'(?:src|href)="(?:\./)?([^":]+\.\w+)"', page.body)
        self.assertTrue(files, page.body)
        for name in (name.decode() for name in files):
            file = web.ask("GET", "/" + name)
            self.assertEqual(file.status, 200, name)
            # What has a hash in its name never changes.
            lasting = "immutable" if "-" in name else "no-cache"
            self.assertIn(lasting, file.headers["cache-control"])
            unpacked = web.ask("GET", "/" + name, headers={"Accept-Encoding": "identity"})
            self.assertEqual(unpacked.body, file.body)
            self.assertNotIn("content-encoding", unpacked.headers)
            known = web.ask("GET", "/" + name, headers={"If-None-Match": file.headers["etag"]})
            self.assertEqual((known.status, known.body), (304, b""))

    def test_the_contract(self):
        served = self.serve().ask("GET", "/openapi.yaml")
        self.assertEqual((served.status, served.headers["content-type"]), (200, "application/yaml"))
        self.assertTrue(served.body.startswith(b"openapi: 3.1"))

    def test_a_head_is_answered_as_a_get_without_its_body(self):
        web = self.serve()
        for path in ("/", "/api/v1/overview", "/api/v1/events", "/metrics", "/api/v1/nothing"):
            with self.subTest(path=path):
                answer = web.ask("HEAD", path)
                self.assertEqual((answer.status, answer.body), (404 if "nothing" in path else 200, b""))

    def test_what_is_not_there(self):
        web = self.serve()
        for method, path, status in (
                ("GET", "/hosts/nobody", 404), ("GET", "/hosts/nobody/services", 404), ("GET", "/nothing", 404),
                ("GET", f"/hosts/{self.host}/x", 404), ("POST", "/hosts/nobody/check", 404),
                ("POST", "/hosts/nobody/diagnosis", 404),
                ("POST", "/destinations/nothing/test", 404), ("DELETE", "/silences/7", 404),
                ("DELETE", "/silences/x", 404), ("DELETE", "/silences/99999999999999999999", 404),
                ("DELETE", "/acknowledgements/7", 404), ("DELETE", "/hosts", 405), ("POST", "/overview", 405),
                ("GET", "/routes?host=nobody", 404), ("GET", f"/routes?host={self.host}&service=nobody", 404),
                ("GET", f"/routes?host={self.host}&kind=nothing", 400), ("GET", "/routes", 400),
                ("GET", "/hosts?limit=0", 400), ("GET", "/hosts?limit=1001", 400), ("GET", "/hosts?limit=1e3", 400),
                ("GET", "/hosts?worst=nothing", 400), ("GET", "/silences?ended=perhaps", 400),
                ("GET", "/silences/preview", 400), ("GET", "/silences/preview?scope=" + 600 * "x", 400)):
            with self.subTest(method=method, path=path):
                answer = web.ask(method, "/api/v1" + path, {} if method == "POST" else None)
                self.assertEqual(answer.status, status, answer)
                self.assertEqual("allow" in answer.headers, status == 405)

    def test_checks_a_host_now(self):
        web = self.serve(every="every 1 hour")
        before = web.get(f"/hosts/{self.host}")["checked"]
        self.assertEqual(web.post(f"/hosts/{self.host}/check", expected=202), {})
        wait_until(lambda: web.get(f"/hosts/{self.host}")["checked"] != before, 10, "the check")


class Diagnosing(Served):
    """The steps of `tocsin doctor`, of pretend hosts that count logons and do as they are told."""

    HOSTS = 10
    ALL = 6  # pretend hosts

    def setUp(self):
        super().setUp()
        self.logons_file, self.events = self.folder / "logons", self.folder / "events"
        self.simulator = self.enterContext(
            Simulator(self.ALL, "--logons", self.logons_file, "--follow", self.events))
        self.host = next(iter(self.simulator.hosts))

    def serve_all(self):
        configuration(self.file, hosts=[self.simulator.host(name, self.SERVICES) for name in self.simulator.hosts],
                      credentials=self.simulator.credentials(), web=ANY_PORT)
        self.running = self.start_tocsin(first_look=True)
        web = self.client()
        wait_until(lambda: web.get("/counts")["hosts"]["reached"] == self.ALL, 15, "all are checked")
        return web

    def happen(self, *events):
        with open(self.events, "a", encoding="utf-8") as file:
            file.writelines(f"{event}\n" for event in events)

    def logons(self, outcome):
        rows = [line.split("\t") for line in self.logons_file.read_text(encoding="utf-8").splitlines()]
        return sum(row[1] == self.host and row[3] == outcome for row in rows)

    def diagnose(self, web, host=None, expected=200):
        return web.post(f"/hosts/{host or self.host}/diagnosis", expected=expected, timeout=90)

    def steps(self, diagnosis):
        return {step["step"]: step for step in diagnosis["steps"]}

    def diagnose_slowly(self, web, hosts, ends=False):
        """In threads, of hosts that do not answer; returns when all are under way. The answers come later; `ends`: or
        never, because the run ends."""
        self.happen(*(f"behave {host} silent" for host in self.simulator.hosts))
        wait_until(lambda: web.get("/counts")["hosts"]["unreached"] == self.ALL, 60, "all are silent")
        answers = []

        def ask(host):
            with contextlib.suppress(*((OSError, http.client.HTTPException) if ends else ())):
                answers.append(self.diagnose(web, host))
        threads = [threading.Thread(target=ask, args=(host,)) for host in hosts]
        for thread in threads:
            thread.start()
            self.addCleanup(thread.join)
        for host in hosts:
            self.running.wait_for_line(f"diagnosis of host {host} by dashboard, through the web")
        return threads, answers

    def test_a_host_that_works(self):
        web = self.serve()
        wait_until(lambda: self.logons("accepted") == 1, 5, "the logon of the checks")
        found = self.diagnose(web, self.host.upper())
        self.assertEqual((found["host"], found["port"], found["result"]),
                         (self.host, self.simulator.hosts[self.host], "ok"))
        self.assertEqual({step["result"] for step in found["steps"]}, {"ok"}, found)
        self.running.wait_for_line(f"diagnosis of host {self.host} by dashboard, through the web")
        self.assertEqual([(one["kind"], one["host"], one["by"]) for one in web.get("/actions")["actions"]],
                         [("diagnosed", self.host, "dashboard")])
        self.assertEqual(self.logons("accepted"), 2)
        before = web.get(f"/hosts/{self.host}")["checked"]
        wait_until(lambda: web.get(f"/hosts/{self.host}")["checked"] != before, 15, "the next check")
        self.assertEqual(self.logons("accepted"), 2, "the checks go on over their own session")
        done = tocsin("doctor", "--json", "-c", self.file, "--data-dir", self.folder / "other", self.host)
        said = json.loads(done.stdout)
        self.assertEqual(said.keys(), found.keys())
        self.assertEqual([(step.keys(), step["step"], step["result"]) for step in said["steps"]],
                         [(step.keys(), step["step"], step["result"]) for step in found["steps"]])
        self.assertNotIn(self.simulator.PASSWORD, json.dumps(found, ensure_ascii=False))

    def test_a_password_that_is_refused_is_tried_once(self):
        web = self.serve()
        wait_until(lambda: self.logons("accepted") == 1, 5, "the logon of the checks")
        self.happen(f"password {self.host} another")

        def refused():
            login = self.steps(self.diagnose(web))["login"]
            return login if login["result"] == "FAILS" else None
        login = wait_until(refused, 10, "the new password")
        self.assertIn("wrong user name or password", login["found"])
        self.assertTrue(login["advice"])
        self.assertEqual(self.logons("refused"), 1)
        again = self.diagnose(web)
        self.assertEqual((again["result"], self.steps(again)["login"]["result"]), ("FAILS", "FAILS"))
        self.assertEqual(self.steps(again)["list of services"]["result"], "not tried")
        self.assertEqual(self.logons("refused"), 1, "not tried before its time")

    def test_a_host_that_is_not_reached(self):
        with closed_port() as port:
            entry = {**self.simulator.host(self.host, self.SERVICES), "port": port}
            configuration(self.file, hosts=[entry], credentials=self.simulator.credentials(), web=ANY_PORT)
            self.running = self.start_tocsin()
            found = self.diagnose(self.client())
        self.assertEqual((found["port"], found["result"]), (port, "FAILS"))
        steps = self.steps(found)
        self.assertEqual([steps[name]["result"] for name in ("name", "connection", "login", "push")],
                         ["ok", "FAILS", "not tried", "not tried"])
        self.assertTrue(steps["connection"]["found"] and steps["connection"]["advice"], steps["connection"])
        self.assertEqual((steps["login"]["found"], steps["login"]["advice"]), (None, None))

    def test_one_for_each_host_and_few_in_all(self):
        web = self.serve_all()
        *most, one_more, _ = self.simulator.hosts
        threads, answers = self.diagnose_slowly(web, most)
        self.assertIn("under way", self.diagnose(web, most[0], 409)["detail"])
        self.assertIn("try again", self.diagnose(web, one_more, 503)["detail"])
        begun = time.monotonic()
        web.get("/counts")
        self.assertLess(time.monotonic() - begun, 1 * SLOWER, "nothing else waits for it")
        for thread in threads:
            thread.join()
        self.assertEqual({answer["result"] for answer in answers}, {"FAILS"})
        self.happen(*(f"behave {host} none" for host in self.simulator.hosts))
        wait_until(lambda: self.diagnose(web)["result"] == "ok", 20, "it is possible again")

    def test_a_run_ends_while_a_host_is_diagnosed(self):
        web = self.serve_all()
        self.diagnose_slowly(web, [self.host], ends=True)
        begun = time.monotonic()
        self.assertEqual(self.running.stop(), 0)
        self.assertLess(time.monotonic() - begun, 10 * SLOWER)


class Controlling(Served):
    RUNNING = 4  # as the service manager says it

    def serve_with(self, control, token=True):
        configuration(self.file, hosts=[{**self.simulator.host(self.host, self.SERVICES), "control": control}],
                      credentials=self.simulator.credentials(), web=ANY_PORT)
        self.running = self.start_tocsin(first_look=True)
        return self.client(token)

    def control(self, web, action, service=ENGINE, expected=200, **more):
        return web.post(f"/hosts/{self.host}/services/{service}/control", {"action": action, **more},
                        expected=expected, timeout=60)

    def test_starts_and_stops(self):
        web = self.serve_with(True)
        self.assertTrue(web.get(f"/hosts/{self.host}")["control"])
        planned = self.control(web, "stop", dryRun=True)
        self.assertEqual(([step["service"] for step in planned["steps"]], planned["after"]), ([ENGINE], "RUNNING"))
        self.assertEqual(self.manager.state(ENGINE), self.RUNNING)
        done = self.control(web, "stop")
        self.assertEqual((done["host"], done["service"], done["before"], done["after"], done["error"]),
                         (self.host, ENGINE, "RUNNING", "STOPPED", None))
        wait_until(lambda: {"STOPPED"} == {one["state"] for one in web.get(f"/hosts/{self.host}/services")["services"]
                                           if one["name"] == ENGINE}, 5, "a check at once")
        self.assertEqual(self.control(web, "restart")["after"], "RUNNING")
        self.assertEqual([(one["kind"], one["service"], one["by"], one["reason"])
                          for one in web.get("/actions")["actions"]],
                         [("restarted", ENGINE, "dashboard", "it is RUNNING (was STOPPED)"),
                          ("stopped", ENGINE, "dashboard", "it is STOPPED (was RUNNING)")])
        self.running.wait_for_line(f"stop of service {ENGINE} on host {self.host} by dashboard, through the web")
        self.running.wait_for_line(f"stop of service {ENGINE} on host {self.host}: it is STOPPED (was RUNNING)")

    def test_a_host_that_is_only_watched(self):
        web = self.serve_with(False)
        self.assertFalse(web.get(f"/hosts/{self.host}")["control"])
        self.assertIn("only watched", self.control(web, "stop", expected=403)["detail"])
        self.assertEqual(self.manager.state(ENGINE), self.RUNNING)

    def test_who_and_what_is_refused(self):
        web = self.serve_with(True)
        self.control(self.client(token=False), "stop", expected=401)
        self.assertIn("no such service", self.control(web, "stop", "Fax", expected=404)["detail"])
        self.assertIn("must be `start`", self.control(web, "explode", expected=400)["detail"])
        self.assertIn("true or false", self.control(web, "stop", dryRun="yes", expected=400)["detail"])
        self.assertEqual(self.manager.state(ENGINE), self.RUNNING)


class Listening(Served):
    def change_until_pushed(self, web):
        """Changes are read by checks until the host has been listened to; then they come at once."""
        with web.listen() as stream:
            for change in (self.manager.stop, self.manager.start):
                change(PROXY)
                stream.change(what="host", running=1 if change == self.manager.stop else 2)
        wait_until(lambda: self.service(web, PROXY)["state"] == "RUNNING", 10, "the proxy runs again")

    def test_a_change_arrives_at_once(self):
        web = self.serve()
        self.change_until_pushed(web)
        with web.listen() as stream:
            self.assertEqual((stream.headers["cache-control"], stream.headers["x-accel-buffering"]), ("no-store", "no"))
            self.assertNotIn("content-encoding", stream.headers)
            self.assertIn("retry: ", stream.retry)
            took = []
            for change, running in 3 * ((self.manager.stop, 1), (self.manager.start, 2)):
                change(ENGINE)
                begun = time.monotonic()
                seen = stream.change(what="host", running=running)
                took.append(time.monotonic() - begun)
                self.assertEqual((seen["host"], seen["services"], seen["troubled"], seen["reached"]),
                                 (self.host, 3, 3 - running, True))
        self.assertLess(sorted(took)[len(took) // 2], SOON, took)

    def test_an_alert_and_its_delivery_are_said(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk))
        with web.listen() as stream:
            self.manager.stop(ENGINE)
            missing = {"alert", "delivery"}
            while missing:
                missing -= {change["what"] for change in stream.event().data["changes"]}

    def test_what_was_missed_comes_later(self):
        web = self.serve()
        with web.listen() as stream:
            self.manager.stop(ENGINE)
            stream.change(what="host", running=1)
            last = stream.last_seen
        with web.listen() as stream:  # begins with what is new
            self.manager.start(ENGINE)
            stream.change(what="host", running=2)
            self.manager.stop(PROXY)
            stream.change(what="host", running=1)
        with web.listen(last) as stream:
            stream.change(2, what="host", running=2)
            stream.change(2, what="host", running=1)
            self.assertGreater(int(stream.last_seen.split("-")[1]), int(last.split("-")[1]))
            self.assertEqual(int(stream.last_seen.split("-")[1]) - int(last.split("-")[1]),
                             web.get("/overview")["sequence"] - int(last.split("-")[1]), "and all of it")

    def test_another_run_s_events_are_not_taken_for_this_one_s(self):
        web = self.serve()
        with web.listen() as stream:
            self.manager.stop(ENGINE)
            stream.change(what="host", running=1)
            last = stream.last_seen
        web = self.again()
        for seen in (last, "1", "x-1", "-", 40 * "9", "\xe5"):
            with self.subTest(seen=seen), web.listen(seen) as stream:
                self.assertIn("event: reset", stream.retry + "\n")

    def test_a_stream_ends_with_the_run(self):
        web = self.serve()
        with web.listen() as stream:
            begun = time.monotonic()
            self.assertEqual(self.running.stop(), 0)
            self.assertLess(time.monotonic() - begun, 5)
            with self.assertRaises(ConnectionError):
                while True:
                    stream.event()

    def test_64_clients_listen_and_no_more(self):
        web = self.serve()
        streams = [self.enterContext(web.listen()) for _ in range(64)]
        self.assertEqual({stream.status for stream in streams}, {200})
        self.assertEqual(web.get("/status")["streams"], 64)
        with web.listen() as refused:
            self.assertEqual(refused.status, 503)
        self.manager.stop(ENGINE)
        for stream in streams:
            stream.change(what="host", running=1)
        streams[0].close()

        def listen():
            with web.listen() as stream:
                return stream.status == 200
        wait_until(listen, 40, "the place of a client that has gone")

    def test_one_client_takes_no_events_from_others(self):
        web = self.serve()
        first, second = self.enterContext(web.listen()), self.enterContext(web.listen())
        self.manager.stop(ENGINE)
        self.assertEqual(first.change(what="host", running=1), second.change(what="host", running=1))


class Silencing(Served):
    def create(self, web, scope, seconds=3600, **more):
        return web.post("/silences", {"scope": scope, "seconds": seconds, "reason": "new disk"}, 201, **more)

    def test_suppresses_alerts_until_it_is_ended(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk))
        silence = self.create(web, f"{self.host.upper()}/{ENGINE}")
        self.assertEqual((silence["service"], silence["by"], silence["active"]), (ENGINE, "dashboard", True))
        self.manager.stop(ENGINE)
        alert = self.wait_for_alert(web)
        self.assertIn("new disk", alert["suppressed"])
        self.assertEqual(self.service(web)["alert"], alert)
        self.manager.stop(PROXY)
        self.assertEqual(self.states(desk.wait_for(1)), [(PROXY, "STOPPED")])
        self.assertEqual(web.get("/counts")["alerts"]["silenced"], 1)
        self.assertEqual(web.get("/silences")["silences"], [silence])
        web.delete(f"/silences/{silence['id']}")
        self.assertEqual(self.states(desk.wait_for(2))[1:], [(ENGINE, "STOPPED")])
        self.wait_for_alert(web, suppressed="")
        self.assertEqual(web.get("/silences")["silences"], [])
        self.assertEqual([(one["id"], one["active"]) for one in web.get("/silences?ended=true")["silences"]],
                         [(silence["id"], False)])
        web.delete(f"/silences/{silence['id']}", 404)

    def test_a_repetition_makes_no_second_one(self):
        web = self.serve()
        first, second = (self.create(web, self.host, headers={"Idempotency-Key": "abc"}) for _ in range(2))
        self.assertEqual(first, second)
        other = self.create(web, self.host, headers={"Idempotency-Key": "def"})
        self.assertEqual(len(web.get("/silences")["silences"]), 2)
        self.assertNotEqual(first["id"], other["id"])

    def test_two_at_once_with_one_key_make_one(self):
        web = self.serve()
        bodies = b'{"scope": "%s", "seconds": 60, "reason": "x"}' % self.host.encode()
        request = (f"POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   f"Authorization: Bearer {web.token}\r\nIdempotency-Key: once\r\n"
                   f"Content-Length: {len(bodies)}\r\nConnection: close\r\n\r\n").encode() + bodies
        clients = [self.enterContext(web.connect()) for _ in range(8)]
        for client in clients:
            client.sendall(request)
        answers = [int(client.recv(65536).split()[1]) for client in clients]
        self.assertLessEqual(set(answers), {201, 409}, "409: it is under way")
        self.assertIn(201, answers)
        self.assertEqual(len(web.get("/silences")["silences"]), 1)

    def test_its_end_can_be_moved(self):
        web = self.serve()
        silence = self.create(web, self.host)
        end = "2026-01-01T00:00:00.000Z"
        self.assertIn("`end`", web.patch(f"/silences/{silence['id']}", {"end": end}, 400)["detail"])
        end = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=5)).isoformat(timespec="milliseconds")
        changed = web.patch(f"/silences/{silence['id']}", {"end": end})
        self.assertEqual(changed, {**silence, "end": end.replace("+00:00", "Z")})
        wait_until(lambda: web.get("/silences")["silences"] == [], 20, "its end")
        web.patch(f"/silences/{silence['id']}", {"end": "2027-01-01T00:00:00.000Z"}, 404)

    def test_what_it_would_cover(self):
        web = self.serve()
        self.manager.stop(ENGINE)
        alert = self.wait_for_alert(web)
        for scope, hosts, services, alerts in (
                (self.host, 1, 3, [alert]), (f"{self.host}/{ENGINE}", 1, 1, [alert]), (f"*/{PROXY}", 1, 1, []),
                ("*", 1, 3, [alert]), ("nobody", 0, 0, []), (f"{self.host}/Qlik*", 1, 2, [alert])):
            with self.subTest(scope=scope):
                self.assertEqual(web.get(f"/silences/preview?scope={quoted(scope)}"),
                                 {"hosts": hosts, "services": services, "open": alerts})
        self.assertEqual(web.get("/silences")["silences"], [])

    def test_windows_of_the_configuration_are_listed(self):
        web = self.serve(monitor={"maintenance": [{"name": "always", "of": ["*"], "begins": "every minute",
                                                   "for": "2m"}]})
        listed = web.get("/silences")["maintenance"]
        self.assertEqual([(one["name"], one["scopes"], one["active"]) for one in listed], [("always", ["*"], True)])

    def test_mistakes(self):
        web = self.serve()
        good = {"scope": self.host, "seconds": 60, "reason": "new disk"}
        for bad in ({"scope": ""}, {"scope": 7}, {"scope": "/x"}, {"scope": 600 * "x"}, {"seconds": 0}, {"seconds": -1},
                    {"seconds": 1.5}, {"seconds": "60"}, {"seconds": 2**64}, {"seconds": 31622401}, {"reason": ""},
                    {"reason": 1001 * "x"}, {"reason": None}, {"more": 1}, {"scope": "a\0b"}, {"scope": "a\nb"}):
            with self.subTest(bad=bad):
                web.post("/silences", {**good, **bad}, 400)
        json = {"Content-Type": "application/json"}
        for body in (b"", b"[]", b"{", b"null", b"\xff", 20_000 * b"[", b"{}{}", b'{"scope":"a","scope":"b"}'):
            with self.subTest(body=body[:20]):
                web.ask("POST", "/api/v1/silences", body, json)
        self.assertEqual(web.get("/silences?ended=true")["silences"], [])


class Acknowledging(Served):
    REMINDED = {"policy": {"flapping": {"start": 0}, "firstSight": "quiet", "repeatEvery": "1s"}}

    def test_until_the_alert_ends(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk), monitor=self.REMINDED)
        asked = {"host": self.host.upper(), "service": ENGINE.lower(), "reason": "on it"}
        self.assertEqual(web.post("/acknowledgements", asked, 409)["status"], 409)
        self.manager.stop(ENGINE)
        desk.wait_for(2)
        made = web.post("/acknowledgements", asked, 201)
        self.assertEqual((made["host"], made["service"], made["by"], made["reason"]),
                         (self.host, ENGINE, "dashboard", "on it"))
        self.assertEqual(web.post("/acknowledgements", asked, 201), made, "once more changes nothing")
        self.assertEqual(web.get("/acknowledgements")["acknowledgements"], [made])
        self.assertEqual(self.wait_for_alert(web)["acknowledged"], made)
        self.assertEqual(web.get("/counts")["alerts"], {"open": 0, "acknowledged": 1, "silenced": 0})
        time.sleep(1)  # a reminder may have been under way
        before = len(desk.requests)
        time.sleep(3)
        self.assertEqual(len(desk.requests), before)
        web.delete(f"/acknowledgements/{made['id']}")
        desk.wait_for(before + 1)
        web.delete(f"/acknowledgements/{made['id']}", 404)
        web.post("/acknowledgements", asked, 201)
        self.manager.start(ENGINE)
        wait_until(lambda: web.get("/acknowledgements")["acknowledgements"] == [], 10, "its end")

    def test_mistakes(self):
        web = self.serve()
        good = {"host": self.host, "service": ENGINE, "reason": ""}
        for bad, status in (({"host": ""}, 400), ({"host": None}, 400), ({"service": 7}, 400), ({"reason": []}, 400),
                            ({"more": 1}, 400), ({"host": "nobody"}, 409)):
            with self.subTest(bad=bad):
                web.post("/acknowledgements", {**good, **bad}, status)


class Configuring(Served):
    def test_who_would_be_told(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk))
        told = web.get(f"/routes?host={self.host}&service={ENGINE}&kind=stopped")["destinations"]
        self.assertEqual([(one["name"], one["delaySeconds"]) for one in told], [('webhook "the receiver"', 0)])
        self.assertEqual(web.get(f"/routes?host={self.host}")["destinations"], told)

    def test_is_read_again(self):
        web = self.serve()
        self.assertFalse(web.get("/configuration")["differs"])
        self.file.write_text(self.file.read_text().replace(PROXY, "Spooler"))
        wait_until(lambda: web.get("/configuration")["differs"], 10, "the difference is seen")
        with web.listen() as stream:
            self.assertTrue(web.post("/configuration/reload")["good"])
            self.assertTrue(stream.change(what="configuration"))
        wait_until(lambda: [one["name"] for one in web.get(f"/hosts/{self.host}/services")["services"]]
                   == sorted((ENGINE, MARKER, "Spooler")), 10, "the new service")
        self.assertFalse(web.get("/configuration")["differs"])
        self.file.write_text("tocsin: [")
        bad = web.post("/configuration/reload")
        self.assertFalse(bad["good"])
        self.assertIn("tocsin.yaml", bad["text"])

    def test_a_change_of_an_included_file_is_seen(self):
        more = self.folder / "more"
        more.mkdir()
        web = self.serve(include=["more/*.yaml"])
        self.assertFalse(web.get("/configuration")["differs"])

        def write(text):
            (more / "a.yaml").write_text(text)

        def differs(expected, what):
            wait_until(lambda: web.get("/configuration")["differs"] == expected, 10, what)
        write("tocsin: {historyDays: 30}\n")
        differs(True, "a file that is new")
        self.assertTrue(web.post("/configuration/reload")["good"])
        self.assertFalse(web.get("/configuration")["differs"])
        write("tocsin: {historyDays: 31}\n")
        differs(True, "another text")
        write("tocsin: {historyDays: 30}\n")
        differs(False, "the old text")
        write("tocsin: [")
        self.assertFalse(web.post("/configuration/reload")["good"])
        differs(True, "it is not what runs")
        (more / "a.yaml").unlink()
        differs(True, "a file that is gone")

    def test_a_new_address_is_served_after_a_reload(self):
        web = self.serve()
        self.configure(web={"listen": "127.0.0.1:0", "basePath": "/new"})
        with web.listen() as stream:
            self.assertTrue(web.post("/configuration/reload")["good"])
            with self.assertRaises(ConnectionError):
                while True:
                    stream.event()
        self.running.wait_for_line(lambda line: "dashboard: " in line and f":{web.port}/" not in line)
        with self.assertRaises(ConnectionError):
            web.get("/counts")

    def test_no_secret_is_shown(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk, path="/hook-secret-path"))
        self.manager.stop(ENGINE)
        desk.wait_for(1)
        for method, path in contract.OPERATIONS:
            if method == "GET" and "{" not in path and path != "/events":
                needed = {"/routes": f"?host={self.host}", "/silences/preview": "?scope=*"}.get(path, "")
                body = web.ask("GET", "/api/v1" + path + needed).body
                for secret in ("hook-secret-path", self.simulator.PASSWORD, web.token):
                    self.assertNotIn(secret, body.decode(), path)
        self.assertNotIn(b"hook-secret-path", web.ask("GET", "/metrics").body)
        self.assertNotIn(web.token, self.running.output())


class Delivering(Served):
    def key(self, web):
        return web.get("/destinations")["destinations"][0]["key"]

    def test_a_test_alert(self):
        desk = self.receiver(Answer(), BROKEN)
        web = self.serve(self.webhook(desk))
        key = quoted(web.get(f"/routes?host={self.host}")["destinations"][0]["key"])
        good = web.post(f"/destinations/{key}/test")
        self.assertTrue(good["delivered"], good)
        self.assertEqual(len(desk.requests), 1)
        bad = web.post(f"/destinations/{key}/test")
        self.assertFalse(bad["delivered"], bad)
        self.assertIn("400", bad["text"])

    def test_destinations_and_how_they_fare(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk))
        destination, = web.get("/destinations")["destinations"]
        self.assertEqual((destination["name"], destination["configured"], destination["waiting"], destination["dead"],
                          destination["lastDelivered"]), ('webhook "the receiver"', True, 0, 0, None))
        self.manager.stop(ENGINE)
        wait_until(lambda: web.get("/destinations")["destinations"][0]["lastDelivered"], 10, "the delivery")

    def test_a_dead_letter_is_sent_again(self):
        desk = self.receiver(BROKEN, BROKEN)
        web = self.serve(self.webhook(desk))
        self.manager.stop(ENGINE)
        dead = self.wait_for_dead(web)
        self.assertEqual((dead["attempts"], dead["destinationName"], dead["alert"]["service"]),
                         (1, 'webhook "the receiver"', ENGINE))
        self.assertIn("400", dead["detail"])
        self.assertEqual(web.get("/counts")["deliveries"], {"waiting": 0, "dead": 1})
        fared, = web.get("/destinations")["destinations"]
        self.assertEqual(fared["dead"], 1)
        self.assertIn("400", fared["lastError"]["text"])
        self.assertEqual(web.post(f"/deliveries/{quoted(dead['id'])}/retry"), {"asked": 1, "outdated": 0})
        desk.wait_for(2)
        self.wait_for_dead(web)
        self.assertEqual(web.post(f"/destinations/{quoted(dead['destination'])}/retry"), {"asked": 1, "outdated": 0})
        desk.wait_for(3)
        wait_until(lambda: web.get("/deliveries?state=delivered")["deliveries"], 10, "it is delivered")
        self.assertEqual(web.get("/deliveries?state=dead")["deliveries"], [])
        self.assertEqual(len({request.key for request in desk.requests}), 1)
        web.post("/deliveries/nothing/retry", expected=404)
        web.post("/destinations/nothing/retry", expected=404)

    def wait_for_dead(self, web):
        return wait_until(lambda: next(iter(web.get("/deliveries?state=dead")["deliveries"]), None), 15,
                          lambda: f"a dead letter: {web.get('/deliveries')}")


class History(Served):
    def changes(self, web, count):
        """So many alerts, alternately stopped and started."""
        for number in range(count):
            (self.manager.stop, self.manager.start)[number % 2](ENGINE)
            wait_until(lambda: len(self.history(web)) > number, 15, "the alert")

    def history(self, web, query=""):
        return web.get(f"/history?host={self.host}&service={ENGINE}{query}")["alerts"]

    def test_the_latest_first_and_who_was_told(self):
        desk = self.receiver()
        web = self.serve(self.webhook(desk))
        self.changes(web, 2)
        wait_until(lambda: [one["told"] for one in self.history(web)] == 2 * [{"delivered": 1}], 10,
                   lambda: f"both are delivered: {self.history(web)}")
        rows = self.history(web)
        self.assertEqual([(row["alert"]["to"], row["alert"]["from"]) for row in rows],
                         [("RUNNING", "STOPPED"), ("STOPPED", "RUNNING")])
        self.assertEqual(self.history(web, "&kind=stopped"), rows[1:])
        detail = web.get(f"/history/{quoted(rows[1]['alert']['id'])}")
        self.assertEqual(detail["alert"], rows[1]["alert"])
        self.assertEqual([one["destinationName"] for one in detail["deliveries"]], ['webhook "the receiver"'])
        web.get("/history/nothing", 404)
        self.assertEqual(self.history(web, f"&from={rows[0]['alert']['time']}"), rows[:1])
        self.assertEqual(web.get("/history?host=nobody")["alerts"], [])
        self.assertEqual(web.get(f"/history?service={ENGINE[:5]}*")["alerts"], rows)

    def test_pages(self):
        web = self.serve()
        self.changes(web, 5)
        rows, following = [], ""
        while following is not None:
            page = web.get("/history?limit=2" + (f"&next={quoted(following)}" if following else ""))
            self.assertLessEqual(len(page["alerts"]), 2)
            rows += page["alerts"]
            following = page["next"]
        self.assertEqual([row["alert"]["id"] for row in rows],
                         [row["alert"]["id"] for row in web.get("/history")["alerts"]])
        for bad in ("next=x", "next=%00", "next=" + 300 * "9", "limit=0", "from=yesterday", "from=2026-02-30T00:00:00Z",
                    "kind=" + 65 * "x"):
            with self.subTest(bad=bad):
                answer = web.ask("GET", f"/api/v1/history?{bad}")
                self.assertIn(answer.status, (200, 400) if bad.startswith("next") else (400,), answer)

    def test_a_timeline(self):
        web = self.serve()
        self.changes(web, 2)
        timeline = web.get(f"/hosts/{self.host}/timeline")
        row = next(row for row in timeline["rows"] if row["service"] == ENGINE)
        self.assertEqual(len(row["start"]), len(row["states"]))
        self.assertFalse(row["thinned"])
        states = [timeline["letters"].get(letter, "") for letter in row["states"]]
        self.assertEqual([state for state in states if not state.endswith("_PENDING")][-2:], ["STOPPED", "RUNNING"])
        self.assertTrue(all(step >= 0 for step in row["start"][1:]))
        self.assertLess(sum(row["start"]) / 1000, time.time() + 1)
        self.assertIn("", [row["service"] for row in timeline["rows"]])
        web.get("/hosts/nobody/timeline", 404)
        for bad in ("points=9", "points=5001", "from=x", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"):
            web.get(f"/hosts/{self.host}/timeline?{bad}", 400)

    def test_silences_are_in_the_timeline(self):
        web = self.serve()
        web.post("/silences", {"scope": f"{self.host}/{ENGINE}", "seconds": 60, "reason": "new disk"}, 201)
        spans = web.get(f"/hosts/{self.host}/timeline")["silences"]
        self.assertEqual([span["service"] for span in spans], [ENGINE])
        self.assertIn("new disk", spans[0]["text"])


class Acting(Served):
    def command(self, name, *arguments):
        done = tocsin(name, "-c", self.file, "--data-dir", self.data, *arguments, env={"SUDO_USER": "ann"})
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def actions(self, web, query=""):
        return web.get(f"/actions{query}")["actions"]

    def test_whoever_acts_is_in_the_history(self):
        desk = self.receiver(BROKEN)
        web = self.serve(self.webhook(desk), every="every 1 second")
        self.manager.stop(ENGINE)
        dead = wait_until(lambda: next(iter(web.get("/deliveries?state=dead")["deliveries"]), None), 15, "a dead letter")
        about = {"host": self.host, "service": ENGINE}
        ack = web.post("/acknowledgements", {**about, "reason": "on it"}, 201)
        web.delete(f"/acknowledgements/{ack['id']}")
        silence = web.post("/silences", {"scope": f"{self.host}/{PROXY}", "seconds": 60, "reason": "new disk"}, 201)
        end = web.patch(f"/silences/{silence['id']}", {"end": "2027-01-01T00:00:00.000Z"})["end"]
        web.delete(f"/silences/{silence['id']}")
        web.post(f"/hosts/{self.host}/check", expected=202)
        web.post("/configuration/reload")
        web.post(f"/destinations/{quoted(dead['destination'])}/test")
        web.post(f"/deliveries/{quoted(dead['id'])}/retry")
        done = self.actions(web)
        self.assertEqual({one["by"] for one in done}, {"dashboard"})
        self.assertEqual([(one["kind"], one["host"], one["service"]) for one in done], [
            ("retried", self.host, ENGINE), ("tested", "", ""), ("reloaded", "", ""), ("checked", self.host, ""),
            ("unsilenced", self.host, PROXY), ("extended", self.host, PROXY), ("silenced", self.host, PROXY),
            ("unacknowledged", self.host, ENGINE), ("acknowledged", self.host, ENGINE)])
        self.assertEqual([one["destinationName"] for one in done[:3]], 2 * ['webhook "the receiver"'] + [""])
        self.assertEqual((done[5]["until"], done[6]["until"], done[6]["reason"]), (end, silence["end"], "new disk"))
        self.assertEqual([one["kind"] for one in self.actions(web, f"?host={self.host}&service={ENGINE}")],
                         ["retried", "checked", "unacknowledged", "acknowledged"])
        page = web.get("/actions?limit=5")
        self.assertEqual(page["actions"] + self.actions(web, f"?next={page['next']}"), done)
        web.get("/actions?next=x", 400)

    def test_what_a_command_does_too(self):
        web = self.serve()
        for command in (("silence", f"{self.host}/{ENGINE}", "--for", "1h", "--reason", "new disk"),
                        ("unsilence", f"{self.host}/{ENGINE}"), ("reload",)):
            self.command(*command)
        self.assertEqual([(one["by"], one["kind"]) for one in self.actions(web)],
                         [("ann", "reloaded"), ("ann", "unsilenced"), ("ann", "silenced")])
        told = self.command("history")
        self.assertRegex(told, rf"{ENGINE} +silenced +- +- +by ann, until .*: new disk")
        self.assertRegex(told, r"- +- +reloaded +- +- +by ann")

    def test_an_event_says_so(self):
        web = self.serve()
        with web.listen() as stream:
            web.post(f"/hosts/{self.host}/check", expected=202)
            self.assertTrue(stream.change(what="action"))


class WholeContract(unittest.TestCase):
    """Its name makes it the last one."""

    def test_every_operation_was_seen(self):
        self.assertEqual(set(contract.OPERATIONS) - contract.seen, set())


if __name__ == "__main__":
    unittest.main()
