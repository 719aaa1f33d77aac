#!/usr/bin/env python3
"""Compares the tables of rooms and shelves in ARCHITECTURE.md with src/, with CMakeLists.txt and with every #include.

Also checks what the rooms promise not to do: heavy headers in headers, the clock and I/O in pure rooms, any other
time than net's where tests replace it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAVY = re.compile(r"<(nlohmann/json\.hpp|yaml-cpp/|SQLiteCpp/|sqlite3|curl/|spdlog/|CLI/|mosquitto|mqtt_protocol|openssl/|boost/beast|windows\.h|"
                   r"boost/asio(?!/awaitable\.hpp|/any_io_executor\.hpp))")
PURE = {"domain", "schedule", "wire"}
IMPURE = re.compile(r"<(fstream|iostream|filesystem|thread|spdlog/.*|boost/asio.*|sys/.*|unistd\.h)>|"
                    r"\b(system_clock|steady_clock)::now\b|\bstd::(cout|cerr)\b")
TIMED = {"logins", "probe", "notify", "daemon", "simulate"}  # run on the loop, in net's time
STEADY = re.compile(r"\bsteady_clock\b")
TIMER = re.compile(r"\b(steady|system|high_resolution|deadline|waitable)_timer\b")
TIMERS = pathlib.PurePosixPath("src/net/timer.cpp")
WINDOWS = '"platform/windows.h"'  # the only way to include <windows.h>
STAND_INS = {WINDOWS, '"net/late_curl.h"', '"net/late_mosquitto.h"'}  # for heavy headers, and as heavy
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"].*[>"])', re.M)


def table_of_rooms():
    """ROOM -> rooms it may use, from the table in ARCHITECTURE.md."""
    rooms = {}
    for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 3 and re.fullmatch(r"`\w+/`", cells[0]):
            uses = set() if cells[2] == "-" else {word.strip() for word in cells[2].split(",")}
            rooms[cells[0].strip("`/")] = uses
    return rooms


def table_of_shelves():
    """ROOM -> its folders in the order of the table in ARCHITECTURE.md, for the rooms that stand in it."""
    shelves = {}
    for folder in re.findall(r"^\| `(\w+(?:/\w+)?)/` \|[^|]*\|$", (ROOT / "ARCHITECTURE.md").read_text(), re.M):
        shelves.setdefault(folder.split("/")[0], []).append(folder)
    return shelves


def rooms_of_cmake():
    """ROOM -> rooms it is linked with, from CMakeLists.txt."""
    text = (ROOT / "CMakeLists.txt").read_text()
    rooms = {}
    for call in re.findall(r"^add_room\(([^)]*)\)", text, re.M):
        words = call.split()
        uses, keep = set(), False
        for word in words[1:]:
            if word in ("USES", "LIBS"):
                keep = word == "USES"
            elif keep:
                uses.add(word)
        rooms[words[0]] = uses
    return rooms


def problems_with_shelves():
    for room, shelves in table_of_shelves().items():
        files = [path.relative_to(ROOT / "src") for path in sorted((ROOT / "src" / room).rglob("*"))
                 if path.suffix in (".h", ".cpp")]
        tree = {path.parent.as_posix() for path in files}
        for folder in sorted(tree ^ set(shelves)):
            yield f"src/{folder}: stands in the table of shelves in ARCHITECTURE.md or in src/, not in both"
        if tree != set(shelves):
            continue
        for path in files:
            shelf = path.parent.as_posix()
            for include in INCLUDE.findall((ROOT / "src" / path).read_text()):
                used = str(pathlib.PurePosixPath(include[1:-1]).parent)
                if used in shelves and shelves.index(used) > shelves.index(shelf):
                    yield f"src/{path.as_posix()}: {include} - shelf {used} comes after {shelf}"


def problems():
    table = table_of_rooms()
    if not table:
        yield "ARCHITECTURE.md: no room table found"
        return
    everything = set(table)
    table = {room: everything - {room} if uses == {"all"} else uses for room, uses in table.items()}

    tree = {entry.name for entry in (ROOT / "src").iterdir() if entry.is_dir()}
    for room in sorted(tree - everything):
        yield f"src/{room}: not in the room table of ARCHITECTURE.md"
    for room in sorted(everything - tree):
        yield f"ARCHITECTURE.md: room {room} has no folder in src/"
    for room, uses in sorted(rooms_of_cmake().items()):
        for used in sorted(uses - table.get(room, set())):
            yield f"CMakeLists.txt: room {room} is linked with {used}, which the table does not allow"
    yield from problems_with_shelves()

    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        where = path.relative_to(ROOT)
        room = where.parts[1]
        text = path.read_text()
        for include in INCLUDE.findall(text):
            target = include[1:-1].split("/")[0]
            if include.startswith('"'):
                if target not in tree:
                    yield f"{where}: {include} does not start at src/"
                elif include == WINDOWS and not where.match("*_windows.cpp"):
                    yield f"{where}: {include} - Windows stays in *_windows.cpp files"
                elif target != room and target not in table.get(room, set()):
                    yield f"{where}: {include} - room {room} may not use {target}"
            if path.suffix == ".h" and (HEAVY.match(include) or include in STAND_INS) and f'"{where.relative_to("src")}"' not in STAND_INS:
                yield f"{where}: {include} - heavy headers stay in .cpp files"
        if room in PURE and (found := IMPURE.search(text)):
            yield f"{where}: {found.group(0)} - room {room} does no I/O, reads no clock and never logs"
        if room in TIMED and (found := STEADY.search(text)):
            yield f"{where}: {found.group(0)} - room {room} goes by net::MonotonicClock"
        if where != TIMERS and (found := TIMER.search(text)):
            yield f"{where}: {found.group(0)} - only {TIMERS} uses Asio's timers; net/timer.h is for the others"


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or "rooms: as ARCHITECTURE.md says")
    sys.exit(1 if found else 0)
