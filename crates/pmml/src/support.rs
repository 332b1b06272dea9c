//! What PMML 4.4 can say of a tabular model.

use std::collections::{BTreeMap, BTreeSet};

use holdall_codec::{PlanEntry, Support};
use holdall_tabular::{
    BinaryOp, Construct, EstimatorKind, FunctionKind, Kind, Link, MissingPolicy, MissingRule, Op,
    Part, Summation, Test, TransformKind, UnaryOp, ValidModel, ValueId,
};

use crate::raise::{is_writable, reject_target};

const NOT_YET: &str = "holdall does not write it to PMML";
const NO_FUNCTION: &str = "PMML 4.4 has no such function";
const NAN: &str =
    "PMML has no NaN: it is written as missing, and an answer of NaN is a missing answer";

/// The answer for one construct.
pub(crate) fn support(construct: Construct) -> Support {
    match construct {
        Construct::Field(_) | Construct::Constant(_) => Support::native(),
        Construct::UnnamedInputs => Support::rewrite("inputs are called `x0`, `x1`, …"),
        Construct::NanMissing
        | Construct::MissingKept
        | Construct::MissingRejected
        | Construct::MissingReplaced => Support::native(),
        Construct::MissingAsNan => Support::rewrite(NAN),
        Construct::Domain
        | Construct::InvalidRejected
        | Construct::InvalidAsMissing
        | Construct::InvalidReplaced
        | Construct::Outliers => Support::native(),
        Construct::Cast(_, Kind::I64) => {
            Support::rewrite("`floor` or `ceil`, then an integer field")
        }
        Construct::Cast(..) => Support::rewrite("a derived field of the other type"),
        Construct::Concat | Construct::Select => Support::rewrite("one field an element"),
        Construct::Unary(op) => unary(op),
        Construct::Binary(BinaryOp::Remainder | BinaryOp::Atan2) => Support::refuse(NO_FUNCTION),
        Construct::Binary(_) | Construct::If => Support::rewrite("one derived field an element"),
        Construct::Impute(..) | Construct::ImputeSentinel => Support::rewrite("`if(isMissing(…))`"),
        Construct::Scale(_) => Support::rewrite("arithmetic in the same order"),
        Construct::OneHot(_)
        | Construct::OneHotUnknownZeros
        | Construct::OneHotDrop
        | Construct::MissingCategory => Support::rewrite("`NormDiscrete`, or `isMissing`"),
        Construct::OneHotUnknownRejected | Construct::OrdinalUnknownRejected => {
            Support::rewrite("the field's valid values, and `returnInvalid`")
        }
        Construct::Ordinal(_) | Construct::OrdinalUnknownCode => Support::rewrite("`MapValues`"),
        Construct::Function(kind) => function(kind),
        Construct::Transform(kind) => transform(kind),
        Construct::Estimator(kind) => estimator(kind),
        Construct::Linear(summation) => linear(summation),
        Construct::Trees(_) => Support::native(),
        Construct::TreesRoundFeatures => Support::rewrite(
            "`float` fields, and thresholds rounded to the side that decides the same",
        ),
        Construct::TreesF64Features => Support::native(),
        Construct::TreesTest(test) => tree_test(test),
        Construct::TreesMissing(rule) => tree_missing(rule),
        Construct::TreesLeafVector => {
            Support::rewrite("score distributions, or the trees once an output")
        }
        Construct::TreesWeighted => Support::rewrite("leaves multiplied beforehand"),
        Construct::TreesDivided => Support::rewrite("an average, or a derived field that divides"),
        Construct::TreesBaseFirst | Construct::TreesBaseLast => {
            Support::rewrite("a tree of one node")
        }
        Construct::Regress(link) => match link {
            Link::Identity | Link::Logistic | Link::Exp => Support::native(),
            Link::Softmax | Link::LogisticNormalized | Link::SoftmaxSymmetric => {
                Support::refuse("no such link for values")
            }
        },
        Construct::SeveralTargets => {
            Support::rewrite("the first target is predicted, the others are outputs")
        }
        Construct::Classify(link) => classify(link),
        Construct::ClassifyBinary(link) => match link {
            Link::Identity | Link::Logistic => Support::native(),
            Link::SoftmaxSymmetric => Support::rewrite("the softmax of −m and m"),
            Link::Exp | Link::Softmax | Link::LogisticNormalized => {
                Support::refuse("no such link for two classes")
            }
        },
        Construct::DecideLargestProbability => Support::native(),
        Construct::DecideLargestMargin | Construct::DecideMargin | Construct::DecideProbability => {
            Support::rewrite("the most probable class, or a tree of one split")
        }
        Construct::Labels(_) => Support::native(),
        Construct::Output(part) => match part {
            Part::Label
            | Part::Probabilities
            | Part::Probability(_)
            | Part::Values
            | Part::Distances
            | Part::Entity(_)
            | Part::Confidence
            | Part::Reason(_) => Support::native(),
            Part::Whole | Part::Margins | Part::Score => {
                Support::rewrite("a `transformedValue` an element")
            }
            Part::Rule(..) => Support::native(),
        },
        Construct::PartAsValue => Support::rewrite("an output of a segment of a model chain"),
        Construct::Foreign => Support::refuse("not understood by the reader"),
    }
}

fn unary(op: UnaryOp) -> Support {
    match op {
        UnaryOp::Logistic => Support::rewrite("1 / (1 + exp(−x))"),
        UnaryOp::Neg => Support::rewrite("−1 · x"),
        UnaryOp::IsNan => Support::rewrite("`isMissing`, where NaN stands for missing"),
        UnaryOp::Abs
        | UnaryOp::Exp
        | UnaryOp::Ln
        | UnaryOp::Ln1p
        | UnaryOp::Expm1
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Tanh
        | UnaryOp::Not
        | UnaryOp::IsMissing
        | UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Log10
        | UnaryOp::RoundEven => Support::native(),
        UnaryOp::Erf | UnaryOp::NormalCdf | UnaryOp::NormalPdf | UnaryOp::NormalQuantile => {
            Support::native()
        }
        UnaryOp::Round | UnaryOp::Trunc | UnaryOp::Sign => {
            Support::rewrite("`floor`, `ceil` and `if`")
        }
        UnaryOp::Log2 => Support::approximate("`ln(x) / ln(2)`: the last place may differ"),
        UnaryOp::Exp2 => Support::approximate("`pow(2, x)`: the last place may differ"),
        UnaryOp::Cbrt => Support::approximate("`pow(x, 1/3)`: the last places may differ"),
        UnaryOp::Asinh | UnaryOp::Acosh | UnaryOp::Atanh | UnaryOp::LnGamma => {
            Support::refuse(NO_FUNCTION)
        }
    }
}

fn function(kind: FunctionKind) -> Support {
    match kind {
        FunctionKind::Uppercase
        | FunctionKind::Lowercase
        | FunctionKind::Trim
        | FunctionKind::Substring
        | FunctionKind::Join
        | FunctionKind::Length
        | FunctionKind::Replace
        | FunctionKind::Matches
        | FunctionKind::FormatNumber
        | FunctionKind::IsIn => Support::native(),
        FunctionKind::ToText | FunctionKind::ToNumber => {
            Support::rewrite("a derived field of the other type")
        }
        FunctionKind::Coalesce => Support::rewrite("`if(isMissing(…))`"),
        FunctionKind::CityHash => Support::refuse("PMML has no hash functions"),
        FunctionKind::ParseDate | FunctionKind::ParseTime | FunctionKind::ParseDateTime => {
            Support::rewrite("a derived field of a date type, and its days or seconds")
        }
        FunctionKind::FormatDateTime => Support::rewrite("`formatDatetime` of a derived field"),
    }
}

fn transform(kind: TransformKind) -> Support {
    match kind {
        TransformKind::Lookup
        | TransformKind::Bin
        | TransformKind::Curve
        | TransformKind::TextIndex
        | TransformKind::Lag => Support::native(),
        TransformKind::Reduce
        | TransformKind::Normalize
        | TransformKind::Polynomial
        | TransformKind::Distances => Support::rewrite("arithmetic in the same order"),
        TransformKind::ImputeNeighbors => {
            Support::refuse("PMML fills gaps with what is the same for all rows")
        }
        TransformKind::Decompose => Support::refuse("PMML has no iterations"),
        TransformKind::Spline => Support::rewrite("the steps of its recursion, piece by piece"),
        TransformKind::TextVector => {
            Support::rewrite("`TextIndex` with a pattern of words, as JPMML has it")
        }
    }
}

fn estimator(kind: EstimatorKind) -> Support {
    match kind {
        EstimatorKind::KernelMachine
        | EstimatorKind::NaiveBayes
        | EstimatorKind::Neighbors
        | EstimatorKind::DecisionTree
        | EstimatorKind::Rules
        | EstimatorKind::Scorecard
        | EstimatorKind::Cluster
        | EstimatorKind::Combine => Support::native(),
        EstimatorKind::LinearTrees => Support::rewrite(
            "a tree for the constants and one for each feature's coefficients, then sums in order",
        ),
        EstimatorKind::Votes => Support::rewrite("machines of pairs, or arithmetic"),
        EstimatorKind::Detect => Support::rewrite("a tree of one split"),
        EstimatorKind::BayesianNetwork | EstimatorKind::TimeSeries => Support::native(),
        EstimatorKind::Survival => Support::rewrite("the cumulative hazard of a Cox regression"),
        EstimatorKind::Association => Support::rewrite("an item is a field that is true"),
        EstimatorKind::ObliviousTrees => Support::refuse(NOT_YET),
        EstimatorKind::GaussianProcess => Support::approximate(
            "engines work the weights out again from the training rows: answers agree to rounding",
        ),
    }
}

fn linear(summation: Summation) -> Support {
    match summation {
        Summation::AnyF32 | Summation::AnyF64 => Support::native(),
        Summation::SequentialF32 | Summation::SequentialF64 => Support::approximate(
            "PMML leaves the order of a regression table's sum to the engine: answers agree to rounding",
        ),
    }
}

fn classify(link: Link) -> Support {
    match link {
        Link::Softmax => Support::native(),
        Link::LogisticNormalized => {
            Support::rewrite("a `logit` regression for each class, then `simplemax`")
        }
        Link::Identity => {
            Support::rewrite("the place of the largest, and a tree that names its class")
        }
        Link::Logistic => {
            Support::rewrite("the place of the largest, and a tree that names its class")
        }
        Link::Exp | Link::SoftmaxSymmetric => Support::refuse("no such link for classes"),
    }
}

fn tree_test(test: Test) -> Support {
    match test {
        Test::Leaf | Test::Lt | Test::Le | Test::Gt | Test::Ge | Test::Eq | Test::Ne => {
            Support::native()
        }
        Test::In(_) => Support::rewrite("`SimpleSetPredicate` on the truncated value"),
    }
}

fn tree_missing(rule: MissingRule) -> Support {
    match rule {
        MissingRule::Yes | MissingRule::No | MissingRule::Unanswered => Support::native(),
        MissingRule::Compare => {
            Support::rewrite("NaN as a default child; without one, a missing value fails")
        }
        MissingRule::AsZero => Support::rewrite("a derived field that is 0 where missing"),
        MissingRule::YesWithZero | MissingRule::NoWithZero => {
            Support::rewrite("a derived field that is missing near 0")
        }
    }
}

/// Answers that depend on the model: what a construct meets there. `found` is what raising it noted.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`support` decides on every construct; here stand the exceptions alone"
)]
pub(crate) fn refine(
    valid: &ValidModel,
    found: &BTreeMap<Construct, Support>,
    entry: &PlanEntry,
) -> Option<Support> {
    if let Some(support) = found.get(&entry.requirement.construct) {
        return Some(support.clone());
    }
    match entry.requirement.construct {
        Construct::OneHotUnknownRejected | Construct::OrdinalUnknownRejected => {
            let named = rejects_are_inputs(valid);
            (!named).then(|| {
                Support::refuse(
                    "only an input with no domain of its own can refuse unlisted values",
                )
            })
        }
        Construct::Trees(_) => (!is_writable(valid)).then(|| {
            Support::refuse(
                "many nodes with several parents, a threshold that is infinite, or missing values \
                 that refuse some rows and leave others without an answer",
            )
        }),
        Construct::Unary(UnaryOp::IsNan) => {
            let nodes = valid.model().nodes.iter().map(|(_, node)| &node.op);
            let mut tested = nodes.filter_map(|op| {
                if let Op::Unary { op: UnaryOp::IsNan, arg } = op { Some(*arg) } else { None }
            });
            let told = tested.any(|arg| !nan_is_missing(valid, arg));
            told.then(|| Support::refuse("PMML cannot tell NaN from missing"))
        }
        Construct::Unary(UnaryOp::IsMissing) | Construct::Impute(_, false) => {
            let any = valid.model().fields.iter().any(|(_, f)| f.missing == MissingPolicy::AsNan);
            any.then(|| Support::approximate("NaN counts as missing too"))
        }
        _ => None,
    }
}

/// Whether the NaN of a value are those of its inputs, which all read missing as NaN. What is computed
/// may be NaN where nothing is missing.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the operations that hand elements on; all others compute"
)]
fn nan_is_missing(valid: &ValidModel, id: ValueId) -> bool {
    let mut open = vec![id];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        let Some(node) = valid.model().nodes.get(id).filter(|_| seen.insert(id)) else { continue };
        let hands_on = match &node.op {
            Op::Input(field) => {
                let field = valid.model().fields.get(*field);
                field.is_some_and(|field| match field.missing {
                    MissingPolicy::AsNan => true,
                    MissingPolicy::Reject | MissingPolicy::Replace(_) => !field.kind.is_float(),
                    MissingPolicy::Keep => false,
                })
            }
            Op::Concat(_) | Op::Select { .. } | Op::Cast { .. } => true,
            _ => false,
        };
        if !hands_on {
            return false;
        }
        node.op.each_arg(&mut |arg| open.push(arg));
    }
    true
}

fn rejects_are_inputs(valid: &ValidModel) -> bool {
    let mut lists = BTreeMap::new();
    valid.model().nodes.iter().all(|(_, node)| {
        let rejects = match &node.op {
            Op::OneHot(op) => op.unknown == holdall_tabular::Unknown::Reject,
            Op::Ordinal(op) => op.unknown == holdall_tabular::Unknown::Reject,
            Op::Input(_)
            | Op::Constant(_)
            | Op::Cast { .. }
            | Op::Concat(_)
            | Op::Select { .. }
            | Op::Unary { .. }
            | Op::Binary { .. }
            | Op::If { .. }
            | Op::Impute(_)
            | Op::Scale(_)
            | Op::Call(_)
            | Op::Transform(_)
            | Op::Linear(_)
            | Op::Trees(_)
            | Op::Estimator(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Part { .. }
            | Op::Foreign(_) => false,
        };
        !rejects
            || reject_target(valid, &node.op)
                .is_some_and(|(field, list)| *lists.entry(field).or_insert(list) == list)
    })
}
