//! What PFA can say of a tabular model: all of it, if not always in a word of its own.

use holdall_codec::{PlanEntry, Support};
use holdall_tabular::{
    BinaryOp, Construct, EstimatorKind, FunctionKind, Kind, Link, MissingRule, Op, Part, Reduce,
    ReduceOp, Summation, Test, Transform, TransformKind, UnaryOp, ValidModel,
};

use crate::library::scalar::OVER_ALL;

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
        Construct::Estimator(EstimatorKind::LinearTrees) => Support::rewrite(
            "a tree for the constants and one for each feature's coefficients, then sums in order",
        ),
        Construct::Function(kind) => function(kind),
        // Which of them is told by the model.
        Construct::Transform(TransformKind::Reduce) => {
            Support::rewrite("a function over the array")
        }
        Construct::Transform(_) | Construct::Estimator(_) => Support::refuse(NOT_YET),
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
            | Part::Rule(..) => Support::refuse(NOT_YET),
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
        | UnaryOp::IsNan => Support::native(),
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
        | UnaryOp::Erf
        | UnaryOp::NormalCdf
        | UnaryOp::NormalPdf
        | UnaryOp::NormalQuantile
        | UnaryOp::LnGamma => Support::refuse(NOT_YET),
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
        FunctionKind::Trim
        | FunctionKind::Replace
        | FunctionKind::Matches
        | FunctionKind::CityHash
        | FunctionKind::ToText
        | FunctionKind::ToNumber
        | FunctionKind::FormatNumber
        | FunctionKind::FormatDateTime
        | FunctionKind::ParseDate
        | FunctionKind::ParseTime
        | FunctionKind::ParseDateTime => Support::refuse(NOT_YET),
    }
}

/// Whether a reduction is written: of one element, or in the order of the elements and without gaps.
pub(crate) fn is_written(valid: &ValidModel, op: Reduce) -> bool {
    let picks = !matches!(op.op, ReduceOp::Count | ReduceOp::StdDev)
        && valid.width_of(op.arg) == 1
        && is_same(op.op);
    let float = valid.kind_of(op.arg).is_some_and(Kind::is_float);
    picks || (float && !op.skip_missing && OVER_ALL.iter().any(|(of, _)| *of == op.op))
}

/// Whether a reduction of one element is that element.
const fn is_same(op: ReduceOp) -> bool {
    matches!(
        op,
        ReduceOp::Sum
            | ReduceOp::Product
            | ReduceOp::Min
            | ReduceOp::Max
            | ReduceOp::Mean
            | ReduceOp::Median
    )
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
        Construct::Transform(TransformKind::Reduce) => {
            any(&|op| matches!(op, Op::Transform(Transform::Reduce(op)) if !is_written(valid, *op)))
                .then(|| Support::refuse(NOT_YET))
        }
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
    )
}
