"""Roots of other systems, as debootstrap makes them."""
import os
import pathlib
import shutil
import subprocess
import unittest

from servers import require, require_root

_ROOTS = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tocsin/roots"


def root(suite, *options, mirror=(), check=lambda root: None):
    """The smallest system of a release, with debootstrap's options; kept for the next run, so only copies of it may be
    changed. What `check` raises about a new one keeps it from being used."""
    require("debootstrap")
    require_root("another system's root")
    made, how = _ROOTS / suite, _ROOTS / f"{suite}.options"
    if how.exists() and how.read_text() == " ".join(options):
        return made
    how.unlink(missing_ok=True)
    shutil.rmtree(made, ignore_errors=True)
    _ROOTS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["debootstrap", "--variant=minbase", *options, suite, made, *mirror],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise unittest.SkipTest(f"debootstrap cannot make a {suite} here: " + done.stdout[-300:])
    check(made)
    how.write_text(" ".join(options))
    return made
