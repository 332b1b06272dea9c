//! `Upsample`: <https://onnx.ai/onnx/operators/onnx__Upsample.html>. Deprecated since version 10,
//! which has `Resize`.

use super::resize::{Form, Target};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let form = Form::upsample(setup)?;
    let fixed = match setup.opset() {
        ..7 => {
            let (h, w) = (setup.float("height_scale", 1.0)?, setup.float("width_scale", 1.0)?);
            Some(vec![1.0, 1.0, h.into(), w.into()])
        }
        7 | 8 => {
            Some(setup.floats("scales")?.unwrap_or_default().into_iter().map(f64::from).collect())
        }
        _ => None,
    };
    one(move |args: Args<'_>| {
        let scales = match &fixed {
            Some(scales) => scales.clone(),
            None => args.wide(1)?.data().to_vec(),
        };
        let all: Vec<usize> = (0..args.get(0)?.shape().len()).collect();
        form.run(args, &all, &Target::Scales(scales), &[])
    })
}
