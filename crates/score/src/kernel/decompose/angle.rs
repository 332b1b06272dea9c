//! Least angle regression and the lasso on products (scikit-learn, `linear_model/_least_angle.py`, whose steps and
//! limits these are: B. Efron and others, "Least angle regression", 2004).

use super::super::{cholesky::Cholesky, largest};

/// Levels of correlation that count as one.
const EQUAL: f64 = f32::EPSILON as f64;
/// Keeps divisions by 0 finite.
const TINY: f64 = f32::MIN_POSITIVE as f64;
/// Atoms whose part across the others is shorter depend on them.
const DEPENDENT: f64 = 1e-7;

/// Where a path ends.
pub(super) struct Path {
    pub(super) lasso: bool,
    pub(super) positive: bool,
    /// The correlation, by number of elements, at which it ends.
    pub(super) alpha: f64,
    /// The most steps.
    pub(super) most: u32,
}

/// A point of a path.
struct State<'g> {
    gram: &'g [Vec<f64>],
    products: Vec<f64>,
    /// Products with what remains; of active atoms out of date.
    left: Vec<f64>,
    active: Vec<usize>,
    signs: Vec<f64>,
    factor: Cholesky,
    weights: Vec<f64>,
}

/// The least number above 0.
fn least_positive(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|v| *v > 0.0).fold(f64::MAX, f64::min)
}

impl State<'_> {
    fn inactive(&self) -> impl Iterator<Item = usize> {
        (0..self.left.len()).filter(|atom| !self.active.contains(atom))
    }

    /// Takes an atom in; none that depends on those that are in.
    fn enter(&mut self, atom: usize, sign: f64) {
        let row: Vec<f64> = self.active.iter().map(|&other| self.gram[atom][other]).collect();
        let (line, rest) = self.factor.next(&row, self.gram[atom][atom]);
        let last = rest.abs().sqrt().max(f64::EPSILON);
        if last < DEPENDENT {
            self.left[atom] = 0.0;
            return;
        }
        self.factor.push(line, last);
        self.active.push(atom);
        self.signs.push(sign);
    }

    /// Takes active atoms out, given by falling places.
    fn leave(&mut self, places: &[usize]) {
        for &place in places {
            let atom = self.active.remove(place);
            self.signs.remove(place);
            let made = self.gram[atom].iter().zip(&self.weights);
            self.left[atom] = self.products[atom] - made.fold(0.0, |sum, (g, w)| sum + g * w);
        }
        let (active, signs) = (std::mem::take(&mut self.active), std::mem::take(&mut self.signs));
        self.factor = Cholesky::default();
        for (atom, sign) in active.into_iter().zip(signs) {
            self.enter(atom, sign);
        }
    }
}

impl Path {
    pub(super) fn weights(&self, products: Vec<f64>, gram: &[Vec<f64>], width: usize) -> Vec<f64> {
        let mut state = State {
            gram,
            left: products.clone(),
            active: Vec::new(),
            signs: Vec::new(),
            factor: Cholesky::default(),
            weights: vec![0.0; products.len()],
            products,
        };
        #[expect(clippy::cast_precision_loss, reason = "a number of columns")]
        let width = width as f64;
        let (mut before, mut level_before) = (state.weights.clone(), 0.0);
        let (mut steps, mut left_some) = (0, false);
        loop {
            let size = |v: f64| if self.positive { v } else { v.abs() };
            let open: Vec<usize> = state.inactive().collect();
            let first = largest(open.iter().map(|&atom| size(state.left[atom])));
            let next = first.map(|place| open[place]);
            let most = next.map_or(0.0, |atom| size(state.left[atom]));
            let level = most / width;
            if level <= self.alpha + EQUAL {
                if (level - self.alpha).abs() > EQUAL && steps > 0 {
                    let share = (level_before - self.alpha) / (level_before - level);
                    for (weight, before) in state.weights.iter_mut().zip(&before) {
                        *weight = before + share * (*weight - before);
                    }
                }
                break;
            }
            let Some(next) = next.filter(|_| steps < self.most) else { break };
            if !left_some {
                let known = state.active.len();
                let sign = if self.positive { 1.0 } else { state.left[next].signum() };
                state.enter(next, sign);
                if state.active.len() == known {
                    continue;
                }
            }
            // Rounding has the better of what remains.
            if self.lasso && steps > 0 && level_before < level {
                break;
            }
            let Some(step) = self.step(&mut state, most) else { break };
            steps += 1;
            level_before = level;
            before = std::mem::replace(&mut state.weights, step.weights);
            left_some = step.leaves;
            if self.lasso && left_some {
                state.leave(&step.places);
            }
        }
        state.weights
    }

    /// Goes on until the next atom correlates as much, or an active one changes its sign.
    fn step(&self, state: &mut State<'_>, most: f64) -> Option<Step> {
        let mut direction = state.factor.solve(&state.signs);
        let scale = direction.iter().zip(&state.signs).fold(0.0, |sum, (d, s)| sum + d * s);
        let angle = 1.0 / scale.sqrt();
        if !angle.is_finite() {
            return None;
        }
        for d in &mut direction {
            *d *= angle;
        }
        let open: Vec<usize> = state.inactive().collect();
        let falls = |&atom: &usize| {
            let pairs = state.active.iter().zip(&direction);
            pairs.fold(0.0, |sum, (&active, d)| sum + state.gram[active][atom] * d)
        };
        let falls: Vec<f64> = open.iter().map(falls).collect();
        let pairs = || open.iter().zip(&falls).map(|(&atom, fall)| (state.left[atom], fall));
        let mut far = most / angle;
        far = far.min(least_positive(pairs().map(|(v, f)| (most - v) / (angle - f + TINY))));
        if !self.positive {
            far = far.min(least_positive(pairs().map(|(v, f)| (most + v) / (angle + f + TINY))));
        }
        let places = state.active.iter().zip(&direction);
        let zeros: Vec<f64> = places.map(|(&atom, d)| -state.weights[atom] / (d + TINY)).collect();
        let zero = least_positive(zeros.iter().copied());
        let (mut places, leaves) = (Vec::new(), zero < far);
        if leaves {
            places =
                (0..zeros.len()).rev().filter(|&i| zeros[i] <= zero && zeros[i] > 0.0).collect();
            for &place in &places {
                state.signs[place] = -state.signs[place];
            }
            if self.lasso {
                far = zero;
            }
        }
        let mut weights = vec![0.0; state.weights.len()];
        for (&atom, d) in state.active.iter().zip(&direction) {
            weights[atom] = state.weights[atom] + far * d;
        }
        for (&atom, fall) in open.iter().zip(&falls) {
            state.left[atom] -= far * fall;
        }
        Some(Step { weights, places, leaves })
    }
}

/// What a step came to.
struct Step {
    weights: Vec<f64>,
    /// The active atoms whose sign changes, by falling place.
    places: Vec<usize>,
    leaves: bool,
}
