//! `Adam`: <https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html>.

use super::optimiser;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let of = |name: &str, default| setup.float(name, default).map(f64::from);
    let (alpha, beta) = (of("alpha", 0.9)?, of("beta", 0.999)?);
    let (epsilon, norm) = (of("epsilon", 1e-6)?, of("norm_coefficient", 0.0)?);
    let post = of("norm_coefficient_post", 0.0)?;
    Ok(optimiser::<4>(Box::new(move |rate, turn, [x, g, v, h], round| {
        let g = round(round(norm * x) + g);
        let v = round(round(alpha * v) + round((1.0 - alpha) * g));
        let h = round(round(beta * h) + round((1.0 - beta) * round(g * g)));
        let root = round(round(h.sqrt()) + epsilon);
        let corrected = (1.0 - beta.powf(turn)).sqrt() / (1.0 - alpha.powf(turn));
        let rate = round(if turn > 0.0 { rate * corrected } else { rate });
        let x = round(x - round(rate * round(v / root)));
        [round((1.0 - post) * x), 0.0, v, h]
    })))
}
