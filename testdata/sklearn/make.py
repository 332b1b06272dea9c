"""Makes the cases of this folder with the scikit-learn it finds; the version ends their names.

    python3.11 -m venv env && env/bin/pip install -r requirements-1.9.txt && env/bin/python make.py

Once for each of requirements-1.9.txt (all cases), -1.5.txt and -1.2.txt (the cases marked `old`), then
-1.1.txt, -1.0.txt and -0.24.txt with Python 3.9 and -0.22.txt with Python 3.8 (those and the ones marked
`early`), and of -1.3.txt for `pls` alone.
Data are drawn from seeded generators; the expected numbers are scikit-learn's own, computed on the
rows as they are read back from inputs.csv. `--only NAME …` makes those cases and fits little else; names are with
or without the version. What decides for all rows of a call together (`NMF`) is asked row by row.
"""

import argparse
import pickle
import sys
import warnings
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import scipy
import scipy.spatial
import sklearn

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
if VERSION < (1, 0):
    from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
import _fixture as fixture  # noqa: E402
import _wide as wide  # noqa: E402

SUFFIX = "_%d_%d" % VERSION
PROTOCOLS = {"count": 0}
ARGUMENTS = argparse.ArgumentParser()
ARGUMENTS.add_argument("--only", nargs="+", metavar="NAME", default=[])
ONLY = set(ARGUMENTS.parse_args().only)

EXACT = (0.0, 0.0)
SUMS = (1e-14, 1e-15)
DOTS = (1e-11, 1e-12)

STRINGS = {
    2: np.array(["no", "yes"], dtype=object),
    3: np.array(["red", "green", "blue"], dtype=object),
}


def data(classes=0, width=5, count=240, seed=0, targets=1, missing=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width)) * np.linspace(0.5, 3.0, width)
    weights = rng.normal(size=(width, max(classes, targets)))
    score = x @ weights + np.sin(x[:, [0]] * 2) + 0.3 * rng.normal(size=(count, 1))
    if missing:
        x[rng.random(x.shape) < 0.12] = np.nan
    if classes == 2:
        return x, (score[:, 0] > 0).astype(int)
    if classes:
        return x, score.argmax(axis=1)
    return x, score[:, 0] if targets == 1 else score


def splits(model):
    """(column, threshold) of every split of a tree, a forest or a boosted ensemble."""
    trees = np.ravel(getattr(model, "estimators_", [model]))
    found = []
    for tree in trees:
        inner = tree.tree_
        found += [
            (inner.feature[i], inner.threshold[i])
            for i in range(inner.node_count)
            if inner.children_left[i] >= 0
        ]
    return found


def rows_for(model, width, missing=False, large=1e6, seed=1, fill=40):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(fill, width)) * np.linspace(0.5, 3.0, width)
    rows = list(base)
    if hasattr(model, "tree_") or hasattr(np.ravel(getattr(model, "estimators_", [0]))[0], "tree_"):
        rows += fixture.split_rows(base, splits(model), rng)
    rows += fixture.edge_rows(width, large)
    rows = np.array(rows)
    if missing:
        rows = np.vstack([rows, fixture.blank(rows[:40], rng)])
    return rows


def save(model, folder, forms):
    if forms == "protocols":
        names = []
        for protocol in range(6):
            name = f"model_p{protocol}.pkl"
            (folder / name).write_bytes(pickle.dumps(model, protocol))
            names.append(name)
        return names
    if forms == "joblib":
        names = []
        for form in (None, "zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
            name = f"model_{form or 'raw'}.joblib"
            joblib.dump(model, folder / name, compress=(form, 3) if form else 0)
            names.append(name)
        return names
    if forms.startswith("skops"):
        import skops.io

        how = zipfile.ZIP_STORED if forms == "skops" else zipfile.ZIP_DEFLATED
        skops.io.dump(model, folder / "model.skops", compression=how)
        if forms == "skops_and_pickle":
            (folder / "model.pkl").write_bytes(pickle.dumps(model))
        return ["model.skops", "model.pkl"][: 2 if forms == "skops_and_pickle" else 1]
    if forms == "one_joblib":
        joblib.dump(model, folder / "model.joblib")
        return ["model.joblib"]
    protocol = (5, 4, 2, 3, 0, 1)[PROTOCOLS["count"] % 6]
    PROTOCOLS["count"] += 1
    (folder / "model.pkl").write_bytes(pickle.dumps(model, protocol))
    return ["model.pkl"]


def load(path):
    if path.suffix == ".joblib":
        return joblib.load(path)
    if path.suffix == ".skops":
        import skops.io

        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    return pickle.loads(path.read_bytes())


REGRESSION_TREES = {"DecisionTreeRegressor", "ExtraTreeRegressor"}
CLUSTERINGS = {"KMeans", "MiniBatchKMeans", "BisectingKMeans", "MeanShift", "AffinityPropagation", "Birch"}


def answers(model, inputs):
    if "NMF(" in str(model) and len(inputs) > 1:
        parts = [answers(model, inputs[i : i + 1]) for i in range(len(inputs))]
        return parts[0][0], parts[0][1], [row for part in parts for row in part[2]]
    name = type(model).__name__
    if isinstance(getattr(model, "classes_", None), list) or has_labels(model):
        return targets(model, inputs)
    # Until 0.23 regression trees have `classes_` as well.
    classes = getattr(model, "classes_", None) if name not in REGRESSION_TREES else None
    if hasattr(model, "predict_proba") and classes is None:
        values = model.predict_proba(inputs)
        header = ["cluster"] + fixture.numbered("probability", values.shape[1])
        return "clustering", header, np.c_[model.predict(inputs), values]
    if hasattr(model, "predict_proba"):
        header = fixture.classifier_header(model.classes_)
        table = [
            [label, *values]
            for label, values in zip(model.predict(inputs), model.predict_proba(inputs))
        ]
        return "classification", header, table
    if hasattr(model, "predict") and classes is not None:
        return "classification", ["label"], [[label] for label in model.predict(inputs)]
    if sklearn.base.is_outlier_detector(model):
        table = zip(model.predict(inputs), np.ravel(model.decision_function(inputs)))
        return "anomaly", ["label", "score"], [list(row) for row in table]
    if hasattr(model, "predict") and name in CLUSTERINGS:
        label = model.predict(inputs)
        if name == "BisectingKMeans":
            return "clustering", ["cluster"], [[value] for value in label]
        key = "subcluster_centers_" if name == "Birch" else "cluster_centers_"
        values = scipy.spatial.distance.cdist(inputs, getattr(model, key))
        header = ["cluster"] + fixture.numbered("distance", values.shape[1])
        return "clustering", header, [[a, *b] for a, b in zip(label, values)]
    if hasattr(model, "predict"):
        values = model.predict(inputs)
        values = values.reshape(len(values), -1)
        return "regression", fixture.numbered("prediction", values.shape[1]), values
    if name == "KernelDensity":
        return "transform", ["y_0"], model.score_samples(inputs).reshape(-1, 1)
    values = model.transform(inputs)
    values = values.toarray() if scipy.sparse.issparse(values) else np.asarray(values)
    values = values.astype(float).reshape(len(values), -1)
    return "transform", fixture.numbered("y", values.shape[1]), values


def has_labels(model):
    """Whether rows may have several labels each."""
    binarizer = getattr(model, "label_binarizer_", getattr(model, "_label_binarizer", None))
    return str(getattr(binarizer, "y_type_", "")).startswith("multilabel")


def targets(model, inputs):
    """A classifier with several targets: label and probabilities of each."""
    labels = model.predict(inputs)
    if not hasattr(model, "predict_proba"):
        return "classification", [f"y{i}_label" for i in range(labels.shape[1])], labels.astype(int)
    shares = model.predict_proba(inputs)
    header, columns = [], []
    for i, classes in enumerate([[0, 1]] * labels.shape[1] if has_labels(model) else model.classes_):
        header += [f"y{i}_label"] + [f"y{i}_probability_{c}" for c in classes]
        if isinstance(shares, list):
            share = shares[i]
        else:  # a chain, and each of several labels, gives the probability of 1 only
            share = np.c_[1 - shares[:, i], shares[:, i]]
        columns += [labels[:, i].astype(int), *share.T]
    return "classification", header, [list(row) for row in zip(*columns)]


def skips(name, forms):
    """Whether a case was not asked for. Those that are left out count for the protocols of the others."""
    left_out = bool(ONLY) and not ONLY & {name, name + SUFFIX}
    PROTOCOLS["count"] += left_out and forms == "pickle"
    return left_out


def case(name, model, rows, tolerance, note, forms="pickle", frame=None, flat=False, margins=True):
    """Writes one case. `rows`: an array, or a list of rows when `frame` names the columns. `flat`: the
    model takes its one column as a list, or rows as dictionaries. `margins`: whether to write those of `decision_function`."""
    folder = HERE / (name + SUFFIX)
    if skips(name, forms):
        return
    folder.mkdir(exist_ok=True)
    names = frame or [f"x{i}" for i in range(np.shape(rows)[1])]
    fixture.write_table(folder / "inputs.csv", names, rows)
    _, columns = fixture.read_table(folder / "inputs.csv")
    if frame:
        inputs = pd.DataFrame(
            {
                n: pd.Series(c, dtype=object if any(isinstance(v, str) for v in c) else float)
                for n, c in zip(names, columns)
            }
        )
    else:
        inputs = np.array(columns, dtype=float).T
    if flat == "dictionaries":
        known = lambda value: not isinstance(value, float) or value == value
        inputs = [{k: v for k, v in zip(names, row) if known(v)} for row in zip(*columns)]
    elif flat:
        inputs = columns[0]

    models = save(model, folder, forms)
    task, header, table = answers(model, inputs)
    for other in models:  # what was written answers as what was fitted
        path = folder / other
        again = load(path)
        _, _, same = answers(again, inputs)
        assert [list(map(str, row)) for row in same] == [list(map(str, row)) for row in table]
    fixture.write_table(folder / "expected.csv", header, table)
    if margins and task == "classification" and hasattr(model, "decision_function"):
        margins = np.asarray(model.decision_function(inputs)).reshape(len(inputs), -1)
        fixture.write_table(
            folder / "margins.csv", fixture.numbered("margin", margins.shape[1]), margins
        )
    keys = {
        "producer": "scikit-learn",
        "task": task,
        "models": models,
        "licence": fixture.LICENCE,
        "note": note,
        "precision": "f64",
        "labels": "exact",
        "tolerance_rel": tolerance[0],
        "tolerance_abs": tolerance[1],
    }
    versions = {
        "scikit-learn": sklearn.__version__,
        "joblib": joblib.__version__,
        "numpy": np.__version__,
        "python": sys.version.split()[0],
    }
    if not any(name.endswith(".joblib") for name in models):
        del versions["joblib"]
    if forms.startswith("skops"):
        import skops

        versions["skops"] = skops.__version__
    fixture.write_case(folder, keys, versions)


def linear_models(old):
    x, y = data(2)
    model = LogisticRegression().fit(x, y)
    case("logistic_binary", model, rows_for(model, 5), DOTS, "two integer classes")
    case("logistic_protocols", model, rows_for(model, 5), DOTS, "one fit in every protocol", "protocols")

    x, y = data(3)
    model = LogisticRegression().fit(x, y)
    case("logistic_multinomial", model, rows_for(model, 5), DOTS, "three integer classes, softmax")
    if VERSION < (1, 8):
        model = LogisticRegression(multi_class="ovr").fit(x, y)
        case(
            "logistic_ovr", model, rows_for(model, 5, large=50.0), DOTS,
            "multi_class=ovr: sigmoid of each class, then divided by their sum",
        )
    model = LogisticRegression().fit(x, STRINGS[3][y])
    case("logistic_strings", model, rows_for(model, 5), DOTS, "three string classes, sorted by name")
    if old:
        return
    x, y = data(2)
    model = LogisticRegression().fit(x, STRINGS[2][y])
    case("logistic_binary_strings", model, rows_for(model, 5), DOTS, "two string classes")
    model = LogisticRegression(fit_intercept=False).fit(x, y)
    case("logistic_no_intercept", model, rows_for(model, 5), DOTS, "fit_intercept=False")
    x, y = data()
    model = LinearRegression().fit(x, y)
    case("linear", model, rows_for(model, 5), DOTS, "least squares, one target")
    model = LinearRegression(fit_intercept=False).fit(x, y)
    case("linear_no_intercept", model, rows_for(model, 5), DOTS, "intercept_ is the number 0.0")
    x, y = data(targets=2)
    model = LinearRegression().fit(x, y)
    case("linear_two_targets", model, rows_for(model, 5), DOTS, "least squares, two targets")


def trees(old):
    x, y = data(3)
    model = DecisionTreeClassifier(max_depth=5, random_state=0).fit(x, y)
    case("tree_multi", model, rows_for(model, 5, large=1e30), EXACT, "three integer classes")
    x, y = data()
    model = DecisionTreeRegressor(max_depth=5, random_state=0).fit(x, y)
    case("tree_regressor", model, rows_for(model, 5, large=1e30), EXACT, "one target")
    if old:
        return
    x, y = data(2)
    model = DecisionTreeClassifier(max_depth=4, random_state=0).fit(x, y)
    case("tree_binary", model, rows_for(model, 5, large=1e30), EXACT, "two integer classes")
    x, y = data(3)
    model = DecisionTreeClassifier(max_depth=4, random_state=0).fit(x, STRINGS[3][y])
    case("tree_strings", model, rows_for(model, 5, large=1e30), EXACT, "three string classes")
    model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(x, np.zeros(len(x), dtype=int))
    case("tree_one_class", model, rows_for(model, 5), EXACT, "one class, a single leaf")
    model = DecisionTreeClassifier(
        max_depth=4, random_state=0, class_weight={0: 1.0, 1: 2.5, 2: 0.3}
    ).fit(x, y)
    case("tree_weighted", model, rows_for(model, 5, large=1e30), EXACT, "class weights")
    x, y = data(targets=2)
    model = DecisionTreeRegressor(max_depth=4, random_state=0).fit(x, y)
    case("tree_two_targets", model, rows_for(model, 5, large=1e30), EXACT, "two targets")
    x, y = data(3, missing=True)
    model = DecisionTreeClassifier(max_depth=5, random_state=0).fit(x, y)
    case(
        "tree_missing", model, rows_for(model, 5, missing=True, large=1e30), EXACT,
        "fitted with missing values: missing_go_to_left of each node decides",
    )
    x, y = data(missing=True)
    model = DecisionTreeRegressor(max_depth=5, random_state=0).fit(x, y)
    case(
        "tree_regressor_missing", model, rows_for(model, 5, missing=True, large=1e30), EXACT,
        "regression fitted with missing values",
    )


def forests(old):
    small = dict(n_estimators=10, max_depth=5, random_state=0, n_jobs=1)
    x, y = data(2)
    model = RandomForestClassifier(**small).fit(x, y)
    case("forest_binary", model, rows_for(model, 5, large=1e30), SUMS, "two integer classes")
    x, y = data(3)
    model = RandomForestClassifier(**small).fit(x, STRINGS[3][y])
    case("forest_strings", model, rows_for(model, 5, large=1e30), SUMS, "three string classes")
    x, y = data()
    model = RandomForestRegressor(**small).fit(x, y)
    case(
        "forest_regressor", model, rows_for(model, 5, large=1e30), SUMS, "one target, raw joblib",
        "one_joblib",
    )
    if old:
        return
    x, y = data(3)
    model = RandomForestClassifier(**small).fit(x, y)
    case("forest_multi", model, rows_for(model, 5, large=1e30), SUMS, "three integer classes")
    x, y = data(targets=2)
    model = RandomForestRegressor(**small).fit(x, y)
    case("forest_two_targets", model, rows_for(model, 5, large=1e30), SUMS, "two targets")
    x, y = data(2, missing=True)
    model = RandomForestClassifier(**small).fit(x, y)
    case(
        "forest_missing", model, rows_for(model, 5, missing=True, large=1e30), SUMS,
        "fitted with missing values",
    )
    x, y = data(2)
    model = RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0, n_jobs=1).fit(x, y)
    case(
        "forest_joblib_forms", model, rows_for(model, 5, large=1e30), SUMS,
        "one fit in every form that joblib.dump writes; the extension does not tell which", "joblib",
    )


def boosting(old):
    small = dict(n_estimators=12, max_depth=3, random_state=0)
    x, y = data(2)
    model = GradientBoostingClassifier(**small).fit(x, y)
    case("boosting_binary", model, rows_for(model, 5, large=1e30), SUMS, "two integer classes")
    x, y = data(3)
    model = GradientBoostingClassifier(**small).fit(x, y)
    case("boosting_multi", model, rows_for(model, 5, large=1e30), SUMS, "three classes, a tree each a round")
    x, y = data()
    model = GradientBoostingRegressor(**small).fit(x, y)
    case("boosting_regressor", model, rows_for(model, 5, large=1e30), SUMS, "squared error")
    if old:
        return
    model = GradientBoostingRegressor(loss="huber", **small).fit(x, y)
    case("boosting_huber", model, rows_for(model, 5, large=1e30), SUMS, "Huber loss: starts from the median")
    model = GradientBoostingRegressor(init="zero", learning_rate=0.3, **small).fit(x, y)
    case("boosting_zero", model, rows_for(model, 5, large=1e30), SUMS, "init=zero, another learning rate")
    x, y = data(2)
    model = GradientBoostingClassifier(**small).fit(x, STRINGS[2][y])
    case("boosting_strings", model, rows_for(model, 5, large=1e30), SUMS, "two string classes")
    model = GradientBoostingClassifier(loss="exponential", **small).fit(x, y)
    case(
        "boosting_exponential", model, rows_for(model, 5, large=1e30), SUMS,
        "exponential loss: the probability is the sigmoid of twice the score",
    )
    x, y = data(2, missing=True)
    model = HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=8, random_state=0).fit(x, y)
    case("hist_binary", model, rows_for(model, 5, missing=True), SUMS, "histogram boosting, missing values")
    x, y = data()
    model = HistGradientBoostingRegressor(max_iter=8, max_leaf_nodes=8, random_state=0).fit(x, y)
    case("hist_regressor", model, rows_for(model, 5), SUMS, "histogram boosting, squared error")


COLORS = ["red", "green", "blue", "dark blue", "grün, hell"]
SIZES = ["S", "M", "L"]


def people(count, seed, unknown=False, missing=True):
    """Rows of text and numbers: age, income, height, color, size."""
    rng = np.random.default_rng(seed)
    rows = []
    for index in range(count):
        row = [
            float(rng.integers(18, 90)),
            float(np.round(rng.lognormal(8, 1), 2)),
            float(np.round(rng.normal(1.7, 0.1), 3)),
            COLORS[rng.integers(len(COLORS))],
            SIZES[rng.integers(len(SIZES))],
        ]
        if missing:
            for column in (0, 1, 3):
                if rng.random() < 0.08:
                    row[column] = None
        if unknown and index % 7 == 0:
            row[3] = "violet"
        if unknown and index % 11 == 0:
            row[4] = "xl"
        rows.append(row)
    return rows


NAMES = ["age", "income", "height", "color", "size"]


def frame(rows):
    columns = list(zip(*rows))
    return pd.DataFrame(
        {
            name: pd.Series(
                [np.nan if value is None else value for value in column],
                dtype=object if index > 2 else float,
            )
            for index, (name, column) in enumerate(zip(NAMES, columns))
        }
    )


def labels_of(table, classes=2):
    score = (
        table["age"].fillna(50) / 40
        + np.log(table["income"].fillna(3000)) / 8
        + (table["color"] == "red") * 0.8
        - (table["size"] == "S") * 0.7
    )
    return np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))


def pipelines(old):
    x, y = data(2, missing=True)
    model = Pipeline(
        [
            ("impute", SimpleImputer(strategy="mean")),
            ("scale", StandardScaler()),
            ("model", LogisticRegression()),
        ]
    ).fit(x, y)
    case(
        "pipeline_logistic", model, rows_for(model, 5, missing=True), DOTS,
        "mean imputer, scaler, logistic regression",
    )

    table = frame(people(300, 3))
    numeric = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    text = Pipeline(
        [
            ("impute", SimpleImputer(strategy="most_frequent")),
            ("onehot", OneHotEncoder(handle_unknown="ignore")),
        ]
    )
    columns = ColumnTransformer([("number", numeric, NAMES[:3]), ("text", text, NAMES[3:])])
    rows = people(70, 4, unknown=True)
    y = labels_of(table)

    forest = RandomForestClassifier(n_estimators=8, max_depth=5, random_state=0, n_jobs=1)
    model = Pipeline([("columns", columns), ("forest", forest)]).fit(table, y)
    case(
        "pipeline_columns_forest", model, rows, SUMS,
        "text and numbers with missing and unknown values, forest", "one_joblib", NAMES,
    )
    model = Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=500))])
    model = model.fit(table, STRINGS[3][labels_of(table, 3)])
    case(
        "pipeline_columns_logistic", model, rows, DOTS,
        "text and numbers with missing and unknown values, three string classes", frame=NAMES,
    )
    if old:
        return

    whole = frame(people(300, 3, missing=False))
    full = people(70, 5, unknown=True, missing=False)
    columns = ColumnTransformer(
        [
            ("text", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["size", "color"]),
            ("scale", StandardScaler(), ["income"]),
        ],
        remainder="passthrough",
    )
    model = Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=2000))])
    model = model.fit(whole, labels_of(whole))
    case(
        "pipeline_passthrough", model, full, DOTS,
        "remainder=passthrough: the columns left over come last, columns picked out of order",
        frame=NAMES,
    )
    columns = ColumnTransformer(
        [
            ("text", OneHotEncoder(drop="first"), ["color", "size"]),
            ("drop", "drop", ["height"]),
            ("keep", "passthrough", ["age", "income"]),
        ]
    )
    model = Pipeline([("columns", columns), ("model", LinearRegression())])
    model = model.fit(whole, whole["age"] * 2 + np.log(whole["income"]) + (whole["size"] == "M"))
    case(
        "pipeline_drop_first", model, people(70, 6, missing=False), DOTS,
        "OneHotEncoder(drop=first), a dropped and a passed column, linear regression", frame=NAMES,
    )
    x, y = data(3)
    columns = ColumnTransformer([("a", StandardScaler(), [3, 1]), ("b", "passthrough", slice(0, 1))])
    model = Pipeline([("columns", columns), ("tree", DecisionTreeClassifier(max_depth=3, random_state=0))])
    model = model.fit(x, y)
    case("pipeline_by_index", model, rows_for(model, 5), EXACT, "columns picked by index and by slice")
    x, y = data(2)
    model = Pipeline([("nothing", "passthrough"), ("model", LogisticRegression())]).fit(x, y)
    case("pipeline_passthrough_step", model, rows_for(model, 5), DOTS, "a step that does nothing")


def transforms(old):
    x, _ = data(2)
    model = StandardScaler().fit(x)
    case("scaler", model, rows_for(model, 5), EXACT, "subtracts the mean, divides by the deviation")
    if old:
        return
    model = StandardScaler(with_mean=False).fit(x)
    case("scaler_no_mean", model, rows_for(model, 5), EXACT, "with_mean=False")
    model = StandardScaler(with_std=False).fit(x)
    case("scaler_no_deviation", model, rows_for(model, 5), EXACT, "with_std=False: scale_ is None")
    constant = x.copy()
    constant[:, 2] = 7.0
    model = StandardScaler().fit(constant)
    case("scaler_constant_column", model, rows_for(model, 5), EXACT, "a column without deviation: scale 1")

    x, _ = data(2, missing=True)
    for strategy in ("mean", "median", "most_frequent"):
        model = SimpleImputer(strategy=strategy).fit(x)
        case(f"imputer_{strategy}", model, rows_for(model, 5, missing=True), EXACT, f"strategy={strategy}")
    model = SimpleImputer(strategy="constant", fill_value=-999.0).fit(x)
    case("imputer_constant", model, rows_for(model, 5, missing=True), EXACT, "strategy=constant, -999")
    model = SimpleImputer(strategy="mean", add_indicator=True).fit(x)
    case(
        "imputer_indicator", model, rows_for(model, 5, missing=True), EXACT,
        "add_indicator: a column for each input that had missing values. May be refused, must not be misread",
    )
    empty = x.copy()
    empty[:, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SimpleImputer(strategy="mean").fit(empty)
        case(
            "imputer_empty_column", model, rows_for(model, 5, missing=True), EXACT,
            "a column without any value while fitting is left out of the output",
        )
    zero = np.round(x)
    zero[np.isnan(zero)] = 0.0
    model = SimpleImputer(missing_values=0, strategy="mean").fit(zero)
    case(
        "imputer_zero_is_missing", model, rows_for(model, 5), EXACT,
        "missing_values=0: zero is replaced, also -0.0",
    )

    rows = [row[3:] for row in people(60, 7, unknown=True, missing=False)]
    texts = pd.DataFrame([row[3:] for row in people(100, 8, missing=False)], columns=NAMES[3:], dtype=object)
    model = OneHotEncoder(handle_unknown="ignore").fit(texts)
    case("onehot", model, rows, EXACT, "sparse output, unknown categories give zeros", frame=NAMES[3:])
    model = OneHotEncoder(handle_unknown="ignore", drop="first", sparse_output=False).fit(texts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case(
            "onehot_drop_first", model, rows, EXACT,
            "drop=first with handle_unknown=ignore: an unknown category looks like the first",
            frame=NAMES[3:],
        )
    model = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=3).fit(texts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case("onehot_infrequent", model, rows, EXACT, "max_categories=3: rare categories share a column", frame=NAMES[3:])
    missing = texts.copy()
    missing.iloc[::9, 0] = np.nan
    model = OneHotEncoder(handle_unknown="ignore").fit(missing)
    holes = [[None if i % 8 == 0 else row[0], row[1]] for i, row in enumerate(rows)]
    case("onehot_missing", model, holes, EXACT, "missing is a category of the first column", frame=NAMES[3:])
    rng = np.random.default_rng(9)
    codes = rng.integers(0, 4, size=(80, 2)).astype(float)
    model = OneHotEncoder(handle_unknown="ignore").fit(codes)
    case(
        "onehot_numbers", model, rng.integers(-1, 6, size=(60, 2)).astype(float) + (np.arange(60) % 10 == 9)[:, None] * 0.5,
        EXACT, "categories are numbers, unknown ones and fractions among the rows",
    )


def further(old):
    """Settings and classes beside the common ones; last, so that earlier cases keep their protocols."""
    x, y = data(2)
    three, y3 = data(3)
    holes, z = data(3, missing=True)
    if VERSION < (1, 8):
        model = LogisticRegression(multi_class="multinomial").fit(x, y)
        case("logistic_multinomial_two", model, rows_for(model, 5), DOTS, "two classes, softmax of (-m, m)")
        model = LogisticRegression(solver="liblinear").fit(three, y3)
        case(
            "logistic_liblinear", model, rows_for(model, 5, large=50.0), DOTS,
            "solver=liblinear with three classes is one against the rest",
        )
    small = dict(n_estimators=5, max_depth=4, random_state=0)
    model = ExtraTreesClassifier(**small).fit(three, y3)
    case("extra_trees", model, rows_for(model, 5, large=1e30), SUMS, "extremely randomized trees")
    weights = np.random.default_rng(0).random(240)
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(x, np.arange(240) % 11, sample_weight=weights)
    case(
        "tree_eleven_classes", model, rows_for(model, 5, large=1e30), EXACT,
        "eleven classes with random weights: counts are summed in eight lanes until 1.3",
    )
    whole = frame(people(200, 3, missing=False))
    columns = ColumnTransformer(
        [
            ("a", StandardScaler(), [True, False, True, False, False]),
            ("b", OneHotEncoder(drop="if_binary" if VERSION >= (0, 23) else "first"), np.array([False, False, False, True, True])),
        ],
        remainder="passthrough",
    ).fit(whole)
    case("columns_by_mask", columns, people(40, 4, missing=False), EXACT, "masks, remainder, drop=if_binary", frame=NAMES)
    if old:
        return
    y1 = data()[1]
    y2 = data(targets=2)[1]
    model = ExtraTreesRegressor(**small).fit(x, y1)
    case("extra_trees_regressor", model, rows_for(model, 5, large=1e30), SUMS, "extremely randomized trees")
    model = ExtraTreesClassifier(**small).fit(holes, z)
    case("extra_trees_missing", model, rows_for(model, 5, missing=True, large=1e30), SUMS, "missing values, from 1.6")
    model = Ridge().fit(x, y2)
    case("ridge_two_targets", model, rows_for(model, 5), DOTS, "two targets")
    model = Lasso(0.1, fit_intercept=False).fit(x, y1)
    case("lasso_no_intercept", model, rows_for(model, 5), DOTS, "fit_intercept=False")
    model = GradientBoostingClassifier(n_estimators=4, init="zero", random_state=0).fit(three, y3)
    case("boosting_zero_multi", model, rows_for(model, 5, large=1e30), SUMS, "init=zero, three classes")
    model = MinMaxScaler(feature_range=(-1, 2)).fit(holes)
    case("minmax", model, rows_for(model, 5, missing=True), EXACT, "feature_range=(-1, 2), NaN passes")
    model = MinMaxScaler(clip=True).fit(holes)
    case("minmax_clip", model, rows_for(model, 5, missing=True), EXACT, "clip=True, NaN passes")
    model = RobustScaler().fit(x)
    case("robust", model, rows_for(model, 5), EXACT, "median and quartiles")
    model = MaxAbsScaler().fit(x)
    case("maxabs", model, rows_for(model, 5), EXACT, "divided by the largest")
    model = SimpleImputer(strategy="most_frequent", add_indicator=True).fit(np.c_[x[:, :3], holes[:, 3:]])
    case(
        "imputer_indicator_some", model, rows_for(model, 5, missing=True), EXACT,
        "add_indicator: two of five columns had missing values",
    )
    table = frame(people(200, 3))
    rows = people(50, 5, unknown=True)
    text = Pipeline(
        [
            ("impute", SimpleImputer(strategy="constant", fill_value="none")),
            ("onehot", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=40, drop="first")),
        ]
    )
    ordinal = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
    )
    columns = ColumnTransformer([("a", text, slice("color", "size")), ("b", ordinal, slice(-2, None))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case(
            "columns_text", columns.fit(table), rows, EXACT,
            "rare categories with drop, ordinal codes, slices of names and of positions", frame=NAMES,
        )
    columns = ColumnTransformer(
        [("text", OneHotEncoder(handle_unknown="ignore"), [-2, -1])], remainder=StandardScaler()
    ).fit(table)
    case("columns_remainder", columns, rows, EXACT, "an estimator for the columns left over", frame=NAMES)
    columns = ColumnTransformer(
        [
            ("number", SimpleImputer(strategy="mean", add_indicator=True), NAMES[:3]),
            ("text", OneHotEncoder(handle_unknown="ignore"), NAMES[3:]),
        ]
    )
    model = Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=500))])
    model = model.fit(table, STRINGS[2][labels_of(table, 2)])
    case(
        "columns_indicator", model, rows, DOTS,
        "missing indicators of numbers beside text, logistic", frame=NAMES,
    )


def main():
    old = VERSION < (1, 9)
    for group in (linear_models, trees, forests, boosting, pipelines, transforms, further):
        with warnings.catch_warnings():
            if old:
                warnings.simplefilter("ignore", FutureWarning)
            group(old)
    wide.make(case, skips, old)


if __name__ == "__main__":
    main()
