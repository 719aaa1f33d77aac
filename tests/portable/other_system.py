"""Programs in the roots of other systems: `chroot` behind a mount namespace of its own, on this machine's network."""
import hashlib
import pathlib
import shlex
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
import bootstrapped  # noqa: E402
import program  # noqa: E402
from servers import require  # noqa: E402

# Ubuntu's archive has no key on a Debian: what is trusted is this release, which never changes.
UBUNTU = "http://archive.ubuntu.com/ubuntu"
RELEASE = "var/lib/apt/lists/archive.ubuntu.com_ubuntu_dists_jammy_Release"
RELEASE_SHA256 = "269a3a900ff8b8bc9bc3c6743f9927d90c4b81ad34b35c2753f8d9aadff926da"


def debian(suite):
    """With certificates."""
    return bootstrapped.root(suite, "--include=ca-certificates")


def ubuntu():
    """Ubuntu 22.04, unpacked, but none of its scripts were run; without certificates."""
    def check(root):
        if hashlib.sha256((root / RELEASE).read_bytes()).hexdigest() != RELEASE_SHA256:
            raise AssertionError(f"{UBUNTU} gave another Ubuntu 22.04 than the one that is known: {root / RELEASE}")
    return bootstrapped.root("jammy", "--foreign", "--no-check-gpg", mirror=[UBUNTU], check=check)


def run_within(root, inside, script, shared, user="0:0"):
    """Has the tests' kit start the program `inside` that root. Of this machine it sees the folder `shared`, by the same
    name, alone; all else is read-only. Written as the executable `script`."""
    require("unshare")
    root, shared = (shlex.quote(str(path)) for path in (root, shared))
    pathlib.Path(script).write_text(f"""#!/bin/sh
exec unshare --mount sh -ec '
mount --bind {root} {root}
mount -t tmpfs -o mode=1777 none {root}/tmp
mkdir -p {root}{shared}
mount --bind {shared} {root}{shared}
mount -o remount,bind,ro {root}
exec chroot --userspec={user} {root} {inside} "$@"' program "$@"
""")
    pathlib.Path(script).chmod(0o755)
    program.TOCSIN = str(script)
