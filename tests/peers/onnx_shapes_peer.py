"""Shape inference and checks against onnx's own, on every node model of the conformance suite.

Each model is written to a temporary folder twice: as it is (onnx calls it sound, so must holdall), and with the
shapes of its outputs taken out, for both to infer. What onnx infers, holdall must infer; what holdall infers
beyond must be what the suite declares.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from onnx.backend.test import loader

# onnx gives a state of a loop the type that the body gives it; the elements it begins with may differ.
KNOWN = {"test_loop13_seq"}


def texts(type_proto):
    """A type as holdall writes it; None where nothing is said."""
    kind = type_proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        tensor = getattr(type_proto, kind)
        if not tensor.elem_type:
            return None
        name = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        name = {"float": "float", "double": "double"}.get(name, name)
        dims = None
        if tensor.HasField("shape"):
            dims = [d.dim_value if d.HasField("dim_value") else d.dim_param or "?" for d in tensor.shape.dim]
        return ("sparse " if kind.startswith("sparse") else "") + name, dims
    if kind in ("sequence_type", "optional_type"):
        inner = texts(getattr(type_proto, kind).elem_type)
        return ("seq" if kind == "sequence_type" else "optional", inner)
    if kind == "map_type":
        return ("map", texts(type_proto.map_type.value_type))
    return None


def parse(text):
    """A type that holdall wrote, in the form of `texts`."""
    for word in ("seq", "optional"):
        if text.startswith(word + "("):
            return word, parse(text[len(word) + 1:-1])
    if text.startswith("map("):
        return "map", parse(text[4:-1].split(",", 1)[1].strip())
    name, rest = re.fullmatch(r"(.+?)\[(.*)\]", text).groups()
    if rest == "…":
        return name, None
    return name, [int(d) if d.isdigit() else d for d in rest.split(", ")] if rest else []


def compare(ours, theirs):
    """'same', 'less' where onnx knows more, 'more', or 'wrong'."""
    if theirs is None:
        return "more"
    if ours is None:
        return "less"
    if ours[0] != theirs[0]:
        return "wrong"
    if ours[0] in ("seq", "optional", "map"):
        return compare(ours[1], theirs[1])
    a, b = ours[1], theirs[1]
    if b is None:
        return "same" if a is None else "more"
    if a is None:
        return "less"
    if len(a) != len(b):
        return "wrong"
    found = "same"
    for x, y in zip(a, b):
        # Names that onnx makes up say no more than a question mark.
        if isinstance(y, int):
            if isinstance(x, int) and x != y:
                return "wrong"
            if not isinstance(x, int):
                found = "less"
        elif isinstance(x, int) and found == "same":
            found = "more"
    return found


def holdall(options, path):
    done = subprocess.run([options.holdall, "validate", path, "--json", "--values"], capture_output=True, text=True,
                          encoding="utf-8", timeout=120)
    if done.returncode not in (0, 1):
        return None, done.stderr.strip()
    return json.loads(done.stdout), ""


def one(options, folder, index, case):
    name, model = case.name, case.model
    path = Path(folder, f"{index}.onnx")
    path.write_bytes(model.SerializeToString())
    answer, error = holdall(options, path)
    result = {"name": name, "sound": answer is not None and answer["sound"], "findings": []}
    if answer is None:
        result["findings"] = [error]
    else:
        result["findings"] = [f"{f['code']} {f['location'].get('path')}: {f['message']}"
                              for f in answer["findings"] if f["severity"] == "error"]
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    declared = {}
    for output in bare.graph.output:
        declared[output.name] = texts(output.type)
        kind = output.type.WhichOneof("value")
        if kind == "tensor_type":
            output.type.tensor_type.ClearField("shape")
        else:
            output.ClearField("type")
    del bare.graph.value_info[:]
    path.write_bytes(bare.SerializeToString())
    answer, _ = holdall(options, path)
    values = {v["name"]: parse(v["type"]) for v in (answer or {"values": []})["values"] if re.match(r"graph\.(node\[\d+\]\.output|input|initializer)", v["path"]) and ".g." not in v["path"]}
    try:
        theirs = onnx.shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:
        theirs, result["onnx"] = bare, f"onnx infers nothing: {str(error).splitlines()[0][:100]}"
    result["values"] = []
    for value in [*theirs.graph.output, *theirs.graph.value_info]:
        found = compare(values.get(value.name), texts(value.type))
        truth = declared.get(value.name)
        if truth is not None and compare(values.get(value.name), truth) == "wrong":
            found = "wrong"
        if truth is not None and found in ("same", "more"):
            full = compare(values.get(value.name), truth)
            result["values"].append((value.name, found, values.get(value.name), texts(value.type), full))
        else:
            result["values"].append((value.name, found, values.get(value.name), texts(value.type), None))
    path.unlink()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    parser.add_argument("--verbose", action="store_true", help="every value that is not the same")
    parser.add_argument("cases", nargs="*", help="only cases whose name has one of these in it")
    options = parser.parse_args()
    cases = [c for c in loader.load_node_model_tests() if not options.cases or any(p in c.name for p in options.cases)]
    if not cases:
        sys.exit("no cases")
    counts, failed, complete = collections.Counter(), [], 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for result in pool.map(lambda pair: one(options, folder, *pair), enumerate(cases)):
            name = result["name"]
            if not result["sound"]:
                counts["called broken"] += 1
                failed.append(f"{name}: called broken: {result['findings'][:2]}")
            for value, found, ours, theirs, full in result["values"]:
                counts[found] += 1
                complete += full == "same"
                if found in ("less", "wrong"):
                    failed.append(f"{name}: `{value}`: {found}: holdall {ours}, onnx {theirs}")
                elif options.verbose and found == "more":
                    print(f"{name}: `{value}`: more: holdall {ours}, onnx {theirs}")
    unknown = [line for line in failed if line.split(":")[0] not in KNOWN]
    for line in failed:
        print(("known " if line.split(":")[0] in KNOWN else "FAIL  ") + line)
    print(f"{len(cases)} models with onnx {onnx.__version__}; values: " + ", ".join(f"{n} {k}" for k, n in sorted(counts.items()))
          + f"; {complete} outputs inferred to the last extent that the suite declares")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
