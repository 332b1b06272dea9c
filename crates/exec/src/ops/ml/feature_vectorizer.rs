//! `FeatureVectorizer`: <https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html>.
//! Inputs that are too short are padded with zeros, those that are too long are cut.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let widths = setup.sizes("inputdimensions")?.unwrap_or_default();
    one(move |args: Args<'_>| {
        let mut parts = Vec::with_capacity(widths.len());
        let mut rows = None;
        for (i, &width) in widths.iter().enumerate() {
            let part = args.floats(i)?;
            let (own, columns) = matrix(part.shape())?;
            if *rows.get_or_insert(own) != own {
                return Err(misfit("the inputs have different numbers of rows"));
            }
            parts.push((part, columns, width));
        }
        let rows = rows.unwrap_or(0);
        let total = widths.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n));
        let total = total.ok_or_else(|| misfit("the widths are too large"))?;
        let mut out = Vec::with_capacity(args.cx.room(&[rows, total], 4)?);
        for row in 0..rows {
            for (part, columns, width) in &parts {
                let own = part.data().iter().skip(row * columns).take(*columns);
                out.extend(own.copied().chain(std::iter::repeat(0.0)).take(*width));
            }
        }
        Ok(TensorValue::F32(Array::new(&[rows, total], out)?))
    })
}
