//! What operators can say of each construct.

use holdall_codec::{Plan, Support};
use holdall_tabular::{
    BinaryOp, Construct, InvalidPolicy, Kind, Labels, Link, MissingPolicy, MissingRule, Model, Op,
    OutlierPolicy, Part, Summation, Test, TreeEnsemble, UnaryOp, Unknown, ValidModel, ValueId,
};

use super::{
    ColumnLayout, InputPrecision, LabelKind, LowerOptions, TreeSums, inputs, outputs, trees,
};

const NOT_YET: &str = "holdall does not write it to ONNX";
const LAST_PLACE: &str = "the runtime's exponential may differ from others in the last place";

/// What becomes of a construct, as far as that does not depend on the model.
pub fn support(construct: Construct, options: &LowerOptions) -> Support {
    match construct {
        Construct::Field(kind) => of_field(kind, options),
        Construct::UnnamedInputs => Support::native(),
        Construct::MissingKept => {
            Support::rewrite("NaN stands for a missing number, the empty text for a missing text")
        }
        // A number that is missing is NaN there from the start.
        Construct::NanMissing | Construct::MissingAsNan => Support::native(),
        Construct::MissingRejected => Support::drop(
            "operators cannot refuse a row: one with a missing input gets an answer that means nothing",
        ),
        Construct::MissingReplaced => Support::rewrite("`Where` and `IsNaN`"),
        Construct::Domain => Support::rewrite("comparisons, where invalid values are treated"),
        Construct::InvalidRejected => Support::drop(
            "operators cannot refuse a row: one with an invalid input gets an answer that means nothing",
        ),
        Construct::InvalidAsMissing | Construct::InvalidReplaced | Construct::Outliers => {
            Support::rewrite("comparisons and `Where`")
        }
        Construct::Constant(_)
        | Construct::Cast(_, _)
        | Construct::Concat
        | Construct::Select
        | Construct::If => Support::native(),
        Construct::Unary(op) => of_unary(op),
        Construct::Binary(op) => of_binary(op),
        Construct::Impute(_, true) | Construct::ImputeSentinel => {
            Support::rewrite("`Where` and comparisons, at the precision of the model")
        }
        Construct::Impute(_, false) => {
            Support::rewrite("`Where` and `IsNaN`: NaN stands for a missing number")
        }
        Construct::Scale(_) => {
            Support::rewrite("elementary operators, at the precision of the model")
        }
        Construct::OneHot(Kind::Text) => Support::rewrite("`LabelEncoder` and `Equal`"),
        Construct::OneHot(Kind::F32 | Kind::F64 | Kind::I64 | Kind::Bool) => {
            Support::rewrite("`Equal`")
        }
        Construct::OneHotUnknownRejected => {
            Support::drop("operators cannot refuse a row: an unlisted category gives zeros")
        }
        Construct::OneHotUnknownZeros => Support::native(),
        Construct::OneHotDrop => Support::rewrite("its column is left out"),
        Construct::MissingCategory => {
            Support::rewrite("NaN stands for a missing number, the empty text for a missing text")
        }
        Construct::Ordinal(_) => Support::rewrite("the position looked up in a table"),
        Construct::OrdinalUnknownRejected => Support::drop(
            "operators cannot refuse a row: an unlisted category gives NaN, or 0 as an integer",
        ),
        Construct::OrdinalUnknownCode => Support::native(),
        Construct::Function(_) | Construct::Transform(_) | Construct::Estimator(_) => {
            Support::refuse(NOT_YET)
        }
        Construct::Linear(Summation::AnyF32 | Summation::AnyF64) => Support::native(),
        Construct::Linear(Summation::SequentialF32 | Summation::SequentialF64) => {
            Support::rewrite("products added in order by `CumSum`")
        }
        Construct::Trees(summation) => of_sums(summation, options.sums),
        Construct::TreesRoundFeatures => Support::rewrite(
            "`Cast` before the ensemble; thresholds rounded to the side that decides alike",
        ),
        Construct::TreesF64Features => Support::rewrite("the binary64 form of the ensemble"),
        Construct::TreesTest(test) => of_test(test),
        Construct::TreesMissing(rule) => of_rule(rule),
        Construct::TreesLeafVector | Construct::TreesDivided | Construct::TreesBaseLast => {
            Support::native()
        }
        Construct::TreesWeighted => Support::rewrite("weights multiplied into the leaves"),
        Construct::TreesBaseFirst => Support::rewrite("a first tree of one leaf"),
        Construct::Regress(link) | Construct::Classify(link) | Construct::ClassifyBinary(link) => {
            of_link(link)
        }
        Construct::SeveralTargets => Support::native(),
        Construct::DecideLargestProbability | Construct::DecideLargestMargin => Support::native(),
        Construct::DecideMargin | Construct::DecideProbability => {
            Support::rewrite("a comparison; the label is looked up")
        }
        Construct::Labels(kind) => of_labels(kind, options.labels),
        Construct::Output(
            Part::Distances
            | Part::Score
            | Part::Entity(_)
            | Part::Confidence
            | Part::Reason(_)
            | Part::Rule(..),
        ) => Support::refuse(NOT_YET),
        Construct::Output(_) | Construct::PartAsValue => Support::native(),
        Construct::Foreign => Support::refuse("the reader did not understand it"),
    }
}

fn of_field(kind: Kind, options: &LowerOptions) -> Support {
    match (kind, options.input) {
        (Kind::F64, InputPrecision::Float) => Support::approximate(
            "values are rounded to binary32 before they enter, as `input=float` asks",
        ),
        (Kind::F32, InputPrecision::Double) => {
            Support::rewrite("handed in as binary64, then `Cast`")
        }
        (Kind::F32 | Kind::F64 | Kind::I64 | Kind::Bool | Kind::Text, _) => Support::native(),
    }
}

fn of_unary(op: UnaryOp) -> Support {
    match op {
        UnaryOp::Neg
        | UnaryOp::Abs
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Not
        | UnaryOp::IsNan => Support::native(),
        UnaryOp::Exp | UnaryOp::Ln | UnaryOp::Tanh | UnaryOp::Logistic => {
            Support::rewrite(LAST_PLACE)
        }
        UnaryOp::Ln1p => Support::approximate(
            "ln(1 + x): the sum rounds first, an absolute error of half a unit in the last place of 1",
        ),
        UnaryOp::Expm1 => Support::approximate(
            "eˣ − 1: the power rounds first, an absolute error of a unit in the last place of eˣ",
        ),
        UnaryOp::IsMissing => Support::rewrite("`IsNaN`, or equality with the empty text"),
        UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Asinh
        | UnaryOp::Acosh
        | UnaryOp::Atanh
        | UnaryOp::Log10
        | UnaryOp::Log2
        | UnaryOp::Exp2
        | UnaryOp::Cbrt
        | UnaryOp::Round
        | UnaryOp::RoundEven
        | UnaryOp::Trunc
        | UnaryOp::Sign
        | UnaryOp::Erf
        | UnaryOp::NormalCdf
        | UnaryOp::NormalPdf
        | UnaryOp::NormalQuantile
        | UnaryOp::LnGamma => Support::refuse(NOT_YET),
    }
}

fn of_binary(op: BinaryOp) -> Support {
    match op {
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::Eq
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::And
        | BinaryOp::Or => Support::native(),
        BinaryOp::Pow => {
            Support::rewrite("the runtime's power may differ from others in the last place")
        }
        BinaryOp::Ne => Support::rewrite("`Not` and `Equal`"),
        BinaryOp::Modulo
        | BinaryOp::Remainder
        | BinaryOp::FloorDiv
        | BinaryOp::Atan2
        | BinaryOp::Xor => Support::refuse(NOT_YET),
        BinaryOp::Min | BinaryOp::Max => {
            Support::rewrite("`Where`: the operator of that name loses NaN in older runtimes")
        }
    }
}

fn of_sums(summation: Summation, sums: TreeSums) -> Support {
    match (summation, sums) {
        (Summation::AnyF32, _) => Support::native(),
        (Summation::SequentialF32, TreeSums::Exact) => {
            Support::rewrite("a target for each tree, added in order by `CumSum`")
        }
        (Summation::SequentialF64 | Summation::AnyF64, TreeSums::Exact) => {
            Support::rewrite("leaf numbers, looked up in binary64 and added in order by `CumSum`")
        }
        (Summation::SequentialF32, TreeSums::Fast) => Support::approximate(
            "runtimes add large batches in another order: a relative error of at most \
             2⁻²⁴ × (trees − 1) of the sum of absolute leaves; `sums=exact` avoids it",
        ),
        (Summation::SequentialF64 | Summation::AnyF64, TreeSums::Fast) => Support::approximate(
            "sums of trees are rounded to binary32 on output: a relative error of at most 2⁻²⁴; \
             `sums=exact` avoids it",
        ),
    }
}

fn of_test(test: Test) -> Support {
    match test {
        Test::Leaf | Test::Lt | Test::Le | Test::Gt | Test::Ge | Test::Eq => Support::native(),
        Test::Ne => Support::rewrite("equality with the sides exchanged"),
        Test::In(_) => Support::rewrite("a chain of splits at the ends of the runs of the set"),
    }
}

fn of_rule(rule: MissingRule) -> Support {
    match rule {
        MissingRule::Yes | MissingRule::No => Support::native(),
        MissingRule::Compare => Support::rewrite("NaN sent to the side that the comparison gives"),
        MissingRule::AsZero => Support::rewrite("NaN sent to the side where 0 goes"),
        MissingRule::YesWithZero | MissingRule::NoWithZero => {
            Support::rewrite("two more splits around 0, where the side differs")
        }
    }
}

fn of_link(link: Link) -> Support {
    match link {
        Link::Identity => Support::native(),
        Link::Logistic
        | Link::Exp
        | Link::Softmax
        | Link::LogisticNormalized
        | Link::SoftmaxSymmetric => Support::rewrite(LAST_PLACE),
    }
}

fn of_labels(kind: Kind, labels: LabelKind) -> Support {
    match (labels, kind) {
        (LabelKind::Auto, _) | (LabelKind::Int, Kind::I64) | (LabelKind::Text, Kind::Text) => {
            Support::native()
        }
        (LabelKind::Int, Kind::F32 | Kind::F64 | Kind::Bool | Kind::Text) => Support::rewrite(
            "positions of the classes, as `labels=int` asks; the metadata lists the classes",
        ),
        (LabelKind::Text, Kind::F32 | Kind::F64 | Kind::Bool | Kind::I64) => {
            Support::rewrite("texts, as `labels=text` asks")
        }
    }
}

/// Sharpens the answers that depend on the model.
pub fn refine(plan: &mut Plan<'_>, options: &LowerOptions) {
    let valid = plan.model();
    let model = valid.model();
    let clash = clash(valid, options);
    let may_miss = may_miss(model);
    plan.refine(|entry| {
        let construct = entry.requirement.construct;
        let classical = matches!(construct, Construct::Trees(_) | Construct::Field(Kind::Text));
        if classical && !(3..=4).contains(&options.ml) {
            return Some(Support::refuse(format!(
                "its operators are those of `ml=3` and `ml=4`, not of {}",
                options.ml
            )));
        }
        if let Construct::Field(kind) = construct {
            return field(model, options, kind);
        }
        if let Construct::Output(part) = construct {
            return output(valid, part, clash.as_deref(), &may_miss);
        }
        if let Construct::Trees(summation) = construct {
            return tree_sums(model, options, summation);
        }
        if let Construct::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne)) = construct {
            return texts_compared(valid, op, options);
        }
        if construct == Construct::MissingKept && keeps_integers(model) {
            return Some(Support::drop(
                "NaN stands for a missing number, the empty text for a missing text; integers and \
                 booleans cannot be missing in tensors, such rows cannot be handed in",
            ));
        }
        (construct == Construct::MissingCategory && empty_category(model)).then(|| {
            Support::refuse("the empty text is a category and would stand for missing too")
        })
    });
}

/// A name that an input and an output would share.
fn clash(valid: &ValidModel, options: &LowerOptions) -> Option<String> {
    let model = valid.model();
    let outputs = outputs::output_names(valid);
    let is_input = |name: &String| {
        if inputs::joined(model, options) {
            name == inputs::JOINT
        } else {
            model.fields.iter().any(|(_, field)| field.name == *name)
        }
    };
    outputs.into_iter().find(is_input)
}

fn field(model: &Model, options: &LowerOptions, kind: Kind) -> Option<Support> {
    if options.columns == ColumnLayout::Tensor && !inputs::can_join(model) {
        return Some(Support::refuse(format!(
            "one tensor takes numbers of one kind, and not all fields are {kind}: \
             `columns=columns` gives each its own"
        )));
    }
    None
}

fn keeps_integers(model: &Model) -> bool {
    model.fields.iter().any(|(_, field)| {
        matches!(field.kind, Kind::I64 | Kind::Bool) && field.missing == MissingPolicy::Keep
    })
}

fn output(
    valid: &ValidModel,
    part: Part,
    clash: Option<&str>,
    may_miss: &[bool],
) -> Option<Support> {
    if valid.model().fields.is_empty() {
        return Some(Support::refuse("a graph without inputs has no rows"));
    }
    if let Some(name) = clash {
        return Some(Support::refuse(format!(
            "`{name}` is the name of an input and of an output, which must differ in a graph"
        )));
    }
    let gap = valid.model().outputs.iter().any(|output| {
        let kind = valid.kind_of(output.value);
        output.part == part
            && part == Part::Whole
            && matches!(kind, Some(Kind::I64 | Kind::Bool))
            && may_miss.get(output.value.index()).copied().unwrap_or(false)
    });
    gap.then(|| Support::refuse("an integer or boolean answer that may be missing has no tensor"))
}

fn tree_sums(model: &Model, options: &LowerOptions, summation: Summation) -> Option<Support> {
    let ensembles: Vec<&TreeEnsemble> = model
        .nodes
        .iter()
        .filter_map(
            |(_, node)| {
                if let Op::Trees(ensemble) = &node.op { Some(&**ensemble) } else { None }
            },
        )
        .filter(|ensemble| ensemble.summation == summation)
        .collect();
    let places: Vec<_> =
        ensembles.iter().map(|ensemble| (trees::place(ensemble, options.sums), ensemble)).collect();
    let too_many = places.iter().any(|((place, _), ensemble)| {
        *place == trees::Place::Numbers && ensemble.nodes.len() >= 1 << 24
    });
    if too_many {
        return Some(Support::refuse(
            "more than 2²⁴ leaves cannot be numbered in binary32: `sums=fast` does without",
        ));
    }
    places
        .iter()
        .all(|((place, exact), _)| *place == trees::Place::Inside && *exact)
        .then(Support::native)
}

/// Two computed texts compare in operators from opset 19 on.
fn texts_compared(valid: &ValidModel, op: BinaryOp, options: &LowerOptions) -> Option<Support> {
    let model = valid.model();
    let constant = |id: ValueId| {
        model.nodes.get(id).is_some_and(|node| {
            matches!(&node.op, Op::Constant(c) if matches!(&c.values, Labels::Text(v) if v.len() == 1))
        })
    };
    let needs = model.nodes.iter().any(|(_, node)| {
        if let Op::Binary { op: found, left, right } = node.op {
            let text = found == op && valid.kind_of(left) == Some(Kind::Text);
            text && !constant(left) && !constant(right)
        } else {
            false
        }
    });
    (needs && options.opset < 19)
        .then(|| Support::refuse("texts of two columns compare from `opset=19` on only"))
}

fn empty_category(model: &Model) -> bool {
    model.nodes.iter().any(|(_, node)| {
        let categories = if let Op::OneHot(one_hot) = &node.op {
            &one_hot.categories
        } else if let Op::Ordinal(ordinal) = &node.op {
            &ordinal.categories
        } else {
            return false;
        };
        categories.missing
            && matches!(&categories.values, Labels::Text(v) if v.iter().any(String::is_empty))
    })
}

/// Whether elements of each node's value may be missing, as far as operators can tell.
fn may_miss(model: &Model) -> Vec<bool> {
    let mut found: Vec<bool> = Vec::with_capacity(model.nodes.len());
    for (_, node) in model.nodes.iter() {
        let of = |id: ValueId| found.get(id.index()).copied().unwrap_or(false);
        let any = || {
            let mut any = false;
            node.op.each_arg(&mut |id| any |= of(id));
            any
        };
        let misses = match &node.op {
            Op::Input(field) => model.fields.get(*field).is_some_and(|field| {
                let makes = matches!(field.outlier, OutlierPolicy::AsMissing { .. })
                    || field.invalid == InvalidPolicy::AsMissing;
                let can = makes || !matches!(field.kind, Kind::I64 | Kind::Bool);
                can && field.missing == MissingPolicy::Keep
            }),
            Op::Constant(_)
            | Op::Impute(_)
            | Op::OneHot(_)
            | Op::Trees(_)
            | Op::Unary { op: UnaryOp::IsMissing, .. } => false,
            Op::Ordinal(ordinal) => ordinal.unknown == Unknown::None,
            Op::Call(_) | Op::Transform(_) => true,
            Op::Cast { .. }
            | Op::Concat(_)
            | Op::Select { .. }
            | Op::Unary { .. }
            | Op::Binary { .. }
            | Op::If { .. }
            | Op::Scale(_)
            | Op::Linear(_)
            | Op::Estimator(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Part { .. }
            | Op::Foreign(_) => any(),
        };
        found.push(misses);
    }
    found
}
