"""Trains the example model and writes every file of this folder that is not written by hand.

    python -m venv env && env/bin/pip install -r requirements.txt
    env/bin/python make.py

The data set is the Wisconsin diagnostic breast cancer set that scikit-learn carries in its wheel
(569 rows, 30 measurements). A few percent of the cells are blanked out, so that the imputer has
work to do. Every draw is seeded and the training runs in one thread: the same packages write the
same files.
"""

import json
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
TARGET = "diagnosis"
BLANK = 0.03  # share of cells without a value
ROWS = 100  # rows of the proof


def main():
    bunch = load_breast_cancer(as_frame=True)
    inputs = bunch.data.copy()
    target = pd.Series(bunch.target_names.astype(object)[bunch.target], name=TARGET, dtype=object)

    rng = np.random.default_rng(0)
    inputs = inputs.mask(rng.random(inputs.shape) < BLANK)

    x_train, x_test, y_train, y_test = train_test_split(
        inputs, target, test_size=0.3, stratify=target, random_state=0
    )
    model = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median")),
            ("scale", StandardScaler()),
            (
                "forest",
                RandomForestClassifier(n_estimators=100, max_depth=8, random_state=0, n_jobs=1),
            ),
        ]
    )
    model.fit(x_train, y_train.to_numpy(dtype=object))
    joblib.dump(model, HERE / "model.joblib", compress=3)

    x_train.assign(**{TARGET: y_train}).to_csv(HERE / "train.csv", index=False)
    x_test.assign(**{TARGET: y_test}).to_csv(HERE / "test.csv", index=False)

    rows = x_test.head(ROWS)
    rows.to_csv(HERE / "rows.csv", index=False)
    expected = pd.DataFrame({"label": model.predict(rows)})
    for name, column in zip(model.classes_, model.predict_proba(rows).T):
        expected[f"probability_{name}"] = [repr(float(value)) for value in column]
    expected.to_csv(HERE / "expected.csv", index=False)

    labels = model.predict(x_test)
    malignant = model.predict_proba(x_test)[:, list(model.classes_).index("malignant")]
    metrics = {
        "dataset": "test",
        "rows": len(x_test),
        "positive": "malignant",
        "accuracy": float(accuracy_score(y_test, labels)),
        "roc_auc": float(roc_auc_score(y_test == "malignant", malignant)),
        "f1": float(f1_score(y_test, labels, pos_label="malignant")),
    }
    (HERE / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")


if __name__ == "__main__":
    main()
