//! Orthogonal matching pursuit on products (scikit-learn, `linear_model/_omp.py`).

use super::super::{cholesky::Cholesky, largest};

pub(super) fn pursue(products: &[f64], gram: &[Vec<f64>], count: usize) -> Vec<f64> {
    let mut left = products.to_vec();
    let mut active: Vec<usize> = Vec::new();
    let mut factor = Cholesky::default();
    let mut gamma = Vec::new();
    while active.len() < count {
        let Some(next) = largest(left.iter().map(|v| v.abs())) else { break };
        if active.contains(&next) || left[next] * left[next] < f64::EPSILON {
            break;
        }
        let row: Vec<f64> = active.iter().map(|&atom| gram[next][atom]).collect();
        let (line, rest) = factor.next(&row, gram[next][next]);
        // Atoms that depend on each other.
        if !active.is_empty() && rest <= f64::EPSILON {
            break;
        }
        factor.push(line, rest.sqrt());
        active.push(next);
        let targets: Vec<f64> = active.iter().map(|&atom| products[atom]).collect();
        gamma = factor.solve(&targets);
        for (i, left) in left.iter_mut().enumerate() {
            let made = active.iter().zip(&gamma).fold(0.0, |sum, (&a, g)| sum + gram[i][a] * g);
            *left = products[i] - made;
        }
    }
    let mut weights = vec![0.0; products.len()];
    for (atom, gamma) in active.into_iter().zip(gamma) {
        weights[atom] = gamma;
    }
    weights
}
