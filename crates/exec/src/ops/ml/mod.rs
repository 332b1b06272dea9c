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
    Operator::new("Binarizer", &[1], binarizer::compile),
    Operator::new("CastMap", &[1], cast_map::compile),
    Operator::new("CategoryMapper", &[1], category_mapper::compile),
    Operator::new("DictVectorizer", &[1], dict_vectorizer::compile),
    Operator::new("FeatureVectorizer", &[1], feature_vectorizer::compile),
    Operator::new("Imputer", &[1], imputer::compile),
    Operator::new("LabelEncoder", &[1, 2, 4], label_encoder::compile),
    Operator::new("LinearClassifier", &[1], linear_classifier::compile),
    Operator::new("LinearRegressor", &[1], linear_regressor::compile),
    Operator::new("Normalizer", &[1], normalizer::compile),
    Operator::new("OneHotEncoder", &[1], one_hot_encoder::compile),
    Operator::new("SVMClassifier", &[1], svm_classifier::compile),
    Operator::new("SVMRegressor", &[1], svm_regressor::compile),
    Operator::new("Scaler", &[1], scaler::compile),
    Operator::new("TreeEnsemble", &[5], tree_ensemble::compile),
    Operator::new("TreeEnsembleClassifier", &[1, 3, 5], tree_ensemble_classifier::compile),
    Operator::new("TreeEnsembleRegressor", &[1, 3, 5], tree_ensemble_regressor::compile),
    Operator::new("ZipMap", &[1], zip_map::compile),
];
