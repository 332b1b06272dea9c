"""Makes the cases of this folder with the XGBoost it finds; the version ends their names.

    python3.11 -m venv env && env/bin/pip install -r requirements-3.2.txt && env/bin/python make.py

Once for each of requirements-3.2.txt (all cases), -2.1.txt and -1.7.txt (the cases marked `old`).
Data are drawn from seeded generators and trained in one thread; the expected numbers are those of
Booster.predict on the rows as they are read back from inputs.csv.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import _fixture as fixture  # noqa: E402

VERSION = tuple(int(part) for part in xgboost.__version__.split(".")[:2])
SUFFIX = "_%d_%d" % VERSION
COMMON = {
    "max_depth": 3, "eta": 0.4, "nthread": 1, "seed": 0, "tree_method": "hist", "verbosity": 0,
}
F32 = (1e-6, 1e-7)
LOOSE = (1e-5, 1e-4)  # sums of products in f32


def data(kind, classes=3, width=5, count=300, seed=0, missing=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width)) * np.linspace(0.5, 3.0, width)
    score = x @ rng.normal(size=(width, max(classes, 2))) + np.sin(x[:, [0]] * 2)
    score += 0.3 * rng.normal(size=score.shape)
    if missing:
        x[rng.random(x.shape) < 0.12] = np.nan
    if kind == "binary":
        return x, (score[:, 0] > 0).astype(int)
    if kind == "multi":
        return x, score.argmax(axis=1)
    if kind == "count":
        return x, rng.poisson(np.exp(score[:, 0] / 4))
    if kind == "positive":
        return x, np.exp(score[:, 0] / 3)
    if kind == "targets":
        return x, score[:, :2]
    return x, score[:, 0]


def splits(booster):
    """(column, threshold) of every numerical split."""
    found = []
    document = json.loads(bytes(booster.save_raw("json")))
    inner = document["learner"]["gradient_booster"]
    inner = inner.get("gbtree", inner)
    for tree in inner["model"].get("trees", []):
        for node, left in enumerate(tree["left_children"]):
            if left != -1 and not tree["split_type"][node]:
                found.append((tree["split_indices"][node], tree["split_conditions"][node]))
    return found


def case(
    name, booster, kind, note, classes=2, names=None, types=None, rows=None, tolerance=F32,
    large=1e30, width=5, fixed=(), frame=None,
):
    folder = HERE / (name + SUFFIX)
    folder.mkdir(exist_ok=True)
    if rows is None:
        rng = np.random.default_rng(1)
        base = rng.normal(size=(40, width)) * np.linspace(0.5, 3.0, width)
        rows = list(base) + fixture.split_rows(base, splits(booster), rng, fixed=fixed)
        rows = np.array(rows + fixture.edge_rows(width, large))
        rows = np.vstack([rows, fixture.blank(rows[:25], rng)])
    header = names or [f"x{i}" for i in range(width)]
    fixture.write_table(folder / "inputs.csv", header, rows)
    _, columns = fixture.read_table(folder / "inputs.csv")
    if frame:
        matrix = xgboost.DMatrix(frame(header, columns), enable_categorical=True)
    else:
        matrix = xgboost.DMatrix(
            np.array(columns, dtype=float).T, feature_names=names, feature_types=types,
            enable_categorical=bool(types),
        )

    models = ["model.json", "model.ubj"]
    for model in models:
        booster.save_model(folder / model)
    values = booster.predict(matrix)
    margins = booster.predict(matrix, output_margin=True).reshape(len(rows), -1)
    for model in models:  # what was written answers as what was trained
        again = xgboost.Booster({"nthread": 1}, model_file=folder / model)
        assert np.array_equal(again.predict(matrix), values)

    if kind == "binary":
        # As XGBClassifier: the first column is the rest to one, in f32.
        header = fixture.classifier_header([0, 1])
        table = [[int(p > 0.5), np.float32(1) - p, p] for p in values]
    elif kind == "softprob":
        header = fixture.classifier_header(range(classes))
        table = [[int(row.argmax()), *row] for row in values]
    elif kind == "softmax":
        # The library answers labels only; the same trees under multi:softprob give the columns.
        header = fixture.classifier_header(range(classes))
        booster.set_param("objective", "multi:softprob")
        table = [[int(label), *row] for label, row in zip(values, booster.predict(matrix))]
    else:
        values = values.reshape(len(values), -1)
        header = fixture.numbered("prediction", values.shape[1])
        table = values
    fixture.write_table(folder / "expected.csv", header, table)
    fixture.write_table(
        folder / "margins.csv", fixture.numbered("margin", margins.shape[1]), margins
    )
    keys = {
        "producer": "xgboost",
        "task": "regression" if kind == "regression" else "classification",
        "models": models,
        "licence": fixture.LICENCE,
        "note": note,
        "precision": "f32",
        "labels": "exact",
        "tolerance_rel": tolerance[0],
        "tolerance_abs": tolerance[1],
    }
    versions = {"xgboost": xgboost.__version__, "numpy": np.__version__}
    fixture.write_case(folder, keys, versions)


def train(x, y, rounds=6, **parameters):
    names = parameters.pop("names", None)
    types = parameters.pop("types", None)
    matrix = xgboost.DMatrix(
        x, label=y, feature_names=names, feature_types=types, enable_categorical=bool(types)
    )
    return xgboost.train({**COMMON, **parameters}, matrix, num_boost_round=rounds)


def coded_rows(rng, count, top):
    rows = []
    for _ in range(count):
        rows.append([rng.integers(0, top), rng.normal(), rng.integers(0, 3), rng.normal() * 2])
    return rows


def shuffled(values, share):
    return lambda rng: None if rng.random() < share else values[rng.integers(len(values))]


def main():
    old = VERSION < (3, 0)

    x, y = data("binary")
    booster = train(x, y, objective="binary:logistic")
    case("binary", booster, "binary", "binary:logistic")
    x, y = data("multi")
    booster = train(x, y, rounds=4, objective="multi:softprob", num_class=3)
    case("softprob", booster, "softprob", "multi:softprob, three classes", 3)
    booster = train(x, y, rounds=2, objective="multi:softprob", num_class=3, num_parallel_tree=3, subsample=0.7)
    case(
        "parallel_trees", booster, "softprob",
        "num_parallel_tree=3: the class of a tree is in tree_info, not its index modulo 3", 3,
    )
    x, y = data("regression")
    booster = train(x, y, objective="reg:squarederror")
    case("regression", booster, "regression", "reg:squarederror")
    x, y = data("binary", missing=True)
    names = ["age", "body mass", "x.3", "größe", "last"]
    booster = train(x, y, objective="binary:logistic", base_score=0.3, names=names)
    case(
        "missing_named", booster, "binary",
        "trained with missing values, base_score=0.3, feature names", names=names,
    )
    x, y = data("binary")
    booster = train(x, y, objective="binary:logistic", booster="dart", rate_drop=0.3)
    case("dart", booster, "binary", "booster=dart: weight_drop scales each tree")

    rng = np.random.default_rng(5)
    types = ["c", "q", "c", "q"]
    rows = np.array(coded_rows(rng, 400, 12), dtype=float)
    y = ((rows[:, 0] % 5 < 2) ^ (rows[:, 1] > 0.3) ^ (rows[:, 2] == 1)).astype(int)
    rows[rng.random(rows.shape) < 0.05] = np.nan
    booster = train(rows, y, objective="binary:logistic", types=types, max_cat_to_onehot=4)
    asked = np.array(coded_rows(np.random.default_rng(6), 80, 16), dtype=float)
    asked[np.random.default_rng(7).random(asked.shape) < 0.1] = np.nan
    texts = [[None if np.isnan(v) else (int(v) if i in (0, 2) else v) for i, v in enumerate(r)] for r in asked]
    case(
        "categorical", booster, "binary",
        "categorical splits on codes: sets and one-against-rest; codes 12 to 15 were not in training",
        types=types, rows=texts, width=4,
    )
    if old:
        x, y = data("regression")
        booster = train(x, y, objective="reg:squarederror", booster="gblinear", tree_method="auto", updater="coord_descent")
        case("linear", booster, "regression", "booster=gblinear", tolerance=LOOSE, large=1e3)
        if VERSION < (2, 0):
            # The binary form before JSON: a reader says so, and how to get rid of it.
            (HERE / "bad").mkdir(exist_ok=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                booster.save_model(HERE / "bad" / "old_binary.model")
            (HERE / "bad" / "cases.toml").write_text(
                '["old_binary.model"]\nverdict = "refused"\n'
                'note = "binary form of XGBoost 1.x, before JSON: load and save again with XGBoost 1.x or 2.x"\n'
            )
        return

    x, y = data("multi")
    booster = train(x, y, rounds=4, objective="multi:softmax", num_class=3)
    case(
        "softmax", booster, "softmax",
        "multi:softmax: the library answers labels; the columns are those of multi:softprob", 3,
    )
    x, y = data("count")
    booster = train(x, y, objective="count:poisson")
    case("poisson", booster, "regression", "count:poisson: exp of the sum, base_score in output space")
    x, y = data("positive")
    booster = train(x, y, objective="reg:gamma")
    case("gamma", booster, "regression", "reg:gamma")
    booster = train(x, y, objective="reg:tweedie", tweedie_variance_power=1.3, base_score=2.0)
    case("tweedie", booster, "regression", "reg:tweedie, base_score=2")
    x, y = data("binary")
    booster = train(x, y, objective="reg:logistic")
    case("reg_logistic", booster, "regression", "reg:logistic: one number, no label")
    booster = train(x, y, objective="binary:logitraw")
    case("logitraw", booster, "regression", "binary:logitraw: the score before the sigmoid, no label")
    booster = train(x, y, objective="binary:logistic", booster="gblinear", tree_method="auto", updater="coord_descent")
    case("linear_binary", booster, "binary", "booster=gblinear", tolerance=LOOSE, large=1e3)
    x, y = data("multi")
    booster = train(
        x, y, objective="multi:softprob", num_class=3, booster="gblinear", tree_method="auto", updater="coord_descent"
    )
    case("linear_multi", booster, "softprob", "booster=gblinear, three classes", 3, tolerance=LOOSE, large=1e3)
    booster = train(x, y, rounds=4, objective="multi:softprob", num_class=3, booster="dart", rate_drop=0.4)
    case("dart_multi", booster, "softprob", "booster=dart, three classes", 3)
    x, y = data("regression", missing=True)
    booster = train(x, y, objective="reg:squarederror", base_score=-7.25)
    case("regression_base_score", booster, "regression", "base_score=-7.25, missing values")
    x, y = data("regression")
    booster = train(x, y, objective="reg:absoluteerror")
    case("absolute_error", booster, "regression", "reg:absoluteerror: leaves refreshed after growing")
    booster = train(x, y, rounds=6, objective="reg:squarederror", grow_policy="lossguide", max_leaves=6, max_depth=0)
    case("lossguide", booster, "regression", "grow_policy=lossguide: node numbers are not in level order")
    booster = train(x, y, objective="reg:squarederror", tree_method="exact", gamma=20.0)
    case("pruned", booster, "regression", "tree_method=exact with pruning: deleted nodes stay in the file")
    booster = train(x, y, rounds=1, max_depth=0, max_leaves=1, grow_policy="lossguide", gamma=1e9, objective="reg:squarederror")
    case("stump", booster, "regression", "a single leaf")
    x, y = data("targets")
    booster = train(x, y, rounds=4, objective="reg:squarederror")
    case("two_targets", booster, "regression", "two targets, a tree each a round")
    booster = train(x, y, rounds=4, objective="reg:squarederror", multi_strategy="multi_output_tree")
    case("vector_leaf", booster, "regression", "two targets, trees with a vector in each leaf")
    x, y = data("binary")
    names = [f"f{i}" for i in range(5)]
    booster = train(x, y, objective="binary:logistic", names=names)
    booster.set_attr(best_iteration="2", best_score="0.4", note="three of six rounds")
    case(
        "attributes", booster, "binary",
        "attribute best_iteration: Booster.predict uses every round all the same", names=names,
    )

    def frame(names, columns):
        kinds = [pd.CategoricalDtype(["blue", "dark blue", "green", "red"]), float, float]
        return pd.DataFrame({
            n: pd.Series(c, dtype=object).where(pd.notna(pd.Series(c)), None).astype(k) if i == 0
            else pd.Series(c, dtype=float)
            for i, (n, c, k) in enumerate(zip(names, columns, kinds))
        })

    rng = np.random.default_rng(8)
    pick = shuffled(["red", "green", "blue", "dark blue"], 0.06)
    rows = [[pick(rng), rng.normal(), rng.normal() * 3] for _ in range(300)]
    y = [(row[0] in ("red", "blue")) * 2.0 + row[1] for row in rows]
    names = ["color", "a", "b"]
    table = frame(names, [[np.nan if v is None else v for v in c] for c in zip(*rows)])
    matrix = xgboost.DMatrix(table, label=y, enable_categorical=True)
    booster = xgboost.train({**COMMON, "objective": "reg:squarederror"}, matrix, num_boost_round=6)
    rng = np.random.default_rng(9)
    rows = [[pick(rng), rng.normal(), rng.normal() * 3] for _ in range(60)]
    case(
        "categorical_text", booster, "regression",
        "a pandas category column: the file carries the texts, the rows name them", names=names,
        rows=rows, width=3, frame=frame,
    )


if __name__ == "__main__":
    main()
