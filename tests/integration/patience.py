"""A build with a sanitizer is several times as slow and as large: what the suites expect of time and memory allows for it."""
import os
import pathlib
import re

SANITIZER = os.environ.get("TOCSIN_SANITIZER")
SLOWER = 4 if SANITIZER else 1
# What must happen at last may take so many times as long as it usually does at most: a busy machine is no fault.
LONGEST = 3 * SLOWER


def assert_memory_below(test, process, field, kilobytes):
    """`field` of proc(5)'s status: VmRSS for the memory now, VmHWM for the most so far. Answers it."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    used = int(re.search(rf"{field}:\s+(\d+) kB", status)[1])
    if not SANITIZER:
        test.assertLess(used, kilobytes, field)
    return used
