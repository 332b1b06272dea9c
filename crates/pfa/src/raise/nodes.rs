use holdall_diag::Failure;
use holdall_tabular::{
    Call, Constant, Function, Impute, Kind, Labels, Linear, OneHot, Op, Ordinal, Part, Scale,
    ScaleForm, Transform, Unknown, ValueId, Width,
};
use serde_json::{Value, json};

use super::{Raise, impossible};
use crate::{
    library::{binary_name, call, filled, reference, unary_name},
    names::{Flag, Fun},
    number::{array, float, literal, maybe, narrow, of_kind, schema, truncated},
};

impl Raise<'_> {
    /// The statements of one node.
    pub(super) fn node(&mut self, id: ValueId, op: &Op) -> Result<(), Failure> {
        let symbol = format!("v{}", id.index());
        let null = self.null(id);
        let value = match op {
            Op::Input(_) => return Ok(()),
            Op::Constant(constant) => self.constant(&symbol, constant),
            Op::Cast { arg, to } if self.kind(*arg) == *to => {
                let same = self.symbol(*arg);
                self.symbols.insert(id, same);
                return Ok(());
            }
            Op::Cast { arg, to } => {
                let fun = Fun::new("cast", &[self.kind(*arg), *to]).null(null);
                self.apply(*arg, self.value(*arg), &fun)
            }
            Op::Concat(args) => self.concat(args, self.kind(id), null),
            Op::Select { arg, indices } => self.select(*arg, indices),
            Op::Unary { op, arg } => {
                let fun = Fun::new(&unary_name(*op), &[self.kind(*arg)]).null(self.null(*arg));
                self.apply(*arg, self.value(*arg), &fun)
            }
            Op::Binary { op, left, right } => self.binary(
                &Fun::new(&binary_name(*op), &[self.kind(*left)]).null(null),
                *left,
                *right,
            ),
            Op::If { condition, yes, no } => {
                let fun = Fun::new("if", &[self.kind(*yes)]).null(null);
                call(&fun, [condition, yes, no].map(|&arg| self.lifted(arg, null)))
            }
            Op::Impute(impute) => self.impute(&symbol, impute)?,
            Op::Scale(scale) => self.scale(&symbol, scale),
            Op::OneHot(one_hot) => self.one_hot(&symbol, one_hot),
            Op::Ordinal(ordinal) => self.ordinal(&symbol, ordinal),
            Op::Linear(linear) => self.linear(&symbol, linear),
            Op::Trees(ensemble) => self.trees(&symbol, ensemble)?,
            Op::Regress(regress) => {
                self.regress(id, regress);
                return Ok(());
            }
            Op::Classify(classify) => {
                self.classify(id, classify);
                return Ok(());
            }
            Op::Part { estimate, part: Part::Probability(class) } => {
                json!({ "attr": self.part(*estimate, Part::Probabilities), "path": [class] })
            }
            Op::Part { estimate, part } => {
                let symbol = self.part(*estimate, *part);
                self.symbols.insert(id, symbol);
                return Ok(());
            }
            Op::Call(function) => self.function(&symbol, function)?,
            Op::Transform(transform) => self.transform(&symbol, transform)?,
            Op::Estimator(_) => return Err(impossible(op.name())),
            Op::Foreign(foreign) => return Err(impossible(&foreign.name)),
        };
        self.assign(&symbol, &value);
        Ok(())
    }

    fn transform(&mut self, symbol: &str, transform: &Transform) -> Result<Value, Failure> {
        Ok(match transform {
            Transform::Lookup(lookup) => self.lookup(symbol, lookup),
            Transform::Bin(bin) => self.bin(symbol, bin),
            Transform::Curve(curve) => self.curve(symbol, curve),
            Transform::Reduce(reduce) => self.reduce(*reduce),
            Transform::Normalize(normalize) => self.normalize(*normalize),
            Transform::Distances(distances) => self.distances(symbol, distances)?,
            Transform::TextVector(vector) => self.text_vector(symbol, vector)?,
            Transform::Polynomial(_)
            | Transform::Spline(_)
            | Transform::TextIndex(_)
            | Transform::ImputeNeighbors(_)
            | Transform::Decompose(_)
            | Transform::Lag(_) => return Err(impossible(transform.kind().name())),
        })
    }

    /// A function of scalars.
    fn function(&mut self, symbol: &str, op: &Call) -> Result<Value, Failure> {
        let null = op.args.iter().any(|arg| self.null(*arg));
        let kind = op.args.first().map_or(Kind::Text, |arg| self.kind(*arg));
        let lifted: Vec<Value> = op.args.iter().map(|arg| self.lifted(*arg, null)).collect();
        let fun = |name: &str| Fun::new(name, &[kind]).null(null);
        match &op.function {
            Function::Uppercase | Function::Lowercase | Function::Length | Function::Substring => {
                Ok(call(&fun(op.function.name()), lifted))
            }
            Function::Join => {
                let joined = lifted.into_iter().reduce(|a, b| call(&fun("join"), [a, b]));
                joined.ok_or_else(|| impossible("a join of nothing"))
            }
            Function::IsIn(list) => {
                let list = self.categories(symbol, kind, list);
                Ok(call(&fun("isin"), lifted.into_iter().chain([list])))
            }
            Function::Coalesce => {
                let mut args = op.args.iter().rev();
                let last = args.next().copied().ok_or_else(|| impossible("no operand"))?;
                let (mut value, mut null) = (self.value(last), self.null(last));
                for &arg in args {
                    // What is never missing hides all behind it.
                    if !self.null(arg) {
                        (value, null) = (self.value(arg), false);
                        continue;
                    }
                    let fun = Fun::new("coalesce", &[kind]).null(null);
                    value = call(&fun, [self.value(arg), value]);
                }
                Ok(value)
            }
            Function::Trim | Function::ToText | Function::ToNumber | Function::ParseDate => {
                Ok(call(&fun(&op.function.name().replace('-', "")), lifted))
            }
            Function::Replace { pattern, with } => {
                let x = lifted.into_iter().next().ok_or_else(|| impossible("no operand"))?;
                self.replace(symbol, x, null, (pattern, Some(with)))
            }
            Function::Matches { pattern } => {
                let x = lifted.into_iter().next().ok_or_else(|| impossible("no operand"))?;
                self.replace(symbol, x, null, (pattern, None))
            }
            Function::CityHash
            | Function::FormatNumber(_)
            | Function::ParseTime
            | Function::ParseDateTime
            | Function::FormatDateTime(_) => Err(impossible(op.function.name())),
        }
    }

    fn constant(&mut self, symbol: &str, constant: &Constant) -> Value {
        let narrowed = Fun::new("cast", &[Kind::F64, Kind::F32]);
        match (constant.width, constant.values.get(0)) {
            (Width::Scalar, Some(scalar)) if constant.kind == Kind::F32 => {
                call(&narrowed, [literal(&scalar)])
            }
            (Width::Scalar, Some(scalar)) => literal(&scalar),
            (Width::Scalar | Width::Vector(_), _) => {
                let kind = constant.kind;
                let list = self.list(&format!("{symbol}_values"), kind, &constant.values);
                if kind == Kind::F32 {
                    json!({ "a.map": [list, reference(&narrowed)] })
                } else {
                    list
                }
            }
        }
    }

    /// Scalars that stand side by side become one array; arrays are joined by `a.flatten`.
    fn concat(&self, args: &[ValueId], kind: Kind, null: bool) -> Value {
        let items = maybe(&schema(kind), null);
        let mut pieces: Vec<Value> = Vec::new();
        let mut scalars: Vec<Value> = Vec::new();
        let joined = |scalars: &mut Vec<Value>, pieces: &mut Vec<Value>| {
            if !scalars.is_empty() {
                let elements = std::mem::take(scalars);
                pieces.push(json!({ "type": array(&items), "new": elements }));
            }
        };
        for &arg in args {
            if self.is_scalar(arg) {
                scalars.push(self.lifted(arg, null));
            } else {
                joined(&mut scalars, &mut pieces);
                pieces.push(self.lifted(arg, null));
            }
        }
        joined(&mut scalars, &mut pieces);
        match pieces.as_slice() {
            [one] if one.is_object() && one.get("new").is_some() => one.clone(),
            _ => json!({ "a.flatten": [{ "type": array(&array(&items)), "new": pieces }] }),
        }
    }

    fn select(&self, arg: ValueId, indices: &[u32]) -> Value {
        let symbol = self.symbol(arg);
        let elements: Vec<Value> = if self.is_scalar(arg) {
            indices.iter().map(|_| json!(symbol)).collect()
        } else {
            indices.iter().map(|i| json!({ "attr": symbol, "path": [i] })).collect()
        };
        let items = maybe(&schema(self.kind(arg)), self.null(arg));
        json!({ "type": array(&items), "new": elements })
    }

    fn binary(&self, fun: &Fun, left: ValueId, right: ValueId) -> Value {
        let null = fun.has(Flag::Null);
        let (a, b) = (self.lifted(left, null), self.lifted(right, null));
        let name = |name: &str| if null { format!("{name}0") } else { name.to_owned() };
        match (self.is_scalar(left), self.is_scalar(right)) {
            (true, true) => call(fun, [a, b]),
            (false, false) => json!({ "a.zipmap": [a, b, reference(fun)] }),
            (false, true) => json!({ "a.map": [a, filled(fun, &json!({ name("b"): b }))] }),
            (true, false) => json!({ "a.map": [b, filled(fun, &json!({ name("a"): a }))] }),
        }
    }

    /// A function of an element and a parameter that belongs to its position.
    fn by(&mut self, name: &str, like: ValueId, value: Value, fun: &Fun, list: &[f64]) -> Value {
        let kind = self.kind(like);
        if self.is_scalar(like) {
            let by = list.first().copied().unwrap_or_default();
            let by = if kind == Kind::F32 { narrow(by) } else { by };
            return call(fun, [value, float(by)]);
        }
        let list = self.floats(name, kind, list);
        json!({ "a.zipmap": [value, list, reference(fun)] })
    }

    fn scale(&mut self, symbol: &str, scale: &Scale) -> Value {
        let (offset, factor) = ((&scale.offset, "offset"), (&scale.factor, "factor"));
        let steps = match scale.form {
            ScaleForm::SubtractDivide => [("subby", offset), ("divby", factor)],
            ScaleForm::SubtractMultiply => [("subby", offset), ("mulby", factor)],
            ScaleForm::MultiplyAdd => [("mulby", factor), ("addby", offset)],
        };
        let arg = scale.arg;
        let mut value = self.value(arg);
        for (op, (list, name)) in steps {
            let Some(list) = list else { continue };
            let fun = Fun::new(op, &[self.kind(arg)]).null(self.null(arg));
            value = self.by(&format!("{symbol}_{name}"), arg, value, &fun, list);
        }
        value
    }

    fn impute(&mut self, symbol: &str, impute: &Impute) -> Result<Value, Failure> {
        let arg = impute.arg;
        let kind = self.kind(arg);
        // A sentinel of another kind is equal to nothing.
        let sentinel = impute.sentinel.as_ref().and_then(|s| of_kind(s, kind)).map(|s| literal(&s));
        let fun = Fun::new("impute", &[kind])
            .null(self.null(arg))
            .with(Flag::Nan, impute.nan)
            .with(Flag::Sentinel, sentinel.is_some());
        let value = self.value(arg);
        if self.is_scalar(arg) {
            let with = impute.with.get(0).and_then(|with| of_kind(&with, kind));
            let with = with.ok_or_else(|| impossible("a replacement of another kind"))?;
            return Ok(call(&fun, [value, literal(&with)].into_iter().chain(sentinel)));
        }
        let with = self.list(&format!("{symbol}_with"), kind, &impute.with);
        let function = match sentinel {
            None => reference(&fun),
            Some(sentinel) => filled(&fun, &json!({ "sentinel": sentinel })),
        };
        Ok(json!({ "a.zipmap": [value, with, function] }))
    }

    fn one_hot(&mut self, symbol: &str, one_hot: &OneHot) -> Value {
        let arg = one_hot.arg;
        let kind = self.kind(arg);
        let fun = Fun::new("onehot", &[kind, one_hot.kind])
            .null(self.null(arg))
            .with(Flag::Missing, one_hot.categories.missing)
            .with(Flag::Reject, one_hot.unknown == Unknown::Reject);
        let categories = self.categories(symbol, kind, &one_hot.categories.values);
        let drop = one_hot.drop.map_or(-1, i64::from);
        call(&fun, [self.value(arg), categories, json!(drop)])
    }

    fn ordinal(&mut self, symbol: &str, ordinal: &Ordinal) -> Value {
        let arg = ordinal.arg;
        let kind = self.kind(arg);
        let fun = Fun::new("ordinal", &[kind, ordinal.kind])
            .null(self.null(arg))
            .with(Flag::Missing, ordinal.categories.missing)
            .with(Flag::Reject, ordinal.unknown == Unknown::Reject)
            .with(Flag::None, ordinal.unknown == Unknown::None)
            .with(Flag::Code, matches!(ordinal.unknown, Unknown::Code(_)));
        let categories = self.categories(symbol, kind, &ordinal.categories.values);
        let whole = ordinal.kind == Kind::I64;
        let numbers = if whole {
            Labels::I64(ordinal.codes.iter().map(|&code| truncated(code)).collect())
        } else {
            Labels::F64(ordinal.codes.clone())
        };
        let numbers = self.list(&format!("{symbol}_codes"), ordinal.kind, &numbers);
        let unlisted = match ordinal.unknown {
            Unknown::Reject | Unknown::None => None,
            Unknown::Code(code) if whole => Some(json!({ "long": truncated(code) })),
            Unknown::Code(code) if ordinal.kind == Kind::F32 => Some(float(narrow(code))),
            Unknown::Code(code) => Some(float(code)),
        };
        call(&fun, [self.value(arg), categories, numbers].into_iter().chain(unlisted))
    }

    /// Categories are compared as they stand: a binary64 that binary32 cannot hold equals nothing.
    fn categories(&mut self, symbol: &str, kind: Kind, values: &Labels) -> Value {
        let exact = if kind == Kind::F32 { Kind::F64 } else { kind };
        self.list(&format!("{symbol}_categories"), exact, values)
    }

    fn linear(&mut self, symbol: &str, linear: &Linear) -> Value {
        let kind = self.kind(linear.arg);
        let name = format!("{symbol}_coefficients");
        let coefficients = self.matrix(&name, kind, &linear.coefficients);
        let intercepts = self.floats(&format!("{symbol}_intercepts"), kind, &linear.intercepts);
        let fun = Fun::new("dot", &[kind]).null(self.null(linear.arg));
        let fill = json!({ "x": self.value(linear.arg) });
        json!({ "a.zipmap": [coefficients, intercepts, filled(&fun, &fill)] })
    }
}
