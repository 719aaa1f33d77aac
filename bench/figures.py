"""What ./dev bench reports: a line for each figure as it comes, then one table of those with a goal, and all of them as JSON."""
import dataclasses
import datetime
import json
import os
import subprocess


@dataclasses.dataclass
class Figure:
    name: str
    value: float | None  # None: not measured, for the reason that is the note
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    limit: str = ""  # what bounds it: the floor, as measured or in words
    note: str = ""
    part: str = ""

    @property
    def has_goal(self):
        return self.at_most is not None or self.at_least is not None

    @property
    def met(self):
        """None: there is no goal, or it was not measured."""
        if self.value is None or not self.has_goal:
            return None
        return self.value <= self.at_most if self.at_least is None else self.value >= self.at_least

    def today(self):
        return "not measured" if self.value is None else with_unit(self.value, self.unit)

    def goal(self):
        if not self.has_goal:
            return ""
        return f"at most {number(self.at_most)}" if self.at_least is None else f"at least {number(self.at_least)}"


def number(value):
    size = abs(value)
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}"


def with_unit(value, unit):
    return f"{number(value)} {unit}".strip()


gather = None  # is called with each Figure, where somebody gathers them


def report(name, value, unit="", **more):
    """`more`: at_most or at_least, limit, note."""
    figure = Figure(name, value, unit, **more)
    notes = [figure.goal() and f"goal: {figure.goal()}", figure.limit, figure.note]
    print(f"  {name:<70} {figure.today():>16}   {'; '.join(filter(None, notes))}".rstrip(), flush=True)
    if gather:
        gather(figure)


def not_measured(name, reason):
    report(name, None, note=str(reason).strip().splitlines()[-1] if str(reason).strip() else "no reason given")


class Machine:
    """Where and when figures were measured."""

    def __init__(self):
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
        self.facts = {"date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                      "commit": commit.stdout.strip() or None, "cores": os.cpu_count(),
                      "load at the begin": round(os.getloadavg()[0], 1)}

    def finish(self):
        return self.facts | {"load at the end": round(os.getloadavg()[0], 1)}


def print_table(figures):
    """Of those that have a goal, and of those that could not be measured."""
    rows = [("figure", "today", "goal", "met", "limit")]
    for figure in figures:
        if figure.has_goal or figure.value is None:
            met = {True: "yes", False: "NO", None: ""}[figure.met]
            rows.append((f"{figure.part}: {figure.name.strip()}", figure.today(), figure.goal(), met, figure.limit or (figure.note if figure.value is None else "")))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print()
    for row in rows:
        print(f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]:<{widths[3]}}  {row[4]}".rstrip())


def write_json(file, machine, figures, seconds):
    """`seconds` are those that each part took."""
    facts = {"machine": machine.finish(), "seconds": seconds,
             "figures": [dataclasses.asdict(figure) | {"met": figure.met} for figure in figures]}
    file.write_text(json.dumps(facts, indent=1) + "\n")
