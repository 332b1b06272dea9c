//! Support vectors and their kernels, as `SVMClassifier` and `SVMRegressor` share them.

use crate::ops::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    Poly,
    Rbf,
    Sigmoid,
}

/// The kernel of a machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Similarity {
    kind: Kind,
    gamma: f32,
    offset: f32,
    degree: f32,
}

impl Similarity {
    pub(super) fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let kind = setup.word(
            "kernel_type",
            &[
                ("LINEAR", Kind::Linear),
                ("POLY", Kind::Poly),
                ("RBF", Kind::Rbf),
                ("SIGMOID", Kind::Sigmoid),
            ],
        )?;
        let given = setup.floats("kernel_params")?;
        if setup.like_runtime() && given.is_none() {
            return Err(setup
                .refuse("`kernel_params` is missing, and onnxruntime does not load this")
                .with_help("the specification allows it: follow it with the behaviour `spec`"));
        }
        let given = given.unwrap_or_default();
        Ok(Self { kind, gamma: at(&given, 0), offset: at(&given, 1), degree: at(&given, 2) })
    }

    /// Rows that are weights themselves are only ever multiplied.
    pub(super) const fn linear(self) -> Self {
        Self { kind: Kind::Linear, ..self }
    }

    /// How alike two rows are.
    pub(super) fn apply(self, a: &[f32], b: &[f32]) -> f32 {
        let dot = || a.iter().zip(b).fold(0.0, |sum: f32, (x, y)| sum + x * y);
        match self.kind {
            Kind::Linear => dot(),
            Kind::Poly => (self.gamma * dot() + self.offset).powf(self.degree),
            Kind::Sigmoid => (self.gamma * dot() + self.offset).tanh(),
            Kind::Rbf => {
                let gap = a.iter().zip(b).fold(0.0, |sum: f32, (x, y)| sum + (x - y) * (x - y));
                (-self.gamma * gap).exp()
            }
        }
    }
}
