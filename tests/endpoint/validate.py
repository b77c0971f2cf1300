"""Reads our reports with other people's readers. Usage: validate.py sarif SCHEMA FILE | schema SCHEMA FILE | junit FILE"""

import json
import sys

import jsonschema
import junitparser


def against_schema(schema, document):
    with open(schema, encoding="utf-8") as schema, open(document, encoding="utf-8") as document:
        schema, document = json.load(schema), json.load(document)
    validator = jsonschema.validators.validator_for(schema)
    errors = [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(document)]
    if errors:
        sys.exit("\n".join(errors))
    return document


def sarif(schema, document):
    """The schema, and what code scanning asks beyond it."""
    run = against_schema(schema, document)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith("/"), place
        assert place["region"]["startLine"] >= 1, place
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"], result
        assert result["partialFingerprints"], result
    for rule in rules:
        assert len(rule["properties"]["tags"]) <= 10 and rule["help"]["text"], rule


def junit(path):
    """Prints every test case as `result TAB name`."""
    suites = junitparser.JUnitXml.fromfile(path)
    for suite in suites:
        for case in suite:
            kinds = [type(result).__name__.lower() for result in case.result] or ["pass"]
            print(f"{kinds[0]}\t{case.name}")


{"sarif": sarif, "schema": against_schema, "junit": junit}[sys.argv[1]](*sys.argv[2:])
