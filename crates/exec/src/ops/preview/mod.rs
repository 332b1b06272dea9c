//! Operators of `ai.onnx.preview`.

mod flex_attention;

use super::Operator;

/// The operators, by name.
pub(super) const TABLE: &[Operator] =
    &[Operator::new("FlexAttention", &[1], flex_attention::compile)];
