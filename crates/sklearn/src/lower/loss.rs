//! The loss of gradient boosting: what the scores mean and what they start from.
//!
//! | until 1.3, `ensemble/_gb_losses.py` | from 1.4, `_loss/loss.py` |
//! |---|---|
//! | `BinomialDeviance`: label from p > 1 − p | `HalfBinomialLoss`: label from score ≥ 0 |
//! | `MultinomialDeviance`: start ln p, label from the largest probability | `HalfMultinomialLoss`: start ln p − mean ln p, label from the largest score |
//! | `ExponentialLoss`: p = logistic(2 score), label from score ≥ 0 | the same |
//!
//! The share of a class that the scores start from is kept within ε of 0 and 1: the ε of binary32
//! until 1.8, of binary64 from 1.9.

use holdall_diag::Failure;
use holdall_tabular::{Decision, Link};

use super::estimator::Estimator;
use crate::codes;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    OldBinomial,
    OldMultinomial,
    Exponential,
    Binomial,
    Multinomial,
}

impl Loss {
    /// The loss of a fitted classifier; the attribute was called `loss_` until 1.0.
    pub(super) fn of(estimator: &Estimator<'_>) -> Result<Self, Failure> {
        let value = match estimator.get("_loss") {
            Some(value) => value,
            None => estimator.fitted("loss_")?,
        };
        let object = value.object()?;
        let old = matches!(
            object.module(),
            "sklearn.ensemble._gb_losses" | "sklearn.ensemble.gradient_boosting"
        );
        match (object.module(), object.name()) {
            (_, "BinomialDeviance") if old => Ok(Self::OldBinomial),
            (_, "MultinomialDeviance") if old => Ok(Self::OldMultinomial),
            (_, "ExponentialLoss") if old => Ok(Self::Exponential),
            ("sklearn._loss.loss", "HalfBinomialLoss") => Ok(Self::Binomial),
            ("sklearn._loss.loss", "HalfMultinomialLoss") => Ok(Self::Multinomial),
            ("sklearn._loss.loss", "ExponentialLoss") => Ok(Self::Exponential),
            _ => Err(estimator
                .refuse(codes::PARAMETER, format!("the loss `{}` is not known", object.class()))
                .with_help("log loss and exponential loss are carried")),
        }
    }

    pub(super) fn link(self) -> Link {
        match self {
            Self::OldBinomial | Self::Binomial => Link::Logistic,
            Self::OldMultinomial | Self::Multinomial => Link::Softmax,
            Self::Exponential => Link::SoftmaxSymmetric,
        }
    }

    pub(super) fn decision(self) -> Decision {
        match self {
            Self::OldBinomial | Self::OldMultinomial => Decision::LargestProbability,
            Self::Binomial | Self::Exponential => Decision::MarginAtLeast(0.0),
            Self::Multinomial => Decision::LargestMargin,
        }
    }

    /// The scores that stand for these shares of the classes.
    pub(super) fn start(self, shares: &[f64], since_1_9: bool) -> Vec<f64> {
        let epsilon = if since_1_9 { f64::EPSILON } else { f64::from(f32::EPSILON) };
        let clipped: Vec<f64> = shares.iter().map(|p| p.clamp(epsilon, 1.0 - epsilon)).collect();
        let positive = clipped.last().copied().unwrap_or(0.5);
        match self {
            Self::OldBinomial => vec![(positive / (1.0 - positive)).ln()],
            Self::Exponential => vec![0.5 * logit(positive)],
            Self::Binomial => vec![logit(positive)],
            Self::OldMultinomial => clipped.iter().map(|p| p.ln()).collect(),
            Self::Multinomial => {
                let logarithms: Vec<f64> = clipped.iter().map(|p| p.ln()).collect();
                #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
                let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
                clipped.iter().map(|p| (p / mean.exp()).ln()).collect()
            }
        }
    }
}

/// ln(p ÷ (1 − p)), accurate near one half as `scipy.special.logit`.
fn logit(p: f64) -> f64 {
    if (0.3..=0.65).contains(&p) {
        let s = 2.0 * (p - 0.5);
        s.ln_1p() - (-s).ln_1p()
    } else {
        (p / (1.0 - p)).ln()
    }
}
