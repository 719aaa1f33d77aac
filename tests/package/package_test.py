"""The package of ./dev package linux: checked, installed, upgraded, reloaded, removed and purged in a fresh Debian."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from fresh_system import FreshSystem, dependencies
from program import Simulator, configuration, require_tocsin
from receiver import Answer, Receiver
from servers import require, wait_until
import oracles

SOURCES = pathlib.Path(__file__).parents[2]
WAITING = 60  # deliveries during the upgrade


def build(version):
    """The same program under another version, so that it may be upgraded."""
    done = subprocess.run([SOURCES / "tools/linux_package", version], capture_output=True, text=True, check=False,
                          env={**os.environ, "TOCSIN": os.path.abspath(os.environ["TOCSIN"])})
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return SOURCES / f"build/package/tocsin_{version}_amd64.deb"


def setUpModule():
    require_tocsin()
    require("dpkg-deb", "dpkg-shlibdeps")
    global OLD, NEW
    OLD, NEW = build("0.0.1"), build("0.0.2")


def tearDownModule():
    for package in (OLD, NEW):
        package.unlink(missing_ok=True)
        package.with_suffix(".spdx.json").unlink(missing_ok=True)


class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tocsin-test-")))
        subprocess.run(["dpkg-deb", "-x", NEW, cls.folder], check=True)

    def read(self, *words):
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    def test_lintian_finds_nothing(self):
        require("lintian")
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", NEW],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done)

    def test_it_is_small(self):
        self.assertLessEqual(NEW.stat().st_size, 3_000_000)

    def test_the_program_is_hardened(self):
        program = self.folder / "usr/bin/tocsin"
        dynamic = self.read("readelf", "-hdW", program)
        self.assertRegex(dynamic, r"Flags: NOW PIE")
        self.assertIn("Position-Independent Executable", dynamic)
        self.assertNotIn("RUNPATH", dynamic)
        self.assertIn("GNU_RELRO", self.read("readelf", "-lW", program))
        symbols = self.read("readelf", "--dyn-syms", "-W", program)
        self.assertIn("__memcpy_chk", symbols)
        self.assertIn("__stack_chk_fail", symbols)

    def test_each_command_has_a_man_page_and_each_part_its_licence(self):
        program = self.folder / "usr/bin/tocsin"
        pages = {page.name for page in (self.folder / "usr/share/man/man1").iterdir()}
        listed = self.read(program, "--help").partition("Subcommands:")[2].splitlines()
        names = [line.split()[0] for line in listed if line.startswith("  ") and line[2] != " "]
        self.assertGreater(len(names), 20)
        self.assertLessEqual({f"tocsin-{name}.1.gz" for name in names}, pages)
        terms = (self.folder / "usr/share/doc/tocsin/copyright").read_text()
        for part in ("libboost[0-9.]+-dev", "libcli11-dev", "duktape-dev", "libjs-handlebars", "libsqlitecpp-dev", "preact"):
            self.assertRegex(terms, f"Files: linked-in/{part}/[*]")

    def complete(self, words):
        script = (f"source {self.folder}/usr/share/bash-completion/completions/tocsin; COMP_WORDS=({words} ''); "
                  "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tocsin; printf '%s\\n' \"${COMPREPLY[@]}\"")
        return self.read("bash", "-c", script).split()

    def test_bash_completes_commands_and_options(self):
        self.assertLessEqual({"run", "silence", "--version"}, set(self.complete("tocsin")))
        self.assertLessEqual({"--for", "--reason"}, set(self.complete("tocsin silence")))
        self.assertEqual(self.complete("tocsin silence --for"), [])
        self.assertLessEqual({"install", "uninstall"}, set(self.complete("tocsin service")))

    def test_zsh_reads_its_completion(self):
        require("zsh")
        self.read("zsh", "-fc", "autoload -U compinit && compinit -D && fpath=("
                  f"{self.folder}/usr/share/zsh/vendor-completions $fpath) && autoload +X _tocsin && whence -w _tocsin")


class Installed(unittest.TestCase):
    """One story, because each step needs the one before."""

    def test_it_installs_watches_upgrades_reloads_and_goes(self):
        system = self.enterContext(FreshSystem(dependencies(NEW)))
        simulator = self.enterContext(Simulator(1, "--services", 200))
        (host, port), = simulator.hosts.items()
        manager = self.enterContext(oracles.ServiceManager(port, simulator.USER, simulator.PASSWORD))
        services = oracles.running_services(port, simulator.USER, simulator.PASSWORD)
        # dpkg reads it from a folder that is not hidden by the system's own /tmp.
        for package in (OLD, NEW):
            subprocess.run(["cp", package, system.root / "root"], check=True)

        said = system.run("dpkg", "-i", f"/root/{OLD.name}")
        self.assertIn("tocsin init SERVER", said)
        self.assertEqual(system.run("systemctl", "is-enabled", "tocsin").strip(), "enabled")
        self.assertEqual(system.run("systemctl", "is-active", "tocsin", check=False).strip(), "inactive")

        receiver = self.enterContext(Receiver(always=Answer(status=503)))
        self.configure(system, simulator, host, services, receiver)
        system.run("systemctl", "start", "tocsin")
        self.assertEqual(self.shown(system, "User", "ActiveState"), ["tocsin", "active"])
        self.assertIn("OK", system.run("systemd-analyze", "security", "--no-pager", "--threshold=20", "tocsin")
                      .splitlines()[-1])
        self.wait_for_status(system, f"services: {len(services)} on hosts: 1, not reached: 0, open alerts: 0")

        stopped = set(services) - set(manager.stop_so_many(WAITING, services))  # while nobody takes the alerts
        self.wait_for_status(system, f"deliveries waiting: {WAITING}")
        before = self.shown(system, "MainPID")
        system.run("dpkg", "-i", f"/root/{NEW.name}")
        self.assertNotEqual(self.shown(system, "MainPID"), before)
        self.assertEqual(self.shown(system, "ActiveState"), ["active"])
        self.wait_for_status(system, f"deliveries waiting: {WAITING}")
        tried = len(receiver.requests)
        receiver.always = Answer()
        receiver.wait_for(tried + WAITING, 150)
        taken = [request.message["serviceName"] for request in receiver.requests[tried:]]
        self.assertEqual(sorted(taken), sorted(stopped), "nothing is lost or doubled")

        system.run("systemctl", "reload", "tocsin")
        log = lambda: system.run("journalctl", "-u", "tocsin", "-o", "cat", "--no-pager", "-n", "30")
        wait_until(lambda: " reloaded: " in log(), 15, log)
        self.assertEqual(self.shown(system, "ActiveState"), ["active"])
        # Root reads the password that systemd hands to the service, and a mistake keeps nobody from watching.
        system.run("tocsin", "validate")
        self.assertIn("Spooler", system.run("tocsin", "check", check=False))
        system.run("sh", "-c", "cp -p /etc/tocsin/tocsin.yaml /root/good.yaml && echo 'webhooks: [' >>/etc/tocsin/tocsin.yaml")
        failed = system.run("sh", "-c", "systemctl reload tocsin || echo refused")
        self.assertIn("refused", failed)
        self.assertRegex(log(), r"/etc/tocsin/tocsin.yaml:\d+:\d+: error: ")
        self.assertEqual(self.shown(system, "ActiveState"), ["active"])
        system.run("cp", "-p", "/root/good.yaml", "/etc/tocsin/tocsin.yaml")

        # The watchdog: who stands still is started again.
        system.run("mkdir", "-p", "/run/systemd/system/tocsin.service.d")
        (system.root / "root/short.conf").write_text("[Service]\nWatchdogSec=2\n")
        system.run("cp", "/root/short.conf", "/run/systemd/system/tocsin.service.d/")
        system.run("systemctl", "daemon-reload")
        system.run("systemctl", "restart", "tocsin")
        system.run("systemctl", "kill", "-s", "STOP", "tocsin")
        wait_until(lambda: self.shown(system, "NRestarts") == ["1"], 30,
                   lambda: system.run("systemctl", "status", "--no-pager", "tocsin", check=False))

        system.run("dpkg", "-r", "tocsin")
        self.assertEqual(system.run("systemctl", "is-active", "tocsin", check=False).strip(), "inactive")
        self.assertIn("tocsin.yaml", system.run("ls", "/etc/tocsin"))
        system.run("dpkg", "-P", "tocsin")
        self.assertEqual(self.left(system), "")

    def test_it_comes_and_goes_whatever_the_service_does(self):
        system = self.enterContext(FreshSystem(dependencies(NEW)))
        simulator = self.enterContext(Simulator(1))
        (host, _), = simulator.hosts.items()
        receiver = self.enterContext(Receiver())
        subprocess.run(["cp", NEW, system.root / "root"], check=True)
        # Fails where dpkg does; over itself, the package is upgraded.
        install = lambda: system.run("sh", "-c", f"dpkg -i /root/{NEW.name} 2>&1")
        state = lambda: system.run("systemctl", "is-active", "tocsin", check=False).strip()
        install()
        self.configure(system, simulator, host, ["Spooler"], receiver)
        system.run("cp", "-p", "/etc/tocsin/tocsin.yaml", "/root/good.yaml")
        system.run("systemctl", "start", "tocsin")

        system.run("dpkg", "-r", "tocsin")
        self.assertNotIn("did not start", install())
        self.assertEqual(state(), "active", "what the removal has stopped is started again")
        system.run("systemctl", "stop", "tocsin")
        install()
        self.assertEqual(state(), "inactive", "what an admin has stopped is not")

        system.run("systemctl", "start", "tocsin")
        system.run("sh", "-c", "echo 'webhooks: [' >>/etc/tocsin/tocsin.yaml")
        self.assertIn("tocsin: the service did not start.", install())
        self.assertEqual(state(), "failed")
        system.run("dpkg", "-r", "tocsin")
        self.assertIn("tocsin: the service did not start.", install())
        self.assertEqual(system.run("dpkg-query", "-W", "-f", "${Status}", "tocsin"), "install ok installed")

        # systemd gives a unit up after five starts in ten seconds, unless told otherwise.
        for _ in range(6):
            system.run("systemctl", "start", "tocsin", check=False)
        system.run("cp", "-p", "/root/good.yaml", "/etc/tocsin/tocsin.yaml")
        system.run("systemctl", "start", "tocsin")
        system.run("mkdir", "-p", "/run/systemd/system/tocsin.service.d")
        (system.root / "root/stays.conf").write_text("[Unit]\nRefuseManualStop=yes\n")
        system.run("cp", "/root/stays.conf", "/run/systemd/system/tocsin.service.d/")
        system.run("systemctl", "daemon-reload")
        system.run("dpkg", "-r", "tocsin")
        self.assertEqual(state(), "active")
        system.run("rm", "-r", "/run/systemd/system/tocsin.service.d")
        system.run("systemctl", "daemon-reload")
        system.run("systemctl", "stop", "tocsin")

        system.run("sh", "-c", "echo TOKEN=secret >/etc/default/tocsin")
        system.run("mount", "--bind", "/var/lib/tocsin", "/var/lib/tocsin")
        self.assertNotEqual(system.run("ls", "-A", "/var/lib/tocsin"), "")
        system.run("dpkg", "-P", "tocsin")
        self.assertEqual(system.run("ls", "-A", "/var/lib/tocsin"), "")
        self.assertEqual(self.left(system), "/var/lib/tocsin\n", "the mount point alone stays")

    def test_a_new_user_is_alerted_after_four_commands(self):
        """As docs/linux.md has them."""
        system = self.enterContext(FreshSystem(dependencies(NEW)))
        simulator = self.enterContext(Simulator(1))
        receiver = self.enterContext(Receiver())
        (_, port), = simulator.hosts.items()
        subprocess.run(["cp", NEW, system.root / "root"], check=True)
        (system.root / "root/password").write_text(simulator.PASSWORD)
        system.run("dpkg", "-i", f"/root/{NEW.name}")
        said = system.run("sh", "-c", f"cd /etc/tocsin && tocsin init 127.0.0.1:{port} --user {simulator.USER} "
                          f"--notify {receiver.url()} </root/password")
        self.assertIn("next: tocsin check, then systemctl start tocsin", said)
        system.run("systemctl", "start", "tocsin")
        self.assertIn("hosts: 1, not reached: 0", self.shown(system, "StatusText")[0])
        self.enterContext(oracles.ServiceManager(port, simulator.USER, simulator.PASSWORD)).stop("Spooler")
        test, alert = receiver.wait_for(2, 30)[:2]
        self.assertEqual((test.message["kind"], alert.message["serviceName"], alert.message["kind"]),
                         ("started", "Spooler", "stopped"))

    def test_the_tarball_becomes_a_service_as_its_text_says(self):
        tarballs = [*(SOURCES / "build/package").glob("tocsin-*-linux-x86_64.tar.gz")]
        if not tarballs:
            self.skipTest("no tarball is built: ./dev package portable")
        system = self.enterContext(FreshSystem(dependencies(NEW)))
        simulator = self.enterContext(Simulator(1))
        (_, port), = simulator.hosts.items()
        (system.root / "root/password").write_text(simulator.PASSWORD)
        subprocess.run(["tar", "xf", tarballs[0], "--strip-components=1", "-C", system.root / "root"], check=True)
        text = (system.root / "root/README.txt").read_text()
        steps = re.search(r"as a service, as root:\n\n((?:  .+\n)+)", text)[1]
        self.assertIn("init HOST...", steps)
        init = f"init 127.0.0.1:{port} --user {simulator.USER} </root/password"
        system.run("sh", "-exc", "cd /root\n" + steps.replace("init HOST...", init))
        self.assertEqual(self.shown(system, "User", "ActiveState"), ["tocsin", "active"])
        self.assertIn("hosts: 1, not reached: 0", self.shown(system, "StatusText")[0])
        system.run("systemctl", "reload", "tocsin")

    def configure(self, system, simulator, host, services, receiver):
        configuration(system.root / "root/tocsin.yaml", hosts=[simulator.host(host, services)],
                      credentials={"name": "test", "username": simulator.USER,
                                   "password": "${credential:monitoring}"},
                      webhooks=[receiver.url()], dataDirectory="/var/lib/tocsin")
        (system.root / "root/password").write_text(simulator.PASSWORD)
        system.run("install", "-m", "640", "-g", "tocsin", "/root/tocsin.yaml", "/etc/tocsin/tocsin.yaml")
        system.run("install", "-m", "600", "/root/password", "/etc/tocsin/credentials/monitoring")

    def left(self, system):
        return system.run("find", "/etc", "/usr", "/var", "-name", "*tocsin*", "-not", "-path", "/var/log/*")

    def shown(self, system, *properties):
        return [system.run("systemctl", "show", "tocsin", "--value", "-p", name).strip() for name in properties]

    def wait_for_status(self, system, text):
        wait_until(lambda: text in self.shown(system, "StatusText")[0], 30,
                   lambda: text + "\n" + system.run("journalctl", "-u", "tocsin", "--no-pager", check=False))


if __name__ == "__main__":
    unittest.main()
