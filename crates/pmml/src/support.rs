//! What PMML 4.4 can say of a tabular model.

use std::collections::BTreeSet;

use holdall_codec::{PlanEntry, Support};
use holdall_tabular::{
    BinaryOp, Construct, Kind, Link, MissingPolicy, MissingRule, Op, Part, Summation, Test,
    UnaryOp, ValidModel, ValueId,
};

use crate::raise::{
    final_estimate, is_distribution, is_largest, is_largest_but_for_ties, is_writable,
    reject_target,
};

const NOT_YET: &str = "holdall does not write it to PMML";
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
        Construct::Binary(
            BinaryOp::Modulo
            | BinaryOp::Remainder
            | BinaryOp::FloorDiv
            | BinaryOp::Atan2
            | BinaryOp::Xor,
        ) => Support::refuse(NOT_YET),
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
        Construct::Function(_) | Construct::Transform(_) | Construct::Estimator(_) => {
            Support::refuse(NOT_YET)
        }
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
        Construct::SeveralTargets => Support::refuse("one target a model"),
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
            Support::rewrite("the most probable class, the first of equals")
        }
        Construct::Labels(_) => Support::native(),
        Construct::Output(part) => match part {
            Part::Label | Part::Probabilities | Part::Probability(_) | Part::Values => {
                Support::native()
            }
            Part::Whole | Part::Margins => Support::rewrite("a `transformedValue` an element"),
            Part::Distances
            | Part::Score
            | Part::Entity(_)
            | Part::Confidence
            | Part::Reason(_)
            | Part::Rule(..) => Support::refuse(NOT_YET),
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
        UnaryOp::Asinh
        | UnaryOp::Acosh
        | UnaryOp::Atanh
        | UnaryOp::Log2
        | UnaryOp::Exp2
        | UnaryOp::Cbrt
        | UnaryOp::Round
        | UnaryOp::Trunc
        | UnaryOp::Sign
        | UnaryOp::Erf
        | UnaryOp::NormalCdf
        | UnaryOp::NormalPdf
        | UnaryOp::NormalQuantile
        | UnaryOp::LnGamma => Support::refuse(NOT_YET),
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
        Link::Identity => Support::refuse("class probabilities other than the mean of a forest's"),
        Link::Logistic => Support::refuse("probabilities that do not sum to 1"),
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
        MissingRule::Yes | MissingRule::No => Support::native(),
        MissingRule::Compare => {
            Support::rewrite("NaN as a default child; without one, a missing value fails")
        }
        MissingRule::AsZero => Support::rewrite("a derived field that is 0 where missing"),
        MissingRule::YesWithZero | MissingRule::NoWithZero => {
            Support::rewrite("a derived field that is missing near 0")
        }
    }
}

/// Answers that depend on the model: what a construct meets there.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "`support` decides on every construct; here stand the exceptions alone"
)]
pub(crate) fn refine(valid: &ValidModel, entry: &PlanEntry) -> Option<Support> {
    match entry.requirement.construct {
        Construct::OneHotUnknownRejected | Construct::OrdinalUnknownRejected => {
            let named = rejects_are_inputs(valid);
            (!named).then(|| {
                Support::refuse(
                    "only an input with no domain of its own can refuse unlisted values",
                )
            })
        }
        Construct::Trees(_) => (!is_writable(valid))
            .then(|| Support::refuse("a node with two parents, or a threshold that is infinite")),
        Construct::Classify(Link::Identity) => all_classify(valid, &|id, classify| {
            valid.width_of(classify.margins) == 1
                || classify.link != Link::Identity
                || is_distribution(valid, id)
        })
        .then(Support::native),
        Construct::DecideMargin | Construct::DecideProbability => {
            if all_classify(valid, &|_, classify| is_largest(classify)) {
                None
            } else if all_classify(valid, &|_, classify| is_largest_but_for_ties(classify)) {
                Some(Support::approximate(
                    "of equally probable classes PMML predicts the first and the model the second: \
                     rows whose margin is exactly 0",
                ))
            } else {
                Some(Support::refuse("PMML predicts the most probable class; another bar is set"))
            }
        }
        Construct::Output(part) => {
            let last = final_estimate(valid);
            let second = valid
                .model()
                .outputs
                .iter()
                .any(|output| output.part != Part::Whole && Some(output.value) != last);
            (second && part != Part::Whole).then(|| Support::refuse("answers of two estimates"))
        }
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
    let mut lists = std::collections::BTreeMap::new();
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

fn all_classify(
    valid: &ValidModel,
    holds: &dyn Fn(ValueId, &holdall_tabular::Classify) -> bool,
) -> bool {
    valid.model().nodes.iter().all(|(id, node)| match &node.op {
        Op::Classify(classify) => holds(id, classify),
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
        | Op::OneHot(_)
        | Op::Ordinal(_)
        | Op::Call(_)
        | Op::Transform(_)
        | Op::Linear(_)
        | Op::Trees(_)
        | Op::Estimator(_)
        | Op::Regress(_)
        | Op::Part { .. }
        | Op::Foreign(_) => true,
    })
}
