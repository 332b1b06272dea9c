"""Models as skl2onnx writes them, with the answers of ONNX Runtime.

    python3.11 -m venv env && env/bin/pip install -r requirements-1.9.txt && env/bin/python make.py

Once for each of requirements-1.9.txt and -1.5.txt; the version of scikit-learn ends the names of
the cases. Every model takes one f32 tensor `X`, so a row of inputs.csv is rounded to f32 first.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import skl2onnx
import sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import _fixture as fixture  # noqa: E402

SUFFIX = "_" + "_".join(sklearn.__version__.split(".")[:2])
WIDTH = 5
F32 = (1e-6, 1e-7)


def data(classes, count=240, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, WIDTH)) * np.linspace(0.5, 3.0, WIDTH)
    score = x @ rng.normal(size=(WIDTH, max(classes, 1))) + np.sin(x[:, [0]] * 2)
    if classes == 2:
        return x, (score[:, 0] > 0).astype(int)
    return x, score.argmax(axis=1) if classes else score[:, 0]


def case(name, model, note, target=None, **options):
    folder = HERE / (name + SUFFIX)
    folder.mkdir(exist_ok=True)
    classifier = hasattr(model, "classes_")
    document = skl2onnx.convert_sklearn(
        model, name=name, initial_types=[("X", FloatTensorType([None, WIDTH]))], target_opset=target,
        options={id(model): {"zipmap": False, **options}} if classifier else None,
    )
    onnx.checker.check_model(document)
    (folder / "model.onnx").write_bytes(document.SerializeToString())

    rng = np.random.default_rng(1)
    base = rng.normal(size=(40, WIDTH)) * np.linspace(0.5, 3.0, WIDTH)
    splits = []
    for node in document.graph.node:
        if node.op_type.startswith("TreeEnsemble"):
            parts = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            modes = parts["nodes_modes"]
            splits += [
                split
                for split, mode in zip(zip(parts["nodes_featureids"], parts["nodes_values"]), modes)
                if mode != b"LEAF"
            ]
    rows = list(base) + fixture.split_rows(base, splits, rng, single=True)
    rows = np.array(rows + fixture.edge_rows(WIDTH, 1e6)).astype(np.float32)
    fixture.write_table(folder / "inputs.csv", [f"x{i}" for i in range(WIDTH)], rows)

    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    names = [output.name for output in session.get_outputs()]
    found = session.run(None, {"X": rows})
    if classifier:
        header = ["label"] + [f"probability_{c}" for c in model.classes_]
        table = [[label, *values] for label, values in zip(*found)]
    else:
        header, table = ["prediction"], found[0].reshape(-1, 1)
    fixture.write_table(folder / "expected.csv", header, table)
    keys = {
        "producer": "skl2onnx",
        "task": "classification" if classifier else "regression",
        "models": ["model.onnx"],
        "licence": fixture.LICENCE,
        "note": note,
        "outputs": names,
        "precision": "f32",
        "labels": "exact",
        "tolerance_rel": F32[0],
        "tolerance_abs": F32[1],
    }
    versions = {
        "skl2onnx": skl2onnx.__version__, "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__, "scikit-learn": sklearn.__version__,
        "opset": str(max(o.version for o in document.opset_import if o.domain == "")),
    }
    fixture.write_case(folder, keys, versions)


def main():
    texts = np.array(["red", "green", "blue"], dtype=object)
    x, y = data(2)
    case("logistic_binary", LogisticRegression().fit(x, y), "LinearClassifier, two classes")
    forest = RandomForestClassifier(n_estimators=6, max_depth=4, random_state=0, n_jobs=1)
    case("forest_binary", forest.fit(x, y), "TreeEnsembleClassifier, all class_ids 0, no ZipMap")
    boosting = GradientBoostingClassifier(n_estimators=6, max_depth=3, random_state=0)
    case("boosting_binary", boosting.fit(x, y), "TreeEnsembleClassifier with a base value and LOGISTIC")
    x, y = data(3)
    model = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())]).fit(x, texts[y])
    case("pipeline_logistic", model, "Scaler and LinearClassifier, three string classes")
    forest = RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0, n_jobs=1)
    case("forest_strings", forest.fit(x, texts[y]), "TreeEnsembleClassifier, three string classes")
    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    case("tree_multi_opset13", tree.fit(x, y), "target opset 13", target={"": 13, "ai.onnx.ml": 1})
    x, y = data(0)
    case("linear", LinearRegression().fit(x, y), "LinearRegressor")
    forest = RandomForestRegressor(n_estimators=6, max_depth=4, random_state=0, n_jobs=1)
    case("forest_regressor", forest.fit(x, y), "TreeEnsembleRegressor")


if __name__ == "__main__":
    main()
