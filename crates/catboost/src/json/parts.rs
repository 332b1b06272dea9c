//! The JSON document as it is written. Members that do not bear on the answers are passed over.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) features_info: Option<Features>,
    #[serde(default)]
    pub(super) model_info: ModelInfo,
    pub(super) oblivious_trees: Option<Vec<Oblivious>>,
    pub(super) trees: Option<Vec<Node>>,
    /// By the `identifier` of statistics.
    pub(super) ctr_data: Option<BTreeMap<String, Table>>,
    pub(super) scale_and_bias: Option<(f64, Option<Values>)>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ModelInfo {
    pub(super) params: Option<Params>,
    #[serde(alias = "multiclass_params")]
    pub(super) class_params: Option<ClassParams>,
    pub(super) binclass_probability_threshold: Option<String>,
    pub(super) catboost_version_info: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Params {
    pub(super) loss_function: Option<Loss>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Loss {
    #[serde(rename = "type")]
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ClassParams {
    pub(super) class_label_type: Option<String>,
    #[serde(default)]
    pub(super) class_names: Option<Vec<Label>>,
    #[serde(default)]
    pub(super) class_to_label: Option<Vec<Label>>,
    #[serde(default)]
    pub(super) classes_count: u32,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Label {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

#[expect(clippy::struct_field_names, reason = "the names are those of the file")]
#[derive(Debug, Default, Deserialize)]
pub(super) struct Features {
    pub(super) float_features: Option<Vec<Float>>,
    pub(super) categorical_features: Option<Vec<Category>>,
    pub(super) ctrs: Option<Vec<Ctr>>,
    pub(super) cat_features_hash: Option<Vec<Hashed>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Float {
    pub(super) feature_index: u32,
    pub(super) flat_feature_index: u32,
    #[serde(default)]
    pub(super) has_nans: bool,
    pub(super) borders: Option<Vec<f32>>,
    pub(super) feature_id: Option<String>,
    pub(super) feature_name: Option<String>,
    pub(super) nan_value_treatment: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub(super) feature_index: u32,
    pub(super) flat_feature_index: u32,
    pub(super) feature_id: Option<String>,
    pub(super) feature_name: Option<String>,
    pub(super) values: Option<Vec<i32>>,
    pub(super) string_values: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hashed {
    pub(super) hash: u32,
    pub(super) value: String,
}

#[expect(clippy::struct_field_names, reason = "the names are those of the file")]
#[derive(Debug, Deserialize)]
pub(super) struct Ctr {
    pub(super) identifier: String,
    pub(super) ctr_type: String,
    pub(super) elements: Option<Vec<Element>>,
    pub(super) target_border_idx: u32,
    pub(super) prior_numerator: f32,
    /// As CatBoost spells it.
    pub(super) prior_denomerator: f32,
    pub(super) shift: f32,
    pub(super) scale: f32,
    pub(super) borders: Option<Vec<f32>>,
}

#[expect(clippy::struct_field_names, reason = "the names are those of the file")]
#[derive(Debug, Deserialize)]
pub(super) struct Element {
    pub(super) combination_element: String,
    pub(super) cat_feature_index: Option<u32>,
    pub(super) float_feature_index: Option<u32>,
    pub(super) border: Option<f32>,
    pub(super) value: Option<i32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Table {
    pub(super) hash_map: Option<Vec<Cell>>,
    pub(super) hash_stride: usize,
    #[serde(default)]
    pub(super) counter_denominator: i32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Oblivious {
    pub(super) leaf_values: Option<Vec<f64>>,
    pub(super) splits: Option<Vec<Split>>,
}

/// A node of another tree: a leaf has a value, others a question and two sides. The parser bounds the depth.
#[derive(Debug, Deserialize)]
pub(super) struct Node {
    pub(super) value: Option<Values>,
    pub(super) split: Option<Split>,
    pub(super) left: Option<Box<Node>>,
    pub(super) right: Option<Box<Node>>,
}

#[expect(clippy::struct_field_names, reason = "the names are those of the file")]
#[derive(Debug, Deserialize)]
pub(super) struct Split {
    pub(super) split_index: u32,
    pub(super) split_type: String,
    pub(super) border: Option<f32>,
    pub(super) value: Option<i32>,
}

/// A number or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Values {
    One(f64),
    Many(Vec<f64>),
}

impl Values {
    pub(super) fn as_slice(&self) -> &[f64] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// An element of a table: a hash as text, or a number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell {
    Hash(u64),
    Number(f64),
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hash as text or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
        text.parse().map(Cell::Hash).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are below 2³²")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are below 2³²")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Number(number as f64))
    }
}
