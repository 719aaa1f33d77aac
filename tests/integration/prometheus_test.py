"""/metrics and the files of packaging/prometheus, with the real Prometheus and its promtool."""
import hashlib
import re
import signal
import unittest
import urllib.error
import urllib.request

from program import require_tocsin
from prometheus import SHIPPED, Prometheus, program, promtool
from receiver import Answer
from servers import closed_port, wait_until
from watched import ENGINE, Watched

TOKEN = "a token of Prometheus"


def setUpModule():
    require_tocsin()
    program("promtool")


class Shipped(unittest.TestCase):
    def test_rules_fire_when_they_should_and_only_then(self):
        promtool("check", "rules", SHIPPED / "tocsin.rules.yml")
        promtool("test", "rules", SHIPPED / "tocsin.rules_test.yml")


class Scraped(Watched):
    HOSTS = 8

    def configure(self, *webhooks, **more):
        tokens = [{"name": "prometheus", "hash": hashlib.sha256(TOKEN.encode()).hexdigest()}]
        super().configure(*webhooks, **{"web": {"listen": "127.0.0.1:0", "tokens": tokens}, **more})

    def begin(self, *webhooks, **more):
        self.running = self.run_tocsin(*webhooks, **more)
        line = self.running.wait_for_line("dashboard: http://")
        self.address = re.search(r"127\.0\.0\.1:\d+", line)[0]

    def metrics(self, token=TOKEN):
        asked = urllib.request.Request(f"http://{self.address}/metrics", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.read().decode()

    def prometheus(self):
        """With the shipped files, but for places and waits."""
        (self.folder / "token").write_text(TOKEN, encoding="utf-8")
        for name, changes in {
                "prometheus.yml": {"127.0.0.1:8484": self.address, "/etc/prometheus/tocsin.token": "token",
                                   "scrape_interval: 15s": "scrape_interval: 1s",
                                   "rule_files:": "global: {evaluation_interval: 1s}\nrule_files:"},
                "tocsin.rules.yml": {"_seconds > 900": "_seconds > 3"}}.items():
            text = (SHIPPED / name).read_text(encoding="utf-8")
            for old, new in changes.items():
                self.assertEqual(text.count(old), 1, old)
                text = text.replace(old, new)
            (self.folder / name).write_text(text, encoding="utf-8")
        promtool("check", "config", self.folder / "prometheus.yml")
        return self.enterContext(Prometheus(self.folder))

    def test_promtool_finds_no_fault(self):
        desk = self.receiver()
        self.begin(self.webhook(desk))
        self.manager.stop(ENGINE)
        desk.wait_for(1)
        text = self.metrics()
        self.assertEqual(promtool("check", "metrics", stdin=text), "")
        self.assertIn(f'tocsin_host_reached{{host="{self.host}"}} 1\n', text)
        self.assertIn('tocsin_hosts{state="reached"} 1\n', text)
        self.assertIn('tocsin_services{state="STOPPED"} 1\n', text)
        self.assertIn('tocsin_services{state="MISSING"} 1\n', text)
        self.assertRegex(text, r'tocsin_open_alerts\{about="service"\} [12]\n')
        wait_until(lambda: 'tocsin_deliveries_total{destination="webhook:the receiver",outcome="delivered"} 1\n'
                   in self.metrics(), 10, self.metrics)
        self.assertNotIn(desk.url(), text)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.metrics("another")
        self.assertEqual(refused.exception.code, 401)

    def test_alerts_fire_for_a_destination_that_is_dead(self):
        with closed_port() as port:
            desk = self.receiver(always=Answer(status=410))
            self.begin({**self.webhook(desk), "description": "refuses"},
                       {"description": "is down", "webhookURL": f"http://127.0.0.1:{port}/", "httpMethod": "POST"})
            server = self.prometheus()
            self.assertEqual(server.rules(), {
                "TocsinDown", "TocsinHostNotReached", "TocsinHostsNotReached", "TocsinDeliveriesStuck",
                "TocsinDeadLetters", "TocsinStoreFailing", "TocsinReloadRefused"})
            wait_until(lambda: server.query("up") == 1, 20, "a scrape")
            wait_until(lambda: server.query('tocsin_deliveries_total{outcome="dead",destination=~".*refuses"}') == 0,
                       20, "nothing is dead yet")
            self.assertEqual(server.firing(), {})
            self.manager.stop(ENGINE)
            wait_until(lambda: {"TocsinDeliveriesStuck", "TocsinDeadLetters"} <= server.firing().keys(), 40,
                       lambda: f"{server.firing()}\n{self.metrics()}")
            firing = server.firing()
            self.assertEqual(firing["TocsinDeliveriesStuck"]["destination"], "webhook:is down")
            self.assertEqual(firing["TocsinDeadLetters"]["destination"], "webhook:refuses")
            self.assertEqual(firing.keys(), {"TocsinDeliveriesStuck", "TocsinDeadLetters"})
            self.assertEqual(server.query('tocsin_dead_letters{destination="webhook:refuses"}'), 1)
            self.assertEqual(server.query('tocsin_deliveries_waiting{destination="webhook:is down"}'), 1)
            self.assertGreater(
                server.query('tocsin_deliveries_total{destination="webhook:is down",outcome="failed"}'), 0)

    def test_no_series_names_a_host_where_none_is_wanted_and_a_refused_reload_shows(self):
        self.begin()
        self.assertIn(f'host="{self.host}"', self.metrics())
        self.configure(metrics={"perHost": False})
        self.running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "host=" not in self.metrics(), 10, self.metrics)
        self.assertEqual(promtool("check", "metrics", stdin=self.metrics()), "")
        self.assertIn("tocsin_reload_success 1\n", self.metrics())
        self.file.write_text("tocsin: {", encoding="utf-8")
        self.running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "tocsin_reload_success 0\n" in self.metrics(), 10, self.metrics)

    def test_series_of_a_host_that_is_gone_end(self):
        self.begin()
        gone, self.host = self.host, next(self.unused_hosts)
        self.configure()
        self.running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: f'host="{self.host}"' in self.metrics() and f'host="{gone}"' not in self.metrics(), 20,
                   self.metrics)
        self.assertIn('tocsin_hosts{state="reached"} 1\n', self.metrics())

    def test_the_file_has_the_same(self):
        file = self.folder / "tocsin.prom"
        self.begin(metricsFile=str(file))
        wait_until(file.exists, 20, "the file")

        def families(text):
            return set(re.findall(r"^# TYPE (\S+)", text, re.M))
        self.assertLessEqual(families(file.read_text(encoding="utf-8")), families(self.metrics()))
        self.assertIn("tocsin_build_info", families(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    unittest.main()
