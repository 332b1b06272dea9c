use super::{Comparison, Labels, function::named};
use crate::{Matrix, ValueId};

/// The nearest training rows answer, by exhaustive search: distances in binary64, of equal ones the earlier row
/// first.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbors {
    /// A binary64 vector.
    pub arg: ValueId,
    /// The training rows.
    pub rows: Matrix,
    /// Names of the training rows; empty numbers them from 1.
    pub ids: Vec<String>,
    /// How rows are compared.
    pub comparison: Comparison,
    /// Which rows are near.
    pub near: Near,
    /// How much each counts.
    pub weights: NeighborWeights,
    /// What they answer.
    pub answer: NeighborAnswer,
}

/// Which training rows are near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Near {
    /// This many, at least one and at most all.
    Count(u32),
    /// Those within this distance, itself included. None gives missing, or the outlier label.
    Radius(f64),
}

/// How much a near row counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NeighborWeights {
    /// All alike.
    Uniform,
    /// 1 ÷ distance; rows at distance 0, if any, count 1 and the others 0 (scikit-learn).
    Inverse,
    /// 1 ÷ (distance + threshold) (PMML 4.4, `NearestNeighborModel`).
    InverseShifted(f64),
    /// The w that solve (G + r · t · I) w = 1 by Cholesky's decomposition, with G the products of the differences
    /// between the near rows and this one, t the sum of its diagonal (1 where that is not above 0) and r this number
    /// (scikit-learn `LocallyLinearEmbedding`).
    Barycentric(f64),
}

/// What near rows answer.
#[derive(Clone, Debug, PartialEq)]
pub enum NeighborAnswer {
    /// Regression: for each target what its values in the near rows come to.
    Values {
        /// One training row a row, one target a column.
        targets: Matrix,
        /// How values are combined.
        combine: NeighborCombine,
    },
    /// Classification: the class of each training row.
    Classes {
        /// The classes.
        classes: Labels,
        /// The class of each row, by position.
        of_row: Vec<u32>,
        /// Label and probabilities where no row is near: the class, or none refuses the row.
        outlier: Option<u32>,
        /// Which class of equal weight wins.
        ties: TieRule,
    },
}

named! {
    /// How [`NeighborAnswer::Values`] combines.
    ///
    /// `mean` by weight; `median`; `shortest-path`, the least of value + distance; `reach`, the mean by weight of the
    /// larger of value and distance. The median and the shortest path take all rows alike.
    NeighborCombine {
        Mean = "mean",
        Median = "median",
        ShortestPath = "shortest-path",
        Reach = "reach",
    }
}

named! {
    /// Which of equal classes wins.
    TieRule {
        FirstClass = "first-class",
        MostFrequent = "most-frequent",
    }
}
