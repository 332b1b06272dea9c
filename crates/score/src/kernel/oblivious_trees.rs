use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::{Aggregate, ObliviousTrees};

use super::{Kernel, Run};
use crate::{
    real::Real,
    value::{Element, Yield},
};

impl Kernel for ObliviousTrees {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        if self.summation.is_f32() { sums::<f32>(self, run) } else { sums::<f64>(self, run) }
    }
}

fn sums<'a, R: Real>(op: &ObliviousTrees, run: &Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
    let outputs = op.outputs as usize;
    let columns = run
        .value(op.arg)?
        .iter()
        .map(|element| {
            let mut values = crate::run::widened(element)?;
            for (row, value) in values.iter_mut().enumerate() {
                if op.round_features {
                    *value = f32::narrow(*value).widen();
                }
                if element.is_missing(row) {
                    *value = f64::NAN;
                }
            }
            Ok(values)
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let mut margins = vec![vec![R::ZERO; run.rows]; outputs];
    let (mut splits, mut leaves) = (op.splits.as_slice(), op.leaves.as_slice());
    let mut leaf_of = vec![0_usize; run.rows];
    for &depth in &op.depths {
        let (of_tree, later) = splits.split_at(depth as usize);
        splits = later;
        leaf_of.fill(0);
        for (bit, split) in of_tree.iter().enumerate() {
            let column = &columns[split.feature as usize];
            for (leaf, &x) in leaf_of.iter_mut().zip(column) {
                let above = x > split.border || (split.missing_above && x.is_nan());
                *leaf |= usize::from(above) << bit;
            }
        }
        let (values, later) = leaves.split_at((1 << depth) * outputs);
        leaves = later;
        for (output, margin) in margins.iter_mut().enumerate() {
            for (sum, &leaf) in margin.iter_mut().zip(&leaf_of) {
                *sum = *sum + R::narrow(values[leaf * outputs + output]);
            }
        }
    }
    let finish = |(output, mut margin): (usize, Vec<R>)| {
        for sum in &mut margin {
            if let Aggregate::DivideBy(by) = op.aggregate {
                *sum = *sum / R::narrow(by);
            }
            if op.scale.total_cmp(&1.0).is_ne() {
                *sum = *sum * R::narrow(op.scale);
            }
            if let Some(&bias) = op.bias.get(output) {
                *sum = *sum + R::narrow(bias);
            }
        }
        Rc::new(Element { data: R::elements(margin), missing: None })
    };
    Ok(Yield::Value(margins.into_iter().enumerate().map(finish).collect()))
}
