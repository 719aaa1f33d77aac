#!/usr/bin/env python3
"""Says of the last run in a build directory which tests were skipped, with the reason each one gave,
and repeats what those that failed printed, where it is not far above."""
import pathlib
import re
import sys

_LAST_LINES = 60  # of a test that failed

log = pathlib.Path(sys.argv[1]) / "Testing/Temporary/LastTest.log"
text = log.read_text(errors="replace")
skipped = 0
failed = []
for block in re.split(r"^-{40,}$\n(?=\d+/\d+ Testing:)|(?=^\d+/\d+ Testing: )", text, flags=re.M):
    name = re.match(r"\d+/\d+ Testing: (.*)", block)
    if not name:
        continue
    reasons = re.findall(r"skipped ['\"](.*)['\"]$|^(?:.*: )?Skipped\n(.*)$", block, flags=re.M)
    for reason in sorted({first or second for first, second in reasons}):
        print(f"skipped: {name.group(1)}: {reason}")
        skipped += 1
    if re.search(r"^Test (Failed|Timeout)|^Test .*Exception", block, flags=re.M):
        failed.append((name.group(1), block.partition("<end of output>")[0].splitlines()))
print(f"{skipped} skipped")
for name, lines in failed:
    print(f"\n{name} has failed:", *lines[-_LAST_LINES:], sep="\n  ")
