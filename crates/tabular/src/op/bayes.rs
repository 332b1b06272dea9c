use super::function::named;
use crate::{Categories, Matrix, ValueId};

/// A naive Bayes model: for each class the prior and the likelihoods of the inputs, multiplied or their
/// logarithms added, the prior first, then the inputs in order, in binary64.
#[derive(Clone, Debug, PartialEq)]
pub struct NaiveBayes {
    /// The inputs. A missing input is passed over.
    pub inputs: Vec<BayesInput>,
    /// Prior of each class: probabilities or counts, as the file has them.
    pub priors: Vec<f64>,
    /// What takes the place of a likelihood below it; 0 when nothing does.
    pub threshold: f64,
    /// Whether products are formed or logarithms added.
    pub form: BayesForm,
}

named! {
    /// How [`NaiveBayes`] combines.
    BayesForm {
        Product = "product",
        Logarithm = "logarithm",
    }
}

/// One input of a [`NaiveBayes`].
#[derive(Clone, Debug, PartialEq)]
pub struct BayesInput {
    /// A scalar.
    pub arg: ValueId,
    /// How likely its values are.
    pub likelihood: Likelihood,
}

/// The likelihood of a value in each class.
#[derive(Clone, Debug, PartialEq)]
pub enum Likelihood {
    /// A table: one row a category, one column a class. An unlisted category is passed over.
    Table {
        /// The categories.
        categories: Categories,
        /// The likelihoods.
        table: Matrix,
    },
    /// Normal distributions: means and variances, one a class.
    Normal {
        /// Means.
        mean: Vec<f64>,
        /// Variances, above 0.
        variance: Vec<f64>,
    },
    /// Poisson distributions: means, one a class.
    Poisson {
        /// Means.
        mean: Vec<f64>,
    },
    /// Uniform distributions between two ends, 0 beyond.
    Uniform {
        /// Lower ends.
        low: Vec<f64>,
        /// Upper ends.
        high: Vec<f64>,
    },
}
