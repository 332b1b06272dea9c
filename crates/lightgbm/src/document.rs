use serde_json::Value as Json;

use crate::text::Value;

/// What a file says, as it says it.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    /// `v4`.
    pub(crate) version: Value<'t>,
    pub(crate) num_tree_per_iteration: u32,
    pub(crate) feature_names: Vec<Value<'t>>,
    /// `[low:high]` of a number, `0:1:2` of a category, `none` of a feature that is not used.
    pub(crate) feature_infos: Vec<Value<'t>>,
    /// Name and parameters; absent with an objective of the user's own.
    pub(crate) objective: Option<Value<'t>>,
    pub(crate) average_output: bool,
    pub(crate) trees: Vec<Tree>,
    /// The parameter `categorical_feature`, where it lists positions.
    pub(crate) categorical_feature: Option<Vec<u32>>,
    /// Categories of the category columns of the data frame, in order of the columns.
    pub(crate) pandas_categorical: Option<(u64, Vec<Vec<Json>>)>,
}

/// One tree. Splits and leaves are numbered apart; a negative child `c` is the leaf `!c`.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Line on which it begins.
    pub(crate) line: u64,
    pub(crate) split_feature: Vec<u32>,
    pub(crate) threshold: Vec<f64>,
    pub(crate) decision_type: Vec<u8>,
    pub(crate) left_child: Vec<i32>,
    pub(crate) right_child: Vec<i32>,
    pub(crate) leaf_value: Vec<f64>,
    /// Training rows of the leaves; empty when the file does not say.
    pub(crate) leaf_count: Vec<f64>,
    /// Training rows of the splits.
    pub(crate) internal_count: Vec<f64>,
    pub(crate) num_cat: u32,
    /// Where the words of each category set begin, and where the last one ends.
    pub(crate) cat_boundaries: Vec<u32>,
    /// The sets as bits, 32 a word.
    pub(crate) cat_threshold: Vec<u32>,
    /// Whether the leaves hold linear models; the four lists below are there then.
    pub(crate) is_linear: bool,
    pub(crate) leaf_const: Vec<f64>,
    /// Terms of each leaf.
    pub(crate) num_features: Vec<u32>,
    /// Features and coefficients of the terms, leaf by leaf.
    pub(crate) leaf_features: Vec<u32>,
    pub(crate) leaf_coeff: Vec<f64>,
}
