"""PMML documents of other producers, converted by holdall, scored by a program that others use.

    python tests/peers/pmml_documents_peer.py --to onnx     ONNX Runtime
    python tests/peers/pmml_documents_peer.py --to pfa      Titus

The documents lie beside the repository, in `../shared/conformance/pmml`; without them nothing is checked. A conversion
is asked for that is exact, or leaves out what says nothing about rows that are answered; what holdall refuses is counted.
The answers of the peer are compared with those of holdall for the converted model, which
`tests/tests/pmml_roundtrip.rs` compares with those for the document.
"""

import argparse
import collections
import csv
import gzip
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from _peers import F32, ROOT, Mismatch, each, label_text, same

TRUTH = {"TRUE": "1", "True": "1", "FALSE": "0", "False": "0", "": ""}


def rows_of(case, folder, count):
    """The first rows of a case: names, and rows of text, empty where missing."""
    path = folder / case["input_csv"]
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode("utf-8-sig")
    header = text.split("\n", 1)[0]
    separator = next((s for s in "\t;" if s in header), ",")
    names, *rows = csv.reader(text.splitlines(), delimiter=separator)
    rows = [[("" if cell in ("N/A", "NA") else cell) for cell in row] for row in rows[:count]]
    return names, rows


def run(holdall, *words):
    done = subprocess.run([holdall, *map(str, words)], capture_output=True, text=True, timeout=300, encoding="utf-8", errors="replace")
    if done.returncode not in (0, 1, 2):
        raise Mismatch(f"holdall ended with {done.returncode}: {done.stderr.strip()[:200]}")
    return done


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def agree(ours, theirs, tolerance):
    """Whether a cell of holdall's answer is what the peer says."""
    if theirs is None or theirs == "" or (isinstance(theirs, float) and math.isnan(theirs)):
        return ours in ("", "NaN")
    if isinstance(theirs, bool):
        return ours.lower() in (str(theirs).lower(), str(int(theirs)))
    if isinstance(theirs, str):
        return ours == theirs
    found = number(ours)
    if found is not None and float(np.float32(theirs)) == theirs:
        # A number of binary32 is printed with the digits that tell it from other such numbers.
        found = float(np.float32(found)) if same(found, float(theirs), F32)[0] else found
    return found is not None and same(found, float(theirs), tolerance)[0]


class Onnx:
    extension = "onnx"
    rows = 100

    def __init__(self, path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise Mismatch(f"ONNX Runtime: {' '.join(str(error).split())[:300]}") from None
        fields = self.session.get_modelmeta().custom_metadata_map.get("holdall.fields")
        self.columns = []
        for value in self.session.get_inputs():
            names = json.loads(fields) if value.name == "X" and fields else [value.name]
            self.columns += [(name, value) for name in names]

    def fields(self):
        return [name for name, _ in self.columns]

    def datum(self, name, text):
        """A cell for the peer, or None where it has no words for it."""
        kind = dict(self.columns)[name].type
        if kind == "tensor(string)":
            return text
        if kind in ("tensor(float)", "tensor(double)"):
            return number(TRUTH.get(text, text)) if text else math.nan
        if kind == "tensor(bool)":
            return {"1": True, "0": False, "true": True, "false": False}.get(TRUTH.get(text, text).lower())
        whole = number(text)
        return int(whole) if whole is not None and whole.is_integer() else None

    def answers(self, rows):
        """Rows of answers, in the order of the outputs."""
        types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64,
                 "tensor(int32)": np.int32, "tensor(string)": object, "tensor(bool)": np.bool_}
        given = collections.defaultdict(list)
        for place, (_, value) in enumerate(self.columns):
            given[value.name].append(np.array([row[place] for row in rows], dtype=types[value.type]))
        with np.errstate(over="ignore"):
            fed = {name: np.column_stack(columns) for name, columns in given.items()}
        try:
            found = self.session.run(None, fed)
        except Exception as error:
            raise Mismatch(f"ONNX Runtime: {' '.join(str(error).split())[:300]}") from None
        columns, single = [], []
        for value in found:
            value = np.asarray(value)
            single += [value.dtype == np.float32] * (value.size // len(rows))
            columns += value.reshape(len(rows), -1).T.tolist()
        return list(zip(*columns)), single


class Pfa:
    extension = "pfa"
    # Titus interprets in Python, an operation in microseconds.
    rows = 5

    def __init__(self, path):
        from titus.genpy import PFAEngine

        try:
            self.engine, = PFAEngine.fromJson(path.read_text(encoding="utf-8"))
        except Exception as error:
            raise Mismatch(f"Titus: {' '.join(str(error).split())[:300]}") from None
        self.kinds = {}
        for field in self.engine.config.input.fields:
            inner = getattr(field.avroType, "types", None)
            self.kinds[field.name] = {t.name for t in inner} if inner is not None else {field.avroType.name}

    def fields(self):
        return list(self.kinds)

    def datum(self, name, text):
        kinds = self.kinds[name]
        if text == "":
            if "null" in kinds:
                return ()
            return math.nan if kinds & {"double", "float"} else "" if "string" in kinds else None
        if "string" in kinds:
            return text
        if "boolean" in kinds:
            return {"1": True, "0": False, "true": True, "false": False}.get(TRUTH.get(text, text).lower())
        found = number(TRUTH.get(text, text))
        if found is None or kinds & {"double", "float"}:
            return found
        return int(found) if found.is_integer() else None

    def answers(self, rows):
        found = []
        for index, row in enumerate(rows):
            record = {name: (None if cell == () else cell) for name, cell in zip(self.kinds, row)}
            try:
                found.append(list(flat(self.engine.action(record))))
            except Exception as error:
                raise Mismatch(f"Titus, row {index + 1}: {type(error).__name__} {error}"[:300]) from None
        return found, [False] * len(found[0])


def flat(answer):
    """The leaves of an answer, in the order in which holdall names them."""
    if isinstance(answer, dict):
        if len(answer) == 1 and next(iter(answer)) in ("double", "string", "int", "long", "float", "boolean"):
            yield from flat(next(iter(answer.values())))
        else:
            for value in answer.values():
                yield from flat(value)
    elif isinstance(answer, (list, tuple)):
        for value in answer:
            yield from flat(value)
    else:
        yield answer


def judge(options, folder, case, scratch):
    """What came of a case, and why."""
    stem = case["id"].replace("/", "_")
    document = scratch / f"{stem}.pmml"
    packed = folder / case["pmml"]
    document.write_bytes(gzip.decompress(packed.read_bytes()) if packed.suffix == ".gz" else packed.read_bytes())
    peer_class = {"onnx": Onnx, "pfa": Pfa}[options.to]
    made = scratch / f"{stem}.{peer_class.extension}"
    done = run(options.holdall, "convert", document, made, "--allow", "drop")
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return "refused", next((line for line in lines if line.startswith("error")), "nothing said")
    try:
        names, rows = rows_of(case, folder, peer_class.rows)
        peer = peer_class(made)
        fields = peer.fields()
        # PFA has letters, digits and `_` in names; holdall keeps the others beside them.
        known = {re.sub(r"[^A-Za-z0-9_]", "_", name): place for place, name in enumerate(names)}
        places = [names.index(name) if name in names else known.get(name) for name in fields]
        called = [name if place is None else names[place] for name, place in zip(fields, places)]
        kept, data = [], []
        for row in rows:
            cells = [row[place] if place is not None and place < len(row) else "" for place in places]
            values = [peer.datum(name, cell) for name, cell in zip(fields, cells)]
            if all(value is not None for value in values):
                kept.append([TRUTH.get(cell, cell) if not isinstance(value, str) else cell for cell, value in zip(cells, values)])
                data.append(values)
        if not fields or not data:
            return "no rows", "no columns" if not fields else "no row that the target has words for"
        given, answered = scratch / f"{stem}.csv", scratch / f"{stem}.out.csv"
        with open(given, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([called, *kept])
        done = run(options.holdall, "score", made, "--rows", given, "--out", answered, "--keep-going", "--quiet")
        if done.returncode == 2:
            raise Mismatch(f"holdall does not score it: {done.stderr.strip()[:200]}")
        with open(answered, newline="", encoding="utf-8") as file:
            header, *ours = csv.reader(file)
        theirs, single = peer.answers(data)
        compared = 0
        for index, (mine, other) in enumerate(zip(ours, theirs)):
            if len(mine) != len(other):
                raise Mismatch(f"{len(other)} answers a row, holdall has {header}")
            if not any(mine):
                continue
            compared += 1
            for name, cell, value, f32 in zip(header, mine, other, single):
                if not agree(cell, value, F32 if f32 else (1e-12, 1e-13)):
                    raise Mismatch(f"row {index + 1} {name}: holdall {cell}, the peer {label_text(value)}")
        return "ok", f"{compared} rows"
    except Mismatch as error:
        return "FAIL", str(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    parser.add_argument("--documents", type=Path, default=ROOT / "../shared/conformance/pmml")
    parser.add_argument("--to", choices=("onnx", "pfa"), required=True)
    parser.add_argument("--refusals", action="store_true", help="print what was refused, and why")
    parser.add_argument("cases", nargs="*", help="only cases whose name has one of these in it")
    options = parser.parse_args()
    if not (options.documents / "index.json").exists():
        print(f"no documents in {options.documents}: nothing is checked")
        return 0
    cases = json.loads((options.documents / "index.json").read_text(encoding="utf-8"))
    cases = [c for c in cases if not options.cases or any(part in c["id"] for part in options.cases)]
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        work = lambda case: judge(options, options.documents, case, Path(scratch))
        for case, (result, text) in zip(cases, each(work, cases)):
            counts[result] += 1
            if result == "FAIL" or result == "no rows" or (options.refusals and result == "refused"):
                print(f"{case['id']:<44} {result:<8} {text}", flush=True)
    print(", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
    return 1 if counts["FAIL"] or not counts["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
