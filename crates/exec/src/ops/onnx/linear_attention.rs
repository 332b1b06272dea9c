//! `LinearAttention`: <https://onnx.ai/onnx/operators/onnx__LinearAttention.html>. The recurrence is
//! computed token by token in binary64.

use crate::ops::{
    attend::{Heads, numbers_of, packed},
    prelude::*,
};

struct Form {
    /// Heads of queries, and of keys and values.
    queries: usize,
    keys: usize,
    scale: f64,
    decays: bool,
    corrects: bool,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    // Only a hint for the order in which devices compute.
    setup.ignore(&["chunk_size"]);
    let heads = |name: &str| {
        usize::try_from(setup.int(name, 0)?)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| setup.refuse(format!("`{name}` is not positive")))
    };
    let rules = [
        ("gated_delta", (true, true)),
        ("gated", (true, false)),
        ("delta", (false, true)),
        ("linear", (false, false)),
    ];
    let (decays, corrects) = setup.word("update_rule", &rules)?;
    let form = Form {
        queries: heads("q_num_heads")?,
        keys: heads("kv_num_heads")?,
        scale: setup.float("scale", 0.0)?.into(),
        decays,
        corrects,
    };
    if !form.queries.is_multiple_of(form.keys) {
        return Err(setup.refuse("`q_num_heads` is no multiple of `kv_num_heads`"));
    }
    Ok(Box::new(move |args: Args<'_>| form.run(args)))
}

/// One value for each head, or for each position of each, or for all heads.
struct Gate {
    values: Array<f64>,
    width: usize,
}

impl Gate {
    /// The value of a token, for a head or a position of it.
    fn at(&self, token: usize, place: usize) -> f64 {
        at(self.values.data(), token * self.width + place)
    }
}

impl Form {
    fn run(&self, args: Args<'_>) -> Result<Vec<TensorValue>, Failure> {
        for (i, wanted, what) in [(4, self.decays, "a decay"), (5, self.corrects, "a beta")] {
            if args.optional(i).is_some() != wanted {
                let message = if wanted { "is needed" } else { "is not used" };
                return Err(misfit(format!("{what} {message} by this update rule")));
            }
        }
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let of = |i: usize, heads| Heads::split(args.cx, args.get(i)?, Some(heads));
        let parts = [of(0, self.queries)?, of(1, self.keys)?, of(2, self.keys)?];
        let (&[batch, _, turns, depth], key, &[_, _, _, width]) =
            (parts[0].shape(), parts[1].shape(), parts[2].shape())
        else {
            return Err(misfit("expected three axes"));
        };
        if key != [batch, self.keys, turns, depth]
            || parts[2].shape() != [batch, self.keys, turns, width]
        {
            return Err(misfit("queries, keys and values do not fit"));
        }
        let [query, key, value] = [wide(&parts[0])?, wide(&parts[1])?, wide(&parts[2])?];
        let shape = [batch, self.keys, depth, width];
        let size = args.cx.room(&shape, 8)?;
        args.cx.product([size, turns, 4 * (self.queries / self.keys)])?;
        let (mut states, state_kind) = match args.optional(3) {
            Some(past) if past.shape() == shape => {
                (wide(past)?.data().to_vec(), past.element_type().unwrap_or(kind))
            }
            Some(past) => {
                return Err(misfit(format!("the state is {:?}, not {shape:?}", past.shape())));
            }
            None => (vec![0.0; size], kind),
        };
        let gate = |i: usize, widths: [usize; 2]| -> Result<Option<Gate>, Failure> {
            let Some(gate) = args.optional(i) else { return Ok(None) };
            match *gate.shape() {
                [b, t, width] if b == batch && t == turns && widths.contains(&width) => {
                    Ok(Some(Gate { values: wide(gate)?, width }))
                }
                ref shape => Err(misfit(format!("{shape:?} does not fit the heads"))),
            }
        };
        let decay = gate(4, [self.keys, self.keys * depth])?;
        let beta = gate(5, [self.keys, 1])?;
        let scale = if self.scale == 0.0 { real(depth).sqrt().recip() } else { self.scale };
        let out_shape = [batch, self.queries, turns, width];
        let mut out = vec![0.0; args.cx.room(&out_shape, 8)?];
        let shared = self.queries / self.keys;
        let line = |array: &Array<f64>, head: usize, turn: usize, size: usize| -> Vec<f64> {
            let start = (head * turns + turn) * size;
            array.data().get(start..start + size).unwrap_or_default().to_vec()
        };
        for own in 0..batch * self.keys {
            let (b, head) = (own / self.keys, own % self.keys);
            let state = states.get_mut(own * depth * width..(own + 1) * depth * width);
            let mut state = State { cells: state.unwrap_or_default(), width };
            for turn in 0..turns {
                let token = b * turns + turn;
                if let Some(decay) = &decay {
                    let one = decay.width == self.keys;
                    state.decay(|i| decay.at(token, if one { head } else { head * depth + i }));
                }
                let key = line(&key, own, turn, depth);
                let mut value = line(&value, own, turn, width);
                if let Some(beta) = &beta {
                    let by = beta.at(token, if beta.width == self.keys { head } else { 0 });
                    for (x, seen) in value.iter_mut().zip(state.read(&key)) {
                        *x = by * (*x - seen);
                    }
                }
                state.write(&key, &value);
                for reader in 0..shared {
                    let own = b * self.queries + head * shared + reader;
                    let read = state.read(&line(&query, own, turn, depth));
                    let start = (own * turns + turn) * width;
                    for (slot, x) in out.iter_mut().skip(start).zip(read) {
                        *slot = scale * x;
                    }
                }
            }
        }
        let y = numbers_of(args.cx, Array::new(&out_shape, out)?, kind)?;
        let states = numbers_of(args.cx, Array::new(&shape, states)?, state_kind)?;
        Ok(vec![packed(args.cx, &y)?, states])
    }
}

/// What a head remembers: a row for each position of a key.
struct State<'a> {
    cells: &'a mut [f64],
    width: usize,
}

impl State<'_> {
    /// Rows lose by the exponential of what is given for each.
    fn decay(&mut self, by: impl Fn(usize) -> f64) {
        for (i, row) in self.cells.chunks_mut(self.width.max(1)).enumerate() {
            let by = by(i).exp();
            for x in row {
                *x *= by;
            }
        }
    }

    /// The rows, summed by a vector.
    fn read(&self, by: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.width];
        for (by, row) in by.iter().zip(self.cells.chunks(self.width.max(1))) {
            for (sum, x) in out.iter_mut().zip(row) {
                *sum += by * x;
            }
        }
        out
    }

    /// Adds the outer product of a key and a value.
    fn write(&mut self, key: &[f64], value: &[f64]) {
        for (key, row) in key.iter().zip(self.cells.chunks_mut(self.width.max(1))) {
            for (slot, x) in row.iter_mut().zip(value) {
                *slot += key * x;
            }
        }
    }
}
