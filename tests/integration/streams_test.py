"""Who reads what tocsin says may stall, end or have no room: the monitor goes on, and a lost answer is no success."""
import contextlib
import fcntl
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from program import ON_WINE, Simulator, command, configuration, require_tocsin
from receiver import Receiver

SERVICE = "Spooler"
PIPE_SIZE = 4096  # the smallest of Linux: a few lines at debug


def setUpModule():
    require_tocsin()
    if ON_WINE:
        raise unittest.SkipTest("/dev/full and pipes of a chosen size are of Linux")


class Streams(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        self.receiver = self.enterContext(Receiver())
        script = self.folder / "script"
        script.write_text("".join(f"{second}s {'stop' if second % 2 == 0 else 'start'} qs-node {SERVICE}\n"
                                  for second in range(2, 30)))
        self.simulator = self.enterContext(Simulator(1, "--script", script))
        self.file = configuration(
            self.folder / "tocsin.yaml", credentials=self.simulator.credentials(),
            hosts=[self.simulator.host(name, [SERVICE]) for name in self.simulator.hosts],
            webhooks=[self.receiver.url()])

    def run_with(self, errors):
        process = subprocess.Popen(command("run", "-c", self.file, "--data-dir", self.folder / "data"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def assert_goes_on_and_ends(self, process):
        self.receiver.wait_for(2, 30)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(15), 0)
        self.assertLess(time.monotonic() - begun, 8)


class Run(Streams):
    def test_a_reader_that_stalls_holds_nothing_up(self):
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        process = self.run_with(writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as unread:
            self.assert_goes_on_and_ends(process)
            self.assertGreater(len(unread.read()), PIPE_SIZE // 2, "the pipe was full")

    def test_a_reader_that_ends_ends_nothing(self):
        reading, writing = os.pipe()
        process = self.run_with(writing)
        os.close(writing)
        os.read(reading, 100)
        os.close(reading)
        self.assert_goes_on_and_ends(process)

    def test_no_room_for_the_log_is_no_reason_to_end(self):
        with open("/dev/full", "wb") as full:
            self.assert_goes_on_and_ends(self.run_with(full))

    def test_a_closed_stderr_is_no_file_or_socket(self):
        words = command("run", "-c", self.file, "--data-dir", self.folder / "data")
        process = subprocess.Popen(["sh", "-c", 'exec "$@" 2>&-', "sh", *words])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assert_goes_on_and_ends(process)
        self.assertNotIn(b"check begins", (self.folder / "data" / "tocsin.db").read_bytes())


class Commands(Streams):
    def commands(self):
        data = ("--data-dir", self.folder / "data")
        with contextlib.closing(self.run_with(subprocess.PIPE).stderr) as lines:
            while b"ready" not in lines.readline():
                pass
            self.receiver.wait_for(1, 30)
            yield from (("validate", "-c", self.file), ("validate", "--json", "-c", self.file),
                        ("check", "-c", self.file), ("services", "-c", self.file, *self.simulator.hosts),
                        ("history", "-c", self.file, *data), ("deliveries", "-c", self.file, *data),
                        ("silences", "-c", self.file, *data), ("acks", "-c", self.file, *data),
                        ("routes", "-c", self.file, *self.simulator.hosts),
                        ("schedule", "every 5 minutes"), ("migrate", self.file), ("--help",), ("--version",))

    def test_an_answer_that_is_lost_is_no_success(self):
        for words in self.commands():
            with self.subTest(words[0]), open("/dev/full", "wb") as full:
                done = subprocess.run(command(*words), stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
                self.assertIn(done.returncode, (1, 3), done.stderr)
                self.assertIn(b"error: the output cannot be written in full", done.stderr)

    def test_errors_that_nobody_gets_do_not_abort(self):
        with open("/dev/full", "wb") as full:
            for words in (("validate", "-c", "missing"), ("run", "-c", "missing"), ("schedule", "never"),
                          ("nonsense",)):
                with self.subTest(words[0]):
                    done = subprocess.run(command(*words), stdout=subprocess.PIPE, stderr=full, timeout=60,
                                          check=False)
                    self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
