#!/usr/bin/env python3
"""Lists the tests that the last run skipped, with the reason each one gave."""
import pathlib
import re
import sys

log = pathlib.Path(sys.argv[1]) / "Testing/Temporary/LastTest.log"
text = log.read_text(errors="replace")
skipped = 0
for block in re.split(r"^-{40,}$\n(?=\d+/\d+ Testing:)|(?=^\d+/\d+ Testing: )", text, flags=re.M):
    name = re.match(r"\d+/\d+ Testing: (.*)", block)
    if not name:
        continue
    reasons = re.findall(r"skipped ['\"](.*)['\"]$|^(?:.*: )?Skipped\n(.*)$", block, flags=re.M)
    for reason in sorted({first or second for first, second in reasons}):
        print(f"skipped: {name.group(1)}: {reason}")
        skipped += 1
print(f"{skipped} skipped")
