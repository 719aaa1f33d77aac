#!/usr/bin/env python3
"""test/contract.py URL: asks a server for each operation of docs/openapi.yaml, and checks what it answers against the schemas there."""
import functools
import json
import operator
import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import jsonschema
import yaml

CONTRACT = yaml.safe_load((pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.yaml").read_text())
BASE = sys.argv[1] + "api/v1"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FORMATS = jsonschema.FormatChecker(formats=())
FORMATS.checks("date-time")(lambda text: not isinstance(text, str) or bool(TIME.fullmatch(text)))
BODIES = {"createSilence": {"scope": "sql*", "seconds": 60, "reason": "test"}, "acknowledge": {"host": "sql1", "service": "Spooler", "reason": ""},
          "extendSilence": {"end": "2030-01-01T00:00:00.000Z"}, "controlService": {"action": "restart", "dryRun": True}}
QUERIES = {"previewSilence": "?scope=sql*", "listRoutes": "?host=sql1", "listSilences": "?ended=true", "listHistory": "?limit=5", "listHosts": "?limit=5"}


def resolved(node):
    if "$ref" not in node:
        return node
    return resolved(functools.reduce(operator.getitem, node["$ref"].removeprefix("#/").split("/"), CONTRACT))


def check(schema, body):
    resolver = jsonschema.RefResolver("", CONTRACT)
    jsonschema.Draft202012Validator(schema, resolver=resolver, format_checker=FORMATS).validate(body)


def ask(method, path, body):
    request = urllib.request.Request(BASE + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={} if body is None else {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def first(path, key, name):
    return json.loads(ask("GET", path, None)[1])[key][0][name]


def main():
    places = {"host": "sql1", "service": "Spooler", "alert": json.loads(ask("GET", "/history", None)[1])["alerts"][0]["alert"]["id"],
              "delivery": first("/deliveries", "deliveries", "id"), "destination": first("/destinations", "destinations", "key")}
    asked = 0
    operations = [(method.upper(), path, operation) for path, item in CONTRACT["paths"].items() for method, operation in item.items() if method != "parameters"]
    for method, path, operation in sorted(operations, key=lambda one: one[0] == "DELETE"):
        name = operation["operationId"]
        if name == "listen":
            continue
        if name == "controlService":
            path = path.replace("{host}", "web1")  # sql1 has no `control`
        for place in re.findall(r"{(\w+)}", path):
            kind = {"silence": "silences", "acknowledgement": "acknowledgements"}.get(place)
            value = first("/" + kind, kind, "id") if kind else places[place]
            path = path.replace("{" + place + "}", urllib.parse.quote(str(value), safe=""))
        body = BODIES.get(name, {} if "requestBody" in operation else None)
        status, text = ask(method, path + QUERIES.get(name, ""), body)
        answer = operation["responses"].get(str(status))
        assert answer is not None, f"{method} {path}: status {status}: {text[:200]}"
        content = resolved(answer).get("content")
        if content:
            try:
                check(content["application/json"]["schema"], json.loads(text))
            except jsonschema.ValidationError as error:
                raise AssertionError(f"{method} {path}: {error.message} at {list(error.path)}") from None
        asked += 1
    status, text = ask("GET", "/hosts/nobody", None)
    assert status == 404
    check(CONTRACT["components"]["schemas"]["Problem"], json.loads(text))
    print(asked + 1, "answers are as docs/openapi.yaml says")


main()
