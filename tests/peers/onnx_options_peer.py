"""Every option of the ONNX writer on a few fixtures: converted, checked with onnx, scored with ONNX Runtime.

The options that decide what a graph takes and answers are crossed with each other; versions, sums and layouts of
attributes are tried one by one. What a release of ONNX Runtime does not read is left out for it.
"""

import itertools
import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from _peers import F32, Mismatch, Refused, arguments, cases, compare, convert, table, tolerance_of
from onnx_peer import run_model

# The newest ai.onnx, ai.onnx.ml and IR that a release reads.
READS = {(1, 17): (20, 4, 9), (1, 18): (21, 5, 10)}
# Classifiers of texts and of integers in binary64 and binary32, fields of several kinds, numbers, a clustering.
SAMPLE = (
    "sklearn/logistic_strings_1_9", "sklearn/forest_binary_1_9", "sklearn/svc_probability_3_1_9",
    "sklearn/pipeline_columns_forest_1_9", "sklearn/forest_regressor_1_9", "sklearn/kmeans_1_9",
)
# Values are rounded to binary32 before they enter, and probabilities as they leave.
ROUNDED = (1e-4, 1e-5)


def forms(reads):
    """Options in every combination of what is taken and answered, then versions and layouts."""
    words = {
        "input": ("auto", "float", "double"), "columns": ("auto", "tensor", "columns"),
        "labels": ("auto", "int", "string"), "zipmap": ("false", "true"),
    }
    for values in itertools.product(*words.values()):
        yield dict(zip(words, values))
    opset, ml, ir = reads
    for version in itertools.product(range(13, min(opset, 21) + 1), range(3, min(ml, 4) + 1)):
        yield dict(zip(("opset", "ml"), version))
    for version in range(7, min(ir, 10) + 1):
        yield {"ir": version}
    yield from ({"sums": "fast"}, {"packed": "false"}, {"sums": "fast", "packed": "false", "zipmap": "true"})


def may_refuse(form, kinds, labels):
    """Whether these options cannot be obeyed for this model."""
    tensor = form.get("columns") == "tensor" and len(kinds) > 1
    maps = form.get("zipmap") == "true" and form.get("labels", "auto") == "auto" and labels == "number"
    return tensor or maps


def labels_of(values, form, classes):
    """Labels as the model has them: with `labels=int`, texts are positions in the list of classes."""
    if form.get("labels") == "int" and classes and isinstance(classes[0], str):
        return [classes[int(value)] for value in values]
    return values


def answers(session, results, folder, form):
    header, rows = table(folder / "expected.csv")
    classes = json.loads(session.get_modelmeta().custom_metadata_map.get("holdall.classes", "null"))
    given, numbers, single = {}, [], False
    for output, value in zip(session.get_outputs(), results):
        if form.get("zipmap") == "true" and output.type.startswith("seq("):
            if form.get("labels") == "string":
                keys = [str(c) for c in classes]
            elif form.get("labels") == "int" and isinstance(classes[0], str):
                keys = list(range(len(classes)))
            else:
                keys = classes
            if any(sorted(row) != sorted(keys) for row in value):
                raise Mismatch(f"maps from {sorted(value[0])}, expected are {sorted(keys)}")
            numbers += [np.array([row[key] for row in value]) for key in keys]
            single = True
            continue
        value = np.asarray(value)
        wanted = {"int": "i", "string": "OUS"}.get(form.get("labels"), "OUSiub")
        if "label" in header and "label" not in given and value.ndim == 1:
            if value.dtype.kind not in wanted:
                raise Mismatch(f"labels are {value.dtype}, asked for was {form.get('labels')}")
            given["label"] = labels_of(value.tolist(), form, classes)
            continue
        if "cluster" in header and "cluster" not in given and value.ndim == 1:
            given["cluster"] = [float(v) for v in labels_of(value.tolist(), form, classes)]
            continue
        single |= value.dtype == np.float32
        numbers += list(value.reshape(len(rows), -1).T)
    names = [name for name in header if name not in given]
    if len(numbers) != len(names):
        raise Mismatch(f"{len(numbers)} columns of numbers, expected are {len(names)}")
    given.update({name: column.astype(np.float64).tolist() for name, column in zip(names, numbers)})
    return given, single


def score(path, folder, keys, form):
    session, results = run_model(path, folder)
    kinds = {value.type for value in session.get_inputs() if value.type in ("tensor(float)", "tensor(double)")}
    wanted = {"float": {"tensor(float)"}, "double": {"tensor(double)"}}.get(form.get("input"), kinds)
    if not kinds <= wanted:
        raise Mismatch(f"inputs are {sorted(kinds)}, asked for was {form['input']}")
    if form.get("columns") == "columns" and any(value.shape[1] != 1 for value in session.get_inputs()):
        raise Mismatch("an input of several columns, asked for was one for each")
    given, single = answers(session, results, folder, form)
    rounded = form.get("input") == "float" and keys["precision"] != "f32"
    least = ROUNDED if rounded else F32 if form.get("sums") == "fast" else (1e-12, 1e-13)
    return compare(folder, given, tolerance_of(keys, single, least) if not rounded else ROUNDED)


def main():
    options = arguments(__doc__).parse_args()
    options.cases = options.cases or SAMPLE
    release = tuple(int(part) for part in onnxruntime.__version__.split(".")[:2])
    reads = READS.get(release, READS[1, 18])
    failed = tried = refusals = 0
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        for name, folder, keys, model in cases(options):
            header, rows = table(folder / "inputs.csv")
            texts = [any(not number(cell) for cell in column) for column in zip(*rows)]
            kinds = {"text" if text else "number" for text in texts}
            expected, answered = table(folder / "expected.csv")
            labels = "none"
            if "label" in expected:
                first = answered[0][expected.index("label")]
                labels = "integer" if first.lstrip("-").isdigit() else "number" if number(first) else "text"
            worst, before = 0.0, failed
            for form in forms(reads):
                tried += 1
                options.to = "onnx:" + ",".join(f"{key}={value}" for key, value in form.items())
                path.unlink(missing_ok=True)
                try:
                    convert(options, model, path)
                    worst = max(worst, score(path, folder, keys, form))
                    if may_refuse(form, kinds, labels):
                        raise Mismatch("converts, and should be refused")
                except Refused as error:
                    refusals += 1
                    if not may_refuse(form, kinds, labels):
                        failed += 1
                        print(f"{name} {options.to}: refused: {error}", flush=True)
                except Mismatch as error:
                    failed += 1
                    print(f"{name} {options.to}: {error}", flush=True)
            print(f"{name:<44} {'FAIL' if failed > before else 'ok':<8} {worst:.3g}", flush=True)
    print(f"ONNX Runtime {onnxruntime.__version__}: {tried} forms, {refusals} refused, {failed} failed")
    return 1 if failed else 0


def number(cell):
    try:
        return math.isnan(float(cell)) or True
    except ValueError:
        return not cell


if __name__ == "__main__":
    sys.exit(main())
