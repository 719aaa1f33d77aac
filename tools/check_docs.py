#!/usr/bin/env python3
"""Checks the pages: relative links and their anchors lead somewhere, files that are named exist, and README leads to every page.

A file is named where `code` begins with a folder of the repository, or of src/: `tests/kit`, `notify/lanes`, `src/cli/*.cpp`.
A message of the program is **`bold code`** in docs/troubleshooting.md: its fixed parts stand in src/.

check_docs.py FOLDER checks the pages of a built site instead.
"""
import html
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
MESSAGE = re.compile(r"\*\*`([^`]+)`\*\*")
REFERENCE = re.compile(r"""<[a-z][^>]*? (?:href|src)="([^"]*)\"""")
IDENTITY = re.compile(r"""<[a-z][^>]*? id="([^"]*)\"""")
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


def unknown_messages():
    """Messages whose parts between `...` the sources do not have."""
    page = ROOT / "docs" / "troubleshooting.md"
    sources = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "src").rglob("*")) if file.suffix in {".h", ".cpp"})
    sources = re.sub(r'"\s*\n\s*"', "", sources).replace('\\"', '"')
    text = page.read_text(encoding="utf-8")
    for message in MESSAGE.finditer(text):
        if not all(part.strip() in sources for part in message[1].split("...")):
            yield f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, message.start()) + 1}: `{message[1]}`: no such message in src/"


def problems():
    yield from unknown_messages()
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


def dead_references(site):
    """Of a built site: what its pages lead to and load."""
    texts = {page.resolve(): page.read_text(encoding="utf-8") for page in sorted(site.rglob("*.html"))}
    identities = {page: set(IDENTITY.findall(text)) for page, text in texts.items()}
    for page, text in texts.items():
        for reference in map(html.unescape, REFERENCE.findall(text)):
            path, _, anchor = reference.partition("#")
            target = (page.parent / path).resolve() if path else page
            if re.match(r"\w+:", path):
                continue
            if not target.is_file() or site.resolve() not in target.parents:
                yield f"{page.relative_to(site.resolve())}: {reference}: no such file"
            elif anchor and anchor not in identities[target]:
                yield f"{page.relative_to(site.resolve())}: {reference}: no such anchor"
    if not texts:
        yield f"{site}: no pages"


if __name__ == "__main__":
    found = list(dead_references(pathlib.Path(sys.argv[1])) if len(sys.argv) > 1 else problems())
    print("\n".join(found) or "docs: every link leads somewhere")
    sys.exit(1 if found else 0)
