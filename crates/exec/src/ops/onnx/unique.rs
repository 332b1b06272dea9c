//! `Unique`: <https://onnx.ai/onnx/operators/onnx__Unique.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let along = if setup.has("axis") { Some(setup.int("axis", 0)?) } else { None };
    let sorted = setup.flag("sorted", true)?;
    Ok(Box::new(move |args: Args<'_>| {
        let value = args.get(0)?;
        // Without an axis the elements themselves are told apart, else the slices along it.
        let (value, along) = match along {
            None => (value.shaped(&[value.len()])?, 0),
            Some(along) => (value.clone(), axis(along, value.shape().len())?),
        };
        let extent = at(value.shape(), along);
        let lanes = Lanes::new(args.cx, value.shape(), &[along], true)?;
        args.cx.work((value.len() as u64).saturating_mul(16))?;
        let ranks = ranks(&value)?;
        let slice = |i: usize| -> Vec<usize> {
            let step = at(&lanes.offsets, i);
            lanes.bases.iter().map(|base| at(&ranks, base + step)).collect()
        };
        let mut groups: std::collections::BTreeMap<Vec<usize>, Vec<usize>> =
            std::collections::BTreeMap::new();
        for i in 0..extent {
            groups.entry(slice(i)).or_default().push(i);
        }
        let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
        if !sorted {
            groups.sort_by_key(|group| group.first().copied());
        }
        let first: Vec<usize> = groups.iter().map(|g| at(g, 0)).collect();
        let mut inverse = vec![0_i64; extent];
        for (k, group) in (0_i64..).zip(&groups) {
            for &i in group {
                if let Some(slot) = inverse.get_mut(i) {
                    *slot = k;
                }
            }
        }
        let mut picks = moves::whole(value.shape());
        if let Some(pick) = picks.get_mut(along) {
            pick.clone_from(&first);
        }
        let list = |v: Vec<i64>| TensorValue::I64(Array::vector(v));
        Ok(vec![
            moves::take(args.cx, &value, &picks)?,
            list(first.iter().map(|&i| signed(i)).collect()),
            list(inverse),
            list(groups.iter().map(|g| signed(g.len())).collect()),
        ])
    }))
}

/// The rank of every element among the different ones, in their order.
fn ranks(value: &TensorValue) -> Result<Vec<usize>, Failure> {
    fn of<T>(data: &[T], order: impl Fn(&T, &T) -> std::cmp::Ordering) -> Vec<usize> {
        let mut by: Vec<(usize, &T)> = data.iter().enumerate().collect();
        by.sort_by(|(_, a), (_, b)| order(a, b));
        let mut out = vec![0; data.len()];
        let mut rank = 0;
        let mut last: Option<&T> = None;
        for (i, x) in by {
            if last.is_some_and(|last| order(last, x).is_ne()) {
                rank += 1;
            }
            last = Some(x);
            if let Some(slot) = out.get_mut(i) {
                *slot = rank;
            }
        }
        out
    }
    match value {
        TensorValue::Text(array) => Ok(of(array.data(), Ord::cmp)),
        TensorValue::Bool(array) => Ok(of(array.data(), Ord::cmp)),
        other => numbers!(other, array => Ok(of(array.data(), |a, b| {
            a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        }))),
    }
}
