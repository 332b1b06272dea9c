//! What a file says, as it says it: the members that bear on the answers. One set of types for JSON
//! and UBJSON.

mod number;

use std::collections::BTreeMap;

pub(crate) use number::{Flag, Number, Single, Text};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Document {
    pub(crate) learner: Learner,
    #[serde(default)]
    pub(crate) version: Vec<u32>,
}

/// What `XGBoosterSerializeToBuffer` gives: the model beside settings of training.
#[derive(Debug, Deserialize)]
pub(crate) struct Snapshot {
    #[serde(rename = "Model")]
    pub(crate) model: Document,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Learner {
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) feature_names: Vec<String>,
    #[serde(default)]
    pub(crate) feature_types: Vec<String>,
    pub(crate) gradient_booster: Booster,
    #[serde(rename = "learner_model_param")]
    pub(crate) param: LearnerParam,
    pub(crate) objective: Objective,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LearnerParam {
    /// `5E-1`, or from 3.1 on `[5E-1]` with an element an output.
    pub(crate) base_score: Text,
    pub(crate) num_class: Text,
    pub(crate) num_feature: Text,
    /// Since 1.6.
    pub(crate) num_target: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Objective {
    pub(crate) name: String,
}

/// `gbtree` and `gblinear` have a model; `dart` has a `gbtree` within and weights.
#[derive(Debug, Deserialize)]
pub(crate) struct Booster {
    pub(crate) name: String,
    pub(crate) model: Option<BoosterModel>,
    pub(crate) gbtree: Option<Inner>,
    #[serde(default)]
    pub(crate) weight_drop: Vec<Single>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Inner {
    pub(crate) model: BoosterModel,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BoosterModel {
    /// Trees: how many.
    pub(crate) gbtree_model_param: Option<TreesParam>,
    /// The output of each tree.
    #[serde(default)]
    pub(crate) tree_info: Vec<u32>,
    #[serde(default)]
    pub(crate) trees: Vec<Tree>,
    /// Categories of a data frame, since 3.1.
    pub(crate) cats: Option<Cats>,
    /// Linear: by feature, then by output; the biases last.
    pub(crate) weights: Option<Vec<Single>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TreesParam {
    pub(crate) num_trees: Text,
    pub(crate) num_parallel_tree: Option<Text>,
}

/// One tree, as columns over its nodes.
#[derive(Debug, Deserialize)]
pub(crate) struct Tree {
    pub(crate) id: u32,
    #[serde(rename = "tree_param")]
    pub(crate) param: TreeParam,
    /// −1 for a leaf.
    pub(crate) left_children: Vec<i32>,
    pub(crate) right_children: Vec<i32>,
    pub(crate) split_indices: Vec<u32>,
    /// The threshold of a split, the value of a leaf.
    pub(crate) split_conditions: Vec<Single>,
    pub(crate) default_left: Vec<Flag>,
    /// 1 for a split by categories. Since 1.3.
    #[serde(default)]
    pub(crate) split_type: Vec<u8>,
    #[serde(default)]
    pub(crate) categories_nodes: Vec<u32>,
    #[serde(default)]
    pub(crate) categories_segments: Vec<u64>,
    #[serde(default)]
    pub(crate) categories_sizes: Vec<u64>,
    #[serde(default)]
    pub(crate) categories: Vec<u32>,
    /// Vectors of the leaves; the right child of a leaf is its number among them. Since 3.2.
    #[serde(default)]
    pub(crate) leaf_weights: Vec<Single>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TreeParam {
    pub(crate) num_nodes: Text,
    /// 0 or 1 for a number in each leaf.
    #[serde(default)]
    pub(crate) size_leaf_vector: Text,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Cats {
    /// One entry a feature, or none at all.
    #[serde(default)]
    pub(crate) enc: Vec<Encoding>,
}

/// The categories of one feature: texts joined, with where each begins and the last ends; or numbers.
/// No category for a feature that is a number.
#[derive(Debug, Deserialize)]
pub(crate) struct Encoding {
    pub(crate) offsets: Option<Vec<i64>>,
    pub(crate) values: Vec<Number>,
}

#[cfg(test)]
mod tests;
