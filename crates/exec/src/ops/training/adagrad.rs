//! `Adagrad`: <https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adagrad.html>.

use super::optimiser;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let of = |name: &str, default| setup.float(name, default).map(f64::from);
    let (decay, epsilon) = (of("decay_factor", 0.0)?, of("epsilon", 1e-6)?);
    let norm = of("norm_coefficient", 0.0)?;
    Ok(optimiser::<3>(Box::new(move |rate, turn, [x, g, h], round| {
        let rate = round(rate / (1.0 + turn * decay));
        let g = round(round(norm * x) + g);
        let h = round(h + round(g * g));
        let root = round(round(h.sqrt()) + epsilon);
        [round(x - round(round(rate * g) / root)), 0.0, h]
    })))
}
