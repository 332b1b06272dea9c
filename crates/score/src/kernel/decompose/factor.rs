//! Non-negative weights (scikit-learn, `decomposition/_nmf.py`, `_cdnmf_fast.pyx`).

use holdall_tabular::{Matrix, MultiplicativeStop};

use super::{dot, products};

/// What stands for numbers too small to divide by.
const LEAST: f64 = f32::EPSILON as f64;

fn is(number: f64, other: f64) -> bool {
    number.total_cmp(&other).is_eq()
}

/// Coordinate descent from 0.
pub(super) fn descend(
    products: &[f64],
    gram: &[Vec<f64>],
    [l1, l2]: [f64; 2],
    tolerance: f64,
    most: u32,
) -> Vec<f64> {
    let mut w = vec![0.0_f64; products.len()];
    let mut first = None;
    for _ in 0..most {
        let mut violation = 0.0;
        for (t, line) in gram.iter().enumerate() {
            let mut gradient = -(products[t] - l1);
            for (r, (h, w)) in line.iter().zip(&w).enumerate() {
                gradient += if r == t { h + l2 } else { *h } * w;
            }
            let violated = if w[t] == 0.0 { gradient.min(0.0) } else { gradient };
            violation += violated.abs();
            let curve = line[t] + l2;
            if curve != 0.0 {
                w[t] = (w[t] - gradient / curve).max(0.0);
            }
        }
        let start = *first.get_or_insert(violation);
        if start == 0.0 || violation / start <= tolerance {
            break;
        }
    }
    w
}

/// Multiplicative updates for a β-divergence.
pub(super) struct Update<'a> {
    pub(super) atoms: &'a Matrix,
    pub(super) x: &'a [f64],
    pub(super) beta: f64,
    pub(super) penalty: [f64; 2],
}

impl Update<'_> {
    pub(super) fn run(&self, stop: MultiplicativeStop, tolerance: f64, most: u32) -> Vec<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a number of columns")]
        let mean = self.x.iter().fold(0.0, |sum, x| sum + x) / self.x.len() as f64;
        let start = (mean / f64::from(self.atoms.rows)).sqrt();
        let mut w = vec![start; self.atoms.rows as usize];
        match stop {
            MultiplicativeStop::Divergence => {
                let first = self.divergence(&w);
                let mut before = first;
                for round in 1..=most {
                    self.step(&mut w);
                    if self.beta < 1.0 {
                        w.iter_mut().filter(|w| **w < f64::EPSILON).for_each(|w| *w = 0.0);
                    }
                    if tolerance > 0.0 && round % 10 == 0 {
                        let now = self.divergence(&w);
                        if (before - now) / first < tolerance {
                            break;
                        }
                        before = now;
                    }
                }
            }
            MultiplicativeStop::Change => {
                for _ in 0..most {
                    let before = w.clone();
                    self.step(&mut w);
                    let change: Vec<f64> = w.iter().zip(&before).map(|(a, b)| a - b).collect();
                    let share = dot(&change, &change).sqrt() / dot(&w, &w).sqrt();
                    if tolerance > 0.0 && share <= tolerance {
                        break;
                    }
                }
            }
        }
        w
    }

    /// w · atoms.
    fn made(&self, w: &[f64]) -> Vec<f64> {
        let mut made = vec![0.0; self.x.len()];
        for (atom, w) in w.iter().enumerate() {
            for (made, h) in made.iter_mut().zip(self.atoms.row(atom)) {
                *made += w * h;
            }
        }
        made
    }

    fn step(&self, w: &mut [f64]) {
        let beta = self.beta;
        let made = self.made(w);
        let floored = |beta: f64, made: f64| if beta < 0.0 { made.max(LEAST) } else { made };
        let pull = |(x, made): (&f64, &f64)| {
            let made = floored(beta - 2.0, *made);
            if is(beta, 2.0) {
                *x
            } else if is(beta, 1.0) {
                x / made
            } else {
                made.powf(beta - 2.0) * x
            }
        };
        let push = |made: &f64| {
            if is(beta, 1.0) {
                1.0
            } else if is(beta, 2.0) {
                *made
            } else {
                floored(beta - 1.0, *made).powf(beta - 1.0)
            }
        };
        let pull: Vec<f64> = self.x.iter().zip(&made).map(pull).collect();
        let push: Vec<f64> = made.iter().map(push).collect();
        let [l1, l2] = self.penalty;
        let by = if beta < 1.0 {
            1.0 / (2.0 - beta)
        } else if beta > 2.0 {
            1.0 / (beta - 1.0)
        } else {
            1.0
        };
        let pairs = products(self.atoms, &pull).into_iter().zip(products(self.atoms, &push));
        for (w, (up, down)) in w.iter_mut().zip(pairs) {
            let down = down + l1 + l2 * *w;
            let ratio = up / if down == 0.0 { LEAST } else { down };
            *w *= if is(by, 1.0) { ratio } else { ratio.powf(by) };
        }
    }

    /// √(2 · divergence) of x from w · atoms.
    fn divergence(&self, w: &[f64]) -> f64 {
        let (beta, made) = (self.beta, self.made(w));
        let pairs = || self.x.iter().zip(&made).map(|(x, made)| (*x, *made));
        if is(beta, 2.0) {
            return pairs().fold(0.0, |sum, (x, made)| sum + (x - made) * (x - made)).sqrt();
        }
        let inner = || pairs().filter(|(x, _)| *x > LEAST).map(|(x, m)| (x, m.max(LEAST)));
        let sum = |terms: &mut dyn Iterator<Item = f64>| terms.fold(0.0, |sum, term| sum + term);
        let whole = if is(beta, 1.0) {
            sum(&mut inner().map(|(x, m)| x * (x / m).ln())) + sum(&mut made.iter().copied())
                - sum(&mut inner().map(|(x, _)| x))
        } else if beta == 0.0 {
            #[expect(clippy::cast_precision_loss, reason = "a number of columns")]
            let count = self.x.len() as f64;
            sum(&mut inner().map(|(x, m)| x / m))
                - count
                - sum(&mut inner().map(|(x, m)| (x / m).ln()))
        } else {
            let powers = sum(&mut inner().map(|(x, _)| x.powf(beta)));
            let mixed = sum(&mut inner().map(|(x, m)| x * m.powf(beta - 1.0)));
            let all = sum(&mut made.iter().map(|m| m.powf(beta)));
            (powers - beta * mixed + all * (beta - 1.0)) / (beta * (beta - 1.0))
        };
        (2.0 * whole.max(0.0)).sqrt()
    }
}
