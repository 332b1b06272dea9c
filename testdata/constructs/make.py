"""One JSON file a family of constructs: parameters, inputs, and the answers of the library that the
family comes from. Run in this folder, with the packages of requirements.txt:

    python make.py

Numbers are written as JSON numbers, or as "nan", "inf", "-inf"; null is missing.
"""

import datetime
import decimal
import json
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
import statsmodels.api
import statsmodels.duration.hazard_regression as hazard
from scipy import special, stats
from scipy.spatial import distance
from sklearn import cluster, datasets, gaussian_process, isotonic, metrics, naive_bayes, neighbors
from sklearn import preprocessing, svm
from sklearn.feature_extraction import text
from sklearn.gaussian_process import kernels

HERE = Path(__file__).parent
SCIPY = f"scipy {scipy.__version__}"
SKLEARN = f"scikit-learn {sklearn.__version__}"
NUMPY = f"numpy {np.__version__}"
rng = np.random.default_rng(7)
warnings.simplefilter("ignore")


def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    value = float(value)
    if value != value:
        return "nan"
    return value if abs(value) != np.inf else ("inf" if value > 0 else "-inf")


def write(name, cases):
    with open(HERE / f"{name}.json", "w", newline="\n") as file:
        file.write("[\n")
        file.write(",\n".join(json.dumps(plain(case), ensure_ascii=False) for case in cases))
        file.write("\n]\n")


def case(name, by, inputs, expected, **params):
    return {"case": name, "by": by, "inputs": inputs, "expected": expected, "params": params}


def unary():
    x = np.concatenate([
        [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 1e-8, -1e-8, 0.99, -0.99, 3.7, -3.7],
        [20.0, -20.0, np.nan, np.inf, -np.inf], rng.normal(size=20),
    ])
    functions = {
        "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
        "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "asinh": np.arcsinh,
        "acosh": np.arccosh, "atanh": np.arctanh, "log10": np.log10, "log2": np.log2,
        "exp2": np.exp2, "cbrt": np.cbrt, "round-even": np.rint, "trunc": np.trunc,
        "sign": np.sign, "erf": special.erf, "normal-cdf": stats.norm.cdf,
        "normal-pdf": stats.norm.pdf, "normal-quantile": stats.norm.ppf, "ln-gamma": special.gammaln,
    }
    made = [case(name, SCIPY, {"x": x}, {"y": f(x)}) for name, f in functions.items()]
    tails = np.array([1e-300, 1e-20, 1e-5, 0.02, 0.075, 0.2, 0.5, 0.6, 0.925, 0.98, 1 - 1e-12, 0, 1])
    made.append(case("normal-quantile", SCIPY, {"x": tails}, {"y": stats.norm.ppf(tails)}))
    finite = x[np.isfinite(x)]
    halves_away = [float(decimal.Decimal(v).quantize(0, decimal.ROUND_HALF_UP)) for v in finite.tolist()]
    made.append(case("round", "Python's decimal", {"x": finite}, {"y": halves_away}))
    write("unary", made)


def binary():
    a = np.concatenate([[7, -7, 7, -7, 0, 5.5, -5.5, 1e10, np.nan, 1], rng.normal(0, 9, size=10)])
    b = np.concatenate([[3, 3, -3, -3, 2, 2.5, 2.5, 3, 1, np.nan], rng.normal(0, 2, size=10)])
    i, j = np.array([7, -7, 7, -7, 6, -6, 0, 1]), np.array([3, 3, -3, -3, 3, 3, 5, -1])
    functions = {
        "remainder": np.fmod, "floor-div": lambda a, b: np.floor(a / b), "atan2": np.arctan2,
        "modulo": lambda a, b: a - b * np.floor(a / b),
    }
    made = [case(n, NUMPY, {"a": a, "b": b}, {"y": f(a, b)}, kind="f64") for n, f in functions.items()]
    whole = {"remainder": np.fmod, "floor-div": np.floor_divide, "modulo": np.mod}
    made += [case(n, NUMPY, {"a": i, "b": j}, {"y": f(i, j)}, kind="i64") for n, f in whole.items()]
    write("binary", made)


def functions():
    words = ["", "Abc", "  süß Ärger ", "ΑΣ", "x", None, "2024-02-29", "a.b.c", "ẞ"]
    each = lambda f: [None if w is None else f(w) for w in words]
    python = "Python's str"
    made = [
        case("uppercase", python, {"x": words}, {"y": each(str.upper)}),
        case("lowercase", python, {"x": words}, {"y": each(str.lower)}),
        case("trim", python, {"x": words}, {"y": each(str.strip)}),
        case("length", python, {"x": words}, {"y": each(len)}),
        case("replace", python, {"x": words}, {"y": each(lambda w: __import__("re").sub(r"([a-z])\.", r"\1-", w))},
             pattern=r"([a-z])\.", **{"with": "$1-"}),
        case("matches", python, {"x": words}, {"y": each(lambda w: bool(__import__("re").search("^[A-Z]", w)))},
             pattern="^[A-Z]"),
    ]
    starts, lengths = [1, 2, 3, 0, 9, 1, -1, 4, 2], [3, 1, 100, 2, 2, 1, 2, -1, 0]
    parts = [
        None if w is None or s < 1 or n < 0 else w[s - 1 : s - 1 + n]
        for w, s, n in zip(words, starts, lengths)
    ]
    made.append(case("substring", python, {"x": words, "start": starts, "length": lengths}, {"y": parts}))
    numbers = [0.0, 1.0, -1.0, 3.14159, -2.5, 1e10, 123456.789, 1e-5, 0.1, 99.5, 1e100]
    for form in ["%3d", "%d", "%05d", "%.2f", "%8.3f", "%-8.1fx", "%+.1f", "%e", "%.3e", "%g", "%.10g", "a%%%5.1f"]:
        made.append(case("format-number", "Python's %", {"x": numbers}, {"y": [form % v for v in numbers]}, format=form))
    texts = ["1.5", " 2 ", "-3e2", "x", "", "1e400", "0x10"]
    def number(t):
        try:
            return float(t)
        except ValueError:
            return None
    made.append(case("to-number", "Python's float", {"x": texts}, {"y": [number(t) for t in texts]}))
    dates = ["1970-01-01", "2024-02-29", "1899-12-31", "2023-02-29", "x", "2003-04-01T12:30:15"]
    def date(t):
        try:
            return (datetime.datetime.fromisoformat(t).date() - datetime.date(1970, 1, 1)).days
        except ValueError:
            return None
    made.append(case("parse-date", "Python's datetime", {"x": dates}, {"y": [date(t) for t in dates]}))
    moments = ["1970-01-01T00:00:00", "2003-04-01T12:30:15", "1960-01-01T00:00:01", "2003-04-01T12:30:15+02:00",
               "2003-04-01 12:30:15", "2003-04-31T12:30:15", "noon"]
    def moment(t):
        try:
            d = datetime.datetime.fromisoformat(t)
        except ValueError:
            return None
        return int((d if d.tzinfo else d.replace(tzinfo=datetime.timezone.utc)).timestamp())
    made.append(case("parse-date-time", "Python's datetime", {"x": moments}, {"y": [moment(t) for t in moments]}))
    times = ["00:00:00", "23:59:59", "12:30:15", "24:00:01", "x"]
    def time(t):
        try:
            d = datetime.time.fromisoformat(t)
            return d.hour * 3600 + d.minute * 60 + d.second
        except ValueError:
            return None
    made.append(case("parse-time", "Python's datetime", {"x": times}, {"y": [time(t) for t in times]}))
    seconds = [0, 1049200215, -86400, 1709164800]
    for form in ["%m/%d/%y", "%Y-%m-%dT%H:%M:%S", "%d %b %Y", "%j %A"]:
        utc = lambda s: datetime.datetime.fromtimestamp(s, datetime.timezone.utc).strftime(form)
        made.append(case("format-date-time", "Python's strftime", {"x": seconds}, {"y": [utc(s) for s in seconds]}, format=form))
    others = ["x", "", None, "z", "ß", "1", None, "b", "c"]
    joined = [None if a is None or b is None else a + b for a, b in zip(words, others)]
    made.append(case("join", python, {"x": words, "other": others}, {"y": joined}))
    made.append(case("coalesce", python, {"x": words, "other": others}, {"y": [b if a is None else a for a, b in zip(words, others)]}))
    listed = ["x", "", "ẞ"]
    made.append(case("is-in", python, {"x": words}, {"y": each(lambda w: w in listed)}, values=listed))
    exact = [0, -5, 2**53, -(2**62)]
    made.append(case("to-text", python, {"x": exact}, {"y": [str(v) for v in exact]}))
    write("functions", made)


def curves():
    x = np.concatenate([[-3, -2, -1, 0, 0.25, 1, 2, 3, 4, np.nan, np.inf, -np.inf], rng.normal(size=20)])
    px, py = [-1.5, -1, 0, 0.25, 2], [4, 3, 3.5, -1, 7]
    made = [case("clamp", NUMPY + " interp", {"x": x}, {"y": np.interp(x, px, py)}, x=px, y=py, outside="clamp", form="slope")]
    xs = np.sort(rng.normal(size=60))
    model = isotonic.IsotonicRegression(out_of_bounds="clip").fit(xs, xs + rng.normal(size=60))
    at = np.concatenate([xs[:10], x[:9], model.X_thresholds_])
    made.append(case("isotonic", SKLEARN, {"x": at}, {"y": model.predict(at)}, x=model.X_thresholds_, y=model.y_thresholds_,
                     outside="clamp", form="slope"))
    write("curve", made)


def reductions():
    x = np.vstack([rng.normal(size=(20, 5)), [[1, 1, 1, 1, 1], [3, -3, 0, 0, 2], [-1, -1, 5, 5, -5]]])
    by = {
        "sum": x.sum(1), "product": x.prod(1), "min": x.min(1), "max": x.max(1), "mean": x.mean(1),
        "median": np.median(x, 1), "sum-abs": np.abs(x).sum(1), "sum-squares": (x * x).sum(1),
        "max-abs": np.abs(x).max(1), "arg-min": x.argmin(1), "arg-max": x.argmax(1), "std-dev": x.std(1, ddof=1),
    }
    made = [case(n, NUMPY, {"x": x}, {"y": y}, skip=False) for n, y in by.items()]
    gaps = x.copy()
    gaps[rng.random(x.shape) < 0.3] = np.nan
    gaps[0] = np.nan
    masked = {
        "sum": np.nansum, "product": np.nanprod, "min": np.nanmin, "max": np.nanmax, "mean": np.nanmean, "median": np.nanmedian,
    }
    holes = [[None if v != v else v for v in row] for row in gaps]
    for n, f in masked.items():
        y = [None if np.isnan(row).all() else f(row) for row in gaps]
        made.append(case(n, NUMPY, {"x": holes}, {"y": y}, skip=True))
    made.append(case("count", NUMPY, {"x": holes}, {"y": (~np.isnan(gaps)).sum(1)}, skip=True))
    bits = rng.random((20, 3)) < 0.7
    made += [case(n, NUMPY, {"x": bits}, {"y": y}, skip=False, kind="bool") for n, y in (("any", bits.any(1)), ("all", bits.all(1)))]
    write("reduce", made)


def normalizations():
    x = np.vstack([rng.normal(size=(20, 4)), np.zeros((1, 4)), [[3, -4, 0, 0]]])
    made = [case(n, SKLEARN, {"x": x}, {"y": preprocessing.normalize(x, norm=norm)}) for n, norm in
            (("l1", "l1"), ("l2", "l2"), ("max-abs", "max"))]
    whole = lambda w: np.where(w == 0, 1, w)[:, None]
    made += [case(n, NUMPY, {"x": x}, {"y": x / whole(w)}) for n, w in (("max", x.max(1)), ("sum", x.sum(1)))]
    made.append(case("softmax", SCIPY, {"x": x}, {"y": special.softmax(x, axis=1)}))
    write("normalize", made)


def polynomials():
    x = rng.normal(size=(15, 3))
    made = []
    for options in ({"degree": 2}, {"degree": 3, "interaction_only": True}, {"degree": 3, "include_bias": False}):
        model = preprocessing.PolynomialFeatures(**options).fit(x)
        terms = [[i for i, p in enumerate(row) for _ in range(p)] for row in model.powers_]
        made.append(case(str(options), SKLEARN, {"x": x}, {"y": model.transform(x)}, terms=terms))
    write("polynomial", made)


def splines():
    train = rng.normal(size=(80, 1))
    x = np.concatenate([train[:30, 0], [train.min(), train.max(), -4.0, 4.0, -2.9, 3.3, 0.0]])
    made = []
    for degree in (1, 2, 3):
        for outside in ("constant", "linear", "continue"):
            model = preprocessing.SplineTransformer(n_knots=5, degree=degree, extrapolation=outside).fit(train)
            made.append(case(f"degree {degree} {outside}", SKLEARN, {"x": x}, {"y": model.transform(x[:, None])},
                             knots=model.bsplines_[0].t, degree=degree, outside=outside))
    write("spline", made)


TEXTS = [
    "The quick brown fox jumps over the lazy dog.", "", "Ärger über süße Äpfel, élan vital!",
    "a b c a b", "don't stop -- can't stop; won't stop", "tab\tand\n\nnewline   spaces", "ΣΟΦΟΣ sofós",
    "the the the dog", "x1 22 3.5e4", "ﬁn ½ naïve Straße",
]


def texts():
    made = []
    def terms(model):
        return [t for t, _ in sorted(model.vocabulary_.items(), key=lambda item: item[1])]
    settings = [
        {}, {"ngram_range": (1, 2)}, {"binary": True}, {"lowercase": False}, {"strip_accents": "unicode"},
        {"strip_accents": "ascii"}, {"stop_words": ["dog", "the"]}, {"analyzer": "char", "ngram_range": (2, 3)},
        {"analyzer": "char_wb", "ngram_range": (2, 4)}, {"token_pattern": r"(?u)\b[a-z](\w+)\b"},
    ]
    common = {"norm": None, "sublinear": False, "idf": []}
    for s in settings:
        model = text.CountVectorizer(**s).fit(TEXTS)
        y = model.transform(TEXTS).toarray()
        made.append(case(f"count {s}", SKLEARN, {"x": TEXTS}, {"y": y}, **common, settings=s, vocabulary=terms(model)))
    for s in ({}, {"sublinear_tf": True, "norm": "l1"}, {"use_idf": False}, {"norm": None, "smooth_idf": False}):
        model = text.TfidfVectorizer(**s).fit(TEXTS)
        made.append(case(f"tfidf {s}", SKLEARN, {"x": TEXTS}, {"y": model.transform(TEXTS).toarray()}, settings={},
                         vocabulary=terms(model), sublinear=s.get("sublinear_tf", False), norm=s.get("norm", "l2"),
                         idf=model.idf_ if s.get("use_idf", True) else []))
    for s in ({"n_features": 16}, {"n_features": 12, "alternate_sign": False, "norm": "l1"}, {"n_features": 8, "norm": None}):
        model = text.HashingVectorizer(**s)
        made.append(case(f"hashing {s}", SKLEARN, {"x": TEXTS}, {"y": model.transform(TEXTS).toarray()}, settings={},
                         sublinear=False, norm=s.get("norm", "l2"), idf=[], size=s["n_features"],
                         alternate_sign=s.get("alternate_sign", True)))
    write("text_vector", made)


def distances():
    x, points = rng.normal(size=(12, 3)), rng.normal(size=(4, 3))
    points[0] = x[0]
    w = [0.5, 2.0, 1.0]
    made = []
    def add(name, f, x=x, points=points, by=SCIPY, **params):
        y = [[f(a, b) for b in points] for a in x]
        made.append(case(name, by, {"x": x}, {"y": y}, points=points, **params))
    add("euclidean", distance.euclidean)
    add("euclidean", lambda a, b: distance.euclidean(a, b, w), weights=w)
    add("squared-euclidean", lambda a, b: distance.sqeuclidean(a, b, w), weights=w)
    add("city-block", lambda a, b: distance.cityblock(a, b, w), weights=w)
    add("chebyshev", distance.chebyshev)
    add("minkowski", lambda a, b: distance.minkowski(a, b, 3, w), weights=w, p=3)
    add("cosine", distance.cosine)
    add("canberra", distance.canberra)
    add("bray-curtis", distance.braycurtis)
    bits, marks = rng.integers(0, 2, (12, 6)), rng.integers(0, 2, (3, 6))
    marks[:, 0] = 1
    add("hamming", distance.hamming, bits, marks)
    add("jaccard", lambda a, b: 1 - distance.jaccard(a, b), bits, marks)
    add("tanimoto", lambda a, b: 1 - distance.rogerstanimoto(a, b), bits, marks)
    add("simple-matching", lambda a, b: 1 - distance.hamming(a, b), bits, marks)
    places = np.radians(rng.uniform(-80, 80, (5, 2)))
    pairs = lambda a, b: metrics.pairwise.haversine_distances([a], [b])[0, 0]
    add("haversine", pairs, places, places[:2] + 0.3, by=SKLEARN)
    write("distances", made)


def machines():
    x, y = datasets.load_iris(return_X_y=True)
    at = np.vstack([x[::7], rng.normal(3, 2, size=(10, 4))])
    made = []
    for options in ({"kernel": "linear"}, {"kernel": "rbf"}, {"kernel": "poly", "degree": 3, "coef0": 1.0},
                    {"kernel": "sigmoid", "gamma": 0.01, "coef0": -0.5}):
        model = svm.SVC(probability=True, random_state=0, decision_function_shape="ovr", **options).fit(x, y)
        model.decision_function_shape = "ovo"
        ovo = model.decision_function(at)
        model.decision_function_shape = "ovr"
        made.append(case(str(options), SKLEARN, {"x": at}, {
            "decisions": ovo, "confidence": model.decision_function(at), "coupled": model.predict_proba(at),
            "label": model.predict(at)},
            kernel=options["kernel"], gamma=model._gamma, coef0=model.coef0, degree=model.degree,
            vectors=model.support_vectors_, coefficients=model._dual_coef_, counts=model._n_support,
            intercepts=model._intercept_, a=model._probA, b=model._probB))
    for kernel, f in (("laplacian", metrics.pairwise.laplacian_kernel), ("cosine", metrics.pairwise.cosine_similarity),
                      ("chi2", metrics.pairwise.chi2_kernel), ("additive-chi2", metrics.pairwise.additive_chi2_kernel)):
        options = {"gamma": 0.3} if kernel in ("laplacian", "chi2") else {}
        made.append(case(kernel, SKLEARN, {"x": np.abs(at)}, {"values": f(np.abs(at), x[:3], **options)}, kernel=kernel,
                         gamma=0.3, coef0=0, degree=0, vectors=x[:3]))
    write("kernel_machine", made)


def bayes():
    x, y = datasets.load_iris(return_X_y=True)
    model = naive_bayes.GaussianNB().fit(x, y)
    at = np.vstack([x[::9], rng.normal(3, 2, size=(10, 4))])
    made = [case("normal", SKLEARN, {"x": at}, {"joint": model._joint_log_likelihood(at), "label": model.predict(at)},
                 priors=model.class_prior_, mean=model.theta_.T, variance=model.var_.T)]
    codes = rng.integers(0, 3, (60, 2))
    target = (codes[:, 0] + rng.integers(0, 2, 60)) % 3
    table = naive_bayes.CategoricalNB().fit(codes, target)
    made.append(case("table", SKLEARN, {"x": codes[:20]}, {"joint": table._joint_log_likelihood(codes[:20])},
                     priors=np.exp(table.class_log_prior_), tables=[np.exp(p.T) for p in table.feature_log_prob_]))
    counts = np.array([0, 1, 2, 5, 9])
    rates = np.array([0.5, 3.0])
    made.append(case("poisson", SCIPY, {"x": counts},
                     {"joint": np.log([0.4, 0.6]) + stats.poisson.logpmf(counts[:, None], rates)}, priors=[0.4, 0.6], mean=rates))
    inside = np.array([0.1, 0.5, 2.0])
    made.append(case("uniform", SCIPY, {"x": inside}, {"joint": [0.4, 0.6] * np.maximum(
        stats.uniform.pdf(inside[:, None], [0, 0], [1, 4]), 0.001)}, priors=[0.4, 0.6], low=[0, 0], high=[1, 4], threshold=0.001))
    write("naive_bayes", made)


def processes():
    x = rng.normal(size=(25, 2))
    y = np.sin(x[:, 0]) + 0.1 * rng.normal(size=25)
    at = np.vstack([x[:4], rng.normal(size=(10, 2))])
    C, W = kernels.ConstantKernel, kernels.WhiteKernel
    made = []
    for name, kernel, terms in (
        ("rbf", C(2.0) * kernels.RBF([0.7, 1.3]) + W(0.1),
         [["constant", 2.0], ["rbf", [0.7, 1.3]], ["product"], ["white", 0.1], ["sum"]]),
        ("matern", kernels.Matern(0.9, nu=1.5) + kernels.Matern(1.1, nu=0.5) * kernels.Matern(2.0, nu=2.5),
         [["matern", [0.9], 3], ["matern", [1.1], 1], ["matern", [2.0], 5], ["product"], ["sum"]]),
        ("others", kernels.RationalQuadratic(1.2, 0.7) + kernels.ExpSineSquared(1.5, 2.5) + kernels.DotProduct(0.8) ** 2 + W(2.0),
         [["rational-quadratic", 1.2, 0.7], ["exp-sine-squared", 1.5, 2.5], ["sum"], ["dot-product", 0.8], ["power", 2.0],
          ["sum"], ["white", 2.0], ["sum"]]),
    ):
        model = gaussian_process.GaussianProcessRegressor(kernel, optimizer=None, alpha=1e-6, normalize_y=True).fit(x, y)
        mean, std = model.predict(at, return_std=True)
        made.append(case(name, SKLEARN, {"x": at}, {"y": np.stack([mean, std], 1)}, vectors=x, terms=terms, alpha=model.alpha_,
                         factor=model.L_, scale=model._y_train_std, offset=model._y_train_mean))
    write("gaussian_process", made)


def survival():
    x = rng.normal(size=(60, 2))
    time = rng.exponential(np.exp(-x @ [0.5, -0.3])).round(3)
    status = rng.random(60) < 0.7
    model = hazard.PHReg(time, x, status=status, ties="breslow").fit()
    at, when = rng.normal(size=(15, 2)), rng.uniform(0.01, time.max() * 0.9, 15)
    [(base_time, cumulative, _)] = model.baseline_cumulative_hazard
    def answer(form):
        return model.predict(exog=at, endog=when, pred_type=form).predicted_values
    # Steps at equal times: the last one holds.
    steps = {float(t): float(h) for t, h in zip(base_time, cumulative)}
    write("survival", [case(form, f"statsmodels {statsmodels.api.__version__ if hasattr(statsmodels.api, '__version__') else ''}".strip(),
                            {"margin": at @ model.params, "time": when}, {"y": answer(name)},
                            time=list(steps), hazard=list(steps.values()))
                       for form, name in (("cumulative-hazard", "cumhaz"), ("survival", "surv"))])


def nearest():
    x, y = datasets.load_iris(return_X_y=True)
    # Of rows at equal distance the library keeps whichever its heap drops last: there are none here.
    x, y = x[::3] + rng.normal(0, 1e-3, (50, 4)), y[::3]
    at = np.vstack([x[::5], rng.normal(3, 1.5, size=(12, 4))])
    made = []
    for options in ({}, {"weights": "distance"}, {"n_neighbors": 3, "metric": "manhattan"}, {"metric": "chebyshev", "n_neighbors": 7}):
        options = {"algorithm": "brute", **options}
        model = neighbors.KNeighborsClassifier(**options).fit(x, y)
        k, w, metric = model.n_neighbors, model.weights, model.metric
        made.append(case(f"classes {options}", SKLEARN, {"x": at}, {"label": model.predict(at), "probabilities": model.predict_proba(at)},
                         rows=x, of_row=y, k=k, weights=w, metric=metric))
        other = neighbors.KNeighborsRegressor(**options).fit(x, x[:, :2] * 2)
        made.append(case(f"values {options}", SKLEARN, {"x": at}, {"values": other.predict(at)}, rows=x, targets=x[:, :2] * 2, k=k,
                         weights=w, metric=metric))
    near = neighbors.RadiusNeighborsClassifier(radius=1.1, outlier_label=2, algorithm="brute").fit(x, y)
    made.append(case("radius", SKLEARN, {"x": at}, {"label": near.predict(at), "probabilities": near.predict_proba(at)}, rows=x, of_row=y,
                     radius=1.1, outlier=2, weights="uniform", metric="minkowski"))
    write("neighbors", made)


def clusters():
    x, _ = datasets.load_iris(return_X_y=True)
    model = cluster.KMeans(4, random_state=0, n_init=1).fit(x)
    at = np.vstack([x[::7], rng.normal(3, 2, size=(10, 4))])
    made = [case("kmeans", SKLEARN, {"x": at}, {"label": model.predict(at), "distances": model.transform(at)}, points=model.cluster_centers_)]
    one = svm.OneClassSVM(gamma=0.2, nu=0.2).fit(x)
    made.append(case("one-class", SKLEARN, {"score": one.decision_function(at)}, {"label": one.predict(at)}))
    write("cluster", made)


def oblivious():
    import catboost

    x = rng.normal(size=(200, 4))
    x[rng.random(x.shape) < 0.1] = np.nan
    y = np.nansum(x[:, :2], 1) + rng.normal(size=200) * 0.1
    made = []
    for name, target, options in (("regression", y, {}), ("classes", np.digitize(y, [-0.5, 0.5]), {"loss_function": "MultiClass"})):
        kind = catboost.CatBoostRegressor if name == "regression" else catboost.CatBoostClassifier
        model = kind(iterations=12, depth=3, random_seed=1, verbose=False, allow_writing_files=False, thread_count=1, **options).fit(x, target)
        path = HERE / "model.json"
        model.save_model(path, format="json")
        found = json.loads(path.read_text())
        path.unlink()
        features = found["features_info"]["float_features"]
        treatment = {f["feature_index"]: f["nan_value_treatment"] for f in features}
        trees = found["oblivious_trees"]
        scale, bias = found["scale_and_bias"]
        made.append(case(name, f"catboost {catboost.__version__}", {"x": [[None if v != v else v for v in row] for row in x[:40]]},
                         {"y": model.predict(x[:40], prediction_type="RawFormulaVal")},
                         features=[s["float_feature_index"] for t in trees for s in t["splits"]],
                         borders=[s["border"] for t in trees for s in t["splits"]],
                         above=[treatment[s["float_feature_index"]] == "AsTrue" for t in trees for s in t["splits"]],
                         depths=[len(t["splits"]) for t in trees], leaves=[v for t in trees for v in t["leaf_values"]],
                         scale=scale, bias=bias))
    write("oblivious_trees", made)


def linear_trees():
    import lightgbm

    x = rng.normal(size=(300, 3))
    x[rng.random(x.shape) < 0.05] = np.nan
    y = np.nan_to_num(x[:, 0]) * 3 - np.nan_to_num(x[:, 1]) + rng.normal(size=300) * 0.1
    options = {"linear_tree": True, "num_leaves": 5, "verbose": -1, "num_threads": 1, "objective": "regression", "seed": 1}
    booster = lightgbm.train(options, lightgbm.Dataset(x, y), 6)
    nodes, leaves, models, roots = [], [], [], []
    for tree in booster.dump_model()["tree_info"]:
        def walk(node):
            place = len(nodes)
            nodes.append(None)
            if "leaf_value" in node:
                nodes[place] = {"leaf": len(leaves)}
                leaves.append(node["leaf_value"])
                models.append([node["leaf_const"], list(zip(node["leaf_features"], node["leaf_coeff"]))])
            else:
                assert node["decision_type"] == "<=" and node["missing_type"] in ("NaN", "None")
                nan = node["missing_type"] == "NaN"
                nodes[place] = {"feature": node["split_feature"], "threshold": node["threshold"],
                                "missing": ("yes" if node["default_left"] else "no") if nan else "zero",
                                "yes": walk(node["left_child"]), "no": walk(node["right_child"])}
            return place
        roots.append(walk(tree["tree_structure"]))
    at = x[:60]
    write("linear_trees", [case("lightgbm", f"lightgbm {lightgbm.__version__}", {"x": [[None if v != v else v for v in row] for row in at]},
                                {"y": booster.predict(at)}, nodes=nodes, roots=roots, leaves=leaves, models=models)])


def series():
    from statsmodels.tsa.holtwinters import ExponentialSmoothing
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    t = np.arange(72)
    y = 50 + 0.4 * t + 6 * np.sin(t * np.pi / 6) + rng.normal(size=72)
    steps = np.arange(1, 31)
    made = []
    by = "statsmodels 0.14.6"
    for trend, damped, season in (("add", False, "add"), ("add", True, "mul"), (None, False, None), ("mul", False, "mul"), ("mul", True, None)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ExponentialSmoothing(y, trend=trend, damped_trend=damped, seasonal=season, seasonal_periods=12 if season else None).fit()
        p = model.params
        made.append(case("smoothing", by, {"h": steps}, {"y": model.forecast(30)}, level=model.level[-1],
                         trend=trend or "none", slope=model.trend[-1] if trend else 0, phi=p["damping_trend"] if damped else None,
                         season=season, seasonal=model.season[-12:] if season else []))
    # Long enough for the library's filter to settle: then its forecasts are those of the recursion.
    for order, seasonal, c, params in (
        ((2, 0, 1), (0, 0, 0, 0), True, [5.0, 0.5, 0.2, 0.3, 1.0]),
        ((1, 1, 1), (0, 0, 0, 0), False, [0.6, -0.4, 1.0]),
        ((1, 1, 1), (1, 1, 1, 12), False, [0.5, 0.3, -0.2, 0.4, 1.0]),
    ):
        options = {"order": order, "seasonal_order": seasonal, "trend": "c" if c else None}
        shocks = rng.normal(size=3000)
        long = SARIMAX(np.zeros(3000), **options).simulate(params, 3000, measurement_shocks=np.zeros(3000),
                                                           state_shocks=shocks[:, None], initial_state=np.zeros(SARIMAX(np.zeros(50), **options).k_states))
        model = SARIMAX(long, **options).smooth(params)
        p = dict(zip(model.param_names, model.params))
        pick = lambda head, n, step=1: [p[f"{head}{i * step}"] for i in range(1, n + 1)]
        s = seasonal[3]
        made.append(case("arima", by, {"h": steps}, {"y": model.forecast(30)}, ar=pick("ar.L", order[0]), d=order[1], ma=pick("ma.L", order[2]),
                         seasonal_ar=pick("ar.S.L", seasonal[0], s), seasonal_d=seasonal[1], seasonal_ma=pick("ma.S.L", seasonal[2], s), period=s,
                         constant=p.get("intercept", 0.0), history=long[-40:], residuals=model.resid[-40:]))
    write("time_series", made)


def networks():
    import pyagrum

    net = pyagrum.fastBN("cloudy[2]->sprinkler[3]->wet[2]<-rain[2]<-cloudy")
    states = {"cloudy": 2, "rain": 2, "sprinkler": 3, "wet": 2}
    parents = {"cloudy": [], "rain": ["cloudy"], "sprinkler": ["cloudy"], "wet": ["sprinkler", "rain"]}
    tables = {}
    for node, above in parents.items():
        rows = int(np.prod([states[a] for a in above])) if above else 1
        table = rng.dirichlet(np.ones(states[node]), rows)
        tables[node] = table
        for i, row in enumerate(table):
            key, rest = {}, i
            for a in reversed(above):
                key[a], rest = rest % states[a], rest // states[a]
            if above:
                net.cpt(node)[key] = list(row)
            else:
                net.cpt(node).fillWith(list(row))
    evidence = [{}, {"wet": 1}, {"wet": 1, "cloudy": 0}, {"sprinkler": 2}, {"cloudy": 1, "sprinkler": 0, "wet": 0}]
    answers = []
    for seen in evidence:
        query = pyagrum.LazyPropagation(net)
        query.setEvidence(seen)
        query.makeInference()
        answers.append(query.posterior("rain").tolist())
    inputs = {n: [seen.get(n) for seen in evidence] for n in states if n != "rain"}
    write("bayesian_network", [case("rain", f"pyAgrum {pyagrum.__version__}", inputs, {"y": answers}, order=list(parents),
                                    states=list(states.values()), parents=[[list(parents).index(a) for a in p] for p in parents.values()],
                                    tables=[tables[n] for n in parents])])


if __name__ == "__main__":
    for made in (unary, binary, functions, curves, reductions, normalizations, polynomials, splines, texts, distances, machines,
                 bayes, processes, survival, nearest, clusters, oblivious, linear_trees, series, networks):
        made()
