//! Transformations: <https://dmg.org/pmml/v4-4-1/Transformations.html>,
//! <https://dmg.org/pmml/v4-4-1/Functions.html>.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Categories, Constant, Function, Impute, Kind, Labels, Lookup, Op, Ordinal, Scalar,
    Transform, Unknown, ValueId, Width,
};

use super::{Lower, dictionary, invalid, number, required, unsupported, unsupported_value};
use crate::{codes, doc::Element};

/// What an expression yields before it meets others.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Value(ValueId),
    /// A constant, whose kind may still follow its neighbours.
    Constant(Scalar, Option<Kind>),
    /// No value.
    Missing,
}

impl<'d> Lower<'d> {
    /// Lowers the derived fields of `transformations` that `user` needs.
    pub(super) fn definitions(
        &mut self,
        transformations: Option<Element<'d>>,
        user: Element<'d>,
    ) -> Result<(), Failure> {
        let Some(transformations) = transformations else { return Ok(()) };
        let mut fields = indexmap::IndexMap::new();
        for field in transformations.children().filter(|c| c.name() == "DerivedField") {
            fields.insert(required(field, "name")?, field);
        }
        // The first field of the document comes out of the stack first.
        let named: BTreeSet<&str> = references(user).collect();
        let terms = super::text_model::terms(user).unwrap_or_default();
        let needed = |name: &str| named.contains(name) || terms.iter().any(|term| term == name);
        // All that is needed, in the order of the document, so that a document is written as it was read.
        let mut open: Vec<&str> = fields.keys().filter(|name| needed(name)).copied().collect();
        let mut wanted: BTreeSet<&str> = open.iter().copied().collect();
        while let Some(field) = open.pop().and_then(|name| fields.get(name)) {
            let more = references(*field).filter(|name| fields.contains_key(name));
            open.extend(more.filter(|name| wanted.insert(name)));
        }
        let wanted = fields.keys().rev().filter(|name| wanted.contains(*name));
        let mut stack: Vec<(&str, bool)> = wanted.map(|name| (*name, false)).collect();
        let mut done = BTreeSet::new();
        while let Some((name, ready)) = stack.pop() {
            let Some(&field) = fields.get(name) else { continue };
            if done.contains(name) {
                continue;
            }
            if ready {
                self.expanding.remove(name);
                self.derived(name, field)?;
                done.insert(name);
                continue;
            }
            if !self.expanding.insert(name) {
                let message = format!("the derived field `{name}` depends on itself");
                return Err(
                    Failure::malformed(codes::INVALID_ELEMENT, message).at(field.location())
                );
            }
            stack.push((name, true));
            let needs = references(field).filter(|n| *n != name && fields.contains_key(n));
            stack.extend(needs.filter(|n| !done.contains(n)).map(|n| (n, false)));
        }
        Ok(())
    }

    fn derived(&mut self, name: &str, field: Element<'d>) -> Result<(), Failure> {
        let (kind, moment) = Self::declared(field)?;
        let before = self.model.nodes.len();
        let expression = first_expression(field)?;
        if let Some(from) = truncation(expression) {
            let from = self.field(expression, from)?;
            self.truncated.insert(name.to_owned(), from);
        }
        let operand = self.expression(expression, Some(kind))?;
        // A table of numbers gives them in the type of the field at once.
        if let Operand::Value(value) = operand
            && matches!(expression.name(), "MapValues" | "NormDiscrete")
            && kind.is_number()
            && let Some(node) = self.model.nodes.get_mut(value)
            && let Op::Ordinal(ordinal) = &mut node.op
        {
            ordinal.kind = kind;
            self.known.learn(&self.model, value);
        }
        let value = match moment {
            Some(moment) => self.moment(expression, operand, moment)?,
            None => self.materialise(expression, operand, kind)?,
        };
        if value.index() >= before
            && let Some(node) = self.model.nodes.get_mut(value)
        {
            node.name = Some(name.to_owned());
        }
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    /// The value of the expression inside an element, of a kind.
    pub(super) fn expression_in(
        &mut self,
        element: Element<'d>,
        kind: Kind,
    ) -> Result<ValueId, Failure> {
        let expression = first_expression(element)?;
        let operand = self.expression(expression, Some(kind))?;
        self.materialise(expression, operand, kind)
    }

    /// The value of the expression inside an element, of its own kind.
    pub(super) fn free_expression_in(&mut self, element: Element<'d>) -> Result<ValueId, Failure> {
        let expression = first_expression(element)?;
        let operand = self.expression(expression, None)?;
        let kind = self.kind_of_operand(&operand);
        self.materialise(expression, operand, kind)
    }

    /// The kind an operand has by itself.
    pub(super) fn kind_of_operand(&self, operand: &Operand) -> Kind {
        match operand {
            Operand::Value(value) => self.kind(*value),
            Operand::Constant(_, Some(kind)) => *kind,
            Operand::Constant(Scalar::I64(_), None) => Kind::I64,
            Operand::Constant(Scalar::Text(_), None) => Kind::Text,
            Operand::Constant(Scalar::Bool(_), None) => Kind::Bool,
            Operand::Constant(Scalar::F64(_), None) | Operand::Missing => Kind::F64,
        }
    }

    /// An expression. Arguments come after their function in document order, so going backwards
    /// meets every argument before its function, at any depth.
    pub(super) fn expression(
        &mut self,
        root: Element<'d>,
        hint: Option<Kind>,
    ) -> Result<Operand, Failure> {
        let mut found: BTreeMap<usize, Operand> = BTreeMap::new();
        let inside = |e: &Element<'_>| {
            matches!(
                e.name(),
                "FieldRef"
                    | "Constant"
                    | "Apply"
                    | "NormDiscrete"
                    | "MapValues"
                    | "NormContinuous"
                    | "Discretize"
                    | "TextIndex"
                    | "Aggregate"
                    | "Lag"
            )
        };
        for element in root.descendants().rev().filter(inside) {
            let wanted = hint.filter(|_| element.index() == root.index());
            let args = element.proper_children();
            let args = args.filter_map(|arg| found.remove(&arg.index())).collect();
            let operand = match element.name() {
                "FieldRef" => self.field_ref(element)?,
                "Constant" => constant(element)?,
                "NormDiscrete" => self.norm_discrete(element)?,
                "MapValues" => self.map_values(element, wanted)?,
                "NormContinuous" => self.norm_continuous(element)?,
                "Discretize" => self.discretize(element, wanted)?,
                "TextIndex" => self.text_index(element, args)?,
                "Lag" => self.lag(element)?,
                "Aggregate" => {
                    return Err(unsupported(element).with_help(
                        "a row is one record, and an aggregate is of many: compute it before and give \
                         the result as a field",
                    ));
                }
                "Apply" => self.apply(element, args)?,
                _ => return Err(unsupported(element)),
            };
            found.insert(element.index(), operand);
        }
        found.remove(&root.index()).ok_or_else(|| unsupported(root))
    }

    fn field_ref(&mut self, element: Element<'d>) -> Result<Operand, Failure> {
        let name = required(element, "field")?;
        let bound = self.parameters.last().and_then(|scope| scope.get(name).cloned());
        let operand = match bound {
            Some(operand) => operand,
            None => Operand::Value(self.field(element, name)?),
        };
        let Some(text) = element.attribute("mapMissingTo") else { return Ok(operand) };
        let kind = self.kind_of_operand(&operand);
        let value = self.materialise(element, operand, kind)?;
        let other = dictionary::scalar(text, kind)
            .ok_or_else(|| invalid(element, "mapMissingTo", &format!("a value of type {kind}")))?;
        let other = self.fixed(&other, kind)?;
        Ok(Operand::Value(self.coalesce(value, other)?))
    }

    /// The field that an attribute names, or the parameter of the function around it.
    pub(super) fn named(
        &mut self,
        element: Element<'d>,
        attribute: &str,
    ) -> Result<ValueId, Failure> {
        let name = required(element, attribute)?;
        match self.parameters.last().and_then(|scope| scope.get(name).cloned()) {
            Some(operand) => {
                let kind = self.kind_of_operand(&operand);
                self.materialise(element, operand, kind)
            }
            None => self.field(element, name),
        }
    }

    /// An operand as a value of a kind.
    pub(super) fn materialise(
        &mut self,
        element: Element<'_>,
        operand: Operand,
        kind: Kind,
    ) -> Result<ValueId, Failure> {
        match operand {
            Operand::Value(value) => self.cast(element, value, kind),
            Operand::Missing => self.missing(kind),
            Operand::Constant(scalar, own) => {
                let text = crate::raise::scalar_text(&scalar);
                // A constant of a narrower kind is rounded there first.
                let scalar = match own {
                    Some(own) => dictionary::scalar(&text, own),
                    None => Some(scalar),
                };
                let text = scalar.map(|s| crate::raise::scalar_text(&s)).unwrap_or_default();
                let values = dictionary::labels(&[text.as_str()], kind).ok_or_else(|| {
                    Failure::malformed(
                        codes::INVALID_ELEMENT,
                        format!("expected a constant of type {kind}, found `{text}`"),
                    )
                    .at(element.location())
                })?;
                self.push(Op::Constant(Constant { kind, width: Width::Scalar, values }))
            }
        }
    }

    /// The value as another kind.
    pub(super) fn cast(
        &mut self,
        _element: Element<'_>,
        value: ValueId,
        kind: Kind,
    ) -> Result<ValueId, Failure> {
        let from = self.kind(value);
        if from == kind {
            return Ok(value);
        }
        match (from, kind) {
            (_, Kind::Text) => self.call(Function::ToText, vec![value]),
            (Kind::Text, Kind::Bool) => {
                let arg = self.scalar(value)?;
                let words = ["true", "false", "TRUE", "FALSE", "True", "False", "1", "0"];
                let lookup = Lookup {
                    args: vec![arg],
                    keys: vec![Labels::Text(words.map(str::to_owned).to_vec())],
                    values: Labels::Bool((0..words.len()).map(|i| i % 2 == 0).collect()),
                    default: None,
                    missing: None,
                };
                self.push(Op::Transform(Transform::Lookup(lookup)))
            }
            (Kind::Text, _) => {
                let number = self.call(Function::ToNumber, vec![value])?;
                match kind {
                    Kind::F64 => Ok(number),
                    Kind::F32 | Kind::I64 | Kind::Bool | Kind::Text => {
                        self.push(Op::Cast { arg: number, to: kind })
                    }
                }
            }
            (_, Kind::Bool) => {
                let zero = match from {
                    Kind::I64 => self.constant(from, Labels::I64(vec![0]))?,
                    Kind::F32 | Kind::F64 | Kind::Bool | Kind::Text => self.float(from, 0.0)?,
                };
                self.bin(BinaryOp::Ne, value, zero)
            }
            (_, _) => self.push(Op::Cast { arg: value, to: kind }),
        }
    }

    /// Both operands as values of one kind: the wider of the two.
    pub(super) fn unify(
        &mut self,
        element: Element<'_>,
        (left, right): (Operand, Operand),
        at_least: Option<Kind>,
    ) -> Result<(ValueId, ValueId), Failure> {
        let kind = |this: &Self, operand: &Operand| match operand {
            Operand::Value(value) => Some(this.kind(*value)),
            Operand::Constant(_, kind) => *kind,
            Operand::Missing => None,
        };
        let fallback = |operand: &Operand| match operand {
            Operand::Constant(Scalar::I64(_), None) => Some(Kind::I64),
            Operand::Constant(Scalar::F64(_), None) => Some(Kind::F64),
            Operand::Constant(Scalar::Text(_), None) => Some(Kind::Text),
            Operand::Constant(Scalar::Bool(_), None) => Some(Kind::Bool),
            Operand::Value(_) | Operand::Constant(..) | Operand::Missing => None,
        };
        let (l, r) = (kind(self, &left), kind(self, &right));
        let common = match (l, r) {
            (Some(l), Some(r)) => wider(l, r),
            (Some(one), None) => match (fallback(&left).or(fallback(&right)), one) {
                (Some(Kind::F64), Kind::I64) => Kind::F64,
                _ => one,
            },
            (None, Some(one)) => match (fallback(&left), one) {
                (Some(Kind::F64), Kind::I64) => Kind::F64,
                _ => one,
            },
            (None, None) => fallback(&left).or(fallback(&right)).unwrap_or(Kind::F64),
        };
        let common = at_least.map_or(common, |least| wider(common, least));
        Ok((self.materialise(element, left, common)?, self.materialise(element, right, common)?))
    }

    pub(super) fn choice(
        &mut self,
        element: Element<'d>,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        if self.parameters.is_empty()
            && let Some(filled) = self.filled(element)?
        {
            return Ok(filled);
        }
        if guards_itself(element)
            && let [_, value] = args.as_slice()
        {
            // What depends on a missing value is missing already.
            return Ok(value.clone());
        }
        let mut args = args.into_iter();
        let (Some(condition), Some(yes)) = (args.next(), args.next()) else {
            return Err(Self::wrong_arguments(element, 0));
        };
        let no = args.next().unwrap_or(Operand::Missing);
        let condition = self.materialise(element, condition, Kind::Bool)?;
        let (yes, no) = self.unify(element, (yes, no), None)?;
        Ok(Operand::Value(self.choose(condition, yes, no)?))
    }

    /// `if(isMissing(x), c, x)`, and with `if(equal(x, s), c, x)` for the last x.
    fn filled(&mut self, element: Element<'d>) -> Result<Option<Operand>, Failure> {
        let Some(([test, with, rest], name)) = missing_test(element, "isMissing") else {
            return Ok(None);
        };
        let _ = test;
        if with.name() != "Constant" {
            return Ok(None);
        }
        let arg = self.field(element, name)?;
        let kind = self.kind(arg);
        let constant = |e: Element<'_>| dictionary::scalar(e.text().as_ref(), kind);
        let text = with.text();
        let Some(with) = dictionary::labels(&[text.as_ref()], kind) else { return Ok(None) };
        let sentinel = if is_field(rest, name) {
            None
        } else {
            let inner: Vec<_> = rest.proper_children().collect();
            let [test, again, last] = inner.as_slice() else { return Ok(None) };
            let operands: Vec<_> = test.proper_children().collect();
            let [x, value] = operands.as_slice() else { return Ok(None) };
            let fits = rest.attribute("function") == Some("if")
                && test.attribute("function") == Some("equal")
                && is_field(*x, name)
                && value.name() == "Constant"
                && again.text() == text
                && is_field(*last, name);
            match constant(*value).filter(|_| fits) {
                Some(value) => Some(value),
                None => return Ok(None),
            }
        };
        let impute = Impute { arg, nan: kind.is_float(), sentinel, with };
        Ok(Some(Operand::Value(self.push(Op::Impute(impute))?)))
    }

    fn norm_discrete(&mut self, element: Element<'d>) -> Result<Operand, Failure> {
        let arg = self.named(element, "field").and_then(|arg| self.scalar(arg))?;
        let value = required(element, "value")?;
        let missing = match element.attribute("mapMissingTo") {
            Some(_) => Some(number(element, "mapMissingTo", None)?),
            None => None,
        };
        let indicator = self.indicator(element, arg, value, missing)?;
        Ok(Operand::Value(indicator))
    }

    /// 1 for a category, 0 for others, and something for missing.
    pub(super) fn indicator(
        &mut self,
        element: Element<'_>,
        arg: ValueId,
        value: &str,
        missing: Option<f64>,
    ) -> Result<ValueId, Failure> {
        let kind = self.kind(arg);
        let values = dictionary::labels(&[value], kind)
            .ok_or_else(|| invalid(element, "value", &format!("a value of type {kind}")))?;
        let Some(missing) = missing else {
            let constant = Constant { kind, width: Width::Scalar, values };
            let right = self.push(Op::Constant(constant))?;
            let equal = self.push(Op::Binary { op: BinaryOp::Eq, left: arg, right })?;
            return self.push(Op::Cast { arg: equal, to: Kind::F64 });
        };
        let other = missing.total_cmp(&0.0).is_ne();
        let categories = Categories { values, missing: other };
        let codes = if other { vec![1.0, missing] } else { vec![1.0] };
        let unknown = Unknown::Code(0.0);
        self.push(Op::Ordinal(Ordinal { arg, categories, codes, unknown, kind: Kind::F64 }))
    }
}

fn constant(element: Element<'_>) -> Result<Operand, Failure> {
    if element.attribute("missing") == Some("true") {
        return Ok(Operand::Missing);
    }
    let text = element.text();
    let declared = match element.attribute("dataType") {
        Some(_) => {
            Some(dictionary::kind(element)?.ok_or_else(|| unsupported_value(element, "dataType"))?)
        }
        None => None,
    };
    // Without a type, it is a number where it looks like one.
    let guess = [Kind::I64, Kind::F64].into_iter().find(|kind| match kind {
        Kind::I64 => text.trim().parse::<i64>().is_ok(),
        Kind::F32 | Kind::F64 | Kind::Bool | Kind::Text => {
            crate::number::parse_f64(&text).is_some()
        }
    });
    let kind = declared.or(guess).unwrap_or(Kind::Text);
    match dictionary::scalar(&text, kind) {
        Some(scalar) => Ok(Operand::Constant(scalar, declared)),
        None => Err(Failure::malformed(
            codes::INVALID_ELEMENT,
            format!("expected a constant of type {kind}, found `{text}`"),
        )
        .at(element.location())),
    }
}

/// The fields that are named inside an element.
fn references(element: Element<'_>) -> impl Iterator<Item = &str> {
    let apart = element.trees_apart().iter().flat_map(|(_, tree)| &tree.fields);
    let inside = element.descendants().filter(|e| e.name() != "DerivedField").flat_map(|e| {
        let names = |key: &str| {
            matches!(key, "field" | "name" | "textField" | "predictorName" | "fieldName" | "parent")
        };
        e.attributes().filter(move |(key, _)| names(key)).map(|(_, value)| value)
    });
    inside.chain(apart.map(String::as_str))
}

pub(super) fn first_expression(element: Element<'_>) -> Result<Element<'_>, Failure> {
    element
        .proper_children()
        .find(|child| !matches!(child.name(), "Value" | "Decisions"))
        .ok_or_else(|| {
            Failure::malformed(
                codes::MISSING_ELEMENT,
                format!("expected an expression in `{}`", element.name()),
            )
            .at(element.location())
        })
}

pub(super) fn wider(a: Kind, b: Kind) -> Kind {
    const ORDER: [Kind; 5] = [Kind::Bool, Kind::I64, Kind::F32, Kind::F64, Kind::Text];
    let place = |kind| ORDER.iter().position(|k| *k == kind);
    if place(a) >= place(b) { a } else { b }
}

fn is_field(element: Element<'_>, name: &str) -> bool {
    element.name() == "FieldRef" && element.attribute("field") == Some(name)
}

fn arguments(element: Element<'_>) -> Vec<Element<'_>> {
    element.proper_children().collect()
}

/// `if(test(x), a, b)`: the three arguments and x.
fn missing_test<'d>(element: Element<'d>, test: &str) -> Option<([Element<'d>; 3], &'d str)> {
    let args: [Element<'d>; 3] = arguments(element).try_into().ok()?;
    let [condition, _, _] = args;
    let inner: [Element<'d>; 1] = arguments(condition).try_into().ok()?;
    let [x] = inner;
    let fits = element.attribute("function") == Some("if")
        && condition.attribute("function") == Some(test)
        && x.name() == "FieldRef";
    fits.then_some((args, x.attribute("field")?))
}

/// `if(isNotMissing(x), f(x))` where f of missing is missing.
fn guards_itself(element: Element<'_>) -> bool {
    let args = arguments(element);
    let [condition, value] = args.as_slice() else { return false };
    let inner = arguments(*condition);
    let [x] = inner.as_slice() else { return false };
    let Some(name) = x.attribute("field").filter(|_| x.name() == "FieldRef") else { return false };
    if condition.attribute("function") != Some("isNotMissing") {
        return false;
    }
    let mut strict = BTreeSet::new();
    for e in value.descendants().rev() {
        let any = || e.proper_children().any(|arg| strict.contains(&arg.index()));
        let first = || e.proper_children().next().is_some_and(|arg| strict.contains(&arg.index()));
        let passes = match (e.name(), e.attribute("function")) {
            ("FieldRef", _) => is_field(e, name),
            ("Apply", Some("if")) => first(),
            ("Apply", Some("isMissing" | "isNotMissing" | "and" | "or")) => false,
            ("Apply", _) => any(),
            _ => false,
        };
        if passes {
            strict.insert(e.index());
        }
    }
    strict.contains(&value.index())
}

/// The field that an expression makes a category number of, as this crate writes it.
fn truncation(element: Element<'_>) -> Option<&str> {
    const FUNCTIONS: [&str; 9] =
        ["if", "isNotMissing", "if", "lessOrEqual", "if", "lessThan", "if", "lessThan", "floor"];
    let inside = || element.descendants().take(64);
    let functions = inside().filter_map(|e| e.attribute("function"));
    let constants = inside().filter(|e| e.name() == "Constant").map(Element::text);
    let mut fields = inside().filter(|e| e.name() == "FieldRef").map(|e| e.attribute("field"));
    let name = fields.next()??;
    let fits = functions.eq(FUNCTIONS)
        && constants.eq(["-1", "-1", "0", "0", "16777216", "-1"])
        && fields.all(|field| field == Some(name));
    fits.then_some(name)
}
