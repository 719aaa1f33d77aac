"""What Grafana makes of the files in packaging/grafana: which queries they hold, and what it puts in place
of their variables before it sends them."""
import json
import pathlib
import re

import yaml

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "packaging/grafana"
DASHBOARD = FOLDER / "dashboards/windows-services.json"
PROVISIONING = FOLDER / "provisioning"


def escaped(value):
    """A value of a variable within a regular expression, as Grafana's data source for InfluxDB does it."""
    return re.sub(r"[$^*{}\[\]'+?.()|/\\]", r"\\\g<0>", value)


def chosen(values):
    """What stands in a query for a variable of which these values are chosen."""
    return f"({'|'.join(map(escaped, values))})"


def filled(query, begin, end, interval="1s", **variables):
    """`begin` and `end` in milliseconds; `variables`: the chosen values of each."""
    query = query.replace("$timeFilter", f"time >= {begin}ms and time <= {end}ms")
    query = query.replace("$__interval", interval)
    for name, values in variables.items():
        query = re.sub(rf"\${name}\b", lambda _: chosen(values), query)
    rest = re.sub(r"\\\$|\$/", "", query)  # escaped, or the end of an expression
    assert "$" not in rest, query
    return query


class Dashboard:
    def __init__(self):
        self.json = json.loads(DASHBOARD.read_text(encoding="utf-8"))

    def panels(self):
        """{title: {refId: query}}, in their order."""
        return {panel["title"]: {target["refId"]: target["query"] for target in panel["targets"]}
                for panel in self.json["panels"]}

    def variables(self):
        """{name: query} of those that ask InfluxDB."""
        return {variable["name"]: variable["query"] for variable in self.json["templating"]["list"]
                if variable["type"] == "query"}

    def colors(self):
        """{state's number: (text, colour)} of the timeline."""
        timeline = next(panel for panel in self.json["panels"] if panel["type"] == "state-timeline")
        return {int(number): (mapped["text"], mapped["color"]) for number, mapped
                in timeline["fieldConfig"]["defaults"]["mappings"][0]["options"].items()}


def provisioned(name):
    """The only YAML file of a folder of provisioning files, and its text."""
    file, = (PROVISIONING / name).glob("*.yaml")
    text = file.read_text(encoding="utf-8")
    return yaml.safe_load(text), text


class Rule:
    """An alert rule: a query, the last value of each of its series, and a threshold."""

    def __init__(self, json_of_rule):
        self.json = json_of_rule
        self.query, self.reduce, self.threshold = json_of_rule["data"]

    @property
    def text(self):
        return self.query["model"]["query"]

    def firing(self, series):
        """The labels of those series for which the condition holds; [None] where there is no data and
        that is an alert."""
        if not series:
            return [None] if self.json["noDataState"] == "Alerting" else []
        evaluator = self.threshold["model"]["conditions"][0]["evaluator"]
        bounds = evaluator["params"]
        holds = {"lt": lambda value: value < bounds[0],
                 "gt": lambda value: value > bounds[0],
                 "within_range": lambda value: bounds[0] < value < bounds[1]}[evaluator["type"]]
        return [one.get("tags", {}) for one in series if holds(one["values"][-1][-1])]


def rules():
    """{uid: Rule}"""
    document, _ = provisioned("alerting")
    return {rule["uid"]: Rule(rule) for group in document["groups"] for rule in group["rules"]}
