//! `STFT`: <https://onnx.ai/onnx/operators/onnx__STFT.html>.

use super::cast::cast;
use crate::ops::{
    fourier::{Complex, Transform},
    prelude::*,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let one_side = setup.flag("onesided", true)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let &[batch, signal, parts @ (1 | 2)] = value.shape() else {
            return Err(misfit(format!("{:?} is no batch of signals", value.shape())));
        };
        if one_side && parts == 2 {
            return Err(misfit("one side says all of a real signal only"));
        }
        let positive = |value: Option<i64>, what: &str| match value {
            Some(n) => usize::try_from(n)
                .ok()
                .filter(|&n| n > 0)
                .map(Some)
                .ok_or_else(|| misfit(format!("{what} of {n}"))),
            None => Ok(None),
        };
        let step = positive(args.int(1)?, "a step")?.ok_or_else(|| misfit("no step is given"))?;
        let window = args.optional(2).map(wide).transpose()?;
        let length = positive(args.int(3)?, "a frame")?;
        let length = length.or(window.as_ref().map(Array::len)).unwrap_or(signal);
        if window.as_ref().is_some_and(|w| w.len() != length) || length == 0 || length > signal {
            return Err(misfit(format!("frames of {length} do not fit window and signal")));
        }
        let frames = (signal - length) / step + 1;
        let kept = if one_side { length / 2 + 1 } else { length };
        let shape = [batch, frames, kept, 2];
        let mut out = Vec::with_capacity(args.cx.room(&shape, 8)?);
        let transform = Transform::new(args.cx, length, true)?;
        args.cx.product([batch, frames, transform.cost()])?;
        let x = wide(value)?;
        for b in 0..batch {
            for frame in 0..frames {
                let mut data: Vec<Complex> = (0..length)
                    .map(|i| {
                        let place = (b * signal + frame * step + i) * parts;
                        let by = window.as_ref().map_or(1.0, |w| at(w.data(), i));
                        let imaginary = if parts == 2 { at(x.data(), place + 1) } else { 0.0 };
                        [at(x.data(), place) * by, imaginary * by]
                    })
                    .collect();
                transform.run(&mut data);
                out.extend(data.iter().take(kept).flatten());
            }
        }
        cast(args.cx, &TensorValue::F64(Array::new(&shape, out)?), kind)
    })
}
