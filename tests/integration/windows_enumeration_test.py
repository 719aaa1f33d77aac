"""`check` and `services` through the service control manager: what is there, all of it, as it is."""
import json
import pathlib
import tempfile
import unittest

import wine
from program import configuration, require_tocsin, tocsin

NAMES = ("plain", "With Spaces in it", "Dollar$ervice", "Fish & Chips", "It's \"quoted\"",
         "Ümläut ß", "日本語サービス", "Emoji 😀 and 𝔘", "%PATH% ^ | < >", "a,b;c=d", "(x) [y] {z}",
         "#5: name", "-c", "ends with a dot.", "é and e\u0301", "n" * 256)
MANY = 200


def setUpModule():
    require_tocsin()


class Enumeration(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.services = cls.enterClassContext(wine.Services())
        cls.windows_own = cls.services.list()
        cls.set_up_services()
        cls.listed = cls.services.list()  # by the bare call

    @classmethod
    def set_up_services(cls):
        pass

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))

    def configure(self, *services, **host):
        return configuration(self.folder / "tocsin.yaml", hosts=[wine.host(services, **host)])

    def check(self, *services, **host):
        """The exit code and the rows by service of `tocsin check --json`."""
        done = tocsin("check", "--json", "-c", self.configure(*services, **host))
        return done.returncode, self.by_name(done)

    def list(self):
        """The rows by service of `tocsin services --json`."""
        done = tocsin("services", "--json", "-c", self.configure("*"), "localhost")
        self.assertEqual(done.returncode, 0, done)
        return self.by_name(done)

    def by_name(self, done):
        rows = json.loads(done.stdout)
        by_name = {row["service"]: row for row in rows}
        self.assertEqual(len(by_name), len(rows), "each service is there once")
        return by_name

    def assert_as_listed(self, rows):
        """All services are there, ours with the display names, states and processes that Windows
        itself lists. (Its own may start meanwhile.)"""
        self.assertEqual(set(rows), set(self.listed))
        ours = {name: row for name, row in rows.items() if name not in self.windows_own}
        self.assertEqual({name: wine.Listed(row["displayName"], row["state"], row["processId"])
                          for name, row in ours.items()},
                         {name: self.listed[name] for name in ours})
        self.assertEqual({row["error"] for row in rows.values()}, {None})


class OddOnes(Enumeration):
    """Names and states of all kinds."""

    @classmethod
    def set_up_services(cls):
        cls.services.install(*NAMES)
        cls.services.install("by itself", start="Automatic")
        cls.services.install("never", start="Disabled")
        cls.services.install("displayed", display={"displayed": "Zürich: 日本 & \"$HOME\" 😀"})
        for state in ("runs", "paused", "stopped", "hangs", "failed"):
            cls.services.install(state)
            if state != "stopped":
                cls.services.start(state)
        cls.services.pause("paused")
        cls.services.hang("hangs")
        cls.services.fail("failed")
        cls.fixture = {*NAMES, "by itself", "never", "displayed", "runs", "paused", "stopped",
                       "hangs", "failed"}

    def test_list(self):
        rows = self.list()
        self.assert_as_listed(rows)
        self.assertEqual(set(rows), self.fixture | set(self.windows_own))
        self.assertEqual(rows["displayed"]["displayName"], "Zürich: 日本 & \"$HOME\" 😀")
        for state in ("STOPPED", "RUNNING", "PAUSED", "STOP_PENDING"):
            self.assertIn(state, [row["state"] for row in rows.values()])
        self.assertEqual({name: rows[name]["startMode"] for name in ("by itself", "runs", "never")},
                         {"by itself": "Automatic", "runs": "Manual", "never": "Disabled"})

    def test_check_of_every_name(self):
        code, rows = self.check(*self.listed)
        self.assertEqual(code, 1)
        self.assert_as_listed(rows)

    def test_check_of_all(self):
        code, rows = self.check("*")
        self.assertEqual(code, 1)
        self.assert_as_listed(rows)

    def test_every_field(self):
        process = self.listed["runs"].process
        self.assertNotEqual(process, 0)
        code, rows = self.check("runs")
        self.assertEqual((code, rows["runs"]), (0, {
            "host": "localhost", "service": "runs", "displayName": "runs", "friendlyName": None,
            "state": "RUNNING", "startMode": "Manual", "processId": process, "error": None}))

    def test_names_in_another_case(self):
        _, rows = self.check("RUNS", "üMLÄUT ß", "fish & CHIPS")
        self.assertEqual({name: row["state"] for name, row in rows.items()},
                         {"RUNS": "RUNNING", "üMLÄUT ß": "STOPPED", "fish & CHIPS": "STOPPED"})

    def test_missing(self):
        for name in ("No Such & Service", "a/b", "x" * 300):
            code, rows = self.check("runs", name)
            self.assertEqual((code, rows[name]["state"]), (1, "MISSING"), rows)
            self.assertRegex(rows[name]["error"], "no such service")
            self.assertEqual(rows["runs"]["state"], "RUNNING")

    def test_wildcards(self):
        _, rows = self.check("*😀*", "?ümläut*", "ümläut ?", "p*")
        self.assertEqual(set(rows), {"Emoji 😀 and 𝔘", "Ümläut ß", "plain", "paused", "PlugPlay"})
        file = self.configure("runs")
        text = json.loads(file.read_text(encoding="utf-8"))
        text["tocsin"]["serviceMonitor"]["monitor"][0]["services"] = [
            {"name": "p*", "exclude": ["PLUG*", "plain"]}]
        file.write_text(json.dumps(text), encoding="utf-8")
        self.assertEqual(set(self.by_name(tocsin("check", "--json", "-c", file))), {"paused"})

    def test_table(self):
        done = tocsin("check", "-c", self.configure("paused", "Fish & Chips", "日本語サービス"))
        self.assertEqual([line.split(None, 1)[1] for line in done.stdout.splitlines()], [
            "SERVICE         STATE    START   PID  NAME",
            "Fish & Chips    STOPPED  Manual  -    Fish & Chips",
            f"paused          PAUSED   Manual  {self.listed['paused'].process:<3}  paused",
            "日本語サービス  STOPPED  Manual  -    日本語サービス"])


class Many(Enumeration):
    @classmethod
    def set_up_services(cls):
        # Together they are more than the 256 KB that one call may answer.
        cls.names = [f"{number:03} ".ljust(256, "ö") for number in range(MANY)]
        cls.services.install(*cls.names)
        cls.services.start(*cls.names[:10])

    def test_list(self):
        rows = self.list()
        self.assert_as_listed(rows)
        self.assertEqual(set(rows), {*self.names, *self.windows_own})

    def test_check(self):
        _, rows = self.check("*")
        self.assert_as_listed(rows)
        self.assertEqual([name for name in self.names if rows[name]["state"] == "RUNNING"],
                         self.names[:10])


if __name__ == "__main__":
    unittest.main()
