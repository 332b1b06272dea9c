use holdall_tabular::{Classify, Decision, Kind, Link, Op, Part, Regress, ValueId};
use serde_json::{Value, json};

use super::Raise;
use crate::{
    library::{call, reference},
    names::Fun,
    number::float,
};

impl Raise<'_> {
    pub(super) fn regress(&mut self, id: ValueId, regress: &Regress) {
        let margins = regress.margins;
        let value = self.linked(self.value(margins), margins, regress.link);
        let symbol = self.part(id, Part::Values);
        self.assign(&symbol, &value);
    }

    /// Each margin through its link; links over several leave it.
    fn linked(&self, value: Value, margins: ValueId, link: Link) -> Value {
        let op = match link {
            Link::Identity | Link::Softmax | Link::SoftmaxSymmetric => return value,
            Link::Logistic | Link::LogisticNormalized => "logistic",
            Link::Exp => "exp",
        };
        let fun = Fun::new(op, &[self.kind(margins)]).null(self.null(margins));
        json!({ "a.map": [value, reference(&fun)] })
    }

    pub(super) fn classify(&mut self, id: ValueId, classify: &Classify) {
        let (kind, null) = (self.kind(classify.margins), self.null(classify.margins));
        let mut margins = self.value(classify.margins);
        if null {
            let together = call(&Fun::new("together", &[kind]).null(true), [margins]);
            let symbol = format!("v{}_margins", id.index());
            self.assign(&symbol, &together);
            margins = json!(symbol);
        }
        let probabilities = self.part(id, Part::Probabilities);
        if classify.has_probabilities || self.asks_probabilities(id, classify) {
            let value = self.probabilities(classify, margins.clone());
            self.assign(&probabilities, &value);
        }
        let fun = |op: &str| Fun::new(op, &[kind]).null(null);
        let element = |of: &Value, i: u32| json!({ "attr": of, "path": [i] });
        let index = match classify.decision {
            Decision::LargestProbability => call(&fun("largest"), [json!(probabilities)]),
            Decision::LargestMargin => call(&fun("largest"), [margins]),
            Decision::MarginAbove(limit) => {
                call(&fun("above"), [element(&margins, 0), float(limit)])
            }
            Decision::MarginAtLeast(limit) => {
                call(&fun("atleast"), [element(&margins, 0), float(limit)])
            }
            Decision::ProbabilityAbove(limit) => {
                call(&fun("above"), [element(&json!(probabilities), 1), float(limit)])
            }
        };
        let labels = classify.classes.kind();
        let classes = self.list(&format!("v{}_classes", id.index()), labels, &classify.classes);
        let label = call(&Fun::new("pick", &[labels]).null(null), [index, classes]);
        let symbol = self.part(id, Part::Label);
        self.assign(&symbol, &label);
    }

    /// Whether the probabilities are answered or used though they mean nothing.
    fn asks_probabilities(&self, id: ValueId, classify: &Classify) -> bool {
        let is = |part: Part| matches!(part, Part::Probabilities | Part::Probability(_));
        let model = self.valid.model();
        matches!(classify.decision, Decision::LargestProbability | Decision::ProbabilityAbove(_))
            || model.outputs.iter().any(|output| output.value == id && is(output.part))
            || model.nodes.iter().any(|(_, node)| {
                matches!(node.op, Op::Part { estimate, part } if estimate == id && is(part))
            })
    }

    fn probabilities(&self, classify: &Classify, margins: Value) -> Value {
        let id = classify.margins;
        let kind: Kind = self.kind(id);
        let fun = |op: &str| Fun::new(op, &[kind]).null(self.null(id));
        let linked = self.linked(margins, id, classify.link);
        let binary = self.valid.width_of(id) == 1;
        match classify.link {
            Link::SoftmaxSymmetric => call(&fun("softmax"), [call(&fun("symmetric"), [linked])]),
            Link::Softmax => call(&fun("softmax"), [linked]),
            Link::LogisticNormalized => call(&fun("share"), [linked]),
            Link::Identity | Link::Logistic | Link::Exp if binary => call(&fun("pair"), [linked]),
            Link::Identity | Link::Logistic | Link::Exp => linked,
        }
    }
}
