use holdall_tabular::{
    BinaryOp, Call, Categories, Constant, Function, Impute, Kind, Labels, Linear, OneHot, Op,
    Ordinal, Part, Reduce, ReduceOp, Scalar, Scale, ScaleForm, Summation, Transform, UnaryOp,
    Unknown, ValueId, Width,
};
use serde_json::Value;

use super::{Binding, Lower, Lowered, cell_name, element, only_pair};
use crate::{
    library::{binary_name, table::curve_of, unary_name},
    names::{Flag, Fun},
    number::{read_float, read_literal, read_literals},
};

fn unary_of(fun: &Fun) -> Option<UnaryOp> {
    UnaryOp::ALL.into_iter().find(|op| unary_name(*op) == fun.op)
}

fn binary_of(fun: &Fun) -> Option<BinaryOp> {
    BinaryOp::ALL.into_iter().find(|op| binary_name(*op) == fun.op)
}

/// A list of one value.
fn one(scalar: Scalar) -> (Kind, Labels) {
    match scalar {
        Scalar::F64(v) => (Kind::F64, Labels::F64(vec![v])),
        Scalar::I64(v) => (Kind::I64, Labels::I64(vec![v])),
        Scalar::Bool(v) => (Kind::Bool, Labels::Bool(vec![v])),
        Scalar::Text(v) => (Kind::Text, Labels::Text(vec![v])),
    }
}

impl<'d> Lower<'d> {
    /// The value of an expression. JSON is read to a depth of 128 at most, and so this goes down.
    pub(super) fn value(&mut self, expression: &'d Value) -> Lowered<ValueId> {
        if let Some(symbol) = expression.as_str() {
            return self.symbol(symbol);
        }
        if let Some(scalar) = read_literal(expression) {
            let (kind, values) = one(scalar);
            return self.push(Op::Constant(Constant { kind, width: Width::Scalar, values }));
        }
        if let Some(name) = cell_name(expression) {
            return self.constant(expression, name);
        }
        if let Some((symbol, index)) = element(expression) {
            return self.element(symbol, index);
        }
        if let Some(list) = expression.get("new").and_then(Value::as_array) {
            return self.made(expression, list);
        }
        let args = |name: &str| only_pair(expression).filter(|(key, _)| *key == name);
        let args = |name: &str| args(name).and_then(|(_, args)| args.as_array());
        if let Some([pieces]) = args("a.flatten").map(Vec::as_slice) {
            return self.flattened(pieces);
        }
        if self.is_trees(expression) {
            return self.trees(expression);
        }
        if let Some([arg, function]) = args("a.map").map(Vec::as_slice) {
            return self.mapped(arg, function);
        }
        if let Some([left, right, function]) = args("a.zipmap").map(Vec::as_slice) {
            return self.zipped(left, right, function);
        }
        if let Some((fun, args)) = self.call(expression) {
            return self.called(&fun, args, expression);
        }
        Err(self.unsupported("an expression of another shape"))
    }

    fn kind_of_items(&self, schema: Option<&Value>) -> Lowered<Kind> {
        match schema.and_then(|s| s.get("items")).and_then(Value::as_str) {
            Some("double") => Ok(Kind::F64),
            Some("long") => Ok(Kind::I64),
            Some("boolean") => Ok(Kind::Bool),
            Some("string") => Ok(Kind::Text),
            _ => Err(self.unsupported("an array of other items")),
        }
    }

    fn constant(&mut self, expression: &Value, name: &str) -> Lowered<ValueId> {
        let schema = self.document.cells.get(name).map(|cell| &cell.schema);
        let kind = self.kind_of_items(schema)?;
        let values = self.list(expression, kind)?;
        self.vector(kind, values)
    }

    fn vector(&mut self, kind: Kind, values: Labels) -> Lowered<ValueId> {
        let width = u32::try_from(values.len())
            .map_err(|_error| self.unsupported("a constant of more than 2³² elements"))?;
        self.push(Op::Constant(Constant { kind, width: Width::Vector(width), values }))
    }

    fn element(&mut self, symbol: &str, index: u32) -> Lowered<ValueId> {
        match self.binding(symbol)? {
            Binding::Part(estimate, Part::Probabilities) => {
                self.push(Op::Part { estimate, part: Part::Probability(index) })
            }
            Binding::Part(..) | Binding::Value(_) => {
                let mut arg = self.symbol(symbol)?;
                let of_one = matches!(
                    self.model.nodes.get(arg).map(|node| &node.op),
                    Some(Op::Select { indices, .. }) if indices.len() == 1
                );
                if !(of_one && index == 0) {
                    arg = self.push(Op::Select { arg, indices: vec![index] })?;
                }
                let (op, skip_missing) = (ReduceOp::Max, false);
                self.push(Op::Transform(Transform::Reduce(Reduce { arg, op, skip_missing })))
            }
        }
    }

    /// An array written out: constants, elements of one vector, or values side by side.
    fn made(&mut self, expression: &'d Value, list: &'d [Value]) -> Lowered<ValueId> {
        if let Ok(kind) = self.kind_of_items(expression.get("type"))
            && let Some(values) = read_literals(list, kind)
            && !list.is_empty()
        {
            return self.vector(kind, values);
        }
        let elements: Option<Vec<(&str, u32)>> = list.iter().map(element).collect();
        let first = elements.as_deref().and_then(|list| list.first().copied());
        if let (Some(elements), Some((symbol, _))) = (elements, first)
            && elements.iter().all(|(other, _)| *other == symbol)
            && !matches!(self.binding(symbol)?, Binding::Part(_, Part::Probabilities))
        {
            let arg = self.symbol(symbol)?;
            let indices = elements.into_iter().map(|(_, index)| index).collect();
            return self.push(Op::Select { arg, indices });
        }
        let args = list.iter().map(|value| self.value(value)).collect::<Lowered<_>>()?;
        self.push(Op::Concat(args))
    }

    fn flattened(&mut self, pieces: &'d Value) -> Lowered<ValueId> {
        let Some(pieces) = pieces.get("new").and_then(Value::as_array) else {
            return Err(self.unsupported("`a.flatten` of something else than arrays written out"));
        };
        let mut args = Vec::new();
        for piece in pieces {
            match piece.get("new").and_then(Value::as_array) {
                Some(scalars) => {
                    for scalar in scalars {
                        args.push(self.value(scalar)?);
                    }
                }
                None => args.push(self.value(piece)?),
            }
        }
        self.push(Op::Concat(args))
    }

    /// A function of each element.
    fn mapped(&mut self, arg: &'d Value, function: &'d Value) -> Lowered<ValueId> {
        if let Some((fun, points)) = self.reference_with(function, ["xs", "ys"]) {
            return self.curve(&fun, arg, points);
        }
        let Some((fun, fill)) = self.reference(function) else {
            return Err(self.unsupported("`a.map` with another function"));
        };
        match fill {
            None => self.of_one(&fun, arg),
            Some((side @ ("a" | "a0" | "b" | "b0"), other)) if binary_of(&fun).is_some() => {
                let (arg, other) = (self.value(arg)?, self.value(other)?);
                let left = side.starts_with('a');
                let (left, right) = if left { (other, arg) } else { (arg, other) };
                self.binary(&fun, left, right)
            }
            Some(_) => Err(self.unsupported(format!("`a.map` with `u.{fun}`"))),
        }
    }

    fn of_one(&mut self, fun: &Fun, arg: &'d Value) -> Lowered<ValueId> {
        let arg = self.value(arg)?;
        match (unary_of(fun), fun.op.as_str(), fun.kinds.as_slice()) {
            (_, "some", _) => Ok(arg),
            (Some(op), _, _) => self.push(Op::Unary { op, arg }),
            (None, "uppercase", _) => self.function(Function::Uppercase, vec![arg]),
            (None, "lowercase", _) => self.function(Function::Lowercase, vec![arg]),
            (None, "length", _) => self.function(Function::Length, vec![arg]),
            (None, "trim", _) => self.function(Function::Trim, vec![arg]),
            (None, "totext", _) => self.function(Function::ToText, vec![arg]),
            (None, "parsedate", _) => self.function(Function::ParseDate, vec![arg]),
            (None, "tonumber", _) => self.function(Function::ToNumber, vec![arg]),
            (None, "cast", &[_, to]) => self.push(Op::Cast { arg, to }),
            (None, _, _) => self
                .of_all(fun, arg)
                .unwrap_or_else(|| Err(self.unsupported(format!("`u.{fun}` of one value")))),
        }
    }

    fn binary(&mut self, fun: &Fun, left: ValueId, right: ValueId) -> Lowered<ValueId> {
        match binary_of(fun) {
            Some(op) => self.push(Op::Binary { op, left, right }),
            None => Err(self.unsupported(format!("`u.{fun}` of two values"))),
        }
    }

    /// A function of two arrays, element by element.
    fn zipped(
        &mut self,
        left: &'d Value,
        right: &'d Value,
        function: &'d Value,
    ) -> Lowered<ValueId> {
        let Some((fun, fill)) = self.reference(function) else {
            return Err(self.unsupported("`a.zipmap` with another function"));
        };
        match (fun.op.as_str(), fill) {
            ("impute", None) => {
                let with = self.kind_list(&fun, right)?;
                self.impute(&fun, left, with, None)
            }
            ("impute", Some(("sentinel", sentinel))) => {
                let with = self.kind_list(&fun, right)?;
                self.impute(&fun, left, with, Some(sentinel))
            }
            ("dot", Some(("x", x))) => self.linear(&fun, left, right, x),
            (op, None) if op.ends_with("by") => self.scale(&fun, left, right),
            (_, None) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.binary(&fun, left, right)
            }
            (_, Some(_)) => Err(self.unsupported(format!("`a.zipmap` with `u.{fun}`"))),
        }
    }

    pub(super) fn kind_list(&self, fun: &Fun, list: &Value) -> Lowered<Labels> {
        self.list(list, fun.kinds.first().copied().unwrap_or(Kind::F64))
    }

    fn impute(
        &mut self,
        fun: &Fun,
        arg: &'d Value,
        with: Labels,
        sentinel: Option<&Value>,
    ) -> Lowered<ValueId> {
        let sentinel = sentinel.map(|value| {
            read_literal(value).ok_or_else(|| self.unsupported("a sentinel that is computed"))
        });
        let (sentinel, arg) = (sentinel.transpose()?, self.value(arg)?);
        self.push(Op::Impute(Impute { arg, nan: fun.has(Flag::Nan), sentinel, with }))
    }

    /// One or two steps of arithmetic with parameters by position.
    fn scale(&mut self, fun: &Fun, inner: &'d Value, list: &'d Value) -> Lowered<ValueId> {
        let parameters = |lower: &Self, value: &Value| match read_float(value) {
            Some(number) => Ok(vec![number]),
            None => lower.floats(value),
        };
        let outer = parameters(self, list)?;
        let next = self.by(inner).filter(|(inner, ..)| {
            matches!(
                (inner.op.as_str(), fun.op.as_str()),
                ("subby", "divby" | "mulby") | ("mulby", "addby")
            )
        });
        let (form, offset, factor, arg) = match next {
            Some((_, arg, list)) => {
                let first = Some(parameters(self, list)?);
                match fun.op.as_str() {
                    "divby" => (ScaleForm::SubtractDivide, first, Some(outer), arg),
                    "mulby" => (ScaleForm::SubtractMultiply, first, Some(outer), arg),
                    _ => (ScaleForm::MultiplyAdd, Some(outer), first, arg),
                }
            }
            None => match fun.op.as_str() {
                "subby" => (ScaleForm::SubtractDivide, Some(outer), None, inner),
                "divby" => (ScaleForm::SubtractDivide, None, Some(outer), inner),
                "mulby" => (ScaleForm::MultiplyAdd, None, Some(outer), inner),
                _ => (ScaleForm::MultiplyAdd, Some(outer), None, inner),
            },
        };
        let arg = self.value(arg)?;
        self.push(Op::Scale(Scale { arg, form, offset, factor }))
    }

    /// A step of arithmetic with parameters, over an array or one value.
    fn by(&self, expression: &'d Value) -> Option<(Fun, &'d Value, &'d Value)> {
        let found = match only_pair(expression) {
            Some(("a.zipmap", args)) => match args.as_array()?.as_slice() {
                [arg, list, function] => (self.reference(function)?.0, arg, list),
                _ => return None,
            },
            _ => match self.call(expression)? {
                (fun, [arg, list]) => (fun, arg, list),
                _ => return None,
            },
        };
        Some(found).filter(|(fun, ..)| fun.op.ends_with("by"))
    }

    fn called(&mut self, fun: &Fun, args: &'d [Value], expression: &'d Value) -> Lowered<ValueId> {
        match (fun.op.as_str(), args) {
            ("if", [condition, yes, no]) => {
                let condition = self.value(condition)?;
                let (yes, no) = (self.value(yes)?, self.value(no)?);
                self.push(Op::If { condition, yes, no })
            }
            ("impute", [arg, with, rest @ ..]) => {
                let Some((_, with)) = read_literal(with).map(one) else {
                    return Err(self.unsupported("a replacement that is computed"));
                };
                self.impute(fun, arg, with, rest.first())
            }
            ("isin", [arg, list]) => {
                let list = self.kind_list(fun, list)?;
                let arg = self.value(arg)?;
                self.function(Function::IsIn(list), vec![arg])
            }
            ("substring" | "join" | "coalesce", args) => {
                let function = match fun.op.as_str() {
                    "substring" => Function::Substring,
                    "join" => Function::Join,
                    _ => Function::Coalesce,
                };
                let args = args.iter().map(|arg| self.value(arg)).collect::<Lowered<_>>()?;
                self.function(function, args)
            }
            ("answer", args) => self.table(fun, args),
            ("matches" | "replacepattern", args) => self.matched(args),
            ("terms", args) => self.terms(fun, args),
            (_, args) if args.len() == 7 => self.distances(fun, args),
            (name, [arg, x, y]) if curve_of(name).is_some() => self.curve(fun, arg, [x, y]),
            ("onehot", [arg, list, drop]) => self.one_hot(fun, arg, list, drop),
            ("ordinal", [arg, list, codes, rest @ ..]) => {
                self.ordinal(fun, arg, [list, codes], rest.first())
            }
            (_, [arg, by]) if self.by(expression).is_some() => self.scale(fun, arg, by),
            (_, [arg]) => self.of_one(fun, arg),
            (_, [left, right]) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.binary(fun, left, right)
            }
            (_, _) => Err(self.unsupported(format!("`u.{fun}` here"))),
        }
    }

    pub(super) fn function(&mut self, function: Function, args: Vec<ValueId>) -> Lowered<ValueId> {
        self.push(Op::Call(Call { function, args }))
    }

    fn kinds(&self, fun: &Fun) -> Lowered<(Kind, Kind)> {
        match fun.kinds.as_slice() {
            &[from, to] => Ok((from, to)),
            _ => Err(self.unsupported(format!("`u.{fun}` of other kinds"))),
        }
    }

    fn one_hot(
        &mut self,
        fun: &Fun,
        arg: &'d Value,
        list: &Value,
        drop: &Value,
    ) -> Lowered<ValueId> {
        let (from, kind) = self.kinds(fun)?;
        let categories =
            Categories { values: self.list(list, from)?, missing: fun.has(Flag::Missing) };
        let drop = match drop.as_i64() {
            Some(-1) => None,
            Some(place) => u32::try_from(place).ok(),
            None => return Err(self.unsupported("a dropped category that is computed")),
        };
        let unknown = if fun.has(Flag::Reject) { Unknown::Reject } else { Unknown::None };
        let arg = self.value(arg)?;
        self.push(Op::OneHot(OneHot { arg, categories, drop, unknown, kind }))
    }

    fn ordinal(
        &mut self,
        fun: &Fun,
        arg: &'d Value,
        [list, codes]: [&Value; 2],
        unlisted: Option<&Value>,
    ) -> Lowered<ValueId> {
        let (from, kind) = self.kinds(fun)?;
        let categories =
            Categories { values: self.list(list, from)?, missing: fun.has(Flag::Missing) };
        #[expect(clippy::cast_precision_loss, reason = "codes were binary64")]
        let codes = match self.list(codes, kind)? {
            Labels::F64(codes) => codes,
            Labels::I64(codes) => codes.into_iter().map(|code| code as f64).collect(),
            Labels::Bool(_) | Labels::Text(_) => Vec::new(),
        };
        #[expect(clippy::cast_precision_loss, reason = "codes were binary64")]
        let unknown = match unlisted.map(read_literal) {
            Some(Some(Scalar::F64(code))) => Unknown::Code(code),
            Some(Some(Scalar::I64(code))) => Unknown::Code(code as f64),
            Some(_) => return Err(self.unsupported("a number for unlisted that is computed")),
            None if fun.has(Flag::Reject) => Unknown::Reject,
            None => Unknown::None,
        };
        let arg = self.value(arg)?;
        self.push(Op::Ordinal(Ordinal { arg, categories, codes, unknown, kind }))
    }

    fn linear(
        &mut self,
        fun: &Fun,
        rows: &'d Value,
        intercepts: &'d Value,
        x: &'d Value,
    ) -> Lowered<ValueId> {
        let coefficients = self.matrix(rows)?;
        let f32 = fun.kinds.as_slice() == [Kind::F32];
        let summation = if f32 { Summation::SequentialF32 } else { Summation::SequentialF64 };
        let (intercepts, arg) = (self.floats(intercepts)?, self.value(x)?);
        self.push(Op::Linear(Linear { arg, coefficients, intercepts, summation }))
    }
}
