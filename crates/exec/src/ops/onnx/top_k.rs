//! `TopK`: <https://onnx.ai/onnx/operators/onnx__TopK.html>. `k` is an input since version 10. The
//! result is sorted whatever `sorted` says.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    fn run<T: Number>(
        array: &Array<T>,
        lanes: &Lanes,
        k: usize,
        largest: bool,
    ) -> Vec<Vec<(T, usize)>> {
        let mut lane = Vec::new();
        let mut sorted = |base: &usize| {
            lanes.lane(array.data(), *base, &mut lane);
            let mut order: Vec<(T, usize)> = lane.iter().copied().zip(0..).collect();
            // NaN is greater than everything; of equals the first comes first.
            order.sort_by(|(a, i), (b, j)| {
                let by = a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()));
                (if largest { by.reverse() } else { by }).then(i.cmp(j))
            });
            order.truncate(k);
            order
        };
        lanes.bases.iter().map(&mut sorted).collect()
    }
    let along = setup.int("axis", -1)?;
    let largest = setup.flag("largest", true)?;
    setup.ignore(&["sorted"]);
    let fixed = if setup.opset() < 10 { Some(setup.int("k", 0)?) } else { None };
    Ok(Box::new(move |args: Args<'_>| {
        let value = args.get(0)?;
        let along = axis(along, value.shape().len())?;
        let extent = at(value.shape(), along);
        let k = fixed.map_or_else(|| args.int(1), |k| Ok(Some(k)))?.unwrap_or(0);
        let k = usize::try_from(k)
            .ok()
            .filter(|&k| k <= extent)
            .ok_or_else(|| misfit(format!("the first {k} of {extent} elements are asked for")))?;
        let lanes = Lanes::new(args.cx, value.shape(), &[along], true)?;
        args.cx.work(value.len() as u64 * 8)?;
        let chosen: Vec<Vec<usize>> = numbers!(value, array => Ok(
            run(array, &lanes, k, largest)
                .iter()
                .map(|lane| lane.iter().map(|(_, i)| *i).collect())
                .collect()
        ))?;
        let mut shape = value.shape().to_vec();
        if let Some(slot) = shape.get_mut(along) {
            *slot = k;
        }
        let inner: usize = value.shape().iter().skip(along + 1).product();
        let count = args.cx.room(&shape, 16)?;
        let (mut plan, mut indices) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for i in 0..count {
            let (lane, rank) = (i / (inner * k) * inner + i % inner, i / inner % k);
            let from = chosen.get(lane).map_or(0, |l| at(l, rank));
            plan.push(at(&lanes.bases, lane) + from * inner);
            indices.push(signed(from));
        }
        Ok(vec![value.pick(&shape, &plan)?, TensorValue::I64(Array::new(&shape, indices)?)])
    }))
}
