use holdall_tabular::{Compare, Comparison, Matrix, Metric, MissingElement};

/// The distance or similarity of two vectors; none where it is missing. `missing` has flags for x, or none.
pub(super) fn compare(
    comparison: &Comparison,
    x: &[f64],
    y: &[f64],
    missing: &[bool],
) -> Option<f64> {
    let gap = |i: usize| missing.get(i).copied().unwrap_or(false);
    let any = missing.contains(&true);
    if any && matches!(comparison.missing, MissingElement::Propagate) {
        return None;
    }
    let pairs = || (0..x.len()).filter(|&i| !any || !gap(i)).map(|i| (i, x[i], y[i]));
    let raw = raw(comparison, &pairs);
    match &comparison.missing {
        MissingElement::Adjust(weights) if any => {
            let all: f64 = weights.iter().fold(0.0, |sum, q| sum + q);
            let present = pairs().fold(0.0, |sum, (i, ..)| sum + weights[i]);
            pairs().next()?;
            Some(finish(comparison.metric, raw * (all / present)))
        }
        MissingElement::Adjust(_) | MissingElement::Propagate => {
            Some(finish(comparison.metric, raw))
        }
    }
}

/// What remains to be done to the sum.
fn finish(metric: Metric, sum: f64) -> f64 {
    match metric {
        Metric::Euclidean => sum.sqrt(),
        Metric::Minkowski(p) => sum.powf(1.0 / p),
        Metric::SquaredEuclidean
        | Metric::CityBlock
        | Metric::Chebyshev
        | Metric::Cosine
        | Metric::Hamming
        | Metric::Canberra
        | Metric::BrayCurtis
        | Metric::Haversine
        | Metric::SimpleMatching
        | Metric::Jaccard
        | Metric::Tanimoto
        | Metric::BinarySimilarity(_) => sum,
    }
}

fn raw<I: Iterator<Item = (usize, f64, f64)>>(
    comparison: &Comparison,
    pairs: &impl Fn() -> I,
) -> f64 {
    let weight = |i: usize| comparison.weights.get(i).copied();
    let weighted = |i: usize, c: f64| weight(i).map_or(c, |w| w * c);
    let element = |i: usize, x: f64, y: f64| match comparison.compare.get(i) {
        Some(compare) => one(compare, x, y),
        None => (x - y).abs(),
    };
    let sum = |term: &dyn Fn(usize, f64, f64) -> f64| {
        pairs().fold(0.0, |sum, (i, x, y)| sum + term(i, x, y))
    };
    match comparison.metric {
        Metric::Euclidean | Metric::SquaredEuclidean => sum(&|i, x, y| {
            let c = element(i, x, y);
            weighted(i, c * c)
        }),
        Metric::CityBlock => sum(&|i, x, y| weighted(i, element(i, x, y))),
        Metric::Chebyshev => pairs()
            .map(|(i, x, y)| weighted(i, element(i, x, y)))
            .fold(0.0, |most, c| if c > most || c.is_nan() { c } else { most }),
        Metric::Minkowski(p) => sum(&|i, x, y| weighted(i, element(i, x, y).powf(p))),
        Metric::Cosine => {
            let length = |square: f64| if square > 0.0 { square.sqrt() } else { 1.0 };
            let product = sum(&|_, x, y| x * y);
            let (xx, yy) = (sum(&|_, x, _| x * x), sum(&|_, _, y| y * y));
            1.0 - product / (length(xx) * length(yy))
        }
        Metric::Hamming => {
            let differ = sum(&|_, x, y| f64::from(u8::from(differs(x, y))));
            differ / sum(&|_, _, _| 1.0)
        }
        Metric::Canberra => sum(&|_, x, y| {
            let size = x.abs() + y.abs();
            if size > 0.0 { (x - y).abs() / size } else { 0.0 }
        }),
        Metric::BrayCurtis => sum(&|_, x, y| (x - y).abs()) / sum(&|_, x, y| (x + y).abs()),
        Metric::Haversine => haversine(pairs()),
        Metric::SimpleMatching
        | Metric::Jaccard
        | Metric::Tanimoto
        | Metric::BinarySimilarity(_) => binary(comparison.metric, pairs()),
    }
}

/// Whether two elements are not the same number; zeros of both signs are.
fn differs(x: f64, y: f64) -> bool {
    x.partial_cmp(&y) != Some(std::cmp::Ordering::Equal)
}

fn haversine(pairs: impl Iterator<Item = (usize, f64, f64)>) -> f64 {
    let pairs: Vec<(usize, f64, f64)> = pairs.collect();
    let [(_, lat1, lat2), (_, lon1, lon2)] = *pairs.as_slice() else { return f64::NAN };
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    2.0 * (half(lat1 - lat2) + lat1.cos() * lat2.cos() * half(lon1 - lon2)).sqrt().asin()
}

fn binary(metric: Metric, pairs: impl Iterator<Item = (usize, f64, f64)>) -> f64 {
    let (mut a11, mut a10, mut a01, mut a00) = (0.0, 0.0, 0.0, 0.0);
    for (_, x, y) in pairs {
        *match (x != 0.0, y != 0.0) {
            (true, true) => &mut a11,
            (true, false) => &mut a10,
            (false, true) => &mut a01,
            (false, false) => &mut a00,
        } += 1.0;
    }
    match metric {
        Metric::Jaccard => a11 / (a11 + a10 + a01),
        Metric::Tanimoto => (a11 + a00) / (a11 + 2.0 * (a10 + a01) + a00),
        Metric::BinarySimilarity([c11, c10, c01, c00, d11, d10, d01, d00]) => {
            (c11 * a11 + c10 * a10 + c01 * a01 + c00 * a00)
                / (d11 * a11 + d10 * a10 + d01 * a01 + d00 * a00)
        }
        Metric::Euclidean
        | Metric::SquaredEuclidean
        | Metric::CityBlock
        | Metric::Chebyshev
        | Metric::Minkowski(_)
        | Metric::Cosine
        | Metric::Hamming
        | Metric::Canberra
        | Metric::BrayCurtis
        | Metric::Haversine
        | Metric::SimpleMatching => (a11 + a00) / (a11 + a10 + a01 + a00),
    }
}

fn one(compare: &Compare, x: f64, y: f64) -> f64 {
    match compare {
        Compare::AbsDiff => (x - y).abs(),
        Compare::GaussSim(s) => (-std::f64::consts::LN_2 * (x - y) * (x - y) / (s * s)).exp(),
        Compare::Delta => f64::from(u8::from(differs(x, y))),
        Compare::Equal => f64::from(u8::from(!differs(x, y))),
        Compare::Table(table) => entry(table, x, y),
    }
}

/// An entry of a square table; NaN beyond it.
fn entry(table: &Matrix, x: f64, y: f64) -> f64 {
    let place = |v: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked just now"
        )]
        let place = (v >= 0.0 && v < f64::from(table.rows)).then_some(v as usize);
        place
    };
    match (place(x), place(y)) {
        (Some(x), Some(y)) => table.row(x).get(y).copied().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}
