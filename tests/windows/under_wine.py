#!/usr/bin/env python3
"""under_wine.py PROGRAM [ARGUMENT...]: runs it in a Windows of its own, and ends with its exit code."""
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
import output  # noqa: E402
import wine  # noqa: E402

SKIPPED = 77  # CTest's SKIP_RETURN_CODE


def run(*words):
    """What it prints is seen at once."""
    for _ in range(wine.ATTEMPTS):
        process = subprocess.Popen(["wine", *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = False
        for piece in output.pieces(process, process.stdout):
            said = True
            sys.stdout.buffer.write(piece)
            sys.stdout.flush()
        process.stdout.close()
        if not wine.failed(process.wait(), said):
            break
    return process.returncode


if __name__ == "__main__":
    try:
        with wine.Prefix():
            sys.exit(run(*sys.argv[1:]))
    except unittest.SkipTest as reason:
        print(f"skipped '{reason}'")
        sys.exit(SKIPPED)
