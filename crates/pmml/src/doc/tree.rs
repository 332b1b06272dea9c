//! Tree models: <https://dmg.org/pmml/v4-4-1/TreeModel.html>.

use super::words::words;

words! {
    /// `MISSING-VALUE-STRATEGY`: what happens where a predicate is unknown.
    MissingValueStrategy {
        /// The last node reached answers.
        LastPrediction = "lastPrediction",
        /// There is no answer.
        NullPrediction = "nullPrediction",
        /// The node named by `defaultChild` is entered.
        DefaultChild = "defaultChild",
        /// All paths are weighed.
        WeightedConfidence = "weightedConfidence",
        /// All paths are added.
        AggregateNodes = "aggregateNodes",
        /// Unknown counts as false.
        None = "none",
    }
}

words! {
    /// `NO-TRUE-CHILD-STRATEGY`: what happens where no child takes the row.
    NoTrueChildStrategy {
        /// There is no answer.
        ReturnNullPrediction = "returnNullPrediction",
        /// The last node reached answers.
        ReturnLastPrediction = "returnLastPrediction",
    }
}

words! {
    /// Operators of `SimplePredicate`.
    SimpleOperator {
        /// =
        Equal = "equal",
        /// ≠
        NotEqual = "notEqual",
        /// <
        LessThan = "lessThan",
        /// ≤
        LessOrEqual = "lessOrEqual",
        /// >
        GreaterThan = "greaterThan",
        /// ≥
        GreaterOrEqual = "greaterOrEqual",
        /// There is no value.
        IsMissing = "isMissing",
        /// There is a value.
        IsNotMissing = "isNotMissing",
    }
}
