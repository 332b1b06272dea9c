//! `Gelu`: <https://onnx.ai/onnx/operators/onnx__Gelu.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let tanh = setup.word("approximate", &[("none", false), ("tanh", true)])?;
    elementwise::float(setup, move |x| {
        if tanh {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            return 0.5 * x * (1.0 + inner.tanh());
        }
        0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2))
    })
}
