"""Namespaces of our own: a network that can be broken, small disks, and an end that leaves no process behind."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys

from servers import wait_until

WORLD, HOSTS, PROGRAM = "10.77.0.1", "10.77.1.1", "10.77.255.1"
_MARK = "TOCSIN_TORTURE_ISOLATED"
_TOOLS = ("setpriv", "unshare", "nsenter", "ip", "tc", "mount")


def isolated():
    return os.environ.get(_MARK) == "1"


def isolate():
    """Starts this program anew in namespaces and ends with its exit code, or returns why it cannot."""
    if missing := [tool for tool in _TOOLS if not shutil.which(tool)]:
        return f"not installed: {', '.join(missing)}"
    # Whoever dies first takes the others along.
    words = ["setpriv", "--pdeathsig", "KILL", "unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]),
             "--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"]
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return tried.stderr.strip() or "unshare is refused"
    process = subprocess.Popen([*words, sys.executable, *sys.argv], env={**os.environ, _MARK: "1"})
    while True:
        try:
            sys.exit(process.wait())
        except KeyboardInterrupt:  # the child has it too, and tidies up
            continue


class Network:
    """The program's own network namespace, behind one cable."""

    def __enter__(self):
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{self._holder.pid}/ns/net") != own, 10, "a network namespace")
        run("ip link set lo up")
        run(f"ip link add world type veth peer name program netns {self._holder.pid}")
        run(f"ip address add {WORLD}/16 dev world")
        run("ip link set world up")
        run(f"ip route add local {HOSTS.rsplit('.', 1)[0]}.0/24 dev lo")
        self.inside("ip link set lo up")
        self.inside(f"ip address add {PROGRAM}/16 dev program")
        self.inside("ip link set program up")
        return self

    @property
    def prefix(self):
        """The words before a command that is to run inside."""
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net"]

    def inside(self, words):
        run(words, self.prefix)

    def __exit__(self, *_):
        self._holder.send_signal(signal.SIGKILL)
        self._holder.wait()


def run(words, prefix=()):
    subprocess.run([*prefix, *words.split()], check=True, capture_output=True)


def supports(words):
    """Whether this kernel can do it to a cable; it is undone again."""
    with contextlib.suppress(subprocess.CalledProcessError):
        run(f"tc qdisc add dev lo root {words}")
        run("tc qdisc del dev lo root")
        return True
    return False
