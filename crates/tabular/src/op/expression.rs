use holdall_table::Kind;

use crate::{Labels, Width};

/// Values that do not depend on the row.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Kind of the elements.
    pub kind: Kind,
    /// Scalar or vector.
    pub width: Width,
    /// The elements; a binary32 constant holds values that binary32 can hold.
    pub values: Labels,
}

/// A function of one element. Missing gives missing, except for [`UnaryOp::IsMissing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnaryOp {
    /// −x.
    Neg,
    /// |x|.
    Abs,
    /// eˣ.
    Exp,
    /// Natural logarithm.
    Ln,
    /// ln(1 + x), accurate near 0.
    Ln1p,
    /// eˣ − 1, accurate near 0.
    Expm1,
    /// Square root.
    Sqrt,
    /// Largest whole number not above x.
    Floor,
    /// Smallest whole number not below x.
    Ceil,
    /// 1 / (1 + e⁻ˣ).
    Logistic,
    /// Hyperbolic tangent.
    Tanh,
    /// Logical not; boolean.
    Not,
    /// Whether a float is NaN; boolean result. Missing gives missing.
    IsNan,
    /// Whether the value is missing; boolean result, never missing itself.
    IsMissing,
}

impl UnaryOp {
    /// Every function.
    pub const ALL: [Self; 14] = [
        Self::Neg,
        Self::Abs,
        Self::Exp,
        Self::Ln,
        Self::Ln1p,
        Self::Expm1,
        Self::Sqrt,
        Self::Floor,
        Self::Ceil,
        Self::Logistic,
        Self::Tanh,
        Self::Not,
        Self::IsNan,
        Self::IsMissing,
    ];

    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neg => "neg",
            Self::Abs => "abs",
            Self::Exp => "exp",
            Self::Ln => "ln",
            Self::Ln1p => "ln1p",
            Self::Expm1 => "expm1",
            Self::Sqrt => "sqrt",
            Self::Floor => "floor",
            Self::Ceil => "ceil",
            Self::Logistic => "logistic",
            Self::Tanh => "tanh",
            Self::Not => "not",
            Self::IsNan => "is-nan",
            Self::IsMissing => "is-missing",
        }
    }
}

/// A function of two elements of one kind. Either missing gives missing, except that `and` with a
/// false and `or` with a true operand are decided (three-valued logic).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BinaryOp {
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
    /// Quotient; floats only.
    Div,
    /// Power; floats only.
    Pow,
    /// The smaller; NaN if either is.
    Min,
    /// The larger; NaN if either is.
    Max,
    /// Equal; boolean result.
    Eq,
    /// Different; boolean result.
    Ne,
    /// Smaller; boolean result.
    Lt,
    /// Smaller or equal; boolean result.
    Le,
    /// Larger; boolean result.
    Gt,
    /// Larger or equal; boolean result.
    Ge,
    /// Both; boolean.
    And,
    /// Either; boolean.
    Or,
}

impl BinaryOp {
    /// Every function.
    pub const ALL: [Self; 15] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Pow,
        Self::Min,
        Self::Max,
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
        Self::And,
        Self::Or,
    ];

    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::Pow => "pow",
            Self::Min => "min",
            Self::Max => "max",
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::And => "and",
            Self::Or => "or",
        }
    }

    /// Whether the result is boolean whatever the operands are.
    pub const fn is_test(self) -> bool {
        matches!(
            self,
            Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge | Self::And | Self::Or
        )
    }
}
