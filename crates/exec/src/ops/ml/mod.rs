//! Operators of `ai.onnx.ml`.

mod array_feature_extractor;
mod binarizer;
mod feature_vectorizer;
mod imputer;
mod label_encoder;
mod labels;
mod linear_classifier;
mod linear_regressor;
mod normalizer;
mod one_hot_encoder;
mod scaler;
mod tree_ensemble;
mod tree_ensemble_classifier;
mod tree_ensemble_regressor;
mod zip_map;

use super::Prepare;

/// The operator called `name`.
pub(super) fn find(name: &str) -> Option<Prepare> {
    Some(match name {
        "ArrayFeatureExtractor" => array_feature_extractor::compile,
        "Binarizer" => binarizer::compile,
        "FeatureVectorizer" => feature_vectorizer::compile,
        "Imputer" => imputer::compile,
        "LabelEncoder" => label_encoder::compile,
        "LinearClassifier" => linear_classifier::compile,
        "LinearRegressor" => linear_regressor::compile,
        "Normalizer" => normalizer::compile,
        "OneHotEncoder" => one_hot_encoder::compile,
        "Scaler" => scaler::compile,
        "TreeEnsembleClassifier" => tree_ensemble_classifier::compile,
        "TreeEnsembleRegressor" => tree_ensemble_regressor::compile,
        "ZipMap" => zip_map::compile,
        _ => return None,
    })
}
