"""Graphs of many estimators as skl2onnx, onnxmltools and CatBoost write them, with the answers of ONNX Runtime.

    python3.11 -m venv env && env/bin/pip install -r requirements-families.txt && env/bin/python make_families.py

Names of cases start with what wrote them: `skl_`, `mltools_`, `catboost_`. Rows are of one f32 tensor `X` unless a
case says otherwise. The answers are those of ONNX Runtime on the written graph, not of the library behind it.
"""

import sys
import warnings
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import pandas as pd
import skl2onnx
import sklearn
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloat
from skl2onnx.common.data_types import (
    DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType,
)
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier, BaggingRegressor, ExtraTreesClassifier,
    GradientBoostingClassifier, GradientBoostingRegressor, IsolationForest, RandomForestClassifier, RandomForestRegressor,
    StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import (
    BayesianRidge, ElasticNet, LinearRegression, LogisticRegression, Perceptron, PoissonRegressor, Ridge,
    RidgeClassifier, SGDClassifier,
)
from sklearn.mixture import GaussianMixture
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer, FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder,
    OrdinalEncoder, PolynomialFeatures, PowerTransformer, RobustScaler, StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, NuSVR, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import _fixture as fixture  # noqa: E402

WIDTH = 4
NOT_WRITTEN = []
warnings.filterwarnings("ignore")


def data(classes, count=60, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, WIDTH)).astype(np.float32)
    score = x @ rng.normal(size=(WIDTH, max(classes, 1))) + np.sin(x[:, [0]] * 2)
    if classes == 2:
        return x, (score[:, 0] > 0).astype(int)
    return x, score.argmax(axis=1) if classes else score[:, 0].astype(np.float32)


def rows():
    rng = np.random.default_rng(1)
    base = rng.normal(size=(24, WIDTH))
    edges = [np.zeros(WIDTH), np.full(WIDTH, 3.0), -np.full(WIDTH, 3.0)]
    return np.array(list(base) + edges).astype(np.float32)


def flat(found):
    """An output as columns: maps as their values in order."""
    if isinstance(found, list):
        return np.array([list(row.values()) for row in found])
    return found.reshape(len(found), -1)


def save(name, document, feeds, header, table, note, classes=None, tolerance=(1e-5, 1e-6), producer="skl2onnx"):
    """The graph, its rows and what ONNX Runtime answers."""
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    opsets = sorted(document.opset_import, key=lambda opset: opset.domain)
    del document.opset_import[:]
    document.opset_import.extend(opsets)
    (folder / "model.onnx").write_bytes(document.SerializeToString())
    fixture.write_table(folder / "inputs.csv", header, table)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    names = [output.name for output in session.get_outputs()]
    found = [flat(output) for output in session.run(None, feeds)]
    labels = classes is not None
    columns, parts = [], []
    for place, (output, values) in enumerate(zip(names, found)):
        width = values.shape[1]
        if labels and place == 0:
            columns += ["label"]
        elif classes is not None and width == len(classes):
            columns += [f"probability_{c}" for c in classes]
        else:
            stem = "prediction" if len(found) == 1 and not labels else f"score_{place}"
            columns += [stem] if width == 1 else [f"{stem}_{i}" for i in range(width)]
        parts.append(values)
    answers = [sum((list(part[i]) for part in parts), []) for i in range(len(found[0]))]
    fixture.write_table(folder / "expected.csv", columns, answers)
    versions = {
        "skl2onnx": skl2onnx.__version__, "onnxmltools": onnxmltools.__version__, "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__, "scikit-learn": sklearn.__version__,
        "xgboost": xgboost.__version__, "lightgbm": lightgbm.__version__, "catboost": catboost.__version__,
    }
    used = {"skl2onnx": ["skl2onnx", "scikit-learn"], "onnxmltools": ["onnxmltools"], "catboost": ["catboost"]}
    wanted = used[producer] + ["onnx", "onnxruntime"]
    if "_xgb" in name or "_lgb" in name:
        wanted += ["xgboost" if "_xgb" in name else "lightgbm"]
    keys = {
        "producer": producer, "task": "classification" if classes is not None else "regression",
        "models": ["model.onnx"], "licence": fixture.LICENCE, "note": note, "outputs": names, "precision": "f32",
        "labels": "exact", "tolerance_rel": tolerance[0], "tolerance_abs": tolerance[1],
    }
    kept = {name: versions[name] for name in wanted}
    kept["opset"] = str(max((o.version for o in document.opset_import if o.domain == ""), default=0))
    fixture.write_case(folder, keys, kept)


def skl(name, model, note, classes=None, x=None, double=False, options=None, target=None, **more):
    """A model of scikit-learn; what its converter cannot write is no case."""
    try:
        try:
            write_skl(name, model, note, classes, x, double, options, target, **more)
        except NameError:  # some converters have no such option
            write_skl(name, model, note, classes, x, double, {}, target, **more)
    except Exception as error:
        NOT_WRITTEN.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")


def write_skl(name, model, note, classes, x, double, options, target, **more):
    x = rows() if x is None else x
    kind = DoubleTensorType if double else FloatTensorType
    if classes is not None and options is None:
        options = {"zipmap": False}
    document = skl2onnx.convert_sklearn(
        model, name=name, initial_types=[("X", kind([None, x.shape[1]]))],
        options={id(model): options} if options else None, target_opset=target,
    )
    feeds = {"X": x.astype(np.float64) if double else x}
    save("skl_" + name, document, feeds, [f"x{i}" for i in range(x.shape[1])], x, note, classes, **more)


def families():
    x2, y2 = data(2)
    x3, y3 = data(3)
    xr, yr = data(0)
    two, three = [0, 1], [0, 1, 2]
    names = np.array(["red", "green", "blue"], dtype=object)
    text3 = sorted(names)
    positive = np.abs(x3)
    deep = dict(max_depth=3, random_state=0)
    skl("svc_2", SVC().fit(x2, y2), "SVMClassifier, one pair, no probabilities", two)
    skl("svc_3", SVC(kernel="poly", degree=2).fit(x3, y3), "SVMClassifier, three pairs", three)
    skl("svc_linear_3", SVC(kernel="linear").fit(x3, names[y3]), "SVMClassifier, texts", text3)
    skl("svc_probability_3", SVC(probability=True, random_state=0).fit(x3, y3), "SVMClassifier with Platt's probabilities", three)
    skl("svc_probability_2", SVC(probability=True, random_state=0).fit(x2, y2), "SVMClassifier with Platt's probabilities", two)
    skl("nu_svc_3", NuSVC(kernel="sigmoid", nu=0.3).fit(x3, y3), "SVMClassifier, nu", three)
    skl("svr", SVR().fit(xr, yr), "SVMRegressor, rbf")
    skl("svr_poly", SVR(kernel="poly", degree=3).fit(xr, yr), "SVMRegressor, polynomial")
    skl("nu_svr", NuSVR(kernel="linear").fit(xr, yr), "SVMRegressor, linear")
    skl("one_class", OneClassSVM(nu=0.3).fit(xr), "SVMRegressor of one class", [-1, 1])
    skl("linear_svc_2", LinearSVC().fit(x2, y2), "LinearClassifier without probabilities", two)
    skl("linear_svc_3", LinearSVC().fit(x3, y3), "LinearClassifier without probabilities", three)
    skl("linear_svr", LinearSVR().fit(xr, yr), "LinearRegressor")
    skl("gaussian_nb", GaussianNB().fit(x3, y3), "naive Bayes, normal", three)
    skl("bernoulli_nb", BernoulliNB().fit(x3, y3), "naive Bayes, Bernoulli", three)
    skl("multinomial_nb", MultinomialNB().fit(positive, y3), "naive Bayes, multinomial", three, x=np.abs(rows()))
    skl("complement_nb", ComplementNB().fit(positive, y3), "naive Bayes, complement", three, x=np.abs(rows()))
    skl("knn_classifier", KNeighborsClassifier(3).fit(x3, y3), "neighbours, uniform", three)
    skl("knn_classifier_distance", KNeighborsClassifier(3, weights="distance").fit(x2, y2), "neighbours by distance", two)
    skl("knn_regressor", KNeighborsRegressor(3).fit(xr, yr), "neighbours, mean")
    skl("knn_regressor_manhattan", KNeighborsRegressor(4, p=1).fit(xr, yr), "neighbours, city block")
    skl("kmeans", KMeans(4, n_init=1, random_state=0).fit(xr), "clusters", [0, 1, 2, 3])
    skl("minibatch_kmeans", MiniBatchKMeans(3, n_init=1, random_state=0).fit(xr), "clusters", [0, 1, 2])
    skl("mixture", GaussianMixture(3, random_state=0).fit(xr), "mixture, full", [0, 1, 2])
    skl("mixture_diag", GaussianMixture(2, covariance_type="diag", random_state=0).fit(xr), "mixture, diagonal", [0, 1])
    skl("mlp_classifier_2", MLPClassifier([6], max_iter=60, random_state=0).fit(x2, y2), "dense layers, relu", two)
    skl("mlp_classifier_3", MLPClassifier([5, 4], activation="tanh", max_iter=60, random_state=0).fit(x3, y3), "dense layers, tanh", three)
    skl("mlp_regressor", MLPRegressor(hidden_layer_sizes=[5], activation="logistic", max_iter=60, random_state=0).fit(xr, yr), "dense layers, logistic")
    skl("pca", PCA(2).fit(xr), "projection")
    skl("svd", TruncatedSVD(2, random_state=0).fit(xr), "projection")
    skl("lda_3", LinearDiscriminantAnalysis().fit(x3, y3), "linear discriminant", three)
    kernel = ConstantKernel(1.5) * RBF(0.9)
    skl("gp_regressor", GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None).fit(xr[:20], yr[:20]), "Gaussian process", double=True)
    inner = LogisticRegression()
    skl("calibrated_sigmoid", CalibratedClassifierCV(inner, cv=2, method="sigmoid").fit(x3, y3), "calibrated, sigmoid", three)
    skl("calibrated_isotonic", CalibratedClassifierCV(inner, cv=2, method="isotonic").fit(x2, y2), "calibrated, isotonic", two)
    members = [("a", LogisticRegression()), ("b", DecisionTreeClassifier(**deep)), ("c", GaussianNB())]
    skl("voting_soft", VotingClassifier(members, voting="soft", weights=np.array([1, 2, 1])).fit(x3, y3), "votes by probabilities", three)
    skl("voting_hard", VotingClassifier(members, flatten_transform=False).fit(x3, names[y3]), "votes by labels", text3, options={})
    skl("voting_regressor", VotingRegressor([("a", LinearRegression()), ("b", DecisionTreeRegressor(**deep))]).fit(xr, yr), "average")
    skl("stacking", StackingClassifier(members, cv=2).fit(x3, y3), "stacked", three)
    skl("stacking_regressor", StackingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(**deep))], cv=2).fit(xr, yr), "stacked")
    skl("bagging", BaggingClassifier(DecisionTreeClassifier(**deep), 3, random_state=0).fit(x3, y3), "bagged trees", three)
    skl("bagging_regressor", BaggingRegressor(Ridge(), 3, max_features=3, random_state=0).fit(xr, yr), "bagged ridges")
    skl("ada", AdaBoostClassifier(n_estimators=4, random_state=0).fit(x2, y2), "AdaBoost", two)
    skl("ada_3", AdaBoostClassifier(DecisionTreeClassifier(**deep), n_estimators=3, random_state=0).fit(x3, y3), "AdaBoost", three)
    skl("ada_regressor", AdaBoostRegressor(n_estimators=4, random_state=0).fit(xr, yr), "weighted median")
    skl("boosting_2", GradientBoostingClassifier(n_estimators=4, **deep).fit(x2, y2), "gradient boosting", two)
    skl("boosting_3", GradientBoostingClassifier(n_estimators=4, **deep).fit(x3, y3), "gradient boosting", three)
    skl("boosting_regressor", GradientBoostingRegressor(n_estimators=4, **deep).fit(xr, yr), "gradient boosting")
    skl("extra_trees", ExtraTreesClassifier(4, **deep).fit(x3, names[y3]), "extra trees, texts", text3)
    skl("isolation", IsolationForest(n_estimators=5, random_state=0).fit(xr), "isolation forest", [-1, 1], target={"": 17, "ai.onnx.ml": 3})
    skl("forest_zipmap", RandomForestClassifier(3, **deep).fit(x3, y3), "a list of maps", three, options={"zipmap": True})
    skl("logistic_zipmap_columns", LogisticRegression().fit(x3, y3), "an output for each class", three, options={"zipmap": "columns"})
    skl("logistic_raw", LogisticRegression().fit(x3, y3), "raw scores", three, options={"zipmap": False, "raw_scores": True})
    skl("forest_ml1", RandomForestClassifier(3, **deep).fit(x2, y2), "opset 9, ml 1", two, target={"": 9, "ai.onnx.ml": 1})
    skl("forest_regressor_ml1", RandomForestRegressor(3, **deep).fit(xr, yr), "opset 11, ml 1", target={"": 11, "ai.onnx.ml": 1})
    skl("logistic_opset9", make_pipeline(StandardScaler(), LogisticRegression()).fit(x3, y3), "opset 9", three, target={"": 9, "ai.onnx.ml": 1})
    skl("ovr", OneVsRestClassifier(LogisticRegression()).fit(x3, y3), "one against the rest", three)
    skl("ovo", OneVsOneClassifier(LogisticRegression()).fit(x3, y3), "one against one", three)
    skl("sgd_log", SGDClassifier(loss="log_loss", random_state=0).fit(x3, y3), "SGD, logistic", three)
    skl("sgd_huber", SGDClassifier(loss="modified_huber", random_state=0).fit(x2, y2), "SGD, modified Huber", two, tolerance=(5e-5, 1e-6))
    skl("perceptron", Perceptron(random_state=0).fit(x3, y3), "perceptron", three, options={"zipmap": False})
    skl("ridge_classifier", RidgeClassifier().fit(x3, y3), "ridge", three)
    skl("elastic_net", ElasticNet(0.1).fit(xr, yr), "linear")
    skl("bayesian_ridge", BayesianRidge().fit(xr, yr), "linear")
    skl("poisson", PoissonRegressor().fit(xr, np.exp(yr / 4)), "log link")
    skl("ridge_double", Ridge().fit(xr, yr), "binary64 sums", double=True)
    steps = {
        "minmax": MinMaxScaler(), "minmax_clip": MinMaxScaler(clip=True), "maxabs": MaxAbsScaler(),
        "robust": RobustScaler(), "standard": StandardScaler(), "l1": Normalizer("l1"), "l2": Normalizer("l2"),
        "max": Normalizer("max"), "binarizer": Binarizer(threshold=0.2), "polynomial": PolynomialFeatures(2),
        "kbins": KBinsDiscretizer(3, encode="onehot-dense", strategy="uniform"),
        "kbins_ordinal": KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
        "power": PowerTransformer(),
    }
    for name, step in steps.items():
        skl("step_" + name, step.fit(xr), "transformer")
    gaps = rows()
    gaps[1, 0] = gaps[3, 2] = gaps[5, 1] = np.nan
    skl("imputer", SimpleImputer().fit(xr), "imputer", x=gaps)
    skl("pipeline_imputer", make_pipeline(SimpleImputer(strategy="median"), RobustScaler(), PCA(2), LogisticRegression()).fit(x2, y2), "a chain", two, x=gaps)


def mixed():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({
        "age": rng.normal(40, 10, 80).astype(np.float32), "size": rng.normal(size=80).astype(np.float32),
        "colour": rng.choice(["red", "green", "blue"], 80), "shape": rng.choice(["round", "square"], 80),
        "count": rng.integers(0, 5, 80),
    })
    target = ((frame["age"] > 40) ^ (frame["colour"] == "red")).astype(int).to_numpy()
    kinds = [("age", FloatTensorType([None, 1])), ("size", FloatTensorType([None, 1])),
             ("colour", StringTensorType([None, 1])), ("shape", StringTensorType([None, 1])),
             ("count", Int64TensorType([None, 1]))]
    shown = frame.head(24).copy()
    for encoder_name, encoder in [
        ("onehot", OneHotEncoder(handle_unknown="ignore")),
        ("ordinal", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
    ]:
        for model_name, model in [("logistic", LogisticRegression(max_iter=500)), ("forest", RandomForestClassifier(3, max_depth=3, random_state=0))]:
            chain = Pipeline([
                ("columns", ColumnTransformer([
                    ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "size"]),
                    ("texts", encoder, ["colour", "shape"]),
                    ("counts", "passthrough", ["count"]),
                ])),
                ("model", model),
            ]).fit(frame, target)
            document = skl2onnx.convert_sklearn(chain, name="mixed", initial_types=kinds, options={id(chain): {"zipmap": False}})
            feeds = {
                name: shown[[name]].to_numpy().astype(object if isinstance(kind, StringTensorType) else None)
                for name, kind in kinds
            }
            feeds["age"], feeds["size"] = feeds["age"].astype(np.float32), feeds["size"].astype(np.float32)
            feeds["count"] = feeds["count"].astype(np.int64)
            table = shown.to_numpy().tolist()
            save(f"skl_mixed_{encoder_name}_{model_name}", document, feeds, list(shown.columns), table, "texts, floats and integers", [0, 1])


def boosters():
    x2, y2 = data(2)
    x3, y3 = data(3)
    xr, yr = data(0)
    shown = rows()
    header = [f"x{i}" for i in range(WIDTH)]
    small = dict(n_estimators=4, max_depth=3, n_jobs=1)
    kinds = [("X", ToolsFloat([None, WIDTH]))]

    def tools(name, document, note, classes=None):
        save("mltools_" + name, document, {"X": shown}, header, shown, note, classes, producer="onnxmltools")

    def xgb(model):
        return onnxmltools.convert_xgboost(model, initial_types=kinds, target_opset=15)

    def lgb(model, **options):
        return onnxmltools.convert_lightgbm(model, initial_types=kinds, target_opset=15, zipmap=False, **options)

    tools("xgb_binary", xgb(xgboost.XGBClassifier(**small).fit(x2, y2)), "XGBClassifier, two classes", [0, 1])
    tools("xgb_multi", xgb(xgboost.XGBClassifier(**small).fit(x3, y3)), "XGBClassifier, three classes", [0, 1, 2])
    tools("xgb_regressor", xgb(xgboost.XGBRegressor(**small).fit(xr, yr)), "XGBRegressor")
    tools("xgb_poisson", xgb(xgboost.XGBRegressor(objective="count:poisson", **small).fit(xr, np.exp(yr / 4))), "XGBRegressor, log link")
    quiet = dict(verbose=-1, min_child_samples=5, **small)
    tools("lgb_binary", lgb(lightgbm.LGBMClassifier(**quiet).fit(x2, y2)), "LGBMClassifier, two classes", [0, 1])
    tools("lgb_multi", lgb(lightgbm.LGBMClassifier(**quiet).fit(x3, y3)), "LGBMClassifier, three classes", [0, 1, 2])
    tools("lgb_regressor", lgb(lightgbm.LGBMRegressor(**quiet).fit(xr, yr)), "LGBMRegressor")
    tools("lgb_split", lgb(lightgbm.LGBMRegressor(**quiet).fit(xr, yr), split=2), "LGBMRegressor, split ensembles")
    tools("lgb_dart", lgb(lightgbm.LGBMRegressor(boosting_type="dart", **quiet).fit(xr, yr)), "LGBMRegressor, dart")

    def cat(name, model, note, classes=None):
        folder = HERE / ("catboost_" + name)
        folder.mkdir(exist_ok=True)
        model.save_model(str(folder / "model.onnx"), format="onnx")
        document = onnx.load(str(folder / "model.onnx"))
        save("catboost_" + name, document, {"features": shown}, header, shown, note, classes, producer="catboost")

    quiet = dict(iterations=4, depth=3, verbose=False, random_seed=0, thread_count=1, allow_writing_files=False)
    cat("binary", catboost.CatBoostClassifier(**quiet).fit(x2, y2), "CatBoostClassifier, two classes", [0, 1])
    cat("multi", catboost.CatBoostClassifier(**quiet).fit(x3, y3), "CatBoostClassifier, three classes", [0, 1, 2])
    cat("regressor", catboost.CatBoostRegressor(**quiet).fit(xr, yr), "CatBoostRegressor")


if __name__ == "__main__":
    only = sys.argv[1:] or ["families", "mixed", "boosters"]
    for part in only:
        {"families": families, "mixed": mixed, "boosters": boosters}[part]()
    for line in NOT_WRITTEN:
        print("not written:", line)
