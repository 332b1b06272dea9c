//! Mining models: <https://dmg.org/pmml/v4-4-1/MultipleModels.html>.

use super::words::words;

words! {
    /// `MULTIPLE-MODEL-METHOD`: how segments answer together.
    MultipleModelMethod {
        /// The commonest class.
        MajorityVote = "majorityVote",
        /// The commonest class, by weight.
        WeightedMajorityVote = "weightedMajorityVote",
        /// The mean.
        Average = "average",
        /// The mean, by weight.
        WeightedAverage = "weightedAverage",
        /// The median.
        Median = "median",
        /// The median, by weight (since 4.4).
        WeightedMedian = "weightedMedian",
        /// The largest probability.
        Max = "max",
        /// The sum.
        Sum = "sum",
        /// The sum, by weight (since 4.4).
        WeightedSum = "weightedSum",
        /// The first segment that takes the row.
        SelectFirst = "selectFirst",
        /// All segments that take the row.
        SelectAll = "selectAll",
        /// One after another, each seeing the outputs of those before.
        ModelChain = "modelChain",
        /// One after another, each with its own target (JPMML).
        MultiModelChain = "x-multiModelChain",
    }
}

words! {
    /// `MISSING-PREDICTION-TREATMENT` (since 4.4).
    MissingPredictionTreatment {
        /// There is no answer.
        ReturnMissing = "returnMissing",
        /// The segment is left out.
        SkipSegment = "skipSegment",
        /// The missing prediction is passed on.
        Continue = "continue",
    }
}
