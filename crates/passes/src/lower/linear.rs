//! Weighted sums. `MatMul` leaves the order of addition to the runtime; where the model prescribes
//! one, products are added by `CumSum`.

use holdall_diag::Failure;
use holdall_tabular::{Kind, Linear, Summation};

use super::{Context, value::Val};

impl Context<'_> {
    pub(super) fn linear(&mut self, linear: &Linear) -> Result<Val, Failure> {
        let arg = self.value(linear.arg)?;
        let matrix = &linear.coefficients;
        let kind = if linear.summation.is_f32() { Kind::F32 } else { Kind::F64 };
        let (rows, columns) = (u64::from(matrix.rows), u64::from(matrix.columns));
        let x = self.full(&arg)?;
        let sums = match linear.summation {
            Summation::AnyF32 | Summation::AnyF64 => {
                let transposed: Vec<f64> = (0..matrix.columns as usize)
                    .flat_map(|c| {
                        (0..matrix.rows as usize)
                            .map(move |r| matrix.row(r).get(c).copied().unwrap_or_default())
                    })
                    .collect();
                let weights = self.builder.floats(kind, &[columns, rows], &transposed)?;
                self.builder.node("MatMul", &[x, weights], Vec::new())?
            }
            Summation::SequentialF32 | Summation::SequentialF64 => {
                let axis = self.builder.ints(&[1])?;
                let x = self.builder.node("Unsqueeze", &[x, axis], Vec::new())?;
                let weights = self.builder.floats(kind, &[1, rows, columns], &matrix.data)?;
                let products = self.builder.node("Mul", &[x, weights], Vec::new())?;
                self.builder.sum_in_order(products, matrix.columns, 2)?
            }
        };
        let id = if linear.intercepts.iter().all(|&b| b.total_cmp(&0.0).is_eq()) {
            sums
        } else {
            let intercepts = self.builder.floats(kind, &[1, rows], &linear.intercepts)?;
            self.builder.node("Add", &[sums, intercepts], Vec::new())?
        };
        Ok(Val::rows(kind, matrix.rows, id).with_gaps(arg.gaps))
    }
}
