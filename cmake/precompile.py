#!/usr/bin/env python3
"""precompile.py COMPILER ARGUMENT...: runs the compiler, which makes a precompiled header, and leaves its checksum in
HEADER.sum, which ccache takes for it (pch_external_checksum). That of the file would never be the same in two folders,
because clang writes the paths of all that it has read into it."""
import hashlib
import pathlib
import re
import subprocess
import sys

command = sys.argv[1:]
subprocess.run(command, check=True)
if "-MF" in command:
    output = pathlib.Path(command[command.index("-o") + 1])
    read = pathlib.Path(command[command.index("-MF") + 1]).read_text().replace("\\\n", " ")
    files = re.split(r"(?<!\\)\s+", read.split(":", 1)[1].strip())
    options = [word for word in command if re.match(r"-[DOWfgmsx]", word) or word.startswith("--target")]
    total = hashlib.sha256("\n".join(options).encode())
    for file in files:
        path = pathlib.Path(file.replace("\\ ", " "))
        if not path.name.startswith("cmake_pch"):  # CMake's own, with our path in it
            total.update(path.read_bytes())
    output.with_name(output.name + ".sum").write_text(total.hexdigest())
