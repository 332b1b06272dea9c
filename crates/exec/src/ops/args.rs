use holdall_diag::Failure;

use crate::{Array, TensorValue, codes, value::Element};

/// What a node is given.
#[derive(Clone, Copy)]
pub(crate) struct Args<'a>(pub(crate) &'a [Option<&'a TensorValue>]);

impl<'a> Args<'a> {
    /// The value of an optional input.
    pub(crate) fn optional(self, index: usize) -> Option<&'a TensorValue> {
        self.0.get(index).copied().flatten()
    }

    /// The value of an input.
    pub(crate) fn get(self, index: usize) -> Result<&'a TensorValue, Failure> {
        self.optional(index)
            .ok_or_else(|| Failure::malformed(codes::INPUT, format!("input {index} is not given")))
    }

    /// An input of one element type.
    pub(crate) fn of<T: Element>(self, index: usize) -> Result<&'a Array<T>, Failure> {
        let value = self.get(index)?;
        T::take(value).ok_or_else(|| unfit(value))
    }

    /// The integers of an input, whatever their width; `None` when it is left out.
    pub(crate) fn ints(self, index: usize) -> Result<Option<Vec<i64>>, Failure> {
        match self.optional(index) {
            None => Ok(None),
            Some(TensorValue::I64(array)) => Ok(Some(array.data().to_vec())),
            Some(TensorValue::I32(array)) => {
                Ok(Some(array.data().iter().map(|&v| v.into()).collect()))
            }
            Some(value) => Err(unfit(value)),
        }
    }

    /// A numeric input as binary32, as onnxruntime's classical operators read integers and doubles.
    pub(crate) fn floats(self, index: usize) -> Result<Array<f32>, Failure> {
        #[expect(clippy::cast_precision_loss, reason = "the operators compute in binary32")]
        #[expect(clippy::cast_possible_truncation, reason = "the operators compute in binary32")]
        match self.get(index)? {
            TensorValue::F32(array) => Ok(array.clone()),
            TensorValue::F64(array) => Ok(array.map(|&v| v as f32)),
            TensorValue::I64(array) => Ok(array.map(|&v| v as f32)),
            TensorValue::I32(array) => Ok(array.map(|&v| v as f32)),
            value @ (TensorValue::Bool(_) | TensorValue::Text(_) | TensorValue::Maps { .. }) => {
                Err(unfit(value))
            }
        }
    }
}

/// A value of the wrong type.
pub(crate) fn unfit(value: &TensorValue) -> Failure {
    let what = match value {
        TensorValue::Maps { .. } => "a list of maps".to_owned(),
        TensorValue::F32(_)
        | TensorValue::F64(_)
        | TensorValue::I64(_)
        | TensorValue::I32(_)
        | TensorValue::Bool(_)
        | TensorValue::Text(_) => format!("a tensor of {}", value.dtype()),
    };
    Failure::unsupported(codes::INPUT, format!("{what} is not taken here"))
}

/// A position within an extent from a number that may count from the end.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, Failure> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_start = if axis < 0 { axis + signed } else { axis };
    usize::try_from(from_start).ok().filter(|&a| a < rank).ok_or_else(|| {
        Failure::malformed(codes::SHAPE, format!("there is no axis {axis} among {rank}"))
    })
}

/// Shapes that do not fit.
pub(crate) fn misfit(message: impl Into<String>) -> Failure {
    Failure::malformed(codes::SHAPE, message)
}

/// Rows and columns of a matrix; a vector is one row.
pub(crate) fn matrix(shape: &[usize]) -> Result<(usize, usize), Failure> {
    match *shape {
        [columns] => Ok((1, columns)),
        [rows, columns] => Ok((rows, columns)),
        _ => Err(misfit(format!("expected a matrix, found {} dimensions", shape.len()))),
    }
}
