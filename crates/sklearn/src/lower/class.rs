//! Which classes are carried, under every module path that a release saved them by. Until 0.21 the
//! modules had public names; 0.22 put an underscore before them.

/// A family of estimators that are read the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Logistic,
    LinearRegressor,
    TreeClassifier,
    TreeRegressor,
    ForestClassifier,
    ForestRegressor,
    BoostingClassifier,
    BoostingRegressor,
    Pipeline,
    ColumnTransformer,
    StandardScaler,
    MinMaxScaler,
    MaxAbsScaler,
    RobustScaler,
    SimpleImputer,
    OneHotEncoder,
    OrdinalEncoder,
    FunctionTransformer,
}

type Row = (Class, &'static [&'static str], &'static [&'static str]);

const LOGISTIC: &[&str] = &["sklearn.linear_model._logistic", "sklearn.linear_model.logistic"];
const LINEAR: &[&str] = &[
    "sklearn.linear_model._base",
    "sklearn.linear_model.base",
    "sklearn.linear_model._ridge",
    "sklearn.linear_model.ridge",
    "sklearn.linear_model._coordinate_descent",
    "sklearn.linear_model.coordinate_descent",
];
const TREE: &[&str] = &["sklearn.tree._classes", "sklearn.tree.tree"];
const FOREST: &[&str] = &["sklearn.ensemble._forest", "sklearn.ensemble.forest"];
const BOOSTING: &[&str] = &["sklearn.ensemble._gb", "sklearn.ensemble.gradient_boosting"];
const DATA: &[&str] = &["sklearn.preprocessing._data", "sklearn.preprocessing.data"];
const ENCODERS: &[&str] = &["sklearn.preprocessing._encoders"];

const CLASSES: [Row; 18] = [
    (Class::Logistic, LOGISTIC, &["LogisticRegression", "LogisticRegressionCV"]),
    (
        Class::LinearRegressor,
        LINEAR,
        &["LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV"],
    ),
    (Class::TreeClassifier, TREE, &["DecisionTreeClassifier", "ExtraTreeClassifier"]),
    (Class::TreeRegressor, TREE, &["DecisionTreeRegressor", "ExtraTreeRegressor"]),
    (Class::ForestClassifier, FOREST, &["RandomForestClassifier", "ExtraTreesClassifier"]),
    (Class::ForestRegressor, FOREST, &["RandomForestRegressor", "ExtraTreesRegressor"]),
    (Class::BoostingClassifier, BOOSTING, &["GradientBoostingClassifier"]),
    (Class::BoostingRegressor, BOOSTING, &["GradientBoostingRegressor"]),
    (Class::Pipeline, &["sklearn.pipeline"], &["Pipeline"]),
    (Class::ColumnTransformer, &["sklearn.compose._column_transformer"], &["ColumnTransformer"]),
    (Class::StandardScaler, DATA, &["StandardScaler"]),
    (Class::MinMaxScaler, DATA, &["MinMaxScaler"]),
    (Class::MaxAbsScaler, DATA, &["MaxAbsScaler"]),
    (Class::RobustScaler, DATA, &["RobustScaler"]),
    (Class::SimpleImputer, &["sklearn.impute._base", "sklearn.impute"], &["SimpleImputer"]),
    (Class::OneHotEncoder, ENCODERS, &["OneHotEncoder"]),
    (Class::OrdinalEncoder, ENCODERS, &["OrdinalEncoder"]),
    (
        Class::FunctionTransformer,
        &["sklearn.preprocessing._function_transformer"],
        &["FunctionTransformer"],
    ),
];

impl Class {
    /// The family of an exact class path.
    pub(crate) fn of(module: &str, name: &str) -> Option<Self> {
        let mut rows = CLASSES.iter();
        let row =
            rows.find(|(_, modules, names)| modules.contains(&module) && names.contains(&name));
        row.map(|(class, _, _)| *class)
    }

    /// The names of all classes, for messages.
    pub(crate) fn carried() -> String {
        let names = CLASSES.iter().flat_map(|(_, _, names)| names.iter().copied());
        names.collect::<Vec<_>>().join(", ")
    }
}
