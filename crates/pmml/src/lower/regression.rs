//! Regression models: <https://dmg.org/pmml/v4-4-1/Regression.html>.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Classify, Decision, Kind, Labels, Linear, Link, Matrix, NormalizeBy, Op, Regress,
    Summation, ValueId,
};

use super::{Answer, Lower, function, number, required, unsupported, unsupported_value, word};
use crate::doc::{Element, MiningFunction, NormalizationMethod};

/// Weighted sums over shared terms.
#[derive(Debug, Default)]
struct Sums {
    terms: Vec<ValueId>,
    rows: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
}

impl Sums {
    fn add(&mut self, row: usize, term: ValueId, coefficient: f64) {
        let place = self.terms.iter().position(|t| *t == term).unwrap_or_else(|| {
            self.terms.push(term);
            self.rows.iter_mut().for_each(|row| row.push(0.0));
            self.terms.len() - 1
        });
        if let Some(cell) = self.rows.get_mut(row).and_then(|row| row.get_mut(place)) {
            *cell += coefficient;
        }
    }

    /// The terms themselves, where every sum is one of them, in order.
    fn plain(&self) -> bool {
        self.rows.len() == self.terms.len()
            && self.intercepts.iter().all(|i| i.total_cmp(&0.0).is_eq())
            && self.rows.iter().enumerate().all(|(r, row)| {
                row.iter()
                    .enumerate()
                    .all(|(c, cell)| cell.total_cmp(&f64::from(u8::from(r == c))).is_eq())
            })
    }
}

impl<'d> Lower<'d> {
    pub(super) fn regression_model(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let method = word(element, "normalizationMethod", NormalizationMethod::None)?;
        let tables: Vec<_> =
            element.children().filter(|child| child.name() == "RegressionTable").collect();
        let f32 = element.attribute("x-mathContext") == Some("float");
        if function(element)? == MiningFunction::Classification {
            return self.classification(element, method, &tables, f32);
        }
        let [table] = tables.as_slice() else { return Err(unsupported(element)) };
        let link = match method {
            NormalizationMethod::None => Link::Identity,
            NormalizationMethod::Logit | NormalizationMethod::Softmax => Link::Logistic,
            NormalizationMethod::Exp => Link::Exp,
            NormalizationMethod::Probit
            | NormalizationMethod::Cloglog
            | NormalizationMethod::Loglog
            | NormalizationMethod::Cauchit => {
                let margins = self.sums(element, &[(*table, 1.0)], f32)?;
                let margins = self
                    .inverse_probability(method.as_str(), margins)?
                    .ok_or_else(|| unsupported_value(element, "normalizationMethod"))?;
                let regress = Op::Regress(Regress { margins, link: Link::Identity });
                let estimate = self.model.push_at(regress, element.location())?;
                return Ok(Answer { value: Some(margins), ..Answer::new(estimate, None) });
            }
            NormalizationMethod::Simplemax => {
                return Err(unsupported_value(element, "normalizationMethod"));
            }
        };
        let margins = self.sums(element, &[(*table, 1.0)], f32)?;
        let margins =
            if link == Link::Identity { self.rescaled(element, margins)? } else { margins };
        let regress = Op::Regress(Regress { margins, link });
        let estimate = self.model.push_at(regress, element.location())?;
        let value = (link == Link::Identity).then_some(margins);
        if link == Link::Logistic {
            self.logits.insert(estimate, margins);
        }
        let targeted = link == Link::Identity;
        Ok(Answer { value, targeted, ..Answer::new(estimate, None) })
    }

    /// The sums of tables, each with a sign, as one vector.
    fn sums(
        &mut self,
        element: Element<'d>,
        tables: &[(Element<'d>, f64)],
        f32: bool,
    ) -> Result<ValueId, Failure> {
        let kind = if f32 { Kind::F32 } else { Kind::F64 };
        let mut sums = Sums { rows: vec![Vec::new(); tables.len()], ..Sums::default() };
        for (row, (table, sign)) in tables.iter().enumerate() {
            sums.intercepts.push(sign * number(*table, "intercept", Some(0.0))?);
            for term in table.proper_children() {
                let coefficient = sign * number(term, "coefficient", None)?;
                let value = self.term(term)?;
                let value = self.cast(term, value, kind)?;
                sums.add(row, value, coefficient);
            }
        }
        if sums.plain() {
            return match sums.terms.as_slice() {
                [one]
                    if matches!(
                        self.model.nodes.get(*one).map(|n| &n.op),
                        Some(Op::Trees(_) | Op::Linear(_))
                    ) =>
                {
                    Ok(*one)
                }
                _ => self.push(Op::Concat(sums.terms)),
            };
        }
        if sums.terms.is_empty() {
            let zero = holdall_tabular::Constant {
                kind,
                width: holdall_tabular::Width::Scalar,
                values: Labels::F64(vec![0.0]),
            };
            let zero = self.push(Op::Constant(zero))?;
            sums.add(0, zero, 0.0);
        }
        let columns = u32::try_from(sums.terms.len()).map_err(|_error| unsupported(element))?;
        let rows = u32::try_from(sums.rows.len()).map_err(|_error| unsupported(element))?;
        let arg = self.push(Op::Concat(sums.terms))?;
        let linear = Linear {
            arg,
            coefficients: Matrix { rows, columns, data: sums.rows.concat() },
            intercepts: sums.intercepts,
            summation: if f32 { Summation::AnyF32 } else { Summation::AnyF64 },
        };
        self.model.push_at(Op::Linear(linear), element.location())
    }

    fn term(&mut self, term: Element<'d>) -> Result<ValueId, Failure> {
        match term.name() {
            "NumericPredictor" => {
                let value = self.field(term, required(term, "name")?)?;
                let exponent = number(term, "exponent", Some(1.0))?;
                if exponent.total_cmp(&1.0).is_eq() {
                    return Ok(value);
                }
                let kind = if self.kind(value) == Kind::F32 { Kind::F32 } else { Kind::F64 };
                let value = self.cast(term, value, kind)?;
                let exponent = self.float(kind, exponent)?;
                self.bin(BinaryOp::Pow, value, exponent)
            }
            "PredictorTerm" => {
                let mut product = None;
                for factor in term.proper_children().filter(|c| c.name() == "FieldRef") {
                    let value = self.field(factor, required(factor, "field")?)?;
                    let value = self.cast(factor, value, Kind::F64)?;
                    product = Some(match product {
                        Some(before) => self.bin(BinaryOp::Mul, before, value)?,
                        None => value,
                    });
                }
                product.ok_or_else(|| unsupported(term))
            }
            "CategoricalPredictor" => {
                let arg = self.field(term, required(term, "name")?)?;
                // A missing category adds nothing.
                self.indicator(term, arg, required(term, "value")?, Some(0.0))
            }
            _ => Err(unsupported(term)),
        }
    }

    fn classification(
        &mut self,
        element: Element<'d>,
        method: NormalizationMethod,
        tables: &[Element<'d>],
        f32: bool,
    ) -> Result<Answer, Failure> {
        let found: Vec<&str> =
            tables.iter().map(|t| required(*t, "targetCategory")).collect::<Result<_, _>>()?;
        let classes = self.classes(element, &found)?;
        if classes.len() != tables.len() || tables.len() < 2 {
            return Err(unsupported(element));
        }
        let texts: Vec<String> = (0..classes.len())
            .filter_map(|i| classes.get(i))
            .map(|class| crate::raise::scalar_text(&class))
            .collect();
        // Tables in the order of the classes.
        let ordered: Option<Vec<Element<'d>>> = texts
            .iter()
            .map(|text| {
                tables.iter().copied().find(|t| t.attribute("targetCategory") == Some(text))
            })
            .collect();
        let ordered = ordered.ok_or_else(|| unsupported(element))?;
        let decision = Decision::LargestProbability;
        let (margins, link, classes, decision) = match method {
            NormalizationMethod::None | NormalizationMethod::Logit if tables.len() == 2 => {
                // The first table has its class, the other what is left.
                let [first, _] = tables else { return Err(unsupported(element)) };
                let margins = self.sums(element, &[(*first, 1.0)], f32)?;
                let logit = method == NormalizationMethod::Logit;
                let link = if logit { Link::Logistic } else { Link::Identity };
                if ordered.get(1).is_some_and(|t| t.index() == first.index()) {
                    (margins, link, classes, decision)
                } else {
                    // The class declared first wins a tie, and comes second here.
                    let at = if logit { 0.0 } else { 0.5 };
                    let declared = super::dictionary::target(element).is_some();
                    let decision = if declared { Decision::MarginAtLeast(at) } else { decision };
                    (margins, link, reversed(&classes), decision)
                }
            }
            NormalizationMethod::Softmax => {
                let all: Vec<_> = ordered.iter().map(|table| (*table, 1.0)).collect();
                match ordered.as_slice() {
                    [a, b] if opposite(*a, *b) => {
                        let margins = self.sums(element, &[(*b, 1.0)], f32)?;
                        (margins, Link::SoftmaxSymmetric, classes, decision)
                    }
                    _ => (self.sums(element, &all, f32)?, Link::Softmax, classes, decision),
                }
            }
            NormalizationMethod::Simplemax => {
                if let Ok(margins) = self.before_logits(element, &ordered) {
                    (margins, Link::LogisticNormalized, classes, decision)
                } else {
                    let all: Vec<_> = ordered.iter().map(|table| (*table, 1.0)).collect();
                    let margins = self.sums(element, &all, f32)?;
                    let margins = self.normalized(margins, NormalizeBy::Sum)?;
                    (margins, Link::Identity, classes, decision)
                }
            }
            NormalizationMethod::None
            | NormalizationMethod::Logit
            | NormalizationMethod::Probit
            | NormalizationMethod::Cloglog
            | NormalizationMethod::Loglog
            | NormalizationMethod::Cauchit => {
                let margins = self.shares(element, method, &ordered, tables, f32)?;
                (margins, Link::Identity, classes, decision)
            }
            NormalizationMethod::Exp => {
                return Err(unsupported_value(element, "normalizationMethod"));
            }
        };
        let has_probabilities = true;
        let classify =
            Classify { margins, classes: classes.clone(), link, decision, has_probabilities };
        let estimate = self.model.push_at(Op::Classify(classify), element.location())?;
        Ok(Answer::new(estimate, Some(classes)))
    }

    /// Shares of two classes, of which the second is what is left, or of ordered classes.
    fn shares(
        &mut self,
        element: Element<'d>,
        method: NormalizationMethod,
        ordered: &[Element<'d>],
        tables: &[Element<'d>],
        f32: bool,
    ) -> Result<ValueId, Failure> {
        let link = method.as_str();
        let share = |this: &mut Self, table: Element<'d>| -> Result<ValueId, Failure> {
            let sum = this.sums(element, &[(table, 1.0)], f32)?;
            let sum = this.scalar(sum)?;
            if method == NormalizationMethod::None {
                return Ok(sum);
            }
            let value = this.inverse_probability(link, sum)?;
            value.ok_or_else(|| unsupported_value(element, "normalizationMethod"))
        };
        let target = super::dictionary::target(element).and_then(|name| self.data.get(name));
        let is_ordinal = target.is_some_and(|d| d.element.attribute("optype") == Some("ordinal"));
        if let ([first, _], false) = (tables, is_ordinal) {
            let value = share(self, *first)?;
            let rest = self.less_from_one(value)?;
            let in_order = ordered.first().is_some_and(|t| t.index() == first.index());
            return self.push(Op::Concat(if in_order {
                vec![value, rest]
            } else {
                vec![rest, value]
            }));
        }
        if is_ordinal {
            let before = ordered.split_last().map_or(&[] as &[_], |(_, before)| before);
            let mut cumulative = Vec::new();
            for table in before {
                cumulative.push(share(self, *table)?);
            }
            let shares = self.differences(&cumulative)?;
            return self.push(Op::Concat(shares));
        }
        if method != NormalizationMethod::None {
            return Err(unsupported_value(element, "normalizationMethod"));
        }
        let all: Vec<_> = ordered.iter().map(|table| (*table, 1.0)).collect();
        self.sums(element, &all, f32)
    }

    /// The margins of regressions that went through the logistic function and are divided by their
    /// sum here.
    fn before_logits(
        &mut self,
        element: Element<'d>,
        tables: &[Element<'d>],
    ) -> Result<ValueId, Failure> {
        let mut margins = Vec::new();
        for table in tables {
            let terms: Vec<_> = table.proper_children().collect();
            let [term] = terms.as_slice() else {
                return Err(unsupported_value(element, "normalizationMethod"));
            };
            let unit = number(*term, "coefficient", None)?.total_cmp(&1.0).is_eq()
                && number(*table, "intercept", Some(0.0))?.total_cmp(&0.0).is_eq();
            let value = self.term(*term)?;
            match self.logits.get(&value).filter(|_| unit) {
                Some(margin) => margins.push(*margin),
                None => return Err(unsupported_value(element, "normalizationMethod")),
            }
        }
        self.push(Op::Concat(margins))
    }
}

/// Whether one table is the other with all signs changed.
fn opposite(a: Element<'_>, b: Element<'_>) -> bool {
    let get = |e: Element<'_>, name: &str| number(e, name, Some(0.0)).unwrap_or(f64::NAN);
    let negated = |x: f64, y: f64| (x + y).total_cmp(&0.0).is_eq();
    let mut terms = a.proper_children().zip(b.proper_children());
    a.proper_children().count() == b.proper_children().count()
        && a.proper_children().count() > 0
        && negated(get(a, "intercept"), get(b, "intercept"))
        && terms.all(|(x, y)| {
            x.name() == y.name()
                && x.attribute("name") == y.attribute("name")
                && x.attribute("value") == y.attribute("value")
                && negated(get(x, "coefficient"), get(y, "coefficient"))
        })
}

fn reversed(labels: &Labels) -> Labels {
    let mut labels = labels.clone();
    match &mut labels {
        Labels::Text(values) => values.reverse(),
        Labels::I64(values) => values.reverse(),
        Labels::F64(values) => values.reverse(),
        Labels::Bool(values) => values.reverse(),
    }
    labels
}
