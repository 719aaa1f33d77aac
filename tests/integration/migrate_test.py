"""A configuration of Butler works as it is: `validate` says what becomes of its keys, and `migrate` makes a
clean one of our own of it."""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import butler_file
import output
from program import ON_WINE, command, require_tocsin, tocsin

ACCOUNT = {"TOCSIN_USERNAME": "CORP\\tocsin", "TOCSIN_PASSWORD": "account-s3cret"}


def setUpModule():
    require_tocsin()


class ButlerFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tocsin-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.touch(0o600)
        path.write_bytes(text.encode())
        return path

    def old(self, layout):
        """As Butler has it; away from Windows hosts need an account, which it does not know."""
        text = butler_file.text(layout)
        if not ON_WINE:
            text = text.replace("        monitor:\n", "        credentials: [{name: main, username: u, "
                                "password: '${env:TOCSIN_PASSWORD}'}]\n        monitor:\n")
        return self.write("butler.yaml", text)

    def variables(self, new, old):
        """What a person sets: each variable that the new file asks for, from the line of the old one."""
        lines = old.read_text(encoding="utf-8").split("\n")
        named = re.findall(r"^#   (TOCSIN_\w+), line (\d+)$", new, re.MULTILINE)
        self.assertTrue(named)
        return {name: lines[int(line) - 1].split(": ", 1)[1].strip() for name, line in named}


class Validate(ButlerFile):
    def report(self, path, code=0):
        run = tocsin("validate", "--json", "-c", path, env=ACCOUNT)
        self.assertEqual(run.returncode, code, run.stdout)
        return json.loads(run.stdout)

    def test_each_layout_is_good_and_every_line_has_its_place(self):
        for layout in ("old", "new"):
            with self.subTest(layout):
                path = self.old(layout)
                lines = path.read_text(encoding="utf-8").split("\n")
                self.assertGreaterEqual(len(lines), 1290)
                report = self.report(path)
                self.assertTrue(report["good"])
                self.assertLessEqual({finding["severity"] for finding in report["findings"]},
                                     {"warning", "info"})
                ungrouped = [finding for finding in report["findings"] if finding["severity"] == "info"]
                self.assertTrue(ungrouped)
                for finding in ungrouped:
                    self.assertRegex(finding["text"], "emplateFile` describes one service")
                    self.assertIn("emplateFile:", lines[finding["line"] - 1])
                for name in ("used", "notUsed", "different"):
                    for key in report["butler"][name]:
                        name = key["key"].rpartition(".")[2]
                        self.assertIn(f"{name}:", lines[key["line"] - 1])

    def test_says_what_is_used_and_what_is_not(self):
        for layout, servers in (("old", {"influxDb.dbName", "influxDb.auth"}), ("new", {"influxDb.v1Config"})):
            with self.subTest(layout):
                butler = self.report(self.old(layout))["butler"]
                used, unused = ({entry["key"] for entry in butler[name]} for name in ("used", "notUsed"))
                self.assertEqual({key.partition(".")[0] for key in used}, set(butler_file.USED_SECTIONS))
                self.assertLessEqual({"serviceMonitor", "thirdPartyToolsCredentials", "slackNotification."
                                      "serviceStopped", "mqttConfig.serviceStatusTopic", *servers}, used)
                self.assertLessEqual({"heartbeat", "uptimeMonitor", "restServerConfig", "cert", "scheduler",
                                      "emailNotification.reloadTaskFailure", "influxDb.reloadTaskSuccess",
                                      "incidentTool.signl4", "mqttConfig.azureEventGrid"}, unused)
                self.assertFalse(used & unused)

    def test_says_what_behaves_differently(self):
        different = {entry["key"]: entry["text"] for entry in self.report(self.old("old"))["butler"]["different"]}
        self.assertIn("Butler watches nothing at all", different["serviceMonitor.monitor"])
        self.assertIn("Butler drops them", different["webhookNotification.serviceMonitor.rateLimit"])
        self.assertNotIn("mqttConfig.azureEventGrid.clientId", different)

    def test_says_what_holds_by_default(self):
        defaults = self.report(self.old("old"))["butler"]["byDefault"]
        self.assertLessEqual({"serviceMonitor.policy.bootGrace", "serviceMonitor.policy.flapping",
                              "serviceMonitor.policy.firstSight", "serviceMonitor.grouping"},
                             {entry["key"] for entry in defaults})
        text = "\n".join(entry["text"] for entry in defaults)
        self.assertIn("Automatic (delayed start)", text)
        self.assertIn("qliksense/butler/mqtt/status", text)

    def test_prints_the_lists_for_people(self):
        run = tocsin("validate", "-c", self.old("new"), env=ACCOUNT)
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stdout, r"(?m)^USED\nline 4 +logLevel$")
        self.assertRegex(run.stdout, r"(?m)^NOT USED\nline 7 +anonTelemetry$")
        self.assertRegex(run.stdout, r"(?m)^line \d+ +mqttConfig\.azureEventGrid +switched off$")
        self.assertRegex(run.stdout, r"(?m)^DIFFERENT$")
        self.assertRegex(run.stdout, r"(?m)^DIFFERENT BY DEFAULT$")
        self.assertRegex(run.stdout.strip().split("\n")[-1], r"good; hosts: 16, watched services: 91")

    def test_mistakes_are_listed_beside_it(self):
        path = self.write("butler.yaml", "Butler:\n  heartbeat: {}\n  serviceMonitor: {monitor: 1}\n")
        self.assertEqual([key["key"] for key in self.report(path, 2)["butler"]["notUsed"]], ["heartbeat"])

    def test_a_file_of_our_own_has_no_lists(self):
        path = self.write("tocsin.yaml", "tocsin:\n  serviceMonitor:\n    enable: false\n"
                                         "    monitor: [{host: a, services: [{name: b}]}]\n")
        self.assertNotIn("butler", self.report(path))
        self.assertNotIn("USED", tocsin("validate", "-c", path).stdout)


class Migrate(ButlerFile):
    def migrate(self, old):
        run = tocsin("migrate", old, env=ACCOUNT)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_the_new_file_is_good_and_means_the_same(self):
        for layout in ("old", "new"):
            with self.subTest(layout):
                old = self.old(layout)
                text = self.migrate(old)
                new = self.write("tocsin.yaml", text)
                variables = {**ACCOUNT, **self.variables(text, old)}
                runs = [tocsin("validate", "-c", path, env=variables) for path in (old, new)]
                self.assertEqual(runs[1].returncode, 0, runs[1].stdout)
                said = [run.stdout.strip().split("\n")[-1].partition(": ")[2] for run in runs]
                self.assertEqual(*said)
                self.assertNotIn("unknown key", runs[1].stdout)
                self.assertLess(text.count("\n"), 450)

    def test_no_secret_is_printed(self):
        run = tocsin("migrate", self.old("old"), env=ACCOUNT)
        for secret in (*butler_file.SECRETS, "account-s3cret"):
            self.assertNotIn(secret, run.stdout + run.stderr)

    def test_hosts_with_the_same_services_share_them(self):
        text = self.migrate(self.old("new"))
        self.assertIn("- 'engine[1-13].qlik.example'", text)
        self.assertEqual(text.count("- name: QlikSenseEngineService"), 1)
        self.assertIn("friendlyName: Drucker für Berichte", text)

    def test_an_account_is_asked_for_where_hosts_need_one(self):
        text = self.migrate(self.write("butler.yaml", butler_file.text("new")))
        self.assertEqual("username: ${env:TOCSIN_USERNAME}" in text, not ON_WINE)

    def test_line_ends_and_byte_order_marks_make_no_difference(self):
        plain = self.migrate(self.write("butler.yaml", butler_file.text("old")))
        windows = self.write("butler.yaml", "\ufeff" + butler_file.text("old", "\r\n"))
        self.assertEqual(self.migrate(windows), plain)

    def test_nothing_is_printed_of_a_file_with_mistakes(self):
        path = self.write("butler.yaml", butler_file.text("old").replace("every 30 seconds\n        monitor",
                                                                         "every 30 secnds\n        monitor"))
        run = tocsin("migrate", path, env=ACCOUNT)
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("error: `frequency`: expected seconds", run.stderr)
        run = tocsin("migrate", self.folder / "nothing.yaml")
        self.assertEqual((run.returncode, run.stdout), (2, ""))

    def test_a_reader_that_goes_away_ends_it(self):
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(command("migrate", self.old("old")), stdout=subprocess.PIPE,
                                       stderr=errors)
            process.stdout.close()
            self.assertNotEqual(process.wait(timeout=60), 0)
            self.assertNotIn("terminate", output.text(errors))

    @unittest.skipIf(ON_WINE, "there is no full device")
    def test_a_full_disk_is_no_success(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            run = subprocess.run(command("migrate", self.write("butler.yaml", butler_file.text("old"))),
                                 stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("No space left", run.stderr)


if __name__ == "__main__":
    unittest.main()
