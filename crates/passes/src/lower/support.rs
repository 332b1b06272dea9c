//! What operators can say of each construct.

use holdall_codec::Support;
use holdall_tabular::{
    BinaryOp, Construct, EstimatorKind, FunctionKind, Kind, Link, MissingRule, Summation, Test,
    TransformKind, UnaryOp,
};

use super::{InputPrecision, LabelKind, LowerOptions, TreeSums};

const NOT_YET: &str = "holdall does not write it to ONNX";
const NO_BINARY64: &str = "runtimes have no such operator for binary64 numbers";
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
        Construct::Function(kind) => of_function(kind),
        Construct::Transform(kind) => of_transform(kind, options.sums),
        Construct::Estimator(kind) => of_estimator(kind, options.sums),
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
        UnaryOp::Sin | UnaryOp::Exp2 | UnaryOp::NormalPdf => {
            Support::rewrite("the runtime's function may differ from others in the last place")
        }
        UnaryOp::RoundEven => Support::native(),
        UnaryOp::Round | UnaryOp::Trunc | UnaryOp::Sign => {
            Support::rewrite("`Floor`, comparisons and `Where`")
        }
        UnaryOp::Cos | UnaryOp::Tan => Support::approximate(
            "sin 2x ÷ 2 sin x, as runtimes have no cosine of binary64 numbers: a relative error of a \
             few units in the last place",
        ),
        UnaryOp::Atan => Support::approximate(
            "the operator in binary32, corrected in binary64: a relative error of a few units in the \
             last place",
        ),
        UnaryOp::Sinh | UnaryOp::Cosh => Support::approximate(
            "half of eˣ ∓ e⁻ˣ: an absolute error of a unit in the last place of the larger",
        ),
        UnaryOp::Log10 | UnaryOp::Log2 => Support::approximate(
            "a quotient of logarithms: a relative error of two units in the last place",
        ),
        UnaryOp::Erf => {
            Support::approximate("polynomials in binary64: an absolute error of at most 2⁻⁵¹")
        }
        UnaryOp::Asin | UnaryOp::Acos => Support::approximate(
            "through the inverse tangent: a relative error of a few units in the last place",
        ),
        UnaryOp::Asinh | UnaryOp::Acosh | UnaryOp::Atanh => Support::approximate(
            "logarithms of sums, corrected by what the sums lost: a relative error of a few units in \
             the last place",
        ),
        UnaryOp::Cbrt => Support::approximate(
            "a power and a step of Newton's: a relative error of two units in the last place",
        ),
        UnaryOp::NormalCdf => {
            Support::approximate("through the error function: an absolute error of at most 2⁻⁵²")
        }
        UnaryOp::NormalQuantile => Support::rewrite(
            "quotients of polynomials; the runtime's logarithm may differ from others in the last place",
        ),
        UnaryOp::LnGamma => Support::refuse(NO_BINARY64),
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
        BinaryOp::Xor => Support::native(),
        BinaryOp::Remainder => Support::rewrite("`Mod` as C has it"),
        BinaryOp::Modulo | BinaryOp::FloorDiv => {
            Support::rewrite("`Div` and `Floor`, step by step")
        }
        BinaryOp::Atan2 => Support::refuse(NO_BINARY64),
        BinaryOp::Min | BinaryOp::Max => {
            Support::rewrite("`Where`: the operator of that name loses NaN in older runtimes")
        }
    }
}

fn of_function(kind: FunctionKind) -> Support {
    match kind {
        FunctionKind::Coalesce => Support::rewrite("`Where`"),
        FunctionKind::IsIn => Support::rewrite("`Equal`; texts through `LabelEncoder`"),
        FunctionKind::Join => Support::rewrite(
            "a table of what the scorer makes of the values listed; others from `opset=20` on, by \
             `StringConcat`",
        ),
        FunctionKind::ToText => Support::rewrite(
            "a table of what the scorer makes of the values listed; integers by `Cast`, others are \
             refused",
        ),
        FunctionKind::ToNumber => Support::rewrite(
            "a table of what the scorer makes of the values listed; others by `Cast`, which reads texts \
             that are numbers and ends the run at others",
        ),
        FunctionKind::Uppercase
        | FunctionKind::Lowercase
        | FunctionKind::Matches
        | FunctionKind::Replace
        | FunctionKind::Trim
        | FunctionKind::Substring
        | FunctionKind::Length
        | FunctionKind::CityHash
        | FunctionKind::FormatNumber
        | FunctionKind::ParseDate
        | FunctionKind::ParseTime
        | FunctionKind::ParseDateTime
        | FunctionKind::FormatDateTime => Support::rewrite(
            "a table of what the scorer makes of the values listed; others are refused, as there is no \
             operator for it",
        ),
    }
}

/// An exact sum, or one that the runtime orders.
fn of_order(sums: TreeSums, exact: &str) -> Support {
    match sums {
        TreeSums::Exact => Support::rewrite(format!("{exact}; sums in order by `CumSum`")),
        TreeSums::Fast => Support::approximate(format!(
            "{exact}; the runtime adds in another order: a relative error of 2⁻⁵² for each term of \
             the sum of absolute terms; `sums=exact` avoids it"
        )),
    }
}

fn of_transform(kind: TransformKind, sums: TreeSums) -> Support {
    match kind {
        TransformKind::Lookup => Support::rewrite("`Equal`, `ArgMax` and `Gather`"),
        TransformKind::Bin => Support::rewrite("comparisons with the ends, `ArgMax` and `Gather`"),
        TransformKind::Curve => Support::rewrite("the segment looked up, then the line"),
        TransformKind::Polynomial => Support::rewrite("`Gather` and `Mul`, factor by factor"),
        TransformKind::Reduce => of_order(sums, "reductions at the precision of the model"),
        TransformKind::Normalize => of_order(
            sums,
            "the whole, then `Div`; the runtime's exponential may differ in the last place",
        ),
        TransformKind::Distances => of_order(
            sums,
            "elementary operators in binary64; the runtime's power may differ in the last place",
        ),
        TransformKind::TextVector | TransformKind::TextIndex => Support::refuse(
            "`Tokenizer` and `TfIdfVectorizer` cut texts otherwise: there is no Unicode word pattern",
        ),
        TransformKind::ImputeNeighbors => of_order(
            sums,
            "all distances in binary64; for each element the nearest rows that have it, by `TopK`",
        ),
        TransformKind::Decompose => Support::rewrite(
            "a `Loop` in which a row stays as it is once it has come to its end, or a fixed number of \
             steps; the runtime's power, exponential and logarithm may differ in the last place",
        ),
        TransformKind::Lag => Support::refuse("operators see one row at a time"),
        TransformKind::Spline => {
            Support::rewrite("the steps of its recursion, the knots looked up by interval")
        }
    }
}

fn of_estimator(kind: EstimatorKind, sums: TreeSums) -> Support {
    match kind {
        EstimatorKind::KernelMachine => of_order(
            sums,
            "kernels in elementary operators in binary64, whose exponential may differ from others in \
             the last place",
        ),
        EstimatorKind::Votes => of_order(sums, "votes counted by `MatMul`, or coupled in a `Loop`"),
        EstimatorKind::NaiveBayes => Support::rewrite(
            "likelihoods in binary64, input by input; the runtime's exponential and logarithm may \
             differ from others in the last place",
        ),
        EstimatorKind::GaussianProcess => of_order(
            sums,
            "covariances in elementary operators in binary64, whose functions may differ from others \
             in the last place",
        ),
        EstimatorKind::Neighbors => of_order(
            sums,
            "all distances in binary64, the nearest by `TopK`, of equal distances the earlier row",
        ),
        EstimatorKind::Cluster => Support::rewrite("`ArgMax`; the label is looked up"),
        EstimatorKind::Detect => Support::rewrite("a comparison; the label is looked up"),
        EstimatorKind::Combine => {
            Support::rewrite("members added one after the other; votes by `Equal`")
        }
        EstimatorKind::ObliviousTrees => match sums {
            TreeSums::Exact => Support::rewrite("full binary trees, added in order by `CumSum`"),
            TreeSums::Fast => Support::approximate(
                "full binary trees; runtimes add large batches in another order and answer in \
                 binary32: `sums=exact` avoids it",
            ),
        },
        EstimatorKind::DecisionTree => {
            Support::rewrite("a `Where` for each predicate; answers are looked up by node")
        }
        EstimatorKind::Rules => of_order(
            sums,
            "a `Where` for each rule; answers are looked up by rule, weights added class by class",
        ),
        EstimatorKind::Scorecard => of_order(
            sums,
            "a `Where` for each attribute, partial scores added in order; reasons ranked by `TopK`",
        ),
        EstimatorKind::LinearTrees => Support::rewrite(
            "leaf numbers, whose models are looked up in binary64 and added in order by `CumSum`",
        ),
        EstimatorKind::BayesianNetwork => of_order(
            sums,
            "the probabilities of all combinations of states, multiplied when writing; those that \
             contradict a row are 0",
        ),
        EstimatorKind::Survival => Support::rewrite(
            "the steps of the baseline looked up; the runtime's exponential may differ from others in \
             the last place",
        ),
        EstimatorKind::Association => {
            Support::rewrite("items counted by `MatMul`, the best rules by `TopK`, texts looked up")
        }
        EstimatorKind::TimeSeries => Support::refuse(NOT_YET),
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
        MissingRule::Unanswered => {
            Support::rewrite("a split that asks for NaN first, and a leaf of NaN behind it")
        }
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
