#!/usr/bin/env python3
"""under_wine.py PROGRAM [ARGUMENT...]: runs it in a Windows of its own, and ends with its exit code."""
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from wine import Prefix  # noqa: E402

SKIPPED = 77  # CTest's SKIP_RETURN_CODE

if __name__ == "__main__":
    try:
        with Prefix():
            sys.exit(subprocess.run(["wine", *sys.argv[1:]], stdin=subprocess.DEVNULL).returncode)
    except unittest.SkipTest as reason:
        print(f"skipped '{reason}'")
        sys.exit(SKIPPED)
