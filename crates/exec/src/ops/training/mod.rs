//! Operators of `ai.onnx.preview.training`.

mod adagrad;
mod adam;
mod gradient;
mod momentum;

use super::{Args, Kernel, Operator, prelude::*};
use crate::ops::attend::{numbers_of, rounder};

/// The operators, by name.
pub(super) const TABLE: &[Operator] = &[
    Operator::new("Adagrad", &[1], adagrad::compile),
    Operator::new("Adam", &[1], adam::compile),
    Operator::new("Gradient", &[1], gradient::compile)
        .differs("refused under both: nothing here derives a graph"),
    Operator::new("Momentum", &[1], momentum::compile),
];

/// One step of an optimiser: rate, turn, weight, gradient and what is carried; rounded at every step
/// by the function.
type Step<const N: usize> =
    Box<dyn Fn(f64, f64, [f64; N], fn(f64) -> f64) -> [f64; N] + Send + Sync>;

/// An optimiser of any number of weights, whose inputs and outputs stand by their role: `N` of each,
/// the weight first, then what is carried. The gradient stands second among the inputs, and is not
/// given back: the step leaves its place in the answer free.
fn optimiser<const N: usize>(step: Step<N>) -> Kernel {
    Box::new(move |args: Args<'_>| {
        let (rate, turn) = (args.wide(0)?, args.wide(1)?);
        if rate.len() != 1 || turn.len() != 1 {
            return Err(misfit("learning rate and turn are one number each"));
        }
        let (rate, turn) = (at(rate.data(), 0), at(turn.data(), 0));
        let given = args.len().saturating_sub(2);
        if given == 0 || !given.is_multiple_of(N) {
            return Err(misfit(format!("{given} tensors are no groups of {N}")));
        }
        let count = given / N;
        let mut made: Vec<Vec<TensorValue>> = vec![Vec::new(); N];
        for i in 0..count {
            let weight = args.get(2 + i)?;
            let kind = weight.element_type().ok_or_else(|| unfit(weight))?;
            let round = rounder(kind)?;
            let mut parts = Vec::with_capacity(N);
            for role in 0..N {
                let part = args.get(2 + role * count + i)?;
                if part.shape() != weight.shape() || part.element_type() != Some(kind) {
                    return Err(misfit("tensors of one weight differ in type or shape"));
                }
                parts.push(wide(part)?);
            }
            args.cx.work((weight.len() as u64).saturating_mul(8))?;
            let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(weight.len()); N];
            for at_ in 0..weight.len() {
                let mut own = [0.0; N];
                for (slot, part) in own.iter_mut().zip(&parts) {
                    *slot = at(part.data(), at_);
                }
                for (column, x) in columns.iter_mut().zip(step(rate, turn, own, round)) {
                    column.push(x);
                }
            }
            for (role, (list, column)) in made.iter_mut().zip(columns).enumerate() {
                if role != 1 {
                    list.push(numbers_of(args.cx, Array::new(weight.shape(), column)?, kind)?);
                }
            }
        }
        Ok(made.into_iter().flatten().collect())
    })
}
