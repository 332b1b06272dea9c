use holdall_tabular::{Classify, Decision, Kind, Labels, Linear, Link, Op, ValueId};

use super::{Item, Raise, StageModel, Stop, expression::category, model::Table};
use crate::doc::NormalizationMethod;

impl Raise<'_> {
    /// A stage for each weighted sum that is used.
    pub(super) fn linear_margins(
        &mut self,
        id: ValueId,
        linear: &Linear,
        method: NormalizationMethod,
    ) -> Result<Vec<Item>, Stop> {
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
                "linear".to_owned()
            } else {
                format!("linear_{row}")
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
    ) -> Result<Table, Stop> {
        let mut terms = Vec::new();
        for (element, coefficient) in linear.coefficients.row(row).iter().enumerate() {
            terms.push((self.field(linear.arg, element)?, sign * coefficient));
        }
        let intercept = sign * linear.intercepts.get(row).copied().unwrap_or(0.0);
        Ok(Table { category, terms, intercept })
    }

    /// The table of one margin: fused with its weighted sum, or the margin times 1.
    pub(super) fn margin_table(
        &mut self,
        margins: ValueId,
        row: usize,
        category: Option<String>,
        sign: f64,
    ) -> Result<Table, Stop> {
        let valid = self.valid;
        if let Some(Op::Linear(linear)) = valid.model().nodes.get(margins).map(|node| &node.op)
            && self.used.fused(margins)
        {
            return self.linear_table(linear, row, category, sign);
        }
        let name = self.field(margins, row)?;
        Ok(Table { category, terms: vec![(name, sign)], intercept: 0.0 })
    }

    pub(super) fn is_f32(&self, id: ValueId) -> bool {
        self.valid.kind_of(id) == Some(Kind::F32)
    }

    pub(super) fn classify(
        &mut self,
        id: ValueId,
        classify: &Classify,
    ) -> Result<StageModel, Stop> {
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
            self.class_tables(classify)?
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
    ) -> Result<(NormalizationMethod, Vec<Table>), Stop> {
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
        classify: &Classify,
    ) -> Result<(NormalizationMethod, Vec<Table>), Stop> {
        let classes = texts(&classify.classes);
        let method = match classify.link {
            Link::Softmax => NormalizationMethod::Softmax,
            Link::LogisticNormalized => NormalizationMethod::Simplemax,
            Link::Identity | Link::Logistic | Link::Exp | Link::SoftmaxSymmetric => {
                return Err(self.bug(classify.margins, "no such link"));
            }
        };
        let mut tables = Vec::new();
        for (row, class) in classes.into_iter().enumerate() {
            let table = self.margin_table(classify.margins, row, Some(class), 1.0)?;
            tables.push(if classify.link == Link::LogisticNormalized {
                self.through_logit(row, table, self.is_f32(classify.margins))
            } else {
                table
            });
        }
        Ok((method, tables))
    }

    /// A stage that puts a sum through the logistic function, and the table that takes its answer.
    fn through_logit(&mut self, row: usize, mut table: Table, f32: bool) -> Table {
        let category = table.category.take();
        let kind = if f32 { Kind::F32 } else { Kind::F64 };
        let model = StageModel::Regression {
            classification: false,
            method: NormalizationMethod::Logit,
            f32,
            tables: vec![table],
        };
        let name = self.stage(model, &format!("logistic_{row}"), kind);
        Table { category, terms: vec![(name, 1.0)], intercept: 0.0 }
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
