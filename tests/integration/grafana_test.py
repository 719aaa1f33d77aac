"""Every query of packaging/grafana, asked of the real InfluxDB about states that tocsin has written."""
import collections
import itertools
import pathlib
import re
import tempfile
import time
import unittest

import grafana
from influx import InfluxDb, tell_influx
from program import ON_WINE, Running, Simulator, configuration, require_tocsin

ENGINE, PROXY, SERVER = "QlikSenseEngineService", "QlikSenseProxyService", "LanmanServer"
SERVICES = (ENGINE, PROXY, SERVER)
ONE, TWO = "qs-node1", "qs-node2"
RUNNING, STOPPED, PAUSED, MISSING, DENIED, UNKNOWN = 4, 1, 7, 16, 17, 18
SECONDS = 20
SCRIPT = f"""5s stop {ONE} {ENGINE}
8s start {ONE} {ENGINE}
11s stop {ONE} {ENGINE}
13s start {ONE} {ENGINE}
6s pause {ONE} {SERVER}
9s resume {ONE} {SERVER}
15s pause {ONE} {SERVER}
9s stop {ONE} {PROXY}
11s uninstall {ONE} {PROXY}
7s down {TWO}
11s up {TWO}
14s stop {TWO} {ENGINE}
14s stop {TWO} {PROXY}
16s deny {TWO} {PROXY}
"""
# What the script makes of it: how often each is found stopped or missing, and its last state.
OUTAGES = {(ONE, ENGINE): 2, (ONE, PROXY): 1, (TWO, ENGINE): 1, (TWO, PROXY): 1}
NOW = {(ONE, ENGINE): RUNNING, (ONE, PROXY): MISSING, (ONE, SERVER): PAUSED,
       (TWO, ENGINE): STOPPED, (TWO, PROXY): DENIED, (TWO, SERVER): RUNNING}


def setUpModule():
    if ON_WINE:
        raise unittest.SkipTest("the files for Grafana are the same on all systems")
    require_tocsin()


class Dashboards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.influx = cls.enterClassContext(InfluxDb())
        folder = pathlib.Path(cls.enterClassContext(
            tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        (folder / "script").write_text(SCRIPT)
        # What is counted are checks.
        with Simulator(2, "--script", folder / "script", "--push", "none") as simulator:
            begin = time.time()
            file = configuration(folder / "tocsin.yaml", credentials=simulator.credentials(),
                                 hosts=[simulator.host(name, SERVICES) for name in simulator.hosts])
            tell_influx(file, hostPort=cls.influx.port, dbName="tocsin")
            with Running(file, folder / "data") as running:
                time.sleep(SECONDS - (time.time() - begin))
                assert running.stop() == 0, running.output()
        cls.begin, cls.end = int(begin * 1000), int(time.time() * 1000) + 1000
        cls.dashboard = grafana.Dashboard()
        cls.seen = collections.defaultdict(list)  # (host, service) -> states, oldest first
        for row in cls.influx.rows('SELECT * FROM "win_service_state"', "tocsin"):
            cls.seen[row["host"], row["service_name"]].append(row["state_num"])

    def rows(self, query, host=(ONE, TWO), service=SERVICES, interval="1s"):
        return self.influx.rows(grafana.filled(query, self.begin, self.end, interval, host=host,
                                               service=service), "tocsin")

    def by_service(self, query, column, **chosen):
        rows = self.rows(query, **chosen)
        found = {(row["host"], row["service_name"]): row[column] for row in rows}
        self.assertEqual(len(found), len(rows), "one row a service")
        return found

    def test_what_the_data_is(self):
        self.assertEqual({key: states[-1] for key, states in self.seen.items()}, NOW)
        self.assertIn(UNKNOWN, self.seen[TWO, SERVER])
        for states in self.seen.values():
            self.assertGreaterEqual(len(states), SECONDS - 5)

    def test_variables(self):
        variables = self.dashboard.variables()
        self.assertEqual([row["value"] for row in self.rows(variables["host"])], [ONE, TWO])
        self.assertEqual([row["value"] for row in self.rows(variables["service"], host=[TWO])],
                         sorted(SERVICES))

    def test_no_query_is_forgotten(self):
        self.assertEqual(set(self.dashboard.panels()), {
            "Running", "Stopped", "Paused or on the way", "Not seen", "Now",
            "Outages and availability", "$host"})
        for title, queries in self.dashboard.panels().items():
            for query in queries.values():
                with self.subTest(panel=title):
                    self.assertTrue(self.rows(query))

    def test_numbers(self):
        panels = self.dashboard.panels()
        for title, states in (("Running", {RUNNING}), ("Stopped", {STOPPED, MISSING}),
                              ("Paused or on the way", {PAUSED}), ("Not seen", {DENIED})):
            row, = self.rows(panels[title]["A"])
            self.assertEqual(row["count"], sum(state in states for state in NOW.values()), title)
        row, = self.rows(panels["Running"]["A"], host=[ONE])
        self.assertEqual(row["count"], 1)
        self.assertEqual(self.rows(panels["Stopped"]["A"], service=[SERVER]), [])  # shown as 0

    def test_latest_states(self):
        query = self.dashboard.panels()["Now"]["A"]
        self.assertEqual(self.by_service(query, "State"), NOW)
        self.assertEqual(self.by_service(query, "Name", host=[ONE], service=[ENGINE]),
                         {(ONE, ENGINE): "Qlik Sense Engine Service"})
        self.assertEqual(self.by_service(query, "Start mode")[TWO, ENGINE], "Automatic")

    def test_outages_are_those_of_the_script(self):
        query = self.dashboard.panels()["Outages and availability"]["B"]
        self.assertEqual(self.by_service(query, "Outages"), OUTAGES)
        self.assertEqual(self.by_service(query, "Outages", host=[TWO]), {(TWO, ENGINE): 1, (TWO, PROXY): 1})

    def test_availability_is_the_share_of_checks(self):
        query = self.dashboard.panels()["Outages and availability"]["A"]
        found = self.by_service(query, "Availability")
        self.assertEqual(set(found), set(NOW))
        for key, states in self.seen.items():
            known = [state for state in states if state < DENIED]
            share = 100 * known.count(RUNNING) / len(known)
            self.assertAlmostEqual(found[key], share, places=6, msg=key)
        self.assertEqual(found[TWO, SERVER], 100)  # unknown is not down
        # Stopped for 5 of the about 19 seconds that were watched.
        self.assertAlmostEqual(found[ONE, ENGINE], 100 * 14 / 19, delta=9)

    def timeline(self, interval):
        query = self.dashboard.panels()["$host"]["A"]
        rows = collections.defaultdict(list)
        for row in self.rows(query, host=[ONE], interval=interval):
            rows[row["service_name"]].append(row["min"])
        return {name: [state for state, _ in itertools.groupby(states)]
                for name, states in rows.items()}

    def test_timeline_has_a_row_a_service_with_all_changes(self):
        self.assertEqual(self.timeline("1s"), {
            ENGINE: [RUNNING, STOPPED, RUNNING, STOPPED, RUNNING], PROXY: [RUNNING, STOPPED, MISSING],
            SERVER: [RUNNING, PAUSED, RUNNING, PAUSED]})

    def test_timeline_shows_a_short_stop_also_from_far_away(self):
        self.assertIn(STOPPED, self.timeline("1h")[ENGINE])

    def test_timeline_has_a_colour_for_each_state(self):
        colors = self.dashboard.colors()
        self.assertEqual(set(colors), {1, 2, 3, 4, 5, 6, 7, 16, 17, 18})
        self.assertEqual((colors[RUNNING][0], colors[STOPPED][0]), ("Running", "Stopped"))
        self.assertEqual(len({colors[state][1] for state in (RUNNING, STOPPED, PAUSED, MISSING, DENIED,
                                                             UNKNOWN, 2)}), 7)

    def test_alert_rules(self):
        expected = {"tocsin-stopped": [(TWO, ENGINE)], "tocsin-missing": [(ONE, PROXY)],
                    "tocsin-paused": [(ONE, SERVER)], "tocsin-unknown": [(TWO, PROXY)],
                    "tocsin-silent": []}
        rules = grafana.rules()
        self.assertEqual(set(rules), set(expected))
        for uid, rule in rules.items():
            firing = rule.firing(self.influx.query(rule.text, "tocsin"))
            self.assertEqual([(tags["host"], tags["service_name"]) for tags in firing],
                             expected[uid], uid)
        self.influx.query('CREATE DATABASE "nothing in it"')
        silent = rules["tocsin-silent"]
        self.assertEqual(silent.firing(self.influx.query(silent.text, "nothing in it")), [None])


class Files(unittest.TestCase):
    def test_they_belong_together(self):
        source, _ = grafana.provisioned("datasources")
        source, = source["datasources"]
        self.assertEqual(source["type"], "influxdb")
        dashboard = grafana.Dashboard().json
        variable = next(one for one in dashboard["templating"]["list"] if one["type"] == "datasource")
        self.assertEqual((variable["query"], variable["current"]["value"]),
                         ("influxdb", source["uid"]))
        for panel in dashboard["panels"]:
            self.assertEqual({"type": "influxdb", "uid": "${datasource}"}, panel["datasource"])
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}),
                         len(dashboard["panels"]))
        provider, _ = grafana.provisioned("dashboards")
        self.assertEqual(provider["providers"][0]["type"], "file")

    def test_colours_are_those_of_the_dashboard_of_tocsin(self):
        text = (pathlib.Path(__file__).parents[2] / "ui/src/palette.ts").read_text(encoding="utf-8")
        dark = dict(re.findall(r"(\w+): '(#\w+)'", text.partition("DARK")[2].partition("};")[0]))
        tones = {1: "stopped", 2: "pending", 3: "pending", 4: "running", 5: "pending", 6: "pending", 7: "paused",
                 16: "missing", 17: "denied", 18: "unknown"}
        self.assertEqual({state: color for state, (_, color) in grafana.Dashboard().colors().items()},
                         {state: dark[tone] for state, tone in tones.items()})

    def test_alert_rules_are_whole(self):
        document, text = grafana.provisioned("alerting")
        self.assertNotIn("$", re.sub(r"(?m)^#.*", "", text), "Grafana would take it for a variable")
        source, _ = grafana.provisioned("datasources")
        for group in document["groups"]:
            self.assertEqual((group["name"], group["folder"], group["interval"]),
                             ("tocsin", "tocsin", "1m"))
            for rule in group["rules"]:
                self.assertRegex(rule["for"], r"^\d+m$")
                self.assertEqual(rule["condition"], "C")
                query, reduce, threshold = rule["data"]
                self.assertEqual(query["datasourceUid"], source["datasources"][0]["uid"])
                self.assertEqual((reduce["datasourceUid"], reduce["model"]["type"],
                                  reduce["model"]["expression"]), ("__expr__", "reduce", "A"))
                self.assertEqual((threshold["datasourceUid"], threshold["model"]["type"],
                                  threshold["model"]["expression"]), ("__expr__", "threshold", "B"))


if __name__ == "__main__":
    unittest.main()
