"""Every example is right by docs/tocsin.schema.json, and what is wrong is not."""

import copy
import json
import pathlib
import sys
import unittest

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}; ./dev setup installs it")
    sys.exit(0)

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = json.loads((PROJECT / "docs/tocsin.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HEADER = "# yaml-language-server: $schema="


def mistakes(document):
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def service_monitor(monitor):
    return {"tocsin": {"serviceMonitor": {"monitor": monitor}}}


class Schema(unittest.TestCase):
    def test_it_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_examples_are_right_and_name_it(self):
        examples = sorted((PROJECT / "examples").rglob("*.yaml"))
        self.assertGreater(len(examples), 3)
        for example in examples:
            with self.subTest(example.name):
                text = example.read_text("utf-8")
                self.assertEqual(mistakes(yaml.safe_load(text)), [])
                first = text.splitlines()[0]
                self.assertTrue(first.startswith(HEADER), first)
                named = example.parent / first.removeprefix(HEADER)
                self.assertEqual(named.resolve(), PROJECT / "docs/tocsin.schema.json")

    def test_what_the_loader_takes_is_right(self):
        host = {"host": "a", "sets": ["s"], "port": "${env:PORT}", "source": "SMB",
                "policy": {"bootGrace": "1h30m", "repeatEvery": 60, "flapping": None,
                           "quietExitCodes": [0, 1067]}}
        self.assertEqual(mistakes(service_monitor([host])), [])
        self.assertEqual(mistakes({"Butler": {"heartbeat": {}, "logLevel": "${env:LEVEL}"}}), [])

    def test_a_credential_is_an_account_a_keytab_or_the_ticket_of_the_process(self):
        account = {"username": "u", "password": "p"}
        for entry, right in ((account, True), ({"username": "u", "keytab": "k"}, True), ({"keytab": "k"}, True),
                             ({"authentication": "kerberos"}, True), ({"username": "u"}, False),
                             ({"password": "p"}, False), ({}, False)):
            with self.subTest(entry):
                document = {"tocsin": {"serviceMonitor": {"credentials": [{"name": "a", **entry}]}}}
                self.assertEqual(mistakes(document) == [], right)

    def test_a_key_has_its_name_or_its_former_one(self):
        for grace, right in (({"checks": 2}, True), ({"looks": 2}, True), ({"looks": 0}, False),
                             ({"checks": 2, "looks": 2}, False)):
            for policy in "policy", "hostPolicy":
                with self.subTest(policy, grace=grace):
                    host = {"host": "a", "sets": ["s"], policy: {"grace": grace}}
                    self.assertEqual(mistakes(service_monitor([host])) == [], right)

    def test_mistakes_are_wrong(self):
        right = {"host": "a", "services": [{"name": "x", "policy": {"grace": {"checks": 2}}}]}
        self.assertEqual(mistakes(service_monitor([right])), [])
        for path, value in {
                "host": [], "port": 0, "source": "wmi", "sets": "qlik", "colour": "red",
                "policy": {"bootGrace": "soon"}, "hostPolicy": {"expected": "any"},
                "services": [{}]}.items():
            with self.subTest(path):
                wrong = copy.deepcopy(right)
                wrong[path] = value
                self.assertEqual(len(mistakes(service_monitor([wrong]))), 1)
        for left_out in right:
            wrong = {key: value for key, value in right.items() if key != left_out}
            self.assertNotEqual(mistakes(service_monitor([wrong])), [])
        self.assertNotEqual(mistakes({"tocsin": {}, "Butler": {}}), [])


if __name__ == "__main__":
    unittest.main()
