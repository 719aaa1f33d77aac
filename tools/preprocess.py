#!/usr/bin/env python3
"""Prints a source file as the compiler sees it after preprocessing, by its compile command."""
import json
import pathlib
import shlex
import subprocess
import sys

database, name = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
for entry in json.loads((pathlib.Path(database) / "compile_commands.json").read_text()):
    if pathlib.Path(entry["file"]) == name:
        words = shlex.split(entry["command"])
        start = next(i for i, word in enumerate(words) if "clang" in pathlib.Path(word).name)
        words = words[start:words.index("-o")]
        sys.exit(subprocess.run([*words, "-E", "-P", str(name)], cwd=entry["directory"]).returncode)
sys.exit(f"{name} is not part of the build")
