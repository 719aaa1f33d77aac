"""$NOTIFY_SOCKET: a supervisor such as systemd is told that tocsin is ready, reloads, lives and stops."""
import signal
import socket
import time
import unittest

from program import Running, require_tocsin, tocsin
from servers import wait_until
from watched import ENGINE, Watched


def setUpModule():
    require_tocsin()


class Supervisor:
    """The socket's other end; `told` is every line, in order."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        self.told = []

    def listen(self):
        while True:
            try:
                self.told += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return self.told

    def wait_for(self, line, seconds=15):
        wait_until(lambda: line in self.listen(), seconds, lambda: f"{line}: {self.told}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class Supervised(Watched):
    HOSTS = 2

    def test_a_supervisor_is_told_what_happens(self):
        supervisor = self.enterContext(Supervisor(self.folder / "notify"))
        self.configure()
        running = self.enterContext(Running(self.file, self.data, env={
            "NOTIFY_SOCKET": str(self.folder / "notify"), "WATCHDOG_USEC": "3000000"}))
        supervisor.wait_for("READY=1")
        # The missing marker is no alert at the first check.
        supervisor.wait_for("STATUS=services: 3 on hosts: 1, not reached: 0, open alerts: 0, deliveries waiting: 0")
        self.manager.stop(ENGINE)
        supervisor.wait_for("STATUS=services: 3 on hosts: 1, not reached: 0, open alerts: 1, deliveries waiting: 0")

        supervisor.told.clear()
        supervisor.wait_for("WATCHDOG=1")
        running.process.send_signal(signal.SIGSTOP)
        supervisor.listen()
        supervisor.told.clear()
        time.sleep(4)
        self.assertEqual(supervisor.listen(), [], "who does nothing gives no sign of life")
        running.process.send_signal(signal.SIGCONT)
        supervisor.wait_for("WATCHDOG=1")

        for content, code in ((self.file.read_text(), 0), ("tocsin: {}", 2)):
            supervisor.told.clear()
            self.file.write_text(content)
            self.assertEqual(tocsin("reload", "-c", self.file, "--data-dir", self.data).returncode, code)
            if code == 0:
                supervisor.wait_for("READY=1")
                told = [line for line in supervisor.told if not line.startswith(("WATCHDOG", "STATUS"))]
                self.assertEqual(told[0], "RELOADING=1")
                self.assertRegex(told[1], r"^MONOTONIC_USEC=\d+$")
                self.assertEqual(told[2], "READY=1")
        supervisor.told.clear()
        running.process.send_signal(signal.SIGHUP)  # a reload that fails is over as well
        supervisor.wait_for("RELOADING=1")
        supervisor.wait_for("READY=1")

        self.assertEqual(running.stop(), 0, running.output())
        self.assertIn("STOPPING=1", supervisor.listen())

    def test_a_socket_that_is_gone_is_a_warning(self):
        self.configure()
        running = self.enterContext(Running(self.file, self.data,
                                            env={"NOTIFY_SOCKET": str(self.folder / "gone")}))
        running.wait_for_line("the supervisor is told nothing: NOTIFY_SOCKET")
        self.assertEqual(running.stop(), 0, running.output())
        self.assertEqual(running.output().count("the supervisor is told nothing"), 1)


if __name__ == "__main__":
    unittest.main()
