//! `Momentum`: <https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html>.

use super::optimiser;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let of = |name: &str| {
        if !setup.has(name) {
            return Err(setup.refuse(format!("`{name}` is not given")));
        }
        setup.float(name, 0.0).map(f64::from)
    };
    let (alpha, beta, norm) = (of("alpha")?, of("beta")?, of("norm_coefficient")?);
    if !setup.has("mode") {
        return Err(setup.refuse("`mode` is not given"));
    }
    let nesterov = setup.word("mode", &[("standard", false), ("nesterov", true)])?;
    Ok(optimiser::<3>(Box::new(move |rate, turn, [x, g, v], round| {
        let g = round(round(norm * x) + g);
        // The first gradient counts whole.
        let beta = if turn > 0.0 { beta } else { 1.0 };
        let v = round(round(alpha * v) + round(beta * g));
        let by = if nesterov { round(g + round(alpha * v)) } else { v };
        [round(x - round(rate * by)), 0.0, v]
    })))
}
