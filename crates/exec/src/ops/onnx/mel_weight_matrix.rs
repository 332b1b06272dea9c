//! `MelWeightMatrix`: <https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html>. Where the text is
//! silent the reference is followed: edges lie on whole bins of the spectrum, and a band without width
//! is its centre.

use super::cast::{cast, target};
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let kind = if setup.has("output_datatype") {
        target(setup, "output_datatype")?
    } else {
        ElementType::F32
    };
    one(move |args: Args<'_>| {
        let count = |i: usize| {
            let n = args.int(i)?.unwrap_or(0);
            usize::try_from(n).ok().ok_or_else(|| misfit(format!("input {i} is {n}")))
        };
        let (bands, length, rate) = (count(0)?, count(1)?, count(2)?);
        let hertz = |i: usize| Ok::<_, Failure>(at(args.wide(i)?.data(), 0));
        let mel = |hertz: f64| 2595.0 * (hertz / 700.0).ln_1p() / 10.0_f64.ln();
        let (low, high) = (mel(hertz(3)?), mel(hertz(4)?));
        if rate == 0 || !low.is_finite() || !high.is_finite() {
            return Err(misfit("a sample rate or a frequency makes no sense"));
        }
        let bins = length / 2 + 1;
        let mut out = vec![0.0; args.cx.room(&[bins, bands], 8)?];
        args.cx.room(&[bands.saturating_add(2)], 8)?;
        let step = (high - low) / real(bands + 2);
        let edges: Vec<usize> = (0..bands + 2)
            .map(|i| {
                let mel = real(i) * step + low;
                let hertz = 700.0 * (mel / 2595.0 * 10.0_f64.ln()).exp_m1();
                position(((real(length) + 1.0) * hertz / real(rate)).floor())
            })
            .collect();
        let mut set = |bin: usize, band: usize, value: f64| {
            if bin < bins
                && let Some(slot) = out.get_mut(bin * bands + band)
            {
                *slot = value;
            }
        };
        for (band, edges) in edges.windows(3).enumerate() {
            let &[left, centre, right] = edges else { continue };
            if right > bins {
                return Err(misfit(format!("a band ends at bin {right}, of {bins}")));
            }
            if left >= centre {
                set(centre, band, 1.0);
            } else {
                for bin in left..=centre {
                    set(bin, band, real(bin - left) / real(centre - left));
                }
            }
            for bin in centre..right {
                set(bin, band, real(right - bin) / real(right - centre));
            }
        }
        let made = TensorValue::F64(Array::new(&[bins, bands], out)?);
        cast(args.cx, &made, kind)
    })
}
