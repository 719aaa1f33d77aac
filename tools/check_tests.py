#!/usr/bin/env python3
"""Checks what the tests of tests/unit promise: they never sleep, and their names say what is true.

A test waits in virtual time (tests/kit/virtual_time.h), or for an event. TEST(Suite, SaysWhatIsTrue) is the one
form of a name: UpperCamelCase, because GoogleTest reserves underscores.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|this_thread::yield|\w+_timer)\b")
SLEEPERS = {"tests/unit/net/timer_test.cpp"}  # it tests the sleeps themselves
TEST = re.compile(r"^\s*TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.M)
NAME = re.compile(r"[A-Z][A-Za-z0-9]*")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def problems():
    for path in sorted((ROOT / "tests" / "unit").rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        where = path.relative_to(ROOT).as_posix()
        text = path.read_text()
        if where not in SLEEPERS:
            for found in SLEEP.finditer(text):
                yield f"{where}:{line_of(text, found.start())}: {found.group(0)} - pass virtual time, or wait for an event"
        for found in TEST.finditer(text):
            for name in found.groups():
                if not NAME.fullmatch(name):
                    yield f"{where}:{line_of(text, found.start())}: {name} - write TEST(Suite, SaysWhatIsTrue)"


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or "tests: none sleeps, and all are named alike")
    sys.exit(1 if found else 0)
