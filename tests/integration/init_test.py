"""`tocsin init`: what it asks, proposes and writes, and that it overwrites nothing."""
import os
import pathlib
import pty
import select
import subprocess
import tempfile
import termios
import unittest

from program import ON_WINE, Simulator, command, require_tocsin, tocsin
from receiver import Receiver
from servers import wait_until

PASSWORD = Simulator.PASSWORD


def setUpModule():
    require_tocsin()
    if ON_WINE:
        raise unittest.SkipTest("Wine's service manager asks no other machine")


class Init(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.logons = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tocsin-test-"))) / "logons"
        cls.simulator = cls.enterClassContext(
            Simulator(2, "--services", 120, "--one-port", "--logons", cls.logons, address="127.78.1.1"))
        cls.hosts = [f"{cls.simulator.addresses[name]}:{port}" for name, port in cls.simulator.hosts.items()]

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.file = self.folder / "tocsin.yaml"
        self.options = ("-c", self.file, "--data-dir", self.folder / "data")
        self.receiver = self.enterContext(Receiver())

    def init(self, *arguments, said=PASSWORD + "\n", user=Simulator.USER):
        """Without a terminal; `said` is its standard input."""
        return subprocess.run(command("init", *arguments, *(("--user", user) if user else ()), *self.options),
                              input=said, capture_output=True, text=True, timeout=90, check=False)

    def nothing_is_written(self):
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name != "data"], [])

    def test_without_a_terminal(self):
        done = self.init(*self.hosts, "--notify", self.receiver.url())
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"127\.78\.1\.1: 120 services; to watch: Qlik Sense \(8\), \d+ others")
        self.assertRegex(done.stdout, 'webhook "webhook": delivered, 200 OK')
        self.assertEqual(len(self.receiver.requests), 1, "the test message")
        text = self.file.read_text()
        self.assertLess(text.index("# Qlik Sense"), text.index("# others") if "# others" in text else len(text))
        self.assertIn("sets: [all]", text, "what both have stands there once")
        self.assertEqual(text.count("'EventLog'"), 1)
        self.assertNotIn(PASSWORD, text + done.stdout + done.stderr)
        for name in ("tocsin.yaml", "tocsin.password"):
            self.assertEqual((self.folder / name).stat().st_mode & 0o007, 0, "others cannot read it")
        self.assertEqual(tocsin("validate", "-c", self.file).stderr, "")
        checked = tocsin("check", *self.options)
        self.assertEqual(checked.returncode, 0, checked)
        self.assertIn("QlikSenseEngineService", checked.stdout)

    def test_it_overwrites_nothing(self):
        for name in ("tocsin.yaml", "tocsin.password"):
            with self.subTest(name):
                there = self.folder / name
                there.write_text("mine")
                done = self.init(*self.hosts)
                self.assertEqual(done.returncode, 1, done)
                self.assertIn(f"{there} exists, and is not overwritten", done.stderr)
                self.assertEqual(there.read_text(), "mine")
                there.unlink()
        self.nothing_is_written()

    def test_a_refused_password_is_tried_once_and_nothing_is_written(self):
        before = len(self.logons.read_text().splitlines()) if self.logons.exists() else 0
        done = self.init(*self.hosts, said="wrong\n")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("nothing is written: correct the account or its password", done.stderr)
        self.nothing_is_written()
        self.assertNotIn("wrong", done.stdout)
        self.assertEqual(len(self.logons.read_text().splitlines()) - before, 1, "an account is never locked")

    def test_a_server_that_is_not_reached_is_a_comment(self):
        done = self.init(self.hosts[0], "127.78.1.99:1", "--no-test")
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stderr, r"error: 127\.78\.1\.99: .*refused")
        self.assertRegex(self.file.read_text(), r"# - host: '127\.78\.1\.99'   # .*refused")
        self.assertEqual(tocsin("check", *self.options).returncode, 0)

    def test_where_none_is_reached_nothing_is_written(self):
        done = self.init("127.78.1.99:1")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("no server was reached", done.stderr)
        self.nothing_is_written()

    def test_what_is_missing_is_said(self):
        for arguments, user, sentence in (((), Simulator.USER, "name the servers: tocsin init HOST..."),
                                          ((self.hosts[0],), "", "name the account"),
                                          (("two words",), Simulator.USER, "is no host"),
                                          ((self.hosts[0], "--notify", "ops@example.com"), Simulator.USER, "mails need a server")):
            with self.subTest(sentence):
                done = self.init(*arguments, user=user)
                self.assertEqual(done.returncode, 1, done)
                self.assertIn(sentence, done.stderr)
        done = self.init(self.hosts[0], said="")
        self.assertIn("no password was given", done.stderr)
        self.nothing_is_written()

    def test_each_destination_makes_a_good_file(self):
        for number, (arguments, name) in enumerate((
                (("--notify", "https://hooks.slack.com/services/T/B/x"), "slack"),
                (("--notify", "https://prod-1.westeurope.logic.azure.com/workflows/x?sig=it's"), "teams"),
                (("--notify", "https://ntfy.sh/topic"), "ntfy"),
                (("--notify", "ops@example.com", "--mail-server", "mail.example.com:587"), "email"),
                (("--notify", "https://desk.example.com/hook"), "webhook"),
                ((), None))):
            with self.subTest(name):
                self.folder.joinpath(str(number)).mkdir()
                self.options = ("-c", self.folder / str(number) / "tocsin.yaml", "--data-dir", self.folder / "data")
                done = self.init(self.hosts[0], "--no-test", "--watch", "QlikSense*", "--watch", "W32Time", *arguments)
                self.assertEqual(done.returncode, 0, done)
                self.assertEqual("no destination gets alerts" in done.stderr, name is None, done)
                text = self.options[1].read_text()
                self.assertIn("- name: 'QlikSense*'", text)
                if name:
                    self.assertIn(f"{name}: {{enable: true}}", text)
                self.assertEqual(tocsin("validate", "-c", self.options[1]).returncode, 0)

    def test_on_a_terminal_it_asks(self):
        answers = (("servers to watch", self.hosts[0]), ("account to ask", Simulator.USER), ("password of", PASSWORD),
                   ("watch these", ""), ("who is notified", self.receiver.url()))
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, theirs)
        self.addCleanup(os.close, ours)
        process = subprocess.Popen(command("init", *self.options), stdin=theirs, stdout=theirs, stderr=theirs,
                                   start_new_session=True)
        try:
            shown = ""
            for question, answer in answers:
                shown += self.read_until(ours, question)
                # What was typed before the terminal hides it is thrown away.
                wait_until(lambda: question != "password of" or not termios.tcgetattr(theirs)[3] & termios.ECHO, 20, question)
                os.write(ours, answer.encode() + b"\n")
            shown += self.read_until(ours, "next: ")
            self.assertEqual(process.wait(30), 0, shown)
        finally:
            process.kill()
            process.wait()
        self.assertNotIn(PASSWORD, shown)
        self.assertEqual(len(self.receiver.requests), 1)
        self.assertEqual(tocsin("check", *self.options).returncode, 0)

    def read_until(self, terminal, text):
        shown = ""
        while text not in shown:
            ready, _, _ = select.select([terminal], [], [], 60)
            self.assertTrue(ready, f"{text} does not come after {shown}")
            shown += os.read(terminal, 4096).decode(errors="replace")
        return shown


if __name__ == "__main__":
    unittest.main()
