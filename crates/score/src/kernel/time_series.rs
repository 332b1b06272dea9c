use std::collections::VecDeque;

use holdall_diag::Failure;
use holdall_tabular::{Arima, SeasonForm, StateSpace, TimeSeries, TimeSeriesForm, Trend};

use super::{Kernel, Run, one};
use crate::value::{Element, Yield};

impl Kernel for TimeSeries {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let steps = run.scalar(self.steps)?;
        let mut asked = Vec::with_capacity(run.rows);
        for row in 0..run.rows {
            let valid = |h: &i64| (1..=Self::MOST_STEPS).contains(h);
            asked.push(steps.get::<i64>(row)?.filter(valid));
        }
        let longest = asked.iter().flatten().copied().max().unwrap_or(0);
        let forecasts = match &self.form {
            TimeSeriesForm::Arima(arima) => forecast(arima, longest),
            TimeSeriesForm::StateSpace(space) => roll(space, longest),
            TimeSeriesForm::Smoothing { level, trend, season, seasonal } => {
                smooth(*level, *trend, (*season, seasonal), longest)
            }
        };
        let answer = |h: i64| usize::try_from(h - 1).ok().and_then(|i| forecasts.get(i).copied());
        Ok(one(Element::optional(asked.into_iter().map(|h| h.and_then(answer)))))
    }
}

/// The forecasts of exponential smoothing for 1 to `longest` steps.
fn smooth(
    level: f64,
    trend: Trend,
    (form, season): (SeasonForm, &[f64]),
    longest: i64,
) -> Vec<f64> {
    // h, and φ + φ² + … + φʰ.
    let (mut h, mut damping, mut power) = (0.0, 0.0, 1.0);
    let mut seasonal = season.iter().cycle();
    let mut forecasts = Vec::new();
    for _ in 0..longest {
        h += 1.0;
        if let Trend::DampedAdditive { phi, .. } | Trend::DampedMultiplicative { phi, .. } = trend {
            power *= phi;
            damping += power;
        }
        let trended = match trend {
            Trend::None => level,
            Trend::Additive(slope) => level + h * slope,
            Trend::DampedAdditive { slope, phi: _ } => level + damping * slope,
            Trend::Multiplicative(rate) => level * rate.powf(h),
            Trend::DampedMultiplicative { rate, phi: _ } => level * rate.powf(damping),
        };
        forecasts.push(match (seasonal.next(), form) {
            (None, _) => trended,
            (Some(term), SeasonForm::Additive) => trended + term,
            (Some(factor), SeasonForm::Multiplicative) => trended * factor,
        });
    }
    forecasts
}

/// The forecasts of a state space for 1 to `longest` steps.
fn roll(space: &StateSpace, longest: i64) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b);
    let mut state = space.state.clone();
    let mut forecasts = Vec::new();
    for _ in 0..longest {
        forecasts.push(dot(&space.measurement, &state) + space.constant);
        state = (0..state.len()).map(|i| dot(space.transition.row(i), &state)).collect();
    }
    forecasts
}

/// A polynomial in B by its coefficients from B⁰ up.
fn product(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            out[i + j] += x * y;
        }
    }
    out
}

/// 1 ± c₁Bˢ ± c₂B²ˢ ….
fn polynomial(coefficients: &[f64], sign: f64, step: usize) -> Vec<f64> {
    let mut out = vec![0.0; coefficients.len() * step + 1];
    out[0] = 1.0;
    for (i, c) in coefficients.iter().enumerate() {
        out[(i + 1) * step] = sign * c;
    }
    out
}

/// The forecasts of an ARIMA model for 1 to `longest` steps.
fn forecast(arima: &Arima, longest: i64) -> Vec<f64> {
    let period = (arima.period as usize).max(1);
    let mut left =
        product(&polynomial(&arima.ar, -1.0, 1), &polynomial(&arima.seasonal_ar, -1.0, period));
    for _ in 0..arima.difference {
        left = product(&left, &[1.0, -1.0]);
    }
    for _ in 0..arima.seasonal_difference {
        left = product(&left, &polynomial(&[1.0], -1.0, period));
    }
    let right =
        product(&polynomial(&arima.ma, 1.0, 1), &polynomial(&arima.seasonal_ma, 1.0, period));
    // The newest first, as many as the recursion looks back.
    let newest = |list: &[f64], count: usize| -> VecDeque<f64> {
        list.iter().rev().take(count).copied().collect()
    };
    let mut values = newest(&arima.history, left.len() - 1);
    let mut residuals = newest(&arima.residuals, right.len() - 1);
    let mut forecasts = Vec::new();
    for _ in 0..longest {
        let past = left.iter().skip(1).zip(&values).fold(0.0, |sum, (c, y)| sum - c * y);
        let noise = right.iter().skip(1).zip(&residuals).fold(0.0, |sum, (c, e)| sum + c * e);
        let next = arima.constant + past + noise;
        forecasts.push(next);
        values.push_front(next);
        values.truncate(left.len() - 1);
        residuals.push_front(0.0);
        residuals.truncate(right.len() - 1);
    }
    forecasts
}
