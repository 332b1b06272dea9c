use super::function::named;
use crate::{Matrix, ValueId};

/// The weights with which the rows of a matrix, its atoms, make up a vector, in binary64.
///
/// What iterates stops by itself or after so many rounds, each row of input alone: no row's answer depends on the rows
/// that come with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decompose {
    /// A binary64 vector; a missing element makes all weights missing.
    pub arg: ValueId,
    /// The atoms H, one a row.
    pub atoms: Matrix,
    /// How.
    pub method: Decomposition,
}

impl Decompose {
    /// The most rounds of what iterates.
    pub const MOST_ROUNDS: u32 = 1 << 20;
}

/// How [`Decompose`] finds the weights w.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decomposition {
    /// Not below 0, by coordinate descent from 0: for each atom in order w ← max(w − g ÷ h, 0), g the gradient of
    /// ½|x − wH|² + l₁Σw + ½l₂Σw² and h its second derivative, nothing where h is 0. A round's violation is the sum of
    /// |g|, of |min(g, 0)| where w is 0. The end is after a round whose violation is at most the tolerance times the
    /// first one's, or where that is 0 (scikit-learn `NMF`, `solver='cd'`). Elements below 0 refuse the row.
    Descent {
        /// l₁ and l₂.
        penalty: [f64; 2],
        /// The tolerance.
        tolerance: f64,
        /// The most rounds.
        most: u32,
    },
    /// Not below 0, by multiplicative updates from √(mean of x ÷ atoms) for the divergence β of x from wH
    /// (scikit-learn `NMF`, `solver='mu'`, and `MiniBatchNMF`). Elements below 0 refuse the row.
    Multiplicative {
        /// β.
        beta: f64,
        /// l₁ and l₂.
        penalty: [f64; 2],
        /// When it ends.
        stop: MultiplicativeStop,
        /// The tolerance; 0 ends after the most rounds.
        tolerance: f64,
        /// The most rounds.
        most: u32,
    },
    /// Least squares on so many atoms, picked one after the other by the largest |product| with what remains
    /// (orthogonal matching pursuit).
    Pursuit {
        /// How many atoms, at least one and at most all.
        count: u32,
    },
    /// Least angle regression for so many steps, without taking atoms out again.
    LeastAngle {
        /// How many atoms, at least one and at most all.
        count: u32,
    },
    /// The w with the least ½|x − wH|² + αΣ|w|, along the path of least angle regression (the lasso).
    Lasso {
        /// α.
        alpha: f64,
        /// Whether w is not below 0.
        positive: bool,
        /// The most steps.
        most: u32,
    },
    /// The shares of topics in a text of which x counts the terms (latent Dirichlet allocation): γ starts as 1 and is
    /// p + exp(E) · ((x ÷ (exp(E) · H)) · Hᵀ), where E = ψ(γ) − ψ(Σγ); after a round that changes γ by less than the
    /// tolerance on average, it is divided by its sum. Terms that x does not count are passed over. Elements below 0
    /// refuse the row.
    Topics {
        /// p.
        prior: f64,
        /// The tolerance.
        tolerance: f64,
        /// The most rounds.
        most: u32,
    },
}

named! {
    /// When [`Decomposition::Multiplicative`] ends.
    ///
    /// `divergence`: after each tenth round that lowers √(2 · divergence) by less than the tolerance times its start.
    /// `change`: after a round that changes w by at most the tolerance times |w|.
    MultiplicativeStop {
        Divergence = "divergence",
        Change = "change",
    }
}
