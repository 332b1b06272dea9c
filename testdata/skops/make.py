"""Makes the cases of this folder: models saved by skops; its version ends their names.

    python3.11 -m venv env && env/bin/pip install -r requirements-0.16.txt && env/bin/python make.py

Once for each of requirements-0.16.txt and -0.9.txt. Rows and answers are made as those of ../sklearn.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse
import skops
from sklearn import (
    calibration, cluster, compose, decomposition, ensemble, feature_extraction, gaussian_process, impute,
    linear_model, model_selection, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree,
)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sklearn"))
import make  # noqa: E402
from _wide import CLOSE, LABELS, NAMES, ROWS, TEXTS, data, rows  # noqa: E402

make.HERE = HERE
make.SUFFIX = "_" + "_".join(skops.__version__.split(".")[:2])


def main():
    def case(name, model, inputs=None, note="", **more):
        more.setdefault("margins", False)
        inputs = rows() if inputs is None else inputs
        forms = {"logistic": "skops", "pipeline": "skops", "columns": "skops_and_pickle", "boosting": "skops_and_pickle"}
        forms = forms.get(name, "skops_deflated")
        make.case(name, model, inputs, CLOSE, note or type(model).__name__, forms, **more)

    x, y2 = data(2)
    _, y3 = data(3)
    _, y = data()
    logistic = linear_model.LogisticRegression()
    stump = tree.DecisionTreeClassifier(max_depth=2, random_state=0)
    case("logistic", logistic.fit(x, NAMES[3][y3]))
    case("pipeline", pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()).fit(x, y2))
    case("forest", ensemble.RandomForestClassifier(4, max_depth=3, random_state=0).fit(x, NAMES[3][y3]))
    case("boosting", ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0).fit(x, y3))
    case("hist", ensemble.HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5).fit(x, y3))
    case("knn", neighbors.KNeighborsClassifier().fit(x, y2))
    case("svc", svm.SVC().fit(x, y2))
    sparse = scipy.sparse.csr_matrix(np.where(np.abs(x) < 0.5, 0, x))
    case("svc_sparse", svm.SVC(kernel="linear").fit(sparse, y2))
    case("sgd", linear_model.SGDClassifier(random_state=0).fit(x, y3))
    case("mlp", neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=80, random_state=0).fit(x, y))
    case("bagging", ensemble.BaggingClassifier(stump, 3, max_features=0.75, random_state=0).fit(x, y3))
    case("calibrated", calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), method="isotonic", cv=2).fit(x, y2))
    grid = model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(x, y2)
    case("search", grid)
    case("kmeans", cluster.KMeans(3, n_init=1, random_state=0).fit(x))
    case("pca", decomposition.PCA(2).fit(x))
    kernel = gaussian_process.kernels.RBF(1.5) + gaussian_process.kernels.WhiteKernel(0.1)
    case("gaussian_process", gaussian_process.GaussianProcessRegressor(kernel, optimizer=None).fit(x[:20], y[:20]))
    case("log", pipeline.make_pipeline(preprocessing.FunctionTransformer(np.log1p), linear_model.Ridge()).fit(np.abs(x), y), np.abs(rows()))
    text = pipeline.make_pipeline(feature_extraction.text.TfidfVectorizer(), linear_model.LogisticRegression())
    case("text", text.fit(TEXTS, LABELS), [[row] for row in ROWS], frame=["x0"], flat=True)
    table = make.frame(make.people(120, 3))
    columns = compose.ColumnTransformer([
        ("number", pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler()), make.NAMES[:3]),
        ("text", pipeline.make_pipeline(impute.SimpleImputer(strategy="most_frequent"),
                                        preprocessing.OneHotEncoder(handle_unknown="ignore")), slice("color", "size")),
    ])
    model = pipeline.make_pipeline(columns, linear_model.LogisticRegression(max_iter=500))
    case("columns", model.fit(table, make.labels_of(table)), make.people(40, 4, unknown=True), frame=make.NAMES)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    main()
