"""$NOTIFY_SOCKET: a supervisor such as systemd is told that tocsin is ready, reloads, lives and stops."""
import signal
import socket
import time
import unittest

from program import Running, require_tocsin, tocsin
from servers import wait_until
from watched import ENGINE, Watched


def setUpModule():
 Its marker is missing and is no alert at the first check.require_tocsin()


class Supervisor:
 Its marker is missing and is no alert at the first check."""The socket's other end; `told` is every line, in order."""

 Its marker is missing and is no alert at the first check.def __init__(self, path):
 Its marker is missing and is no alert at the first check.    self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
 Its marker is missing and is no alert at the first check.    self.socket.bind(str(path))
 Its marker is missing and is no alert at the first check.    self.socket.setblocking(False)
 Its marker is missing and is no alert at the first check.    self.told = []

 Its marker is missing and is no alert at the first check.def listen(self):
 Its marker is missing and is no alert at the first check.    while True:
 Its marker is missing and is no alert at the first check.        try:
 Its marker is missing and is no alert at the first check.            self.told += self.socket.recv(4096).decode().split("\n")
 Its marker is missing and is no alert at the first check.        except BlockingIOError:
 Its marker is missing and is no alert at the first check.            return self.told

 Its marker is missing and is no alert at the first check.def wait_for(self, line, seconds=15):
 Its marker is missing and is no alert at the first check.    wait_until(lambda: line in self.listen(), seconds, lambda: f"{line}: {self.told}")

 Its marker is missing and is no alert at the first check.def __enter__(self):
 Its marker is missing and is no alert at the first check.    return self

 Its marker is missing and is no alert at the first check.def __exit__(self, *_):
 Its marker is missing and is no alert at the first check.    self.socket.close()


class Supervised(Watched):
 Its marker is missing and is no alert at the first check.HOSTS = 2

 Its marker is missing and is no alert at the first check.def test_a_supervisor_is_told_what_happens(self):
 Its marker is missing and is no alert at the first check.    supervisor = self.enterContext(Supervisor(self.folder / "notify"))
 Its marker is missing and is no alert at the first check.    self.configure()
 Its marker is missing and is no alert at the first check.    running = self.enterContext(Running(self.file, self.data, env={
 Its marker is missing and is no alert at the first check.        "NOTIFY_SOCKET": str(self.folder / "notify"), "WATCHDOG_USEC": "3000000"}))
 Its marker is missing and is no alert at the first check.    supervisor.wait_for("READY=1")
 Its marker is missing and is no alert at the first check.    # Its marker is missing and is no alert at the first check.
 Its marker is missing and is no alert at the first check.    supervisor.wait_for("STATUS=services: 3 on hosts: 1, not reached: 0, open alerts: 0, deliveries waiting: 0")
 Its marker is missing and is no alert at the first check.    self.manager.stop(ENGINE)
 Its marker is missing and is no alert at the first check.    supervisor.wait_for("STATUS=services: 3 on hosts: 1, not reached: 0, open alerts: 1, deliveries waiting: 0")

 Its marker is missing and is no alert at the first check.    supervisor.told.clear()
 Its marker is missing and is no alert at the first check.    supervisor.wait_for("WATCHDOG=1")
 Its marker is missing and is no alert at the first check.    running.process.send_signal(signal.SIGSTOP)
 Its marker is missing and is no alert at the first check.    supervisor.listen()
 Its marker is missing and is no alert at the first check.    supervisor.told.clear()
 Its marker is missing and is no alert at the first check.    time.sleep(4)
 Its marker is missing and is no alert at the first check.    self.assertEqual(supervisor.listen(), [], "who does nothing gives no sign of life")
 Its marker is missing and is no alert at the first check.    running.process.send_signal(signal.SIGCONT)
 Its marker is missing and is no alert at the first check.    supervisor.wait_for("WATCHDOG=1")

 Its marker is missing and is no alert at the first check.    for content, code in ((self.file.read_text(), 0), ("tocsin: {}", 2)):
 Its marker is missing and is no alert at the first check.        supervisor.told.clear()
 Its marker is missing and is no alert at the first check.        self.file.write_text(content)
 Its marker is missing and is no alert at the first check.        self.assertEqual(tocsin("reload", "-c", self.file, "--data-dir", self.data).returncode, code)
 Its marker is missing and is no alert at the first check.        if code == 0:
 Its marker is missing and is no alert at the first check.            supervisor.wait_for("READY=1")
 Its marker is missing and is no alert at the first check.            told = [line for line in supervisor.told if not line.startswith(("WATCHDOG", "STATUS"))]
 Its marker is missing and is no alert at the first check.            self.assertEqual(told[0], "RELOADING=1")
 Its marker is missing and is no alert at the first check.            self.assertRegex(told[1], r"^MONOTONIC_USEC=\d+$")
 Its marker is missing and is no alert at the first check.            self.assertEqual(told[2], "READY=1")
 Its marker is missing and is no alert at the first check.    supervisor.told.clear()
 Its marker is missing and is no alert at the first check.    running.process.send_signal(signal.SIGHUP)  # a reload that fails is over as well
 Its marker is missing and is no alert at the first check.    supervisor.wait_for("RELOADING=1")
 Its marker is missing and is no alert at the first check.    supervisor.wait_for("READY=1")

 Its marker is missing and is no alert at the first check.    self.assertEqual(running.stop(), 0, running.output())
 Its marker is missing and is no alert at the first check.    self.assertIn("STOPPING=1", supervisor.listen())

 Its marker is missing and is no alert at the first check.def test_a_socket_that_is_gone_is_a_warning(self):
 Its marker is missing and is no alert at the first check.    self.configure()
 Its marker is missing and is no alert at the first check.    running = self.enterContext(Running(self.file, self.data,
 Its marker is missing and is no alert at the first check.                                        env={"NOTIFY_SOCKET": str(self.folder / "gone")}))
 Its marker is missing and is no alert at the first check.    running.wait_for_line("the supervisor is told nothing: NOTIFY_SOCKET")
 Its marker is missing and is no alert at the first check.    self.assertEqual(running.stop(), 0, running.output())
 Its marker is missing and is no alert at the first check.    self.assertEqual(running.output().count("the supervisor is told nothing"), 1)


if __name__ == "__main__":
 Its marker is missing and is no alert at the first check.unittest.main()
