//! Kernels and votes.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Comparison, Distances, Kernel, KernelMachine, Kind, Matrix, Metric, Op, ScaleForm,
    Transform, UnaryOp, ValueId, VoteForm, Votes,
};

use super::{Spell, Step, impossible, number};

/// Why a kernel cannot be said; none where it can.
pub(crate) fn refused(kernel: Kernel) -> Option<&'static str> {
    match kernel {
        Kernel::ChiSquared { .. } | Kernel::AdditiveChiSquared => {
            Some("terms of a χ² kernel that are left out")
        }
        Kernel::Linear
        | Kernel::Polynomial { .. }
        | Kernel::Rbf { .. }
        | Kernel::Sigmoid { .. }
        | Kernel::Laplacian { .. }
        | Kernel::Cosine => None,
    }
}

impl Spell<'_> {
    pub(super) fn kernel_machine(&mut self, op: &KernelMachine) -> Step {
        let arg = self.value(op.arg)?;
        let values = self.similarities(op.kernel, arg, &op.vectors)?;
        let mut margins = Vec::with_capacity(op.machines.len());
        for machine in &op.machines {
            let indices = machine.terms.iter().map(|(vector, _)| *vector).collect();
            let data: Vec<f64> = machine.terms.iter().map(|(_, by)| *by).collect();
            let columns = number(data.len())?;
            if columns == 0 {
                // A machine without vectors is its intercept, and missing with the operand.
                let first = self.push(Op::Select { arg: values, indices: vec![0] })?;
                let matrix = Matrix { rows: 1, columns: 1, data: vec![0.0] };
                margins.push(self.linear(first, matrix, vec![machine.intercept])?);
                continue;
            }
            let own = self.push(Op::Select { arg: values, indices })?;
            let matrix = Matrix { rows: 1, columns, data };
            margins.push(self.linear(own, matrix, vec![machine.intercept])?);
        }
        self.concat(margins)
    }

    fn similarities(&mut self, kernel: Kernel, x: ValueId, vectors: &Matrix) -> Step {
        let rows = vectors.rows as usize;
        let each = |value: f64| vec![value; rows];
        let products = |spell: &mut Self| spell.linear(x, vectors.clone(), each(0.0));
        let apart = |spell: &mut Self, metric| {
            let (points, comparison) = (vectors.clone(), Comparison::plain(metric));
            let distances = Distances { arg: x, points, comparison };
            spell.push(Op::Transform(Transform::Distances(Box::new(distances))))
        };
        match kernel {
            Kernel::Linear => products(self),
            Kernel::Polynomial { gamma, coef0, degree } => {
                let product = products(self)?;
                let (form, factor) = (ScaleForm::MultiplyAdd, Some(each(gamma)));
                let base = self.moved(product, form, &each(coef0), factor)?;
                self.power(base, degree, rows)
            }
            Kernel::Rbf { gamma } => {
                let squares = apart(self, Metric::SquaredEuclidean)?;
                let scaled = self.scaled(squares, &each(-gamma))?;
                self.unary(UnaryOp::Exp, scaled)
            }
            Kernel::Laplacian { gamma } => {
                let sums = apart(self, Metric::CityBlock)?;
                let scaled = self.scaled(sums, &each(-gamma))?;
                self.unary(UnaryOp::Exp, scaled)
            }
            Kernel::Sigmoid { gamma, coef0 } => {
                let product = products(self)?;
                let (form, factor) = (ScaleForm::MultiplyAdd, Some(each(gamma)));
                let moved = self.moved(product, form, &each(coef0), factor)?;
                self.unary(UnaryOp::Tanh, moved)
            }
            Kernel::Cosine => {
                let product = products(self)?;
                let square = self.reduce(holdall_tabular::ReduceOp::SumSquares, x, false)?;
                let zero = self.float(0.0)?;
                let some = self.binary(BinaryOp::Gt, square, zero)?;
                let (root, one) = (self.unary(UnaryOp::Sqrt, square)?, self.float(1.0)?);
                let own = self.either(some, root, one)?;
                let length = |row: usize| {
                    let square = vectors.row(row).iter().fold(0.0, |sum, y| sum + y * y);
                    if square > 0.0 { square.sqrt() } else { 1.0 }
                };
                let lengths = self.floats((0..rows).map(length).collect())?;
                let lengths = self.binary(BinaryOp::Mul, lengths, own)?;
                self.binary(BinaryOp::Div, product, lengths)
            }
            Kernel::ChiSquared { .. } | Kernel::AdditiveChiSquared => Err(impossible("kernel")),
        }
    }

    /// A power; whole exponents by repeated squaring.
    fn power(&mut self, base: ValueId, degree: f64, count: usize) -> Step {
        if degree.fract().abs() > 0.0 || !(0.0..=1024.0).contains(&degree) {
            let degree = self.float(degree)?;
            return self.binary(BinaryOp::Pow, base, degree);
        }
        let mut left = crate::number::truncated(degree);
        if left == 0 {
            return self.floats(vec![1.0; count]);
        }
        let (mut square, mut result) = (base, None);
        loop {
            if left % 2 == 1 {
                result = Some(match result {
                    Some(result) => self.binary(BinaryOp::Mul, result, square)?,
                    None => square,
                });
            }
            left /= 2;
            if left == 0 {
                break;
            }
            square = self.binary(BinaryOp::Mul, square, square)?;
        }
        result.ok_or_else(|| impossible("power"))
    }

    pub(super) fn votes(&mut self, op: &Votes) -> Step {
        let narrow = self.valid.kind_of(op.arg) == Some(Kind::F32);
        let arg = self.value(op.arg)?;
        let arg = self.cast(arg, Kind::F64)?;
        let confident = match op.form {
            VoteForm::Count => false,
            VoteForm::Confidence => true,
            VoteForm::Coupled { .. } => return Err(impossible("coupling")),
        };
        let zero = self.float(0.0)?;
        let test = if confident { BinaryOp::Ge } else { BinaryOp::Gt };
        let won = self.binary(test, arg, zero)?;
        let won = self.cast(won, Kind::F64)?;
        let (coefficients, lost) = pairs(op.classes)?;
        let mut counts = self.linear(won, coefficients.clone(), lost)?;
        if confident {
            let zeros = vec![0.0; op.classes as usize];
            let sums = self.linear(arg, coefficients, zeros)?;
            let size = self.unary(UnaryOp::Abs, sums)?;
            let one = self.float(1.0)?;
            let size = self.binary(BinaryOp::Add, size, one)?;
            let size = self.scaled(size, &vec![3.0; op.classes as usize])?;
            let share = self.binary(BinaryOp::Div, sums, size)?;
            counts = self.binary(BinaryOp::Add, counts, share)?;
        }
        if narrow { self.cast(counts, Kind::F32) } else { Ok(counts) }
    }
}

/// For each class 1 at the pairs where it is first and −1 where it is second, and how often it is second.
fn pairs(classes: u32) -> Result<(Matrix, Vec<f64>), Failure> {
    let count = classes as usize;
    let columns = count * count.saturating_sub(1) / 2;
    let mut data = vec![0.0; count * columns];
    let mut second = vec![0.0; count];
    let mut pair = 0;
    for i in 0..count {
        for j in i + 1..count {
            for (class, sign) in [(i, 1.0), (j, -1.0)] {
                if let Some(cell) = data.get_mut(class * columns + pair) {
                    *cell = sign;
                }
            }
            if let Some(lost) = second.get_mut(j) {
                *lost += 1.0;
            }
            pair += 1;
        }
    }
    Ok((Matrix { rows: classes, columns: number(columns)?, data }, second))
}
