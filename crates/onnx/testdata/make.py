"""Makes operators.json: one-operator models with the answers of onnxruntime.

Run with onnx==1.20.1, onnxruntime==1.31.1, numpy==2.4.6.
"""

import json
import pathlib

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ML = "ai.onnx.ml"
NAN, INF = float("nan"), float("inf")
TYPES = {"float32": 1, "int64": 7, "int32": 6, "float64": 11, "bool": 9, "object": 8}
cases = []


def tensor(array):
    array = np.asarray(array)
    kind = array.dtype.name if array.dtype.kind not in "OU" else "object"
    if kind in ("float32", "float64"):
        data = [repr(float(x)) for x in array.ravel()]
    elif kind == "object":
        data = [str(x) for x in array.ravel()]
    else:
        data = [int(x) for x in array.ravel()]
    return {"dtype": kind, "shape": list(array.shape), "data": data}


def case(name, op, inputs, outputs=1, domain="", opset=17, ml=3, weights=(), fails=False, **attributes):
    """`weights` are positions of inputs that are given as initializers."""
    inputs = [None if x is None else np.asarray(x) for x in inputs]
    inputs = [x.astype(object) if x is not None and x.dtype.kind == "U" else x for x in inputs]
    names = ["" if x is None else f"x{i}" for i, x in enumerate(inputs)]
    given = [(n, x) for i, (n, x) in enumerate(zip(names, inputs)) if x is not None and i not in weights]
    constants = [(names[i], inputs[i]) for i in weights]
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, domain=domain, **attributes)
    value = lambda n, x: helper.make_tensor_value_info(n, TYPES[x.dtype.name], [None] * x.ndim)
    graph = helper.make_graph(
        [node],
        name,
        [value(n, x) for n, x in given],
        [helper.make_value_info(r, onnx_type(op, i)) for i, r in enumerate(results)],
        [numpy_helper.from_array(x, n) for n, x in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(ML, ml)])
    model.ir_version = 8
    blob = model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
        answers = session.run(None, dict(given))
    except Exception as error:
        assert fails, f"{name}: {error}"
        answers = []
    else:
        assert not fails, name
    if op == "ZipMap":
        answers = [np.array([list(row.values()) for row in answers[0]], np.float32)]
    cases.append({"name": name, "model": blob.hex(), "inputs": [tensor(x) for _, x in given],
                  "outputs": [tensor(a) for a in answers], "fails": fails})


def onnx_type(op, position):
    from onnx import TypeProto
    return TypeProto()


def f(*values):
    return np.array(values, np.float32)


def d(*values):
    return np.array(values, np.float64)


def n(*values):
    return np.array(values, np.int64)


a = f([-1.5, 0.0, 2.0], [3.5, NAN, INF])
b = f(2.0, -1.0, 0.5)
for op in ["Identity", "Abs", "Neg", "Exp", "Floor", "Ceil", "Sigmoid", "Tanh", "IsNaN"]:
    case(op, op, [a])
case("Neg int", "Neg", [n(1, -2)])
case("Exp double", "Exp", [d(0.1, -700.0, 3.0)])
for op in ["Log", "Sqrt"]:
    case(op, op, [f(0.0, 0.25, 9.0, -1.0)])
for op in ["Add", "Sub", "Mul", "Div"]:
    case(op, op, [a, b])
    case(op + " double", op, [a.astype(np.float64), b.astype(np.float64)])
    case(op + " int", op, [n([7, -7]), n([2], [3])])
for op in ["Min", "Max"]:
    case(op, op, [a, b, f([0.0], [1.0])])
    case(op + " int", op, [n(1, 5), n(3)])
case("Pow", "Pow", [f(2.0, 4.0, 9.0), f(3.0, 0.5, -1.0)])
case("Pow mixed", "Pow", [f(2.0, 4.0), n(3, 2)])
for version in (11, 17):
    case(f"Softmax {version}", "Softmax", [np.arange(12, dtype=np.float32).reshape(2, 3, 2)], opset=version)
case("Softmax axis", "Softmax", [np.arange(6, dtype=np.float64).reshape(2, 3)], axis=0)
for keep in (0, 1):
    case(f"ArgMax {keep}", "ArgMax", [f([1, 3, 3], [5, 2, 5])], axis=1, keepdims=keep)
case("ArgMax last", "ArgMax", [f([1, 3, 3], [5, 2, 5])], axis=-1, select_last_index=1)
case("MatMul", "MatMul", [f([1, 2, 3], [4, 5, 6]), f([1, 0], [0.5, 1], [2, -1])])
case("MatMul double vector", "MatMul", [d([1, 2, 3], [4, 5, 6]), d(1, 0.5, 2)])
case("MatMul int", "MatMul", [n([1, 2]), n([3], [4])])
case("Gemm", "Gemm", [f([1, 2], [3, 4]), f([1, 2], [0, 1], [5, 5]), f(1, 2, 3)], transB=1, alpha=0.5, beta=2.0)
case("Gemm bare", "Gemm", [f([1, 3], [2, 4]), f([1, 2], [0, 1])], transA=1)
case("Gather", "Gather", [a, n([0, 2], [-1, 1])], axis=1)
case("Gather rows", "Gather", [np.array(["a", "b", "c"]), n([2], [0])])
case("Reshape", "Reshape", [np.arange(12, dtype=np.float32).reshape(3, 4), n(0, 2, -1)])
case("Where", "Where", [np.array([[True, False, True]]), a, b])
case("Where text", "Where", [np.array([True, False]), np.array(["x", "y"]), np.array(["z"])])
t = np.array([[True, False, True, False]])
u = np.array([[True], [False]])
case("Not", "Not", [t])
case("And", "And", [t, u])
case("Or", "Or", [t, u])
for op in ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"]:
    case(op, op, [a, f(-1.5, 0.5, NAN)])
    case(op + " int", op, [n(1, 2, 3), n(2)])
case("Equal text", "Equal", [np.array(["a", "b"]), np.array(["b"])], opset=19)
for keep in (0, 1):
    case(f"ReduceSum {keep}", "ReduceSum", [f([1, 2], [3, 4]), n(1)], keepdims=keep)
case("ReduceSum 11", "ReduceSum", [f([1, 2], [3, 4])], opset=11, axes=[0])
case("ReduceSum all", "ReduceSum", [d([1, 2], [3, 4])])
for exclusive in (0, 1):
    for reverse in (0, 1):
        name = f"CumSum {exclusive} {reverse}"
        case(name, "CumSum", [d([1e16, 1, -1e16], [3, -0.0, 5]), n(1)[0]], exclusive=exclusive, reverse=reverse)
case("CumSum f32", "CumSum", [f([1e8, 3, -1e8], [0.1, 0.2, 0.3]), n(-2)[0]])
case("CumSum int", "CumSum", [n([1, 2], [3, 4]), n(0)[0]])
case("ReduceMax", "ReduceMax", [f([1, 2], [3, -4])], axes=[-1], keepdims=0)
case("ReduceMax 18", "ReduceMax", [n([1, 2], [3, -4]), n(0)], opset=18)
case("Flatten", "Flatten", [np.arange(12, dtype=np.float32).reshape(2, 3, 2)], axis=2)
case("Flatten zero", "Flatten", [np.arange(6, dtype=np.float32).reshape(2, 3)], axis=0)
case("Squeeze", "Squeeze", [f([[1, 2]]), n(0)])
case("Squeeze all", "Squeeze", [f([[1, 2]])])
case("Squeeze 11", "Squeeze", [f([[1, 2]])], opset=11, axes=[1])
case("Unsqueeze", "Unsqueeze", [f(1, 2), n(-1, 0)])
case("Slice", "Slice", [np.arange(20, dtype=np.int64).reshape(4, 5), n(1, -1), n(100, -100), n(0, 1), n(2, -2)])
case("Slice text", "Slice", [np.array(["a", "b", "c"]), n(1), n(3)], fails=False)
case("Transpose", "Transpose", [np.arange(12, dtype=np.float32).reshape(2, 3, 2)], perm=[1, 2, 0])
case("Transpose bare", "Transpose", [a])
case("Shape", "Shape", [np.zeros((2, 3, 4), np.float32)], start=1)
case("Clip", "Clip", [a, np.float32(-1), np.float32(2.5)])
case("Clip half", "Clip", [a, None, np.float32(1)])
case("Expand", "Expand", [f([1], [2]), n(2, 1, 3)])
case("Tile", "Tile", [f([1, 2]), n(2, 2)])
case("Concat", "Concat", [f([1, 2]), f([3])], axis=1)
case("Concat text", "Concat", [np.array([["a"]]), np.array([["b"]])], axis=-1)
for to in ("FLOAT", "DOUBLE", "INT64", "INT32", "BOOL", "STRING"):
    number = getattr(TensorProto, to)
    case(f"Cast float {to}", "Cast", [f(-1.5, 0.0, 2.75, 1e-7, 123456.789, 0.1)], to=number)
    case(f"Cast int {to}", "Cast", [n(-1, 0, 7)], to=number)
    case(f"Cast bool {to}", "Cast", [np.array([True, False])], to=number)
case("Cast text", "Cast", [np.array(["1.5", "-3", "NaN", "1e10"])], to=1)
case("Cast text int", "Cast", [np.array(["15", "-3"])], to=7)
case("Cast double text", "Cast", [d(0.1, 1e22, 3.0, -INF, NAN)], to=8)

# --- ai.onnx.ml
x = f([0.5, -1.0, 3.0], [NAN, 2.0, 1.5], [-2.0, 0.0, 0.25], [1.0, 1.0, 1.0])
ml = lambda name, op, inputs, outputs=1, **rest: case(name, op, inputs, outputs, domain=ML, **rest)
ml("Scaler", "Scaler", [x], offset=[1.0, 2.0, 3.0], scale=[0.5, 2.0, -1.0])
ml("Scaler one", "Scaler", [x], offset=[1.0], scale=[0.5])
ml("Scaler int", "Scaler", [n([1, 2, 3])], offset=[1.0, 2.0, 3.0], scale=[0.5, 2.0, -1.0])
ml("Imputer", "Imputer", [x], imputed_value_floats=[7.0, 8.0, 9.0], replaced_value_float=NAN)
ml("Imputer one", "Imputer", [x], imputed_value_floats=[7.0], replaced_value_float=1.0)
ml("Imputer default", "Imputer", [x], imputed_value_floats=[7.0, 8.0, 9.0])
ml("Imputer misfit", "Imputer", [x], imputed_value_floats=[7.0, 8.0], replaced_value_float=NAN)
ml("Imputer int", "Imputer", [n([0, 2], [1, 0])], imputed_value_int64s=[5, 6], replaced_value_int64=0)
for norm in ("MAX", "L1", "L2"):
    ml(f"Normalizer {norm}", "Normalizer", [f([3, -4, 0], [0, 0, 0], [-3, -1, -2])], norm=norm)
ml("Binarizer", "Binarizer", [f([0.5, 1.0, -3.0])], threshold=0.5)
ml("Binarizer nan", "Binarizer", [x], threshold=0.5, fails=True)
ml("FeatureVectorizer", "FeatureVectorizer", [f([1, 2], [3, 4]), f([5], [6])], inputdimensions=[1, 2])
ml("ArrayFeatureExtractor", "ArrayFeatureExtractor", [x, n(2, 0, 2)])
ml("ArrayFeatureExtractor vector", "ArrayFeatureExtractor", [np.array(["a", "b", "c"]), n(2, 0)])
ml("OneHotEncoder text", "OneHotEncoder", [np.array([["a"], ["c"], ["x"]])], cats_strings=["a", "b", "c"])
ml("OneHotEncoder float", "OneHotEncoder", [f([1.0], [1.7], [5.0], [-0.5])], cats_int64s=[0, 1, 2])
ml("OneHotEncoder strict", "OneHotEncoder", [n([9])], cats_int64s=[0, 1], zeros=0, fails=True)
for version in (2, 4):
    ml(f"LabelEncoder text {version}", "LabelEncoder", [np.array(["b", "z", "a"])], ml=version,
       keys_strings=["a", "b", "a"], values_int64s=[1, 2, 3], default_int64=-7)
    ml(f"LabelEncoder float {version}", "LabelEncoder", [f(NAN, 0.0, -0.0, 1.0)], ml=version,
       keys_floats=[NAN, -0.0], values_floats=[1.0, 2.0])
    ml(f"LabelEncoder back {version}", "LabelEncoder", [n(2, 5)], ml=version,
       keys_int64s=[1, 2], values_strings=["one", "two"])
ml("LabelEncoder tensor", "LabelEncoder", [n(2, 5)], ml=4,
   keys_tensor=numpy_helper.from_array(n(1, 2)), values_tensor=numpy_helper.from_array(d(0.1, 0.2)),
   default_tensor=numpy_helper.from_array(d(0.3)))
ml("LabelEncoder 1", "LabelEncoder", [np.array(["b", "z"])], ml=1, classes_strings=["a", "b"])
ml("ZipMap", "ZipMap", [f([0.25, 0.75])], classlabels_strings=["no", "yes"])
for post in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
    y = np.nan_to_num(x)
    ml(f"LinearRegressor {post}", "LinearRegressor", [y], targets=2, post_transform=post,
       coefficients=[1.0, 2.0, 3.0, -1.0, 0.5, 0.0], intercepts=[0.5, -0.5])
    ml(f"LinearClassifier two rows {post}", "LinearClassifier", [y], 2, classlabels_ints=[4, 7],
       post_transform=post, coefficients=[1.0, 2.0, 3.0, -1.0, -2.0, -3.0], intercepts=[0.5, -0.5])
    ml(f"LinearClassifier one row {post}", "LinearClassifier", [y], 2, classlabels_strings=["n", "y"],
       post_transform=post, coefficients=[1.0, 2.0, 3.0], intercepts=[-0.5])
    ml(f"LinearClassifier three {post}", "LinearClassifier", [y], 2, classlabels_ints=[0, 1, 2],
       post_transform=post, coefficients=[1.0, 2.0, 3.0, -1.0, 0.5, 0.0, 0.1, 0.1, 0.1],
       intercepts=[0.5, -0.5, 0.0])
ml("LinearRegressor double", "LinearRegressor", [f([1, 2, 3])], coefficients=[1.0, 2.0, 3.0])


def stumps(mode, missing, prefix, ids, weights, trees=2):
    """Two stumps over features 0 and 1, and a deeper third tree; leaf weights in turn."""
    tree, node, feature, value, modes, yes, no = [], [], [], [], [], [], []
    leaves = []
    for t in range(trees):
        shape = [(0, 1, 2), (1, None, None), (2, None, None)]
        if t == 2:
            shape = [(0, 1, 2), (1, 3, 4), (2, None, None), (3, None, None), (4, None, None)]
        for (number, left, right) in shape:
            tree.append(t)
            node.append(number)
            leaf = left is None
            feature.append(0 if leaf else (t + number) % 3)
            value.append(0.0 if leaf else [0.5, 1.0, 0.25][t] + number)
            modes.append("LEAF" if leaf else mode)
            yes.append(0 if leaf else left)
            no.append(0 if leaf else right)
            if leaf:
                leaves.append((t, number))
    where = [(leaf, i) for leaf in leaves for i in ids]
    weights = [weights[i % len(weights)] for i in range(len(where))]
    return {
        "nodes_treeids": tree, "nodes_nodeids": node, "nodes_featureids": feature, "nodes_modes": modes,
        "nodes_values": value, "nodes_truenodeids": yes, "nodes_falsenodeids": no,
        "nodes_missing_value_tracks_true": [missing] * len(node),
        f"{prefix}_treeids": [leaf[0] for leaf, _ in where],
        f"{prefix}_nodeids": [leaf[1] for leaf, _ in where],
        f"{prefix}_ids": [i for _, i in where], f"{prefix}_weights": weights,
    }


mixed = [0.7, -0.6, 0.1, 0.4, -0.3, 0.9, 0.05]
positive = [0.05, 0.3, 0.25, 0.6, 0.0, 0.1]
for mode in ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"):
    for missing in (0, 1):
        ml(f"Trees {mode} {missing}", "TreeEnsembleRegressor", [x], n_targets=1,
           **stumps(mode, missing, "target", [0], mixed, 3))
for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
    for base in (None, [0.5, -1.0]):
        rest = {"base_values": base} if base else {}
        ml(f"Trees {aggregate} {base}", "TreeEnsembleRegressor", [x], n_targets=2,
           aggregate_function=aggregate, **rest, **stumps("BRANCH_LEQ", 0, "target", [0, 1], mixed, 3))
        ml(f"Trees sparse {aggregate} {base}", "TreeEnsembleRegressor", [x], n_targets=2,
           aggregate_function=aggregate, **rest, **stumps("BRANCH_LEQ", 0, "target", [1], mixed, 3))
for post in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"):
    ml(f"Trees one target {post}", "TreeEnsembleRegressor", [x], n_targets=1, post_transform=post,
       **stumps("BRANCH_LEQ", 0, "target", [0], [0.2, 0.1], 3))
    ml(f"Trees two targets {post}", "TreeEnsembleRegressor", [x], n_targets=2, post_transform=post,
       **stumps("BRANCH_LEQ", 0, "target", [0, 1], [0.2, 0.1, 0.0], 3))
    if post == "PROBIT":
        continue
    for what, weights in (("mixed", mixed), ("positive", positive)):
        for ids in ([0], [1], [0, 1]):
            for base in (None, [0.3], [0.3, -0.2]):
                if base and len(base) == 1 and ids == [0, 1]:
                    continue
                rest = {"base_values": base} if base else {}
                ml(f"Classes {post} {what} {ids} {base}", "TreeEnsembleClassifier", [x], 2,
                   classlabels_int64s=[3, 8], post_transform=post, **rest,
                   **stumps("BRANCH_LEQ", 0, "class", ids, weights))
        for base in (None, [0.3, -0.2, 0.1]):
            rest = {"base_values": base} if base else {}
            ml(f"Three classes {post} {what} {base}", "TreeEnsembleClassifier", [x], 2,
               classlabels_strings=["a", "b", "c"], post_transform=post, **rest,
               **stumps("BRANCH_LT", 0, "class", [0, 1, 2], weights, 3))
            ml(f"Three classes sparse {post} {what} {base}", "TreeEnsembleClassifier", [x], 2,
               classlabels_strings=["a", "b", "c"], post_transform=post, **rest,
               **stumps("BRANCH_LT", 0, "class", [2], weights, 3))
ml("One class", "TreeEnsembleClassifier", [x], 2, classlabels_int64s=[3],
   **stumps("BRANCH_LEQ", 0, "class", [0], mixed))
fine = stumps("BRANCH_LEQ", 0, "target", [0], [1.0, 2.0], 1)
values = fine.pop("nodes_values")
weights = fine.pop("target_weights")
ml("Trees double", "TreeEnsembleRegressor", [d([0.1, 0, 0], [0.10000000000000002, 0, 0])], n_targets=1,
   nodes_values_as_tensor=numpy_helper.from_array(d(0.1, 0, 0)),
   target_weights_as_tensor=numpy_helper.from_array(d(1e9 + 0.1, 2.0)), **fine)

out = pathlib.Path(__file__).parent / "operators.json"
out.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print(len(cases), "cases")
