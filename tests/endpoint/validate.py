"""Reads our reports with other people's readers. Usage: validate.py sarif SCHEMA FILE | schema SCHEMA FILE | junit FILE | pdf FILE TEXT… | ocsf FILE"""

import json
import sys

import jsonschema
import junitparser
import pypdf
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema


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


def ocsf(path):
    """Every line against the class's schema of the version that it states and of those around; and what no schema says. Prints
    the compliance status of each."""
    schemas = {}
    for version in ["1.5.0", "1.6.0", "1.7.0", "1.8.0"]:
        embedded = OcsfJsonSchemaEmbedded(get_ocsf_schema(version))
        schema = embedded.get_class_schema("compliance_finding", ["cloud", "datetime"])
        schemas[version] = jsonschema.validators.validator_for(schema)(schema)
    captions = {
        ("activity_id", "activity_name"): {1: "Create", 2: "Update", 3: "Close"},
        ("severity_id", "severity"): {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"},
        ("status_id", "status"): {1: "New", 3: "Suppressed"},
    }
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            for version, schema in schemas.items():
                # The event says 1.6.0, which the others' schemas would refuse for that alone.
                errors = [f"{version}: {e.json_path}: {e.message}" for e in schema.iter_errors(event)]
                errors = [error for error in errors if version == "1.6.0" or "metadata.version" not in error]
                if errors:
                    sys.exit("\n".join(errors) + "\n" + line)
            assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"], event
            assert event["time"] > 1_000_000_000_000, "milliseconds"
            for (number, name), known in captions.items():
                assert known[event[number]] == event[name], event
            compliance = {1: "Pass", 2: "Warning", 3: "Fail", 99: "Error"}
            assert compliance[event["compliance"]["status_id"]] == event["compliance"]["status"], event
            print(event["unmapped"]["trailcheck"]["outcome"], event["compliance"]["status_id"])


def pdf(path, *texts):
    """Every text is in the document, wherever its lines break."""
    pages = pypdf.PdfReader(path).pages
    held = "".join("".join(page.extract_text() for page in pages).split())
    missing = [text for text in texts if "".join(text.split()) not in held]
    if missing:
        sys.exit(f"not in the PDF: {missing}")


{"sarif": sarif, "schema": against_schema, "junit": junit, "pdf": pdf, "ocsf": ocsf}[sys.argv[1]](*sys.argv[2:])
