//! General regression models: <https://dmg.org/pmml/v4-4-1/GeneralRegression.html>.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Classify, Decision, Kind, Labels, Linear, Link, Matrix, Op, Regress, Summation,
    UnaryOp, ValueId,
};

use super::{
    Answer, Lower, class_place, contrast, function, number, required, unsupported,
    unsupported_value,
};
use crate::doc::{Element, MiningFunction};

impl<'d> Lower<'d> {
    pub(super) fn general_regression(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let model_type = required(element, "modelType")?;
        let parameters = self.parameters_of(element)?;
        if function(element)? == MiningFunction::Regression {
            if model_type == "CoxRegression" {
                return self.cox_regression(element, &parameters);
            }
            if !matches!(model_type, "regression" | "generalLinear" | "generalizedLinear") {
                return Err(unsupported_value(element, "modelType"));
            }
            let margin = self.predictor(element, &parameters, None)?;
            let value = if model_type == "generalizedLinear" {
                let value = self.inverse_link(element, "linkFunction", margin)?;
                self.trials(element, value)?
            } else {
                margin
            };
            let margins = self.push(Op::Concat(vec![value]))?;
            let regress = Op::Regress(Regress { margins, link: Link::Identity });
            let estimate = self.model.push_at(regress, element.location())?;
            return Ok(Answer { value: Some(margins), ..Answer::new(estimate, None) });
        }
        let matrix = element.child("ParamMatrix").ok_or_else(|| unsupported(element))?;
        let mut found: Vec<&str> = Vec::new();
        let reference = element.attribute("targetReferenceCategory");
        let named = matrix.children().filter_map(|cell| cell.attribute("targetCategory"));
        for class in named.chain(reference) {
            if !found.contains(&class) {
                found.push(class);
            }
        }
        let classes = self.classes(element, &found)?;
        let (margins, link) = match model_type {
            "generalizedLinear" => (self.binary(element, &parameters, &classes)?, Link::Identity),
            "multinomialLogistic" => {
                (self.multinomial(element, &parameters, &classes)?, Link::Softmax)
            }
            "ordinalMultinomial" => (self.ordinal(element, &parameters, &classes)?, Link::Identity),
            _ => return Err(unsupported_value(element, "modelType")),
        };
        let classify = Op::Classify(Classify {
            margins,
            classes: classes.clone(),
            link,
            decision: Decision::LargestProbability,
            has_probabilities: true,
        });
        let estimate = self.model.push_at(classify, element.location())?;
        Ok(Answer::new(estimate, Some(classes)))
    }

    /// Each parameter as a value: the product of its cells, 1 without any.
    fn parameters_of(
        &mut self,
        element: Element<'d>,
    ) -> Result<BTreeMap<&'d str, ValueId>, Failure> {
        let mut factors = contrast::factors(element, &self.data)?;
        let mut values: BTreeMap<&'d str, ValueId> = BTreeMap::new();
        let matrix = element.child("PPMatrix");
        let cells = matrix.into_iter().flat_map(Element::children);
        for cell in cells.filter(|c| c.name() == "PPCell") {
            if cell.attribute("targetCategory").is_some() {
                return Err(unsupported_value(cell, "targetCategory"));
            }
            let predictor = required(cell, "predictorName")?;
            let value = self.field(cell, predictor)?;
            let value = self.scalar(value)?;
            let factor = if let Some(coding) = factors.get_mut(predictor) {
                self.coded(cell, value, coding)?
            } else {
                let power = number(cell, "value", None)?;
                let value = self.cast(cell, value, Kind::F64)?;
                if power.total_cmp(&1.0).is_eq() {
                    value
                } else {
                    let power = self.float(Kind::F64, power)?;
                    self.bin(BinaryOp::Pow, value, power)?
                }
            };
            let name = required(cell, "parameterName")?;
            let product = match values.get(name) {
                Some(before) => self.bin(BinaryOp::Mul, *before, factor)?,
                None => factor,
            };
            values.insert(name, product);
        }
        Ok(values)
    }

    /// The linear predictor: the cells of a category and those of none, in order.
    pub(super) fn predictor(
        &mut self,
        element: Element<'d>,
        parameters: &BTreeMap<&'d str, ValueId>,
        category: Option<&dyn Fn(&str) -> bool>,
    ) -> Result<ValueId, Failure> {
        let matrix = element.child("ParamMatrix").ok_or_else(|| unsupported(element))?;
        let (mut terms, mut coefficients, mut intercept) = (Vec::new(), Vec::new(), 0.0);
        for cell in matrix.children().filter(|c| c.name() == "PCell") {
            let fits = match (cell.attribute("targetCategory"), category) {
                (None, _) | (Some(_), None) => true,
                (Some(found), Some(category)) => category(found),
            };
            if !fits {
                continue;
            }
            let beta = number(cell, "beta", None)?;
            match parameters.get(required(cell, "parameterName")?) {
                Some(value) => {
                    terms.push(*value);
                    coefficients.push(beta);
                }
                None => intercept += beta,
            }
        }
        let mut margin = if terms.is_empty() {
            self.float(Kind::F64, intercept)?
        } else {
            let columns = u32::try_from(terms.len()).map_err(|_error| unsupported(matrix))?;
            let arg = self.push(Op::Concat(terms))?;
            let linear = Op::Linear(Linear {
                arg,
                coefficients: Matrix { rows: 1, columns, data: coefficients },
                intercepts: vec![intercept],
                summation: Summation::AnyF64,
            });
            let margins = self.model.push_at(linear, element.location())?;
            self.element(margins, 0)?
        };
        if element.attribute("offsetVariable").is_some() {
            let offset = self.named(element, "offsetVariable")?;
            let offset = self.scalar(offset)?;
            let offset = self.cast(element, offset, Kind::F64)?;
            margin = self.bin(BinaryOp::Add, margin, offset)?;
        } else if element.attribute("offsetValue").is_some() {
            let offset = number(element, "offsetValue", None)?;
            let offset = self.float(Kind::F64, offset)?;
            margin = self.bin(BinaryOp::Add, margin, offset)?;
        }
        Ok(margin)
    }

    fn trials(&mut self, element: Element<'d>, value: ValueId) -> Result<ValueId, Failure> {
        let trials = if element.attribute("trialsVariable").is_some() {
            let trials = self.named(element, "trialsVariable")?;
            let trials = self.scalar(trials)?;
            self.cast(element, trials, Kind::F64)?
        } else if element.attribute("trialsValue").is_some() {
            let trials = number(element, "trialsValue", None)?;
            self.float(Kind::F64, trials)?
        } else {
            return Ok(value);
        };
        self.bin(BinaryOp::Mul, value, trials)
    }

    /// The mean that a link maps to a linear predictor.
    fn inverse_link(
        &mut self,
        element: Element<'d>,
        attribute: &str,
        eta: ValueId,
    ) -> Result<ValueId, Failure> {
        let link = element.attribute(attribute).unwrap_or("identity");
        match link {
            "identity" => Ok(eta),
            "log" => self.un(UnaryOp::Exp, eta),
            "logc" => {
                let e = self.un(UnaryOp::Exp, eta)?;
                self.less_from_one(e)
            }
            "negbin" => {
                let c = number(element, "distParameter", None)?;
                let e = self.un(UnaryOp::Neg, eta)?;
                let e = self.un(UnaryOp::Exp, e)?;
                let one = self.float(Kind::F64, 1.0)?;
                let c = self.float(Kind::F64, c)?;
                let less = self.bin(BinaryOp::Sub, e, one)?;
                let scaled = self.bin(BinaryOp::Mul, c, less)?;
                self.bin(BinaryOp::Div, one, scaled)
            }
            "oddspower" => {
                let d = number(element, "linkParameter", None)?;
                if d.total_cmp(&0.0).is_eq() {
                    return self.un(UnaryOp::Logistic, eta);
                }
                let one = self.float(Kind::F64, 1.0)?;
                let (by, power) = (self.float(Kind::F64, d)?, self.float(Kind::F64, -1.0 / d)?);
                let base = self.bin(BinaryOp::Mul, by, eta)?;
                let base = self.bin(BinaryOp::Add, one, base)?;
                let odds = self.bin(BinaryOp::Pow, base, power)?;
                let below = self.bin(BinaryOp::Add, one, odds)?;
                self.bin(BinaryOp::Div, one, below)
            }
            "power" => {
                let d = number(element, "linkParameter", None)?;
                if d.total_cmp(&0.0).is_eq() {
                    return self.un(UnaryOp::Exp, eta);
                }
                let power = self.float(Kind::F64, 1.0 / d)?;
                self.bin(BinaryOp::Pow, eta, power)
            }
            _ => self
                .inverse_probability(link, eta)?
                .ok_or_else(|| unsupported_value(element, attribute)),
        }
    }

    /// The distribution function behind a link of probabilities; works on vectors too.
    pub(super) fn inverse_probability(
        &mut self,
        link: &str,
        eta: ValueId,
    ) -> Result<Option<ValueId>, Failure> {
        Ok(Some(match link {
            "logit" => self.un(UnaryOp::Logistic, eta)?,
            "probit" => self.un(UnaryOp::NormalCdf, eta)?,
            "cloglog" => {
                let e = self.un(UnaryOp::Exp, eta)?;
                let e = self.un(UnaryOp::Neg, e)?;
                let e = self.un(UnaryOp::Exp, e)?;
                self.less_from_one(e)?
            }
            "loglog" => {
                let e = self.un(UnaryOp::Neg, eta)?;
                let e = self.un(UnaryOp::Exp, e)?;
                let e = self.un(UnaryOp::Neg, e)?;
                self.un(UnaryOp::Exp, e)?
            }
            "cauchit" => {
                let kind = self.kind(eta);
                let angle = self.un(UnaryOp::Atan, eta)?;
                let share = std::f64::consts::FRAC_1_PI;
                let (half, share) = (self.float(kind, 0.5)?, self.float(kind, share)?);
                let turned = self.bin(BinaryOp::Mul, angle, share)?;
                self.bin(BinaryOp::Add, turned, half)?
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn less_from_one(&mut self, value: ValueId) -> Result<ValueId, Failure> {
        let one = self.float(self.kind(value), 1.0)?;
        self.bin(BinaryOp::Sub, one, value)
    }

    /// Probabilities of two classes, of which the second in the matrix is the rest.
    fn binary(
        &mut self,
        element: Element<'d>,
        parameters: &BTreeMap<&'d str, ValueId>,
        classes: &Labels,
    ) -> Result<ValueId, Failure> {
        let texts = classes.texts();
        if texts.len() != 2 {
            return Err(unsupported(element));
        }
        let matrix = element.child("ParamMatrix").ok_or_else(|| unsupported(element))?;
        let named = matrix.children().find_map(|cell| cell.attribute("targetCategory"));
        let kind = classes.kind();
        let reference = element.attribute("targetReferenceCategory");
        let at = match (named, reference) {
            (Some(class), _) => class_place(&texts, kind, class),
            (None, Some(reference)) => class_place(&texts, kind, reference).map(|place| 1 - place),
            (None, None) => Some(1),
        };
        let at = at.ok_or_else(|| unsupported_value(element, "targetReferenceCategory"))?;
        let margin = self.predictor(element, parameters, None)?;
        let p = self.inverse_link(element, "linkFunction", margin)?;
        let rest = self.less_from_one(p)?;
        self.push(Op::Concat(if at == 0 { vec![p, rest] } else { vec![rest, p] }))
    }

    fn multinomial(
        &mut self,
        element: Element<'d>,
        parameters: &BTreeMap<&'d str, ValueId>,
        classes: &Labels,
    ) -> Result<ValueId, Failure> {
        let texts = classes.texts();
        let kind = classes.kind();
        let matrix = element.child("ParamMatrix").ok_or_else(|| unsupported(element))?;
        let mut margins = Vec::new();
        for (place, _) in texts.iter().enumerate() {
            let fits = |class: &str| class_place(&texts, kind, class) == Some(place);
            let named = matrix.children().filter_map(|c| c.attribute("targetCategory")).any(fits);
            margins.push(if named {
                self.predictor(element, parameters, Some(&fits))?
            } else {
                self.float(Kind::F64, 0.0)?
            });
        }
        self.push(Op::Concat(margins))
    }

    /// Differences between the cumulative probabilities of ordered classes.
    fn ordinal(
        &mut self,
        element: Element<'d>,
        parameters: &BTreeMap<&'d str, ValueId>,
        classes: &Labels,
    ) -> Result<ValueId, Failure> {
        let texts = classes.texts();
        let kind = classes.kind();
        let mut cumulative = Vec::new();
        for place in 0..texts.len().saturating_sub(1) {
            let fits = |class: &str| class_place(&texts, kind, class) == Some(place);
            let margin = self.predictor(element, parameters, Some(&fits))?;
            cumulative.push(self.inverse_link(element, "cumulativeLink", margin)?);
        }
        let shares = self.differences(&cumulative)?;
        self.push(Op::Concat(shares))
    }

    /// Shares of classes from cumulative ones, the last being 1.
    pub(super) fn differences(&mut self, cumulative: &[ValueId]) -> Result<Vec<ValueId>, Failure> {
        let mut shares = Vec::new();
        let mut before = None;
        for &value in cumulative {
            shares.push(match before {
                None => value,
                Some(before) => self.bin(BinaryOp::Sub, value, before)?,
            });
            before = Some(value);
        }
        if let Some(before) = before {
            shares.push(self.less_from_one(before)?);
        }
        Ok(shares)
    }
}
