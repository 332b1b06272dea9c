//! Similarities to vectors of the model and their weighted sums (support vector machines, kernel ridge):
//! elementary operators in binary64. `SVMClassifier` and `SVMRegressor` work in binary32, and what they make
//! of two classes depends on the release.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Kernel, KernelMachine, Kind, Machine, Matrix};

use super::{Context, TreeSums, value::Val};

impl Context<'_> {
    pub(super) fn kernel_machine(&mut self, machine: &KernelMachine) -> Result<Val, Failure> {
        let arg = self.value(machine.arg)?;
        let x = self.as_f64(&arg)?;
        let similar = self.similarities(machine.kernel, x, &machine.vectors)?;
        let mut margins = Vec::with_capacity(machine.machines.len());
        for one in &machine.machines {
            margins.push(self.machine(one, similar, machine.vectors.rows)?);
        }
        let width = u32::try_from(margins.len()).unwrap_or(u32::MAX);
        let id = self.builder.joined(&margins, 1)?;
        self.with_gaps_of(&arg, Kind::F64, width, id)
    }

    /// One weighted sum over `[N, vectors]`.
    fn machine(
        &mut self,
        machine: &Machine,
        similar: ValueId,
        vectors: u32,
    ) -> Result<ValueId, Failure> {
        let columns: Vec<u32> = machine.terms.iter().map(|(vector, _)| *vector).collect();
        let by: Vec<f64> = machine.terms.iter().map(|(_, by)| *by).collect();
        let width = u32::try_from(columns.len()).unwrap_or(u32::MAX);
        let intercept = self.builder.number(machine.intercept)?;
        if columns.is_empty() {
            let first = self.builder.columns(similar, &[0])?;
            let zero = self.builder.number(0.0)?;
            let none = self.builder.two("Mul", first, zero)?;
            return self.builder.two("Add", none, intercept);
        }
        let terms = if columns.iter().copied().eq(0..vectors) {
            similar
        } else {
            self.builder.columns(similar, &columns)?
        };
        let sum = if self.options.sums == TreeSums::Fast {
            let by = self.builder.floats(Kind::F64, &[u64::from(width), 1], &by)?;
            self.builder.two("MatMul", terms, by)?
        } else {
            let by = self.builder.row(&by)?;
            let products = self.builder.two("Mul", terms, by)?;
            self.row_sum(products, width)?
        };
        self.builder.two("Add", sum, intercept)
    }

    /// `[N, vectors]`: the kernel of each row with each vector.
    pub(super) fn similarities(
        &mut self,
        kernel: Kernel,
        x: ValueId,
        vectors: &Matrix,
    ) -> Result<ValueId, Failure> {
        match kernel {
            Kernel::Linear => self.dots(x, vectors),
            Kernel::Polynomial { gamma, coef0, degree } => {
                let base = self.affine_dots(x, vectors, gamma, coef0)?;
                self.power(base, degree)
            }
            Kernel::Sigmoid { gamma, coef0 } => {
                let base = self.affine_dots(x, vectors, gamma, coef0)?;
                self.builder.one("Tanh", base)
            }
            Kernel::Rbf { gamma } => {
                let apart = self.differences(x, vectors)?;
                let squares = self.builder.two("Mul", apart, apart)?;
                let sum = self.added(squares, vectors.columns, 2)?;
                self.falling(sum, gamma)
            }
            Kernel::Laplacian { gamma } => {
                let apart = self.differences(x, vectors)?;
                let sizes = self.builder.one("Abs", apart)?;
                let sum = self.added(sizes, vectors.columns, 2)?;
                self.falling(sum, gamma)
            }
            Kernel::ChiSquared { gamma } => {
                let sum = self.chi_squared(x, vectors)?;
                self.falling(sum, gamma)
            }
            Kernel::AdditiveChiSquared => {
                let sum = self.chi_squared(x, vectors)?;
                self.builder.one("Neg", sum)
            }
            Kernel::Cosine => self.cosine(x, vectors),
        }
    }

    /// `[N, vectors]`: x·y.
    pub(super) fn dots(&mut self, x: ValueId, vectors: &Matrix) -> Result<ValueId, Failure> {
        if self.options.sums == TreeSums::Fast {
            let (rows, columns) = (vectors.rows as usize, vectors.columns as usize);
            let transposed: Vec<f64> = (0..columns)
                .flat_map(|c| {
                    (0..rows).map(move |r| vectors.row(r).get(c).copied().unwrap_or_default())
                })
                .collect();
            let shape = [u64::from(vectors.columns), u64::from(vectors.rows)];
            let y = self.builder.floats(Kind::F64, &shape, &transposed)?;
            return self.builder.two("MatMul", x, y);
        }
        let x = self.builder.raised(x, 1)?;
        let y = self.builder.stacked(vectors)?;
        let products = self.builder.two("Mul", x, y)?;
        self.added(products, vectors.columns, 2)
    }

    fn affine_dots(
        &mut self,
        x: ValueId,
        vectors: &Matrix,
        gamma: f64,
        coef0: f64,
    ) -> Result<ValueId, Failure> {
        let dots = self.dots(x, vectors)?;
        let gamma = self.builder.number(gamma)?;
        let scaled = self.builder.two("Mul", gamma, dots)?;
        let coef0 = self.builder.number(coef0)?;
        self.builder.two("Add", scaled, coef0)
    }

    /// `[N, vectors, elements]`: x − y.
    pub(super) fn differences(&mut self, x: ValueId, vectors: &Matrix) -> Result<ValueId, Failure> {
        let x = self.builder.raised(x, 1)?;
        let y = self.builder.stacked(vectors)?;
        self.builder.two("Sub", x, y)
    }

    /// exp(−γ s).
    fn falling(&mut self, sum: ValueId, gamma: f64) -> Result<ValueId, Failure> {
        let by = self.builder.number(-gamma)?;
        let exponent = self.builder.two("Mul", by, sum)?;
        self.builder.one("Exp", exponent)
    }

    /// Σ (x − y)² ÷ (x + y).
    fn chi_squared(&mut self, x: ValueId, vectors: &Matrix) -> Result<ValueId, Failure> {
        let apart = self.differences(x, vectors)?;
        let raised = self.builder.raised(x, 1)?;
        let y = self.builder.stacked(vectors)?;
        let total = self.builder.two("Add", raised, y)?;
        let squares = self.builder.two("Mul", apart, apart)?;
        let parts = self.builder.two("Div", squares, total)?;
        let zero = self.builder.floats(Kind::F64, &[1, 1, 1], &[0.0])?;
        let empty = self.builder.two("Equal", total, zero)?;
        let parts = self.builder.choose(empty, zero, parts)?;
        self.added(parts, vectors.columns, 2)
    }

    fn cosine(&mut self, x: ValueId, vectors: &Matrix) -> Result<ValueId, Failure> {
        let dots = self.dots(x, vectors)?;
        let squares = self.builder.two("Mul", x, x)?;
        let square = self.row_sum(squares, vectors.columns)?;
        let length = self.length(square)?;
        let lengths: Vec<f64> =
            (0..vectors.rows as usize).map(|row| length_of(vectors.row(row))).collect();
        let lengths = self.builder.row(&lengths)?;
        let both = self.builder.two("Mul", length, lengths)?;
        self.builder.two("Div", dots, both)
    }

    /// The root of a square; 1 where it is not above 0.
    pub(super) fn length(&mut self, square: ValueId) -> Result<ValueId, Failure> {
        let zero = self.builder.number(0.0)?;
        let positive = self.builder.two("Greater", square, zero)?;
        let root = self.builder.one("Sqrt", square)?;
        let one = self.builder.number(1.0)?;
        self.builder.choose(positive, root, one)
    }

    /// A power; whole exponents by repeated squaring, as the model forms them.
    fn power(&mut self, base: ValueId, degree: f64) -> Result<ValueId, Failure> {
        if degree.fract().abs() > 0.0 || !(1.0..=1024.0).contains(&degree) {
            let degree = self.builder.number(degree)?;
            return self.builder.two("Pow", base, degree);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 1 to 1024"
        )]
        let mut left = degree as u32;
        let (mut square, mut result) = (base, None);
        while left > 0 {
            if left % 2 == 1 {
                result = Some(match result {
                    Some(result) => self.builder.two("Mul", result, square)?,
                    None => square,
                });
            }
            left /= 2;
            if left > 0 {
                square = self.builder.two("Mul", square, square)?;
            }
        }
        Ok(result.unwrap_or(base))
    }
}

/// The length of a vector; 1 for a zero vector.
pub(super) fn length_of(vector: &[f64]) -> f64 {
    let square = vector.iter().fold(0.0, |sum, v| sum + v * v);
    if square > 0.0 { square.sqrt() } else { 1.0 }
}
