//! The topics of a text (scikit-learn, `decomposition/_lda.py`, `_online_lda_fast.pyx`).

use holdall_tabular::Matrix;

pub(super) fn shares(atoms: &Matrix, x: &[f64], prior: f64, tolerance: f64, most: u32) -> Vec<f64> {
    let counted: Vec<usize> = (0..x.len()).filter(|&term| x[term] != 0.0).collect();
    let topics = atoms.rows as usize;
    let mut gamma = vec![1.0; topics];
    let mut expected = expectations(&gamma);
    for _ in 0..most {
        let share = |&term: &usize| {
            let made = (0..topics).fold(0.0, |sum, t| sum + expected[t] * atoms.row(t)[term]);
            x[term] / (made + f64::EPSILON)
        };
        let shares: Vec<f64> = counted.iter().map(share).collect();
        let mut change = 0.0;
        for (t, gamma) in gamma.iter_mut().enumerate() {
            let terms = counted.iter().zip(&shares);
            let sum = terms.fold(0.0, |sum, (&term, share)| sum + share * atoms.row(t)[term]);
            let next = expected[t] * sum + prior;
            change += (*gamma - next).abs();
            *gamma = next;
        }
        expected = expectations(&gamma);
        if change / f64::from(atoms.rows) < tolerance {
            break;
        }
    }
    let total = gamma.iter().fold(0.0, |sum, g| sum + g);
    gamma.into_iter().map(|g| g / total).collect()
}

/// exp(ψ(γ) − ψ(Σγ)).
fn expectations(gamma: &[f64]) -> Vec<f64> {
    let total = digamma(gamma.iter().fold(0.0, |sum, g| sum + g));
    gamma.iter().map(|g| (digamma(*g) - total).exp()).collect()
}

/// ψ to about eight digits, as the library approximates it (J. Bernardo, "Algorithm AS 103", 1976).
fn digamma(mut x: f64) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    if x <= 1e-6 {
        return -EULER - 1.0 / x;
    }
    let mut result = 0.0;
    while x < 6.0 {
        result -= 1.0 / x;
        x += 1.0;
    }
    let mut r = 1.0 / x;
    result += x.ln() - 0.5 * r;
    r *= r;
    result - r * ((1.0 / 12.0) - r * ((1.0 / 120.0) - r * (1.0 / 252.0)))
}
