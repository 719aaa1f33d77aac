#!/usr/bin/env python3
"""embed_ui.py ZOPFLI FOLDER CONTRACT OUTPUT: the folder's files and the contract of the API as the table of
src/web/embedded.h, packed, the same bytes each time."""
import hashlib
import pathlib
import re
import subprocess
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
VERSIONED = re.compile(r"-\w{8,}\.(js|css)$")  # the hash of the content stands in the name


def array_of(name: str, data: bytes) -> str:
    lines = (data[i : i + 32] for i in range(0, len(data), 32))
    body = "\n".join("".join(f"{byte}," for byte in line) for line in lines)
    return f"constexpr unsigned char {name}[] = {{\n{body}\n}};\n"


def main() -> None:
    zopfli = sys.argv[1]
    folder, contract, output = map(pathlib.Path, sys.argv[2:])
    arrays, rows = "", ""
    files = [*sorted(path for path in folder.iterdir() if path.is_file()), contract]
    for i, path in enumerate(files):
        data = path.read_bytes()
        # The format of gzip, smaller by 3 %; without a time or a name in it.
        packed = subprocess.run([zopfli, "-c", path], check=True, capture_output=True).stdout
        url = "/" if path.name == "index.html" else f"/{path.name}"
        is_versioned = "true" if VERSIONED.search(path.name) else "false"
        etag = hashlib.sha256(data).hexdigest()[:16]
        arrays += array_of(f"kFile{i}", packed)
        rows += (
            f'    {{"{url}", "{TYPES[path.suffix]}", "\\"{etag}\\"", {is_versioned},\n'
            f"     {{reinterpret_cast<const char*>(kFile{i}), sizeof(kFile{i})}}}},\n"
        )
    text = (
        '#include "web/embedded.h"\n\n#include <array>\n\nnamespace tocsin::web {\nnamespace {\n\n'
        f"{arrays}\n}}  // namespace\n\n"
        "std::span<const EmbeddedFile> embedded_files() {\n"
        f"  static const std::array<EmbeddedFile, {len(files)}> files{{{{\n{rows}  }}}};\n"
        "  return files;\n}\n\n}  // namespace tocsin::web\n"
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text)


if __name__ == "__main__":
    main()
