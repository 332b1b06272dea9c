//! Operators of `com.microsoft` that converters write.

mod c_dist;

use super::Operator;

/// The operators, by name.
pub(super) const TABLE: &[Operator] = &[Operator::new("CDist", &[1], c_dist::compile)];
