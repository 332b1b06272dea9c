//! Built-in and defined functions: <https://dmg.org/pmml/v4-4-1/BuiltinFunctions.html>,
//! <https://dmg.org/pmml/v4-4-1/Functions.html>.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{BinaryOp, Function, Kind, Labels, ReduceOp, Scalar, UnaryOp, ValueId};

use super::{
    Lower, dictionary,
    dictionary::Moment,
    expression::{Operand, first_expression, wider},
    invalid, required,
    tables::pattern_of,
    unsupported, unsupported_value,
};
use crate::{codes, doc::Element};

/// Defined functions may call each other this deep.
const MAX_CALLS: usize = 64;

impl<'d> Lower<'d> {
    pub(super) fn apply(
        &mut self,
        element: Element<'d>,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        let function = required(element, "function")?;
        let (default, missing) =
            (element.attribute("defaultValue"), element.attribute("mapMissingTo"));
        if default.is_none() && missing.is_none() {
            return self.function(element, function, args);
        }
        let mut absent: Option<ValueId> = None;
        for arg in args.iter().filter(|_| missing.is_some()) {
            let kind = self.kind_of_operand(arg);
            let value = self.materialise(element, arg.clone(), kind)?;
            let one = self.un(UnaryOp::IsMissing, value)?;
            absent = Some(match absent {
                Some(all) => self.bin(BinaryOp::Or, all, one)?,
                None => one,
            });
        }
        let answer = self.function(element, function, args)?;
        let mut kind = self.kind_of_operand(&answer);
        // A test may be answered by a number where it is unknown.
        let texts = [default, missing];
        if kind == Kind::Bool
            && texts.iter().flatten().any(|text| dictionary::scalar(text, kind).is_none())
        {
            kind = Kind::F64;
        }
        let mut value = self.materialise(element, answer, kind)?;
        let constant = |attribute: &str, text: &str| {
            dictionary::scalar(text, kind)
                .ok_or_else(|| invalid(element, attribute, &format!("a value of type {kind}")))
        };
        if let Some(text) = default {
            let other = self.fixed(&constant("defaultValue", text)?, kind)?;
            value = self.coalesce(value, other)?;
        }
        if let (Some(text), Some(absent)) = (missing, absent) {
            let other = self.fixed(&constant("mapMissingTo", text)?, kind)?;
            value = self.choose(absent, other, value)?;
        }
        Ok(Operand::Value(value))
    }

    fn function(
        &mut self,
        element: Element<'d>,
        function: &str,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        if let Some(&define) = self.functions.get(function) {
            return self.defined(element, define, args);
        }
        if let Some(op) = unary_op(function) {
            let [arg] = Self::arguments(element, args)?;
            return self.unary(element, op, arg);
        }
        if let Some(op) = binary_op(function) {
            return self.folded(element, op, args);
        }
        if let Some(op) = reduce_op(function) {
            return self.reduced(element, op, args);
        }
        match function {
            "isNotMissing" | "isValid" => {
                let [arg] = Self::arguments(element, args)?;
                let arg = self.unary(element, UnaryOp::IsMissing, arg)?;
                self.unary(element, UnaryOp::Not, arg)
            }
            "isNotValid" => {
                let [arg] = Self::arguments(element, args)?;
                self.unary(element, UnaryOp::IsMissing, arg)
            }
            "if" => self.choice(element, args),
            "isIn" | "isNotIn" => self.membership(element, args, function == "isNotIn"),
            "threshold" => {
                let above = self.folded(element, BinaryOp::Gt, args)?;
                let value = self.materialise(element, above, Kind::I64)?;
                Ok(Operand::Value(value))
            }
            "round" => {
                let [arg] = Self::arguments(element, args)?;
                let arg = self.materialise(element, arg, Kind::F64)?;
                let half = self.float(Kind::F64, 0.5)?;
                let sum = self.bin(BinaryOp::Add, arg, half)?;
                Ok(Operand::Value(self.un(UnaryOp::Floor, sum)?))
            }
            "hypot" => {
                let [x, y]: [Operand; 2] = Self::arguments(element, args)?;
                let x = self.materialise(element, x, Kind::F64)?;
                let y = self.materialise(element, y, Kind::F64)?;
                let (x, y) = (self.bin(BinaryOp::Mul, x, x)?, self.bin(BinaryOp::Mul, y, y)?);
                let sum = self.bin(BinaryOp::Add, x, y)?;
                Ok(Operand::Value(self.un(UnaryOp::Sqrt, sum)?))
            }
            "normalCDF" | "normalPDF" | "normalIDF" => self.normal(element, function, args),
            "dateDaysSinceYear" | "dateSecondsSinceYear" | "dateSecondsSinceMidnight" => {
                self.since(element, function, args)
            }
            _ => self.text_function(element, function, args),
        }
    }

    /// A function of the document, written out with its arguments.
    fn defined(
        &mut self,
        element: Element<'d>,
        define: Element<'d>,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        let parameters = define.children().filter(|c| c.name() == "ParameterField");
        let parameters: Vec<_> = parameters.collect();
        if parameters.len() != args.len() {
            return Err(Failure::malformed(
                codes::INVALID_ELEMENT,
                format!(
                    "`{}` takes {} arguments, found {}",
                    element.attribute("function").unwrap_or_default(),
                    parameters.len(),
                    args.len()
                ),
            )
            .at(element.location()));
        }
        if self.parameters.len() >= MAX_CALLS {
            return Err(Failure::unsupported(
                codes::UNSUPPORTED_ELEMENT,
                format!("functions call each other more than {MAX_CALLS} deep"),
            )
            .at(element.location()));
        }
        let mut scope = BTreeMap::new();
        let mut key = Some(Vec::new());
        for (parameter, arg) in parameters.into_iter().zip(args) {
            let name = required(parameter, "name")?;
            let operand = match parameter.attribute("dataType") {
                Some(_) => {
                    let (kind, _) = Self::declared(parameter)?;
                    Operand::Value(self.materialise(element, arg, kind)?)
                }
                None => arg,
            };
            match (&operand, &mut key) {
                (Operand::Value(value), Some(key)) => key.push(*value),
                _ => key = None,
            }
            scope.insert(name, operand);
        }
        let key = key.map(|key| (define.index(), key));
        if let Some(known) = key.as_ref().and_then(|key| self.memo.get(key)) {
            return Ok(Operand::Value(*known));
        }
        let expression = define
            .proper_children()
            .find(|c| c.name() != "ParameterField")
            .map_or_else(|| first_expression(define), Ok)?;
        let kind = match define.attribute("dataType") {
            Some(_) => Some(Self::declared(define)?.0),
            None => None,
        };
        self.parameters.push(scope);
        let answer = self.expression(expression, kind);
        self.parameters.pop();
        let answer = answer?;
        let Some(kind) = kind else { return Ok(answer) };
        let value = self.materialise(expression, answer, kind)?;
        if let Some(key) = key {
            self.memo.insert(key, value);
        }
        Ok(Operand::Value(value))
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

    pub(super) fn wrong_arguments(element: Element<'_>, found: usize) -> Failure {
        let function = element.attribute("function").unwrap_or_default();
        Failure::malformed(
            codes::INVALID_ELEMENT,
            format!("`{function}` does not take {found} arguments"),
        )
        .at(element.location())
    }

    fn unary(
        &mut self,
        element: Element<'_>,
        op: UnaryOp,
        arg: Operand,
    ) -> Result<Operand, Failure> {
        let kind = match (&arg, op) {
            (Operand::Value(value), UnaryOp::IsMissing) => self.kind(*value),
            (Operand::Value(value), UnaryOp::Abs | UnaryOp::Sign)
                if self.kind(*value).is_number() =>
            {
                self.kind(*value)
            }
            (Operand::Value(value), _) if self.kind(*value) == Kind::F32 => Kind::F32,
            (_, UnaryOp::Not) => Kind::Bool,
            (Operand::Value(_) | Operand::Constant(..) | Operand::Missing, _) => Kind::F64,
        };
        let arg = self.materialise(element, arg, kind)?;
        Ok(Operand::Value(self.un(op, arg)?))
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
            return Err(Self::wrong_arguments(element, args.len()));
        }
        let mut args = args.into_iter();
        let mut all = args.next().unwrap_or(Operand::Missing);
        for next in args {
            let (left, right) = self.unify(element, (all, next), many.then_some(Kind::Bool))?;
            let (left, right) = self.fit(element, op, left, right)?;
            // Whole numbers divide as whole numbers, toward zero.
            all = Operand::Value(if op == BinaryOp::Div && self.kind(left) == Kind::I64 {
                let rest = self.bin(BinaryOp::Remainder, left, right)?;
                let even = self.bin(BinaryOp::Sub, left, rest)?;
                self.bin(BinaryOp::FloorDiv, even, right)?
            } else {
                self.bin(op, left, right)?
            });
        }
        Ok(all)
    }

    /// Operands as the function takes them.
    fn fit(
        &mut self,
        element: Element<'_>,
        op: BinaryOp,
        left: ValueId,
        right: ValueId,
    ) -> Result<(ValueId, ValueId), Failure> {
        let kind = self.kind(left);
        let counts = matches!(
            op,
            BinaryOp::Add
                | BinaryOp::Sub
                | BinaryOp::Mul
                | BinaryOp::Div
                | BinaryOp::Modulo
                | BinaryOp::Lt
                | BinaryOp::Le
                | BinaryOp::Gt
                | BinaryOp::Ge
        );
        let powers = matches!(op, BinaryOp::Pow | BinaryOp::Atan2);
        let wanted = if (powers && !kind.is_float()) || (counts && kind == Kind::Text) {
            Kind::F64
        } else if counts && kind == Kind::Bool {
            Kind::I64
        } else {
            kind
        };
        Ok((self.cast(element, left, wanted)?, self.cast(element, right, wanted)?))
    }

    fn reduced(
        &mut self,
        element: Element<'_>,
        op: ReduceOp,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        let kinds = args.iter().map(|arg| self.kind_of_operand(arg));
        let mut kind = kinds.fold(Kind::I64, wider);
        if kind == Kind::Text || matches!(op, ReduceOp::Mean | ReduceOp::Median) {
            kind = Kind::F64;
        }
        if args.is_empty() {
            return Err(Self::wrong_arguments(element, 0));
        }
        let args = args.into_iter().map(|arg| self.materialise(element, arg, kind));
        let args = args.collect::<Result<_, _>>()?;
        Ok(Operand::Value(self.reduce(op, args, true)?))
    }

    fn membership(
        &mut self,
        element: Element<'_>,
        args: Vec<Operand>,
        inverse: bool,
    ) -> Result<Operand, Failure> {
        let mut args = args.into_iter();
        let Some(first) = args.next() else { return Err(Self::wrong_arguments(element, 0)) };
        let kind = self.kind_of_operand(&first);
        let value = self.materialise(element, first, kind)?;
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        for arg in args {
            match arg {
                Operand::Constant(scalar, _) => texts.push(crate::raise::scalar_text(&scalar)),
                Operand::Value(other) => others.push(other),
                Operand::Missing => {}
            }
        }
        // What is no value of the operand's type is never equal to it.
        let fitting: Vec<&str> = texts
            .iter()
            .map(String::as_str)
            .filter(|text| dictionary::scalar(text, kind).is_some())
            .collect();
        let list = dictionary::labels(&fitting, kind).unwrap_or(Labels::Text(Vec::new()));
        let mut answer = self.call(Function::IsIn(list), vec![value])?;
        for other in others {
            let pair = (Operand::Value(value), Operand::Value(other));
            let (left, right) = self.unify(element, pair, None)?;
            let equal = self.bin(BinaryOp::Eq, left, right)?;
            answer = self.bin(BinaryOp::Or, answer, equal)?;
        }
        if inverse {
            answer = self.un(UnaryOp::Not, answer)?;
        }
        Ok(Operand::Value(answer))
    }

    fn normal(
        &mut self,
        element: Element<'_>,
        function: &str,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        let [x, mean, deviation]: [Operand; 3] = Self::arguments(element, args)?;
        let x = self.materialise(element, x, Kind::F64)?;
        let mean = self.materialise(element, mean, Kind::F64)?;
        let deviation = self.materialise(element, deviation, Kind::F64)?;
        if function == "normalIDF" {
            let z = self.un(UnaryOp::NormalQuantile, x)?;
            let z = self.bin(BinaryOp::Mul, z, deviation)?;
            return Ok(Operand::Value(self.bin(BinaryOp::Add, z, mean)?));
        }
        let z = self.bin(BinaryOp::Sub, x, mean)?;
        let z = self.bin(BinaryOp::Div, z, deviation)?;
        if function == "normalCDF" {
            return Ok(Operand::Value(self.un(UnaryOp::NormalCdf, z)?));
        }
        let density = self.un(UnaryOp::NormalPdf, z)?;
        Ok(Operand::Value(self.bin(BinaryOp::Div, density, deviation)?))
    }

    /// Days or seconds of a date since the start of a year, or of a time since midnight.
    fn since(
        &mut self,
        element: Element<'_>,
        function: &str,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        let day = 86_400;
        let count = args.len();
        let mut args = args.into_iter();
        let Some(Operand::Value(value)) = args.next() else {
            return Err(Self::wrong_arguments(element, count));
        };
        let (mut value, moment) = match self.moments.get(&value) {
            Some(moment) => (value, *moment),
            None if self.kind(value) == Kind::Text => {
                let moment =
                    if function == "dateDaysSinceYear" { Moment::Date } else { Moment::DateTime };
                let moment =
                    if function == "dateSecondsSinceMidnight" { Moment::Time } else { moment };
                (self.moment(element, Operand::Value(value), moment)?, moment)
            }
            None => return Err(unsupported_value(element, "function")),
        };
        let seconds = self.constant(Kind::I64, Labels::I64(vec![day]))?;
        if function == "dateSecondsSinceMidnight" {
            return match moment {
                Moment::Time => Ok(Operand::Value(value)),
                Moment::DateTime => {
                    Ok(Operand::Value(self.bin(BinaryOp::Modulo, value, seconds)?))
                }
                Moment::Date => Err(unsupported_value(element, "function")),
            };
        }
        let year = match args.next() {
            Some(Operand::Constant(Scalar::I64(year), _)) if (0..=9999).contains(&year) => year,
            _ => return Err(unsupported(element)),
        };
        let mut start = days_before_year(year);
        match (function, moment) {
            ("dateDaysSinceYear", Moment::Date) => {}
            ("dateDaysSinceYear", Moment::DateTime) => {
                value = self.bin(BinaryOp::FloorDiv, value, seconds)?;
            }
            (_, Moment::Date) => {
                value = self.bin(BinaryOp::Mul, value, seconds)?;
                start *= day;
            }
            (_, Moment::DateTime) => start *= day,
            (_, Moment::Time) => return Err(unsupported_value(element, "function")),
        }
        if start == 0 {
            return Ok(Operand::Value(value));
        }
        let start = self.constant(Kind::I64, Labels::I64(vec![start]))?;
        Ok(Operand::Value(self.bin(BinaryOp::Sub, value, start)?))
    }

    fn text_function(
        &mut self,
        element: Element<'_>,
        function: &str,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        let count = args.len();
        let literal = |operand: &Operand| match operand {
            Operand::Constant(scalar, _) => Ok(crate::raise::scalar_text(scalar)),
            Operand::Value(_) | Operand::Missing => Err(unsupported(element)),
        };
        let (function, taken) = match (function, args.as_slice()) {
            ("lowercase", [_]) => (Function::Lowercase, 1),
            ("uppercase", [_]) => (Function::Uppercase, 1),
            ("trimBlanks", [_]) => (Function::Trim, 1),
            ("stringLength", [_]) => (Function::Length, 1),
            ("concat", [_, ..]) => (Function::Join, count),
            ("matches", [_, pattern]) => {
                (Function::Matches { pattern: pattern_of(&literal(pattern)?) }, 1)
            }
            ("replace", [_, pattern, with]) => {
                let pattern = pattern_of(&literal(pattern)?);
                (Function::Replace { pattern, with: literal(with)? }, 1)
            }
            ("substring", [text, start, length]) => {
                let args = vec![
                    self.materialise(element, text.clone(), Kind::Text)?,
                    self.materialise(element, start.clone(), Kind::I64)?,
                    self.materialise(element, length.clone(), Kind::I64)?,
                ];
                return Ok(Operand::Value(self.call(Function::Substring, args)?));
            }
            ("formatNumber", [number, format]) => {
                let kind = self.kind_of_operand(number);
                let kind = if kind.is_number() { kind } else { Kind::F64 };
                let number = self.materialise(element, number.clone(), kind)?;
                let format = Function::FormatNumber(literal(format)?);
                return Ok(Operand::Value(self.call(format, vec![number])?));
            }
            (
                "lowercase" | "uppercase" | "trimBlanks" | "stringLength" | "matches" | "replace"
                | "substring" | "formatNumber" | "concat",
                _,
            ) => return Err(Self::wrong_arguments(element, count)),
            _ => return Err(unsupported_value(element, "function")),
        };
        let args = args.into_iter().take(taken);
        let args = args.map(|arg| self.materialise(element, arg, Kind::Text));
        let args = args.collect::<Result<_, _>>()?;
        Ok(Operand::Value(self.call(function, args)?))
    }
}

/// Days from 1970-01-01 to the first of January of a year of the Gregorian calendar.
fn days_before_year(year: i64) -> i64 {
    let before = year - 1;
    let leaps = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    365 * before + leaps - 719_162
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
        "asinh" => UnaryOp::Asinh,
        "acosh" => UnaryOp::Acosh,
        "atanh" => UnaryOp::Atanh,
        "erf" => UnaryOp::Erf,
        "stdNormalCDF" => UnaryOp::NormalCdf,
        "stdNormalPDF" => UnaryOp::NormalPdf,
        "stdNormalIDF" => UnaryOp::NormalQuantile,
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
        "modulo" => BinaryOp::Modulo,
        "atan2" => BinaryOp::Atan2,
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

fn reduce_op(function: &str) -> Option<ReduceOp> {
    Some(match function {
        "sum" => ReduceOp::Sum,
        "avg" => ReduceOp::Mean,
        "min" => ReduceOp::Min,
        "max" => ReduceOp::Max,
        "median" => ReduceOp::Median,
        "product" => ReduceOp::Product,
        _ => return None,
    })
}
