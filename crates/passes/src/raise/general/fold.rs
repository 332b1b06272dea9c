//! Constants: positions of broadcasting, elements picked, arithmetic that no row takes part in.

use holdall_tabular::{BinaryOp, Labels, UnaryOp};

/// Elements by position; positions beyond the list are left out.
pub(super) fn pick(values: &Labels, indices: &[u32]) -> Labels {
    fn of<T: Clone>(values: &[T], indices: &[u32]) -> Vec<T> {
        indices.iter().filter_map(|&i| values.get(i as usize).cloned()).collect()
    }
    match values {
        Labels::Text(values) => Labels::Text(of(values, indices)),
        Labels::I64(values) => Labels::I64(of(values, indices)),
        Labels::F64(values) => Labels::F64(of(values, indices)),
        Labels::Bool(values) => Labels::Bool(of(values, indices)),
    }
}

/// The axes of what two tensors make together, aligned at the last one. None where they do not fit.
pub(super) fn broadcast(left: &[Option<u64>], right: &[Option<u64>]) -> Option<Vec<Option<u64>>> {
    let rank = left.len().max(right.len());
    let at = |axes: &[Option<u64>], i: usize| {
        (i + axes.len()).checked_sub(rank).map_or(Some(Some(1)), |i| axes.get(i).copied())
    };
    (0..rank)
        .map(|i| match (at(left, i)?, at(right, i)?) {
            (None, None | Some(1)) | (Some(1), None) => Some(None),
            (None, Some(_)) | (Some(_), None) => None,
            (Some(a), Some(b)) if a == b || b == 1 => Some(Some(a)),
            (Some(1), Some(b)) => Some(Some(b)),
            (Some(_), Some(_)) => None,
        })
        .collect()
}

/// The number of elements of a row.
pub(super) fn elements(axes: &[Option<u64>]) -> Option<usize> {
    axes.iter()
        .flatten()
        .try_fold(1_usize, |product, &extent| product.checked_mul(usize::try_from(extent).ok()?))
}

/// For each element of a tensor with axes `to` the position of its source in a tensor with axes `from`.
pub(super) fn sources(from: &[Option<u64>], to: &[Option<u64>]) -> Option<Vec<u32>> {
    let skipped = to.len().checked_sub(from.len())?;
    let mut strides = vec![0_u64; to.len()];
    let mut stride = 1_u64;
    for (i, axis) in from.iter().enumerate().rev() {
        if let Some(extent) = *axis {
            if extent > 1 {
                *strides.get_mut(i + skipped)? = stride;
            }
            stride = stride.checked_mul(extent)?;
        }
    }
    let axes: Vec<(u64, u64)> = to
        .iter()
        .zip(&strides)
        .filter_map(|(axis, stride)| axis.map(|extent| (extent, *stride)))
        .collect();
    positions(&axes)
}

/// Positions of all elements of axes with extents and strides, the last axis fastest.
pub(super) fn positions(axes: &[(u64, u64)]) -> Option<Vec<u32>> {
    let mut made = vec![0_u64];
    for &(extent, stride) in axes {
        let count = made.len().checked_mul(usize::try_from(extent).ok()?)?;
        if count > super::MAX_ELEMENTS << 4 {
            return None;
        }
        let mut next = Vec::with_capacity(count);
        for &before in &made {
            for i in 0..extent {
                next.push(before.checked_add(i.checked_mul(stride)?)?);
            }
        }
        made = next;
    }
    made.into_iter().map(|at| u32::try_from(at).ok()).collect()
}

/// Arithmetic of two lists of one length, at the precision of binary32 where `single`.
pub(super) fn binary(op: BinaryOp, left: &Labels, right: &Labels, single: bool) -> Option<Labels> {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to binary32")]
    let round = |value: f64| if single { f64::from(value as f32) } else { value };
    match (left, right) {
        (Labels::F64(a), Labels::F64(b)) => {
            let pairs = a.iter().zip(b);
            Some(match op {
                BinaryOp::Add => Labels::F64(pairs.map(|(a, b)| round(a + b)).collect()),
                BinaryOp::Sub => Labels::F64(pairs.map(|(a, b)| round(a - b)).collect()),
                BinaryOp::Mul => Labels::F64(pairs.map(|(a, b)| round(a * b)).collect()),
                BinaryOp::Div => Labels::F64(pairs.map(|(a, b)| round(a / b)).collect()),
                BinaryOp::Eq => Labels::Bool(
                    pairs
                        .map(|(a, b)| a.partial_cmp(b).is_some_and(std::cmp::Ordering::is_eq))
                        .collect(),
                ),
                BinaryOp::Gt => Labels::Bool(pairs.map(|(a, b)| a > b).collect()),
                BinaryOp::Lt => Labels::Bool(pairs.map(|(a, b)| a < b).collect()),
                _ => return None,
            })
        }
        (Labels::I64(a), Labels::I64(b)) => {
            let pairs = a.iter().zip(b);
            Some(match op {
                BinaryOp::Add => Labels::I64(pairs.map(|(a, b)| a.wrapping_add(*b)).collect()),
                BinaryOp::Sub => Labels::I64(pairs.map(|(a, b)| a.wrapping_sub(*b)).collect()),
                BinaryOp::Mul => Labels::I64(pairs.map(|(a, b)| a.wrapping_mul(*b)).collect()),
                BinaryOp::Eq => Labels::Bool(pairs.map(|(a, b)| a == b).collect()),
                _ => return None,
            })
        }
        _ => None,
    }
}

/// A function of each number of a list, at the precision of binary32 where `single`.
pub(super) fn unary(op: UnaryOp, values: &Labels, single: bool) -> Option<Labels> {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to binary32")]
    let round = |value: f64| if single { f64::from(value as f32) } else { value };
    let each = |values: &[f64], function: fn(f64) -> f64| {
        Some(Labels::F64(values.iter().map(|value| round(function(*value))).collect()))
    };
    match (op, values) {
        (UnaryOp::Not, Labels::Bool(values)) => {
            Some(Labels::Bool(values.iter().map(|value| !value).collect()))
        }
        (UnaryOp::IsNan, Labels::F64(values)) => {
            Some(Labels::Bool(values.iter().map(|value| value.is_nan()).collect()))
        }
        (UnaryOp::Neg, Labels::I64(values)) => {
            Some(Labels::I64(values.iter().map(|value| value.wrapping_neg()).collect()))
        }
        (UnaryOp::Neg, Labels::F64(values)) => each(values, |value| -value),
        (UnaryOp::Abs, Labels::F64(values)) => each(values, f64::abs),
        (UnaryOp::Exp, Labels::F64(values)) => each(values, f64::exp),
        (UnaryOp::Ln, Labels::F64(values)) => each(values, f64::ln),
        (UnaryOp::Sqrt, Labels::F64(values)) => each(values, f64::sqrt),
        (UnaryOp::Floor, Labels::F64(values)) => each(values, f64::floor),
        (UnaryOp::Ceil, Labels::F64(values)) => each(values, f64::ceil),
        (UnaryOp::RoundEven, Labels::F64(values)) => each(values, f64::round_ties_even),
        (UnaryOp::Sin, Labels::F64(values)) => each(values, f64::sin),
        (UnaryOp::Cos, Labels::F64(values)) => each(values, f64::cos),
        (UnaryOp::Tan, Labels::F64(values)) => each(values, f64::tan),
        (UnaryOp::Asin, Labels::F64(values)) => each(values, f64::asin),
        (UnaryOp::Acos, Labels::F64(values)) => each(values, f64::acos),
        (UnaryOp::Atan, Labels::F64(values)) => each(values, f64::atan),
        _ => None,
    }
}

/// Sums of groups in order, at the precision of binary32 where `single`.
pub(super) fn sums(values: &Labels, groups: &[Vec<u32>], single: bool) -> Option<Labels> {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to binary32")]
    let round = |value: f64| if single { f64::from(value as f32) } else { value };
    let Labels::F64(values) = values else { return None };
    let at = |place: &u32| values.get(*place as usize).copied().unwrap_or(f64::NAN);
    let sum = |group: &Vec<u32>| group.iter().map(at).fold(0.0, |sum, value| round(sum + value));
    Some(Labels::F64(groups.iter().map(sum).collect()))
}
