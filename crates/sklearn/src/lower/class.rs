//! Which classes are carried, under every module path that a release saved them by. Until 0.21 the
//! modules had public names; 0.22 put an underscore before them.

use holdall_diag::Failure;

use super::{
    Step, anomaly, answer::Lowered, bayes, boosted, boosting, calibrated, cluster,
    column_transformer, columns::Lowering, decomposition, dict, discriminant, dummy, ensemble,
    forest, function, gaussian_process, hist, imputer, isotonic, kernels, knn_imputer, labels,
    linear, linear_classifier, logistic, manifold, mixture, mlp, multiclass, multioutput,
    neighbors, numeric, one_hot, ordinal, pipeline, projection, scaler, select, sketch, stacking,
    svm, text, union, wrapper,
};

/// Reads one estimator.
pub(super) type Lower = fn(&mut Lowering<'_>, &Step<'_, '_>) -> Result<Lowered, Failure>;

/// A family: how it is read, and the module and names of its classes.
struct Family(Lower, &'static str, &'static [&'static str]);

/// Families whose module had another name until 0.21.
const MOVED: [(&str, &str); 23] = [
    ("sklearn.linear_model.logistic", "sklearn.linear_model._logistic"),
    ("sklearn.linear_model.base", "sklearn.linear_model._base"),
    ("sklearn.linear_model.ridge", "sklearn.linear_model._ridge"),
    ("sklearn.linear_model.coordinate_descent", "sklearn.linear_model._coordinate_descent"),
    ("sklearn.linear_model.stochastic_gradient", "sklearn.linear_model._stochastic_gradient"),
    ("sklearn.linear_model.bayes", "sklearn.linear_model._bayes"),
    ("sklearn.linear_model.huber", "sklearn.linear_model._huber"),
    ("sklearn.linear_model.perceptron", "sklearn.linear_model._perceptron"),
    ("sklearn.tree.tree", "sklearn.tree._classes"),
    ("sklearn.ensemble.forest", "sklearn.ensemble._forest"),
    ("sklearn.feature_extraction.dict_vectorizer", "sklearn.feature_extraction._dict_vectorizer"),
    ("sklearn.ensemble.gradient_boosting", "sklearn.ensemble._gb"),
    ("sklearn.ensemble.bagging", "sklearn.ensemble._bagging"),
    ("sklearn.ensemble.weight_boosting", "sklearn.ensemble._weight_boosting"),
    ("sklearn.preprocessing.data", "sklearn.preprocessing._data"),
    ("sklearn.preprocessing.label", "sklearn.preprocessing._label"),
    ("sklearn.svm.classes", "sklearn.svm._classes"),
    ("sklearn.neighbors.classification", "sklearn.neighbors._classification"),
    ("sklearn.neighbors.regression", "sklearn.neighbors._regression"),
    ("sklearn.cluster.k_means_", "sklearn.cluster._kmeans"),
    ("sklearn.decomposition.pca", "sklearn.decomposition._pca"),
    ("sklearn.decomposition.truncated_svd", "sklearn.decomposition._truncated_svd"),
    (
        "sklearn.neural_network.multilayer_perceptron",
        "sklearn.neural_network._multilayer_perceptron",
    ),
];

macro_rules! columns {
    ($function:path) => {
        |lowering, step| $function(lowering, step.estimator, step.columns).map(Lowered::Columns)
    };
}

/// Every family.
const FAMILIES: &[Family] = &[
    Family(boosted::classifier, "xgboost.sklearn", &["XGBClassifier", "XGBRFClassifier"]),
    Family(boosted::as_is, "xgboost.sklearn", &["XGBRegressor", "XGBRFRegressor", "XGBRanker"]),
    Family(boosted::as_is, "xgboost.core", &["Booster"]),
    Family(boosted::classifier, "lightgbm.sklearn", &["LGBMClassifier"]),
    Family(boosted::as_is, "lightgbm.sklearn", &["LGBMRegressor", "LGBMRanker"]),
    Family(boosted::as_is, "lightgbm.basic", &["Booster"]),
    Family(
        boosted::as_is,
        "catboost.core",
        &["CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker"],
    ),
    Family(
        logistic::lower,
        "sklearn.linear_model._logistic",
        &["LogisticRegression", "LogisticRegressionCV"],
    ),
    Family(linear::lower, "sklearn.linear_model._base", &["LinearRegression"]),
    Family(linear::lower, "sklearn.linear_model._ridge", &["Ridge", "RidgeCV"]),
    Family(
        linear_classifier::plain,
        "sklearn.linear_model._ridge",
        &["RidgeClassifier", "RidgeClassifierCV"],
    ),
    Family(
        linear::lower,
        "sklearn.linear_model._coordinate_descent",
        &[
            "Lasso",
            "LassoCV",
            "ElasticNet",
            "ElasticNetCV",
            "MultiTaskLasso",
            "MultiTaskLassoCV",
            "MultiTaskElasticNet",
            "MultiTaskElasticNetCV",
        ],
    ),
    Family(linear::lower, "sklearn.linear_model._bayes", &["BayesianRidge", "ARDRegression"]),
    Family(linear::lower, "sklearn.linear_model._huber", &["HuberRegressor"]),
    Family(linear::lower, "sklearn.linear_model._theil_sen", &["TheilSenRegressor"]),
    Family(linear::lower, "sklearn.linear_model._quantile", &["QuantileRegressor"]),
    Family(
        linear::lower,
        "sklearn.linear_model._least_angle",
        &["Lars", "LarsCV", "LassoLars", "LassoLarsCV", "LassoLarsIC"],
    ),
    Family(
        linear::lower,
        "sklearn.linear_model._omp",
        &["OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV"],
    ),
    Family(
        linear::lower,
        "sklearn.linear_model._glm.glm",
        &["PoissonRegressor", "GammaRegressor", "TweedieRegressor"],
    ),
    Family(wrapper::lower, "sklearn.linear_model._ransac", &["RANSACRegressor"]),
    Family(linear_classifier::sgd, "sklearn.linear_model._stochastic_gradient", &["SGDClassifier"]),
    Family(linear::lower, "sklearn.linear_model._stochastic_gradient", &["SGDRegressor"]),
    Family(anomaly::sgd, "sklearn.linear_model._stochastic_gradient", &["SGDOneClassSVM"]),
    Family(linear_classifier::plain, "sklearn.linear_model._perceptron", &["Perceptron"]),
    Family(
        linear_classifier::plain,
        "sklearn.linear_model._passive_aggressive",
        &["PassiveAggressiveClassifier"],
    ),
    Family(
        linear::lower,
        "sklearn.linear_model._passive_aggressive",
        &["PassiveAggressiveRegressor"],
    ),
    Family(svm::classifier, "sklearn.svm._classes", &["SVC", "NuSVC"]),
    Family(svm::regressor, "sklearn.svm._classes", &["SVR", "NuSVR"]),
    Family(svm::one_class, "sklearn.svm._classes", &["OneClassSVM"]),
    Family(linear_classifier::plain, "sklearn.svm._classes", &["LinearSVC"]),
    Family(linear::lower, "sklearn.svm._classes", &["LinearSVR"]),
    Family(
        |lowering, step| forest::tree_classifier(lowering, step.estimator, step.columns),
        "sklearn.tree._classes",
        &["DecisionTreeClassifier", "ExtraTreeClassifier"],
    ),
    Family(
        |lowering, step| {
            forest::tree_regressor(lowering, step.estimator, step.columns).map(Lowered::Values)
        },
        "sklearn.tree._classes",
        &["DecisionTreeRegressor", "ExtraTreeRegressor"],
    ),
    Family(
        |lowering, step| forest::classifier(lowering, step.estimator, step.columns),
        "sklearn.ensemble._forest",
        &["RandomForestClassifier", "ExtraTreesClassifier"],
    ),
    Family(
        |lowering, step| {
            forest::regressor(lowering, step.estimator, step.columns).map(Lowered::Values)
        },
        "sklearn.ensemble._forest",
        &["RandomForestRegressor", "ExtraTreesRegressor"],
    ),
    Family(anomaly::embedding, "sklearn.ensemble._forest", &["RandomTreesEmbedding"]),
    Family(
        |lowering, step| boosting::classifier(lowering, step.estimator, step.columns),
        "sklearn.ensemble._gb",
        &["GradientBoostingClassifier"],
    ),
    Family(
        |lowering, step| {
            boosting::regressor(lowering, step.estimator, step.columns).map(Lowered::Values)
        },
        "sklearn.ensemble._gb",
        &["GradientBoostingRegressor"],
    ),
    Family(
        hist::classifier,
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting",
        &["HistGradientBoostingClassifier"],
    ),
    Family(
        hist::regressor,
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting",
        &["HistGradientBoostingRegressor"],
    ),
    Family(anomaly::isolation, "sklearn.ensemble._iforest", &["IsolationForest"]),
    Family(ensemble::ada_classifier, "sklearn.ensemble._weight_boosting", &["AdaBoostClassifier"]),
    Family(ensemble::ada_regressor, "sklearn.ensemble._weight_boosting", &["AdaBoostRegressor"]),
    Family(ensemble::bagging_classifier, "sklearn.ensemble._bagging", &["BaggingClassifier"]),
    Family(ensemble::bagging_regressor, "sklearn.ensemble._bagging", &["BaggingRegressor"]),
    Family(ensemble::voting_classifier, "sklearn.ensemble._voting", &["VotingClassifier"]),
    Family(ensemble::voting_regressor, "sklearn.ensemble._voting", &["VotingRegressor"]),
    Family(stacking::classifier, "sklearn.ensemble._stacking", &["StackingClassifier"]),
    Family(stacking::regressor, "sklearn.ensemble._stacking", &["StackingRegressor"]),
    Family(calibrated::lower, "sklearn.calibration", &["CalibratedClassifierCV"]),
    Family(multiclass::one_vs_rest, "sklearn.multiclass", &["OneVsRestClassifier"]),
    Family(multiclass::one_vs_one, "sklearn.multiclass", &["OneVsOneClassifier"]),
    Family(multiclass::output_code, "sklearn.multiclass", &["OutputCodeClassifier"]),
    Family(dummy::member, "sklearn.multiclass", &["_ConstantPredictor"]),
    Family(multioutput::classifiers, "sklearn.multioutput", &["MultiOutputClassifier"]),
    Family(multioutput::regressors, "sklearn.multioutput", &["MultiOutputRegressor"]),
    Family(multioutput::classifier_chain, "sklearn.multioutput", &["ClassifierChain"]),
    Family(multioutput::regressor_chain, "sklearn.multioutput", &["RegressorChain"]),
    Family(
        wrapper::lower,
        "sklearn.model_selection._search",
        &["GridSearchCV", "RandomizedSearchCV"],
    ),
    Family(
        wrapper::lower,
        "sklearn.model_selection._search_successive_halving",
        &["HalvingGridSearchCV", "HalvingRandomSearchCV"],
    ),
    Family(
        wrapper::threshold,
        "sklearn.model_selection._classification_threshold",
        &["FixedThresholdClassifier", "TunedThresholdClassifierCV"],
    ),
    Family(wrapper::lower, "sklearn.semi_supervised._self_training", &["SelfTrainingClassifier"]),
    Family(wrapper::lower, "sklearn.frozen._frozen", &["FrozenEstimator"]),
    Family(wrapper::target, "sklearn.compose._target", &["TransformedTargetRegressor"]),
    Family(dummy::classifier, "sklearn.dummy", &["DummyClassifier"]),
    Family(dummy::regressor, "sklearn.dummy", &["DummyRegressor"]),
    Family(isotonic::lower, "sklearn.isotonic", &["IsotonicRegression"]),
    Family(
        neighbors::classifier,
        "sklearn.neighbors._classification",
        &["KNeighborsClassifier", "RadiusNeighborsClassifier"],
    ),
    Family(
        neighbors::regressor,
        "sklearn.neighbors._regression",
        &["KNeighborsRegressor", "RadiusNeighborsRegressor"],
    ),
    Family(neighbors::outlier_factor, "sklearn.neighbors._lof", &["LocalOutlierFactor"]),
    Family(discriminant::centroid, "sklearn.neighbors._nearest_centroid", &["NearestCentroid"]),
    Family(projection::components, "sklearn.neighbors._nca", &["NeighborhoodComponentsAnalysis"]),
    Family(bayes::gaussian, "sklearn.naive_bayes", &["GaussianNB"]),
    Family(bayes::counts, "sklearn.naive_bayes", &["MultinomialNB", "ComplementNB"]),
    Family(bayes::bernoulli, "sklearn.naive_bayes", &["BernoulliNB"]),
    Family(bayes::categorical, "sklearn.naive_bayes", &["CategoricalNB"]),
    Family(
        |lowering, step| {
            if step.transforms {
                projection::discriminant(lowering, step)
            } else {
                linear_classifier::discriminant(lowering, step)
            }
        },
        "sklearn.discriminant_analysis",
        &["LinearDiscriminantAnalysis"],
    ),
    Family(
        discriminant::quadratic,
        "sklearn.discriminant_analysis",
        &["QuadraticDiscriminantAnalysis"],
    ),
    Family(
        gaussian_process::regressor,
        "sklearn.gaussian_process._gpr",
        &["GaussianProcessRegressor"],
    ),
    Family(
        gaussian_process::classifier,
        "sklearn.gaussian_process._gpc",
        &["GaussianProcessClassifier"],
    ),
    Family(mlp::classifier, "sklearn.neural_network._multilayer_perceptron", &["MLPClassifier"]),
    Family(mlp::regressor, "sklearn.neural_network._multilayer_perceptron", &["MLPRegressor"]),
    Family(projection::boltzmann, "sklearn.neural_network._rbm", &["BernoulliRBM"]),
    Family(cluster::centres, "sklearn.cluster._kmeans", &["KMeans", "MiniBatchKMeans"]),
    Family(cluster::bisecting, "sklearn.cluster._bisect_k_means", &["BisectingKMeans"]),
    Family(cluster::centres, "sklearn.cluster._mean_shift", &["MeanShift"]),
    Family(cluster::centres, "sklearn.cluster._affinity_propagation", &["AffinityPropagation"]),
    Family(cluster::birch, "sklearn.cluster._birch", &["Birch"]),
    Family(projection::agglomeration, "sklearn.cluster._agglomerative", &["FeatureAgglomeration"]),
    Family(mixture::lower, "sklearn.mixture._gaussian_mixture", &["GaussianMixture"]),
    Family(mixture::lower, "sklearn.mixture._bayesian_mixture", &["BayesianGaussianMixture"]),
    Family(anomaly::elliptic, "sklearn.covariance._elliptic_envelope", &["EllipticEnvelope"]),
    Family(projection::components, "sklearn.decomposition._pca", &["PCA"]),
    Family(projection::components, "sklearn.decomposition._incremental_pca", &["IncrementalPCA"]),
    Family(projection::components, "sklearn.decomposition._truncated_svd", &["TruncatedSVD"]),
    Family(projection::components, "sklearn.decomposition._fastica", &["FastICA"]),
    Family(
        projection::factor_analysis,
        "sklearn.decomposition._factor_analysis",
        &["FactorAnalysis"],
    ),
    Family(
        projection::sparse,
        "sklearn.decomposition._sparse_pca",
        &["SparsePCA", "MiniBatchSparsePCA"],
    ),
    Family(kernels::pca, "sklearn.decomposition._kernel_pca", &["KernelPCA"]),
    Family(decomposition::factors, "sklearn.decomposition._nmf", &["NMF", "MiniBatchNMF"]),
    Family(decomposition::topics, "sklearn.decomposition._lda", &["LatentDirichletAllocation"]),
    Family(
        decomposition::sparse,
        "sklearn.decomposition._dict_learning",
        &["SparseCoder", "DictionaryLearning", "MiniBatchDictionaryLearning"],
    ),
    Family(manifold::isomap, "sklearn.manifold._isomap", &["Isomap"]),
    Family(
        manifold::locally_linear,
        "sklearn.manifold._locally_linear",
        &["LocallyLinearEmbedding"],
    ),
    Family(
        projection::components,
        "sklearn.random_projection",
        &["GaussianRandomProjection", "SparseRandomProjection"],
    ),
    Family(
        projection::pls,
        "sklearn.cross_decomposition._pls",
        &["PLSRegression", "PLSCanonical", "CCA", "PLSSVD"],
    ),
    Family(projection::pls, "sklearn.cross_decomposition._cca", &["CCA"]),
    Family(
        kernels::propagation,
        "sklearn.semi_supervised._label_propagation",
        &["LabelPropagation", "LabelSpreading"],
    ),
    Family(kernels::density, "sklearn.neighbors._kde", &["KernelDensity"]),
    Family(kernels::ridge, "sklearn.kernel_ridge", &["KernelRidge"]),
    Family(kernels::nystroem, "sklearn.kernel_approximation", &["Nystroem"]),
    Family(kernels::sampler, "sklearn.kernel_approximation", &["RBFSampler", "SkewedChi2Sampler"]),
    Family(sketch::lower, "sklearn.kernel_approximation", &["PolynomialCountSketch"]),
    Family(kernels::additive_chi_squared, "sklearn.kernel_approximation", &["AdditiveChi2Sampler"]),
    Family(pipeline::lower, "sklearn.pipeline", &["Pipeline"]),
    Family(union::lower, "sklearn.pipeline", &["FeatureUnion"]),
    Family(
        |lowering, step| {
            column_transformer::lower(lowering, step.estimator, step.columns, step.depth)
                .map(Lowered::Columns)
        },
        "sklearn.compose._column_transformer",
        &["ColumnTransformer"],
    ),
    Family(columns!(scaler::standard), "sklearn.preprocessing._data", &["StandardScaler"]),
    Family(columns!(scaler::min_max), "sklearn.preprocessing._data", &["MinMaxScaler"]),
    Family(columns!(scaler::max_abs), "sklearn.preprocessing._data", &["MaxAbsScaler"]),
    Family(columns!(scaler::robust), "sklearn.preprocessing._data", &["RobustScaler"]),
    Family(numeric::binarizer, "sklearn.preprocessing._data", &["Binarizer"]),
    Family(numeric::normalizer, "sklearn.preprocessing._data", &["Normalizer"]),
    Family(numeric::power, "sklearn.preprocessing._data", &["PowerTransformer"]),
    Family(numeric::quantile, "sklearn.preprocessing._data", &["QuantileTransformer"]),
    Family(kernels::centerer, "sklearn.preprocessing._data", &["KernelCenterer"]),
    Family(numeric::polynomial, "sklearn.preprocessing._polynomial", &["PolynomialFeatures"]),
    Family(numeric::polynomial, "sklearn.preprocessing._data", &["PolynomialFeatures"]),
    Family(numeric::spline, "sklearn.preprocessing._polynomial", &["SplineTransformer"]),
    Family(numeric::bins, "sklearn.preprocessing._discretization", &["KBinsDiscretizer"]),
    Family(columns!(one_hot::lower), "sklearn.preprocessing._encoders", &["OneHotEncoder"]),
    Family(columns!(ordinal::lower), "sklearn.preprocessing._encoders", &["OrdinalEncoder"]),
    Family(labels::target, "sklearn.preprocessing._target_encoder", &["TargetEncoder"]),
    Family(labels::encoder, "sklearn.preprocessing._label", &["LabelEncoder"]),
    Family(labels::binarizer, "sklearn.preprocessing._label", &["LabelBinarizer"]),
    Family(
        |lowering, step| {
            let columns = step.columns.to_vec();
            function::lower(lowering, step.estimator, columns).map(Lowered::Columns)
        },
        "sklearn.preprocessing._function_transformer",
        &["FunctionTransformer"],
    ),
    Family(columns!(imputer::lower), "sklearn.impute._base", &["SimpleImputer"]),
    Family(columns!(imputer::lower), "sklearn.impute", &["SimpleImputer"]),
    Family(labels::missing, "sklearn.impute._base", &["MissingIndicator"]),
    Family(knn_imputer::lower, "sklearn.impute._knn", &["KNNImputer"]),
    Family(
        text::vectorizer,
        "sklearn.feature_extraction.text",
        &["CountVectorizer", "TfidfVectorizer", "HashingVectorizer"],
    ),
    Family(dict::lower, "sklearn.feature_extraction._dict_vectorizer", &["DictVectorizer"]),
    Family(text::tfidf, "sklearn.feature_extraction.text", &["TfidfTransformer"]),
    Family(select::lower, "sklearn.feature_selection._variance_threshold", &["VarianceThreshold"]),
    Family(
        select::lower,
        "sklearn.feature_selection._univariate_selection",
        &[
            "SelectKBest",
            "SelectPercentile",
            "SelectFpr",
            "SelectFdr",
            "SelectFwe",
            "GenericUnivariateSelect",
        ],
    ),
    Family(select::lower, "sklearn.feature_selection._from_model", &["SelectFromModel"]),
    Family(select::lower, "sklearn.feature_selection._rfe", &["RFE", "RFECV"]),
    Family(select::lower, "sklearn.feature_selection._sequential", &["SequentialFeatureSelector"]),
];

/// Why classes of scikit-learn are not carried.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "it answers for the rows it was fitted on only",
        &[
            "AgglomerativeClustering",
            "DBSCAN",
            "HDBSCAN",
            "OPTICS",
            "SpectralClustering",
            "SpectralBiclustering",
            "SpectralCoclustering",
            "SpectralEmbedding",
            "TSNE",
            "MDS",
            "ClassicalMDS",
        ],
    ),
    (
        "it estimates a covariance and answers nothing about rows",
        &[
            "EmpiricalCovariance",
            "GraphicalLasso",
            "GraphicalLassoCV",
            "LedoitWolf",
            "MinCovDet",
            "OAS",
            "ShrunkCovariance",
        ],
    ),
    (
        "it answers with a graph over the training rows",
        &["KNeighborsTransformer", "RadiusNeighborsTransformer", "NearestNeighbors"],
    ),
    ("its inputs are not a table", &["PatchExtractor", "MultiLabelBinarizer", "FeatureHasher"]),
];

/// How an exact class path is read.
pub(super) fn of(module: &str, name: &str) -> Option<Lower> {
    let moved = MOVED.iter().find(|(old, _)| *old == module);
    let module = moved.map_or(module, |(_, new)| *new);
    let family = FAMILIES.iter().find(|f| f.1 == module && f.2.contains(&name));
    family.map(|family| family.0)
}

/// Why a class of scikit-learn is not carried.
pub(crate) fn reason(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(_, names)| names.contains(&name)).map(|(reason, _)| *reason)
}

/// Whether a class is carried.
#[cfg(test)]
pub(crate) fn is_carried(module: &str, name: &str) -> bool {
    of(module, name).is_some()
}

/// The names of all classes, for messages.
pub(crate) fn carried() -> String {
    let mut names: Vec<&str> =
        FAMILIES.iter().flat_map(|family| family.2.iter().copied()).collect();
    names.retain(|name| !name.starts_with('_'));
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
