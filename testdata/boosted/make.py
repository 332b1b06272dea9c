"""Makes the cases of this folder: boosters inside pickles, by their scikit-learn wrappers and bare.

    python3.11 -m venv env && env/bin/pip install --no-deps -r requirements-new.txt && env/bin/python make.py

Once for each of requirements-new.txt (all cases), -mid.txt and -old.txt (the cases marked `old`); the version
of the library that boosts ends their names. Data are drawn from seeded generators and trained in one thread; the
expected numbers are those of the wrapper's `predict` and `predict_proba` on the rows read back from inputs.csv.
"""

import pickle
import sys
import warnings
from pathlib import Path

import catboost
import joblib
import lightgbm
import numpy as np
import pandas as pd
import sklearn
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import _fixture as fixture  # noqa: E402

OLD = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9)
WORDS = np.array(["low", "mid", "high"], dtype=object)
XGB = {"n_estimators": 12, "max_depth": 3, "n_jobs": 1, "random_state": 0, "tree_method": "hist"}
LGB = {"n_estimators": 12, "num_leaves": 7, "n_jobs": 1, "random_state": 0, "verbose": -1}
CAT = {"iterations": 12, "depth": 3, "thread_count": 1, "random_seed": 0, "verbose": 0, "allow_writing_files": False}
F32, F64 = (1e-6, 1e-7), (1e-10, 1e-12)


def data(classes=0, width=5, count=300, seed=0, missing=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width)) * np.linspace(0.5, 3.0, width)
    score = x @ rng.normal(size=(width, max(classes, 2))) + np.sin(x[:, [0]] * 2)
    if missing:
        x[rng.random(x.shape) < 0.12] = np.nan
    if classes == 2:
        return x, (score[:, 0] > 0).astype(int)
    return x, score.argmax(axis=1) if classes else score[:, 0]


def rows(width=5, missing=False, count=60):
    rng = np.random.default_rng(7)
    drawn = rng.normal(size=(count, width)) * np.linspace(0.5, 3.0, width)
    found = np.vstack([drawn, *fixture.edge_rows(width, 1e6)])
    return np.vstack([found, fixture.blank(drawn[:20], rng)]) if missing else found


def frame(count=300, seed=3):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({
        "age": rng.normal(40, 12, count).round(1), "income": rng.normal(3000, 900, count).round(0),
        "colour": rng.choice(["red", "green", "blue"], count), "size": rng.choice(["S", "M", "L", "XL"], count),
    })
    table["colour"], table["size"] = table["colour"].astype(object), table["size"].astype(object)
    pull = table["age"] / 20 + table["income"] / 1500 + (table["colour"] == "red") * 2 - (table["size"] == "S")
    return table, np.where(pull + rng.normal(0, 0.5, count) > 4.3, "yes", "no")


def answers(model, inputs):
    if hasattr(model, "predict_proba"):
        header = fixture.classifier_header([str(c) for c in model.classes_])
        labels = np.ravel(model.predict(inputs))
        return "classification", header, [[a, *b] for a, b in zip(labels, model.predict_proba(inputs))]
    if isinstance(model, xgboost.Booster):
        inputs = xgboost.DMatrix(inputs)
    values = np.asarray(model.predict(inputs)).reshape(len(model_rows), -1)
    return "regression", fixture.numbered("prediction", values.shape[1]), values


def case(name, model, library, table, tolerance, note, joblib_too=False):
    """Writes one case. `table`: rows, or a data frame."""
    global model_rows
    folder = HERE / f"{name}_{'_'.join(library.__version__.split('.')[:2])}"
    folder.mkdir(exist_ok=True)
    framed = isinstance(table, pd.DataFrame)
    names = list(table.columns) if framed else [f"x{i}" for i in range(table.shape[1])]
    fixture.write_table(folder / "inputs.csv", names, table.values.tolist() if framed else table)
    _, columns = fixture.read_table(folder / "inputs.csv")
    inputs = table if framed else np.array(columns, dtype=float).T
    model_rows = inputs
    path = folder / ("model.joblib" if joblib_too else "model.pkl")
    joblib.dump(model, path) if joblib_too else path.write_bytes(pickle.dumps(model, 4))
    again = joblib.load(path) if joblib_too else pickle.loads(path.read_bytes())
    task, header, found = answers(again, inputs)
    fixture.write_table(folder / "expected.csv", header, found)
    keys = {
        "producer": "scikit-learn", "task": task, "models": [path.name], "licence": fixture.LICENCE, "note": note,
        "precision": "f32" if library is xgboost else "f64", "labels": "exact",
        "tolerance_rel": tolerance[0], "tolerance_abs": tolerance[1],
    }
    versions = {library.__name__: library.__version__, "scikit-learn": sklearn.__version__,
                "numpy": np.__version__, "python": sys.version.split()[0]}
    fixture.write_case(folder, keys, versions)


def xgb():
    x2, y2 = data(2)
    x3, y3 = data(3, missing=True)
    xr, yr = data()
    case("xgb_binary", xgboost.XGBClassifier(**XGB).fit(x2, y2), xgboost, rows(), F32, "two classes")
    case("xgb_multi", xgboost.XGBClassifier(**XGB).fit(x3, y3), xgboost, rows(missing=True), F32, "three classes, gaps")
    model = xgboost.XGBClassifier(**{**XGB, "n_estimators": 200, "learning_rate": 0.8}, early_stopping_rounds=3)
    model.fit(x2, y2, eval_set=[(x2[:40], 1 - y2[:40])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    case("xgb_early", model, xgboost, rows(), F32, "early stopping: the best iteration answers")
    model = Pipeline([("scale", StandardScaler()), ("boost", xgboost.XGBRegressor(**XGB))]).fit(xr, yr)
    case("xgb_pipeline", model, xgboost, rows(), F32, "behind a scaler", True)
    case("xgb_booster", xgboost.XGBRegressor(**XGB).fit(xr, yr).get_booster(), xgboost, rows(), F32, "a bare booster")
    if OLD:
        return
    zero = np.where(np.abs(x2) < 0.4, 0.0, x2)
    case("xgb_missing_zero", xgboost.XGBClassifier(**XGB, missing=0.0).fit(zero, y2), xgboost, rows(), F32, "0 is missing")
    table = pd.DataFrame(xr, columns=["a", "b", "c", "d", "e"])
    case("xgb_named", xgboost.XGBRegressor(**XGB).fit(table, yr), xgboost,
         pd.DataFrame(rows(), columns=table.columns), F32, "names of a data frame")
    case("xgb_forest", xgboost.XGBRFClassifier(**{**XGB, "n_estimators": 8}).fit(x3, y3), xgboost, rows(missing=True), F32,
         "a random forest, three classes")
    case("xgb_linear", xgboost.XGBRegressor(booster="gblinear", n_estimators=9, n_jobs=1).fit(xr, yr), xgboost, rows(),
         (1e-5, 1e-4), "gblinear")
    rank = xgboost.XGBRanker(**XGB).fit(xr, np.digitize(yr, [-2, 0, 2]), group=[100] * 3)
    case("xgb_ranker", rank, xgboost, rows(), F32, "ranking")
    case("xgb_poisson", xgboost.XGBRegressor(**XGB, objective="count:poisson").fit(xr, np.exp(yr / 4).round()), xgboost,
         rows(), F32, "counts")
    grid = GridSearchCV(xgboost.XGBClassifier(**XGB), {"max_depth": [2, 3]}, cv=3).fit(x2, y2)
    case("xgb_search", grid, xgboost, rows(), F32, "the best of a search")
    model = CalibratedClassifierCV(xgboost.XGBClassifier(**XGB), cv=3).fit(x2, y2)
    case("xgb_calibrated", model, xgboost, rows(), F32, "calibrated")


def lgb():
    x2, y2 = data(2)
    x3, y3 = data(3, missing=True)
    xr, yr = data()
    case("lgb_binary", lightgbm.LGBMClassifier(**LGB).fit(x2, WORDS[y2]), lightgbm, rows(), F64, "two classes of text")
    case("lgb_multi", lightgbm.LGBMClassifier(**LGB).fit(x3, y3 * 10), lightgbm, rows(missing=True), F64, "three classes, gaps")
    model = lightgbm.LGBMRegressor(**{**LGB, "n_estimators": 200, "learning_rate": 0.6})
    model.fit(xr, yr, eval_set=[(xr[:40], -yr[:40])], callbacks=[lightgbm.early_stopping(3, verbose=False)])
    assert 0 < model.best_iteration_ == model.booster_.current_iteration()  # the later trees are dropped
    case("lgb_early", model, lightgbm, rows(), F64, "early stopping")
    case("lgb_booster", lightgbm.LGBMRegressor(**LGB).fit(xr, yr).booster_, lightgbm, rows(), F64, "a bare booster")
    table, y = frame()
    columns = ColumnTransformer([("one", OneHotEncoder(handle_unknown="ignore"), ["colour", "size"]),
                                 ("rest", SimpleImputer(), ["age", "income"])])
    model = Pipeline([("columns", columns), ("boost", lightgbm.LGBMClassifier(**LGB))]).fit(table, y)
    case("lgb_pipeline", model, lightgbm, table.head(80), F64, "behind one-hot columns of a data frame", True)
    if OLD:
        return
    model = lightgbm.LGBMClassifier(**LGB, boosting_type="rf", bagging_fraction=0.6, bagging_freq=1).fit(x3, y3)
    case("lgb_forest", model, lightgbm, rows(missing=True), F64, "a random forest")
    rank = lightgbm.LGBMRanker(**LGB).fit(xr, np.digitize(yr, [-2, 0, 2]), group=[100] * 3)
    case("lgb_ranker", rank, lightgbm, rows(), F64, "ranking")
    model = lightgbm.LGBMRegressor(**LGB, linear_tree=True).fit(*data(missing=True))
    case("lgb_linear", model, lightgbm, rows(missing=True), F64, "linear leaves")
    model = lightgbm.LGBMRegressor(**LGB, objective="poisson").fit(xr, np.exp(yr / 4).round())
    case("lgb_poisson", model, lightgbm, rows(), F64, "counts")
    data_frame = pd.DataFrame(x2, columns=["a", "b", "c", "d", "e"])
    case("lgb_named", lightgbm.LGBMClassifier(**LGB).fit(data_frame, y2 * 7 - 3), lightgbm,
         pd.DataFrame(rows(), columns=data_frame.columns), F64, "names of a data frame")
    table["colour"] = table["colour"].astype("category")
    model = lightgbm.LGBMClassifier(**LGB, min_child_samples=5).fit(table[["age", "colour"]], y)
    case("lgb_categories", model, lightgbm, table[["age", "colour"]].head(60), F64, "categories of pandas")


def cat():
    x2, y2 = data(2)
    x3, y3 = data(3, missing=True)
    xr, yr = data()
    case("cat_binary", catboost.CatBoostClassifier(**CAT).fit(x2, WORDS[y2]), catboost, rows(), F64, "two classes of text")
    case("cat_multi", catboost.CatBoostClassifier(**CAT).fit(x3, y3), catboost, rows(missing=True), F64, "three classes, gaps")
    model = Pipeline([("scale", StandardScaler()), ("boost", catboost.CatBoostRegressor(**CAT))]).fit(xr, yr)
    case("cat_pipeline", model, catboost, rows(), F64, "behind a scaler", True)
    if OLD:
        return
    table, y = frame()
    model = catboost.CatBoostClassifier(**CAT, cat_features=["colour", "size"]).fit(table, y)
    case("cat_categories", model, catboost, table.head(80), F64, "categories of a data frame")
    case("cat_bare", catboost.CatBoost({**CAT, "loss_function": "RMSE"}).fit(xr, yr), catboost, rows(), F64, "the base class")


def together():
    x, y = data(2)
    members = [("x", xgboost.XGBClassifier(**XGB)), ("l", lightgbm.LGBMClassifier(**LGB)),
               ("c", catboost.CatBoostClassifier(**CAT)), ("r", LogisticRegression())]
    if not OLD:
        case("vote", VotingClassifier(members[:2] + members[3:], voting="soft").fit(x, y), xgboost, rows(), F32,
             "two boosters and a logistic regression vote")
        case("stack", StackingClassifier(members[:2], cv=3).fit(x, y), xgboost, rows(), F32, "a stack of two boosters")
        xr, yr = data()
        pair = [("x", xgboost.XGBRegressor(**XGB)), ("l", lightgbm.LGBMRegressor(**LGB))]
        case("mean", VotingRegressor(pair).fit(xr, yr), xgboost, rows(), F32, "the mean of two boosters")


warnings.simplefilter("ignore")
for make in (xgb, lgb, cat, together):
    make()
