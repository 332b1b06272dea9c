//! `Trilu`: <https://onnx.ai/onnx/operators/onnx__Trilu.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let upper = setup.flag("upper", true)?;
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let shift = args.int(1)?.unwrap_or(0);
        let [.., rows, columns] = *value.shape() else {
            return Err(misfit("expected a matrix"));
        };
        let zero = TensorValue::zero(value.element_type().ok_or_else(|| unfit(value))?);
        let plan: Vec<usize> = (0..value.len())
            .map(|i| {
                let (row, column) = (signed(i / columns % rows), signed(i % columns));
                let gap = (column - row).saturating_sub(shift);
                let kept = if upper { gap >= 0 } else { gap <= 0 };
                if kept { i } else { value.len() }
            })
            .collect();
        TensorValue::merge(&[value, &zero], value.shape(), &plan)
    })
}
