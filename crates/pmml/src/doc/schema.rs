//! Data dictionary, mining schema and output: <https://dmg.org/pmml/v4-4-1/DataDictionary.html>,
//! <https://dmg.org/pmml/v4-4-1/MiningSchema.html>, <https://dmg.org/pmml/v4-4-1/Output.html>.

use super::words::words;

words! {
    /// `DATATYPE`. Dates and times are recognised, and carried by nothing yet.
    DataType {
        /// Text.
        String = "string",
        /// A whole number.
        Integer = "integer",
        /// binary32.
        Float = "float",
        /// binary64.
        Double = "double",
        /// True or false.
        Boolean = "boolean",
        /// A day.
        Date = "date",
        /// A time of day.
        Time = "time",
        /// A day and time.
        DateTime = "dateTime",
        /// Days since the start of 1960.
        DateDaysSince1960 = "dateDaysSince[1960]",
        /// Days since the start of 1970.
        DateDaysSince1970 = "dateDaysSince[1970]",
        /// Days since the start of 1980.
        DateDaysSince1980 = "dateDaysSince[1980]",
        /// Days since the start of the year 0.
        DateDaysSince0 = "dateDaysSince[0]",
        /// Seconds since midnight.
        TimeSeconds = "timeSeconds",
        /// Seconds since the start of 1960.
        DateTimeSecondsSince1960 = "dateTimeSecondsSince[1960]",
        /// Seconds since the start of 1970.
        DateTimeSecondsSince1970 = "dateTimeSecondsSince[1970]",
        /// Seconds since the start of 1980.
        DateTimeSecondsSince1980 = "dateTimeSecondsSince[1980]",
        /// Seconds since the start of the year 0.
        DateTimeSecondsSince0 = "dateTimeSecondsSince[0]",
    }
}

words! {
    /// `OPTYPE`.
    OpType {
        /// Told apart.
        Categorical = "categorical",
        /// Ordered.
        Ordinal = "ordinal",
        /// Computed with.
        Continuous = "continuous",
    }
}

words! {
    /// `FIELD-USAGE-TYPE`.
    UsageType {
        /// An input.
        Active = "active",
        /// What is predicted (until 4.1 and beyond).
        Predicted = "predicted",
        /// What is predicted (since 4.2).
        Target = "target",
        /// Of interest to people.
        Supplementary = "supplementary",
        /// Groups rows.
        Group = "group",
        /// Orders rows.
        Order = "order",
        /// Weighs rows, in training.
        FrequencyWeight = "frequencyWeight",
        /// Weighs rows, in training.
        AnalysisWeight = "analysisWeight",
    }
}

words! {
    /// `OUTLIER-TREATMENT-METHOD`.
    Outliers {
        /// Kept.
        AsIs = "asIs",
        /// Counted as missing.
        AsMissingValues = "asMissingValues",
        /// Moved to the nearest bound.
        AsExtremeValues = "asExtremeValues",
    }
}

words! {
    /// `MISSING-VALUE-TREATMENT-METHOD`. All but `returnInvalid` only say where a replacement comes
    /// from.
    MissingValueTreatment {
        /// Kept.
        AsIs = "asIs",
        /// The mean.
        AsMean = "asMean",
        /// The commonest value.
        AsMode = "asMode",
        /// The median.
        AsMedian = "asMedian",
        /// Some value.
        AsValue = "asValue",
        /// The row is refused (since 4.4).
        ReturnInvalid = "returnInvalid",
    }
}

words! {
    /// `INVALID-VALUE-TREATMENT-METHOD`.
    InvalidValueTreatment {
        /// The row is refused.
        ReturnInvalid = "returnInvalid",
        /// Kept.
        AsIs = "asIs",
        /// Counted as missing.
        AsMissing = "asMissing",
        /// Replaced (since 4.4).
        AsValue = "asValue",
    }
}

words! {
    /// `MINING-FUNCTION`.
    MiningFunction {
        /// Rules between items.
        AssociationRules = "associationRules",
        /// Rules in time.
        Sequences = "sequences",
        /// A class.
        Classification = "classification",
        /// A number.
        Regression = "regression",
        /// A group.
        Clustering = "clustering",
        /// A series continued.
        TimeSeries = "timeSeries",
        /// Several of these.
        Mixed = "mixed",
    }
}

words! {
    /// `RESULT-FEATURE`.
    ResultFeature {
        /// The prediction.
        PredictedValue = "predictedValue",
        /// The prediction in words for people.
        PredictedDisplayValue = "predictedDisplayValue",
        /// An expression over fields and other outputs.
        TransformedValue = "transformedValue",
        /// A business decision.
        Decision = "decision",
        /// Probability of a class.
        Probability = "probability",
        /// Nearness to a cluster or neighbour.
        Affinity = "affinity",
        /// Distance to a cluster.
        ClusterAffinity = "clusterAffinity",
        /// Nearness to an entity.
        EntityAffinity = "entityAffinity",
        /// Difference from the actual value.
        Residual = "residual",
        /// Standard error.
        StandardError = "standardError",
        /// Deviation.
        StandardDeviation = "standardDeviation",
        /// Name of a cluster.
        ClusterId = "clusterId",
        /// Name of what answered.
        EntityId = "entityId",
        /// Points lost or gained.
        ReasonCode = "reasonCode",
        /// A feature of a rule.
        RuleValue = "ruleValue",
        /// Left side of a rule.
        Antecedent = "antecedent",
        /// Right side of a rule.
        Consequent = "consequent",
        /// A rule.
        Rule = "rule",
        /// Name of a rule.
        RuleId = "ruleId",
        /// Confidence.
        Confidence = "confidence",
        /// Support.
        Support = "support",
        /// Lift.
        Lift = "lift",
        /// Leverage.
        Leverage = "leverage",
        /// A warning.
        Warning = "warning",
        /// Result of a segment.
        Report = "report",
    }
}
