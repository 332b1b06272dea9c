"""Converts every fixture to PFA, scores it with Titus, compares.

A row is a record with a field for each column; every character outside of [A-Za-z0-9_] of a name is
`_`. The answer is a record with `label` and `probabilities` (a map), or `prediction`, or one field
for each column of expected.csv, or for each group of them as a map or an array (`y0_probability` for
`y0_probability_0` and on); a single number stands for `prediction`, an array for all columns.
"""

import re
import sys

from _peers import Mismatch, arguments, columns, compare, label_text, run, table, tolerance_of
from titus.genpy import PFAEngine
from titus.version import __version__ as titus_version

NUMBERS = {"int", "long"}


def field_name(name):
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def branches(kind):
    """The names of the types that a field takes."""
    inner = getattr(kind, "types", None)
    return {t.name for t in inner} if inner is not None else {kind.name}


def datum(value, kinds, name):
    if value is None or value != value:
        if "null" in kinds:
            return None
        if "double" in kinds or "float" in kinds:
            return float("nan")
        if "string" in kinds:
            return ""
        raise Mismatch(f"field {name} takes no missing value")
    if isinstance(value, str):
        if "string" not in kinds:
            raise Mismatch(f"text for field {name} of type {sorted(kinds)}")
        return value
    if kinds & {"double", "float"}:
        return value
    if kinds & NUMBERS and value.is_integer():
        return int(value)
    if "string" in kinds:
        return label_text(value)
    raise Mismatch(f"{value} for field {name} of type {sorted(kinds)}")


def records(engine, folder):
    header, found = columns(folder / "inputs.csv")
    fields = {field.name: branches(field.avroType) for field in engine.config.input.fields}
    names = [field_name(name) for name in header]
    if not set(fields) <= set(names):
        if len(fields) != len(names):
            raise Mismatch(f"fields are {sorted(fields)}, inputs.csv has {names}")
        names = list(fields)
    for row in zip(*found):
        yield {
            name: datum(value, fields[name], name) for name, value in zip(names, row) if name in fields
        }


def spread(answer, header):
    """One answer as the values of expected.csv's columns."""
    if isinstance(answer, dict) and len(answer) == 1 and next(iter(answer)) in ("double", "string"):
        answer = next(iter(answer.values()))
    if isinstance(answer, (int, float)):
        return {header[0]: answer}
    if isinstance(answer, (list, tuple)):
        return dict(zip(header, answer))
    if not isinstance(answer, dict):
        raise Mismatch(f"an answer of type {type(answer).__name__}")
    flat = {key: value for key, value in answer.items() if not isinstance(value, (dict, list))}
    for key, value in answer.items():
        if isinstance(value, dict):
            stem = "probability" if key == "probabilities" else key
            flat.update({f"{stem}_{name}": v for name, v in value.items()})
        elif isinstance(value, list):
            flat.update({f"{key}_{i}": v for i, v in enumerate(value)})
    return flat


def score(path, folder, keys):
    header, rows = table(folder / "expected.csv")
    try:
        engine, = PFAEngine.fromJson(path.read_text(encoding="utf-8"))
    except Exception as error:
        raise Mismatch(f"Titus: {' '.join(str(error).split())[:300]}") from None
    given = {name: [] for name in header}
    for index, row in enumerate(records(engine, folder)):
        try:
            answer = spread(engine.action(row), header)
        except Mismatch:
            raise
        except Exception as error:
            raise Mismatch(f"Titus, row {index + 1}: {type(error).__name__} {error}"[:300]) from None
        missing = [name for name in header if name not in answer]
        if missing:
            raise Mismatch(f"no output for {', '.join(missing)}; there are {sorted(answer)}")
        for name in header:
            given[name].append(answer[name])
    return compare(folder, given, tolerance_of(keys, False, (1e-12, 1e-13)))


def main():
    options = arguments(__doc__).parse_args()
    print(f"Titus {titus_version}")
    return run(options, "pfa", score)


if __name__ == "__main__":
    sys.exit(main())
