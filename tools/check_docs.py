#!/usr/bin/env python3
"""Checks the pages: relative links and their anchors lead somewhere, files that are named exist, and README leads to every page.

A file is named where `code` begins with a folder of the repository, or of src/: `tests/kit`, `notify/lanes`, `src/cli/*.cpp`.
"""
import itertools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(```|~~~).*?^\1\s*?$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)")
CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#{1,6} +(.*?)\s*$", re.M)
FILE = re.compile(r"[\w.*-]+(/[\w.*{},-]+)+/?")
PLACEHOLDER = re.compile(r"NAME")
FOLDERS = {entry.name for entry in (*ROOT.iterdir(), *(ROOT / "src").iterdir())
           if entry.is_dir() and not entry.name.startswith(".")} - {"build"}


def pages():
    return sorted(page for folder in (ROOT, *(entry for entry in ROOT.iterdir() if entry.name in FOLDERS))
                  for page in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
                  if "node_modules" not in page.parts)


def without_fences(text):
    """Code blocks become empty lines, so that numbers of lines stay right."""
    return FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)


def anchors(text):
    """As GitHub makes them of headings."""
    seen = {}
    for heading in HEADING.findall(without_fences(text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen[anchor] = seen.get(anchor, -1) + 1
        yield f"{anchor}-{count}" if count else anchor


def spelled_out(name):
    """a{b,c}d -> abd, acd."""
    parts = [part[1:-1].split(",") if part.startswith("{") else [part] for part in re.split(r"({[^}]*})", name)]
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def exists(name):
    name = name.rstrip("/")
    return any(any(place.glob(name)) or any(place.glob(name + ".*")) for place in (ROOT, ROOT / "src"))


def mistakes(page, text, targets):
    """(position, words). Adds the pages that it links to to targets."""
    for link in LINK.finditer(text):
        path, _, anchor = link[1].partition("#")
        if re.match(r"\w+:", path):
            continue
        target = (page.parent / path).resolve() if path else page
        targets.add(target)
        if not target.exists():
            yield link.start(), f"{link[1]}: no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield link.start(), f"{link[1]}: no such heading"
    for code in CODE.finditer(text):
        name = code[1]
        if not FILE.fullmatch(name) or name.split("/")[0] not in FOLDERS or PLACEHOLDER.search(name):
            continue
        for one in spelled_out(name):
            if not exists(one):
                yield code.start(), f"`{name}`: no such file"


def problems():
    found = pages()
    linked = {}
    for page in found:
        text = without_fences(page.read_text(encoding="utf-8"))
        linked[page] = set()
        for position, words in mistakes(page, text, linked[page]):
            yield f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, position) + 1}: {words}"
    reached, new = set(), {ROOT / "README.md"}
    while new:
        reached |= new
        new = set().union(*(linked.get(page, set()) for page in new)) - reached
    for page in found:
        if page not in reached:
            yield f"{page.relative_to(ROOT)}: no link leads here from README.md"


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or "docs: every link leads somewhere")
    sys.exit(1 if found else 0)
