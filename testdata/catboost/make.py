"""Makes the cases of this folder with the CatBoost it finds; the version ends their names.

    python3.11 -m venv env && env/bin/pip install -r requirements-1.2.10.txt && env/bin/python make.py

Once for each of requirements-1.2.10.txt (all cases), -1.2.5.txt and -1.2.txt (the cases marked `old`), and, because
of these there is no wheel for later ones, of -1.1.1.txt with Python 3.10 and -0.26.1.txt with Python 3.8 (those).
With pip's `--no-deps`: the libraries for plots are not needed.
Data are drawn from seeded generators and trained in one thread; the expected numbers are those of
CatBoost's own predict on the rows as they are read back from inputs.csv.
"""

import csv
import json
import math
import sys
from pathlib import Path

import catboost
import numpy as np
from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor, Pool

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import _fixture as fixture  # noqa: E402

NEWEST = "1.2.10"
VERSION = catboost.__version__
SUFFIX = "_" + VERSION.replace(".", "_")
COMMON = {
    "iterations": 12, "depth": 4, "learning_rate": 0.3, "thread_count": 1, "random_seed": 0,
    "verbose": False, "allow_writing_files": False,
}
CITIES = ["Oslo", "São Paulo", "東京", "", "a", "ab", "abc", "abcd", "abcdefgh", "abcdefghi",
          "sixteen letters.", "seventeen letters", "x" * 32, "x" * 33, "x" * 64, "x" * 65,
          "a name of a city that is longer than one hundred and twenty-eight bytes, so that the hash "
          "goes around its loop more than once: " + "z" * 31, "y" * 128]
COLOURS = ["red", "green", "blue", "1", "2.5"]


def numbers(kind, classes=3, width=5, count=300, seed=0, missing=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width)) * np.linspace(0.5, 3.0, width)
    score = x @ rng.normal(size=(width, max(classes, 2))) + np.sin(x[:, [0]] * 2)
    score += 0.3 * rng.normal(size=score.shape)
    if missing:
        x[rng.random(x.shape) < 0.12] = np.nan
    return x, target(kind, score, rng)


def target(kind, score, rng):
    if kind == "binary":
        return (score[:, 0] > 0).astype(int)
    if kind == "multi":
        return score.argmax(axis=1)
    if kind == "count":
        return rng.poisson(np.exp(np.clip(score[:, 0], -9, 9) / 4))
    if kind == "positive":
        return np.exp(score[:, 0] / 3)
    if kind == "share":
        return 1 / (1 + np.exp(-score[:, 0]))
    if kind == "several":
        return score[:, :3]
    if kind == "labels":
        return (score[:, :3] > 0).astype(int)
    if kind == "shares":
        return 1 / (1 + np.exp(-score[:, :3]))
    return score[:, 0]


def mixed(kind, seed=1, count=400, classes=3):
    """Two texts, a whole number and two floats; the categories bear on the target."""
    rng = np.random.default_rng(seed)
    city, colour = rng.integers(len(CITIES), size=count), rng.integers(len(COLOURS), size=count)
    size, x = rng.integers(4, size=count), rng.normal(size=(count, 2))
    effect = rng.normal(size=(len(CITIES), 3))[city] + rng.normal(size=(len(COLOURS), 3))[colour]
    effect += rng.normal(size=(4, 3))[size] + x @ rng.normal(size=(2, 3))
    effect += 1.5 * np.cos(city * 7 + colour * 3)[:, None]
    rows = [[CITIES[c], COLOURS[k], int(s), float(a), float(b)]
            for c, k, s, (a, b) in zip(city, colour, size, x)]
    return rows, target(kind, effect, rng)


def splits(document):
    """(column, border) of every border of a float feature."""
    features = document["features_info"].get("float_features") or []
    return [(feature["flat_feature_index"], border)
            for feature in features for border in feature.get("borders") or []]


def forget(model):
    """The time and the random name of the training are not the model's."""
    for key in ("train_finish_time", "model_guid"):
        del model.get_metadata()[key]


def write(name, model, header, rows, cats, task, classes=None, pool=None, note=None):
    """The case: both forms of the model, the rows, the answers and the raw values."""
    folder = HERE / (name + SUFFIX)
    folder.mkdir(exist_ok=True)
    forget(model)
    model.save_model(str(folder / "model.cbm"))
    model.save_model(str(folder / "model.json"), format="json", pool=pool)
    document = json.loads((folder / "model.json").read_text())
    rng = np.random.default_rng(5)
    if cats:
        rows = [list(row) for row in rows[:70]]
        for column, border in splits(document)[:12]:
            for value in fixture.neighbours(border, False):
                rows.append(list(rows[len(rows) % 50]))
                rows[-1][column] = value
        for row, word in enumerate(["unseen", "Oslo ", "oslo", "é", "0", "nan"]):
            rows.append(list(rows[row]))
            rows[-1][cats[row % len(cats)]] = word if cats[row % len(cats)] < 2 else 77
        # An empty cell is no category; CatBoost refuses NaN there.
        rows = [row for row in rows if "" not in row]
    else:
        base = rows[:60]
        rows = [*base, *fixture.split_rows(base, splits(document), rng),
                *fixture.edge_rows(base.shape[1], 1e30), *fixture.blank(base[:20], rng)]
    fixture.write_table(folder / "inputs.csv", header, rows)
    # Categories are texts to CatBoost; numbers are read back as the file says them.
    with open(folder / "inputs.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))[1:]
    data = [[cell if i in cats else (float(cell) if cell else math.nan)
             for i, cell in enumerate(line)] for line in lines]
    data = Pool(data, cat_features=cats or None) if cats else np.array(data, dtype=np.float64)
    raw = np.array(model.predict(data, prediction_type="RawFormulaVal"))
    raw = raw.reshape(len(lines), -1)
    fixture.write_table(folder / "margins.csv", fixture.numbered("margin", raw.shape[1]), raw)
    if task == "classes":
        label, shares = np.array(model.predict(data)).ravel(), model.predict_proba(data)
        if isinstance(classes[0], bool):
            # Python says `True` where files say `true`.
            classes, label = [str(c).lower() for c in classes], [str(c).lower() for c in label]
        head = fixture.classifier_header(classes)
        found = [[cell, *row] for cell, row in zip(np.array(label).tolist(), shares)]
    else:
        kind = {"labels": "Probability"}.get(task, task)
        found = np.array(model.predict(data, **({} if kind == "values" else {"prediction_type": kind})))
        found = found.reshape(len(lines), -1)
        head = fixture.numbered("prediction", found.shape[1])
    fixture.write_table(folder / "expected.csv", head, found)
    fixture.write_case(
        folder,
        {"models": ["model.json", "model.cbm"], "producer": "catboost", "licence": fixture.LICENCE,
         "tolerance_rel": 1e-13, "tolerance_abs": 1e-15, **({"note": note} if note else {})},
        {"catboost": VERSION, "numpy": np.__version__},
    )
    print(name + SUFFIX, len(lines), (folder / "model.cbm").stat().st_size)


def plain(name, model, kind, task="values", old=False, names=None, classes=3, fit=None, missing=False,
          width=5, **keys):
    """A case on floats."""
    if VERSION != NEWEST and not old:
        return
    x, y = numbers(kind, classes=classes, missing=missing, width=width)
    header = names or [f"x{i}" for i in range(x.shape[1])]
    labels = None
    if task == "classes":
        labels = keys.pop("labels", None)
        if labels is not None:
            y = np.array(labels, dtype=object)[y].tolist()
        found = [0, 1] if kind == "share" else sorted(set(np.array(y).tolist()))
        labels = keys.pop("classes_are", found)
    order = {"group_id": np.arange(len(x)) // 10} if fit == "groups" else {}
    if fit == "scale":
        model.fit(Pool(x, y, feature_names=names))
        model.set_scale_and_bias(0.75, -0.25)
    else:
        model.fit(Pool(x, y, feature_names=names, **order))
    if fit == "threshold":
        model.set_probability_threshold(0.7)
    write(name, model, header, x, [], task, classes=labels, **keys)


def categories(name, model, kind, task="values", old=False, with_pool=False, labels=None, **keys):
    """A case on texts, whole numbers and floats."""
    if VERSION != NEWEST and not old:
        return
    rows, y = mixed(kind)
    names = ["city", "colour", "size", "a", "b"]
    if labels is not None:
        y = [labels[i] for i in y]
    pool = Pool(rows, y, cat_features=[0, 1, 2], feature_names=names)
    model.fit(pool)
    classes = sorted(set(np.array(y).tolist())) if task == "classes" else None
    write(name, model, names, rows, [0, 1, 2], task, classes=classes,
          pool=pool if with_pool else None, **keys)


def regressor(loss, **keys):
    return CatBoostRegressor(loss_function=loss, **{**COMMON, **keys})


def classifier(loss, **keys):
    return CatBoostClassifier(loss_function=loss, **{**COMMON, **keys})


def floats():
    plain("rmse", regressor("RMSE"), "value", old=True)
    plain("rmse_names", regressor("RMSE"), "value", names=["a", "b c", "ü", "d,e", "f"],
          old=not VERSION.startswith("0."))  # whose JSON has no names
    plain("average", regressor("RMSE", boost_from_average=True), "value")
    plain("scaled", regressor("RMSE"), "value", fit="scale")
    plain("scaled_lossguide", regressor("RMSE", grow_policy="Lossguide"), "value", fit="scale")
    plain("mae", regressor("MAE"), "value", old=True)
    plain("quantile", regressor("Quantile:alpha=0.8"), "value", old=True)
    plain("multi_quantile", regressor("MultiQuantile:alpha=0.1,0.5,0.9"), "value")
    for loss in ("MAPE", "LogLinQuantile", "Expectile:alpha=0.7", "Lq:q=1.5", "LogCosh",
                 "Huber:delta=1.0"):
        plain(loss.split(":")[0].lower(), regressor(loss), "positive")
    plain("poisson", regressor("Poisson"), "count", old=True)
    plain("tweedie", regressor("Tweedie:variance_power=1.4"), "positive", old=True)
    plain("uncertainty", regressor("RMSEWithUncertainty"), "value", old=True)
    plain("multi_rmse", regressor("MultiRMSE"), "several", old=True)
    plain("cox", regressor("Cox"), "value")
    plain("yeti_rank", CatBoost({**COMMON, "loss_function": "YetiRank"}), "share", fit="groups")
    plain("query_rmse", CatBoost({**COMMON, "loss_function": "QueryRMSE"}), "share", fit="groups")
    plain("logloss", classifier("Logloss"), "binary", "classes", old=True)
    plain("logloss_texts", classifier("Logloss"), "binary", "classes", labels=["no", "yes"], old=True)
    plain("logloss_bool", classifier("Logloss"), "binary", "classes", labels=[False, True])
    plain("logloss_float", classifier("Logloss"), "binary", "classes", labels=[1.5, 2.5])
    plain("cross_entropy", classifier("CrossEntropy"), "share", "classes")
    plain("threshold", classifier("Logloss"), "binary", "classes", fit="threshold")
    plain("multiclass", classifier("MultiClass"), "multi", "classes", old=True)
    plain("multiclass_texts", classifier("MultiClass"), "multi", "classes", labels=["c", "a", "b"],
          old=True)
    plain("absent_class", classifier("MultiClass", class_names=[0, 1, 2, 3]), "multi", "classes",
          classes_are=[0, 1, 2, 3])
    plain("absent_class_ova", classifier("MultiClassOneVsAll", class_names=[3, 2, 1, 0]), "multi",
          "classes", classes_are=[3, 2, 1, 0])
    plain("one_vs_all", classifier("MultiClassOneVsAll"), "multi", "classes", old=True)
    plain("multi_logloss", classifier("MultiLogloss"), "labels", "labels")
    plain("multi_cross_entropy", classifier("MultiCrossEntropy"), "shares", "labels")
    plain("depthwise", regressor("RMSE", grow_policy="Depthwise"), "value", missing=True, old=True)
    plain("lossguide", classifier("Logloss", grow_policy="Lossguide", max_leaves=9), "binary",
          "classes", old=True)
    plain("lossguide_multiclass", classifier("MultiClass", grow_policy="Lossguide"), "multi",
          "classes", old=True)
    plain("nan_min", regressor("RMSE", nan_mode="Min"), "value", missing=True, old=True)
    plain("nan_max", regressor("RMSE", nan_mode="Max"), "value", missing=True, old=True)
    plain("nan_forbidden", regressor("RMSE", nan_mode="Forbidden"), "value")
    plain("many_borders", regressor("RMSE", border_count=600, iterations=60, depth=6), "value", width=2)
    plain("ignored", regressor("RMSE", ignored_features=[1, 4]), "value", old=True)
    plain("stump", regressor("RMSE", depth=1, iterations=1), "value")
    plain("constant", regressor("RMSE", depth=1, iterations=2, min_data_in_leaf=999,
                                grow_policy="Lossguide"), "value")


def cats():
    hot = {"one_hot_max_size": 255}
    categories("one_hot", regressor("RMSE", **hot), "value", old=True)
    categories("one_hot_pool", classifier("Logloss", **hot), "binary", "classes", with_pool=True,
               labels=["no", "yes"], old=True)
    categories("one_hot_lossguide", regressor("RMSE", grow_policy="Lossguide", **hot), "value", old=True)
    categories("ctr", classifier("Logloss"), "binary", "classes", old=True)
    categories("ctr_pool", classifier("Logloss"), "binary", "classes", with_pool=True)
    categories("ctr_deep", regressor("RMSE", max_ctr_complexity=4, iterations=40, depth=6), "value",
               old=True)
    categories("ctr_deep_pool", regressor("RMSE", max_ctr_complexity=3, iterations=20), "value", with_pool=True)
    categories("ctr_simple", regressor("RMSE", max_ctr_complexity=1), "value", with_pool=True)
    categories("ctr_multiclass", classifier("MultiClass", max_ctr_complexity=3), "multi", "classes",
               old=True)
    categories("ctr_lossguide", classifier("Logloss", grow_policy="Lossguide", max_ctr_complexity=1),
               "binary", "classes", old=True)
    for kind in ("Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"):
        ctr = [f"{kind}:Prior=0.3:Prior=1"]
        categories("ctr_" + kind.lower(),
                   regressor("RMSE", simple_ctr=ctr, combinations_ctr=ctr, iterations=30), "value",
                   old=kind == "Buckets")
    borders = ["Borders:TargetBorderCount=4:Prior=0.5"]
    categories("ctr_target_borders", regressor("RMSE", simple_ctr=borders, combinations_ctr=borders,
                                               iterations=30), "value")


def refused():
    """Models that are refused by name: text and embedding features. CatBoost draws names for their parts
    at random, so they are not made again."""
    if VERSION != NEWEST or (HERE / "bad" / "text_features.cbm").exists():
        return
    rng = np.random.default_rng(2)
    words = ["good", "bad", "fine", "poor", "quick", "slow"]
    texts = [" ".join(rng.choice(words, 5)) for _ in range(120)]
    y = [int(text.count("good") + text.count("fine") > 1) for text in texts]
    folder = HERE / "bad"
    folder.mkdir(exist_ok=True)
    model = classifier("Logloss", iterations=2, text_processing={
        "tokenizers": [{"tokenizer_id": "Space", "delimiter": " "}],
        "dictionaries": [{"dictionary_id": "Word", "occurrence_lower_bound": "1"}],
        "feature_processing": {"default": [{"dictionaries_names": ["Word"],
                                            "feature_calcers": ["BoW:top_tokens_count=6"],
                                            "tokenizers_names": ["Space"]}]}})
    model.fit(Pool([[text] for text in texts], y, text_features=[0]))
    forget(model)
    model.save_model(str(folder / "text_features.cbm"))
    points = rng.normal(size=(120, 4))
    model = classifier("Logloss", iterations=2)
    model.fit(Pool([[list(map(float, p))] for p in points], (points[:, 0] > 0).astype(int),
                   embedding_features=[0]))
    forget(model)
    model.save_model(str(folder / "embedding_features.cbm"))


if __name__ == "__main__":
    floats()
    cats()
    refused()
