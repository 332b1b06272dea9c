//! What recurrent layers share: directions, activations, lengths of sequences, layouts.

use super::{onnx::cast::cast, prelude::*};

/// A function applied to a gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activation {
    kind: Kind,
    alpha: f64,
    beta: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sigmoid,
    Tanh,
    Relu,
    Affine,
    LeakyRelu,
    ThresholdedRelu,
    ScaledTanh,
    HardSigmoid,
    Elu,
    Softsign,
    Softplus,
}

impl Activation {
    pub(super) fn apply(self, x: f64) -> f64 {
        let (alpha, beta) = (self.alpha, self.beta);
        match self.kind {
            Kind::Sigmoid => logistic(x),
            Kind::Tanh => x.tanh(),
            Kind::Relu => x.max(0.0),
            Kind::Affine => alpha * x + beta,
            Kind::LeakyRelu => {
                if x < 0.0 {
                    alpha * x
                } else {
                    x
                }
            }
            Kind::ThresholdedRelu => {
                if x > alpha {
                    x
                } else {
                    0.0
                }
            }
            Kind::ScaledTanh => alpha * (beta * x).tanh(),
            Kind::HardSigmoid => (alpha * x + beta).clamp(0.0, 1.0),
            Kind::Elu => {
                if x < 0.0 {
                    alpha * x.exp_m1()
                } else {
                    x
                }
            }
            Kind::Softsign => x / (1.0 + x.abs()),
            Kind::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        }
    }
}

/// The functions of every direction, `per` each.
fn activations(
    setup: &Setup<'_>,
    absent: &[&str],
    directions: usize,
) -> Result<Vec<Activation>, Failure> {
    let names = setup.texts("activations")?.unwrap_or_else(|| {
        (0..directions).flat_map(|_| absent.iter().map(|s| (*s).to_owned())).collect()
    });
    if names.len() != absent.len() * directions {
        return Err(setup.refuse(format!("{} activations", names.len())));
    }
    let mut alphas = setup.floats("activation_alpha")?.unwrap_or_default().into_iter();
    let mut betas = setup.floats("activation_beta")?.unwrap_or_default().into_iter();
    names
        .iter()
        .map(|name| {
            let (kind, alpha, beta) = match name.to_lowercase().as_str() {
                "sigmoid" => (Kind::Sigmoid, None, None),
                "tanh" => (Kind::Tanh, None, None),
                "relu" => (Kind::Relu, None, None),
                "softsign" => (Kind::Softsign, None, None),
                "softplus" => (Kind::Softplus, None, None),
                "affine" => (Kind::Affine, Some(1.0), Some(0.0)),
                "leakyrelu" => (Kind::LeakyRelu, Some(0.01), None),
                "thresholdedrelu" => (Kind::ThresholdedRelu, Some(1.0), None),
                "scaledtanh" => (Kind::ScaledTanh, Some(1.0), Some(1.0)),
                "hardsigmoid" => (Kind::HardSigmoid, Some(0.2), Some(0.5)),
                "elu" => (Kind::Elu, Some(1.0), None),
                other => return Err(setup.refuse(format!("there is no activation `{other}`"))),
            };
            let take = |absent: Option<f32>, list: &mut dyn Iterator<Item = f32>| {
                absent.map_or(0.0, |absent| f64::from(list.next().unwrap_or(absent)))
            };
            Ok(Activation { kind, alpha: take(alpha, &mut alphas), beta: take(beta, &mut betas) })
        })
        .collect()
}

/// The attributes of a recurrent layer.
pub(super) struct Layer {
    hidden: usize,
    reverse: Vec<bool>,
    activations: Vec<Activation>,
    clip: Option<f64>,
    by_batch: bool,
    gates: usize,
    cells: bool,
}

/// One step of one direction.
pub(super) struct Step<'a> {
    pub(super) hidden: usize,
    /// The input times its weights and the biases of the input, gate by gate.
    pub(super) x: &'a [f64],
    /// Weights of the hidden state, gate by gate.
    pub(super) r: &'a [f64],
    /// Biases of the hidden state.
    pub(super) b: &'a [f64],
    /// Peepholes.
    pub(super) p: &'a [f64],
    pub(super) f: &'a [Activation],
    pub(super) clip: Option<f64>,
}

impl Step<'_> {
    /// Row `i` of gate `gate` of the hidden weights times a state.
    pub(super) fn dot(&self, gate: usize, i: usize, state: &[f64]) -> f64 {
        let start = (gate * self.hidden + i) * self.hidden;
        let row = self.r.get(start..start + self.hidden).unwrap_or_default();
        row.iter().zip(state).map(|(r, h)| r * h).sum()
    }

    pub(super) fn given(&self, gate: usize, i: usize) -> f64 {
        at(self.x, gate * self.hidden + i)
    }

    pub(super) fn bias(&self, gate: usize, i: usize) -> f64 {
        at(self.b, gate * self.hidden + i)
    }

    /// An activation, of what is clipped before.
    pub(super) fn activate(&self, which: usize, x: f64) -> f64 {
        let x = self.clip.map_or(x, |c| x.clamp(-c, c));
        self.f.get(which).map_or(x, |f| f.apply(x))
    }
}

/// Computes the next hidden state and cell state in place.
pub(super) type Turn<'t> = dyn Fn(&Step<'_>, &mut Vec<f64>, &mut Vec<f64>) + 't;

impl Layer {
    pub(super) fn of(
        setup: &Setup<'_>,
        gates: usize,
        absent: &[&str],
        cells: bool,
    ) -> Result<Self, Failure> {
        setup.ignore(&["output_sequence"]);
        let hidden = usize::try_from(setup.int("hidden_size", 0)?)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| setup.refuse("the hidden size is not positive"))?;
        let words = [("forward", 0), ("reverse", 1), ("bidirectional", 2)];
        let reverse = match setup.word("direction", &words)? {
            0 => vec![false],
            1 => vec![true],
            _ => vec![false, true],
        };
        let clip = if setup.has("clip") { Some(setup.float("clip", 0.0)?.into()) } else { None };
        if clip.is_some_and(|c: f64| c.is_nan() || c < 0.0) {
            return Err(setup.refuse("`clip` is negative"));
        }
        let activations = activations(setup, absent, reverse.len())?;
        let by_batch = setup.flag("layout", false)?;
        Ok(Self { hidden, reverse, activations, clip, by_batch, gates, cells })
    }

    #[expect(clippy::many_single_char_names, reason = "the letters that the specification uses")]
    /// Runs all steps: all hidden states, the last one, and the last cell state.
    pub(super) fn run(&self, args: Args<'_>, turn: &Turn<'_>) -> Result<Vec<TensorValue>, Failure> {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let swap = |value: &TensorValue| moves::transpose(args.cx, value, &[1, 0, 2]);
        let three = |value: &TensorValue| -> Result<TensorValue, Failure> {
            if value.shape().len() != 3 {
                return Err(misfit(format!("expected 3 dimensions, found {:?}", value.shape())));
            }
            if self.by_batch { swap(value) } else { Ok(value.clone()) }
        };
        let x = wide(&three(value)?)?;
        let [steps, batch, width] = *x.shape() else { return Err(misfit("expected 3 dimensions")) };
        let (h, d, g) = (self.hidden, self.reverse.len(), self.gates);
        let (w, r) = (args.wide(1)?, args.wide(2)?);
        if elements(&[d, g, h, width]) != Some(w.len()) || elements(&[d, g, h, h]) != Some(r.len())
        {
            return Err(misfit("the weights do not fit"));
        }
        args.cx.product([steps * batch, d * g * h, width + h])?;
        let size = args.cx.room(&[d, batch, h], 8)?;
        let listed = |i: usize, size: usize| -> Result<Option<Vec<f64>>, Failure> {
            let Some(list) = args.optional(i) else { return Ok(None) };
            if list.len() != size {
                return Err(misfit(format!("input {i} has {} elements, not {size}", list.len())));
            }
            Ok(Some(wide(list)?.data().to_vec()))
        };
        let b = listed(3, d * 2 * g * h)?.unwrap_or_else(|| vec![0.0; d * 2 * g * h]);
        let lengths = args.ints(4)?;
        let state = |i: usize| -> Result<Vec<f64>, Failure> {
            match args.optional(i) {
                Some(value) if value.len() == size => Ok(wide(&three(value)?)?.data().to_vec()),
                Some(value) => Err(misfit(format!("a state of {:?} does not fit", value.shape()))),
                None => Ok(vec![0.0; size]),
            }
        };
        let mut hidden = state(5)?;
        let mut cell = if self.cells { state(6)? } else { vec![0.0; size] };
        let p = if self.cells { listed(7, d * 3 * h)?.unwrap_or_default() } else { Vec::new() };
        let mut y = vec![0.0; args.cx.room(&[steps, d, batch, h], 8)?];
        let part = |list: &[f64], start: usize, n: usize| {
            list.get(start..start + n).unwrap_or_default().to_vec()
        };
        let per = self.activations.len() / d;
        for (dir, &reverse) in self.reverse.iter().enumerate() {
            let (w, r) = (
                part(w.data(), dir * g * h * width, g * h * width),
                part(r.data(), dir * g * h * h, g * h * h),
            );
            let b_in = part(&b, dir * 2 * g * h, g * h);
            let b_own = part(&b, (dir * 2 + 1) * g * h, g * h);
            let p = part(&p, dir * 3 * h, if p.is_empty() { 0 } else { 3 * h });
            let f = self.activations.get(dir * per..(dir + 1) * per).unwrap_or_default();
            for n in 0..batch {
                let length =
                    lengths.as_ref().and_then(|l| l.get(n)).and_then(|&l| usize::try_from(l).ok());
                let length = length.unwrap_or(steps).min(steps);
                let slot = (dir * batch + n) * h;
                let (mut own, mut memory) = (part(&hidden, slot, h), part(&cell, slot, h));
                for k in 0..length {
                    let t = if reverse { length - 1 - k } else { k };
                    let input = part(x.data(), (t * batch + n) * width, width);
                    let rows = w.chunks(width.max(1)).zip(&b_in);
                    let given: Vec<f64> = rows
                        .map(|(row, b)| row.iter().zip(&input).map(|(w, x)| w * x).sum::<f64>() + b)
                        .collect();
                    let step =
                        Step { hidden: h, x: &given, r: &r, b: &b_own, p: &p, f, clip: self.clip };
                    turn(&step, &mut own, &mut memory);
                    let start = ((t * d + dir) * batch + n) * h;
                    for (to, from) in y.iter_mut().skip(start).zip(&own) {
                        *to = *from;
                    }
                }
                hidden.iter_mut().skip(slot).zip(&own).for_each(|(to, from)| *to = *from);
                cell.iter_mut().skip(slot).zip(&memory).for_each(|(to, from)| *to = *from);
            }
        }
        let out = |shape: &[usize], data: Vec<f64>| -> Result<TensorValue, Failure> {
            cast(args.cx, &TensorValue::F64(Array::new(shape, data)?), kind)
        };
        let mut y = out(&[steps, d, batch, h], y)?;
        let (mut last, mut memory) = (out(&[d, batch, h], hidden)?, out(&[d, batch, h], cell)?);
        if self.by_batch {
            y = moves::transpose(args.cx, &y, &[2, 0, 1, 3])?;
            (last, memory) = (swap(&last)?, swap(&memory)?);
        }
        Ok(if self.cells { vec![y, last, memory] } else { vec![y, last] })
    }
}
