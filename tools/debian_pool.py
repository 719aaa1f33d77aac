"""Files of Debian's archive, pinned by their sha256: source packages, and what they are unpacked to."""
import hashlib
import os
import pathlib
import re
import subprocess

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin"
ARCHIVES = CACHE / "archives"


class Failure(Exception):
    """What went wrong, for people."""


def mirrors():
    """The pools of the mirrors that this machine's apt uses, as apt itself understands its configuration."""
    found = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
                           check=True, capture_output=True, text=True).stdout.split()
    return [f"{uri.rstrip('/')}/{pool}" for uri in dict.fromkeys(found)
            for pool in ("pool/main", "pool/updates/main")]  # the latter is the security mirror's


def intact(path, digest):
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def fetch(source, name, digest):
    """A file of a source package, from the cache or else from the first mirror that has it."""
    path = ARCHIVES / name
    if intact(path, digest):
        return path
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    part = ARCHIVES / f"{name}.{os.getpid()}"
    try:
        for mirror in mirrors():
            subprocess.run(["/usr/lib/apt/apt-helper", "download-file", f"{mirror}/{source[0]}/{source}/{name}",
                            part], capture_output=True)
            if intact(part, digest):
                return part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    raise Failure(f"no Debian mirror of this machine has {name} with sha256 {digest}: pin a version that "
                  f"they have (apt-cache showsrc {source}) in tools/static_libraries, or put that file into {ARCHIVES}")


def fetch_source(package, version, digest):
    """The .dsc of a source package, beside the files that it lists."""
    dsc = fetch(package, f"{package}_{version}.dsc", digest)
    sums = re.search(r"^Checksums-Sha256:\n((?: .*\n)+)", dsc.read_text(), re.M).group(1)
    for line in sums.splitlines():
        digest, _, name = line.split()
        fetch(package, name, digest)
    return dsc
