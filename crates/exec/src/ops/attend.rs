//! Scaled products of queries, keys and values, as the operators of attention share them.

use super::{
    onnx::{cast::cast, softmax::softmax},
    prelude::*,
};

/// Rounds to an element type of floats.
pub(super) fn rounder(kind: ElementType) -> Result<fn(f64) -> f64, Failure> {
    Ok(match kind {
        ElementType::F16 => |x| half::f16::of(x).wide(),
        ElementType::BF16 => |x| half::bf16::of(x).wide(),
        ElementType::F32 => |x| single(x).into(),
        ElementType::F64 => |x| x,
        other => return Err(no_floats(other)),
    })
}

/// Numbers in an element type.
pub(super) fn numbers_of(
    cx: &Context,
    values: Array<f64>,
    kind: ElementType,
) -> Result<TensorValue, Failure> {
    cast(cx, &TensorValue::F64(values), kind)
}

/// Tensors as heads.
pub(super) struct Heads;

/// Extents of scores.
#[derive(Clone, Copy)]
pub(super) struct Scores {
    pub(super) batch: usize,
    pub(super) heads: usize,
    pub(super) queries: usize,
    pub(super) keys: usize,
    /// Extent of a query and of a key.
    pub(super) depth: usize,
    width: usize,
    /// Queries that share the heads of a key and of a value.
    shared: usize,
}

impl Heads {
    /// [batch, length, heads × size] as [batch, heads, length, size].
    pub(super) fn split(
        cx: &Context,
        value: &TensorValue,
        heads: Option<usize>,
    ) -> Result<TensorValue, Failure> {
        match (value.shape(), heads) {
            ([_, _, _, _], None) => Ok(value.clone()),
            (&[batch, length, all], Some(heads)) if heads > 0 && all.is_multiple_of(heads) => {
                let apart = value.shaped(&[batch, length, heads, all / heads])?;
                moves::transpose(cx, &apart, &[0, 2, 1, 3])
            }
            (shape, heads) => {
                let heads = heads.map_or(String::new(), |n| format!(" for {n} heads"));
                Err(misfit(format!("{shape:?} does not fit{heads}")))
            }
        }
    }

    /// The extents of scores, where queries, keys and values fit together.
    pub(super) fn fit(
        q: &TensorValue,
        k: &TensorValue,
        v: &TensorValue,
    ) -> Result<Scores, Failure> {
        let (
            &[batch, heads, queries, depth],
            &[batches, key_heads, keys, key_depth],
            &[others, value_heads, values, width],
        ) = (q.shape(), k.shape(), v.shape())
        else {
            return Err(misfit("expected queries, keys and values of four axes"));
        };
        let fits = batch == batches
            && batch == others
            && depth == key_depth
            && keys == values
            && key_heads == value_heads
            && key_heads > 0
            && heads.is_multiple_of(key_heads);
        if !fits {
            return Err(misfit(format!(
                "queries {:?}, keys {:?} and values {:?} do not fit",
                q.shape(),
                k.shape(),
                v.shape()
            )));
        }
        Ok(Scores { batch, heads, queries, keys, depth, width, shared: heads / key_heads })
    }
}

impl Scores {
    /// The products of queries and keys.
    pub(super) fn scores(
        &self,
        cx: &Context,
        q: &Array<f64>,
        k: &Array<f64>,
        round: fn(f64) -> f64,
    ) -> Result<Array<f64>, Failure> {
        let shape = [self.batch, self.heads, self.queries, self.keys];
        let total = cx.room(&shape, 8)?;
        cx.product([total, self.depth, 1])?;
        let mut out = Vec::with_capacity(total);
        for head in 0..self.batch * self.heads {
            let key = block(k, head / self.shared, self.keys * self.depth);
            for query in rows(block(q, head, self.queries * self.depth), self.queries, self.depth) {
                for key in rows(key, self.keys, self.depth) {
                    out.push(round(query.iter().zip(key).map(|(x, y)| x * y).sum()));
                }
            }
        }
        Array::new(&shape, out)
    }

    /// The sums of values by their chances.
    pub(super) fn apply(
        &self,
        cx: &Context,
        chances: &Array<f64>,
        v: &Array<f64>,
        round: fn(f64) -> f64,
    ) -> Result<Array<f64>, Failure> {
        let shape = [self.batch, self.heads, self.queries, self.width];
        let total = cx.room(&shape, 8)?;
        cx.product([total, self.keys, 1])?;
        let mut out = Vec::with_capacity(total);
        let mut sums = vec![0.0; self.width];
        for head in 0..self.batch * self.heads {
            let value = block(v, head / self.shared, self.keys * self.width);
            let chance = block(chances, head, self.queries * self.keys);
            for chance in rows(chance, self.queries, self.keys) {
                sums.fill(0.0);
                for (chance, value) in chance.iter().zip(rows(value, self.keys, self.width)) {
                    for (sum, x) in sums.iter_mut().zip(value) {
                        *sum += chance * x;
                    }
                }
                out.extend(sums.iter().map(|&x| round(x)));
            }
        }
        Array::new(&shape, out)
    }
}

fn block(array: &Array<f64>, index: usize, size: usize) -> &[f64] {
    array.data().get(index * size..(index + 1) * size).unwrap_or_default()
}

/// So many rows, also where they have no elements.
fn rows(data: &[f64], count: usize, width: usize) -> impl Iterator<Item = &[f64]> {
    (0..count).map(move |i| data.get(i * width..(i + 1) * width).unwrap_or_default())
}

/// The softmax of every row in a precision; zeros where no element is above −∞.
pub(super) fn grouped(
    cx: &Context,
    scores: &Array<f64>,
    precision: ElementType,
) -> Result<Array<f64>, Failure> {
    fn run<T: Float>(scores: &Array<f64>) -> Result<Array<f64>, Failure> {
        let mut data: Vec<T> = scores.data().iter().map(|&x| T::of(x)).collect();
        for row in data.chunks_mut(scores.shape().last().copied().unwrap_or(1).max(1)) {
            if row.iter().all(|x| *x == T::least()) {
                row.fill(T::default());
            } else {
                softmax(row);
            }
        }
        Array::new(scores.shape(), data.iter().map(|x| x.wide()).collect())
    }
    cx.work((scores.len() as u64).saturating_mul(4))?;
    match precision {
        ElementType::F16 => run::<half::f16>(scores),
        ElementType::BF16 => run::<half::bf16>(scores),
        ElementType::F32 => run::<f32>(scores),
        ElementType::F64 => run::<f64>(scores),
        other => Err(no_floats(other)),
    }
}

fn no_floats(kind: ElementType) -> Failure {
    let message = format!("floats are expected here, not {}", kind.as_str());
    Failure::unsupported(codes::INPUT, message)
}

/// [batch, heads, length, size] as [batch, length, heads × size].
pub(super) fn packed(cx: &Context, value: &TensorValue) -> Result<TensorValue, Failure> {
    let &[batch, heads, length, size] = value.shape() else {
        return Err(misfit("expected four axes"));
    };
    moves::transpose(cx, value, &[0, 2, 1, 3])?.shaped(&[batch, length, heads * size])
}
