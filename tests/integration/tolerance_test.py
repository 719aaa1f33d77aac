"""A file of Butler with mistakes in single items is watched without them, and says so; one of our own is refused."""
import json
import pathlib
import tempfile
import unittest

from program import Running, Simulator, named, require_tocsin, tocsin
from receiver import Receiver
from servers import wait_until

SERVICE = "Spooler"


def setUpModule():
    require_tocsin()


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.data = self.folder / "data"
        self.logons = self.folder / "logons"
        self.simulator = self.enterContext(Simulator(2, "--logons", self.logons))
        self.receiver = self.enterContext(Receiver())
        self.good, self.other = self.simulator.hosts

    def write(self, root, **more):
        """One of each: a service twice, a host twice, an unknown account, a wrong URL, a lacking destination."""
        path = self.folder / f"{root}.yaml"
        path.touch(0o600)
        good = self.simulator.host(self.good, [SERVICE, SERVICE.lower(), "NoSuchService"])
        path.write_text(json.dumps({root: {
            "serviceMonitor": {
                "frequency": "every 1 second",
                "credentials": [self.simulator.credentials()],
                "hostPolicy": {"grace": {"checks": 1, "time": 0}},
                "monitor": [good,
                            {"host": self.good.upper(), "services": [{"name": "W32Time"}, {"name": "No pattern*"}]},
                            {**self.simulator.host(self.other, [SERVICE]), "credentials": "nobody"},
                            "no host"],
                "alertDestination": {"webhook": {"enable": True}, "slack": {"enable": True}}},
            "slackNotification": {"serviceStopped": {"channel": "#ops"}},
            "webhookNotification": {"serviceMonitor": {"webhooks": [
                {"webhookURL": "nowhere"}, {"webhookURL": self.receiver.url()}]}},
            "dataDirectory": named(self.data), **more}}, indent=1), encoding="utf-8")
        return path

    def users_of(self, host):
        """Who has logged on there."""
        if not self.logons.exists():
            return set()
        rows = [line.split("\t") for line in self.logons.read_text(encoding="utf-8").splitlines()]
        return {row[2] for row in rows if row[1] == host}

    def alerts_of(self, host):
        return [request.message for request in list(self.receiver.requests) if request.message["host"] == host]

    def test_our_own_file_is_refused(self):
        for command in ("validate", "check", "run"):
            self.assertEqual(tocsin(command, "-c", self.write("tocsin")).returncode, 2, command)

    def test_check_shows_the_rest_and_ends_with_3(self):
        done = tocsin("check", "-c", self.write("Butler"))
        self.assertEqual(done.returncode, 3, done)
        self.assertRegex(done.stdout, rf"{self.good} +{SERVICE} +RUNNING")
        self.assertRegex(done.stdout, rf"{self.good} +W32Time +RUNNING")
        self.assertRegex(done.stdout, rf"{self.other} +{SERVICE} +UNKNOWN.*there are no credentials `nobody`")
        self.assertEqual(done.stderr.strip().split("\n")[-1],
                         "not watched properly: 1 host UNKNOWN, 1 service not installed, 1 pattern empty, "
                         "4 entries of the configuration left out")
        self.assertEqual(self.users_of(self.other), set())

    def test_each_mistake_is_one_warning_with_its_line(self):
        path = self.write("Butler")
        report = json.loads(tocsin("validate", "--json", "-c", path).stdout)
        self.assertTrue(report["good"])
        lines = path.read_text(encoding="utf-8").split("\n")
        costs = {
            "this entry of `services` is left out: ": '"spooler"',
            f"the host `{self.good.upper()}` appears twice": f'"{self.good.upper()}"',
            "the host stays UNKNOWN: ": '"nobody"',
            "this entry of `monitor` is left out: ": '"no host"',
            "this entry of `webhooks` is left out: ": '"nowhere"',
            "nothing goes to Slack: ": '"serviceStopped"'}
        for text, marked in costs.items():
            found = [finding for finding in report["findings"] if finding["text"].startswith(text)]
            self.assertEqual([finding["severity"] for finding in found], ["warning"], text)
            self.assertIn(marked, lines[found[0]["line"] - 1])

    def test_run_watches_the_rest_and_says_what_it_does_not(self):
        path = self.write("Butler", fileLogging=True, logDirectory=named(self.folder / "log"))
        with Running(path, self.data) as running:
            running.wait_for_line("not watched properly: 1 host UNKNOWN, 1 service not installed, 1 pattern empty, "
                                  "4 entries of the configuration left out")
            wait_until(lambda: self.alerts_of(self.other), 10, running.output)
            log = (self.folder / "log" / "tocsin.log").read_text(encoding="utf-8")
            self.assertIn("this entry of `monitor` is left out", log)
            self.assertEqual(log.count("not watched properly"), 1)
            done = tocsin("reload", "-c", path, "--data-dir", self.data)
            self.assertEqual(done.returncode, 0, done)
            self.assertIn("entries left out because of mistakes: 4", done.stdout + done.stderr)
        alerts = self.alerts_of(self.other)
        self.assertEqual(len(alerts), 1)
        self.assertIn("there are no credentials `nobody`", alerts[0]["reason"])
        self.assertEqual(self.users_of(self.other), set())
        self.assertNotEqual(self.users_of(self.good), set())


if __name__ == "__main__":
    unittest.main()
