//! `Attention`: <https://onnx.ai/onnx/operators/onnx__Attention.html>. A cache outside came with
//! version 24, windows with 25. Every step of the function that the specification gives is rounded
//! to the element type; sums are taken in binary64.

use crate::ops::{
    attend::{Heads, Scores, grouped, numbers_of, packed, rounder},
    prelude::*,
};

struct Form {
    scale: Option<f64>,
    causal: bool,
    heads: [Option<usize>; 2],
    precision: Option<ElementType>,
    softcap: f64,
    mode: i64,
    /// How far to the left and right a query sees.
    window: [Option<i64>; 2],
    opset: i64,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let opset = setup.opset();
    let heads = |name: &str| match setup.int(name, 0)? {
        0 => Ok(None),
        n => usize::try_from(n)
            .ok()
            .map(Some)
            .ok_or_else(|| setup.refuse(format!("`{name}` is negative"))),
    };
    let side = |name: &str| match if opset < 25 { -1 } else { setup.int(name, -1)? } {
        -1 => Ok(None),
        n if n >= 0 => Ok(Some(n)),
        n => Err(setup.refuse(format!("`{name}` is {n}"))),
    };
    let given =
        |name: &str| if setup.has(name) { setup.float(name, 0.0).map(Some) } else { Ok(None) };
    let precision = if setup.has("softmax_precision") {
        Some(super::cast::target(setup, "softmax_precision")?)
    } else {
        None
    };
    let form = Form {
        scale: given("scale")?.map(f64::from),
        causal: setup.flag("is_causal", false)?,
        heads: [heads("q_num_heads")?, heads("kv_num_heads")?],
        precision,
        softcap: setup.float("softcap", 0.0)?.into(),
        mode: setup.int("qk_matmul_output_mode", 0)?,
        window: [side("left_window_size")?, side("right_window_size")?],
        opset,
    };
    if !(0..=3).contains(&form.mode) {
        return Err(setup.refuse(format!("there is no `qk_matmul_output_mode` {}", form.mode)));
    }
    Ok(Box::new(move |args: Args<'_>| form.run(args)))
}

impl Form {
    fn run(&self, args: Args<'_>) -> Result<Vec<TensorValue>, Failure> {
        let given = args.get(0)?;
        let flat = given.shape().len() == 3;
        if flat && self.heads.contains(&None) {
            return Err(misfit("inputs of three axes need `q_num_heads` and `kv_num_heads`"));
        }
        if !flat && self.opset >= 25 && self.heads != [None, None] {
            return Err(misfit("numbers of heads are given beside inputs of four axes"));
        }
        let of =
            |i: usize, heads| Heads::split(args.cx, args.get(i)?, if flat { heads } else { None });
        let (q, mut k, mut v) =
            (of(0, self.heads[0])?, of(1, self.heads[1])?, of(2, self.heads[1])?);
        let mut past = 0;
        match (args.optional(4), args.optional(5)) {
            (None, None) => {}
            (Some(key), Some(value)) => {
                past = at(key.shape(), 2);
                k = moves::join(args.cx, &[key, &k], 2)?;
                v = moves::join(args.cx, &[value, &v], 2)?;
            }
            _ => {
                return Err(misfit("a past key and a past value are given together or not at all"));
            }
        }
        let lengths = if self.opset >= 24 { args.ints(6)? } else { None };
        if lengths.is_some() && args.optional(4).is_some() {
            return Err(misfit("a past key and the lengths of a cache outside exclude each other"));
        }
        let kind = q.element_type().ok_or_else(|| unfit(&q))?;
        let round = rounder(kind)?;
        let sizes = Heads::fit(&q, &k, &v)?;
        let root = self.scale.unwrap_or_else(|| real(sizes.depth).sqrt().recip()).sqrt();
        let root = round(root);
        let scaled = |value: &TensorValue| Ok::<_, Failure>(wide(value)?.map(|x| round(x * root)));
        let raw = sizes.scores(args.cx, &scaled(&q)?, &scaled(&k)?, round)?;
        let capped = if self.softcap > 0.0 {
            let cap = round(self.softcap);
            raw.map(|x| round(round(round(x / cap).tanh()) * cap))
        } else {
            raw.clone()
        };
        let bias = self.bias(args, &sizes, past, lengths.as_deref(), round)?;
        let biased = zip(args.cx, &capped, &bias, |x, b| round(x + b))?;
        let precision = self.precision.unwrap_or(kind);
        let mut chances = grouped(args.cx, &biased, precision)?;
        // A row that sees nothing is zero, whatever its scores say.
        let rows = bias.data().chunks(sizes.keys.max(1));
        let blind = rows.map(|row| row.iter().all(|b| b.is_infinite() && *b < 0.0));
        let blind: Vec<bool> = blind.collect();
        let row_of = |i: usize| i / sizes.keys.max(1);
        let data = chances.data().iter().enumerate();
        let data = data.map(|(i, &x)| if at(&blind, row_of(i)) { 0.0 } else { round(x) }).collect();
        chances = Array::new(chances.shape(), data)?;
        let y = sizes.apply(args.cx, &chances, &wide(&v)?, round)?;
        let made = numbers_of(args.cx, y, kind)?;
        let made = if flat { packed(args.cx, &made)? } else { made };
        let mut out = vec![made, k, v];
        if args.outputs > 3 {
            let shown = match self.mode {
                0 => raw,
                1 => capped,
                2 => biased,
                _ => chances,
            };
            out.push(numbers_of(args.cx, shown, kind)?);
        }
        Ok(out)
    }

    /// What is added to every score: the mask, and −∞ for what a query does not see.
    fn bias(
        &self,
        args: Args<'_>,
        sizes: &Scores,
        past: usize,
        lengths: Option<&[i64]>,
        round: fn(f64) -> f64,
    ) -> Result<Array<f64>, Failure> {
        if lengths.is_some_and(|l| l.len() != sizes.batch) {
            return Err(misfit(format!("the lengths of the cache are not {}", sizes.batch)));
        }
        let shape = [sizes.batch, sizes.heads, sizes.queries, sizes.keys];
        let mut out = Vec::with_capacity(args.cx.room(&shape, 8)?);
        let mask = match args.optional(3) {
            Some(mask) => Some(spread(args.cx, mask, &shape)?),
            None => None,
        };
        for b in 0..sizes.batch {
            let length = lengths.map(|l| at(l, b));
            let offset = length.map_or(signed(past), |n| n.saturating_sub(signed(sizes.queries)));
            for _ in 0..sizes.heads {
                for i in 0..sizes.queries {
                    let place = signed(i).saturating_add(offset);
                    for j in 0..sizes.keys {
                        let j = signed(j);
                        let ahead = j.saturating_sub(place);
                        let seen = (!self.causal || ahead <= 0)
                            && self.window[0].is_none_or(|n| ahead.saturating_neg() <= n)
                            && self.window[1].is_none_or(|n| ahead <= n)
                            && length.is_none_or(|n| j < n);
                        let mask = mask.as_ref().map_or(0.0, |m| round(at(m.data(), out.len())));
                        out.push(if seen { mask } else { mask + f64::NEG_INFINITY });
                    }
                }
            }
        }
        Array::new(&shape, out)
    }
}

/// A mask for every score. One that ends early hides what follows.
fn spread(cx: &Context, mask: &TensorValue, shape: &[usize; 4]) -> Result<Array<f64>, Failure> {
    let own = match mask {
        TensorValue::Bool(flags) => flags.map(|&on| if on { 0.0 } else { f64::NEG_INFINITY }),
        other => wide(other)?,
    };
    let (keys, last) = (at(shape, 3), own.shape().last().copied().unwrap_or(1));
    let own = if last < keys && !own.shape().is_empty() {
        let mut picks = moves::whole(own.shape());
        cx.room(&[keys], 8)?;
        if let Some(pick) = picks.last_mut() {
            pick.resize(keys, FILL);
        }
        let (shape, plan) = moves::cartesian(cx, own.shape(), &picks)?;
        let hidden = |&i: &usize| own.data().get(i).copied().unwrap_or(f64::NEG_INFINITY);
        Array::new(&shape, plan.iter().map(hidden).collect())?
    } else {
        own
    };
    match elementwise::plan(cx, own.shape(), shape)? {
        None => Ok(own),
        Some(plan) => Array::new(shape, plan.iter().map(|&i| at(own.data(), i)).collect()),
    }
}
