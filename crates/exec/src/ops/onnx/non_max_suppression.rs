//! `NonMaxSuppression`: <https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let centred = setup.flag("center_point_box", false)?;
    one(move |args: Args<'_>| {
        let (boxes, scores) = (args.wide(0)?, args.wide(1)?);
        let ([batch, count, 4], [batches, classes, scored]) = (boxes.shape(), scores.shape())
        else {
            return Err(misfit("expected boxes [N, n, 4] and scores [N, classes, n]"));
        };
        if batch != batches || count != scored {
            return Err(misfit("boxes and scores do not fit"));
        }
        let most = args.int(2)?.unwrap_or(0).max(0);
        let first = |i: usize| -> Result<Option<f64>, Failure> {
            Ok(args.optional(i).map(wide).transpose()?.map(|a| at(a.data(), 0)))
        };
        let overlap = first(3)?.unwrap_or(0.0);
        let least = first(4)?;
        args.cx.product([batch * classes, *count, *count])?;
        let corner = |b: usize, i: usize| -> [f64; 4] {
            let v = |k: usize| at(boxes.data(), (b * count + i) * 4 + k);
            let [top, left, bottom, right] = [v(0), v(1), v(2), v(3)];
            if centred {
                // Then x comes first: its centre, that of y, width and height.
                let (wide, high) = (bottom / 2.0, right / 2.0);
                return [left - high, top - wide, left + high, top + wide];
            }
            [top.min(bottom), left.min(right), top.max(bottom), left.max(right)]
        };
        let mut out: Vec<i64> = Vec::new();
        for b in 0..*batch {
            for class in 0..*classes {
                let score = |i: usize| at(scores.data(), (b * classes + class) * count + i);
                let mut order: Vec<usize> =
                    (0..*count).filter(|&i| least.is_none_or(|least| score(i) > least)).collect();
                order.sort_by(|&i, &j| score(j).total_cmp(&score(i)).then(i.cmp(&j)));
                let mut kept: Vec<usize> = Vec::new();
                for i in order {
                    if signed(kept.len()) >= most {
                        break;
                    }
                    let own = corner(b, i);
                    if kept.iter().all(|&k| shared(own, corner(b, k)) <= overlap) {
                        kept.push(i);
                        out.extend([signed(b), signed(class), signed(i)]);
                    }
                }
            }
        }
        Ok(TensorValue::I64(Array::new(&[out.len() / 3, 3], out)?))
    })
}

/// Area of the intersection over that of the union.
fn shared(a: [f64; 4], b: [f64; 4]) -> f64 {
    let area = |[top, left, bottom, right]: [f64; 4]| (bottom - top) * (right - left);
    let inner = [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])];
    if inner[2] <= inner[0] || inner[3] <= inner[1] {
        return 0.0;
    }
    let both = area(inner);
    both / (area(a) + area(b) - both)
}
