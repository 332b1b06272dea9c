use std::{collections::BTreeMap, fmt};

use holdall_table::Kind;

use crate::{
    Aggregate, BinaryOp, Decision, Estimator, EstimatorKind, FunctionKind, InvalidPolicy, Link,
    MissingPolicy, MissingRule, Model, Op, OutlierPolicy, Part, RuleFeature, ScaleForm, Summation,
    Test, TransformKind, TreeEnsemble, UnaryOp, Unknown, ValueId,
};

/// One thing that a model may need of a target: the vocabulary in which writers say what they can
/// carry. A node usually needs several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Construct {
    /// An input of this kind.
    Field(Kind),
    /// Inputs are matched by position.
    UnnamedInputs,
    /// NaN counts as missing.
    NanMissing,
    /// A missing input stays missing.
    MissingKept,
    /// A missing input becomes NaN.
    MissingAsNan,
    /// A missing input refuses the row.
    MissingRejected,
    /// A missing input is replaced.
    MissingReplaced,
    /// Inputs have a closed domain.
    Domain,
    /// An invalid input refuses the row.
    InvalidRejected,
    /// An invalid input counts as missing.
    InvalidAsMissing,
    /// An invalid input is replaced.
    InvalidReplaced,
    /// Outliers count as missing or are clamped.
    Outliers,
    /// A constant of this kind.
    Constant(Kind),
    /// Conversion between kinds.
    Cast(Kind, Kind),
    /// Values joined into a vector.
    Concat,
    /// Elements taken out of a vector.
    Select,
    /// A function of one element.
    Unary(UnaryOp),
    /// A function of two elements.
    Binary(BinaryOp),
    /// A choice between two values.
    If,
    /// Missing elements filled; the flag says whether NaN is filled too.
    Impute(Kind, bool),
    /// Elements equal to a given value filled.
    ImputeSentinel,
    /// Elements moved and stretched.
    Scale(ScaleForm),
    /// Indicators of a category of this kind.
    OneHot(Kind),
    /// Indicators: an unlisted category refuses the row.
    OneHotUnknownRejected,
    /// Indicators: an unlisted category gives zeros.
    OneHotUnknownZeros,
    /// Indicators: one category is left out.
    OneHotDrop,
    /// A category list in which missing is a category.
    MissingCategory,
    /// A category of this kind as a number.
    Ordinal(Kind),
    /// Ordinal: an unlisted category refuses the row.
    OrdinalUnknownRejected,
    /// Ordinal: an unlisted category is missing or a given number.
    OrdinalUnknownCode,
    /// A function of scalars.
    Function(FunctionKind),
    /// Another step from values to a value.
    Transform(TransformKind),
    /// Weighted sums.
    Linear(Summation),
    /// Trees added this way.
    Trees(Summation),
    /// Features rounded to binary32 before comparison.
    TreesRoundFeatures,
    /// binary64 features compared with binary64 thresholds.
    TreesF64Features,
    /// A split by this comparison; the number of a set is given as 0.
    TreesTest(Test),
    /// A split sends NaN and missing this way.
    TreesMissing(MissingRule),
    /// Leaves of several values.
    TreesLeafVector,
    /// Trees with weights other than 1.
    TreesWeighted,
    /// The sum is divided.
    TreesDivided,
    /// A start value before the trees.
    TreesBaseFirst,
    /// A value added after the trees.
    TreesBaseLast,
    /// Another family that scores.
    Estimator(EstimatorKind),
    /// Regression through this link.
    Regress(Link),
    /// Several regression targets.
    SeveralTargets,
    /// Classification through this link, one margin a class.
    Classify(Link),
    /// Classification into two classes from one margin through this link.
    ClassifyBinary(Link),
    /// The label is the most probable class.
    DecideLargestProbability,
    /// The label is the class with the largest margin.
    DecideLargestMargin,
    /// The label follows from comparing the margin with a number.
    DecideMargin,
    /// The label follows from comparing the probability with a number.
    DecideProbability,
    /// Labels of this kind.
    Labels(Kind),
    /// This part is answered.
    Output(Part),
    /// A part of an estimate is used by further nodes.
    PartAsValue,
    /// Something the reader did not understand.
    Foreign,
}

impl fmt::Display for Construct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(kind) => write!(f, "field/{kind}"),
            Self::UnnamedInputs => f.write_str("field/unnamed"),
            Self::NanMissing => f.write_str("missing/nan"),
            Self::MissingKept => f.write_str("missing/kept"),
            Self::MissingAsNan => f.write_str("missing/as-nan"),
            Self::MissingRejected => f.write_str("missing/rejected"),
            Self::MissingReplaced => f.write_str("missing/replaced"),
            Self::Domain => f.write_str("field/domain"),
            Self::InvalidRejected => f.write_str("invalid/rejected"),
            Self::InvalidAsMissing => f.write_str("invalid/as-missing"),
            Self::InvalidReplaced => f.write_str("invalid/replaced"),
            Self::Outliers => f.write_str("field/outliers"),
            Self::Constant(kind) => write!(f, "constant/{kind}"),
            Self::Cast(from, to) => write!(f, "cast/{from}-{to}"),
            Self::Concat => f.write_str("concat"),
            Self::Select => f.write_str("select"),
            Self::Unary(op) => write!(f, "function/{}", op.name()),
            Self::Binary(op) => write!(f, "function/{}", op.name()),
            Self::If => f.write_str("if"),
            Self::Impute(kind, false) => write!(f, "impute/{kind}"),
            Self::Impute(kind, true) => write!(f, "impute/{kind}-nan"),
            Self::ImputeSentinel => f.write_str("impute/sentinel"),
            Self::Scale(ScaleForm::SubtractDivide) => f.write_str("scale/subtract-divide"),
            Self::Scale(ScaleForm::SubtractMultiply) => f.write_str("scale/subtract-multiply"),
            Self::Scale(ScaleForm::MultiplyAdd) => f.write_str("scale/multiply-add"),
            Self::OneHot(kind) => write!(f, "one-hot/{kind}"),
            Self::OneHotUnknownRejected => f.write_str("one-hot/unknown-rejected"),
            Self::OneHotUnknownZeros => f.write_str("one-hot/unknown-zeros"),
            Self::OneHotDrop => f.write_str("one-hot/drop"),
            Self::MissingCategory => f.write_str("category/missing"),
            Self::Ordinal(kind) => write!(f, "ordinal/{kind}"),
            Self::OrdinalUnknownRejected => f.write_str("ordinal/unknown-rejected"),
            Self::OrdinalUnknownCode => f.write_str("ordinal/unknown-code"),
            Self::Function(kind) => write!(f, "function/{}", kind.name()),
            Self::Transform(kind) => write!(f, "transform/{}", kind.name()),
            Self::Estimator(kind) => write!(f, "estimator/{}", kind.name()),
            Self::Linear(summation) => write!(f, "linear/{}", summation_name(*summation)),
            Self::Trees(summation) => write!(f, "trees/{}", summation_name(*summation)),
            Self::TreesRoundFeatures => f.write_str("trees/features-rounded-to-f32"),
            Self::TreesF64Features => f.write_str("trees/features-f64"),
            Self::TreesTest(test) => write!(f, "trees/test-{}", test_name(*test)),
            Self::TreesMissing(rule) => write!(f, "trees/missing-{}", rule_name(*rule)),
            Self::TreesLeafVector => f.write_str("trees/leaf-vector"),
            Self::TreesWeighted => f.write_str("trees/weighted"),
            Self::TreesDivided => f.write_str("trees/divided"),
            Self::TreesBaseFirst => f.write_str("trees/base-first"),
            Self::TreesBaseLast => f.write_str("trees/base-last"),
            Self::Regress(link) => write!(f, "regress/{}", link.name()),
            Self::SeveralTargets => f.write_str("regress/several-targets"),
            Self::Classify(link) => write!(f, "classify/{}", link.name()),
            Self::ClassifyBinary(link) => write!(f, "classify-binary/{}", link.name()),
            Self::DecideLargestProbability => f.write_str("decide/largest-probability"),
            Self::DecideLargestMargin => f.write_str("decide/largest-margin"),
            Self::DecideMargin => f.write_str("decide/margin"),
            Self::DecideProbability => f.write_str("decide/probability"),
            Self::Labels(kind) => write!(f, "labels/{kind}"),
            Self::Output(part) => write!(f, "output/{}", part_name(*part)),
            Self::PartAsValue => f.write_str("part-as-value"),
            Self::Foreign => f.write_str("foreign"),
        }
    }
}

const fn summation_name(summation: Summation) -> &'static str {
    match summation {
        Summation::SequentialF32 => "f32",
        Summation::SequentialF64 => "f64",
        Summation::AnyF64 => "f64-any-order",
        Summation::AnyF32 => "f32-any-order",
    }
}

pub(crate) const fn test_name(test: Test) -> &'static str {
    match test {
        Test::Leaf => "leaf",
        Test::Lt => "lt",
        Test::Le => "le",
        Test::Gt => "gt",
        Test::Ge => "ge",
        Test::Eq => "eq",
        Test::Ne => "ne",
        Test::In(_) => "in",
    }
}

pub(crate) const fn rule_name(rule: MissingRule) -> &'static str {
    match rule {
        MissingRule::Yes => "yes",
        MissingRule::No => "no",
        MissingRule::Compare => "compare",
        MissingRule::Unanswered => "unanswered",
        MissingRule::AsZero => "as-zero",
        MissingRule::YesWithZero => "yes-with-zero",
        MissingRule::NoWithZero => "no-with-zero",
    }
}

pub(crate) const fn part_name(part: Part) -> &'static str {
    match part {
        Part::Whole => "whole",
        Part::Label => "label",
        Part::Probabilities => "probabilities",
        Part::Probability(_) => "probability",
        Part::Values => "values",
        Part::Margins => "margins",
        Part::Distances => "distances",
        Part::Score => "score",
        Part::Entity(_) => "entity",
        Part::Confidence => "confidence",
        Part::Reason(_) => "reason",
        Part::Rule(_, _) => "rule",
    }
}

const PARTS: [Part; 12] = [
    Part::Whole,
    Part::Label,
    Part::Probabilities,
    Part::Probability(0),
    Part::Values,
    Part::Margins,
    Part::Distances,
    Part::Score,
    Part::Entity(0),
    Part::Confidence,
    Part::Reason(0),
    Part::Rule(0, RuleFeature::Id),
];

impl Construct {
    /// Every construct, for generated tables.
    pub fn all() -> Vec<Self> {
        const KINDS: [Kind; 5] = [Kind::F32, Kind::F64, Kind::I64, Kind::Bool, Kind::Text];
        const SUMS: [Summation; 4] = [
            Summation::SequentialF32,
            Summation::SequentialF64,
            Summation::AnyF32,
            Summation::AnyF64,
        ];
        let mut all: Vec<Self> = KINDS.map(Self::Field).to_vec();
        all.extend([
            Self::UnnamedInputs,
            Self::NanMissing,
            Self::MissingKept,
            Self::MissingAsNan,
            Self::MissingRejected,
            Self::MissingReplaced,
            Self::Domain,
            Self::InvalidRejected,
            Self::InvalidAsMissing,
            Self::InvalidReplaced,
            Self::Outliers,
        ]);
        all.extend(KINDS.map(Self::Constant));
        for from in KINDS.into_iter().filter(|k| *k != Kind::Text) {
            let to = KINDS.into_iter().filter(|k| k.is_number() && *k != from);
            all.extend(to.map(|to| Self::Cast(from, to)));
        }
        all.extend([Self::Concat, Self::Select]);
        all.extend(UnaryOp::ALL.map(Self::Unary));
        all.extend(BinaryOp::ALL.map(Self::Binary));
        all.push(Self::If);
        all.extend(KINDS.map(|kind| Self::Impute(kind, false)));
        all.extend([Kind::F32, Kind::F64].map(|kind| Self::Impute(kind, true)));
        all.push(Self::ImputeSentinel);
        all.extend(
            [ScaleForm::SubtractDivide, ScaleForm::SubtractMultiply, ScaleForm::MultiplyAdd]
                .map(Self::Scale),
        );
        all.extend(KINDS.map(Self::OneHot));
        all.extend([
            Self::OneHotUnknownRejected,
            Self::OneHotUnknownZeros,
            Self::OneHotDrop,
            Self::MissingCategory,
        ]);
        all.extend(KINDS.map(Self::Ordinal));
        all.extend([Self::OrdinalUnknownRejected, Self::OrdinalUnknownCode]);
        all.extend(FunctionKind::ALL.iter().copied().map(Self::Function));
        all.extend(TransformKind::ALL.iter().copied().map(Self::Transform));
        all.extend(SUMS.map(Self::Linear));
        all.extend(SUMS.map(Self::Trees));
        all.extend([Self::TreesRoundFeatures, Self::TreesF64Features]);
        all.extend(
            [Test::Lt, Test::Le, Test::Gt, Test::Ge, Test::Eq, Test::Ne, Test::In(0)]
                .map(Self::TreesTest),
        );
        all.extend(
            [
                MissingRule::Yes,
                MissingRule::No,
                MissingRule::Compare,
                MissingRule::Unanswered,
                MissingRule::AsZero,
                MissingRule::YesWithZero,
                MissingRule::NoWithZero,
            ]
            .map(Self::TreesMissing),
        );
        all.extend([
            Self::TreesLeafVector,
            Self::TreesWeighted,
            Self::TreesDivided,
            Self::TreesBaseFirst,
            Self::TreesBaseLast,
        ]);
        all.extend(EstimatorKind::ALL.iter().copied().map(Self::Estimator));
        all.extend([Link::Identity, Link::Logistic, Link::Exp].map(Self::Regress));
        all.push(Self::SeveralTargets);
        all.extend(
            [Link::Identity, Link::Logistic, Link::Softmax, Link::LogisticNormalized]
                .map(Self::Classify),
        );
        all.extend(
            [Link::Identity, Link::Logistic, Link::SoftmaxSymmetric].map(Self::ClassifyBinary),
        );
        all.extend([
            Self::DecideLargestProbability,
            Self::DecideLargestMargin,
            Self::DecideMargin,
            Self::DecideProbability,
        ]);
        all.extend([Kind::Text, Kind::I64, Kind::F64, Kind::Bool].map(Self::Labels));
        all.extend(PARTS.map(Self::Output));
        all.extend([Self::PartAsValue, Self::Foreign]);
        all
    }
}

/// A construct that a model needs, how often, and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// What is needed.
    pub construct: Construct,
    /// The first node that needs it; none where a field or the whole model does.
    pub node: Option<ValueId>,
    /// How many nodes, fields or outputs need it.
    pub count: usize,
}

/// Gathers what a checked model needs. `kind_of` and `margins_of` answer from the analysis.
pub(crate) fn requirements(
    model: &Model,
    kind_of: &dyn Fn(ValueId) -> Option<Kind>,
    width_of: &dyn Fn(ValueId) -> u32,
) -> Vec<Requirement> {
    let mut found: BTreeMap<Construct, (Option<ValueId>, usize)> = BTreeMap::new();
    let mut need = |construct: Construct, node: Option<ValueId>| {
        found.entry(construct).or_insert((node, 0)).1 += 1;
    };
    if !model.named_inputs {
        need(Construct::UnnamedInputs, None);
    }
    for (_, field) in model.fields.iter() {
        need(Construct::Field(field.kind), None);
        if field.nan_is_missing {
            need(Construct::NanMissing, None);
        }
        need(
            match field.missing {
                MissingPolicy::Keep => Construct::MissingKept,
                MissingPolicy::AsNan => Construct::MissingAsNan,
                MissingPolicy::Reject => Construct::MissingRejected,
                MissingPolicy::Replace(_) => Construct::MissingReplaced,
            },
            None,
        );
        if !field.domain.is_open() {
            need(Construct::Domain, None);
        }
        match field.invalid {
            InvalidPolicy::Keep => {}
            InvalidPolicy::Reject => need(Construct::InvalidRejected, None),
            InvalidPolicy::AsMissing => need(Construct::InvalidAsMissing, None),
            InvalidPolicy::Replace(_) => need(Construct::InvalidReplaced, None),
        }
        if !matches!(field.outlier, OutlierPolicy::Keep) {
            need(Construct::Outliers, None);
        }
    }
    for (id, node) in model.nodes.iter() {
        of_node(&node.op, kind_of, width_of, &mut |construct| need(construct, Some(id)));
    }
    for output in &model.outputs {
        need(Construct::Output(output.part.without_rank()), Some(output.value));
    }
    found
        .into_iter()
        .map(|(construct, (node, count))| Requirement { construct, node, count })
        .collect()
}

fn of_node(
    op: &Op,
    kind_of: &dyn Fn(ValueId) -> Option<Kind>,
    width_of: &dyn Fn(ValueId) -> u32,
    need: &mut dyn FnMut(Construct),
) {
    match op {
        Op::Input(_) => {}
        Op::Constant(constant) => need(Construct::Constant(constant.kind)),
        Op::Cast { arg, to } => {
            if let Some(from) = kind_of(*arg).filter(|from| from != to) {
                need(Construct::Cast(from, *to));
            }
        }
        Op::Concat(_) => need(Construct::Concat),
        Op::Select { .. } => need(Construct::Select),
        Op::Unary { op, .. } => need(Construct::Unary(*op)),
        Op::Binary { op, .. } => need(Construct::Binary(*op)),
        Op::If { .. } => need(Construct::If),
        Op::Impute(impute) => {
            if let Some(kind) = kind_of(impute.arg) {
                need(Construct::Impute(kind, impute.nan));
            }
            if impute.sentinel.is_some() {
                need(Construct::ImputeSentinel);
            }
        }
        Op::Scale(scale) => need(Construct::Scale(scale.form)),
        Op::OneHot(one_hot) => {
            if let Some(kind) = kind_of(one_hot.arg) {
                need(Construct::OneHot(kind));
            }
            need(match one_hot.unknown {
                Unknown::Reject => Construct::OneHotUnknownRejected,
                Unknown::None | Unknown::Code(_) => Construct::OneHotUnknownZeros,
            });
            if one_hot.drop.is_some() {
                need(Construct::OneHotDrop);
            }
            if one_hot.categories.missing {
                need(Construct::MissingCategory);
            }
        }
        Op::Ordinal(ordinal) => {
            if let Some(kind) = kind_of(ordinal.arg) {
                need(Construct::Ordinal(kind));
            }
            need(match ordinal.unknown {
                Unknown::Reject => Construct::OrdinalUnknownRejected,
                Unknown::None | Unknown::Code(_) => Construct::OrdinalUnknownCode,
            });
            if ordinal.categories.missing {
                need(Construct::MissingCategory);
            }
        }
        Op::Call(call) => need(Construct::Function(call.function.kind())),
        Op::Transform(transform) => need(Construct::Transform(transform.kind())),
        Op::Linear(linear) => need(Construct::Linear(linear.summation)),
        Op::Trees(trees) => of_trees(trees, kind_of(trees.arg), need),
        Op::Estimator(estimator) => {
            need(Construct::Estimator(estimator.kind()));
            if let Estimator::LinearTrees(op) = estimator {
                of_splits(&op.trees, kind_of(op.trees.arg), need);
            }
        }
        Op::Regress(regress) => {
            need(Construct::Regress(regress.link));
            if width_of(regress.margins) > 1 {
                need(Construct::SeveralTargets);
            }
        }
        Op::Classify(classify) => {
            need(if width_of(classify.margins) == 1 {
                Construct::ClassifyBinary(classify.link)
            } else {
                Construct::Classify(classify.link)
            });
            need(match classify.decision {
                Decision::LargestProbability => Construct::DecideLargestProbability,
                Decision::LargestMargin => Construct::DecideLargestMargin,
                Decision::MarginAbove(_) | Decision::MarginAtLeast(_) => Construct::DecideMargin,
                Decision::ProbabilityAbove(_) => Construct::DecideProbability,
            });
            need(Construct::Labels(classify.classes.kind()));
        }
        Op::Part { .. } => need(Construct::PartAsValue),
        Op::Foreign(_) => need(Construct::Foreign),
    }
}

fn of_trees(trees: &TreeEnsemble, kind: Option<Kind>, need: &mut dyn FnMut(Construct)) {
    need(Construct::Trees(trees.summation));
    of_splits(trees, kind, need);
    if trees.leaf_width > 1 {
        need(Construct::TreesLeafVector);
    }
    if trees.trees.iter().any(|tree| tree.weight.total_cmp(&1.0).is_ne()) {
        need(Construct::TreesWeighted);
    }
    if let Aggregate::DivideBy(_) = trees.aggregate {
        need(Construct::TreesDivided);
    }
    if trees.base.iter().any(|&base| base.total_cmp(&0.0).is_ne()) {
        need(if trees.base_last { Construct::TreesBaseLast } else { Construct::TreesBaseFirst });
    }
}

fn of_splits(trees: &TreeEnsemble, kind: Option<Kind>, need: &mut dyn FnMut(Construct)) {
    if trees.round_features {
        need(Construct::TreesRoundFeatures);
    } else if kind == Some(Kind::F64) {
        need(Construct::TreesF64Features);
    }
    let mut seen = std::collections::BTreeSet::new();
    for (test, rule) in trees.nodes.test.iter().zip(&trees.nodes.missing) {
        let test = if let Test::In(_) = test { Test::In(0) } else { *test };
        if test == Test::Leaf && *rule == MissingRule::Unanswered {
            need(Construct::TreesMissing(*rule));
        }
        if test != Test::Leaf && seen.insert((test, *rule)) {
            need(Construct::TreesTest(test));
            need(Construct::TreesMissing(*rule));
        }
    }
}
