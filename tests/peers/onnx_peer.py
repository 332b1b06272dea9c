"""Converts every fixture to ONNX, checks it with onnx, scores it with ONNX Runtime, compares.

The model takes one tensor `X` of all columns, in the order of the metadata key `holdall.fields`
(without that key: in the order of inputs.csv), or one [N, 1] tensor for each column by its name.
"""

import json
import sys

import numpy as np
import onnxruntime
from _peers import Mismatch, arguments, columns, compare, is_text, run, table, tolerance_of

try:
    import onnx
except ImportError:
    onnx = None

TYPES = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64,
    "tensor(int32)": np.int32, "tensor(string)": object, "tensor(bool)": np.bool_,
}


def tensor(column, kind):
    if kind not in TYPES:
        raise Mismatch(f"an input of type {kind}")
    if kind == "tensor(string)":
        # ONNX has no null: a missing text is the empty one.
        if not is_text(column):
            column = ["" if v != v else (str(int(v)) if v.is_integer() else repr(v)) for v in column]
        return np.array([cell or "" for cell in column], dtype=object)
    if is_text(column):
        raise Mismatch("texts for an input that takes numbers")
    if TYPES[kind] not in (np.float32, np.float64) and any(v != v for v in column):
        raise Mismatch(f"missing values for an input of type {kind}")
    with np.errstate(over="ignore"):
        return np.array(column, dtype=np.float64).astype(TYPES[kind])


def feeds(session, folder):
    header, found = columns(folder / "inputs.csv")
    by_name = dict(zip(header, found))
    inputs = session.get_inputs()
    if len(inputs) == 1 and inputs[0].name == "X" and "X" not in by_name:
        fields = session.get_modelmeta().custom_metadata_map.get("holdall.fields")
        names = json.loads(fields) if fields else header
        if len(names) == len(header) and not set(names) <= set(header):
            names = header  # the model has no names of its own: by position
        if not set(names) <= set(header):
            raise Mismatch(f"holdall.fields has {names}, inputs.csv has {header}")
        return {"X": np.column_stack([tensor(by_name[name], inputs[0].type) for name in names])}
    names = {value.name for value in inputs}
    if not names <= set(header):
        raise Mismatch(f"inputs are {sorted(names)}, inputs.csv has {header}")
    return {v.name: tensor(by_name[v.name], v.type).reshape(-1, 1) for v in inputs}


def answers(session, results, folder):
    """The outputs under the names of expected.csv, and whether they are f32."""
    header, rows = table(folder / "expected.csv")
    given, numbers, single = {}, [], False
    for output, value in zip(session.get_outputs(), results):
        if isinstance(value, list):
            raise Mismatch(f"output {output.name} is a sequence; a tensor is expected")
        value = np.asarray(value)
        text = value.dtype.kind in "OUS"
        if "label" in header and "label" not in given and (text or value.dtype.kind in "iub"):
            given["label"] = value.reshape(-1).tolist()
            continue
        if text:
            raise Mismatch(f"output {output.name} is text")
        single |= value.dtype == np.float32
        numbers += list(value.reshape(len(rows), -1).T)
    names = [name for name in header if name != "label"]
    if len(numbers) != len(names):
        raise Mismatch(f"{len(numbers)} columns of numbers, expected are {len(names)}")
    given.update({name: column.astype(np.float64).tolist() for name, column in zip(names, numbers)})
    return given, single


def run_model(path, folder):
    """The session of a model that the checker takes, and its results on the rows of a case."""
    if onnx:
        try:
            onnx.checker.check_model(str(path), full_check=True)
        except Exception as error:
            raise Mismatch(f"onnx.checker: {' '.join(str(error).split())}") from None
    try:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        fed = feeds(session, folder)
        return session, session.run(None, fed)
    except Mismatch:
        raise
    except Exception as error:
        raise Mismatch(f"ONNX Runtime: {' '.join(str(error).split())}") from None


def score(path, folder, keys):
    session, results = run_model(path, folder)
    given, single = answers(session, results, folder)
    return compare(folder, given, tolerance_of(keys, single, (1e-12, 1e-13)))


def main():
    options = arguments(__doc__).parse_args()
    checker = f"onnx {onnx.__version__}" if onnx else "no onnx.checker here"
    print(f"ONNX Runtime {onnxruntime.__version__}, {checker}")
    return run(options, "onnx", score)


if __name__ == "__main__":
    sys.exit(main())
