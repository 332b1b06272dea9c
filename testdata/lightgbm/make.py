"""Makes the cases of this folder with the LightGBM it finds; the version ends their names.

    python3.11 -m venv env && env/bin/pip install -r requirements-4.7.txt && env/bin/python make.py

Once for each of requirements-4.7.txt (all cases) and -3.3.txt (the cases marked `old`). Data are
drawn from seeded generators and trained in one thread; the expected numbers are those of
Booster.predict on the rows as they are read back from inputs.csv.
"""

import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import _fixture as fixture  # noqa: E402

VERSION = tuple(int(part) for part in lightgbm.__version__.split(".")[:2])
SUFFIX = "_%d_%d" % VERSION
COMMON = {
    "num_leaves": 7, "learning_rate": 0.3, "num_threads": 1, "seed": 0, "deterministic": True,
    "force_row_wise": True, "verbose": -1, "min_data_in_leaf": 8,
}
EXACT = (1e-14, 1e-15)
DOTS = (1e-11, 1e-12)
NEAR_ZERO = [1e-36, -1e-36, 1e-35, -1e-35, 1.0000001e-35, 2e-35, -2e-35, 5e-324]


def data(kind, classes=3, width=5, count=300, seed=0, missing=False, zeros=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width)) * np.linspace(0.5, 3.0, width)
    score = x @ rng.normal(size=(width, max(classes, 2))) + np.sin(x[:, [0]] * 2)
    score += 0.3 * rng.normal(size=score.shape)
    if missing:
        x[rng.random(x.shape) < 0.12] = np.nan
    if zeros:
        x[rng.random(x.shape) < 0.25] = 0.0
    if kind == "binary":
        return x, (score[:, 0] > 0).astype(int)
    if kind == "multi":
        return x, score.argmax(axis=1)
    if kind == "count":
        return x, rng.poisson(np.exp(score[:, 0] / 4))
    if kind == "positive":
        return x, np.exp(score[:, 0] / 3)
    if kind == "share":
        return x, 1 / (1 + np.exp(-score[:, 0]))
    return x, score[:, 0]


def splits(booster):
    """(column, threshold) of every numerical split."""
    found, stack = [], [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    while stack:
        node = stack.pop()
        if "split_feature" in node:
            if node["decision_type"] == "<=":
                found.append((node["split_feature"], node["threshold"]))
            stack += [node["left_child"], node["right_child"]]
    return found


def train(x, y, rounds=6, categorical="auto", names="auto", **parameters):
    parameters = {**COMMON, **parameters}
    table = lightgbm.Dataset(
        x, label=y, categorical_feature=categorical, feature_name=names, params=parameters
    )
    return lightgbm.train(parameters, table, num_boost_round=rounds)


def case(
    name, booster, kind, note, names=None, rows=None, tolerance=EXACT, large=1e30, width=5,
    frame=None,
):
    folder = HERE / (name + SUFFIX)
    folder.mkdir(exist_ok=True)
    if rows is None:
        rng = np.random.default_rng(1)
        base = rng.normal(size=(40, width)) * np.linspace(0.5, 3.0, width)
        rows = list(base) + fixture.split_rows(base, splits(booster), rng)
        rows += fixture.edge_rows(width, large)
        for column in range(2):
            for value in NEAR_ZERO:
                row = np.array(base[column])
                row[column] = value
                rows.append(row)
        rows = np.array(rows)
        rows = np.vstack([rows, fixture.blank(rows[:25], rng)])
    header = names or [f"x{i}" for i in range(width)]
    fixture.write_table(folder / "inputs.csv", header, rows)
    _, columns = fixture.read_table(folder / "inputs.csv")
    inputs = frame(header, columns) if frame else np.array(columns, dtype=float).T

    booster.save_model(folder / "model.txt")
    values = booster.predict(inputs, num_threads=1)
    margins = booster.predict(inputs, raw_score=True, num_threads=1).reshape(len(rows), -1)
    again = lightgbm.Booster(model_file=str(folder / "model.txt"))
    assert np.array_equal(again.predict(inputs, num_threads=1), values)

    if kind == "binary":
        header = fixture.classifier_header([0, 1])
        table = [[int(p > 0.5), 1.0 - p, p] for p in values]
    elif kind == "multi":
        header = fixture.classifier_header(range(values.shape[1]))
        table = [[int(row.argmax()), *row] for row in values]
    else:
        header = ["prediction"]
        table = values.reshape(-1, 1)
    fixture.write_table(folder / "expected.csv", header, table)
    fixture.write_table(
        folder / "margins.csv", fixture.numbered("margin", margins.shape[1]), margins
    )
    keys = {
        "producer": "lightgbm",
        "task": "regression" if kind == "regression" else "classification",
        "models": ["model.txt"],
        "licence": fixture.LICENCE,
        "note": note,
        "precision": "f64",
        "labels": "exact",
        "tolerance_rel": tolerance[0],
        "tolerance_abs": tolerance[1],
    }
    versions = {"lightgbm": lightgbm.__version__, "numpy": np.__version__}
    fixture.write_case(folder, keys, versions)


def main():
    old = VERSION < (4, 0)

    x, y = data("binary", missing=True)
    booster = train(x, y, objective="binary")
    case("binary", booster, "binary", "binary, trained with missing values (missing type NaN)")
    x, y = data("multi")
    booster = train(x, y, rounds=4, objective="multiclass", num_class=3)
    case("multiclass", booster, "multi", "multiclass, softmax; no missing values in training (missing type none)")
    x, y = data("regression")
    booster = train(x, y)
    case("regression", booster, "regression", "squared error")
    x, y = data("regression")
    booster = train(x, y, boosting="rf", bagging_freq=1, bagging_fraction=0.7, feature_fraction=0.8)
    case(
        "rf", booster, "regression",
        "boosting=rf: average_output, the prediction is the mean of the trees; raw_score as the library gives it",
    )
    x, y = data("regression")
    booster = train(x, y, linear_tree=True)
    case(
        "linear_tree", booster, "regression",
        "a linear model in each leaf; a missing value in a used column falls back to leaf_value",
        tolerance=DOTS, large=1e6,
    )

    rng = np.random.default_rng(5)
    codes = np.column_stack([
        rng.integers(0, 40, 500), rng.normal(size=500), rng.integers(0, 5, 500), rng.normal(size=500) * 2,
    ]).astype(float)
    y = (((codes[:, 0] * 7) % 11 < 5) ^ (codes[:, 1] > 0.4) ^ (codes[:, 2] == 3)).astype(int)
    booster = train(
        codes, y, categorical=[0, 2], objective="binary", min_data_per_group=5, cat_smooth=1.0,
        max_cat_to_onehot=6,
    )
    rng = np.random.default_rng(6)
    rows = []
    for index in range(90):
        row = [int(rng.integers(0, 40)), rng.normal(), int(rng.integers(0, 5)), rng.normal() * 2]
        if index % 6 == 0:
            row[0] = [41, 63, 64, 1000, -1, -7, 2.7, 3.0, -0.5][index // 6 % 9]
        if index % 10 == 0:
            row[2] = [None, 31, 32, 5, -2][index // 10 % 5]
        if index % 13 == 0:
            row[0] = None
        rows.append(row)
    case(
        "categorical", booster, "binary",
        "category sets wider than 32 bits; unknown, negative, fractional and missing codes",
        rows=rows, width=4,
    )
    if old:
        x, y = data("binary")
        booster = train(x, y, boosting="dart", drop_rate=0.4, objective="binary")
        case("dart", booster, "binary", "boosting=dart: the weights are in the leaves")
        return

    x, y = data("multi")
    booster = train(x, y, rounds=4, objective="multiclassova", num_class=3, sigmoid=1.5)
    case("multiclassova", booster, "multi", "one against all: sigmoid of each, sigmoid=1.5, not normalised")
    booster = train(
        x, y, rounds=4, objective="multiclass", num_class=3, boosting="rf", bagging_freq=1, bagging_fraction=0.7,
    )
    case("rf_multiclass", booster, "multi", "boosting=rf, three classes")
    x, y = data("binary")
    booster = train(x, y, objective="binary", sigmoid=2.0)
    case("binary_sigmoid", booster, "binary", "binary with sigmoid=2")
    booster = train(x, y, boosting="dart", drop_rate=0.4, objective="binary")
    case("dart", booster, "binary", "boosting=dart: the weights are in the leaves")
    booster = train(x, y, boosting="rf", bagging_freq=1, bagging_fraction=0.7, objective="binary")
    case("rf_binary", booster, "binary", "boosting=rf, binary: mean of the trees, then the sigmoid")
    x, y = data("count")
    booster = train(x, y, objective="poisson")
    case("poisson", booster, "regression", "poisson: exp of the sum")
    x, y = data("positive")
    booster = train(x, y, objective="tweedie", tweedie_variance_power=1.3)
    case("tweedie", booster, "regression", "tweedie: exp of the sum")
    booster = train(x, y, objective="gamma")
    case("gamma", booster, "regression", "gamma: exp of the sum")
    x, y = data("regression")
    booster = train(x, y, objective="quantile", alpha=0.8)
    case("quantile", booster, "regression", "quantile, alpha=0.8")
    booster = train(x, np.sign(y) * y**2, objective="regression", reg_sqrt=True)
    case("regression_sqrt", booster, "regression", "reg_sqrt: the square of the sum with its sign")
    x, y = data("share")
    booster = train(x, y, objective="cross_entropy")
    case("cross_entropy", booster, "regression", "cross_entropy: targets between 0 and 1, sigmoid")
    x, y = data("binary", zeros=True)
    booster = train(x, y, objective="binary", zero_as_missing=True)
    case("zero_as_missing", booster, "binary", "zero_as_missing: zero, and NaN, take the default direction")
    x, y = data("binary", missing=True)
    booster = train(x, y, objective="binary", use_missing=False)
    case("no_missing", booster, "binary", "use_missing=false: NaN counts as 0")
    x, y = data("regression", missing=True)
    booster = train(x, y, linear_tree=True, objective="regression")
    case("linear_tree_missing", booster, "regression", "linear leaves, trained with missing values", tolerance=DOTS, large=1e6)
    x, y = data("binary", missing=True)
    booster = train(x, y, linear_tree=True, objective="binary", linear_lambda=0.1)
    case("linear_tree_binary", booster, "binary", "linear leaves, binary", tolerance=DOTS, large=50.0)
    x, y = data("multi")
    booster = train(x, y, rounds=3, linear_tree=True, objective="multiclass", num_class=3, boosting="dart", drop_rate=0.5)
    case("linear_tree_multi", booster, "multi", "linear leaves, three classes, DART", tolerance=DOTS, large=50.0)
    x, y = data("regression", zeros=True)
    booster = train(x, y, linear_tree=True, boosting="rf", bagging_freq=1, bagging_fraction=0.7)
    case("linear_tree_rf", booster, "regression", "linear leaves, the mean of a random forest", tolerance=DOTS, large=1e6)
    x, y = data("regression")
    x[:, 4] = np.arange(len(x)) % 7
    booster = train(x, y + x[:, 4] % 3, linear_tree=True, categorical=[4])
    case("linear_tree_categories", booster, "regression", "linear leaves below splits of categories", tolerance=DOTS, large=1e6)
    booster = train(x, np.full(len(x), 2.5), linear_tree=True)
    case("linear_tree_constant", booster, "regression", "linear leaves, a constant target: trees of one leaf", tolerance=DOTS)
    x, y = data("regression")
    names = ["age", "body_mass", "x.3", "größe", "last"]
    booster = train(x, y, names=names)
    case("named", booster, "regression", "feature names", names=names)
    booster = train(x, np.full(len(x), 2.5), rounds=1)
    case("constant", booster, "regression", "a single leaf: nothing to split on")

    def frame(names, columns):
        table = pd.DataFrame(dict(zip(names, columns)))
        kind = pd.CategoricalDtype(["blue", "dark blue", "green", "red"])
        table["color"] = pd.Categorical(
            [v if v in kind.categories else None for v in table["color"].astype(object)], dtype=kind
        )
        return table

    rng = np.random.default_rng(8)
    colors = ["red", "green", "blue", "dark blue"]
    rows = [[colors[rng.integers(4)], rng.normal(), rng.normal() * 3] for _ in range(300)]
    y = [(row[0] in ("red", "blue")) * 2.0 + row[1] for row in rows]
    names = ["color", "a", "b"]
    booster = train(frame(names, list(zip(*rows))), y, min_data_per_group=5, cat_smooth=1.0)
    rng = np.random.default_rng(9)
    asked = [colors + [None, "violet"], None]
    rows = [[asked[0][rng.integers(6)], rng.normal(), rng.normal() * 3] for _ in range(60)]
    case(
        "categorical_text", booster, "regression",
        "a pandas category column: the texts are in the pandas_categorical line; missing and unknown ones among the rows",
        names=names, rows=rows, width=3, frame=frame,
    )


if __name__ == "__main__":
    main()
