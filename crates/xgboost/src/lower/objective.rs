//! What becomes of the sum, and where it starts: `PredTransform` and `ProbToMargin` in
//! `src/objective/`.

use holdall_diag::{Diagnostic, Failure, Report};
use holdall_tabular::{
    Classify, Decision, Labels, Link, Model, Op, Output, Part, Regress, ValueId,
};

use super::{Shape, at, fail};
use crate::codes;

/// An objective by its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Objective {
    pub(super) name: String,
    task: Task,
    outputs: u32,
    /// From the sum to the answer; the base score is at the scale of the answer.
    base: Link,
}

/// What the scores mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// A value for each score.
    Regression(Link),
    /// Two classes by probability.
    Binary,
    /// Two classes by the sign of the score.
    Hinge,
    /// A score a class, softmax.
    Multiclass { classes: u32, by_margin: bool },
}

const NAME: &str = "/learner/objective/name";

impl Objective {
    pub(super) fn of(name: &str, shape: &Shape) -> Result<Self, Failure> {
        let (task, base) = match name {
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map"
            | "binary:logitraw" => (Task::Regression(Link::Identity), Link::Identity),
            // The predictions of several quantiles are sorted, which cannot be said.
            "reg:quantileerror" if shape.outputs == 1 => {
                (Task::Regression(Link::Identity), Link::Identity)
            }
            "reg:logistic" => (Task::Regression(Link::Logistic), Link::Logistic),
            "binary:logistic" => (Task::Binary, Link::Logistic),
            "binary:hinge" => (Task::Hinge, Link::Identity),
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
                (Task::Regression(Link::Exp), Link::Exp)
            }
            "multi:softprob" | "multi:softmax" => {
                if shape.classes < 2 {
                    let message = format!("`{name}` needs two classes, found {}", shape.classes);
                    return Err(fail(codes::COUNT, message, NAME));
                }
                let by_margin = name == "multi:softmax";
                (Task::Multiclass { classes: shape.classes, by_margin }, Link::Identity)
            }
            other => {
                let several =
                    if other == "reg:quantileerror" { " with several quantiles" } else { "" };
                let message = format!("the objective `{other}`{several} is not carried");
                return Err(Failure::unsupported(codes::OBJECTIVE, message).at(at(NAME)));
            }
        };
        let takes_classes = matches!(task, Task::Multiclass { .. });
        if shape.classes > 1 && !takes_classes {
            let message = format!("`{name}` with {} classes is not carried", shape.classes);
            return Err(Failure::unsupported(codes::OBJECTIVE, message).at(at(NAME)));
        }
        if task == Task::Hinge && shape.outputs > 1 {
            let message = format!("`{name}` with {} targets is not carried", shape.outputs);
            return Err(Failure::unsupported(codes::OBJECTIVE, message).at(at(NAME)));
        }
        Ok(Self { name: name.to_owned(), task, outputs: shape.outputs, base })
    }

    /// A base score at the scale of the sum, in binary32; none where there is no such score.
    pub(super) fn margin_of(&self, score: f32) -> Option<f32> {
        // XGBoost 3.2 keeps scores this far from 0 and 1; before, these were not allowed.
        const EDGE: f32 = 1e-6;
        let margin = match self.base {
            Link::Identity => score,
            Link::Logistic if (0.0..=1.0).contains(&score) => {
                let score =
                    if score > 0.0 && score < 1.0 { score } else { score.clamp(EDGE, 1.0 - EDGE) };
                -(1.0 / score - 1.0).ln()
            }
            Link::Exp => score.ln(),
            Link::Logistic | Link::Softmax | Link::LogisticNormalized | Link::SoftmaxSymmetric => {
                return None;
            }
        };
        (!margin.is_nan()).then_some(margin)
    }

    /// Adds what follows the sum, and the outputs.
    pub(super) fn lower(
        &self,
        margins: ValueId,
        model: &mut Model,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let (classes, link, decision, has_probabilities) = match self.task {
            Task::Regression(link) => return regress(margins, link, model),
            Task::Binary if self.outputs > 1 => {
                report.push(Diagnostic::note(
                    codes::TARGETS,
                    format!(
                        "`{}` with {} targets answers with a probability for each, and no label",
                        self.name, self.outputs
                    ),
                ));
                return regress(margins, Link::Logistic, model);
            }
            Task::Binary => (2, Link::Logistic, Decision::ProbabilityAbove(0.5), true),
            Task::Hinge => (2, Link::Identity, Decision::MarginAbove(0.0), false),
            Task::Multiclass { classes, by_margin: true } => {
                (classes, Link::Softmax, Decision::LargestMargin, true)
            }
            Task::Multiclass { classes, by_margin: false } => {
                (classes, Link::Softmax, Decision::LargestProbability, true)
            }
        };
        let estimate = model.push(Op::Classify(Classify {
            margins,
            classes: Labels::I64((0..i64::from(classes)).collect()),
            link,
            decision,
            has_probabilities,
        }))?;
        model.outputs.push(Output::new(estimate, Part::Label));
        if has_probabilities {
            model.outputs.push(Output::new(estimate, Part::Probabilities));
        }
        Ok(())
    }
}

fn regress(margins: ValueId, link: Link, model: &mut Model) -> Result<(), Failure> {
    let estimate = model.push(Op::Regress(Regress { margins, link }))?;
    model.outputs.push(Output::new(estimate, Part::Values));
    Ok(())
}
