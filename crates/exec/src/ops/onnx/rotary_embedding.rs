//! `RotaryEmbedding`: <https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html>. Products and sums
//! are rounded to the element type each, as in the function that the specification gives.

use crate::ops::{
    attend::{numbers_of, rounder},
    prelude::*,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let pairs = setup.flag("interleaved", false)?;
    let count = |name: &str| {
        usize::try_from(setup.int(name, 0)?)
            .map_err(|error| setup.refuse(format!("`{name}` is negative")).caused_by(error))
    };
    let (turned, heads) = (count("rotary_embedding_dim")?, count("num_heads")?);
    one(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let round = rounder(kind)?;
        // Heads and tokens by their place in memory.
        let (batch, tokens, heads, size, flat) = match *value.shape() {
            [batch, tokens, all] if heads > 0 && all.is_multiple_of(heads) => {
                (batch, tokens, heads, all / heads, true)
            }
            [batch, heads, tokens, size] => (batch, tokens, heads, size, false),
            ref shape => return Err(misfit(format!("{shape:?} does not have heads"))),
        };
        let turned = if turned == 0 { size } else { turned };
        let half = turned / 2;
        if turned > size || !turned.is_multiple_of(2) {
            return Err(misfit(format!("{turned} of {size} elements cannot be turned in pairs")));
        }
        let places = args.ints(3)?;
        let rows = match (&places, args.get(1)?.shape()) {
            (Some(places), [rows, n]) if *n == half && places.len() == batch * tokens => *rows,
            (None, [b, t, n]) if *b == batch && *t == tokens && *n == half => batch * tokens,
            (_, shape) => return Err(misfit(format!("angles of {shape:?} do not fit"))),
        };
        if args.get(1)?.shape() != args.get(2)?.shape() {
            return Err(misfit("sines and cosines have different shapes"));
        }
        args.cx.work((value.len() as u64).saturating_mul(4))?;
        let (cos, sin) = (args.wide(1)?, args.wide(2)?);
        let given = wide(value)?;
        let mut out = given.data().to_vec();
        for token in 0..batch * tokens {
            let row = match &places {
                Some(places) => axis(at(places, token), rows)?,
                None => token,
            };
            for head in 0..heads {
                let start = if flat {
                    token * heads + head
                } else {
                    (token / tokens * heads + head) * tokens + token % tokens
                };
                for i in 0..half {
                    let (first, second) = if pairs { (2 * i, 2 * i + 1) } else { (i, half + i) };
                    let (first, second) = (start * size + first, start * size + second);
                    let angle = row * half + i;
                    let (cos, sin) = (at(cos.data(), angle), at(sin.data(), angle));
                    let (x, y) = (at(given.data(), first), at(given.data(), second));
                    let turned = [
                        (first, round(round(cos * x) - round(sin * y))),
                        (second, round(round(sin * x) + round(cos * y))),
                    ];
                    for (place, x) in turned {
                        if let Some(slot) = out.get_mut(place) {
                            *slot = x;
                        }
                    }
                }
            }
        }
        numbers_of(args.cx, Array::new(value.shape(), out)?, kind)
    })
}
