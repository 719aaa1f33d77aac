"""Files and arguments that are wrong: one clear line each, exit code 2, and nothing is started."""
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

import output
from patience import SLOWER
from program import command as command_line
from program import ON_WINE, named, require_tocsin, tocsin

SECRET = "hunter2-is-secret"

GOOD = f"""\
tocsin:
  serviceMonitor:
    enable: true
    frequency: every 30 seconds
    credentials:
      - name: monitoring
        username: CORP\\monitor
        password: {SECRET}
    monitor:
      - host: server1
        address: 127.0.0.1
        port: 1
        credentials: monitoring
        services:
          - name: Spooler
            friendlyName: Printing
        source: smb
    alertDestination:
      webhook:
        enable: true
  webhookNotification:
    enable: true
    serviceMonitor:
      rateLimit: 300
      webhooks:
        - description: operations
          webhookURL: http://127.0.0.1:1/
          httpMethod: POST
"""


def changed(before, after):
    assert GOOD.count(before) == 1, before
    return GOOD.replace(before, after)


# What is wrong, the file, and what the line says beside file, line and column.
MISTAKES = (
    ("not YAML", "tocsin: [unfinished\n  - x: {", "not YAML"),
    ("binary", "\0\1\2\xff" * 100, "not a text file"),
    ("empty", "", "empty"),
    ("a list", "- 1\n- 2\n", "tocsin|Butler"),
    ("no section of ours", "other: 1\n", "tocsin|Butler"),
    ("no hosts", re.sub(r"    monitor:\n(      .*\n)+", "", GOOD), "monitor"),
    ("schedule of the wrong type", changed("every 30 seconds", "[1, 2]"), "frequency"),
    ("schedule that is none", changed("every 30 seconds", "now and then"), "expected `every`"),
    ("negative interval", changed("every 30 seconds", "every -5 seconds"), "expected a whole number"),
    ("services of the wrong type", re.sub(r"services:\n(          .*\n)+", "services: 5\n", GOOD),
     "services"),
    ("switch of the wrong type", changed("enable: true\n    frequency", "enable: 7\n    frequency"),
     "enable"),
    ("port out of range", changed("port: 1\n", "port: 70000\n"), "70000"),
    ("port that is no number", changed("port: 1\n", "port: smb\n"), "port"),
    ("unknown credentials", changed("credentials: monitoring", "credentials: monitorin"),
     "monitorin"),
    ("unknown source", changed("source: smb", "source: ssh"), "ssh"),
    ("duplicate host", changed("    alertDestination:", """\
      - host: SERVER1
        services: [{name: Spooler}]
    alertDestination:"""), "SERVER1.*line 10"),
    ("host without a name", changed("host: server1", "host: ''"), "host"),
    ("service without a name", changed("name: Spooler", "name: ''"), "name"),
    ("negative limit", changed("rateLimit: 300", "rateLimit: -1"), "rateLimit"),
    ("unknown method", changed("httpMethod: POST", "httpMethod: HEAD"), "HEAD"),
    ("URL that is none", changed("http://127.0.0.1:1/", "127.0.0.1"), "webhookURL"),
    ("certificate that is missing", changed("httpMethod: POST", """httpMethod: POST
          cert: {enable: true, rejectUnauthorized: true, certCA: no-such-file.pem}"""),
     r"no-such-file\.pem"),
    ("unset environment variable", changed(SECRET, "${env:TOCSIN_NO_SUCH_VARIABLE}"),
     "TOCSIN_NO_SUCH_VARIABLE"),
    ("missing secret file", changed(SECRET, "${file:no-such-secret}"), "no-such-secret"),
    ("bomb of aliases", "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)) + GOOD, "more than 64 MB"),
    ("aliases of ourselves", changed("monitor:\n", "monitor: &self\n").replace(
        "alertDestination:", "again: *self\n    alertDestination:") + "loop: &l [*l]\n", "contains itself"),
    ("deep nesting", "tocsin: " + "[" * 200_000, "nested deeper"),
    ("deep nesting of blocks", "".join(" " * n + "a:\n" for n in range(3000)), "nested deeper"),
)

COMMANDS = (("check",), ("run",), ("services", "server1"), ("test",), ("history",), ("deliveries",))


def setUpModule():
    require_tocsin()


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tocsin-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / "data"
        self.file = self.folder / "tocsin.yaml"
        self.file.touch(0o600)

    def run_command(self, command, *more, file=None):
        """The command with this file, in a state directory of its own."""
        arguments = [command[0], "-c", file or self.file, *command[1:], *more]
        done = tocsin(*arguments, env={"XDG_STATE_HOME": str(self.folder / "state"),
                                       "HOME": str(self.folder)})
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return done

    def assert_refused(self, done, said, file=None):
        """Exit 2 and one line on stderr, which names the file and says what is wrong."""
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, "")
        lines = [line for line in done.stderr.splitlines() if " warning: " not in line]
        self.assertEqual(len(lines), 1, done)
        self.assertLess(len(lines[0]), 1200)
        self.assertTrue(lines[0].isprintable(), lines)
        self.assertIn(named(file or self.file), lines[0])
        self.assertRegex(lines[0], said)
        self.assertFalse(self.data.exists(), "nothing is started")
        self.assertFalse((self.folder / "state").exists(), "nothing is started")


class Files(Folder):
    def test_the_good_file_is_good(self):
        self.file.write_text(GOOD)
        done = self.run_command(("validate",))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)

    def test_mistakes(self):
        for name, text, said in MISTAKES:
            with self.subTest(name):
                self.file.write_bytes(text.encode("latin-1") if name == "binary" else text.encode())
                self.assert_refused(self.run_command(("check",)), said)
                self.assert_refused(self.run_command(("run", "--data-dir", self.data)), said)
                listed = self.run_command(("validate",))
                self.assertEqual(listed.returncode, 2, listed)
                self.assertRegex(listed.stdout, r"(?m)^\S+tocsin\.yaml:(\d+:\d+:)? error: ")

    def test_every_command_refuses(self):
        self.file.write_text(changed("every 30 seconds", "sometimes"))
        for command in COMMANDS:
            with self.subTest(command[0]):
                self.assert_refused(self.run_command(command), ":4:16: error: .*expected")

    def test_missing_file(self):
        self.file.unlink()
        for command in COMMANDS:
            with self.subTest(command[0]):
                self.assert_refused(self.run_command(command), "No such file")

    def test_a_folder_instead_of_a_file(self):
        self.assert_refused(self.run_command(("check",), file=self.folder), "Is a directory",
                            file=self.folder)

    def test_unreadable_file(self):
        if os.geteuid() == 0:
            self.skipTest("root may read every file")
        self.file.write_text(GOOD)
        self.file.chmod(0)
        self.assert_refused(self.run_command(("check",)), "Permission denied")

    def test_a_device_that_never_ends(self):
        if ON_WINE:
            self.skipTest("Wine opens no devices")
        zeroes = pathlib.Path("/dev/zero")
        self.assert_refused(self.run_command(("check",), file=zeroes), "larger than", file=zeroes)

    def test_fifty_megabytes(self):
        """Refused for its size, before memory and time are spent on it."""
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(GOOD)
            file.writelines(f"key{n}: a value of some length, again and again\n"
                            for n in range(1_000_000))
        self.assertGreater(self.file.stat().st_size, 50_000_000)
        started = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(command_line("check", "-c", self.file), stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            done = subprocess.CompletedProcess([], process.returncode, output.text(out),
                                               output.text(errors))
        self.assert_refused(done, "larger than")
        self.assertLess(time.monotonic() - started, 20 * SLOWER)
        self.assertLess(usage.ru_maxrss, 500_000 * SLOWER, "kilobytes of memory")

    def test_all_mistakes_at_once(self):
        self.file.write_text(changed("every 30 seconds", "sometimes")
                             .replace("port: 1\n", "port: 0\n").replace("POST", "STOP"))
        done = self.run_command(("validate",))
        self.assertEqual(done.returncode, 2)
        errors = re.findall(r"^\S+:(\d+):\d+: error: ", done.stdout, re.M)
        self.assertEqual(errors, ["4", "12", "28"], done.stdout)

    def test_an_unknown_key_is_a_warning_with_the_nearest_name(self):
        self.file.write_text(changed("friendlyName: Printing", "frendlyName: Printing"))
        done = self.run_command(("validate",))
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"(?m)^\S+:16:\d+: warning: .*frendlyName.*friendlyName")
        looked = self.run_command(("check",))
        self.assertEqual(looked.returncode, 3, looked)  # the host is checked, and not reached
        self.assertRegex(looked.stderr, "warning: .*frendlyName")

    def test_other_sections_of_butler_are_accepted(self):
        self.file.write_text(GOOD.replace("tocsin:", "Butler:", 1) + """\
  heartbeat: {enable: false, remoteURL: http://example.com}
  uptimeMonitor: {enable: true, frequency: every 15 minutes}
""")
        self.assertEqual(self.run_command(("validate",)).returncode, 0)
        self.assertEqual(self.run_command(("check",)).returncode, 3)


class Libraries(Folder):
    def loaded(self, *arguments):
        """The libraries that the loader opens for a command."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            tocsin(*arguments, env={"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": f"{folder}/trace",
                                    "XDG_STATE_HOME": str(self.folder / "state")})
            return {name for trace in pathlib.Path(folder).iterdir()
                    for name in re.findall(r"file=(lib\w+)", trace.read_text())}

    def test_a_command_loads_what_it_needs(self):
        """Curl and its companions take half of the time in which a command starts."""
        if ON_WINE:
            self.skipTest("Windows has them linked into the program")
        self.file.write_text(GOOD)
        for arguments in (("--version",), ("check", "-c", self.file)):
            with self.subTest(arguments):
                found = self.loaded(*arguments)
                self.assertIn("libcrypto", found)
                self.assertFalse({"libcurl", "libmosquitto"} & found, found)
        self.assertIn("libcurl", self.loaded("test", "-c", self.file))


class Arguments(Folder):
    def test_wrong_arguments(self):
        self.file.write_text(GOOD)
        for arguments in ((), ("no-such-command",), ("check",), ("check", "-c", self.file, "--xml"),
                          ("check", "-c"), ("services", "-c", self.file), ("simulate", "--hosts", "x")):
            with self.subTest(arguments):
                done = tocsin(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done)
                self.assertRegex(done.stderr, r"\w")
                self.assertNotIn("terminate", done.stderr)

    def test_without_a_command_it_says_what_to_do_first(self):
        said = tocsin().stderr
        for step in (" demo\n", " init HOST...\n", " doctor HOST\n", " run\n", " --help"):
            self.assertIn(step, said)

    def here(self, *arguments):
        return output.run(command_line(*arguments), cwd=self.folder, timeout=60 * SLOWER)

    def test_the_configuration_of_this_directory(self):
        self.file.write_text(GOOD)
        done = self.here("validate")
        self.assertEqual((done.returncode, done.stderr), (0, "using tocsin.yaml\n"), done)
        self.assertIn("tocsin.yaml: good", done.stdout)

    def test_no_configuration(self):
        self.file.unlink()
        done = self.here("check")
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        self.assertRegex(done.stderr, r"^error: there is no tocsin\.yaml here and no .*tocsin\.yaml: .* -c FILE\n$")

    def test_a_configuration_without_a_name(self):
        """As of a variable that is not set: nobody meant another file."""
        self.file.write_text(GOOD)
        done = self.here("validate", "-c", "")
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)

    def test_host_that_is_not_in_the_file(self):
        self.file.write_text(GOOD)
        done = self.run_command(("services", "server2"))
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertRegex(done.stderr, "server2")

    def test_history_of_nothing(self):
        self.file.write_text(GOOD)
        for command in ("history", "deliveries"):
            done = self.run_command((command, "--data-dir", self.data))
            self.assertEqual((done.returncode, done.stdout), (1, ""), done)
            self.assertEqual(len(done.stderr.splitlines()), 1, done)
            self.assertFalse(self.data.exists(), "looking creates nothing")

    def test_version_and_help(self):
        self.assertRegex(tocsin("--version").stdout, r"^tocsin \d+\.\d+")
        for command in ("run", "check", "validate", "services", "test", "history", "deliveries",
                        "simulate", "demo"):
            with self.subTest(command):
                done = tocsin(command, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(command, done.stdout)


if __name__ == "__main__":
    unittest.main()
