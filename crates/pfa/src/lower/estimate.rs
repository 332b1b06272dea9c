use holdall_tabular::{Classify, Decision, Kind, Labels, Link, Op, Part, Regress, ValueId};
use serde_json::Value;

use super::{Binding, Lower, Lowered, element, only_pair};
use crate::{names::Fun, number::read_float};

impl<'d> Lower<'d> {
    pub(super) fn regress(&mut self, expression: &'d Value) -> Lowered<Binding> {
        let (margins, link) = self.linked(expression)?;
        let estimate = self.push(Op::Regress(Regress { margins, link }))?;
        self.margins.insert(estimate, margins);
        Ok(Binding::Part(estimate, Part::Values))
    }

    /// Margins through a link that looks at one at a time.
    fn linked(&mut self, expression: &'d Value) -> Lowered<(ValueId, Link)> {
        if let Some(("a.map", args)) = only_pair(expression)
            && let Some([margins, function]) = args.as_array().map(Vec::as_slice)
            && let Some((fun, None)) = self.reference(function)
        {
            let link = match fun.op.as_str() {
                "logistic" => Link::Logistic,
                "exp" => Link::Exp,
                _ => return Err(self.unsupported(format!("`u.{fun}` as a link"))),
            };
            return Ok((self.value(margins)?, link));
        }
        Ok((self.value(expression)?, Link::Identity))
    }

    /// Margins of which all are missing where one is.
    pub(super) fn together(&mut self, expression: &'d Value) -> Lowered<ValueId> {
        match self.call(expression) {
            Some((fun, [margins])) if fun.op == "together" => self.value(margins),
            _ => Err(self.unsupported("margins of another shape")),
        }
    }

    /// A label, and the probabilities that were assigned before it.
    pub(super) fn classify(&mut self, symbol: &str, expression: &'d Value) -> Lowered<()> {
        let stem = symbol.strip_suffix("_label").unwrap_or(symbol);
        let probabilities = format!("{stem}_probabilities");
        let expressed = self.probabilities.remove(&probabilities);
        let Some((pick, [index, classes])) = self.call(expression).filter(|(f, _)| f.op == "pick")
        else {
            return Err(self.unsupported("a label of another shape"));
        };
        let classes: Labels =
            self.list(classes, pick.kinds.first().copied().unwrap_or(Kind::Text))?;
        let (of, decision) = self.decision(index, &probabilities)?;
        let (margins, link) = match expressed {
            Some(expressed) => self.probabilities(expressed)?,
            None => (self.symbol(of)?, Link::Identity),
        };
        let has_probabilities = expressed.is_some();
        if of != probabilities && self.symbol(of)? != margins {
            return Err(self.unsupported("a label and probabilities of different margins"));
        }
        let op = Classify { margins, classes, link, decision, has_probabilities };
        let estimate = self.push(Op::Classify(op))?;
        self.margins.insert(estimate, margins);
        let bind = |part| Binding::Part(estimate, part);
        self.symbols.insert(symbol.to_owned(), bind(Part::Label));
        if has_probabilities {
            self.symbols.insert(probabilities, bind(Part::Probabilities));
        }
        Ok(())
    }

    /// The symbol that a decision looks at, and the decision.
    fn decision(&self, index: &'d Value, probabilities: &str) -> Lowered<(&'d str, Decision)> {
        let Some((fun, args)) = self.call(index) else {
            return Err(self.unsupported("a decision of another shape"));
        };
        let limit = |value: &Value| {
            read_float(value).ok_or_else(|| self.unsupported("a limit that is computed"))
        };
        match (fun.op.as_str(), args) {
            ("largest", [Value::String(of)]) if of == probabilities => {
                Ok((of, Decision::LargestProbability))
            }
            ("largest", [Value::String(of)]) => Ok((of, Decision::LargestMargin)),
            ("above" | "atleast", [value, bar]) => {
                let bar = limit(bar)?;
                match (fun.op.as_str(), element(value)) {
                    ("above", Some((of, 1))) if of == probabilities => {
                        Ok((of, Decision::ProbabilityAbove(bar)))
                    }
                    ("above", Some((of, 0))) if of != probabilities => {
                        Ok((of, Decision::MarginAbove(bar)))
                    }
                    ("atleast", Some((of, 0))) if of != probabilities => {
                        Ok((of, Decision::MarginAtLeast(bar)))
                    }
                    (_, _) => Err(self.unsupported("a decision about another element")),
                }
            }
            (_, _) => Err(self.unsupported(format!("`u.{fun}` as a decision"))),
        }
    }

    fn probabilities(&mut self, expression: &'d Value) -> Lowered<(ValueId, Link)> {
        let called: Option<(Fun, &'d [Value])> = self.call(expression);
        let Some((fun, [inner])) = called else { return self.linked(expression) };
        if let Some((symmetric, [margins])) = self.call(inner)
            && (fun.op.as_str(), symmetric.op.as_str()) == ("softmax", "symmetric")
        {
            return Ok((self.value(margins)?, Link::SoftmaxSymmetric));
        }
        let (margins, link) = self.linked(inner)?;
        match (fun.op.as_str(), link) {
            ("pair", link) => Ok((margins, link)),
            ("softmax", Link::Identity) => Ok((margins, Link::Softmax)),
            ("share", Link::Logistic) => Ok((margins, Link::LogisticNormalized)),
            (_, _) => Err(self.unsupported(format!("`u.{fun}` for probabilities"))),
        }
    }
}
