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
    /// Sine of radians.
    Sin,
    /// Cosine of radians.
    Cos,
    /// Tangent of radians.
    Tan,
    /// Inverse sine; NaN beyond ±1.
    Asin,
    /// Inverse cosine; NaN beyond ±1.
    Acos,
    /// Inverse tangent.
    Atan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Inverse hyperbolic sine.
    Asinh,
    /// Inverse hyperbolic cosine.
    Acosh,
    /// Inverse hyperbolic tangent.
    Atanh,
    /// Decimal logarithm.
    Log10,
    /// Binary logarithm.
    Log2,
    /// 2ˣ.
    Exp2,
    /// Cube root.
    Cbrt,
    /// Nearest whole number, halves away from zero.
    Round,
    /// Nearest whole number, halves to even.
    RoundEven,
    /// Whole part.
    Trunc,
    /// −1, 0 or 1; ±0 and NaN stay as they are.
    Sign,
    /// Error function.
    Erf,
    /// Probability that a standard normal variable is at most x.
    NormalCdf,
    /// Density of the standard normal distribution.
    NormalPdf,
    /// The x of which [`UnaryOp::NormalCdf`] is the argument; NaN outside 0 to 1.
    NormalQuantile,
    /// Logarithm of the absolute value of the gamma function.
    LnGamma,
    /// Logical not; boolean.
    Not,
    /// Whether a float is NaN; boolean result. Missing gives missing.
    IsNan,
    /// Whether the value is missing; boolean result, never missing itself.
    IsMissing,
}

impl UnaryOp {
    /// Every function.
    pub const ALL: [Self; 38] = [
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
        Self::Sin,
        Self::Cos,
        Self::Tan,
        Self::Asin,
        Self::Acos,
        Self::Atan,
        Self::Sinh,
        Self::Cosh,
        Self::Asinh,
        Self::Acosh,
        Self::Atanh,
        Self::Log10,
        Self::Log2,
        Self::Exp2,
        Self::Cbrt,
        Self::Round,
        Self::RoundEven,
        Self::Trunc,
        Self::Sign,
        Self::Erf,
        Self::NormalCdf,
        Self::NormalPdf,
        Self::NormalQuantile,
        Self::LnGamma,
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
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
            Self::Asin => "asin",
            Self::Acos => "acos",
            Self::Atan => "atan",
            Self::Sinh => "sinh",
            Self::Cosh => "cosh",
            Self::Asinh => "asinh",
            Self::Acosh => "acosh",
            Self::Atanh => "atanh",
            Self::Log10 => "log10",
            Self::Log2 => "log2",
            Self::Exp2 => "exp2",
            Self::Cbrt => "cbrt",
            Self::Round => "round",
            Self::RoundEven => "round-even",
            Self::Trunc => "trunc",
            Self::Sign => "sign",
            Self::Erf => "erf",
            Self::NormalCdf => "normal-cdf",
            Self::NormalPdf => "normal-pdf",
            Self::NormalQuantile => "normal-quantile",
            Self::LnGamma => "ln-gamma",
            Self::Not => "not",
            Self::IsNan => "is-nan",
            Self::IsMissing => "is-missing",
        }
    }

    /// Whether the result is boolean whatever the operand is.
    pub const fn is_test(self) -> bool {
        matches!(self, Self::Not | Self::IsNan | Self::IsMissing)
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
    /// x − y · ⌊x ÷ y⌋: the remainder with the sign of y (PMML `modulo`); numbers. An integer
    /// divided by 0 is missing.
    Modulo,
    /// The remainder of division toward zero, with the sign of x; numbers. An integer divided by 0 is
    /// missing.
    Remainder,
    /// ⌊x ÷ y⌋; numbers. An integer divided by 0 is missing.
    FloorDiv,
    /// Angle of the point (y, x), the left operand first; floats only.
    Atan2,
    /// One but not both; boolean.
    Xor,
}

impl BinaryOp {
    /// Every function.
    pub const ALL: [Self; 20] = [
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
        Self::Modulo,
        Self::Remainder,
        Self::FloorDiv,
        Self::Atan2,
        Self::Xor,
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
            Self::Modulo => "modulo",
            Self::Remainder => "remainder",
            Self::FloorDiv => "floor-div",
            Self::Atan2 => "atan2",
            Self::Xor => "xor",
        }
    }

    /// Whether the result is boolean whatever the operands are.
    pub const fn is_test(self) -> bool {
        matches!(
            self,
            Self::Eq
                | Self::Ne
                | Self::Lt
                | Self::Le
                | Self::Gt
                | Self::Ge
                | Self::And
                | Self::Or
                | Self::Xor
        )
    }
}
