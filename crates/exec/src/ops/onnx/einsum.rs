//! `Einsum`: <https://onnx.ai/onnx/operators/onnx__Einsum.html>.

use std::collections::BTreeMap;

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let equation = setup.text("equation", "")?.replace(' ', "");
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, Some(right.to_owned())),
        None => (equation.as_str(), None),
    };
    let terms: Vec<String> = left.split(',').map(str::to_owned).collect();
    let known = |term: &str| term.replace("...", "").chars().all(|c| c.is_ascii_alphabetic());
    if !terms.iter().chain(&right).all(|term| known(term)) {
        return Err(setup.refuse(format!("`{equation}` is no equation")));
    }
    one(move |args: Args<'_>| {
        numbers!(args.get(0)?, array => {
            run(args, array, &terms, right.as_deref())
        })
    })
}

/// The labels of a term; the axes under `...` are counted from the last.
fn labels(term: &str, rank: usize) -> Result<Vec<String>, Failure> {
    let named = term.replace("...", "").len();
    let rest = rank.checked_sub(named).filter(|&r| r == 0 || term.contains("..."));
    let rest = rest.ok_or_else(|| misfit(format!("`{term}` does not name {rank} axes")))?;
    let (before, after) = term.split_once("...").unwrap_or((term, ""));
    let mut out: Vec<String> = before.chars().map(String::from).collect();
    out.extend((0..rest).rev().map(|i| i.to_string()));
    out.extend(after.chars().map(String::from));
    Ok(out)
}

fn run<T: Number>(
    args: Args<'_>,
    _: &Array<T>,
    terms: &[String],
    right: Option<&str>,
) -> Result<TensorValue, Failure> {
    let mut extents: BTreeMap<String, usize> = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut given = Vec::with_capacity(terms.len());
    for (i, term) in terms.iter().enumerate() {
        let array = args.of::<T>(i)?;
        let names = labels(term, array.shape().len())?;
        for (name, &extent) in names.iter().zip(array.shape()) {
            let known = extents.entry(name.clone()).or_insert(extent);
            if *known == 1 {
                *known = extent;
            }
            if *known != extent && extent != 1 {
                return Err(misfit(format!("`{name}` is {known} and {extent}")));
            }
            *counts.entry(name.clone()).or_default() += 1;
        }
        given.push((array, names));
    }
    let under = |name: &str| name.bytes().all(|b| b.is_ascii_digit());
    let mut dots: Vec<String> = extents.keys().filter(|n| under(n)).cloned().collect();
    dots.sort_by_key(|n| std::cmp::Reverse(n.parse::<usize>().unwrap_or(0)));
    let kept: Vec<String> = match right {
        // Without a right side: what is under the dots, then every label that appears once.
        None => {
            let once = counts.iter().filter(|(n, c)| **c == 1 && !under(n)).map(|(n, _)| n.clone());
            dots.into_iter().chain(once).collect()
        }
        Some(right) => {
            let named = right.replace("...", "").len();
            let rank = if right.contains("...") { named + dots.len() } else { named };
            labels(right, rank)?
        }
    };
    if let Some(name) = kept.iter().find(|n| !extents.contains_key(*n)) {
        return Err(misfit(format!("`{name}` is on the right side only")));
    }
    let summed: Vec<String> = extents.keys().filter(|n| !kept.contains(n)).cloned().collect();
    let all: Vec<&String> = kept.iter().chain(&summed).collect();
    let size = |names: &[String]| -> Vec<usize> {
        names.iter().map(|n| extents.get(n).copied().unwrap_or(1)).collect()
    };
    let (outer, inner) = (size(&kept), size(&summed));
    let full: Vec<usize> = outer.iter().chain(&inner).copied().collect();
    let total = args.cx.room(&full, 0)?;
    args.cx.product([total, given.len(), 8])?;
    let count = args.cx.room(&outer, size_of::<T>())?;
    // Steps of every term along every label, broadcast axes standing still.
    let steps: Vec<Vec<usize>> = given
        .iter()
        .map(|(array, names)| {
            let own = strides(array.shape());
            let step = |label: &&String| {
                let axes = names.iter().zip(array.shape()).zip(&own);
                axes.filter(|((n, extent), _)| n == label && **extent != 1).map(|(_, s)| s).sum()
            };
            all.iter().map(step).collect()
        })
        .collect();
    let per = total.checked_div(count).unwrap_or(0);
    let mut products = Vec::new();
    products.try_reserve(total).map_err(|error| {
        Failure::limit(codes::MEMORY, "the sum has too many terms").caused_by(error)
    })?;
    products.resize(total, T::one());
    for ((array, _), steps) in given.iter().zip(&steps) {
        let mut slots = products.iter_mut();
        walk(&full, steps, |offset| {
            if let Some(slot) = slots.next() {
                *slot = slot.mul(at(array.data(), offset));
            }
        });
    }
    let data = if per == 0 {
        vec![T::default(); count]
    } else {
        products.chunks(per).map(|chunk| lanes::sum(chunk.iter().copied())).collect()
    };
    Ok(T::wrap(Array::new(&outer, data)?))
}
