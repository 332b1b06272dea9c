use holdall_diag::Failure;
use holdall_tabular::{Classify, Decision, Kind, Labels, Linear, Link, Op, Part, Regress, ValueId};

use super::{Item, NameId, Raise, StageModel, StageOutput, Table, expression::category};
use crate::doc::NormalizationMethod;

impl Raise<'_> {
    /// A stage for each weighted sum that is used.
    pub(super) fn linear_margins(
        &mut self,
        id: ValueId,
        linear: &Linear,
        method: NormalizationMethod,
    ) -> Result<Vec<Item>, Failure> {
        let kind = if linear.summation.is_f32() { Kind::F32 } else { Kind::F64 };
        let mut items = Vec::new();
        for row in 0..linear.coefficients.rows as usize {
            if !self.used.element(id, row) {
                items.push(Item::Unused);
                continue;
            }
            let table = self.linear_table(linear, row, None, 1.0)?;
            let model = StageModel::Regression {
                classification: false,
                method,
                f32: linear.summation.is_f32(),
                tables: vec![table],
            };
            let base = if linear.coefficients.rows == 1 {
                format!("linear{}", id.index())
            } else {
                format!("linear{}_{row}", id.index())
            };
            items.push(Item::Field(self.stage(model, &base, kind)));
        }
        Ok(items)
    }

    fn linear_table(
        &mut self,
        linear: &Linear,
        row: usize,
        category: Option<String>,
        sign: f64,
    ) -> Result<Table, Failure> {
        let mut terms = Vec::new();
        for (element, coefficient) in linear.coefficients.row(row).iter().enumerate() {
            terms.push((self.field(linear.arg, element)?, sign * coefficient));
        }
        let intercept = sign * linear.intercepts.get(row).copied().unwrap_or(0.0);
        Ok(Table { category, terms, intercept })
    }

    /// The table of one margin: fused with its weighted sum, or the margin times 1.
    fn margin_table(
        &mut self,
        margins: ValueId,
        row: usize,
        category: Option<String>,
        sign: f64,
    ) -> Result<Table, Failure> {
        let valid = self.valid;
        if let Some(Op::Linear(linear)) = valid.model().nodes.get(margins).map(|node| &node.op)
            && self.used.fused(margins)
        {
            return self.linear_table(linear, row, category, sign);
        }
        let name = self.field(margins, row)?;
        Ok(Table { category, terms: vec![(name, sign)], intercept: 0.0 })
    }

    /// The model that answers with an estimate. Stages before it are added.
    pub(super) fn stage_of(&mut self, id: ValueId) -> Result<StageModel, Failure> {
        let valid = self.valid;
        match valid.model().nodes.get(id).map(|node| &node.op) {
            Some(Op::Regress(regress)) => self.regress(id, regress),
            Some(Op::Classify(classify)) => self.classify(id, classify),
            _ => Err(self.bug(id, "no estimate")),
        }
    }

    fn regress(&mut self, id: ValueId, regress: &Regress) -> Result<StageModel, Failure> {
        let margins = regress.margins;
        if self.valid.width_of(margins) != 1 {
            return Err(self.bug(id, "several targets"));
        }
        let valid = self.valid;
        if let Some(Op::Trees(trees)) = valid.model().nodes.get(margins).map(|node| &node.op)
            && self.used.fused(margins)
        {
            self.adapt_features(margins, trees)?;
            return Ok(StageModel::Sum { node: margins, output: 0 });
        }
        let method = match regress.link {
            Link::Identity => NormalizationMethod::None,
            Link::Logistic => NormalizationMethod::Logit,
            Link::Exp => NormalizationMethod::Exp,
            Link::Softmax | Link::LogisticNormalized | Link::SoftmaxSymmetric => {
                return Err(self.bug(id, "no such link"));
            }
        };
        let tables = vec![self.margin_table(margins, 0, None, 1.0)?];
        Ok(StageModel::Regression {
            classification: false,
            method,
            f32: self.is_f32(margins),
            tables,
        })
    }

    fn is_f32(&self, id: ValueId) -> bool {
        self.valid.kind_of(id) == Some(Kind::F32)
    }

    fn classify(&mut self, id: ValueId, classify: &Classify) -> Result<StageModel, Failure> {
        let margins = classify.margins;
        let valid = self.valid;
        if let Some(Op::Trees(trees)) = valid.model().nodes.get(margins).map(|node| &node.op)
            && self.used.fused(margins)
        {
            self.adapt_features(margins, trees)?;
            let classes = texts(&classify.classes);
            return Ok(StageModel::Distributions { node: margins, classes });
        }
        let (method, tables) = if self.valid.width_of(margins) == 1 {
            self.binary_tables(id, classify)?
        } else {
            self.class_tables(id, classify)?
        };
        Ok(StageModel::Regression {
            classification: true,
            method,
            f32: self.is_f32(margins),
            tables,
        })
    }

    /// Two classes from one margin. With `logit` and `none` the second table has what the first
    /// leaves, so the second class comes first.
    fn binary_tables(
        &mut self,
        id: ValueId,
        classify: &Classify,
    ) -> Result<(NormalizationMethod, Vec<Table>), Failure> {
        let [no, yes] = [0, 1].map(|class| category(&classify.classes, class));
        let margins = classify.margins;
        let method = match classify.link {
            Link::Identity => NormalizationMethod::None,
            Link::Logistic => NormalizationMethod::Logit,
            Link::SoftmaxSymmetric => NormalizationMethod::Softmax,
            Link::Exp | Link::Softmax | Link::LogisticNormalized => {
                return Err(self.bug(id, "no such link"));
            }
        };
        let tables = if method == NormalizationMethod::Softmax {
            vec![self.margin_table(margins, 0, no, -1.0)?, self.margin_table(margins, 0, yes, 1.0)?]
        } else {
            let rest = Table { category: no, terms: Vec::new(), intercept: 0.0 };
            vec![self.margin_table(margins, 0, yes, 1.0)?, rest]
        };
        Ok((method, tables))
    }

    fn class_tables(
        &mut self,
        id: ValueId,
        classify: &Classify,
    ) -> Result<(NormalizationMethod, Vec<Table>), Failure> {
        let classes = texts(&classify.classes);
        let method = match classify.link {
            Link::Softmax => NormalizationMethod::Softmax,
            Link::Identity | Link::LogisticNormalized => NormalizationMethod::Simplemax,
            Link::Logistic | Link::Exp | Link::SoftmaxSymmetric => {
                return Err(self.bug(id, "no such link"));
            }
        };
        let mut tables = Vec::new();
        for (row, class) in classes.into_iter().enumerate() {
            let table = self.margin_table(classify.margins, row, Some(class), 1.0)?;
            tables.push(if classify.link == Link::LogisticNormalized {
                self.through_logit(id, row, table, self.is_f32(classify.margins))
            } else {
                table
            });
        }
        Ok((method, tables))
    }

    /// A stage that puts a sum through the logistic function, and the table that takes its answer.
    fn through_logit(&mut self, id: ValueId, row: usize, mut table: Table, f32: bool) -> Table {
        let category = table.category.take();
        let kind = if f32 { Kind::F32 } else { Kind::F64 };
        let model = StageModel::Regression {
            classification: false,
            method: NormalizationMethod::Logit,
            f32,
            tables: vec![table],
        };
        let name = self.stage(model, &format!("logistic{}_{row}", id.index()), kind);
        Table { category, terms: vec![(name, 1.0)], intercept: 0.0 }
    }

    /// A stage for an estimate whose parts are used by further nodes.
    pub(super) fn estimate(&mut self, id: ValueId) -> Result<(), Failure> {
        let model = self.stage_of(id)?;
        let valid = self.valid;
        let mut outputs = Vec::new();
        match valid.model().nodes.get(id).map(|node| &node.op) {
            Some(Op::Classify(classify)) => {
                let kind = valid.kind_of(classify.margins).unwrap_or(Kind::F64);
                for class in texts(&classify.classes) {
                    let name =
                        self.names.output(&format!("probability{}({class})", id.index()), kind);
                    outputs.push(StageOutput { name, kind, class: Some(class), label: false });
                }
                let kind = classify.classes.kind();
                let name = self.names.output(&format!("label{}", id.index()), kind);
                outputs.push(StageOutput { name, kind, class: None, label: true });
            }
            Some(Op::Regress(regress)) => {
                let kind = valid.kind_of(regress.margins).unwrap_or(Kind::F64);
                let name = self.names.output(&format!("value{}", id.index()), kind);
                outputs.push(StageOutput { name, kind, class: None, label: false });
            }
            _ => return Err(self.bug(id, "no estimate")),
        }
        self.parts.insert(id, outputs.clone());
        self.stages.push(super::Stage { model, outputs });
        Ok(())
    }

    /// The elements of a part of an estimate.
    pub(super) fn part(&mut self, estimate: ValueId, part: Part) -> Result<Vec<Item>, Failure> {
        let margins = match self.valid.model().nodes.get(estimate).map(|node| &node.op) {
            Some(Op::Classify(classify)) => classify.margins,
            Some(Op::Regress(regress)) => regress.margins,
            _ => return Err(self.bug(estimate, "no estimate")),
        };
        if part == Part::Margins {
            let width = self.valid.width_of(margins) as usize;
            return (0..width).map(|element| self.item(margins, element)).collect();
        }
        let outputs = self.parts.get(&estimate).cloned().unwrap_or_default();
        let pick = |keep: &dyn Fn(usize, &StageOutput) -> bool| -> Vec<NameId> {
            let kept = outputs.iter().enumerate().filter(|(i, o)| keep(*i, o));
            kept.map(|(_, output)| output.name).collect()
        };
        let names = match part {
            Part::Label => pick(&|_, output| output.label),
            Part::Probabilities => pick(&|_, output| output.class.is_some()),
            Part::Probability(class) => pick(&|i, _| i == class as usize),
            Part::Values
            | Part::Whole
            | Part::Margins
            | Part::Distances
            | Part::Score
            | Part::Entity(_)
            | Part::Confidence
            | Part::Reason(_)
            | Part::Rule(..) => pick(&|_, output| output.class.is_none()),
        };
        Ok(names.into_iter().map(Item::Field).collect())
    }
}

/// Whether the label is the most probable class, up to what rounding does to ties.
pub(crate) fn is_largest(classify: &Classify) -> bool {
    let is = |a: f64, b: f64| a.total_cmp(&b).is_eq() || (a == 0.0 && b == 0.0);
    match classify.decision {
        Decision::LargestProbability | Decision::LargestMargin => true,
        Decision::ProbabilityAbove(by) => is(by, 0.5),
        Decision::MarginAbove(by) => match classify.link {
            Link::Identity => is(by, 0.5),
            Link::Logistic | Link::SoftmaxSymmetric => is(by, 0.0),
            Link::Exp | Link::Softmax | Link::LogisticNormalized => false,
        },
        Decision::MarginAtLeast(_) => false,
    }
}

/// Whether the label is the most probable class except that the second wins a tie.
pub(crate) fn is_largest_but_for_ties(classify: &Classify) -> bool {
    let Decision::MarginAtLeast(by) = classify.decision else { return is_largest(classify) };
    is_largest(&Classify { decision: Decision::MarginAbove(by), ..classify.clone() })
}

/// The classes as the standard writes them.
pub(super) fn texts(labels: &Labels) -> Vec<String> {
    (0..labels.len()).filter_map(|i| category(labels, i)).collect()
}
