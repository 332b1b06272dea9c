"""Trains the models and writes the rows of the benchmark, once: `train.py FOLDER`.

XGBoost 1,000 trees of depth 8, LightGBM 1,000 trees of 63 leaves, a scikit-learn forest of 500 trees of
depth 12; 30 features, two classes. The peers' own converters make the ONNX files.
"""

import pathlib
import sys

import joblib
import lightgbm
import numpy
import onnxmltools
import skl2onnx
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as OnnxmlFloats
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

FEATURES = 30
TRAINING_ROWS = 100_000
# So many that the forest has about 1.3 million nodes.
FOREST_ROWS = 30_000
ROWS = 1_000_000
NAMES = [f"f{i}" for i in range(FEATURES)]


def data():
    x, y = make_classification(
        n_samples=TRAINING_ROWS + ROWS, n_features=FEATURES, n_informative=20, n_redundant=5,
        n_clusters_per_class=8, flip_y=0.05, random_state=20,
    )
    return x.astype(numpy.float32), y


def write_rows(folder, x):
    numpy.save(folder / "rows.npy", x)
    with open(folder / "rows.csv", "w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(NAMES) + "\n")
        for row in x:
            file.write(",".join(map(str, row)) + "\n")


def train_xgboost(folder, x, y):
    settings = {
        "objective": "binary:logistic", "max_depth": 8, "eta": 0.05, "tree_method": "hist", "seed": 1,
        "nthread": 2, "base_score": 0.5,
    }
    model = xgboost.train(settings, xgboost.DMatrix(x, label=y), num_boost_round=1000)
    model.save_model(folder / "xgboost.json")
    initial = [("input", OnnxmlFloats([None, FEATURES]))]
    onnx = onnxmltools.convert_xgboost(model, initial_types=initial, target_opset=15)
    onnxmltools.save_model(onnx, str(folder / "xgboost.onnx"))


def train_lightgbm(folder, x, y):
    model = lightgbm.LGBMClassifier(
        n_estimators=1000, num_leaves=63, learning_rate=0.05, random_state=1, n_jobs=2, verbose=-1,
    )
    model.fit(x, y)
    model.booster_.save_model(folder / "lightgbm.txt")
    initial = [("input", OnnxmlFloats([None, FEATURES]))]
    onnx = onnxmltools.convert_lightgbm(model, initial_types=initial, target_opset=15, zipmap=False)
    onnxmltools.save_model(onnx, str(folder / "lightgbm.onnx"))


def train_forest(folder, x, y):
    model = RandomForestClassifier(n_estimators=500, max_depth=12, random_state=1, n_jobs=2)
    model.fit(x[:FOREST_ROWS], y[:FOREST_ROWS])
    print("nodes of the forest:", sum(tree.tree_.node_count for tree in model.estimators_))
    joblib.dump(model, folder / "forest.joblib")
    initial = [("input", FloatTensorType([None, FEATURES]))]
    onnx = skl2onnx.convert_sklearn(
        model, initial_types=initial, target_opset=15, options={"zipmap": False}
    )
    (folder / "forest.onnx").write_bytes(onnx.SerializeToString())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    x, y = data()
    train, rows = slice(0, TRAINING_ROWS), slice(TRAINING_ROWS, None)
    for name, make in (("xgboost", train_xgboost), ("lightgbm", train_lightgbm), ("forest", train_forest)):
        if not (folder / f"{name}.onnx").exists():
            print(f"training {name}", flush=True)
            make(folder, x[train], y[train])
    if not (folder / "rows.csv").exists():
        write_rows(folder, x[rows])


if __name__ == "__main__":
    main()
