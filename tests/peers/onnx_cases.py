"""Dumps the node cases of the pinned onnx wheel, for the suite in crates/exec/tests/node_cases.rs.

    python tests/peers/onnx_cases.py FOLDER        one folder a case: model.onnx, data.json
    python tests/peers/onnx_cases.py --run         dumps into a temporary folder and runs the suite

The wheel holds the cases as Python objects only. Elements are written as the hexadecimal of their
little-endian bytes; types narrower than a byte take one byte an element.
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_node_model_tests

ROOT = Path(__file__).resolve().parents[2]


def value(given):
    """A value as JSON: a tensor, a list for a sequence, null for an absent optional."""
    if given is None:
        return None
    if isinstance(given, onnx.TensorProto):
        given = numpy_helper.to_array(given)
    if isinstance(given, (list, tuple)):
        return [value(item) for item in given]
    array = np.asarray(given)
    if array.dtype.kind in "OUS":
        texts = [t.decode() if isinstance(t, bytes) else str(t) for t in array.reshape(-1).tolist()]
        return {"dtype": "string", "shape": list(array.shape), "texts": texts}
    data = np.ascontiguousarray(array).tobytes().hex()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def dump(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = load_node_model_tests()
    for case in cases:
        place = folder / case.name
        place.mkdir(parents=True)
        (place / "model.onnx").write_bytes(case.model.SerializeToString(deterministic=True))
        sets = [{"inputs": [value(v) for v in ins], "outputs": [value(v) for v in outs]}
                for ins, outs in case.data_sets]
        data = {"rtol": case.rtol, "atol": case.atol, "sets": sets}
        (place / "data.json").write_text(json.dumps(data), encoding="utf-8")
    print(f"{len(cases)} node cases of onnx {onnx.__version__}")


def main():
    if sys.argv[1:] != ["--run"]:
        if len(sys.argv) != 2:
            sys.exit(__doc__)
        dump(Path(sys.argv[1]))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        dump(Path(scratch))
        words = ["cargo", "test", "-p", "holdall-exec", "--test", "node_cases", "--", "--nocapture"]
        env = dict(os.environ, HOLDALL_ONNX_NODE_CASES=scratch)
        return subprocess.run(words, cwd=ROOT, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
