"""The wide part of the corpus: a case for every estimator beside the common ones.

Called by make.py; the cases marked `old` are made with older versions as well.
"""

import warnings

import numpy as np
import pandas as pd
import scipy.sparse
import sklearn
from sklearn import (
    calibration, cluster, compose, covariance, cross_decomposition, decomposition,
    discriminant_analysis, dummy, ensemble, feature_extraction, feature_selection,
    gaussian_process, impute, isotonic, kernel_approximation, kernel_ridge, linear_model, manifold, mixture,
    model_selection, multiclass, multioutput, naive_bayes, neighbors, neural_network, pipeline,
    preprocessing, random_projection, semi_supervised, svm, tree,
)
from sklearn.gaussian_process import kernels

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
if VERSION >= (0, 24):
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
NAMES = {2: np.array(["no", "yes"], dtype=object), 3: np.array(["red", "green", "blue"], dtype=object)}

CLOSE = (1e-10, 1e-12)

# Classifiers whose margins are those that decide the label.
MARGINS = {
    "LogisticRegressionCV", "SGDClassifier", "Perceptron", "PassiveAggressiveClassifier", "RidgeClassifier",
    "RidgeClassifierCV", "LinearSVC", "LinearDiscriminantAnalysis", "HistGradientBoostingClassifier",
    "AdaBoostClassifier",
}


def data(classes=0, width=4, count=60, seed=0, targets=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width)) * np.linspace(0.5, 2.0, width)
    weights = rng.normal(size=(width, max(classes, targets)))
    score = x @ weights + np.sin(x[:, [0]] * 2) + 0.3 * rng.normal(size=(count, 1))
    if classes == 2:
        return x, (score[:, 0] > 0).astype(int)
    if classes:
        return x, score.argmax(axis=1)
    return x, score[:, 0] if targets == 1 else score


def rows(width=4, seed=1, count=25):
    rng = np.random.default_rng(seed)
    return np.vstack([rng.normal(size=(count, width)) * np.linspace(0.5, 2.0, width), np.zeros((1, width)), np.full((1, width), 3.0)])


def counts(width=5, count=60, seed=3, classes=3):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, count)
    return rng.poisson(1.5 + (np.arange(width) == y[:, None]) * 3, size=(count, width)).astype(float), y


TEXTS = [
    "The quick brown fox jumps over the lazy dog", "A lazy dog sleeps all day long",
    "Quick thinking saves the day", "Foxes and dogs don't get along", "The dog chased the quick fox",
    "Caf\u00e9 cr\u00e8me and na\u00efve na\u00efve words", "don't stop, 3.14 is pi!", "sleep sleep sleep dog",
    "over and over again the fox", "day after day the lazy cat sleeps",
]
ROWS = TEXTS[:6] + ["unknown words only here", "the", "Quick QUICK quick, dog-dog", "caf\u00e9 day x y zz 42"]
LABELS = [0, 1, 0, 1, 0, 1, 1, 1, 0, 1]


def make(case, skips, old):
    def c(name, model, inputs=None, note="", tolerance=CLOSE, older=False, early=False, **more):
        if old and not older and not (early and VERSION < (1, 2)):
            return
        if skips(name, more.get("forms", "pickle")):
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            built = model() if callable(model) and not hasattr(model, "get_params") else model
            if built is None:
                return
            more.setdefault("margins", type(built).__name__ in MARGINS)
            case(name, built, rows() if inputs is None else inputs, tolerance, note or type(built).__name__, **more)

    x, y2 = data(2)
    three, y3 = data(3)
    _, y = data()
    _, yy = data(targets=2)
    positive = np.abs(x)
    q = rows()

    # linear
    for name, model in {
        "bayesian_ridge": linear_model.BayesianRidge(), "ard": linear_model.ARDRegression(),
        "huber": linear_model.HuberRegressor(), "theil_sen": linear_model.TheilSenRegressor(random_state=0),
        "quantile_regressor": linear_model.QuantileRegressor(alpha=0.01) if VERSION >= (1, 0) else None, "lars": linear_model.Lars(),
        "lars_cv": linear_model.LarsCV(cv=3), "lasso_lars": linear_model.LassoLars(0.01),
        "lasso_lars_cv": linear_model.LassoLarsCV(cv=3), "lasso_lars_ic": linear_model.LassoLarsIC(),
        "omp": linear_model.OrthogonalMatchingPursuit(), "omp_cv": linear_model.OrthogonalMatchingPursuitCV(cv=3),
        "sgd_regressor": linear_model.SGDRegressor(random_state=0),
        "passive_aggressive_regressor": linear_model.PassiveAggressiveRegressor(random_state=0),
        "linear_svr": svm.LinearSVR(random_state=0), "ransac": linear_model.RANSACRegressor(random_state=0),
        "ridge_cv": linear_model.RidgeCV(), "lasso_cv": linear_model.LassoCV(cv=3),
        "elastic_net": linear_model.ElasticNet(0.1), "elastic_net_cv": linear_model.ElasticNetCV(cv=3),
    }.items():
        c(name, lambda: model.fit(x, y), older=name in ("sgd_regressor",))
    for name, model in {
        "multi_task_lasso": linear_model.MultiTaskLasso(0.05), "multi_task_lasso_cv": linear_model.MultiTaskLassoCV(cv=3),
        "multi_task_elastic_net": linear_model.MultiTaskElasticNet(0.05),
        "multi_task_elastic_net_cv": linear_model.MultiTaskElasticNetCV(cv=3),
    }.items():
        c(name, lambda: model.fit(x, yy))
    c("poisson", lambda: linear_model.PoissonRegressor().fit(x, np.exp(y / 4)), older=VERSION >= (0, 23))
    c("gamma", lambda: linear_model.GammaRegressor().fit(x, np.exp(y / 4)))
    c("tweedie", lambda: linear_model.TweedieRegressor(power=1.5).fit(x, np.exp(y / 4)))
    c("tweedie_identity", lambda: linear_model.TweedieRegressor(power=0).fit(x, y))
    c("logistic_cv", lambda: linear_model.LogisticRegressionCV(cv=3, **({"use_legacy_attributes": False, "l1_ratios": (0,)} if VERSION >= (1, 8) else {})).fit(x, y3))
    for k, target in ((2, y2), (3, y3)):
        log = "log_loss" if VERSION >= (1, 1) else "log"
        c(f"sgd_log_{k}", lambda: linear_model.SGDClassifier(loss=log, alpha=0.1, random_state=0).fit(x, target), older=True)
        c(f"sgd_huber_{k}", lambda: linear_model.SGDClassifier(loss="modified_huber", random_state=0).fit(x, target))
        c(f"sgd_hinge_{k}", lambda: linear_model.SGDClassifier(random_state=0).fit(x, NAMES[k][target]), older=True)
        c(f"perceptron_{k}", lambda: linear_model.Perceptron(random_state=0).fit(x, target))
        c(f"passive_aggressive_{k}", lambda: linear_model.PassiveAggressiveClassifier(random_state=0).fit(x, target))
        c(f"ridge_classifier_{k}", lambda: linear_model.RidgeClassifier().fit(x, NAMES[k][target]), older=k == 3)
        c(f"ridge_classifier_cv_{k}", lambda: linear_model.RidgeClassifierCV().fit(x, target))
        c(f"linear_svc_{k}", lambda: svm.LinearSVC(random_state=0).fit(x, target), older=True)
        c(f"lda_{k}", lambda: discriminant_analysis.LinearDiscriminantAnalysis().fit(x, target), older=k == 3)
        c(f"qda_{k}", lambda: discriminant_analysis.QuadraticDiscriminantAnalysis().fit(x, target), older=k == 3)
        c(f"svc_rbf_{k}", lambda: svm.SVC().fit(x, NAMES[k][target]), older=True, margins=k == 2)
        c(f"svc_poly_{k}", lambda: svm.SVC(kernel="poly", coef0=0.5).fit(x, target), margins=k == 2)
        c(f"svc_sigmoid_{k}", lambda: svm.SVC(kernel="sigmoid").fit(x, target), margins=k == 2)
        c(f"svc_linear_{k}", lambda: svm.SVC(kernel="linear").fit(x, target), margins=k == 2)
        c(f"svc_probability_{k}", lambda: svm.SVC(probability=True, random_state=0).fit(x, target), older=True, margins=k == 2)
        c(f"nu_svc_{k}", lambda: svm.NuSVC(nu=0.2).fit(x, target), margins=k == 2)
        c(f"mlp_{k}", lambda: neural_network.MLPClassifier(hidden_layer_sizes=(6,), max_iter=200, random_state=0).fit(x, target), older=k == 3)
        c(f"knn_{k}", lambda: neighbors.KNeighborsClassifier().fit(x, NAMES[k][target]), older=True)
        c(f"knn_distance_{k}", lambda: neighbors.KNeighborsClassifier(n_neighbors=4, weights="distance", p=1).fit(x, target))
        c(f"radius_{k}", lambda: neighbors.RadiusNeighborsClassifier(3.0, outlier_label="most_frequent").fit(x, target), inputs=rows()[:25])
        c(f"hist_{k}", lambda: ensemble.HistGradientBoostingClassifier(max_iter=6, min_samples_leaf=5).fit(x, target), older=True)
        c(f"ada_{k}", lambda: ensemble.AdaBoostClassifier(n_estimators=4, random_state=0, **({"algorithm": "SAMME"} if VERSION < (1, 6) else {})).fit(x, target), older=True)
        if VERSION < (1, 6):
            c(f"ada_r_{k}", lambda: ensemble.AdaBoostClassifier(n_estimators=4, random_state=0, algorithm="SAMME.R").fit(x, target), older=True)
        c(f"gp_classifier_{k}", lambda: gaussian_process.GaussianProcessClassifier(kernels.RBF(1.5), optimizer=None).fit(x[:30], target[:30]), tolerance=(1e-8, 1e-9))
        c(f"gaussian_nb_{k}", lambda: naive_bayes.GaussianNB().fit(x, target), older=k == 3)
        c(f"centroid_{k}", lambda: neighbors.NearestCentroid().fit(x, target), older=k == 3)
        c(f"bernoulli_nb_{k}", lambda: naive_bayes.BernoulliNB().fit(x, target))
        logistic = linear_model.LogisticRegression()
        c(f"calibrated_sigmoid_{k}", lambda: calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), cv=2).fit(x, target), older=True)
        c(f"calibrated_isotonic_{k}", lambda: calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), method="isotonic", cv=2).fit(x, target), early=True)
        if VERSION >= (1, 8):
            c(f"calibrated_temperature_{k}", lambda: calibration.CalibratedClassifierCV(logistic, method="temperature", cv=2).fit(x, target))
        stump = tree.DecisionTreeClassifier(max_depth=2, random_state=0)
        c(f"ovr_{k}", lambda: multiclass.OneVsRestClassifier(logistic).fit(x, NAMES[k][target]), older=k == 3)
        c(f"ovr_tree_{k}", lambda: multiclass.OneVsRestClassifier(stump).fit(x, target))
        c(f"ovo_{k}", lambda: multiclass.OneVsOneClassifier(logistic).fit(x, target), older=k == 3)
        c(f"ovo_tree_{k}", lambda: multiclass.OneVsOneClassifier(stump).fit(x, target), early=True)
        c(f"code_{k}", lambda: multiclass.OutputCodeClassifier(logistic, code_size=2, random_state=0).fit(x, target))
        three_models = [("a", logistic), ("b", stump), ("c", naive_bayes.GaussianNB())]
        c(f"voting_hard_{k}", lambda: ensemble.VotingClassifier(three_models, weights=[1, 2, 1.5]).fit(x, NAMES[k][target]), older=k == 3)
        c(f"voting_soft_{k}", lambda: ensemble.VotingClassifier(three_models, voting="soft", weights=[1, 2, 1]).fit(x, NAMES[k][target]))
        c(f"stacking_{k}", lambda: ensemble.StackingClassifier([("a", stump), ("b", svm.LinearSVC(random_state=0))], logistic, cv=2, passthrough=k == 3).fit(x, NAMES[k][target]), older=k == 3)
        c(f"bagging_{k}", lambda: ensemble.BaggingClassifier(stump, 3, max_features=0.75, random_state=0).fit(x, NAMES[k][target]), older=k == 3)
        c(f"bagging_svc_{k}", lambda: ensemble.BaggingClassifier(svm.LinearSVC(random_state=0), 3, random_state=0).fit(x, target))
        c(f"dummy_{k}", lambda: dummy.DummyClassifier(strategy="most_frequent" if k == 2 else "prior").fit(x, target))
        partly = target.copy()
        partly[::4] = -1
        c(f"self_training_{k}", lambda: semi_supervised.SelfTrainingClassifier(logistic).fit(x, partly))
    partly = y3.copy()
    partly[::3] = -1
    c("label_propagation", lambda: semi_supervised.LabelPropagation(gamma=0.5).fit(x, partly))
    c("label_spreading", lambda: semi_supervised.LabelSpreading(kernel="knn", n_neighbors=5).fit(x, partly))
    c("kernel_density", lambda: neighbors.KernelDensity(bandwidth=0.7).fit(x), tolerance=(1e-8, 1e-9))
    c("svc_break_ties", lambda: svm.SVC(break_ties=True).fit(x, y3))
    c("svc_ovo", lambda: svm.SVC(decision_function_shape="ovo").fit(x, y3), margins=False)
    c("svc_sparse", lambda: svm.SVC(kernel="linear").fit(scipy.sparse.csr_matrix(np.where(np.abs(x) < 0.5, 0, x)), y2))
    for name, model in {"svr": svm.SVR(), "nu_svr": svm.NuSVR(kernel="poly"), "kernel_ridge": kernel_ridge.KernelRidge(kernel="rbf", gamma=0.3)}.items():
        c(name, lambda: model.fit(x, y), older=name == "svr")
    c("kernel_ridge_two", lambda: kernel_ridge.KernelRidge(kernel="polynomial", degree=2).fit(x, yy), early=True)
    c("one_class_svm", lambda: svm.OneClassSVM(nu=0.2).fit(x), older=True)
    c("sgd_one_class", lambda: linear_model.SGDOneClassSVM(random_state=0).fit(x))
    c("isolation_forest", lambda: ensemble.IsolationForest(n_estimators=8, max_samples=32, random_state=0).fit(x), older=True)
    c("isolation_features", lambda: ensemble.IsolationForest(n_estimators=5, max_samples=20, max_features=2, contamination=0.1, random_state=0).fit(x))
    c("elliptic", lambda: covariance.EllipticEnvelope(random_state=0).fit(x))
    c("mlp_regressor", lambda: neural_network.MLPRegressor(hidden_layer_sizes=(5, 4), activation="tanh", max_iter=100, random_state=0).fit(x, yy))
    c("mlp_logistic", lambda: neural_network.MLPRegressor(hidden_layer_sizes=(5,), activation="logistic", max_iter=100, random_state=0).fit(x, y))
    for metric, extra in {"manhattan": {}, "chebyshev": {}, "cosine": {}, "minkowski": {"p": 3}, "canberra": {}}.items():
        c(f"knn_regressor_{metric}", lambda: neighbors.KNeighborsRegressor(n_neighbors=3, metric=metric, weights="distance", algorithm="brute", **extra).fit(x, yy), older=metric == "minkowski")
    c("knn_haversine", lambda: neighbors.KNeighborsRegressor(2, metric="haversine", algorithm="ball_tree").fit(np.clip(x[:, :2], -1.5, 1.5), y), inputs=np.clip(rows()[:, :2], -1.5, 1.5))
    c("knn_euclidean", lambda: neighbors.KNeighborsRegressor(4).fit(x, y))
    c("radius_regressor", lambda: neighbors.RadiusNeighborsRegressor(4.0).fit(x, y), inputs=rows()[:25], early=True)
    c("centroid_manhattan", lambda: neighbors.NearestCentroid(metric="manhattan").fit(x, y3))
    if VERSION >= (1, 6):
        c("centroid_empirical", lambda: neighbors.NearestCentroid(priors="empirical").fit(x, y3))
    cx, cy = counts()
    cq = counts(seed=4, count=25)[0]
    c("multinomial_nb", lambda: naive_bayes.MultinomialNB().fit(cx, cy), inputs=cq, older=True)
    c("complement_nb", lambda: naive_bayes.ComplementNB().fit(cx, cy), inputs=cq)
    c("bernoulli_nb_counts", lambda: naive_bayes.BernoulliNB(binarize=None).fit((cx > 1) * 1.0, cy), inputs=(cq > 1) * 1.0)
    k = np.clip(cx, 0, 4)
    c("categorical_nb", lambda: naive_bayes.CategoricalNB(min_categories=5).fit(k, cy), inputs=np.clip(cq, 0, 4))

    # clusters and mixtures
    c("kmeans", lambda: cluster.KMeans(4, n_init=1, random_state=0).fit(x), older=True)
    c("mini_batch_kmeans", lambda: cluster.MiniBatchKMeans(3, n_init=1, random_state=0).fit(x))
    c("bisecting", lambda: cluster.BisectingKMeans(5, random_state=0).fit(x))
    c("mean_shift", lambda: cluster.MeanShift(bandwidth=2.5).fit(x))
    c("affinity", lambda: cluster.AffinityPropagation(random_state=0).fit(x))
    c("birch", lambda: cluster.Birch(threshold=1.5, n_clusters=3).fit(x))
    for kind in ("full", "tied", "diag", "spherical"):
        c(f"mixture_{kind}", lambda: mixture.GaussianMixture(3, covariance_type=kind, random_state=0).fit(x), older=kind == "full")
    c("bayesian_mixture", lambda: mixture.BayesianGaussianMixture(n_components=3, random_state=0, max_iter=300).fit(x))
    c("bayesian_mixture_distribution", lambda: mixture.BayesianGaussianMixture(n_components=3, covariance_type="diag", weight_concentration_prior_type="dirichlet_distribution", random_state=0, max_iter=300).fit(x))

    # projections
    for name, model in {
        "pca": decomposition.PCA(2), "pca_whiten": decomposition.PCA(3, whiten=True),
        "incremental_pca": decomposition.IncrementalPCA(2, batch_size=20), "svd": decomposition.TruncatedSVD(2, random_state=0),
        "fast_ica": decomposition.FastICA(3, random_state=0, whiten="unit-variance"), "factor_analysis": decomposition.FactorAnalysis(2, random_state=0),
        "sparse_pca": decomposition.SparsePCA(2, random_state=0), "mini_batch_sparse_pca": decomposition.MiniBatchSparsePCA(2, random_state=0, **({"max_iter": 20} if VERSION >= (1, 2) else {"n_iter": 20})),
        "gaussian_projection": random_projection.GaussianRandomProjection(3, random_state=0),
        "sparse_projection": random_projection.SparseRandomProjection(3, random_state=0),
        "agglomeration": cluster.FeatureAgglomeration(2), "rbm": neural_network.BernoulliRBM(3, random_state=0, n_iter=3),
        "kernel_pca": decomposition.KernelPCA(3, kernel="rbf", gamma=0.2), "kernel_pca_poly": decomposition.KernelPCA(2, kernel="poly"),
        "nystroem": kernel_approximation.Nystroem(n_components=8, random_state=0, gamma=0.2), "rbf_sampler": kernel_approximation.RBFSampler(n_components=6, random_state=0),
        "trees_embedding": ensemble.RandomTreesEmbedding(3, max_depth=2, random_state=0),
        "binarizer": preprocessing.Binarizer(threshold=0.2), "normalizer_l1": preprocessing.Normalizer("l1"),
        "normalizer_l2": preprocessing.Normalizer(), "normalizer_max": preprocessing.Normalizer("max"),
        "polynomial": preprocessing.PolynomialFeatures(3), "polynomial_interactions": preprocessing.PolynomialFeatures((2, 3), interaction_only=True),
        "bins_ordinal": preprocessing.KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), "bins_onehot": preprocessing.KBinsDiscretizer(3, strategy="uniform"),
        "yeo_johnson": preprocessing.PowerTransformer(), "yeo_johnson_plain": preprocessing.PowerTransformer(standardize=False),
        "quantile_uniform": preprocessing.QuantileTransformer(n_quantiles=20), "quantile_normal": preprocessing.QuantileTransformer(n_quantiles=20, output_distribution="normal"),
        "variance_threshold": feature_selection.VarianceThreshold(0.5),
    }.items():
        c(name, lambda: model.fit(x), older=name in ("pca", "svd", "polynomial", "quantile_normal", "yeo_johnson", "bins_onehot"), early=name in ("bins_ordinal", "kernel_pca", "factor_analysis"))
    for outside in ("constant", "linear", "continue", "periodic"):
        c(f"spline_{outside}", lambda: preprocessing.SplineTransformer(4, extrapolation=outside, include_bias=outside != "linear").fit(x), inputs=rows()[:25])
    c("spline_error", lambda: preprocessing.SplineTransformer(4, degree=2, knots="quantile", extrapolation="error").fit(x), inputs=x[:20])
    c("box_cox", lambda: preprocessing.PowerTransformer("box-cox").fit(positive + 0.1), inputs=np.abs(q) + 0.05)
    c("additive_chi2", lambda: kernel_approximation.AdditiveChi2Sampler().fit(positive), inputs=np.abs(q))
    c("skewed_chi2", lambda: kernel_approximation.SkewedChi2Sampler(n_components=5, random_state=0).fit(positive), inputs=np.abs(q))
    gram = positive[:12] @ positive[:12].T
    c("centerer", lambda: preprocessing.KernelCenterer().fit(gram), inputs=np.abs(q)[:10] @ positive[:12].T)
    c("nca", lambda: neighbors.NeighborhoodComponentsAnalysis(2, random_state=0, max_iter=10).fit(x, y3))
    c("lda_step", lambda: pipeline.make_pipeline(discriminant_analysis.LinearDiscriminantAnalysis(), preprocessing.StandardScaler()).fit(x, y3))
    c("lda_eigen_step", lambda: pipeline.make_pipeline(discriminant_analysis.LinearDiscriminantAnalysis(solver="eigen"), preprocessing.StandardScaler()).fit(x, y3))
    c("kmeans_step", lambda: pipeline.make_pipeline(cluster.KMeans(3, n_init=1, random_state=0), linear_model.LogisticRegression()).fit(x, y2))
    c("pls", lambda: cross_decomposition.PLSRegression(2).fit(x, yy), older=True)
    c("cca", lambda: cross_decomposition.CCA(2).fit(x, yy), early=True)
    c("pls_canonical", lambda: cross_decomposition.PLSCanonical(2).fit(x, yy))
    c("pls_svd", lambda: cross_decomposition.PLSSVD(2).fit(x, yy), early=True)
    c("select_k_best", lambda: feature_selection.SelectKBest(k=2).fit(x, y3), older=True)
    c("select_percentile", lambda: feature_selection.SelectPercentile(percentile=60).fit(x, y3))
    c("select_fpr", lambda: feature_selection.SelectFpr(alpha=0.2).fit(x, y3))
    c("select_fdr", lambda: feature_selection.SelectFdr(alpha=0.3).fit(x, y3))
    c("select_fwe", lambda: feature_selection.SelectFwe(alpha=0.5).fit(x, y3))
    c("select_generic", lambda: feature_selection.GenericUnivariateSelect(mode="k_best", param=3).fit(x, y3))
    c("select_from_model", lambda: feature_selection.SelectFromModel(linear_model.LogisticRegression(), threshold="0.9*mean").fit(x, y3))
    c("select_from_forest", lambda: feature_selection.SelectFromModel(ensemble.RandomForestClassifier(4, max_depth=3, random_state=0)).fit(x, y3), older=True)
    c("select_from_lasso", lambda: feature_selection.SelectFromModel(linear_model.Lasso(0.3)).fit(x, y))
    c("rfe", lambda: feature_selection.RFE(linear_model.LinearRegression(), n_features_to_select=2).fit(x, y), early=True)
    c("rfecv", lambda: feature_selection.RFECV(linear_model.LinearRegression(), cv=3).fit(x, y))
    c("sequential", lambda: feature_selection.SequentialFeatureSelector(linear_model.LinearRegression(), n_features_to_select=2, cv=3).fit(x, y))

    # ensembles and wrappers
    c("hist_regressor_plain", lambda: ensemble.HistGradientBoostingRegressor(max_iter=6, min_samples_leaf=5).fit(x, y))
    c("hist_poisson", lambda: ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=6, min_samples_leaf=5).fit(x, np.exp(y / 4)), older=VERSION >= (0, 23))
    c("ada_regressor", lambda: ensemble.AdaBoostRegressor(n_estimators=4, random_state=0).fit(x, y), older=True)
    c("bagging_regressor", lambda: ensemble.BaggingRegressor(tree.DecisionTreeRegressor(max_depth=3), 3, random_state=0).fit(x, y))
    c("voting_regressor", lambda: ensemble.VotingRegressor([("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=2))], weights=[2, 1]).fit(x, y))
    c("stacking_regressor", lambda: ensemble.StackingRegressor([("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=2))], linear_model.LinearRegression(), cv=2).fit(x, y))
    c("multi_output_regressor", lambda: multioutput.MultiOutputRegressor(linear_model.Ridge()).fit(x, yy))
    c("regressor_chain", lambda: multioutput.RegressorChain(linear_model.Ridge(), order=[1, 0]).fit(x, yy), early=True)
    both = np.c_[y2, y3]
    c("multi_output_classifier", lambda: multioutput.MultiOutputClassifier(linear_model.LogisticRegression()).fit(x, both))
    c("classifier_chain", lambda: multioutput.ClassifierChain(linear_model.LogisticRegression(), order=[1, 0]).fit(x, np.c_[y2, y3 > 0] * 1))
    c("target_log", lambda: compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1).fit(x, np.exp(y / 4)), early=True)
    c("target_scaled", lambda: compose.TransformedTargetRegressor(linear_model.Ridge(), transformer=preprocessing.MinMaxScaler()).fit(x, y))
    c("dummy_regressor", lambda: dummy.DummyRegressor(strategy="median").fit(x, y))
    c("isotonic", lambda: isotonic.IsotonicRegression(out_of_bounds="clip").fit(x[:, 0], y), inputs=q[:, :1])
    c("isotonic_nan", lambda: isotonic.IsotonicRegression().fit(x[:, 0], y), inputs=q[:, :1])
    search = dict(param_grid={"C": [0.1, 1.0]}, cv=2)
    c("grid_search", lambda: model_selection.GridSearchCV(linear_model.LogisticRegression(), **search).fit(x, y2), older=True)
    c("random_search", lambda: model_selection.RandomizedSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1.0]}, n_iter=2, cv=2, random_state=0).fit(x, y3))
    c("halving_search", lambda: model_selection.HalvingGridSearchCV(tree.DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, cv=2, random_state=0).fit(x, y2))
    if VERSION >= (1, 5):
        c("fixed_threshold", lambda: model_selection.FixedThresholdClassifier(linear_model.LogisticRegression(), threshold=0.3).fit(x, y2), older=True)
        c("fixed_threshold_first", lambda: model_selection.FixedThresholdClassifier(linear_model.LogisticRegression(), threshold=0.7, pos_label="no").fit(x, NAMES[2][y2]))
        c("tuned_threshold", lambda: model_selection.TunedThresholdClassifierCV(linear_model.LogisticRegression(), cv=2).fit(x, y2))
    if VERSION >= (1, 6):
        from sklearn.frozen import FrozenEstimator
        c("frozen", lambda: FrozenEstimator(linear_model.LogisticRegression().fit(x, y2)))
    K = kernels
    for name, kernel in {
        "rbf": K.ConstantKernel(2.0) * K.RBF([1.0, 2.0, 1.5, 1.0]) + K.WhiteKernel(0.1),
        "matern": K.Matern(1.3, nu=1.5) + K.DotProduct(0.5), "quadratic": K.RationalQuadratic(1.2, 0.8) ** 2,
        "periodic": K.ExpSineSquared(1.1, 3.0) + K.Matern(2.0, nu=0.5) * K.Matern(1.0, nu=2.5) + K.WhiteKernel(0.2),
    }.items():
        c(f"gp_{name}", lambda: gaussian_process.GaussianProcessRegressor(kernel, alpha=1.0 if name == "periodic" else 1e-3, optimizer=None, normalize_y=name == "rbf").fit(x[:30, : 1 if name == "periodic" else 4], yy[:30] if name == "matern" else y[:30]), inputs=q[:, :1] if name == "periodic" else q, tolerance=(1e-9, 1e-9), early=name == "rbf")

    # functions, unions, encoders
    for name, function in {"log1p": np.log1p, "sqrt": np.sqrt, "square": np.square, "arctan": np.arctan}.items():
        c(f"function_{name}", lambda: preprocessing.FunctionTransformer(function).fit(positive), inputs=np.abs(q))
    c("union", lambda: pipeline.FeatureUnion([("a", preprocessing.StandardScaler()), ("b", decomposition.PCA(2)), ("c", "passthrough"), ("d", "drop")], transformer_weights={"b": 2.0}).fit(x), older=VERSION >= (1, 1))
    c("columns_weights", lambda: compose.ColumnTransformer([("a", preprocessing.StandardScaler(), [0, 1]), ("b", "passthrough", [3])], transformer_weights={"a": 0.5}).fit(x))
    holes = x.copy()
    holes[::5, 1] = np.nan
    holes[::7, 3] = np.nan
    qh = q.copy()
    qh[::4, 0] = np.nan
    qh[::3, 3] = np.nan
    c("missing_indicator", lambda: impute.MissingIndicator(error_on_new=False).fit(holes), inputs=qh)
    c("hist_missing", lambda: ensemble.HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5).fit(holes, y), inputs=qh, older=True)
    rng = np.random.default_rng(5)
    people = [[float(rng.normal()), ["red", "green", "blue", "grey"][rng.integers(4)], ["S", "M", "L"][rng.integers(3)]] for _ in range(80)]
    table = pd.DataFrame({"age": [p[0] for p in people], "color": pd.Series([p[1] for p in people], dtype=object), "size": pd.Series([p[2] for p in people], dtype=object)})
    level = table["age"] + (table["color"] == "red") * 2 - (table["size"] == "S")
    new = [[float(i) / 5 - 2, ["red", "green", "blue", "grey", "pink"][i % 5], ["S", "M", "L", "XL"][i % 4]] for i in range(20)]
    if VERSION < (1, 2):
        # Before 1.0 an encoder does not keep the names.
        known_as = ["color", "size"] if VERSION >= (1, 0) else ["x0", "x1"]
        texts = table[["color", "size"]]
        known = [[r[1] if r[1] != "pink" else "red", r[2] if r[2] != "XL" else "S"] for r in new]
        c("ordinal", lambda: preprocessing.OrdinalEncoder().fit(texts), inputs=known, frame=known_as, early=True)
        c("one_hot", lambda: preprocessing.OneHotEncoder(handle_unknown="ignore").fit(texts), inputs=[r[1:] for r in new], frame=known_as, early=True)
        c("imputer", lambda: impute.SimpleImputer(strategy="median", add_indicator=True).fit(holes), inputs=qh[:, [1, 0, 2, 3]], early=True)
        c("min_max", lambda: preprocessing.MinMaxScaler((-1, 2)).fit(x), early=True)
        c("robust_scaler", lambda: preprocessing.RobustScaler().fit(x), early=True)
        c("normalizer_step", lambda: pipeline.make_pipeline(preprocessing.Normalizer(), linear_model.LogisticRegression()).fit(x, y3), early=True)
    if VERSION >= (1, 3):
        c("target_encoder", lambda: preprocessing.TargetEncoder(random_state=0).fit(table[["color", "size"]], level), inputs=[r[1:] for r in new], frame=["color", "size"])
        c("target_encoder_three", lambda: preprocessing.TargetEncoder(random_state=0).fit(table[["color", "size"]], np.digitize(level, [-0.5, 0.8])), inputs=[r[1:] for r in new], frame=["color", "size"])
    if VERSION >= (1, 4):
        typed = table.astype({"color": "category", "size": "category"})
        c("hist_categories", lambda: ensemble.HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=3, categorical_features=["color", "size"]).fit(table, (level > 0).astype(int)), inputs=new, frame=["age", "color", "size"], older=True)
    coded = np.c_[x, rng.integers(0, 12, size=(60, 1)) * 1.0]
    codes = np.c_[q, (np.arange(len(q)) % 15)[:, None] - 1.0]
    c("hist_codes", lambda: ensemble.HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=3, categorical_features=[4]).fit(coded, y + coded[:, 4] % 3), inputs=codes, older=VERSION >= (0, 24))
    c("label_encoder", lambda: preprocessing.LabelEncoder().fit(["b", "a", "c", "a"]), inputs=[["a"], ["c"], ["b"]], frame=["x0"], flat=True)
    c("label_binarizer_two", lambda: preprocessing.LabelBinarizer(neg_label=-1).fit(["no", "yes"]), inputs=[["no"], ["yes"]], frame=["x0"], flat=True)

    # texts
    text = feature_extraction.text
    lines = [[row] for row in ROWS]
    for name, model in {
        "count": text.CountVectorizer(), "count_bigrams": text.CountVectorizer(ngram_range=(1, 2), stop_words="english"),
        "count_chars": text.CountVectorizer(analyzer="char", ngram_range=(2, 3), strip_accents="unicode", max_features=60), "count_char_wb": text.CountVectorizer(analyzer="char_wb", ngram_range=(3, 3), binary=True),
        "tfidf": text.TfidfVectorizer(), "tfidf_sublinear": text.TfidfVectorizer(sublinear_tf=True, norm="l1", strip_accents="ascii", lowercase=False),
        "hashing": text.HashingVectorizer(n_features=32), "hashing_plain": text.HashingVectorizer(n_features=16, alternate_sign=False, norm=None, stop_words=["the"]),
    }.items():
        c(name, lambda: model.fit(TEXTS), inputs=lines, frame=["x0"], flat=True, older=name in ("count", "tfidf"))
    c("tfidf_logistic", lambda: pipeline.make_pipeline(text.TfidfVectorizer(), linear_model.LogisticRegression()).fit(TEXTS, LABELS), inputs=lines, frame=["x0"], flat=True, older=True)
    c("count_tfidf_nb", lambda: pipeline.make_pipeline(text.CountVectorizer(), text.TfidfTransformer(sublinear_tf=True), naive_bayes.MultinomialNB()).fit(TEXTS, LABELS), inputs=lines, frame=["x0"], flat=True)
    c("tfidf_transformer", lambda: text.TfidfTransformer().fit(cx), inputs=cq, early=True)
    framed = pd.DataFrame({"text": pd.Series(TEXTS, dtype=object), "n": np.arange(10.0)})
    c("columns_tfidf", lambda: pipeline.make_pipeline(compose.ColumnTransformer([("t", text.TfidfVectorizer(), "text"), ("n", preprocessing.StandardScaler(), ["n"])]), linear_model.LogisticRegression()).fit(framed, LABELS), inputs=[[row, float(i)] for i, row in enumerate(ROWS)], frame=["text", "n"], early=True)

    # several targets, outliers that are new, dictionaries
    both = np.c_[y2, y3]
    c("tree_targets", lambda: tree.DecisionTreeClassifier(max_depth=3, random_state=0).fit(x, both), early=True)
    c("forest_targets", lambda: ensemble.RandomForestClassifier(4, max_depth=3, random_state=0).fit(x, both), older=True)
    c("knn_targets", lambda: neighbors.KNeighborsClassifier(4).fit(x, both), early=True)
    c("lof", lambda: neighbors.LocalOutlierFactor(6, novelty=True).fit(x), older=True)
    c("lof_manhattan", lambda: neighbors.LocalOutlierFactor(4, novelty=True, metric="manhattan", contamination=0.1).fit(x))
    things = [{"city": "Rome", "size": 2.5}, {"city": "Oslo"}, {"size": 1.0, "when": "now"}, {"city": "Rome", "warm": True, "size": 4}]
    asked = [["Rome", 1.0, None, None], ["Bern", 2.0, 1.0, "now"], [None, None, None, None], ["Oslo", -3.5, 0.0, "then"]]
    c("dictionaries", lambda: feature_extraction.DictVectorizer().fit(things), inputs=asked, frame=["city", "size", "warm", "when"], flat="dictionaries", older=True)
    c("dictionaries_step", lambda: pipeline.make_pipeline(feature_extraction.DictVectorizer(), linear_model.LogisticRegression()).fit(things, [0, 1, 1, 0]), inputs=asked, frame=["city", "size", "warm", "when"], flat="dictionaries")
    several = np.c_[y2, y3 == 1, y3 == 2] * 1
    c("ovr_labels", lambda: multiclass.OneVsRestClassifier(linear_model.LogisticRegression()).fit(x, several), margins=False, older=True)
    c("ovr_tree_labels", lambda: multiclass.OneVsRestClassifier(tree.DecisionTreeClassifier(max_depth=2, random_state=0)).fit(x, several))
    c("mlp_labels", lambda: neural_network.MLPClassifier(hidden_layer_sizes=(6,), max_iter=200, random_state=0).fit(x, several), early=True)
    c("ridge_labels", lambda: linear_model.RidgeClassifier().fit(x, several), margins=False, older=VERSION >= (1, 2))
    third = np.arange(60) % 3
    two = (third == 2)[:, None] * 1.0
    c("ovr_ties", lambda: multiclass.OneVsRestClassifier(stump).fit(two, third), inputs=[[0.0], [1.0], [0.25], [0.75]], older=True)

    # what a row is made of
    amounts = np.vstack([cq, np.zeros((1, 5)), cq[:4] * 1.37, np.eye(5)[:2] * 1e6])
    more = np.abs(cx) + 0.25
    modest = {"n_components": 3, "init": "nndsvda", "max_iter": 500}
    with_penalty = {"alpha_W": 0.02} if VERSION >= (1, 0) else {"alpha": 0.2}
    for name, settings in {
        "nmf": {}, "nmf_penalty": {"l1_ratio": 0.4, **with_penalty}, "nmf_short": {"max_iter": 3},
        "nmf_mu": {"solver": "mu"}, "nmf_mu_penalty": {"solver": "mu", "l1_ratio": 0.4, **with_penalty},
        "nmf_mu_kl": {"solver": "mu", "beta_loss": "kullback-leibler"},
        "nmf_mu_is": {"solver": "mu", "beta_loss": "itakura-saito"}, "nmf_mu_beta": {"solver": "mu", "beta_loss": 0.5},
        "nmf_mu_steep": {"solver": "mu", "beta_loss": 2.5, "tol": 0.0, "max_iter": 40},
    }.items():
        known = more if name == "nmf_mu_is" else cx
        asked = amounts[:25] + 0.125 if name == "nmf_mu_is" else amounts[:30]
        c(name, lambda: decomposition.NMF(**{**modest, **settings}).fit(known), inputs=asked, older=name in ("nmf", "nmf_penalty", "nmf_mu_kl"))
    if VERSION >= (1, 1):
        c("mini_batch_nmf", lambda: decomposition.MiniBatchNMF(**modest).fit(cx), inputs=amounts[:30], older=True)
        c("mini_batch_nmf_kl", lambda: decomposition.MiniBatchNMF(**{**modest, "max_iter": 20}, beta_loss="kullback-leibler", transform_max_iter=30, alpha_W=0.01, l1_ratio=0.5).fit(cx), inputs=amounts[:30], older=VERSION >= (1, 2))
    words = feature_extraction.text.CountVectorizer()
    c("nmf_texts", lambda: pipeline.make_pipeline(feature_extraction.text.TfidfVectorizer(), decomposition.NMF(**modest), linear_model.LogisticRegression()).fit(TEXTS, LABELS), inputs=[[text] for text in ROWS], frame=["text"], flat=True, margins=False)
    c("topics", lambda: decomposition.LatentDirichletAllocation(3, random_state=0).fit(cx), inputs=amounts, older=True)
    c("topics_texts", lambda: pipeline.make_pipeline(words, decomposition.LatentDirichletAllocation(4, doc_topic_prior=0.3, max_doc_update_iter=20, random_state=0)).fit(TEXTS), inputs=[[text] for text in ROWS], frame=["text"], flat=True)
    atoms = np.random.default_rng(11).normal(size=(7, 4))
    atoms /= np.linalg.norm(atoms, axis=1)[:, None]
    wide_x = np.random.default_rng(12).normal(size=(60, 12))
    wide_q = np.vstack([np.random.default_rng(13).normal(size=(25, 12)) * 2, np.zeros((1, 12))])
    for name, settings in {
        "threshold": {"transform_alpha": 0.3}, "omp": {"transform_n_nonzero_coefs": 3}, "lars": {"transform_n_nonzero_coefs": 4},
        "lasso_lars": {"transform_alpha": 0.2}, "lasso_lars_positive": {"transform_alpha": 0.05, "positive_code": True},
        "threshold_split": {"transform_alpha": 0.3, "split_sign": True}, "omp_default": {},
    }.items():
        how = {"transform_algorithm": name.replace("_positive", "").replace("_split", "").replace("_default", ""), **settings}
        c(f"coder_{name}", lambda: decomposition.SparseCoder(atoms, **how).fit(x), older=name in ("omp", "lasso_lars", "lars"))
        if "split" not in name:
            c(f"dictionary_{name}", lambda: decomposition.DictionaryLearning(15, max_iter=10, random_state=0, fit_algorithm="cd" if "positive" in name else "lars", **how).fit(wide_x), inputs=wide_q, older=name in ("omp", "lasso_lars"))
    c("dictionary_alpha", lambda: decomposition.DictionaryLearning(8, alpha=0.4, max_iter=10, random_state=0, transform_algorithm="lasso_lars").fit(wide_x), inputs=wide_q, older=True)
    c("mini_batch_dictionary", lambda: decomposition.MiniBatchDictionaryLearning(6, random_state=0, transform_algorithm="lasso_lars", transform_alpha=0.5, **({"max_iter": 10} if VERSION >= (1, 1) else {"n_iter": 10})).fit(wide_x), inputs=wide_q, older=True)

    # places among neighbours
    c("isomap", lambda: manifold.Isomap(n_neighbors=5).fit(x), older=True)
    c("isomap_cityblock", lambda: manifold.Isomap(n_neighbors=6, n_components=3, metric="manhattan").fit(x))
    if VERSION >= (1, 1):
        c("isomap_radius", lambda: manifold.Isomap(n_neighbors=None, radius=2.5).fit(x), inputs=x[:20] + 0.01)
    c("locally_linear", lambda: manifold.LocallyLinearEmbedding(n_neighbors=6, random_state=0).fit(x), older=True, tolerance=(1e-9, 1e-11))
    c("locally_linear_modified", lambda: manifold.LocallyLinearEmbedding(n_neighbors=7, method="modified", random_state=0, eigen_solver="dense").fit(x), tolerance=(1e-9, 1e-11))
    if VERSION >= (0, 24):
        c("sketch", lambda: kernel_approximation.PolynomialCountSketch(n_components=10, random_state=0).fit(x), older=True, tolerance=(1e-10, 1e-11))
        c("sketch_odd", lambda: kernel_approximation.PolynomialCountSketch(gamma=0.3, degree=3, coef0=1.5, n_components=7, random_state=1).fit(x), tolerance=(1e-10, 1e-11), older=VERSION >= (1, 0))
    gaps = x.copy()
    gaps[np.random.default_rng(14).random(gaps.shape) < 0.2] = np.nan
    asked = rows()
    asked[np.random.default_rng(15).random(asked.shape) < 0.3] = np.nan
    asked = np.vstack([asked, np.full((1, 4), np.nan), gaps[:6]])
    empty = gaps.copy()
    empty[:, 2] = np.nan
    c("knn_imputer", lambda: impute.KNNImputer(n_neighbors=3).fit(gaps), inputs=asked, older=True)
    c("knn_imputer_distance", lambda: impute.KNNImputer(weights="distance", add_indicator=True).fit(gaps), inputs=asked[:-6], older=True)
    c("knn_imputer_empty", lambda: impute.KNNImputer(n_neighbors=2).fit(empty), inputs=asked, older=True)
    if VERSION >= (1, 2):
        c("knn_imputer_keep", lambda: impute.KNNImputer(n_neighbors=2, keep_empty_features=True, add_indicator=True).fit(empty), inputs=asked, older=True)
    c("knn_imputer_sentinel", lambda: impute.KNNImputer(missing_values=-1, add_indicator=True).fit(np.where(np.isnan(gaps), -1, gaps)), inputs=np.where(np.isnan(asked), -1, asked)[:-7])
    c("knn_imputer_pipeline", lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), impute.KNNImputer(), linear_model.LogisticRegression()).fit(gaps, y3), inputs=asked)
