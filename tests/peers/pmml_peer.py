"""Converts every fixture to PMML with a proof, checks the verification block that it carries with
JPMML-Evaluator, scores it, compares. Where `PEERS_PMML_SCHEMA` names the standard's schema of 4.4, each document is
held against it by libxml2.

Fields are matched by name, or by position when the document has other names than inputs.csv. The
label or prediction is the target field (or the output field of that name); probabilities are output
fields `probability(CLASS)`.
"""

import os
import sys
import tempfile
from pathlib import Path

import jpmml_evaluator
import pandas as pd
from _peers import Mismatch, arguments, cases, columns, compare, each, holdall, is_text, run, table, tolerance_of
from jpmml_evaluator import make_evaluator
from lxml import etree


SCHEMA = os.environ.get("PEERS_PMML_SCHEMA")
SCHEMA = etree.XMLSchema(etree.parse(SCHEMA)) if SCHEMA else None


def fits_schema(path):
    """Whether a document is as the schema has it, but for the `x-` attributes that the standard leaves to vendors."""
    if SCHEMA is None or SCHEMA.validate(etree.parse(str(path), etree.XMLParser(huge_tree=True))):
        return
    wrong = [entry.message for entry in SCHEMA.error_log if "'x-" not in entry.message]
    if wrong:
        raise Mismatch("schema: " + wrong[0].replace("{http://www.dmg.org/PMML-4_4}", ""))


def frame(evaluator, folder):
    header, found = columns(folder / "inputs.csv")
    fields = [field.getName() for field in evaluator.getInputFields()]
    names = header
    if not set(fields) <= set(header):
        if len(fields) != len(header):
            raise Mismatch(f"fields are {fields}, inputs.csv has {header}")
        names = fields
    kinds = {field.getName(): field.getDataType() for field in evaluator.getInputFields()}
    data = {}
    for name, column in zip(names, found):
        if not is_text(column):
            whole = kinds.get(name) in ("integer", "string")
            column = [
                None if v != v else (int(v) if whole and v.is_integer() else v) for v in column
            ]
            if kinds.get(name) == "string":
                column = [None if v is None else str(v) for v in column]
        data[name] = pd.Series(column, dtype=object)
    return pd.DataFrame(data)


def score(path, folder, keys):
    fits_schema(path)
    if "<ModelVerification " not in path.read_text(encoding="utf-8"):
        raise Mismatch("no verification block, though the conversion was proved")
    try:
        evaluator = make_evaluator(str(path)).verify()
        asked = frame(evaluator, folder)
        found = evaluator.evaluateAll(asked)
    except Mismatch:
        raise
    except Exception as error:
        raise Mismatch(f"JPMML: {' '.join(str(error).split())[:300]}") from None
    if "errors" in found and found["errors"].notna().any():
        row = int(found["errors"].notna().to_numpy().argmax())
        count = int(found["errors"].notna().sum())
        raise Mismatch(f"JPMML refuses {count} rows, first row {row + 1}: {found['errors'].iloc[row]}")
    targets = [field.getName() for field in evaluator.getTargetFields()]
    header, _ = table(folder / "expected.csv")
    given = {}
    for name in header:
        tries = [name]
        if name in ("label", "prediction"):
            tries = [*targets[:1], name, "_target", "predictedValue", f"predicted_{(targets or [''])[0]}"]
        elif name.startswith("probability_"):
            tries = [f"probability({name[len('probability_'):]})", name]
        elif name.startswith("prediction_") and len(targets) > 1:
            tries = [targets[int(name.rpartition("_")[2])], name]
        for other in tries:
            if other in found:
                given[name] = found[other].tolist()
                break
    if header == ["prediction"] and not given and len(found.columns) == 1:
        given["prediction"] = found.iloc[:, 0].tolist()  # a target without a name
    if len(given) < len(header):
        missing = [name for name in header if name not in given]
        raise Mismatch(f"no output for {', '.join(missing)}; there are {list(map(str, found.columns))}")
    return compare(folder, given, tolerance_of(keys, False, (1e-12, 1e-13)))


def older(options):
    """Some models in older versions of the standard, each with rows of its proof: 0 when all load and pass."""

    def judge(item):
        number, (name, folder, keys, model), version = item
        path = Path(scratch) / f"{number}-{version}.pmml"
        done = holdall(options, "convert", model, path, "--allow", "approximate", "--to", f"pmml:version={version}",
                       "--prove", folder / "inputs.csv")
        if done.returncode:
            if "cli/different" in done.stderr:
                return "FAIL", f"{name} as {version}: {done.stderr.strip().splitlines()[-2][:300]}"
            return "refused", None
        try:
            make_evaluator(str(path)).verify()
        except Exception as error:
            return "FAIL", f"{name} as {version}: {' '.join(str(error).split())[:300]}"
        return "ok", None

    sample = [(number, case, version) for number, case in enumerate(cases(options))
              if (number % 10 == 0 or options.cases) and not case[2].get("known", {}).get("pmml")
              for version in ("4.1", "4.2", "4.3")]
    counts = {}
    with tempfile.TemporaryDirectory() as scratch:
        for result, text in each(judge, sample):
            counts[result] = counts.get(result, 0) + 1
            if text:
                print(text, flush=True)
    print("older versions: " + ", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
    return 1 if counts.get("FAIL") or not counts.get("ok") else 0


def main():
    options = arguments(__doc__).parse_args()
    print(f"JPMML-Evaluator-Python {jpmml_evaluator.__version__}")
    result = run(options, "pmml", score, prove=True)
    print("held against the schema" if SCHEMA is not None else "not held against the schema: PEERS_PMML_SCHEMA names none")
    return max(result, older(options))


if __name__ == "__main__":
    sys.exit(main())
