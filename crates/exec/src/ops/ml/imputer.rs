//! `Imputer`: <https://onnx.ai/onnx/operators/onnx_aionnxml_Imputer.html>. A list of values that is
//! not as long as the row stands for its first value.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let floats = setup.floats("imputed_value_floats")?.filter(|v| !v.is_empty());
    let ints = setup.ints("imputed_value_int64s")?.filter(|v| !v.is_empty());
    let (from, from_int) =
        (setup.float("replaced_value_float", 0.0)?, setup.int("replaced_value_int64", 0)?);
    if floats.is_none() && ints.is_none() {
        return Err(setup.refuse("the imputer has no values"));
    }
    one(move |args: Args<'_>| match (args.get(0)?, &floats, &ints) {
        (TensorValue::F32(array), Some(values), _) => {
            #[expect(clippy::float_cmp, reason = "the value to replace is given exactly")]
            let same = |x: f32| if from.is_nan() { x.is_nan() } else { x == from };
            Ok(TensorValue::F32(impute(array, values, same)?))
        }
        (TensorValue::I64(array), _, Some(values)) => {
            Ok(TensorValue::I64(impute(array, values, |x| x == from_int)?))
        }
        (other, _, _) => Err(unfit(other)),
    })
}

fn impute<T: Copy>(
    array: &Array<T>,
    values: &[T],
    replace: impl Fn(T) -> bool,
) -> Result<Array<T>, Failure> {
    let (_, columns) = matrix(array.shape())?;
    let first = values.get(..1).unwrap_or_default();
    let values = if values.len() == columns { values } else { first };
    let data = array
        .data()
        .iter()
        .zip(values.iter().cycle())
        .map(|(&x, &value)| if replace(x) { value } else { x })
        .collect();
    Array::new(array.shape(), data)
}
