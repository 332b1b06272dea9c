"""What the peer checks share: the fixtures, the call of holdall, the comparison, the table.

Standard library and numpy; runs under Python 3.10, as Titus needs that.
"""

import argparse
import csv
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

try:
    import tomllib
except ImportError:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ("sklearn", "xgboost", "lightgbm")
F32 = (1e-6, 1e-7)


class Refused(Exception):
    """holdall says that the conversion cannot be done, and why."""


class Mismatch(Exception):
    """The peer does not take the file, or answers something else."""


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    parser.add_argument("--testdata", type=Path, default=ROOT / "testdata")
    parser.add_argument("--keep", type=Path, help="folder that keeps the converted models")
    parser.add_argument("--to", default=None, help="target with options, such as onnx:opset=17")
    parser.add_argument("--all-models", action="store_true", help="every file of a case, not only the first")
    parser.add_argument("cases", nargs="*", help="only cases whose format/name has one of these in it")
    return parser


def cases(options):
    """(name, folder, case.toml, model file) of every fixture; an empty folder is an error."""
    found = []
    for form in FORMATS:
        files = sorted((options.testdata / form).glob("*/case.toml"))
        if not files:
            sys.exit(f"no fixtures in {options.testdata / form}")
        for file in files:
            keys = tomllib.loads(file.read_text(encoding="utf-8"))
            for index, model in enumerate(keys["models"]):
                if index and not options.all_models:
                    break
                name = f"{form}/{file.parent.name}" + (f" {model}" if index else "")
                if not options.cases or any(part in name for part in options.cases):
                    found.append((name, file.parent, keys, file.parent / model))
    if not found:
        sys.exit("no case has that name")
    return found


def holdall(options, *words):
    """Exit status, stdout and stderr. A crash is not an answer."""
    try:
        done = subprocess.run(
            [options.holdall, *map(str, words)], capture_output=True, text=True, timeout=120,
            encoding="utf-8", errors="replace",
        )
    except FileNotFoundError:
        sys.exit(f"no holdall at {options.holdall}: build it, or set HOLDALL")
    except subprocess.TimeoutExpired:
        raise Mismatch("holdall did not end within two minutes") from None
    if done.returncode not in (0, 1, 2):
        lines = done.stderr.strip().splitlines() or [""]
        raise Mismatch(f"holdall ended with {done.returncode}: {lines[0]}")
    return done


def convert(options, model, target, rows=None):
    """Converts, and proves on these rows and on those that holdall makes, where there are some."""
    words = ["convert", model, target, "--allow", "approximate"]
    if rows:
        words += ["--prove", rows]
    if options.to:
        words += ["--to", options.to]
    done = holdall(options, *words)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        if target.exists():
            raise Mismatch("refused, and left a file behind")
        errors = [line for line in lines if line.startswith("error")]
        raise Refused((errors or lines)[0] if lines else f"exit status {done.returncode}, nothing said")
    if not target.exists():
        raise Mismatch("exit status 0, and no file")


def table(path):
    """Header and rows of text."""
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, rows


def columns(path):
    """Names and columns of inputs: floats with NaN where empty, or text with None where empty."""
    header, rows = table(path)
    found = []
    for column in zip(*rows):
        try:
            found.append([float(cell) if cell else math.nan for cell in column])
        except ValueError:
            found.append([cell or None for cell in column])
    return header, found


def is_text(column):
    return any(isinstance(cell, str) for cell in column)


def label_text(value):
    """A label as holdall prints it: 1 and 1.0 are both `1` when the class is the integer 1."""
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def same(ours, expected, tolerance):
    """Whether the numbers agree, and how far they are apart."""
    if math.isnan(expected) or math.isnan(ours):
        return (True, 0.0) if math.isnan(expected) and math.isnan(ours) else (False, math.inf)
    if ours == expected:
        return True, 0.0
    difference = abs(ours - expected)
    return difference <= tolerance[1] + tolerance[0] * abs(expected), difference


def compare(folder, answers, tolerance):
    """`answers`: a list of values for each column of expected.csv, in its order.
    Returns the largest difference; raises Mismatch with the first row that is wrong."""
    header, rows = table(folder / "expected.csv")
    missing = [name for name in header if name not in answers]
    if missing:
        raise Mismatch(f"no output for {', '.join(missing)}; there are {', '.join(answers) or 'none'}")
    worst, wrong, first = 0.0, 0, None
    for name in header:
        if len(answers[name]) != len(rows):
            raise Mismatch(f"{len(answers[name])} answers for {len(rows)} rows")
    for index, row in enumerate(rows):
        for name, cell in zip(header, row):
            ours = answers[name][index]
            if name == "label":
                good, difference = label_text(ours) == cell, 0.0
            else:
                expected = float(cell) if cell else math.nan
                good, difference = same(math.nan if ours is None else float(ours), expected, tolerance)
            worst = max(worst, difference)
            if not good:
                wrong += 1
                first = first or f"row {index + 1} {name}: {ours} instead of {cell or 'nothing'}"
    if wrong:
        raise Mismatch(f"{first} ({wrong} cells of {len(rows) * len(header)}, largest {worst:.3g})")
    return worst


def tolerance_of(keys, single, least):
    """What the case allows, and at least what the target can hold."""
    given = (keys["tolerance_rel"], keys["tolerance_abs"])
    if single or keys["precision"] == "f32":
        least = F32
    return max(given[0], least[0]), max(given[1], least[1])


# What the processes of `each` work on; forked, they have it without being handed it.
work = ()


def nth(index):
    function, items = work
    return function(items[index])


def each(function, items):
    """The results for all items, in their order, worked out on all cores."""
    global work
    items = list(items)
    work = (function, items)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork")) as pool:
        yield from pool.map(nth, range(len(items)))


def run(options, target, score, prove=False):
    """Converts and scores every case; prints the table; the exit status.

    `score(path, folder, keys)` gives the largest difference or raises Mismatch. The tables
    `refused` and `known` of case.toml list what may fail: an entry that is not true fails as well.
    """

    def judge(case):
        name, folder, keys, model = case
        path = place / (name.replace("/", "_").replace(" ", "_") + "." + target)
        if path.exists():
            path.unlink()
        refused = keys.get("refused", {}).get(target)
        known = keys.get("known", {}).get(target)
        try:
            convert(options, model, path, folder / "inputs.csv" if prove else None)
            worst = score(path, folder, keys)
        except Refused as error:
            if refused:
                return name, "refused", refused
            return name, "FAIL", f"refused: {error}; not listed in case.toml"
        except Mismatch as error:
            return (name, "known", known) if known else (name, "FAIL", f"{error}")
        if refused:
            return name, "FAIL", "converts, though case.toml lists it as refused"
        if known:
            return name, "FAIL", f"agrees ({worst:.3g}), though case.toml lists a known difference"
        return name, "ok", f"{worst:.3g}"

    counts = {}
    with tempfile.TemporaryDirectory() as scratch:
        place = options.keep or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        for name, result, text in each(judge, cases(options)):
            counts[result] = counts.get(result, 0) + 1
            print(f"{name:<44} {result:<8} {text}", flush=True)
    print(", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
    return 1 if counts.get("FAIL") else 0
