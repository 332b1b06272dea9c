//! `NegativeLogLikelihoodLoss`:
//! <https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html>.

use super::cast::cast;
use crate::ops::prelude::*;

#[derive(Clone, Copy)]
enum Reduce {
    Mean,
    Sum,
    None,
}

/// How losses of elements make one.
pub(super) struct Loss {
    reduce: Reduce,
    ignored: Option<i64>,
}

impl Loss {
    pub(super) fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let words = [("mean", Reduce::Mean), ("sum", Reduce::Sum), ("none", Reduce::None)];
        let ignored =
            if setup.has("ignore_index") { Some(setup.int("ignore_index", 0)?) } else { None };
        Ok(Self { reduce: setup.word("reduction", &words)?, ignored })
    }

    /// The loss from logarithms of probabilities [N, C, …].
    pub(super) fn run(&self, args: Args<'_>, x: &Array<f64>) -> Result<TensorValue, Failure> {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let [n, classes, ref rest @ ..] = *x.shape() else {
            return Err(misfit("expected scores of classes"));
        };
        let inner = rest.iter().product::<usize>();
        let labels = args.ints(1)?.unwrap_or_default();
        if labels.len() != n * inner {
            return Err(misfit(format!("{} labels for {}", labels.len(), n * inner)));
        }
        let weights = match args.optional(2) {
            Some(weights) => Some(wide(weights)?),
            None => None,
        };
        let (mut losses, mut total) = (Vec::with_capacity(labels.len()), 0.0);
        for (i, &label) in labels.iter().enumerate() {
            if self.ignored == Some(label) {
                losses.push(0.0);
                continue;
            }
            let class = axis(label, classes)?;
            let weight = weights.as_ref().map_or(1.0, |w| at(w.data(), class));
            total += weight;
            let place = (i / inner * classes + class) * inner + i % inner;
            losses.push(-at(x.data(), place) * weight);
        }
        let sum: f64 = losses.iter().sum();
        let made = match self.reduce {
            Reduce::None => Array::new(args.get(1)?.shape(), losses)?,
            Reduce::Sum => Array::scalar(sum),
            Reduce::Mean => Array::scalar(sum / total),
        };
        cast(args.cx, &TensorValue::F64(made), kind)
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let loss = Loss::of(setup)?;
    one(move |args: Args<'_>| loss.run(args, &args.wide(0)?))
}
