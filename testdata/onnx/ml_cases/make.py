"""Makes the cases of the `ai.onnx.ml` operators, most of which have no case in the onnx suite.

    python make.py models        writes <Operator>/<case>/model.onnx and data.json; needs onnx
    python make.py answers       adds the answers of the onnxruntime that is installed
    python make.py reference     adds those of onnx.reference, under the name `reference`

Run `models`, `answers` and `reference` with requirements-1.31.1.txt, then `answers` with each of the
older ones. Answers that agree within 1e-6 are kept once, with the releases that give them.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
NAN, INF = float("nan"), float("inf")


# --- values ---------------------------------------------------------------------------------------


def number(x):
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    x = float(x)
    return x if math.isfinite(x) else repr(x)


def plain(value):
    """A value as JSON."""
    if isinstance(value, dict):
        keys = list(value)
        values = np.asarray(list(value.values()))
        if values.dtype == np.float64:
            values = values.astype(np.float32)
        return {"keys": [k if isinstance(k, str) else int(k) for k in keys], "values": plain(values)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    value = np.asarray(value)
    if value.dtype.kind in "OUS":
        return {"dtype": "string", "shape": list(value.shape), "texts": [str(t) for t in value.ravel()]}
    return {"dtype": value.dtype.name, "shape": list(value.shape), "values": [number(x) for x in value.ravel()]}


def array(value):
    """JSON as a value."""
    if isinstance(value, list):
        return [array(item) for item in value]
    if "keys" in value:
        return dict(zip(value["keys"], array(value["values"]).tolist()))
    if value["dtype"] == "string":
        return np.array(value["texts"], dtype=object).reshape(value["shape"])
    values = [float(x) if isinstance(x, str) else x for x in value["values"]]
    return np.array(values, dtype=value["dtype"]).reshape(value["shape"])


def close(a, b):
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(close(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(close(a[k], b[k]) for k in a)
    return a == b or abs(a - b) <= 1e-6 * max(1.0, abs(b))


# --- answers --------------------------------------------------------------------------------------


def session_of(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda feeds: session.run(None, feeds)


def reference_of(path):
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(str(path))
    return lambda feeds: evaluator.run(None, feeds)


def answer(name, make):
    refused = 0
    folders = sorted(HERE.glob("*/*/data.json"))
    for file in folders:
        data = json.loads(file.read_text(encoding="utf-8"))
        feeds = {f"x{i}": array(value) for i, value in enumerate(data["inputs"])}
        try:
            found = {"outputs": [plain(v) for v in make(file.parent / "model.onnx")(feeds)]}
        except Exception:
            found = {"refused": True}
            refused += 1
        for entry in data["answers"]:
            entry["from"] = [release for release in entry["from"] if release != name]
        data["answers"] = [entry for entry in data["answers"] if entry["from"]]
        for entry in data["answers"]:
            if close(entry.get("outputs"), found.get("outputs")) if "outputs" in entry and "outputs" in found \
                    else entry.get("refused") == found.get("refused") and "outputs" not in found:
                entry["from"] = sorted([*entry["from"], name])
                break
        else:
            data["answers"].append({"from": [name], **found})
        data["answers"].sort(key=lambda entry: entry["from"])
        write(file, data)
    print(f"{name}: {len(folders)} cases, {refused} refused")


def write(file, data):
    lines = ["{"]
    keys = list(data)
    for key in keys:
        comma = "," if key != keys[-1] else ""
        if key == "answers":
            rows = ",\n".join("    " + json.dumps(entry, ensure_ascii=False) for entry in data[key])
            lines.append(f'  "answers": [\n{rows}\n  ]{comma}' if rows else f'  "answers": []{comma}')
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(data[key], ensure_ascii=False)}{comma}")
    file.write_text("\n".join([*lines, "}", ""]), encoding="utf-8")


# --- models ---------------------------------------------------------------------------------------


def f(*values):
    return np.array(values, np.float32)


def d(*values):
    return np.array(values, np.float64)


def i(*values):
    return np.array(values, np.int64)


def s(*values):
    return np.array(values, dtype=object)


def models():
    from onnx import TensorProto, TypeProto, helper, numpy_helper

    kinds = {"float32": 1, "int64": 7, "int32": 6, "float64": 11, "bool": 9, "object": 8}
    made = []

    def declared(name, value):
        if isinstance(value, dict):
            key = 8 if isinstance(next(iter(value)), str) else 7
            sample = next(iter(value.values()))
            inner = 8 if isinstance(sample, str) else 7 if isinstance(sample, int) else 1
            info = helper.make_tensor_value_info(name, 1, None)
            info.type.Clear()
            info.type.map_type.key_type = key
            info.type.map_type.value_type.tensor_type.elem_type = inner
            return info
        return helper.make_tensor_value_info(name, kinds[value.dtype.name], [None] * value.ndim)

    def case(op, name, inputs, outputs=1, ml=3, doc="", **attributes):
        attributes = {k: numpy_helper.from_array(v, "t") if isinstance(v, np.ndarray) else v
                      for k, v in attributes.items() if v is not None}
        names = [f"x{k}" for k in range(len(inputs))]
        results = [f"y{k}" for k in range(outputs)]
        node = helper.make_node(op, names, results, domain="ai.onnx.ml", **attributes)
        graph = helper.make_graph(
            [node], name, [declared(n, v) for n, v in zip(names, inputs)],
            [helper.make_value_info(r, TypeProto()) for r in results])
        model = helper.make_model(graph, producer_name="", opset_imports=[
            helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", ml)])
        model.ir_version = 8
        folder = HERE / op / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
        data = {"doc": doc or f"{op}: {name.replace('_', ' ')}", "inputs": [plain(v) for v in inputs], "answers": []}
        write(folder / "data.json", data)
        made.append((op, name))

    x23 = f([1, 2, 3], [4, 5, -6])
    # Encoders and scalers.
    for name, value in [("float", x23), ("double", x23.astype(np.float64)), ("int64", i([1, 2, 3], [4, 5, -6])),
                        ("text", s(["a", "b", "c"], ["d", "e", "f"])), ("vector", f(1, 2, 3))]:
        case("ArrayFeatureExtractor", name, [value, i(2, 0)])
    case("ArrayFeatureExtractor", "out_of_range", [x23, i(3)])
    case("ArrayFeatureExtractor", "negative", [x23, i(-1)])
    case("Binarizer", "default", [f([-1, 0, 1], [0.5, -0.0, INF])])
    case("Binarizer", "threshold", [f([-1, 0.5, 1])], threshold=0.5)
    case("Binarizer", "nan", [f([NAN, 1])])
    # Maps of texts or integers cannot be handed to onnxruntime from Python: values are floats.
    case("CastMap", "dense_text", [{2: 1.5, 0: 2.0, 5: -3.25}], cast_to="TO_STRING")
    case("CastMap", "dense_float", [{2: 1.5, 0: 2.0, 5: -3.25}], cast_to="TO_FLOAT")
    case("CastMap", "dense_int", [{2: 1.5, 0: 2.0, 5: -3.25}], cast_to="TO_INT64")
    case("CastMap", "negative_key", [{-2: 1.5}], cast_to="TO_FLOAT", map_form="SPARSE", max_map=4)
    case("CastMap", "key_beyond", [{7: 1.5, 0: 1.0}], cast_to="TO_FLOAT", map_form="SPARSE", max_map=4)
    case("CastMap", "sparse_float", [{2: 1.5, 0: 2.0}], cast_to="TO_FLOAT", map_form="SPARSE", max_map=5)
    case("CastMap", "sparse_int", [{2: 1.5, 0: 2.0}], cast_to="TO_INT64", map_form="SPARSE", max_map=4)
    case("CategoryMapper", "to_int", [s("a", "b", "?")], cats_strings=["a", "b"], cats_int64s=[3, 7])
    case("CategoryMapper", "to_text", [i(3, 7, 9)], cats_strings=["a", "b"], cats_int64s=[3, 7])
    case("CategoryMapper", "defaults", [i(3, 9)], cats_strings=["a"], cats_int64s=[3], default_string="none")
    case("CategoryMapper", "default_int", [s("a", "?")], cats_strings=["a"], cats_int64s=[3], default_int64=42)
    case("DictVectorizer", "text_keys_float", [{"b": 1.5, "z": 9.0}], string_vocabulary=["a", "b", "c"])
    case("DictVectorizer", "int_keys_float", [{3: 1.5, 1: 2.5}], int64_vocabulary=[1, 2, 3])
    case("FeatureVectorizer", "plain", [f([1, 2], [3, 4]), f([5], [6])], inputdimensions=[2, 1])
    case("FeatureVectorizer", "padded", [f([1], [3]), f([5, 6], [7, 8])], inputdimensions=[2, 2])
    case("FeatureVectorizer", "cut", [f([1, 2, 3], [4, 5, 6]), f([7], [8])], inputdimensions=[2, 1])
    case("FeatureVectorizer", "int64", [i([1, 2], [3, 4]), i([5], [6])], inputdimensions=[2, 1])
    case("FeatureVectorizer", "double", [d([1, 2], [3, 4]), d([5], [6])], inputdimensions=[2, 1])
    case("Imputer", "zero_by_default", [f([0, 1], [NAN, 0])], imputed_value_floats=[5.0, 6.0])
    case("Imputer", "nan", [f([0, NAN], [NAN, 3])], imputed_value_floats=[5.0, 6.0], replaced_value_float=NAN)
    case("Imputer", "one_value", [f([NAN, NAN])], imputed_value_floats=[5.0], replaced_value_float=NAN)
    case("Imputer", "wrong_length", [f([NAN, NAN, NAN])], imputed_value_floats=[5.0, 6.0], replaced_value_float=NAN)
    case("Imputer", "int64", [i([-1, 1], [3, -1])], imputed_value_int64s=[5, 6], replaced_value_int64=-1)
    case("LabelEncoder", "v1_to_int", [s("a", "b", "?")], ml=1, classes_strings=["a", "b"])
    case("LabelEncoder", "v1_to_text", [i(0, 1, 5, -1)], ml=1, classes_strings=["a", "b"])
    for name, keys, values, feed in [
        ("text_int", {"keys_strings": ["a", "b"]}, {"values_int64s": [1, 2]}, s("b", "a", "?")),
        ("text_float", {"keys_strings": ["a", "b"]}, {"values_floats": [1.5, 2.5]}, s("b", "a", "?")),
        ("text_text", {"keys_strings": ["a", "b"]}, {"values_strings": ["x", "y"]}, s("b", "a", "?")),
        ("int_text", {"keys_int64s": [1, 2]}, {"values_strings": ["x", "y"]}, i(2, 1, 9)),
        ("int_float", {"keys_int64s": [1, 2]}, {"values_floats": [1.5, 2.5]}, i(2, 1, 9)),
        ("int_int", {"keys_int64s": [1, 2]}, {"values_int64s": [10, 20]}, i(2, 1, 9)),
        ("float_text", {"keys_floats": [1.5, -0.0]}, {"values_strings": ["x", "y"]}, f(1.5, 0.0, NAN)),
        ("float_int", {"keys_floats": [1.5, 2.5]}, {"values_int64s": [1, 2]}, f(1.5, 2.5, 3)),
        ("float_float", {"keys_floats": [1.5, 2.5]}, {"values_floats": [10.0, 20.0]}, f(1.5, 2.5, 3)),
    ]:
        case("LabelEncoder", name, [feed], ml=2, **keys, **values)
    case("LabelEncoder", "nan_key_v2", [f(NAN, 1)], ml=2, keys_floats=[NAN, 1.0], values_int64s=[7, 8])
    case("LabelEncoder", "nan_key_v4", [f(NAN, 1)], ml=4, keys_floats=[NAN, 1.0], values_int64s=[7, 8])
    case("LabelEncoder", "duplicate_keys", [s("a", "b")], ml=2, keys_strings=["a", "a", "b"], values_int64s=[1, 2, 3])
    case("LabelEncoder", "defaults", [s("?")], ml=2, keys_strings=["a"], values_int64s=[1], default_int64=99)
    case("LabelEncoder", "tensors_double", [d(1.5, 2.5, 9)], ml=4, keys_tensor=d(1.5, 2.5), values_tensor=d(10, 20),
         default_tensor=d(-7))
    case("LabelEncoder", "tensors_text_int16", [s("a", "?")], ml=4, keys_tensor=s("a", "b"),
         values_tensor=np.array([1, 2], np.int16), default_tensor=np.array([-5], np.int16))
    case("LabelEncoder", "tensors_int64_text", [i(2, 9)], ml=4, keys_tensor=i(1, 2), values_tensor=s("x", "y"),
         default_tensor=s("none"))
    for norm in ["MAX", "L1", "L2"]:
        case("Normalizer", norm.lower(), [f([3, -4], [0, 0], [-3, 1], [-3, -1])], norm=norm)
    case("Normalizer", "vector", [f(3, -4)], norm="L2")
    case("Normalizer", "int64", [i([3, -4])], norm="L1")
    case("Normalizer", "double", [d([3, -4])], norm="L2")
    case("Normalizer", "nan", [f([3, NAN])], norm="L2")
    case("OneHotEncoder", "int64", [i([1], [3], [9])], cats_int64s=[1, 2, 3])
    case("OneHotEncoder", "text", [s(["a"], ["c"])], cats_strings=["a", "b"])
    case("OneHotEncoder", "float", [f([1.0], [1.7], [-1.7])], cats_int64s=[1, 2, -1])
    case("OneHotEncoder", "unknown_refused", [i([9])], cats_int64s=[1, 2], zeros=0)
    case("OneHotEncoder", "vector", [i(1, 2)], cats_int64s=[1, 2])
    case("Scaler", "plain", [x23], offset=[1.0, 2.0, 3.0], scale=[2.0, 0.5, 1.0])
    case("Scaler", "one_for_all", [x23], offset=[1.0], scale=[2.0])
    case("Scaler", "int64", [i([1, 2])], offset=[1.0, 2.0], scale=[0.5, 2.0])
    case("Scaler", "double", [d([1.1, 2.2])], offset=[1.0, 2.0], scale=[0.5, 2.0])
    case("Scaler", "wrong_length", [x23], offset=[1.0, 2.0], scale=[0.5, 2.0])
    case("ZipMap", "ints", [f([0.25, 0.75], [1, 0])], classlabels_int64s=[3, 7])
    case("ZipMap", "texts", [f([0.25, 0.75])], classlabels_strings=["no", "yes"])
    case("ZipMap", "wrong_width", [f([0.25, 0.75])], classlabels_strings=["no", "yes", "?"])

    # Linear machines.
    rows = f([1, 2], [-1, 0.5], [0, 0], [3, -4])
    posts = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]
    for post in posts:
        case("LinearClassifier", f"two_rows_{post.lower()}", [rows], 2, classlabels_ints=[3, 7],
             coefficients=[-1.0, 0.5, 1.0, -0.5], intercepts=[0.1, -0.1], post_transform=post)
        case("LinearClassifier", f"three_rows_{post.lower()}", [rows], 2, classlabels_strings=["a", "b", "c"],
             coefficients=[-1.0, 0.5, 1.0, -0.5, 0.25, 0.25], intercepts=[0.1, -0.1, 0.0], post_transform=post)
        case("LinearRegressor", f"one_{post.lower()}", [rows], coefficients=[0.25, 0.5], intercepts=[0.1],
             post_transform=post)
        case("LinearRegressor", f"two_{post.lower()}", [rows], coefficients=[0.25, 0.5, -0.25, 0.125],
             intercepts=[0.1, 0.2], targets=2, post_transform=post)
    for post in posts[:4]:
        case("LinearClassifier", f"one_row_{post.lower()}", [rows], 2, classlabels_ints=[3, 7],
             coefficients=[1.0, -0.5], intercepts=[0.1], post_transform=post)
    case("LinearClassifier", "ties", [f([0, 0])], 2, classlabels_ints=[3, 7, 9],
         coefficients=[1.0, 0.0, 1.0, 0.0, 1.0, 0.0], intercepts=[0.0, 0.0, 0.0])
    case("LinearClassifier", "int64", [i([1, 2])], 2, classlabels_ints=[0, 1], coefficients=[-1.0, 0.5, 1.0, -0.5],
         intercepts=[0.0, 0.0])
    case("LinearClassifier", "double", [d([1, 2])], 2, classlabels_ints=[0, 1], coefficients=[-1.0, 0.5, 1.0, -0.5],
         intercepts=[0.0, 0.0])
    case("LinearClassifier", "multi_class", [rows], 2, classlabels_ints=[0, 1, 2], multi_class=1,
         coefficients=[-1.0, 0.5, 1.0, -0.5, 0.25, 0.25], intercepts=[0.1, -0.1, 0.0], post_transform="SOFTMAX")
    case("LinearRegressor", "no_intercepts", [rows], coefficients=[0.25, 0.5])

    # Support vectors.
    machine = dict(support_vectors=[1.0, 2.0, -1.0, 0.5, 0.0, -1.0], coefficients=[0.7, -0.4, 0.3], rho=[0.2])
    for kernel in ["LINEAR", "POLY", "RBF", "SIGMOID"]:
        case("SVMRegressor", f"{kernel.lower()}", [rows], kernel_type=kernel, kernel_params=[0.5, 0.25, 2.0],
             n_supports=3, **machine)
        case("SVMClassifier", f"binary_{kernel.lower()}", [rows], 2, kernel_type=kernel,
             kernel_params=[0.5, 0.25, 2.0], vectors_per_class=[2, 1], classlabels_ints=[3, 7], **machine)
    for post in posts:
        case("SVMRegressor", f"post_{post.lower()}", [rows], kernel_type="RBF", kernel_params=[0.5, 0.0, 3.0],
             n_supports=3, post_transform=post, **machine)
        case("SVMClassifier", f"binary_post_{post.lower()}", [rows], 2, kernel_type="RBF",
             kernel_params=[0.5, 0.0, 3.0], vectors_per_class=[2, 1], classlabels_ints=[3, 7], post_transform=post,
             **machine)
        case("SVMClassifier", f"platt_post_{post.lower()}", [rows], 2, kernel_type="RBF",
             kernel_params=[0.5, 0.0, 3.0], vectors_per_class=[2, 1], classlabels_ints=[3, 7], post_transform=post,
             prob_a=[-1.5], prob_b=[0.25], **machine)
    case("SVMRegressor", "one_class", [rows], kernel_type="RBF", kernel_params=[0.5, 0.0, 3.0], n_supports=3,
         one_class=1, **machine)
    case("SVMRegressor", "weights_only", [rows], kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0],
         coefficients=[0.5, -0.25], rho=[0.75])
    case("SVMRegressor", "no_kernel_params", [rows], kernel_type="LINEAR", n_supports=3, **machine)
    three = dict(
        support_vectors=[1.0, 2.0, -1.0, 0.5, 0.0, -1.0, 2.0, 2.0], vectors_per_class=[1, 2, 1],
        coefficients=[0.7, -0.4, 0.3, -0.5, 0.6, 0.2, -0.9, 0.1], rho=[0.2, -0.1, 0.05],
        kernel_type="RBF", kernel_params=[0.5, 0.0, 3.0])
    for post in posts[:4]:
        case("SVMClassifier", f"three_post_{post.lower()}", [rows], 2, classlabels_strings=["a", "b", "c"],
             post_transform=post, **three)
    case("SVMClassifier", "three_platt", [rows], 2, classlabels_strings=["a", "b", "c"],
         prob_a=[-1.5, -1.0, -0.5], prob_b=[0.25, 0.0, -0.1], **three)
    positive = {**machine, "coefficients": [0.7, 0.4, 0.3]}
    for post in ["NONE", "LOGISTIC"]:
        case("SVMClassifier", f"positive_post_{post.lower()}", [rows], 2, kernel_type="RBF",
             kernel_params=[0.5, 0.0, 3.0], vectors_per_class=[2, 1], classlabels_ints=[3, 7], post_transform=post,
             **positive)
    case("SVMClassifier", "texts", [rows], 2, kernel_type="RBF", kernel_params=[0.5, 0.0, 3.0],
         vectors_per_class=[2, 1], classlabels_strings=["no", "yes"], **machine)
    for post in ["NONE", "LOGISTIC", "SOFTMAX"]:
        case("SVMClassifier", f"weights_two_post_{post.lower()}", [rows], 2, kernel_type="LINEAR",
             kernel_params=[0.0, 0.0, 0.0], coefficients=[0.5, -0.25, -0.5, 0.25], rho=[0.0],
             classlabels_ints=[3, 7], post_transform=post)
        case("SVMClassifier", f"weights_three_post_{post.lower()}", [rows], 2, kernel_type="LINEAR",
             kernel_params=[0.0, 0.0, 0.0], coefficients=[0.5, -0.25, -0.5, 0.25, 0.1, 0.1], rho=[0.1],
             classlabels_ints=[3, 7, 9], post_transform=post)

    # Trees.
    feed = f([0.4, 1.0], [0.5, -1.0], [0.6, NAN], [NAN, 0.0])

    def stumps(kind, ids, weights, trees=2, modes=None, **more):
        """`trees` stumps on feature t % 2; each leaf has a weight for every id."""
        out = dict(nodes_treeids=[], nodes_nodeids=[], nodes_featureids=[], nodes_values=[], nodes_modes=[],
                   nodes_truenodeids=[], nodes_falsenodeids=[])
        names = ("class_treeids", "class_nodeids", "class_ids", "class_weights") if kind == "class" else \
            ("target_treeids", "target_nodeids", "target_ids", "target_weights")
        leaves = {name: [] for name in names}
        weights = iter(weights)
        for t in range(trees):
            for node in range(3):
                out["nodes_treeids"].append(t)
                out["nodes_nodeids"].append(node)
                out["nodes_featureids"].append(t % 2)
                out["nodes_values"].append([0.5, 0.0][t % 2] if node == 0 else 0.0)
                out["nodes_modes"].append((modes or ["BRANCH_LEQ"] * trees)[t] if node == 0 else "LEAF")
                out["nodes_truenodeids"].append(1 if node == 0 else 0)
                out["nodes_falsenodeids"].append(2 if node == 0 else 0)
            for node in (1, 2):
                for target in ids:
                    for name, value in zip(names, (t, node, target, next(weights))):
                        leaves[name].append(value)
        return {**out, **leaves, **more}

    for post in posts[:4]:
        for name, ids, weights in [
            ("id0_positive", [0], [0.1, 0.3, 0.2, 0.4]), ("id0_mixed", [0], [-0.4, 0.3, 0.2, -0.4]),
            ("id1_positive", [1], [0.1, 0.3, 0.2, 0.4]), ("id1_mixed", [1], [-0.4, 0.3, 0.2, -0.4]),
            ("both", [0, 1], [0.3, 0.2, 0.1, 0.4, 0.25, 0.25, 0.5, 0.0]),
        ]:
            case("TreeEnsembleClassifier", f"{name}_{post.lower()}", [feed], 2, classlabels_int64s=[3, 7],
                 post_transform=post, **stumps("class", ids, weights))
        case("TreeEnsembleClassifier", f"three_{post.lower()}", [feed], 2, classlabels_strings=["a", "b", "c"],
             post_transform=post, **stumps("class", [0, 1, 2], [0.3, 0.2, 0.5, 0.1, 0.4, 0.5, 0.2, 0.2, 0.6, 1.0, 0.0, 0.0]))
        case("TreeEnsembleRegressor", f"one_{post.lower()}", [feed], n_targets=1, post_transform=post,
             **stumps("target", [0], [0.1, 0.3, 0.2, 0.4]))
        case("TreeEnsembleRegressor", f"two_{post.lower()}", [feed], n_targets=2, post_transform=post,
             **stumps("target", [0, 1], [0.1, 0.3, 0.2, 0.4, -0.1, 0.0, 0.7, 0.2]))
    case("TreeEnsembleClassifier", "base_one", [feed], 2, classlabels_int64s=[0, 1], post_transform="LOGISTIC",
         base_values=[0.3], **stumps("class", [0], [-0.4, 0.3, 0.2, -0.4]))
    case("TreeEnsembleClassifier", "base_two_id0", [feed], 2, classlabels_int64s=[0, 1], post_transform="LOGISTIC",
         base_values=[0.3, 0.1], **stumps("class", [0], [-0.4, 0.3, 0.2, -0.4]))
    case("TreeEnsembleClassifier", "base_three", [feed], 2, classlabels_int64s=[0, 1, 2],
         base_values=[0.3, 0.1, -0.2], **stumps("class", [0, 1, 2], [0.3, 0.2, 0.5, 0.1, 0.4, 0.5, 0.2, 0.2, 0.6, 1.0, 0.0, 0.0]))
    case("TreeEnsembleClassifier", "one_label", [feed], 2, classlabels_int64s=[5],
         **stumps("class", [0], [0.1, 0.3, 0.2, 0.4]))
    case("TreeEnsembleClassifier", "texts", [feed], 2, classlabels_strings=["no", "yes"],
         **stumps("class", [0], [0.1, 0.3, 0.2, 0.4]))
    case("TreeEnsembleClassifier", "double_input", [feed.astype(np.float64)], 2, classlabels_int64s=[0, 1],
         **stumps("class", [0], [0.1, 0.3, 0.2, 0.4]))
    case("TreeEnsembleClassifier", "int64_input", [i([0, 1], [1, -1])], 2, classlabels_int64s=[0, 1],
         **stumps("class", [0], [0.1, 0.3, 0.2, 0.4]))
    for mode in ["LEQ", "LT", "GTE", "GT", "EQ", "NEQ"]:
        case("TreeEnsembleRegressor", f"branch_{mode.lower()}", [feed], n_targets=1,
             **stumps("target", [0], [1.0, 2.0, 10.0, 20.0], modes=[f"BRANCH_{mode}"] * 2))
        case("TreeEnsembleRegressor", f"branch_{mode.lower()}_missing_true", [feed], n_targets=1,
             nodes_missing_value_tracks_true=[1, 0, 0] * 2,
             **stumps("target", [0], [1.0, 2.0, 10.0, 20.0], modes=[f"BRANCH_{mode}"] * 2))
    for how in ["SUM", "AVERAGE", "MIN", "MAX"]:
        case("TreeEnsembleRegressor", f"aggregate_{how.lower()}", [feed], n_targets=2, aggregate_function=how,
             base_values=[0.5, -0.5], **stumps("target", [0, 1], [0.1, 0.3, 0.2, 0.4, -0.1, 0.0, 0.7, 0.2]))
    case("TreeEnsembleRegressor", "probit", [feed], n_targets=1, post_transform="PROBIT",
         **stumps("target", [0], [0.1, 0.3, 0.2, 0.4]))
    case("TreeEnsembleRegressor", "double_thresholds", [d([0.1, 0], [0.1 + 1e-12, 0])], n_targets=1,
         nodes_values_as_tensor=d(0.1, 0, 0), target_weights_as_tensor=d(1, 2),
         nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0],
         nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
         target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0])
    case("TreeEnsembleRegressor", "shared_child", [feed], n_targets=1,
         nodes_treeids=[0] * 4, nodes_nodeids=[0, 1, 2, 3], nodes_featureids=[0, 1, 0, 0],
         nodes_values=[0.5, 0.0, 0.0, 0.0], nodes_modes=["BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF"],
         nodes_truenodeids=[2, 2, 0, 0], nodes_falsenodeids=[1, 3, 0, 0],
         target_treeids=[0, 0], target_nodeids=[2, 3], target_ids=[0, 0], target_weights=[1.0, 2.0])
    case("TreeEnsembleRegressor", "feature_beyond_width", [f([0.4])], n_targets=1,
         **stumps("target", [0], [0.1, 0.3, 0.2, 0.4]))
    print(f"{len(made)} cases of {len({op for op, _ in made})} operators")


def main():
    if sys.argv[1:] == ["models"]:
        models()
    elif sys.argv[1:] == ["answers"]:
        import onnxruntime

        answer(onnxruntime.__version__, session_of)
    elif sys.argv[1:] == ["reference"]:
        answer("reference", reference_of)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
