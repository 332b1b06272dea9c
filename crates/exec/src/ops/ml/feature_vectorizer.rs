//! `FeatureVectorizer`: <https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html>. Inputs that are too
//! short are padded with zeros, those that are too long are cut.

use holdall_diag::Failure;

use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{matrix, misfit},
        one,
    },
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let widths = setup
        .ints("inputdimensions")?
        .unwrap_or_default()
        .into_iter()
        .map(usize::try_from)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| setup.refuse("a width is negative").caused_by(error))?;
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
        let total: usize = widths.iter().sum();
        let mut out = Vec::with_capacity(rows * total);
        for row in 0..rows {
            for (part, columns, width) in &parts {
                let own = part.data().iter().skip(row * columns).take(*columns);
                out.extend(own.copied().chain(std::iter::repeat(0.0)).take(*width));
            }
        }
        Ok(TensorValue::F32(Array::new(&[rows, total], out)?))
    })
}
