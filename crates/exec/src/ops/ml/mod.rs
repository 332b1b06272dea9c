//! Operators of `ai.onnx.ml`.

mod array_feature_extractor;
mod binarizer;
mod cast_map;
mod category_mapper;
mod dict_vectorizer;
mod feature_vectorizer;
mod imputer;
mod label_encoder;
mod labels;
mod linear_classifier;
mod linear_regressor;
mod normalizer;
mod one_hot_encoder;
mod scaler;
mod svm;
mod svm_classifier;
mod svm_regressor;
mod tree_ensemble;
mod tree_ensemble_classifier;
mod tree_ensemble_regressor;
mod trees;
mod zip_map;

use super::Operator;

/// The operators, by name.
pub(super) const TABLE: &[Operator] = &[
    Operator::new("ArrayFeatureExtractor", &[1], array_feature_extractor::compile),
    Operator::new("Binarizer", &[1], binarizer::compile).differs("NaN is refused by onnxruntime, 0 under `spec`"),
    Operator::new("CastMap", &[1], cast_map::compile),
    Operator::new("CategoryMapper", &[1], category_mapper::compile),
    Operator::new("DictVectorizer", &[1], dict_vectorizer::compile),
    Operator::new("FeatureVectorizer", &[1], feature_vectorizer::compile),
    Operator::new("Imputer", &[1], imputer::compile),
    Operator::new("LabelEncoder", &[1, 2, 4], label_encoder::compile).differs("of equal keys onnxruntime takes the first, `spec` the last; a NaN key matches in onnxruntime since version 4"),
    Operator::new("LinearClassifier", &[1], linear_classifier::compile).differs("one row, two labels: onnxruntime gives 1 − s and s, and applies LOGISTIC only; `spec` gives −s and s, and applies every transform"),
    Operator::new("LinearRegressor", &[1], linear_regressor::compile).differs("one target: onnxruntime applies PROBIT only"),
    Operator::new("Normalizer", &[1], normalizer::compile).differs("MAX: onnxruntime divides by the largest value with its sign, `spec` by the largest magnitude"),
    Operator::new("OneHotEncoder", &[1], one_hot_encoder::compile).differs("floats are cut towards zero by onnxruntime, and have to be equal under `spec`"),
    Operator::new("SVMClassifier", &[1], svm_classifier::compile).differs("two classes: onnxruntime gives 1 − s and s under SOFTMAX and SOFTMAX_ZERO; it refuses a machine without `kernel_params`"),
    Operator::new("SVMRegressor", &[1], svm_regressor::compile).differs("onnxruntime applies no transform, and refuses a machine without `kernel_params`"),
    Operator::new("Scaler", &[1], scaler::compile),
    Operator::new("TreeEnsemble", &[5], tree_ensemble::compile).differs("NaN under NEQ takes the true branch in onnxruntime; one target: it applies PROBIT only"),
    Operator::new("TreeEnsembleClassifier", &[1, 3, 5], tree_ensemble_classifier::compile).differs("two or one labels: 0 and 1 in onnxruntime whatever the model calls them, where its rules say so; NaN under NEQ takes its true branch"),
    Operator::new("TreeEnsembleRegressor", &[1, 3, 5], tree_ensemble_regressor::compile).differs("NaN under NEQ takes the true branch in onnxruntime; one target: it applies PROBIT only"),
    Operator::new("ZipMap", &[1], zip_map::compile),
];
