use crate::{Labels, ValueId};

/// Elements with gaps filled: a missing element, and for float kinds a NaN too when `nan` is set, is
/// replaced by the value at its position.
#[derive(Clone, Debug, PartialEq)]
pub struct Impute {
    /// A scalar or vector.
    pub arg: ValueId,
    /// Whether NaN counts as a gap.
    pub nan: bool,
    /// A further value that counts as a gap, compared by equality (scikit-learn `missing_values`).
    pub sentinel: Option<crate::Scalar>,
    /// Replacements, one an element.
    pub with: Labels,
}

/// How [`Scale`] computes. Every operation rounds to the kind of the operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScaleForm {
    /// (x − offset) ÷ factor, as scikit-learn's `StandardScaler`.
    SubtractDivide,
    /// (x − offset) × factor, as ONNX `Scaler`.
    SubtractMultiply,
    /// x × factor + offset, as scikit-learn's `MinMaxScaler`.
    MultiplyAdd,
}

/// Elements moved and stretched. A part that is absent is not computed at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// A float scalar or vector.
    pub arg: ValueId,
    /// The order of operations.
    pub form: ScaleForm,
    /// Offsets, one an element.
    pub offset: Option<Vec<f64>>,
    /// Factors, one an element.
    pub factor: Option<Vec<f64>>,
}

/// A list of categories. The values are distinct; a missing input is the category after the last one
/// when `missing` is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Categories {
    /// The values, all of one kind.
    pub values: Labels,
    /// Whether missing (for float kinds NaN too) is a category of its own.
    pub missing: bool,
}

impl Categories {
    /// Categories without one for missing.
    pub const fn new(values: Labels) -> Self {
        Self { values, missing: false }
    }

    /// Number of categories, the one for missing included.
    pub fn len(&self) -> usize {
        self.values.len() + usize::from(self.missing)
    }

    /// Whether there is no category.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What happens to a category that is not listed (and to missing, when it is not a category).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unknown {
    /// The row is refused.
    Reject,
    /// [`OneHot`]: all indicators are 0; [`Ordinal`]: the result is missing.
    None,
    /// [`Ordinal`] only: this number.
    Code(f64),
}

/// A scalar category as a vector of indicators, 0 or 1.
#[derive(Clone, Debug, PartialEq)]
pub struct OneHot {
    /// A scalar of the categories' kind.
    pub arg: ValueId,
    /// The categories, one indicator each.
    pub categories: Categories,
    /// The category whose indicator is left out, by position.
    pub drop: Option<u32>,
    /// Unlisted categories; not [`Unknown::Code`].
    pub unknown: Unknown,
    /// Kind of the indicators, a number kind.
    pub kind: holdall_table::Kind,
}

/// A scalar category as a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordinal {
    /// A scalar of the categories' kind.
    pub arg: ValueId,
    /// The categories.
    pub categories: Categories,
    /// The number for each category.
    pub codes: Vec<f64>,
    /// Unlisted categories.
    pub unknown: Unknown,
    /// Kind of the result, a number kind.
    pub kind: holdall_table::Kind,
}
