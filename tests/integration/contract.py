"""The contract of the web API (docs/openapi.yaml): every answer has a documented path, status and body.

A path of the contract is written with its places, "/hosts/{host}"; an operation is (METHOD, path).
"""
import datetime
import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

_FILE = pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.yaml"
_CONTRACT = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
_RESOLVER = jsonschema.RefResolver("", _CONTRACT)
_METHODS = ("get", "post", "patch", "put", "delete")
_FORMATS = jsonschema.FormatChecker(formats=())

BASE = _CONTRACT["servers"][0]["url"]
OPERATIONS = {(method.upper(), path): operation for path, item in _CONTRACT["paths"].items()
              for method, operation in item.items() if method in _METHODS}
PATHS = tuple(_CONTRACT["paths"])
ACTIONS = tuple(key for key in OPERATIONS if key[0] != "GET")

seen = set()  # the operations that have succeeded


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(text):
    """RFC 3339 in UTC with milliseconds, as the contract promises."""
    if isinstance(text, str):
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text):
            return False
        datetime.datetime.fromisoformat(text.removesuffix("Z"))
    return True


def _resolved(node):
    while "$ref" in node:
        node = _RESOLVER.resolve(node["$ref"])[1]
    return node


def _pattern(path):
    return "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/"))


def path_of(asked):
    """The path of the contract that a URL's path, below BASE, stands for; one without places goes first."""
    asked = urllib.parse.urlsplit(asked).path.removesuffix("/")
    found = [path for path in PATHS if re.fullmatch(_pattern(path), asked)]
    return min(found, key=lambda path: path.count("{"), default=None)


def check(method, asked, status, content_type, body):
    """Raises AssertionError where the answer is none of the contract's. `body` is bytes; HEAD has none."""
    path = path_of(asked)
    what = f"{method} {asked}: {status} {content_type}"
    operation = OPERATIONS.get(("GET" if method == "HEAD" else method, path))
    if operation is None:  # the one answer that needs no description: there is no such thing
        assert status in (401, 403, 404, 405, 411, 415, 421), f"{what} is not in the contract: {body[:300]}"
        answer = {"$ref": "#/components/responses/Problem"}
    else:
        answers = operation["responses"]
        assert str(status) in answers or status >= 400, f"{what} is not in the contract: {body[:300]}"
        answer = answers.get(str(status), answers["default"])
        if status < 300 and method != "HEAD":
            seen.add((method, path))
    content = _resolved(answer).get("content")
    if content is None:
        assert not body and not content_type, f"{what} has a body: {body[:300]}"
        return
    kind = content_type.split(";")[0]
    assert kind in content, f"{what}: not {list(content)}"
    if method != "HEAD" and kind.endswith("json"):
        fits(json.loads(body.decode()), content[kind]["schema"], what)


def fits(value, schema, what):
    """Raises AssertionError where the value does not fit the schema: one of the contract's, or its name."""
    if isinstance(schema, str):
        schema = {"$ref": f"#/components/schemas/{schema}"}
    checker = jsonschema.Draft202012Validator(schema, resolver=_RESOLVER, format_checker=_FORMATS)
    for fault in checker.iter_errors(value):
        raise AssertionError(f"{what}: {'/'.join(map(str, fault.absolute_path))}: {fault.message[:500]}")
