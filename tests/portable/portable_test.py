"""What ./dev package portable makes: its parts, and the program at work in roots of other systems."""
import gzip
import json
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile
import unittest

import other_system
from program import Running, Simulator, configuration, tocsin
from receiver import Authority, Receiver
from servers import free_port, require, require_root
import oracles

SOURCES = pathlib.Path(__file__).parents[2]
PACKAGE = SOURCES / "build/package"
VERSION = re.search(r"^project\(tocsin VERSION ([\d.]+)", (SOURCES / "CMakeLists.txt").read_text(), re.M)[1]
NAME = f"tocsin-{VERSION}-linux-x86_64"
TARBALL = PACKAGE / f"{NAME}.tar.gz"
OLDEST_GLIBC = (2, 31)
SERVICE = "Spooler"
MARKER = "NoSuchService"  # its line in the log says that the first check has been


def read(*words):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout


def setUpModule():
    if not TARBALL.exists():
        raise unittest.SkipTest(f"{TARBALL} is not built: ./dev package portable")
    require("readelf", "umoci")
    global FOLDER
    scratch = unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="tocsin-test-"))
    os.chmod(scratch, 0o755)
    subprocess.run(["tar", "xf", TARBALL, "-C", scratch], check=True)
    FOLDER = pathlib.Path(scratch, NAME)


class Contents(unittest.TestCase):
    def test_it_needs_no_later_c_library_and_no_other(self):
        versions = re.findall(r"GLIBC_(\d+)\.(\d+)", read("readelf", "-VW", FOLDER / "tocsin"))
        self.assertTrue(versions)
        self.assertLessEqual(max((int(major), int(minor)) for major, minor in versions), OLDEST_GLIBC)
        dynamic = read("readelf", "-dW", FOLDER / "tocsin")
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", dynamic))
        self.assertLessEqual(needed, {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "libresolv.so.2",
                                      "librt.so.1", "ld-linux-x86-64.so.2"})
        self.assertNotRegex(dynamic, "RPATH|RUNPATH")

    def test_the_program_is_hardened(self):
        headers = read("readelf", "-hdlW", FOLDER / "tocsin")
        self.assertRegex(headers, "Flags: NOW PIE")
        self.assertIn("GNU_RELRO", headers)
        symbols = read("readelf", "--dyn-syms", "-W", FOLDER / "tocsin")
        self.assertIn("__memcpy_chk", symbols)
        self.assertIn("__stack_chk_fail", symbols)

    def test_sizes(self):
        self.assertLessEqual(TARBALL.stat().st_size, 12_000_000)
        image = sum(file.stat().st_size for file in (PACKAGE / "oci").rglob("*") if file.is_file())
        self.assertLessEqual(image, 20_000_000)

    def test_nothing_says_where_and_when_it_was_built(self):
        program = (FOLDER / "tocsin").read_bytes()
        for folder in (SOURCES, pathlib.Path.home() / ".cache", "/usr/include/"):
            self.assertFalse(str(folder).encode() in program, f"the program has the path {folder} inside")
        with gzip.open(TARBALL) as packed:
            packed.peek(1)
            epoch = packed.mtime
        with tarfile.open(TARBALL) as archive:
            members = archive.getmembers()
        self.assertEqual([member.name for member in members], sorted(member.name for member in members))
        self.assertEqual({(member.mtime, member.uid, member.gid, member.uname) for member in members},
                         {(epoch, 0, 0, "")})

    def test_the_bill_of_materials_names_all_that_is_linked_in(self):
        bill = json.loads((FOLDER / "sbom.spdx.json").read_text())
        self.assertEqual(bill["spdxVersion"], "SPDX-2.3")
        packages = {package["name"]: package for package in bill["packages"]}
        linked = {file.name for file in (SOURCES / "build/portable/libraries/licences").iterdir()}
        self.assertLessEqual(linked | {"tocsin", "libcli11-dev", "libstdc++-12-dev", "preact"}, packages.keys())
        self.assertTrue(any(name.startswith("libboost") for name in packages))
        terms = (FOLDER / "THIRD-PARTY-LICENCES.txt").read_text()
        identifiers = {package["SPDXID"] for package in bill["packages"]}
        self.assertEqual(len(identifiers), len(bill["packages"]))
        for name, package in packages.items():
            self.assertTrue(package["versionInfo"] and package["licenseDeclared"], package)
            if name != "tocsin":
                self.assertIn(f"==== {name} {package['versionInfo']} ====", terms)
                self.assertIn("source package" if "pkg:deb" in str(package) else "npm package", package["sourceInfo"])
        for relation in bill["relationships"]:
            self.assertIn(relation["relatedSpdxElement"], identifiers)

    def test_the_sums_are_right(self):
        """The tests of the Debian package make that anew beside these."""
        sums = "".join(line for line in (PACKAGE / "SHA256SUMS").open(encoding="ascii") if not line.endswith(".deb\n"))
        self.assertIn(f"{NAME}.tar.gz: OK", subprocess.run(
            ["sha256sum", "-c"], input=sums, cwd=PACKAGE, check=True, capture_output=True, text=True).stdout)

    def test_the_unit_is_that_of_the_package(self):
        ours = (SOURCES / "packaging/linux/tocsin.service").read_text()
        self.assertEqual((FOLDER / "systemd/tocsin.service").read_text(),
                         ours.replace("/usr/bin/tocsin", "/usr/local/bin/tocsin"))


class _Elsewhere(unittest.TestCase):
    """The program in another root; what it may write to is `self.folder`."""

    USER = 0

    @classmethod
    def temporary(cls, below=None):
        return pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tocsin-test-", dir=below)))

    @classmethod
    def enter(cls, root, inside):
        cls.root = root
        cls.folder = cls.temporary("/var/tmp")
        cls.script = cls.temporary() / "tocsin"
        os.chown(cls.folder, cls.USER, cls.USER)
        other_system.run_within(root, inside, cls.script, cls.folder, f"{cls.USER}:{cls.USER}")

    def tell(self, receiver, simulator, **more):
        (host, _), = simulator.hosts.items()
        file = configuration(self.folder / "tocsin.yaml", hosts=[simulator.host(host, [SERVICE, MARKER])],
                             credentials=simulator.credentials(), webhooks=[receiver.url()], **more)
        os.chown(file, self.USER, self.USER)
        return file

    def watch_and_alert(self, authorities, **more):
        """Checks, watches and alerts over HTTPS: refused before the receiver's authority is trusted, delivered after."""
        authority = Authority(self.folder)
        simulator = self.enterContext(Simulator(1))
        receiver = self.enterContext(Receiver(authority=authority))
        file = self.tell(receiver, simulator, **more)
        checked = tocsin("check", "-c", file)
        self.assertEqual(checked.returncode, 1, checked)  # the marker is missing
        self.assertIn("RUNNING", checked.stdout)

        refused = tocsin("test", "-c", file, "webhook")
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn("the certificate was not accepted: ", refused.stdout)
        self.assertEqual(receiver.requests, [])

        with open(authorities, "a", encoding="ascii") as trusted:
            trusted.write(authority.certificate.read_text())
        running = self.enterContext(Running(file, self.folder / "data"))
        manager = self.enterContext(oracles.ServiceManager(next(iter(simulator.hosts.values())), simulator.USER,
                                                           simulator.PASSWORD))
        running.wait_for_line(f"{MARKER} is MISSING at the first check")
        manager.stop(SERVICE)
        alert = receiver.wait_for(1, 30)[0].message
        self.assertEqual((alert["serviceName"], alert["serviceStatus"]), (SERVICE, "STOPPED"))
        return file


class _Distribution(_Elsewhere):
    @classmethod
    def enter_copy(cls, base):
        root = cls.temporary("/var/tmp") / "root"
        subprocess.run(["cp", "-a", "--reflink=auto", base, root], check=True)
        subprocess.run(["install", "-D", FOLDER / "tocsin", root / "usr/local/bin/tocsin"], check=True)
        cls.enter(root, "/usr/local/bin/tocsin")


class OldestDebian(_Distribution):
    """Its C library is the oldest that the program runs with."""

    @classmethod
    def setUpClass(cls):
        oracles.require_impacket()
        cls.enter_copy(other_system.debian("bullseye"))

    def test_it_has_the_oldest_c_library(self):
        self.assertIn(" 2.31", read("chroot", self.root, "ldd", "--version").splitlines()[0])

    def test_it_says_its_version(self):
        self.assertTrue(tocsin("--version").stdout.startswith(f"tocsin {VERSION}"))

    def test_it_watches_and_alerts(self):
        self.watch_and_alert(self.root / "etc/ssl/certs/ca-certificates.crt")

    def test_it_asks_for_tickets_without_the_system_s_library(self):
        file = self.folder / "kerberos.yaml"
        simulator = self.enterContext(Simulator(1))
        (host, _), = simulator.hosts.items()
        configuration(file, hosts=[simulator.host(host, [SERVICE])],
                      credentials={"name": "test", "username": "monitor@NO.SUCH.REALM", "password": "x",
                                   "authentication": "kerberos"})
        done = tocsin("check", "-c", file)
        self.assertEqual(done.returncode, 3, done)
        self.assertRegex(done.stdout + done.stderr, "KDC|NO.SUCH.REALM")


class Ubuntu(_Distribution):
    @classmethod
    def setUpClass(cls):
        oracles.require_impacket()
        cls.enter_copy(other_system.ubuntu())

    def test_it_watches_and_alerts(self):
        self.assertIn("Ubuntu 22.04", (self.root / "usr/lib/os-release").read_text())
        authorities = self.root / "etc/ssl/certs/ca-certificates.crt"
        authorities.parent.mkdir(parents=True)
        self.watch_and_alert(authorities)


class Image(_Elsewhere):
    """As an engine runs it: its own user, a read-only root, one folder that it may write to."""

    @classmethod
    def setUpClass(cls):
        require_root("an image's root")
        oracles.require_impacket()
        folder = cls.temporary("/var/tmp")
        subprocess.run(["umoci", "unpack", "--image", f"{PACKAGE / 'oci'}:{VERSION}", folder / "bundle"], check=True)
        cls.runtime = json.loads((folder / "bundle/config.json").read_text())
        cls.USER = cls.runtime["process"]["user"]["uid"]
        root = folder / "bundle/rootfs"
        cls.enter(root, cls.runtime["process"]["args"][0])

    def test_how_an_engine_starts_it(self):
        process = self.runtime["process"]
        self.assertEqual(process["user"]["uid"], 65532)
        self.assertEqual(process["user"]["gid"], 65532)
        self.assertEqual(process["args"], ["/usr/bin/tocsin", "run", "-c", "/etc/tocsin/tocsin.yaml"])
        self.assertIn("STATE_DIRECTORY=/var/lib/tocsin", process["env"])
        self.assertLessEqual({"/var/lib/tocsin", "/etc/tocsin"},
                             {mount["destination"] for mount in self.runtime["mounts"]})
        state = os.stat(self.root / "var/lib/tocsin")
        self.assertEqual((state.st_uid, state.st_mode & 0o777), (65532, 0o700))

    def test_docker_s_health_check_is_a_command_of_the_program(self):
        index = json.loads((PACKAGE / "oci/index.json").read_text())
        blob = lambda digest: json.loads((PACKAGE / "oci/blobs" / digest.replace(":", "/")).read_text())
        config = blob(blob(index["manifests"][0]["digest"])["config"]["digest"])
        health = config["config"]["Healthcheck"]["Test"]
        self.assertEqual(health[:3], ["CMD", "/usr/bin/tocsin", "health"])

    def test_it_watches_alerts_and_says_that_it_is_healthy(self):
        port = free_port()
        file = self.folder / "tocsin.yaml"
        before = tocsin("health", "-c", self.health_file(port))
        self.assertEqual(before.returncode, 1, before)
        file = self.watch_and_alert(self.root / "etc/ssl/certs/ca-certificates.crt",
                                    web={"listen": f"127.0.0.1:{port}"}, monitor={"timeZone": "Europe/Stockholm"})
        healthy = tocsin("health", "-c", file)
        self.assertEqual((healthy.returncode, healthy.stdout), (0, "ok\n"), healthy)

    def health_file(self, port):
        file = configuration(self.folder / "health.yaml", web={"listen": f"127.0.0.1:{port}"},
                             credentials={"name": "test", "username": "x", "password": "x"},
                             hosts=[{"host": "h", "services": [{"name": SERVICE}]}])
        os.chown(file, self.USER, self.USER)
        return file


if __name__ == "__main__":
    unittest.main()
