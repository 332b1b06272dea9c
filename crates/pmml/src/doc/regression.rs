//! Regression models: <https://dmg.org/pmml/v4-4-1/Regression.html>.

use super::words::words;

words! {
    /// `REGRESSIONNORMALIZATIONMETHOD`: from sums to values or probabilities.
    NormalizationMethod {
        /// The sums themselves; of classes, the last has what is left of 1.
        None = "none",
        /// Divided by their sum.
        Simplemax = "simplemax",
        /// eʸ divided by the sum of these.
        Softmax = "softmax",
        /// 1 / (1 + e⁻ʸ).
        Logit = "logit",
        /// Distribution function of the normal distribution.
        Probit = "probit",
        /// 1 − exp(−eʸ).
        Cloglog = "cloglog",
        /// eʸ.
        Exp = "exp",
        /// exp(−e⁻ʸ).
        Loglog = "loglog",
        /// 0.5 + atan(y) / π.
        Cauchit = "cauchit",
    }
}
