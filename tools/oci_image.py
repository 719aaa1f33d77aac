"""An image of the program for container engines (OCI image layout, by umoci): it has the program, Debian's C library,
certificates of authorities and time zones, and nothing else, no shell either. The user is 65532; everything but
/var/lib/tocsin may be read-only."""
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile

import linked_in

USER = 65532
_LOADER = "/lib64/ld-linux-x86-64.so.2"
_LIBRARIES = "/lib/x86_64-linux-gnu"
_COMMAND = ["run", "-c", "/etc/tocsin/tocsin.yaml"]
# OCI knows no health check. Docker reads its own from the same place, and others ignore what they do not know, as the
# specification has it (image-spec, config.md).
_HEALTH = {"Test": ["CMD", "/usr/bin/tocsin", "health", "-c", "/etc/tocsin/tocsin.yaml"], "Interval": 30 * 10**9,
           "Timeout": 10 * 10**9, "StartPeriod": 10 * 10**9, "Retries": 3}
_PACKAGES = {"libc6": "LGPL-2.1-or-later", "tzdata": "LicenseRef-public-domain", "ca-certificates": "MPL-2.0"}


class _Layer:
    """A tar file with the folders that its files need."""

    def __init__(self, path):
        self._archive = tarfile.open(path, "w", format=tarfile.GNU_FORMAT)
        self._epoch = linked_in.epoch()
        self._folders = set()

    def folder(self, name, mode=0o755, owner=0):
        parent = os.path.dirname(name)
        if parent and parent not in self._folders:
            self.folder(parent)
        self._folders.add(name)
        member = tarfile.TarInfo(name)
        member.type = tarfile.DIRTYPE
        self._add(member, mode, owner)

    def file(self, name, data, mode=0o644):
        if (parent := os.path.dirname(name)) not in self._folders:
            self.folder(parent)
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self._add(member, mode, 0, io.BytesIO(data))

    def _add(self, member, mode, owner, data=None):
        member.mode, member.uid, member.gid, member.mtime = mode, owner, owner, self._epoch
        self._archive.addfile(member, data)

    def close(self):
        self._archive.close()


def _needed(program):
    dynamic = subprocess.run(["readelf", "-dW", program], check=True, capture_output=True, text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(lib.*)\]", dynamic)


def _zones():
    folder = pathlib.Path("/usr/share/zoneinfo")
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        if file.is_file() and not name.startswith(("posix/", "right/", "localtime")):
            yield f"usr/share/zoneinfo/{name}", file.read_bytes()


def _authorities():
    """Of the package alone: an administrator may have added some of this machine's own."""
    folder = pathlib.Path("/usr/share/ca-certificates/mozilla")
    return b"".join(file.read_bytes() for file in sorted(folder.glob("*.crt")))


def _status(package):
    """For scanners, which look for known faults by the versions of packages."""
    return subprocess.run(["dpkg-query", "-s", package], check=True, capture_output=True)\
        .stdout.partition(b"Conffiles:")[0].rstrip() + b"\n"


def _write_layer(path, program, licences):
    layer = _Layer(path)
    layer.file("usr/bin/tocsin", program.read_bytes(), 0o755)
    layer.file(_LOADER[1:], pathlib.Path(_LOADER).read_bytes(), 0o755)
    for name in _needed(program):
        layer.file(f"{_LIBRARIES[1:]}/{name}", pathlib.Path(_LIBRARIES, name).read_bytes())
    for name, data in _zones():
        layer.file(name, data)
    layer.file("etc/ssl/certs/ca-certificates.crt", _authorities())
    layer.file("etc/passwd", f"root:x:0:0:root:/:/\ntocsin:x:{USER}:{USER}:tocsin:/var/lib/tocsin:/\n".encode())
    layer.file("etc/group", f"root:x:0:\ntocsin:x:{USER}:\n".encode())
    layer.file("etc/nsswitch.conf", b"hosts: files dns\n")
    layer.file("usr/share/doc/tocsin/copyright", licences)
    beside = [linked_in.of_machine(name, licence) for name, licence in _PACKAGES.items()]
    layer.file("usr/share/doc/tocsin/sbom.spdx.json", json.dumps(linked_in.sbom("portable", beside), indent=1).encode())
    for package, part in zip(_PACKAGES, beside):
        layer.file(f"usr/share/doc/{package}/copyright", part.terms.read_bytes())
        layer.file(f"var/lib/dpkg/status.d/{package}", _status(package))
    layer.folder("etc/tocsin")
    layer.folder("var/lib/tocsin", 0o700, USER)
    layer.folder("tmp", 0o1777)
    layer.close()


def _umoci(*words):
    subprocess.run(["umoci", *map(str, words)], check=True)


def _read(layout, digest):
    return json.loads((layout / "blobs" / digest.replace(":", "/")).read_text())


def _replace(layout, descriptor, document):
    """Stores what the descriptor is of anew, and forgets the old."""
    (layout / "blobs" / descriptor["digest"].replace(":", "/")).unlink()
    data = json.dumps(document, sort_keys=True).encode()
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(data)
    descriptor.update(digest=f"sha256:{digest}", size=len(data))


def _add_health_check(layout):
    index = json.loads((layout / "index.json").read_text())
    entry = index["manifests"][0]
    manifest = _read(layout, entry["digest"])
    config = _read(layout, manifest["config"]["digest"])
    config["config"]["Healthcheck"] = _HEALTH
    _replace(layout, manifest["config"], config)
    _replace(layout, entry, manifest)
    (layout / "index.json").write_text(json.dumps(index, sort_keys=True))


def make(layout, version, program, licences):
    """Writes the layout, a folder that does not exist yet, with one image: VERSION."""
    created = linked_in.date()
    image = f"{layout}:{version}"
    settings = {
        "config.user": f"{USER}:{USER}", "config.entrypoint": "/usr/bin/tocsin", "config.workingdir": "/var/lib/tocsin",
        "config.exposedports": "8484/tcp", "config.stopsignal": "SIGTERM", "architecture": "amd64", "os": "linux",
        "created": created, "config.label": f"org.opencontainers.image.version={version}"}
    with tempfile.TemporaryDirectory() as scratch:
        layer = pathlib.Path(scratch, "layer.tar")
        _write_layer(layer, program, licences)
        _umoci("init", "--layout", layout)
        _umoci("new", "--image", image)
        _umoci("raw", "add-layer", "--image", image, "--history.created", created, "--history.created_by",
               "tools/oci_image.py", layer)
    _umoci("config", "--image", image, "--no-history",
           *(word for name, value in settings.items() for word in (f"--{name}", value)),
           *(word for value in _COMMAND for word in ("--config.cmd", value)),
           *(word for value in ("/var/lib/tocsin", "/etc/tocsin") for word in ("--config.volume", value)),
           "--config.env", "STATE_DIRECTORY=/var/lib/tocsin", "--config.env", "PATH=/usr/bin")
    _umoci("gc", "--layout", layout)
    _add_health_check(layout)
