use holdall_diag::Failure;

use crate::{
    Array, TensorValue, codes,
    context::Context,
    value::{
        Element,
        number::{Number, single},
        numbers,
    },
};

/// What a node is given: its inputs, then what its subgraphs take from around them.
#[derive(Clone, Copy)]
pub(crate) struct Args<'a> {
    pub(crate) values: &'a [Option<&'a TensorValue>],
    pub(crate) cx: &'a Context,
    /// How many outputs the node names.
    pub(crate) outputs: usize,
}

impl<'a> Args<'a> {
    /// The value of an optional input.
    pub(crate) fn optional(self, index: usize) -> Option<&'a TensorValue> {
        self.values.get(index).copied().flatten()
    }

    /// The value of an input.
    pub(crate) fn get(self, index: usize) -> Result<&'a TensorValue, Failure> {
        self.optional(index)
            .ok_or_else(|| Failure::malformed(codes::INPUT, format!("input {index} is not given")))
    }

    /// An input of one element type.
    pub(crate) fn of<T: Element>(self, index: usize) -> Result<&'a Array<T>, Failure> {
        T::want(self.get(index)?)
    }

    /// The integers of an input, whatever their width; `None` when it is left out.
    pub(crate) fn ints(self, index: usize) -> Result<Option<Vec<i64>>, Failure> {
        self.optional(index).map(ints).transpose()
    }

    /// The first integer of an input; `None` when it is left out.
    pub(crate) fn int(self, index: usize) -> Result<Option<i64>, Failure> {
        match self.ints(index)? {
            None => Ok(None),
            Some(list) => list
                .first()
                .copied()
                .map(Some)
                .ok_or_else(|| misfit(format!("input {index} has no element"))),
        }
    }

    /// A truth value; `None` when it is left out.
    pub(crate) fn flag(self, index: usize) -> Result<Option<bool>, Failure> {
        match self.optional(index) {
            None => Ok(None),
            Some(value) => bool::want(value)?
                .data()
                .first()
                .copied()
                .map(Some)
                .ok_or_else(|| misfit(format!("input {index} has no element"))),
        }
    }

    /// A numeric input as binary32, as onnxruntime's classical operators read integers and doubles.
    pub(crate) fn floats(self, index: usize) -> Result<Array<f32>, Failure> {
        let value = self.get(index)?;
        if let TensorValue::F32(array) = value {
            return Ok(array.clone());
        }
        numbers!(value, array => Ok(array.map(|v| single(v.wide()))))
    }

    /// A numeric input as binary64.
    pub(crate) fn wide(self, index: usize) -> Result<Array<f64>, Failure> {
        wide(self.get(index)?)
    }

    /// How many inputs there are, left out or not, and values from around subgraphs among them.
    pub(crate) fn len(self) -> usize {
        self.values.len()
    }
}

/// Numbers as binary64.
pub(crate) fn wide(value: &TensorValue) -> Result<Array<f64>, Failure> {
    if let TensorValue::F64(array) = value {
        return Ok(array.clone());
    }
    numbers!(value, array => Ok(array.map(|v| v.wide())))
}

/// The integers of a tensor, whatever their width.
pub(crate) fn ints(value: &TensorValue) -> Result<Vec<i64>, Failure> {
    fn all<T: Copy + TryInto<i64>>(array: &Array<T>) -> Vec<i64> {
        array.data().iter().map(|&v| v.try_into().unwrap_or(i64::MAX)).collect()
    }
    Ok(match value {
        TensorValue::I64(array) => array.data().to_vec(),
        TensorValue::I32(array) => all(array),
        TensorValue::I16(array) => all(array),
        TensorValue::I8(array) => all(array),
        TensorValue::U64(array) => all(array),
        TensorValue::U32(array) => all(array),
        TensorValue::U16(array) => all(array),
        TensorValue::U8(array) => all(array),
        other => return Err(unfit(other)),
    })
}

/// A value of the wrong type.
pub(crate) fn unfit(value: &TensorValue) -> Failure {
    Failure::unsupported(codes::INPUT, format!("{} is not taken here", value.type_name()))
}

/// A position within an extent from a number that may count from the end.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, Failure> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_start = if axis < 0 { axis.saturating_add(signed) } else { axis };
    usize::try_from(from_start).ok().filter(|&a| a < rank).ok_or_else(|| {
        Failure::malformed(codes::SHAPE, format!("there is no axis {axis} among {rank}"))
    })
}

/// Axes, sorted and each once; all when none is named.
pub(crate) fn axes(given: &[i64], rank: usize) -> Result<Vec<usize>, Failure> {
    let mut axes = given.iter().map(|&a| axis(a, rank)).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}

/// Extents from integers.
pub(crate) fn extents(given: &[i64]) -> Result<Vec<usize>, Failure> {
    given
        .iter()
        .map(|&n| usize::try_from(n).ok().ok_or_else(|| misfit(format!("there is no extent {n}"))))
        .collect()
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
