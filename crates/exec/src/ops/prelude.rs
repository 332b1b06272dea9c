//! What the file of an operator needs.

pub(super) use holdall_diag::Failure;

pub(super) use super::{
    Args, Kernel, Setup,
    args::{axes, axis, extents, ints, matrix, misfit, unfit, wide},
    elementwise::{self, Pair, Single, broadcast, walk, zip},
    lanes::{self, Lanes, Reduction, strides},
    moves::{self, FILL},
    one,
    post_transform::logistic,
};
pub(super) use crate::{
    Array, ElementType, Narrow, TensorValue, codes,
    context::Context,
    value::{
        Element, at, elements, floats,
        number::{Float, Number, position, real, real_of, signed, single, whole},
        numbers,
    },
};
