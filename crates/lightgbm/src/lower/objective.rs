//! What becomes of the sum: `ConvertOutput` in `src/objective/*.hpp`.

use holdall_diag::{Diagnostic, Failure, Report};
use holdall_tabular::{
    BinaryOp, Classify, Constant, Decision, Kind, Labels, Link, Model, Op, Output, Part, Regress,
    UnaryOp, ValueId, Width,
};

use crate::{
    codes,
    document::Document,
    text::{Value, shorten},
};

/// What the scores mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Objective {
    /// Values through a link.
    Regression(Link),
    /// The square of the score with its sign (`reg_sqrt`).
    SignedSquare,
    /// ln(1 + eˣ).
    LogOnePlusExp,
    /// Two classes; the score is multiplied first.
    Binary { sigmoid: f64 },
    /// A score a class, softmax.
    Multiclass { classes: u32 },
    /// A score a class, each by itself; the scores are multiplied first.
    OneVersusAll { classes: u32, sigmoid: f64 },
    /// What becomes of the sum is code of the user.
    Custom,
}

impl Objective {
    pub(super) fn of(document: &Document<'_>) -> Result<Self, Failure> {
        let Some(value) = document.objective else { return Ok(Self::Custom) };
        let mut words = value.words();
        let Some(name) = words.next() else { return Ok(Self::Custom) };
        let parameters = Parameters::of(words)?;
        let outputs = document.num_tree_per_iteration;
        let objective = match name.text {
            // The square applies to all children of `RegressionL2loss` that do not convert
            // themselves.
            "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape"
                if parameters.sqrt =>
            {
                Self::SignedSquare
            }
            "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape"
            | "lambdarank" | "rank_xendcg" => Self::Regression(Link::Identity),
            "poisson" | "gamma" | "tweedie" => Self::Regression(Link::Exp),
            "cross_entropy" => Self::Regression(Link::Logistic),
            "cross_entropy_lambda" => Self::LogOnePlusExp,
            "binary" => Self::Binary { sigmoid: parameters.sigmoid },
            "multiclass" => Self::Multiclass { classes: parameters.classes(name, outputs)? },
            "multiclassova" => Self::OneVersusAll {
                classes: parameters.classes(name, outputs)?,
                sigmoid: parameters.sigmoid,
            },
            "custom" => Self::Custom,
            other => {
                let message = format!("the objective `{}` is not carried", shorten(other));
                return Err(Failure::unsupported(codes::OBJECTIVE, message).at(name.location()));
            }
        };
        let several =
            matches!(objective, Self::Multiclass { .. } | Self::OneVersusAll { .. } | Self::Custom);
        if outputs != 1 && !several {
            let message = format!("`{}` has one tree an iteration, not {outputs}", name.text);
            return Err(name.fail(codes::OBJECTIVE, message));
        }
        Ok(objective)
    }

    /// Adds what follows the sum, and the outputs.
    pub(super) fn lower(
        self,
        margins: ValueId,
        model: &mut Model,
        report: &mut Report,
    ) -> Result<(), Failure> {
        match self {
            Self::Regression(link) => regress(margins, link, model),
            Self::SignedSquare => {
                // sign(x)·x is |x|, exactly.
                let size = model.push(Op::Unary { op: UnaryOp::Abs, arg: margins })?;
                let square =
                    model.push(Op::Binary { op: BinaryOp::Mul, left: size, right: margins })?;
                regress(square, Link::Identity, model)
            }
            Self::LogOnePlusExp => {
                let exp = model.push(Op::Unary { op: UnaryOp::Exp, arg: margins })?;
                let log = model.push(Op::Unary { op: UnaryOp::Ln1p, arg: exp })?;
                regress(log, Link::Identity, model)
            }
            Self::Binary { sigmoid } => {
                let margins = scaled(margins, sigmoid, model)?;
                classify(margins, 2, Link::Logistic, Decision::ProbabilityAbove(0.5), model)
            }
            Self::Multiclass { classes } => {
                classify(margins, classes, Link::Softmax, Decision::LargestProbability, model)
            }
            Self::OneVersusAll { classes, sigmoid } => {
                let margins = scaled(margins, sigmoid, model)?;
                classify(margins, classes, Link::Logistic, Decision::LargestProbability, model)
            }
            Self::Custom => {
                report.push(
                    Diagnostic::note(
                        codes::CUSTOM,
                        "the objective is code of whoever trained the model: answers are the sums \
                         of the leaves",
                    )
                    .with_help("apply the transformation of the objective to the answers"),
                );
                regress(margins, Link::Identity, model)
            }
        }
    }
}

/// The words after the name of the objective.
struct Parameters {
    sqrt: bool,
    sigmoid: f64,
    num_class: Option<u32>,
}

impl Parameters {
    fn of<'t>(words: impl Iterator<Item = Value<'t>>) -> Result<Self, Failure> {
        let mut found = Self { sqrt: false, sigmoid: 1.0, num_class: None };
        for word in words {
            let (name, text) = word.text.split_once(':').unwrap_or((word.text, ""));
            let value = Value { column: word.column + name.len() as u64 + 1, text, ..word };
            match name {
                "sqrt" => found.sqrt = true,
                "sigmoid" => {
                    found.sigmoid = value.number("a number")?;
                    if !(found.sigmoid.is_finite() && found.sigmoid > 0.0) {
                        let message = format!("expected a sigmoid above 0, found `{text}`");
                        return Err(value.fail(codes::OBJECTIVE, message));
                    }
                }
                "num_class" => found.num_class = Some(value.number("a number of classes")?),
                // `alpha:`, `c:` and the like bear on training only.
                _ => {}
            }
        }
        Ok(found)
    }

    fn classes(&self, name: Value<'_>, outputs: u32) -> Result<u32, Failure> {
        match self.num_class {
            Some(classes) if classes == outputs && classes > 1 => Ok(classes),
            Some(_) | None => {
                let found = self.num_class.unwrap_or_default();
                let message =
                    format!("{found} classes, and {outputs} trees an iteration: expected the same");
                Err(name.fail(codes::OBJECTIVE, message))
            }
        }
    }
}

/// 1 / (1 + exp(−s·m)) is the logistic of s·m, to the bit.
fn scaled(margins: ValueId, sigmoid: f64, model: &mut Model) -> Result<ValueId, Failure> {
    if sigmoid.total_cmp(&1.0).is_eq() {
        return Ok(margins);
    }
    let factor = model.push(Op::Constant(Constant {
        kind: Kind::F64,
        width: Width::Scalar,
        values: Labels::F64(vec![sigmoid]),
    }))?;
    model.push(Op::Binary { op: BinaryOp::Mul, left: margins, right: factor })
}

fn regress(margins: ValueId, link: Link, model: &mut Model) -> Result<(), Failure> {
    let estimate = model.push(Op::Regress(Regress { margins, link }))?;
    model.outputs.push(Output::new(estimate, Part::Values));
    Ok(())
}

fn classify(
    margins: ValueId,
    classes: u32,
    link: Link,
    decision: Decision,
    model: &mut Model,
) -> Result<(), Failure> {
    let estimate = model.push(Op::Classify(Classify {
        margins,
        classes: Labels::I64((0..i64::from(classes)).collect()),
        link,
        decision,
        has_probabilities: true,
    }))?;
    model.outputs.push(Output::new(estimate, Part::Label));
    model.outputs.push(Output::new(estimate, Part::Probabilities));
    Ok(())
}
