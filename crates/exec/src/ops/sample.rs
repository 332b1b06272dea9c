//! Values between the elements of a plane.

use super::{prelude::*, window::every};

/// How neighbours are weighed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Nearest,
    Linear,
    Cubic,
}

/// What lies outside a plane.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    Zeros,
    Border,
    Reflection,
}

/// How a plane is read between its elements.
#[derive(Clone, Copy)]
pub(super) struct Sampler {
    pub(super) mode: Mode,
    pub(super) outside: Outside,
    /// Whether reflection turns at the outermost elements, and not half an element beyond them.
    pub(super) corners: bool,
}

impl Sampler {
    /// How many neighbours count on each axis.
    pub(super) const fn reach(self) -> usize {
        match self.mode {
            Mode::Nearest => 1,
            Mode::Linear => 2,
            Mode::Cubic => 4,
        }
    }

    /// The value at a point, counted in elements.
    pub(super) fn at(self, plane: &[f64], extents: &[usize], point: &[f64]) -> f64 {
        let axes: Vec<Vec<(Option<usize>, f64)>> =
            extents.iter().zip(point).map(|(&n, &x)| self.neighbours(n, x)).collect();
        let steps = strides(extents);
        let mut sum = 0.0;
        for choice in every(&vec![self.reach(); extents.len()]) {
            let mut place = Some(0);
            let mut weight = 1.0;
            for ((axis, &k), &step) in axes.iter().zip(&choice).zip(&steps) {
                let (i, w) = axis.get(k).copied().unwrap_or((None, 0.0));
                place = place.and_then(|p: usize| Some(p + i? * step));
                weight *= w;
            }
            sum += weight * place.map_or(0.0, |p| at(plane, p));
        }
        sum
    }

    /// The neighbours on one axis and their weights.
    fn neighbours(self, extent: usize, x: f64) -> Vec<(Option<usize>, f64)> {
        let (low, high) = self.borders(extent);
        let last = real(extent) - 1.0;
        let x = if self.mode == Mode::Nearest { x.round_ties_even() } else { x };
        let x = match self.outside {
            Outside::Border if x < low || x > high => x.clamp(0.0, last.max(0.0)),
            Outside::Reflection if x < low || x > high => reflect(x, low, high),
            Outside::Zeros | Outside::Border | Outside::Reflection => x,
        };
        let first = x.floor();
        let part = x - first;
        let place = |k: f64| {
            let i = first + k;
            let i = match self.outside {
                Outside::Zeros => i,
                Outside::Border => i.clamp(0.0, last.max(0.0)),
                Outside::Reflection if i < low || i > high => reflect(i, low, high).trunc(),
                Outside::Reflection => i,
            };
            (i >= 0.0 && i <= last).then(|| position(i))
        };
        match self.mode {
            Mode::Nearest => vec![(place(0.0), 1.0)],
            Mode::Linear => vec![(place(0.0), 1.0 - part), (place(1.0), part)],
            Mode::Cubic => cubic(part)
                .into_iter()
                .zip([-1.0, 0.0, 1.0, 2.0])
                .map(|(weight, k)| (place(k), weight))
                .collect(),
        }
    }

    fn borders(self, extent: usize) -> (f64, f64) {
        if self.corners { (0.0, real(extent) - 1.0) } else { (-0.5, real(extent) - 0.5) }
    }
}

/// Comes back at the borders.
fn reflect(x: f64, low: f64, high: f64) -> f64 {
    let range = high - low;
    if range <= 0.0 {
        return low;
    }
    let beyond = if x < low { low - x } else { x - high };
    let times = (beyond / range).trunc();
    let rest = beyond - times * range;
    // After an even number of turns it comes from the border that it passed.
    if (times % 2.0 == 0.0) == (x < low) { low + rest } else { high - rest }
}

/// Weights of Keys' cubic convolution with −0.75.
fn cubic(x: f64) -> [f64; 4] {
    const A: f64 = -0.75;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(x + 1.0), near(x), near(1.0 - x), far(2.0 - x)]
}
