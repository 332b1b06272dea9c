//! Transformations: <https://dmg.org/pmml/v4-4-1/Transformations.html>,
//! <https://dmg.org/pmml/v4-4-1/Functions.html>.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Categories, Constant, Impute, Kind, Labels, Op, Ordinal, Scalar, UnaryOp, Unknown,
    ValueId, Width,
};

use super::{Lower, dictionary, invalid, number, required, unsupported, unsupported_value};
use crate::{codes, doc::Element};

/// What an expression yields before it meets others.
#[derive(Clone, Debug)]
enum Operand {
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
        let wanted = fields.keys().rev().filter(|name| named.contains(*name));
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
        let kind = dictionary::kind(field)?.ok_or_else(|| unsupported_value(field, "dataType"))?;
        let expression = first_expression(field)?;
        if let Some(from) = truncation(expression) {
            let from = self.field(expression, from)?;
            self.truncated.insert(name.to_owned(), from);
        }
        let operand = self.expression(expression)?;
        // A table of numbers gives them in the type of the field at once.
        if let Operand::Value(value) = operand
            && matches!(expression.name(), "MapValues" | "NormDiscrete")
            && kind.is_number()
            && let Some(node) = self.model.nodes.get_mut(value)
            && let Op::Ordinal(ordinal) = &mut node.op
        {
            ordinal.kind = kind;
        }
        let value = self.materialise(expression, operand, kind)?;
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
        let operand = self.expression(expression)?;
        self.materialise(expression, operand, kind)
    }

    /// An expression. Arguments come after their function in document order, so going backwards
    /// meets every argument before its function, at any depth.
    fn expression(&mut self, root: Element<'d>) -> Result<Operand, Failure> {
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
            let operand = match element.name() {
                "FieldRef" => self.field_ref(element)?,
                "Constant" => constant(element)?,
                "NormDiscrete" => self.norm_discrete(element)?,
                "MapValues" => self.map_values(element)?,
                "Apply" => {
                    let args = element.proper_children();
                    let args = args.filter_map(|arg| found.remove(&arg.index())).collect();
                    self.apply(element, args)?
                }
                _ => return Err(unsupported(element)),
            };
            found.insert(element.index(), operand);
        }
        found.remove(&root.index()).ok_or_else(|| unsupported(root))
    }

    fn field_ref(&mut self, element: Element<'d>) -> Result<Operand, Failure> {
        if element.attribute("mapMissingTo").is_some() {
            return Err(unsupported_value(element, "mapMissingTo"));
        }
        Ok(Operand::Value(self.field(element, required(element, "field")?)?))
    }

    /// An operand as a value of a kind.
    fn materialise(
        &mut self,
        element: Element<'_>,
        operand: Operand,
        kind: Kind,
    ) -> Result<ValueId, Failure> {
        match operand {
            Operand::Value(value) => self.cast(element, value, kind),
            Operand::Missing => self.missing(element, kind),
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

    /// A value that is always missing: an unlisted category.
    fn missing(&mut self, element: Element<'_>, kind: Kind) -> Result<ValueId, Failure> {
        if !kind.is_number() {
            return Err(unsupported(element));
        }
        let never =
            Constant { kind: Kind::Bool, width: Width::Scalar, values: Labels::Bool(vec![false]) };
        let arg = self.push(Op::Constant(never))?;
        let categories = Categories::new(Labels::Bool(vec![true]));
        let unknown = Unknown::None;
        self.push(Op::Ordinal(Ordinal { arg, categories, codes: vec![1.0], unknown, kind }))
    }

    /// The value as another kind.
    pub(super) fn cast(
        &mut self,
        element: Element<'_>,
        value: ValueId,
        kind: Kind,
    ) -> Result<ValueId, Failure> {
        let from = self.kind(value);
        if from == kind {
            return Ok(value);
        }
        if !kind.is_number() || from == Kind::Text {
            return Err(Failure::unsupported(
                codes::UNSUPPORTED_ELEMENT,
                format!("a conversion from {from} to {kind} is not carried"),
            )
            .at(element.location()));
        }
        self.push(Op::Cast { arg: value, to: kind })
    }

    /// Both operands as values of one kind: the wider of the two.
    fn unify(
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

    fn apply(&mut self, element: Element<'d>, args: Vec<Operand>) -> Result<Operand, Failure> {
        let function = required(element, "function")?;
        for attribute in ["mapMissingTo", "defaultValue"] {
            if element.attribute(attribute).is_some() {
                return Err(unsupported_value(element, attribute));
            }
        }
        if let Some(op) = unary_op(function) {
            let [arg] = Self::arguments(element, args)?;
            return self.unary(element, op, arg);
        }
        if let Some(op) = binary_op(function) {
            return self.folded(element, op, args);
        }
        match function {
            "isNotMissing" => {
                let [arg] = Self::arguments(element, args)?;
                let arg = self.unary(element, UnaryOp::IsMissing, arg)?;
                self.unary(element, UnaryOp::Not, arg)
            }
            "if" => self.choice(element, args),
            _ => Err(unsupported_value(element, "function")),
        }
    }

    fn arguments<const N: usize>(
        element: Element<'_>,
        args: Vec<Operand>,
    ) -> Result<[Operand; N], Failure> {
        args.try_into().map_err(|args: Vec<Operand>| {
            let function = element.attribute("function").unwrap_or_default();
            Failure::malformed(
                codes::INVALID_ELEMENT,
                format!("`{function}` takes {N} arguments, found {}", args.len()),
            )
            .at(element.location())
        })
    }

    fn unary(
        &mut self,
        element: Element<'_>,
        op: UnaryOp,
        arg: Operand,
    ) -> Result<Operand, Failure> {
        let kind = match (&arg, op) {
            (Operand::Value(value), UnaryOp::IsMissing | UnaryOp::Not | UnaryOp::Abs) => {
                self.kind(*value)
            }
            (Operand::Value(value), _) if self.kind(*value) == Kind::F32 => Kind::F32,
            (_, UnaryOp::Not) => Kind::Bool,
            (Operand::Value(_) | Operand::Constant(..) | Operand::Missing, _) => Kind::F64,
        };
        let arg = self.materialise(element, arg, kind)?;
        Ok(Operand::Value(self.push(Op::Unary { op, arg })?))
    }

    /// A function of two arguments, or of more where they can be taken from the left.
    fn folded(
        &mut self,
        element: Element<'_>,
        op: BinaryOp,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        let many = matches!(op, BinaryOp::And | BinaryOp::Or);
        if args.len() < 2 || (args.len() > 2 && !many) {
            let [_, _]: [Operand; 2] = Self::arguments(element, args)?;
            return Err(unsupported(element));
        }
        let float = matches!(op, BinaryOp::Div | BinaryOp::Pow).then_some(Kind::F32);
        let mut args = args.into_iter();
        let mut all = args.next().unwrap_or(Operand::Missing);
        for next in args {
            let (left, right) = self.unify(element, (all, next), float)?;
            all = Operand::Value(self.push(Op::Binary { op, left, right })?);
        }
        Ok(all)
    }

    fn choice(&mut self, element: Element<'d>, args: Vec<Operand>) -> Result<Operand, Failure> {
        if let Some(filled) = self.filled(element)? {
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
            let [_, _, _]: [Operand; 3] = Self::arguments(element, Vec::new())?;
            return Err(unsupported(element));
        };
        let no = args.next().unwrap_or(Operand::Missing);
        let condition = self.materialise(element, condition, Kind::Bool)?;
        let (yes, no) = self.unify(element, (yes, no), None)?;
        Ok(Operand::Value(self.push(Op::If { condition, yes, no })?))
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
        let arg = self.field(element, required(element, "field")?)?;
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

    fn map_values(&mut self, element: Element<'d>) -> Result<Operand, Failure> {
        let pairs: Vec<_> = element.children().filter(|c| c.name() == "FieldColumnPair").collect();
        let ([pair], Some(table)) = (pairs.as_slice(), element.child("InlineTable")) else {
            return Err(unsupported(element));
        };
        let arg = self.field(*pair, required(*pair, "field")?)?;
        let (from, to) = (required(*pair, "column")?, required(element, "outputColumn")?);
        let (mut values, mut codes) = (Vec::new(), Vec::new());
        for row in table.children().filter(|row| row.name() == "row") {
            let cell = |name: &str| {
                let mut cells = row.children();
                cells.find(|c| c.name().rsplit(':').next() == Some(name)).map(Element::text)
            };
            let (Some(value), Some(code)) = (cell(from), cell(to)) else {
                return Err(unsupported(row));
            };
            values.push(value.into_owned());
            codes.push(crate::number::parse_f64(&code).ok_or_else(|| unsupported(row))?);
        }
        let kind = self.kind(arg);
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let values = dictionary::labels(&texts, kind).ok_or_else(|| unsupported(table))?;
        let optional = |name: &str| match element.attribute(name) {
            Some(_) => number(element, name, None).map(Some),
            None => Ok(None),
        };
        let (missing, default) = (optional("mapMissingTo")?, optional("defaultValue")?);
        let unknown = default.map_or(Unknown::None, Unknown::Code);
        let same = missing.map(f64::to_bits) == default.map(f64::to_bits);
        codes.extend(missing.filter(|_| !same));
        let categories = Categories { values, missing: missing.is_some() && !same };
        let kind = Kind::F64;
        let value = self.push(Op::Ordinal(Ordinal { arg, categories, codes, unknown, kind }))?;
        if missing.is_some() || default.is_none() {
            return Ok(Operand::Value(value));
        }
        let condition = self.push(Op::Unary { op: UnaryOp::IsMissing, arg })?;
        let yes = self.missing(element, Kind::F64)?;
        Ok(Operand::Value(self.push(Op::If { condition, yes, no: value })?))
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
    element.descendants().filter(|e| e.name() != "DerivedField").flat_map(|e| {
        e.attributes().filter(|(key, _)| matches!(*key, "field" | "name")).map(|(_, value)| value)
    })
}

fn first_expression(element: Element<'_>) -> Result<Element<'_>, Failure> {
    element.proper_children().find(|child| child.name() != "Value").ok_or_else(|| {
        Failure::malformed(
            codes::MISSING_ELEMENT,
            format!("expected an expression in `{}`", element.name()),
        )
        .at(element.location())
    })
}

fn wider(a: Kind, b: Kind) -> Kind {
    const ORDER: [Kind; 5] = [Kind::Bool, Kind::I64, Kind::F32, Kind::F64, Kind::Text];
    let place = |kind| ORDER.iter().position(|k| *k == kind);
    if place(a) >= place(b) { a } else { b }
}

fn unary_op(function: &str) -> Option<UnaryOp> {
    Some(match function {
        "abs" => UnaryOp::Abs,
        "exp" => UnaryOp::Exp,
        "ln" => UnaryOp::Ln,
        "ln1p" => UnaryOp::Ln1p,
        "expm1" => UnaryOp::Expm1,
        "sqrt" => UnaryOp::Sqrt,
        "floor" => UnaryOp::Floor,
        "ceil" => UnaryOp::Ceil,
        "tanh" => UnaryOp::Tanh,
        "sin" => UnaryOp::Sin,
        "cos" => UnaryOp::Cos,
        "tan" => UnaryOp::Tan,
        "asin" => UnaryOp::Asin,
        "acos" => UnaryOp::Acos,
        "atan" => UnaryOp::Atan,
        "sinh" => UnaryOp::Sinh,
        "cosh" => UnaryOp::Cosh,
        "log10" => UnaryOp::Log10,
        "rint" => UnaryOp::RoundEven,
        "not" => UnaryOp::Not,
        "isMissing" => UnaryOp::IsMissing,
        _ => return None,
    })
}

fn binary_op(function: &str) -> Option<BinaryOp> {
    Some(match function {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "pow" => BinaryOp::Pow,
        "equal" => BinaryOp::Eq,
        "notEqual" => BinaryOp::Ne,
        "lessThan" => BinaryOp::Lt,
        "lessOrEqual" => BinaryOp::Le,
        "greaterThan" => BinaryOp::Gt,
        "greaterOrEqual" => BinaryOp::Ge,
        "and" => BinaryOp::And,
        "or" => BinaryOp::Or,
        _ => return None,
    })
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
