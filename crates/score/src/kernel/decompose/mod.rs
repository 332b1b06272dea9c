//! What vectors are made of: one file a method.

mod angle;
mod factor;
mod pursuit;
mod topics;

use holdall_diag::{Failure, Location};
use holdall_tabular::{Decompose, Decomposition, Matrix};

use self::angle::Path;
use super::{Columns, Kernel, Run};
use crate::{codes, value::Yield};

/// The weights of atoms.
pub(super) struct DecomposeStep {
    op: Decompose,
    /// Products of the atoms with each other.
    gram: Vec<Vec<f64>>,
    location: Location,
}

/// x · atomsᵀ.
fn products(atoms: &Matrix, x: &[f64]) -> Vec<f64> {
    (0..atoms.rows as usize).map(|atom| dot(atoms.row(atom), x)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

impl DecomposeStep {
    pub(super) fn new(op: &Decompose, location: Location) -> Self {
        let atoms = &op.atoms;
        let needs = match op.method {
            Decomposition::Descent { .. }
            | Decomposition::Pursuit { .. }
            | Decomposition::LeastAngle { .. }
            | Decomposition::Lasso { .. } => true,
            Decomposition::Multiplicative { .. } | Decomposition::Topics { .. } => false,
        };
        let rows = 0..if needs { atoms.rows as usize } else { 0 };
        let gram = rows.map(|atom| products(atoms, atoms.row(atom))).collect();
        Self { op: op.clone(), gram, location }
    }

    fn weights(&self, x: &[f64]) -> Vec<f64> {
        let (atoms, gram) = (&self.op.atoms, &self.gram);
        match self.op.method {
            Decomposition::Descent { penalty, tolerance, most } => {
                factor::descend(&products(atoms, x), gram, penalty, tolerance, most)
            }
            Decomposition::Multiplicative { beta, penalty, stop, tolerance, most } => {
                let update = factor::Update { atoms, x, beta, penalty };
                update.run(stop, tolerance, most)
            }
            Decomposition::Pursuit { count } => {
                pursuit::pursue(&products(atoms, x), gram, count as usize)
            }
            Decomposition::LeastAngle { count } => {
                let path = Path { lasso: false, positive: false, alpha: 0.0, most: count };
                path.weights(products(atoms, x), gram, x.len())
            }
            Decomposition::Lasso { alpha, positive, most } => {
                let path = Path { lasso: true, positive, alpha, most };
                path.weights(products(atoms, x), gram, x.len())
            }
            Decomposition::Topics { prior, tolerance, most } => {
                topics::shares(atoms, x, prior, tolerance, most)
            }
        }
    }

    /// Why a row has no answer.
    fn refusal(&self, x: &[f64]) -> Option<&'static str> {
        let (below, zero) = match self.op.method {
            Decomposition::Descent { .. } | Decomposition::Topics { .. } => (true, false),
            Decomposition::Multiplicative { beta, .. } => (true, beta <= 0.0),
            Decomposition::Pursuit { .. }
            | Decomposition::LeastAngle { .. }
            | Decomposition::Lasso { .. } => (false, false),
        };
        if below && x.iter().any(|x| *x < 0.0) {
            return Some("a number below 0 has no non-negative parts");
        }
        (zero && x.contains(&0.0)).then_some("the divergence of a number 0 is not defined")
    }
}

impl Kernel for DecomposeStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let rows = run.rows_of(self.op.arg)?;
        let mut columns = Columns::new(self.op.atoms.rows as usize, run.rows);
        for row in 0..run.rows {
            if rows.any_missing(row) {
                continue;
            }
            let x = rows.row(row);
            let Some(why) = self.refusal(x) else {
                columns.set(row, self.weights(x));
                continue;
            };
            run.errors.refuse(row, |number| {
                Failure::malformed(codes::INVALID, format!("row {number}: {why}"))
                    .at(self.location.clone())
                    .with_help("the model takes counts and amounts: leave such rows out")
            });
        }
        Ok(Yield::Value(columns.elements()))
    }
}
