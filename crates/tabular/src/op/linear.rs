use crate::ValueId;

/// A dense matrix in row order.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Number of rows.
    pub rows: u32,
    /// Number of columns.
    pub columns: u32,
    /// `rows × columns` elements.
    pub data: Vec<f64>,
}

impl Matrix {
    /// One row.
    pub fn row(&self, row: usize) -> &[f64] {
        let columns = self.columns as usize;
        self.data.get(row * columns..(row + 1) * columns).unwrap_or_default()
    }
}

/// In which order and at which precision terms are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Summation {
    /// binary32, in order; each product rounds.
    SequentialF32,
    /// binary64, in order; each product rounds.
    SequentialF64,
    /// binary64 in an order that the producer leaves to its libraries (BLAS). The scorer adds in
    /// order; agreement is to rounding.
    AnyF64,
    /// binary32 in an unspecified order.
    AnyF32,
}

impl Summation {
    /// Whether terms are rounded to binary32.
    pub const fn is_f32(self) -> bool {
        matches!(self, Self::SequentialF32 | Self::AnyF32)
    }
}

/// Weighted sums: `margin[r] = Σ_c coefficients[r][c] · x[c] + intercepts[r]`, the intercept last.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// A float vector.
    pub arg: ValueId,
    /// One row a margin, one column an element.
    pub coefficients: Matrix,
    /// One a margin.
    pub intercepts: Vec<f64>,
    /// How the terms are added. The result is of the same precision.
    pub summation: Summation,
}
