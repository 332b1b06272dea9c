//! What PFA can say of a tabular model: all of it, if not always in a word of its own.

use holdall_codec::{PlanEntry, Support};
use holdall_tabular::{
    Accents, BinaryOp, Construct, EstimatorKind, Function, FunctionKind, Kind, Link, MissingRule,
    Op, Part, Reduce, ReduceOp, Summation, Terms, Test, TokenUnit, Transform, TransformKind,
    UnaryOp, ValidModel,
};

use crate::{
    pattern::{Pattern, plain_replacement},
    spell,
};

const STEP: &str = "one step of binary32 at most: the function is computed at binary64 and rounded, \
                    where the model's own library computes at binary32";
const NOT_YET: &str = "holdall does not write it to PFA";
const OVERFLOW: &str = "equal unless a result is beyond 64 bits: PFA refuses the row then";

/// The answer for one construct.
pub(crate) fn support(construct: Construct) -> Support {
    match construct {
        Construct::Field(Kind::F32) => {
            Support::rewrite("`float`, rounded to binary32 by a function")
        }
        Construct::Field(Kind::F64 | Kind::I64 | Kind::Bool | Kind::Text) => Support::native(),
        Construct::UnnamedInputs => Support::rewrite("inputs are called `x0`, `x1`, …"),
        Construct::MissingKept | Construct::MissingRejected => Support::native(),
        Construct::NanMissing => Support::rewrite("NaN becomes null"),
        Construct::MissingAsNan => Support::rewrite("null becomes 0 ÷ 0"),
        Construct::MissingReplaced => Support::rewrite("`ifnotnull`"),
        Construct::Domain
        | Construct::InvalidRejected
        | Construct::InvalidAsMissing
        | Construct::InvalidReplaced
        | Construct::Outliers => Support::rewrite("a function over lists of values and bounds"),
        Construct::Constant(_) => Support::native(),
        Construct::Cast(..) => Support::rewrite("a function that rounds or truncates as casts do"),
        Construct::Concat | Construct::Select => Support::native(),
        Construct::Unary(op) => unary(op),
        Construct::Binary(op) => binary(op),
        Construct::If => Support::native(),
        Construct::Impute(..) | Construct::ImputeSentinel => {
            Support::rewrite("a function of element and replacement")
        }
        Construct::Scale(_) => Support::rewrite("arithmetic in the same order"),
        Construct::OneHot(_)
        | Construct::OneHotUnknownRejected
        | Construct::OneHotUnknownZeros
        | Construct::OneHotDrop
        | Construct::MissingCategory
        | Construct::Ordinal(_)
        | Construct::OrdinalUnknownRejected
        | Construct::OrdinalUnknownCode => Support::rewrite("a search in the list of categories"),
        Construct::Function(kind) => function(kind),
        Construct::Transform(kind) => transform(kind),
        Construct::Estimator(kind) => estimator(kind),
        Construct::Linear(summation) | Construct::Trees(summation) => sum(summation),
        Construct::TreesRoundFeatures => Support::rewrite("features rounded by a function"),
        Construct::TreesF64Features => Support::native(),
        Construct::TreesTest(test) => match test {
            Test::Leaf | Test::Lt | Test::Le | Test::Gt | Test::Ge | Test::Eq | Test::Ne => {
                Support::native()
            }
            Test::In(_) => Support::rewrite("a list of flags by number"),
        },
        Construct::TreesMissing(rule) => match rule {
            MissingRule::Yes
            | MissingRule::No
            | MissingRule::Compare
            | MissingRule::Unanswered
            | MissingRule::AsZero
            | MissingRule::YesWithZero
            | MissingRule::NoWithZero => Support::rewrite("each node names where gaps go"),
        },
        Construct::TreesLeafVector
        | Construct::TreesWeighted
        | Construct::TreesDivided
        | Construct::TreesBaseFirst
        | Construct::TreesBaseLast => Support::native(),
        Construct::Regress(link) | Construct::Classify(link) | Construct::ClassifyBinary(link) => {
            linked(link)
        }
        Construct::SeveralTargets => Support::native(),
        Construct::DecideLargestProbability
        | Construct::DecideLargestMargin
        | Construct::DecideMargin
        | Construct::DecideProbability => Support::native(),
        Construct::Labels(_) => Support::native(),
        Construct::Output(part) => match part {
            Part::Probabilities => Support::rewrite("a map from label to probability"),
            Part::Whole | Part::Label | Part::Probability(_) | Part::Values | Part::Margins => {
                Support::native()
            }
            Part::Distances
            | Part::Score
            | Part::Entity(_)
            | Part::Confidence
            | Part::Reason(_)
            | Part::Rule(..) => Support::rewrite("a value of its own"),
        },
        Construct::PartAsValue => Support::native(),
        Construct::Foreign => Support::refuse("not understood by the reader"),
    }
}

fn unary(op: UnaryOp) -> Support {
    match op {
        UnaryOp::Exp => Support::rewrite("`m.exp`, infinite where engines would overflow"),
        UnaryOp::Logistic => Support::rewrite("1 / (1 + exp(−x))"),
        UnaryOp::IsMissing => Support::rewrite("`ifnotnull`"),
        UnaryOp::Neg
        | UnaryOp::Abs
        | UnaryOp::Ln
        | UnaryOp::Ln1p
        | UnaryOp::Expm1
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Tanh
        | UnaryOp::Not
        | UnaryOp::IsNan
        | UnaryOp::Erf => Support::native(),
        UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Log10
        | UnaryOp::RoundEven => Support::native(),
        UnaryOp::Trunc => Support::rewrite("`m.ceil` or `m.floor`"),
        UnaryOp::Asinh
        | UnaryOp::Acosh
        | UnaryOp::Atanh
        | UnaryOp::Log2
        | UnaryOp::Exp2
        | UnaryOp::Cbrt
        | UnaryOp::Round
        | UnaryOp::Sign
        | UnaryOp::NormalCdf
        | UnaryOp::NormalPdf
        | UnaryOp::NormalQuantile => Support::rewrite("arithmetic and elementary functions"),
        UnaryOp::LnGamma => Support::refuse(NOT_YET),
    }
}

fn binary(op: BinaryOp) -> Support {
    match op {
        BinaryOp::Min
        | BinaryOp::Max
        | BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::Pow => Support::rewrite("guarded where engines differ: NaN, powers of 1"),
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::And
        | BinaryOp::Or => Support::native(),
        BinaryOp::Xor => Support::native(),
        BinaryOp::Modulo | BinaryOp::FloorDiv => Support::rewrite("arithmetic in the same order"),
        BinaryOp::Remainder | BinaryOp::Atan2 => Support::refuse(NOT_YET),
    }
}

fn function(kind: FunctionKind) -> Support {
    match kind {
        FunctionKind::Uppercase | FunctionKind::Lowercase | FunctionKind::Length => {
            Support::native()
        }
        FunctionKind::Join => Support::rewrite("`s.concat` one by one"),
        FunctionKind::Substring => Support::rewrite("`s.substr`, null below its start"),
        FunctionKind::Coalesce => Support::rewrite("`ifnotnull` one by one"),
        FunctionKind::IsIn => Support::rewrite("a search in the list"),
        FunctionKind::Trim => Support::rewrite("`s.strip` of what Unicode calls white space"),
        FunctionKind::Replace | FunctionKind::Matches => {
            Support::rewrite("a loop over the characters, which are compared with ranges")
        }
        FunctionKind::ToText => Support::rewrite("`s.number` with more digits until it reads back"),
        FunctionKind::ToNumber => Support::rewrite("`parse.double` of what is a number"),
        FunctionKind::ParseDate => Support::approximate(
            "equal for dates as YYYY-MM-DD: PFA refuses rows with other dates of ISO 8601",
        ),
        FunctionKind::CityHash
        | FunctionKind::FormatNumber
        | FunctionKind::FormatDateTime
        | FunctionKind::ParseTime
        | FunctionKind::ParseDateTime => Support::refuse(NOT_YET),
    }
}

fn transform(kind: TransformKind) -> Support {
    match kind {
        TransformKind::Reduce | TransformKind::Normalize => {
            Support::rewrite("a function over the array")
        }
        TransformKind::Lookup => Support::rewrite("a search in columns of keys"),
        TransformKind::Bin => Support::rewrite("a search in columns of bounds"),
        TransformKind::Curve | TransformKind::Distances => {
            Support::rewrite("arithmetic in the same order")
        }
        TransformKind::TextVector => {
            Support::rewrite("loops over characters, tokens and runs of tokens")
        }
        TransformKind::Polynomial => Support::rewrite("products from left to right"),
        TransformKind::Spline
        | TransformKind::TextIndex
        | TransformKind::ImputeNeighbors
        | TransformKind::Decompose
        | TransformKind::Lag => Support::refuse(NOT_YET),
    }
}

fn estimator(kind: EstimatorKind) -> Support {
    match kind {
        EstimatorKind::LinearTrees => Support::rewrite(
            "a tree for the constants and one for each feature's coefficients, then sums in order",
        ),
        EstimatorKind::KernelMachine => {
            Support::rewrite("products or distances, a function of each, then sums in order")
        }
        EstimatorKind::Votes => Support::rewrite("comparisons with 0, then sums"),
        EstimatorKind::NaiveBayes => {
            Support::rewrite("a row of a table, or arithmetic in the same order")
        }
        EstimatorKind::Neighbors => {
            Support::rewrite("distances, then the place of the smallest of them, one by one")
        }
        EstimatorKind::DecisionTree => {
            Support::rewrite("a tree over the answers of the predicates for each part")
        }
        EstimatorKind::Rules => Support::rewrite("the first that fires, or sums of weights"),
        EstimatorKind::Scorecard => Support::rewrite("choices, then a sum in order"),
        EstimatorKind::Cluster | EstimatorKind::Detect => Support::rewrite("comparisons"),
        EstimatorKind::Association => {
            Support::rewrite("counts of the items that are there, then the first rules that fire")
        }
        EstimatorKind::Combine => Support::rewrite("sums and choices over the members"),
        EstimatorKind::ObliviousTrees => {
            Support::rewrite("full binary trees, node by node, then scale and bias")
        }
        EstimatorKind::BayesianNetwork
        | EstimatorKind::TimeSeries
        | EstimatorKind::GaussianProcess
        | EstimatorKind::Survival => Support::refuse(NOT_YET),
    }
}

fn sum(summation: Summation) -> Support {
    match summation {
        Summation::SequentialF64 | Summation::AnyF64 => Support::native(),
        Summation::SequentialF32 | Summation::AnyF32 => {
            Support::rewrite("binary64, each step rounded to binary32 by a function")
        }
    }
}

fn linked(link: Link) -> Support {
    match link {
        Link::Identity => Support::native(),
        Link::Logistic
        | Link::Exp
        | Link::Softmax
        | Link::LogisticNormalized
        | Link::SoftmaxSymmetric => Support::rewrite("arithmetic in the same order"),
    }
}

/// Answers that depend on the kind at which something is computed.
#[expect(clippy::wildcard_enum_match_arm, reason = "the first answer stands for all others")]
pub(crate) fn refine(valid: &ValidModel, entry: &PlanEntry) -> Option<Support> {
    let any = |matches: &dyn Fn(&Op) -> bool| {
        valid.model().nodes.iter().any(|(_, node)| matches(&node.op))
    };
    let is = |id, kind| valid.kind_of(id) == Some(kind);
    match entry.requirement.construct {
        Construct::Unary(asked) if is_curved(asked) => {
            any(&|op| matches!(op, Op::Unary { op, arg } if *op == asked && is(*arg, Kind::F32)))
                .then(|| Support::approximate(STEP))
        }
        Construct::Unary(asked @ (UnaryOp::Neg | UnaryOp::Abs)) => {
            any(&|op| matches!(op, Op::Unary { op, arg } if *op == asked && is(*arg, Kind::I64)))
                .then(|| Support::approximate(OVERFLOW))
        }
        Construct::Estimator(kind) => valid.model().nodes.iter().find_map(|(id, node)| {
            let Op::Estimator(estimator) = &node.op else { return None };
            (estimator.kind() == kind)
                .then(|| spell::refused(valid, id, estimator))
                .flatten()
                .map(Support::refuse)
        }),
        Construct::Transform(kind) => valid.model().nodes.iter().find_map(|(_, node)| {
            let Op::Transform(transform) = &node.op else { return None };
            (transform.kind() == kind).then(|| transform_refused(valid, transform)).flatten()
        }),
        Construct::Function(kind) => valid.model().nodes.iter().find_map(|(_, node)| {
            let Op::Call(call) = &node.op else { return None };
            (call.function.kind() == kind).then(|| function_refused(&call.function)).flatten()
        }),
        Construct::Binary(asked @ (BinaryOp::Modulo | BinaryOp::FloorDiv)) => any(
            &|op| matches!(op, Op::Binary { op, left, .. } if *op == asked && is(*left, Kind::I64)),
        )
        .then(|| Support::refuse("PFA fails where an integer is divided by 0")),
        Construct::Binary(BinaryOp::Pow) => any(
            &|op| matches!(op, Op::Binary { op: BinaryOp::Pow, left, .. } if is(*left, Kind::F32)),
        )
        .then(|| Support::approximate(STEP)),
        Construct::Binary(asked @ (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul)) => any(
            &|op| matches!(op, Op::Binary { op, left, .. } if *op == asked && is(*left, Kind::I64)),
        )
        .then(|| Support::approximate(OVERFLOW)),
        Construct::Regress(link) if link != Link::Identity => {
            any(&|op| matches!(op, Op::Regress(r) if r.link == link && is(r.margins, Kind::F32)))
                .then(|| Support::approximate(STEP))
        }
        Construct::Classify(link) | Construct::ClassifyBinary(link) if link != Link::Identity => {
            any(&|op| matches!(op, Op::Classify(c) if c.link == link && is(c.margins, Kind::F32)))
                .then(|| Support::approximate(STEP))
        }
        _ => None,
    }
}

const PATTERN: &str = "a pattern that is no chain of runs of characters";

fn function_refused(function: &Function) -> Option<Support> {
    let (pattern, with) = if let Function::Replace { pattern, with } = function {
        (pattern, Some(with))
    } else if let Function::Matches { pattern } = function {
        (pattern, None)
    } else {
        return None;
    };
    if Pattern::parse(pattern).is_none() {
        return Some(Support::refuse(PATTERN));
    }
    let groups = with.is_some_and(|with| plain_replacement(with).is_none());
    groups.then(|| Support::refuse("a replacement by groups of the match"))
}

fn transform_refused(valid: &ValidModel, transform: &Transform) -> Option<Support> {
    if let Transform::Distances(op) = transform {
        return spell::comparison_refused(&op.comparison).map(Support::refuse);
    }
    if let Transform::Reduce(Reduce { arg, op, skip_missing: _ }) = transform {
        let adds = matches!(
            op,
            ReduceOp::Sum
                | ReduceOp::Product
                | ReduceOp::SumAbs
                | ReduceOp::SumSquares
                | ReduceOp::MaxAbs
        );
        let whole = valid.kind_of(*arg) == Some(Kind::I64);
        let several = valid.width_of(*arg) > 1;
        return (adds && whole && several).then(|| Support::approximate(OVERFLOW));
    }
    let Transform::TextVector(op) = transform else { return None };
    match (&op.analyzer.unit, &op.terms, op.analyzer.accents) {
        (TokenUnit::Word { pattern }, Terms::Vocabulary(_), Accents::Keep) => {
            Pattern::parse(pattern).is_none().then(|| Support::refuse(PATTERN))
        }
        (TokenUnit::Word { .. }, Terms::Vocabulary(_), _) => {
            Some(Support::refuse("PFA does not take accents off letters"))
        }
        (TokenUnit::Word { .. }, Terms::Hashed { .. }, _) => {
            Some(Support::refuse("PFA has no operators for a hash of a text"))
        }
        (TokenUnit::Char | TokenUnit::CharInWord, _, _) => Some(Support::refuse(NOT_YET)),
    }
}

/// Whether a function at binary32 may differ from its rounded value at binary64.
const fn is_curved(op: UnaryOp) -> bool {
    matches!(
        op,
        UnaryOp::Exp
            | UnaryOp::Ln
            | UnaryOp::Ln1p
            | UnaryOp::Expm1
            | UnaryOp::Logistic
            | UnaryOp::Tanh
            | UnaryOp::Sin
            | UnaryOp::Cos
            | UnaryOp::Tan
            | UnaryOp::Asin
            | UnaryOp::Acos
            | UnaryOp::Atan
            | UnaryOp::Sinh
            | UnaryOp::Cosh
            | UnaryOp::Log10
            | UnaryOp::Asinh
            | UnaryOp::Acosh
            | UnaryOp::Atanh
            | UnaryOp::Log2
            | UnaryOp::Exp2
            | UnaryOp::Cbrt
            | UnaryOp::Erf
            | UnaryOp::NormalCdf
            | UnaryOp::NormalPdf
            | UnaryOp::NormalQuantile
    )
}
