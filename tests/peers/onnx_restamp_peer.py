"""Re-stamps models and scores both in a real ONNX Runtime: the answers must be equal to the bit.

The models are the node models of the conformance suite that the runtime takes (or all operator sets for the
converter of onnx, whose counts stand beside ours), and every fixture under testdata/onnx. What holdall refuses is
counted, not failed; a re-stamped model that does not load, or answers something else, fails.
"""

import argparse
import collections
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper as nh
from onnx import version_converter
from onnx.backend.test import loader

ROOT = Path(__file__).resolve().parents[2]
# Operators without repeatable answers.
RANDOM = ("random", "bernoulli", "multinomial", "dropout_random", "training")


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feeds(case):
    """The first data set of a case, where numpy can hold it."""
    inputs = case.data_sets[0][0]
    names = [i.name for i in case.model.graph.input]
    found = {}
    for name, value in zip(names, inputs):
        if isinstance(value, np.ndarray):
            found[name] = value
        elif isinstance(value, onnx.TensorProto):
            found[name] = nh.to_array(value)
        else:
            return None
    return found


def equal(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and (a.tobytes() == b.tobytes() if a.dtype != object else (a == b).all())
    if isinstance(a, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    return a == b


def fixtures():
    for folder in sorted((ROOT / "testdata/onnx").glob("*/model.onnx")):
        model = onnx.load(folder)
        width = model.graph.input[0].type.tensor_type.shape.dim[-1].dim_value or 4
        rows = np.random.default_rng(7).normal(size=(64, width)).astype(np.float32)
        given = {}
        for value in model.graph.input:
            kind = value.type.tensor_type.elem_type
            if kind == onnx.TensorProto.FLOAT:
                given[value.name] = rows
            elif kind == onnx.TensorProto.DOUBLE:
                given[value.name] = rows.astype(np.float64)
            else:
                given = None
                break
        yield folder.parent.name, model, given


TARGETS = ([("opset", n) for n in (9, 11, 13, 15, 17, 18, 21, 22, 23, 26)] + [("ir", n) for n in (4, 7, 8, 10, 13)]
           + [("ml", n) for n in (1, 2, 3, 4)])


def examine(work):
    """Counts by target, reasons of refusals and failures of one model."""
    holdall, name, bytes_, given = work
    model = onnx.load_from_string(bytes_)
    tables, reasons, failed = collections.Counter(), [], []
    imports = {i.domain: i.version for i in model.opset_import}
    try:
        before = session(bytes_).run(None, given) if given is not None else None
    except Exception:
        before = None
    if before is None:
        return tables, reasons, failed
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "a.onnx"), Path(folder, "b.onnx")
        source.write_bytes(bytes_)
        for target in TARGETS:
            kind, version = target
            now = {"opset": imports.get("", imports.get("ai.onnx")), "ml": imports.get("ai.onnx.ml"), "ir": model.ir_version}[kind]
            if now is None or now == version:
                continue
            direction = "up" if now < version else "down"
            count = lambda what: tables.update([(target, f"{direction} {what}")])
            count("asked")
            made.unlink(missing_ok=True)
            done = subprocess.run([holdall, "convert", source, made, "--to", f"onnx:{kind}={version}"],
                                  capture_output=True, text=True, encoding="utf-8", timeout=120)
            if kind == "opset":
                try:
                    version_converter.convert_version(model, version)
                    count("onnx")
                except Exception:
                    pass
            if done.returncode:
                why = done.stderr.splitlines()[0] if done.stderr else "nothing said"
                if "[onnx/restamp]" not in why:
                    failed.append(f"{name} {kind}={version}: {why[:200]}")
                reasons.append(why.split(": ", 3)[-1][:110])
                continue
            bytes_made = made.read_bytes()
            again = onnx.load_from_string(bytes_made)
            stamp = {"ir": again.ir_version, **{i.domain: i.version for i in again.opset_import}}
            if stamp.get({"opset": "", "ml": "ai.onnx.ml", "ir": "ir"}[kind], stamp.get("ai.onnx")) != version:
                failed.append(f"{name} {kind}={version}: the stamp is {stamp}")
                continue
            try:
                after = session(bytes_made).run(None, given)
            except Exception as error:
                text = str(error)
                # An operator of that version that this runtime has no kernel for, or a version that it does not open.
                if "NOT_IMPLEMENTED" in text or "Could not find an implementation" in text or "is under development" in text:
                    count("no kernel")
                    continue
                failed.append(f"{name} {kind}={version}: does not load: {text[:200]}")
                continue
            if equal(before, after):
                count("equal")
            else:
                failed.append(f"{name} {kind}={version}: the answers differ")
    return tables, reasons, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    parser.add_argument("--reasons", action="store_true", help="why models were refused, most frequent first")
    parser.add_argument("cases", nargs="*", help="only cases whose name has one of these in it")
    options = parser.parse_args()
    wanted = lambda name: not options.cases or any(part in name for part in options.cases)
    models = [(c.name, c.model, feeds(c)) for c in loader.load_node_model_tests()
              if wanted(c.name) and not any(word in c.name for word in RANDOM)]
    models += [entry for entry in fixtures() if wanted(entry[0])]
    if not models:
        sys.exit("no models")
    tables = {target: collections.Counter() for target in TARGETS}
    reasons, failed = collections.Counter(), []
    works = ((options.holdall, name, model.SerializeToString(), given) for name, model, given in models)
    with multiprocessing.get_context("spawn").Pool() as pool:
        for counts, whys, failures in pool.imap(examine, works, chunksize=8):
            for (target, what), n in counts.items():
                tables[target][what] += n
            reasons.update(whys)
            failed += failures
    print(f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}; columns: asked, re-stamped and equal to the bit, no kernel in this runtime, "
          "converted by onnx's version converter (not scored)")
    for target, counts in tables.items():
        for direction in ("up", "down"):
            if counts[direction + " asked"]:
                print(f"{target[0]:>6}={target[1]:<3} {direction:<5} {counts[direction + ' asked']:>5} {counts[direction + ' equal']:>5} "
                      f"{counts[direction + ' no kernel']:>5} {counts[direction + ' onnx'] if target[0] == 'opset' else '':>5}")
    if options.reasons:
        for why, count in reasons.most_common(60):
            print(f"{count:>6}  {why}")
    for line in failed:
        print("FAIL " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
