//! Discrete Fourier transforms in binary64: by halves where the length is a power of two, else as a
//! convolution of such a length (Bluestein).

use std::f64::consts::PI;

use super::prelude::*;

/// A complex number.
pub(super) type Complex = [f64; 2];

fn times([a, b]: Complex, [c, d]: Complex) -> Complex {
    [a * c - b * d, a * d + b * c]
}

/// e to the power of i times an angle.
fn turn(angle: f64) -> Complex {
    [angle.cos(), angle.sin()]
}

/// Transforms of one length, in one direction, without a factor.
pub(super) struct Transform {
    length: usize,
    /// Of the power of two that is worked with: roots of one.
    roots: Vec<Complex>,
    /// For other lengths: factors of the elements, and the transformed kernel.
    chirp: Option<(Vec<Complex>, Vec<Complex>)>,
}

impl Transform {
    pub(super) fn new(cx: &Context, length: usize, forward: bool) -> Result<Self, Failure> {
        let exact = length.is_power_of_two() || length < 2;
        let too_long = || misfit(format!("a transform of length {length} is too long"));
        let size = if exact { length } else { length.checked_mul(2).ok_or_else(too_long)? - 1 };
        let size = size.max(1).checked_next_power_of_two().ok_or_else(too_long)?;
        cx.room(&[size], size_of::<Complex>() * 4)?;
        let sign = if forward { -1.0 } else { 1.0 };
        let roots = (0..size / 2).map(|k| turn(sign * 2.0 * PI * real(k) / real(size))).collect();
        let mut made = Self { length, roots, chirp: None };
        if !exact {
            // k² modulo 2·length keeps the angle exact.
            let mut square = 0;
            let factors: Vec<Complex> = (0..length)
                .map(|k| {
                    let factor = turn(sign * PI * real(square) / real(length));
                    square = (square + 2 * k + 1) % (2 * length);
                    factor
                })
                .collect();
            let mut kernel = vec![[0.0; 2]; size];
            for (k, [a, b]) in factors.iter().enumerate() {
                for place in [k, (size - k) % size] {
                    if let Some(slot) = kernel.get_mut(place) {
                        *slot = [*a, -b];
                    }
                }
            }
            made.halve(&mut kernel);
            made.chirp = Some((factors, kernel));
        }
        Ok(made)
    }

    /// Elements that a transform touches.
    pub(super) fn cost(&self) -> usize {
        let size = self.roots.len().max(1) * 2;
        let turns = usize::try_from(size.ilog2()).unwrap_or(0) + 1;
        size * turns * if self.chirp.is_some() { 2 } else { 1 }
    }

    /// Transforms as many elements as the length says.
    pub(super) fn run(&self, data: &mut Vec<Complex>) {
        let Some((factors, kernel)) = &self.chirp else {
            return self.halve(data);
        };
        for (x, factor) in data.iter_mut().zip(factors) {
            *x = times(*x, *factor);
        }
        data.resize(kernel.len(), [0.0; 2]);
        self.halve(data);
        for (x, k) in data.iter_mut().zip(kernel) {
            // The way back is the way there with the imaginary parts turned about, twice.
            let [a, b] = times(*x, *k);
            *x = [a, -b];
        }
        self.halve(data);
        let by = real(kernel.len()).recip();
        data.truncate(self.length);
        for (x, factor) in data.iter_mut().zip(factors) {
            let [a, b] = *x;
            *x = times([a * by, -b * by], *factor);
        }
    }

    /// A length that is a power of two.
    fn halve(&self, data: &mut [Complex]) {
        let size = data.len();
        if size < 2 {
            return;
        }
        let unused = usize::BITS - size.ilog2();
        for i in 0..size {
            let j = i.reverse_bits() >> unused;
            if i < j {
                data.swap(i, j);
            }
        }
        let mut half = 1;
        while half < size {
            let step = size / (2 * half);
            for block in data.chunks_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for (k, (x, y)) in low.iter_mut().zip(high).enumerate() {
                    let turned = times(*y, at(&self.roots, k * step));
                    *y = [x[0] - turned[0], x[1] - turned[1]];
                    *x = [x[0] + turned[0], x[1] + turned[1]];
                }
            }
            half *= 2;
        }
    }
}
