use holdall_tabular::{
    BinaryOp, Constant, Construct, Impute, Kind, Labels, OneHot, Op, Ordinal, Scalar, Scale,
    ScaleForm, UnaryOp, Unknown, ValueId,
};

use super::{
    Expr, Item, NameId, Raise, Stop,
    expr::{apply, guarded, if_missing, number, present},
};

impl Raise<'_> {
    /// The elements of a node that is no estimator.
    pub(super) fn expression(&mut self, id: ValueId, op: &Op) -> Result<Vec<Item>, Stop> {
        if let Op::Transform(transform) = op {
            return self.transform(id, transform);
        }
        if let Op::Call(call) = op {
            return Ok(vec![Item::Field(self.call(id, call)?)]);
        }
        let width = self.valid.width_of(id) as usize;
        let mut items = Vec::with_capacity(width);
        for element in 0..width {
            let item = if self.used.element(id, element) {
                self.element(id, op, element)?
            } else {
                Item::Unused
            };
            items.push(item);
        }
        Ok(items)
    }

    fn element(&mut self, id: ValueId, op: &Op, element: usize) -> Result<Item, Stop> {
        match op {
            Op::Input(field) => Ok(Item::Field(super::Names::input(field.index()))),
            Op::Constant(constant) => self.constant(id, constant, element),
            Op::Cast { arg, to } => self.cast(*arg, element, *to),
            Op::Concat(args) => self.concat(id, args, element),
            Op::Select { arg, indices } => match indices.get(element) {
                Some(index) => self.item(*arg, *index as usize),
                None => Err(self.bug(id, "a position is beyond the list")),
            },
            Op::Unary { op, arg } => self.unary(*op, *arg, element),
            Op::Binary { op, left, right } => self.binary(id, *op, (*left, *right), element),
            Op::If { condition, yes, no } => {
                let args = vec![self.arg(*condition, 0)?, self.arg(*yes, 0)?, self.arg(*no, 0)?];
                Ok(self.apply(id, "if", args))
            }
            Op::Impute(impute) => self.impute(id, impute, element),
            Op::Scale(scale) => self.scale(id, scale, element),
            Op::OneHot(one_hot) => self.one_hot(id, one_hot, element),
            Op::Ordinal(ordinal) => self.ordinal(ordinal),
            Op::Call(_)
            | Op::Transform(_)
            | Op::Linear(_)
            | Op::Trees(_)
            | Op::Estimator(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Part { .. }
            | Op::Foreign(_) => Err(self.bug(id, "no expression")),
        }
    }

    fn constant(&self, id: ValueId, constant: &Constant, element: usize) -> Result<Item, Stop> {
        match constant.values.get(element) {
            Some(value) => Ok(Item::Constant(value, constant.kind)),
            None => Err(self.bug(id, "a constant is too short")),
        }
    }

    fn concat(&self, id: ValueId, args: &[ValueId], element: usize) -> Result<Item, Stop> {
        let mut left = element;
        for &arg in args {
            let width = self.valid.width_of(arg) as usize;
            if left < width {
                return self.item(arg, left);
            }
            left -= width;
        }
        Err(self.bug(id, "an element is beyond the operands"))
    }

    /// An operand as an expression; a scalar meets every element.
    pub(super) fn arg(&self, id: ValueId, element: usize) -> Result<Expr, Stop> {
        let element = if self.valid.width_of(id) == 1 { 0 } else { element };
        match self.item(id, element)? {
            Item::Field(name) => Ok(Expr::Field(name)),
            Item::Constant(value, kind) => Ok(Expr::Constant(value, kind)),
            Item::Unused => Err(self.bug(id, "an element was thought to be unused")),
        }
    }

    pub(super) fn label(&self, expr: &Expr) -> String {
        if let Expr::Constant(value, _) = expr {
            return value.to_string();
        }
        if let Expr::Apply(function, _) = expr {
            return (*function).to_owned();
        }
        let mut first = None;
        expr.fields(&mut |name| first = first.or(Some(name)));
        first.map(|name| self.names.text(name).to_owned()).unwrap_or_default()
    }

    pub(super) fn kind(&self, id: ValueId) -> Kind {
        self.valid.kind_of(id).unwrap_or(Kind::F64)
    }

    fn apply_field(&mut self, id: ValueId, function: &'static str, args: Vec<Expr>) -> Expr {
        let kind = self.kind(id);
        Expr::Field(self.derive(
            &format!(
                "{function} of {}",
                self.valid.model().nodes.get(id).map_or("", |n| n.op.name())
            ),
            kind,
            false,
            Expr::Apply(function, args),
        ))
    }

    /// A derived field that applies a function, named after the node and its first operand.
    fn apply(&mut self, id: ValueId, function: &'static str, args: Vec<Expr>) -> Item {
        let kind = self.kind(id);
        let base = match self.valid.model().nodes.get(id).and_then(|node| node.name.clone()) {
            Some(name) if self.valid.width_of(id) == 1 => name,
            Some(_) | None => {
                let first = args.iter().map(|arg| self.label(arg)).next().unwrap_or_default();
                let name = self.valid.model().nodes.get(id).map_or(function, |n| n.op.name());
                format!("{name}({first})")
            }
        };
        Item::Field(self.derive(&base, kind, false, Expr::Apply(function, args)))
    }

    fn cast(&mut self, arg: ValueId, element: usize, to: Kind) -> Result<Item, Stop> {
        let from = self.kind(arg);
        if from == to {
            let element = if self.valid.width_of(arg) == 1 { 0 } else { element };
            return self.item(arg, element);
        }
        let arg = self.arg(arg, element)?;
        let base = format!("{}({})", dtype(to), self.label(&arg));
        let narrow = match (&arg, from, to) {
            (Expr::Field(name), Kind::F32, Kind::F64) => Some(*name),
            _ => None,
        };
        let expr = match (from, to) {
            // Toward zero; the standard does not say what a cast from 1.5 gives.
            (Kind::F32 | Kind::F64, Kind::I64) => truncate(arg, from),
            (Kind::Bool, kind) => {
                Expr::Apply("if", vec![arg, number(1.0, kind), number(0.0, kind)])
            }
            _ => arg,
        };
        let name = self.derive(&base, to, false, expr);
        if let Some(narrow) = narrow {
            self.names.set_narrow(name, narrow);
        }
        Ok(Item::Field(name))
    }

    fn unary(&mut self, op: UnaryOp, arg: ValueId, element: usize) -> Result<Item, Stop> {
        let kind = self.kind(arg);
        let x = self.arg(arg, element)?;
        let base = format!("{}({})", op.name(), self.label(&x));
        let expr = match op {
            UnaryOp::Neg => Expr::Apply("*", vec![number(-1.0, kind), x]),
            UnaryOp::Abs => guarded("abs", x),
            UnaryOp::Exp => guarded("exp", x),
            UnaryOp::Ln => guarded("ln", x),
            UnaryOp::Ln1p => guarded("ln1p", x),
            UnaryOp::Expm1 => guarded("expm1", x),
            UnaryOp::Sqrt => guarded("sqrt", x),
            UnaryOp::Floor => guarded("floor", x),
            UnaryOp::Ceil => guarded("ceil", x),
            UnaryOp::Tanh => guarded("tanh", x),
            UnaryOp::Not => guarded("not", x),
            UnaryOp::Sin => guarded("sin", x),
            UnaryOp::Cos => guarded("cos", x),
            UnaryOp::Tan => guarded("tan", x),
            UnaryOp::Asin => guarded("asin", x),
            UnaryOp::Acos => guarded("acos", x),
            UnaryOp::Atan => guarded("atan", x),
            UnaryOp::Sinh => guarded("sinh", x),
            UnaryOp::Cosh => guarded("cosh", x),
            UnaryOp::Log10 => guarded("log10", x),
            UnaryOp::RoundEven => guarded("rint", x),
            UnaryOp::Erf => guarded("erf", x),
            UnaryOp::NormalCdf => guarded("stdNormalCDF", x),
            UnaryOp::NormalPdf => guarded("stdNormalPDF", x),
            UnaryOp::NormalQuantile => guarded("stdNormalIDF", x),
            UnaryOp::Trunc => truncate(x, kind),
            UnaryOp::Sign => sign(x, kind),
            UnaryOp::Round => {
                let whole = self.bind(
                    &format!("trunc({})", self.label(&x)),
                    kind,
                    truncate(x.clone(), kind),
                );
                round(x, whole, kind)
            }
            UnaryOp::Log2 => {
                let by = self.bind("ln(2)", kind, number(std::f64::consts::LN_2, kind));
                present(x.clone(), apply("/", [apply("ln", [x]), by]))
            }
            UnaryOp::Exp2 => present(x.clone(), apply("pow", [number(2.0, kind), x])),
            UnaryOp::Cbrt => {
                let root = |x: Expr| apply("pow", [x, number(1.0 / 3.0, kind)]);
                let below = apply("*", [number(-1.0, kind), root(apply("abs", [x.clone()]))]);
                let test = apply("lessThan", [x.clone(), number(0.0, kind)]);
                present(x.clone(), apply("if", [test, below, root(x)]))
            }
            UnaryOp::Asinh | UnaryOp::Acosh | UnaryOp::Atanh | UnaryOp::LnGamma => {
                return Err(Stop::refuse(Construct::Unary(op), "PMML 4.4 has no such function"));
            }
            // Where NaN stands for missing, the field itself is missing.
            UnaryOp::IsMissing | UnaryOp::IsNan => Expr::Apply("isMissing", vec![x]),
            UnaryOp::Logistic => {
                let minus = Expr::Apply("*", vec![number(-1.0, kind), x.clone()]);
                let power = Expr::Apply("exp", vec![minus]);
                let below = Expr::Apply("+", vec![number(1.0, kind), power]);
                present(x, Expr::Apply("/", vec![number(1.0, kind), below]))
            }
        };
        let to = if op.is_test() { Kind::Bool } else { kind };
        Ok(Item::Field(self.derive(&base, to, to == Kind::Bool, expr)))
    }

    fn binary(
        &mut self,
        id: ValueId,
        op: BinaryOp,
        (left, right): (ValueId, ValueId),
        element: usize,
    ) -> Result<Item, Stop> {
        let (l, r) = (self.arg(left, element)?, self.arg(right, element)?);
        let function = match op {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Pow => {
                let power = Expr::Apply("pow", vec![l.clone(), r.clone()]);
                let inner = present(r, power);
                return Ok(self.apply(id, "if", vec![Expr::Apply("isNotMissing", vec![l]), inner]));
            }
            BinaryOp::Eq => "equal",
            BinaryOp::Ne => "notEqual",
            BinaryOp::Lt => "lessThan",
            BinaryOp::Le => "lessOrEqual",
            BinaryOp::Gt => "greaterThan",
            BinaryOp::Ge => "greaterOrEqual",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Modulo => "modulo",
            BinaryOp::Xor => "notEqual",
            BinaryOp::FloorDiv if self.kind(id).is_float() => {
                let whole = self.apply_field(id, "/", vec![l.clone(), r.clone()]);
                return Ok(self.apply(id, "floor", vec![whole]));
            }
            BinaryOp::Remainder | BinaryOp::FloorDiv | BinaryOp::Atan2 => {
                return Err(Stop::refuse(Construct::Binary(op), "PMML 4.4 has no such function"));
            }
            // The standard's `min` and `max` skip missing operands.
            BinaryOp::Min => {
                let test = Expr::Apply("lessThan", vec![l.clone(), r.clone()]);
                return Ok(self.apply(id, "if", vec![test, l, r]));
            }
            BinaryOp::Max => {
                let test = Expr::Apply("greaterThan", vec![l.clone(), r.clone()]);
                return Ok(self.apply(id, "if", vec![test, l, r]));
            }
        };
        Ok(self.apply(id, function, vec![l, r]))
    }

    fn impute(&mut self, id: ValueId, impute: &Impute, element: usize) -> Result<Item, Stop> {
        let kind = self.kind(id);
        let x = self.arg(impute.arg, element)?;
        let Some(with) = impute.with.get(element) else {
            return Err(self.bug(id, "a replacement is missing"));
        };
        let with = Expr::Constant(with, kind);
        let base = format!("impute({})", self.label(&x));
        let value = match &impute.sentinel {
            Some(sentinel) => {
                let sentinel = Expr::Constant(sentinel.clone(), kind);
                let test = Expr::Apply("equal", vec![x.clone(), sentinel]);
                Expr::Apply("if", vec![test, with.clone(), x.clone()])
            }
            None => x.clone(),
        };
        let expr = if_missing(x, with, value);
        let name = self.derive(&base, kind, !kind.is_number(), expr);
        Ok(Item::Field(name))
    }

    fn scale(&mut self, id: ValueId, scale: &Scale, element: usize) -> Result<Item, Stop> {
        let kind = self.kind(id);
        let x = self.arg(scale.arg, element)?;
        let base = format!("scale({})", self.label(&x));
        let get = |list: &Option<Vec<f64>>| list.as_ref().and_then(|l| l.get(element)).copied();
        let offset = get(&scale.offset).map(|value| number(value, kind));
        let factor = get(&scale.factor).map(|value| number(value, kind));
        let (first, second) = match scale.form {
            ScaleForm::SubtractDivide => (offset.map(|o| ("-", o)), factor.map(|f| ("/", f))),
            ScaleForm::SubtractMultiply => (offset.map(|o| ("-", o)), factor.map(|f| ("*", f))),
            ScaleForm::MultiplyAdd => (factor.map(|f| ("*", f)), offset.map(|o| ("+", o))),
        };
        let mut value = x;
        for (function, parameter) in [first, second].into_iter().flatten() {
            // Each step rounds to the kind: binary32 needs a field of its own for that.
            if kind == Kind::F32 && matches!(value, Expr::Apply(..)) {
                value = Expr::Field(self.derive(&format!("{base}/1"), kind, false, value));
            }
            value = Expr::Apply(function, vec![value, parameter]);
        }
        Ok(self.item_of(&base, kind, value))
    }

    fn one_hot(&mut self, id: ValueId, one_hot: &OneHot, element: usize) -> Result<Item, Stop> {
        let field = self.field(one_hot.arg, 0)?;
        let position = match one_hot.drop {
            Some(drop) if element >= drop as usize => element + 1,
            Some(_) | None => element,
        };
        let kind = one_hot.kind;
        let text = self.names.text(field).to_owned();
        let name = if let Some(value) = category(&one_hot.categories.values, position) {
            let expr = Expr::Indicator(field, value.clone());
            self.derive(&format!("{text}={value}"), kind, false, expr)
        } else if one_hot.categories.missing {
            let (one, zero) = (number(1.0, kind), number(0.0, kind));
            let expr = if_missing(Expr::Field(field), one, zero);
            self.derive(&format!("{text} is missing"), kind, false, expr)
        } else {
            return Err(self.bug(id, "a category is beyond the list"));
        };
        self.names.set_indicator(name);
        Ok(Item::Field(name))
    }

    fn ordinal(&mut self, ordinal: &Ordinal) -> Result<Item, Stop> {
        let field = self.field(ordinal.arg, 0)?;
        let listed = &ordinal.categories.values;
        let pairs: Vec<(String, f64)> = (0..listed.len())
            .filter_map(|i| Some((category(listed, i)?, *ordinal.codes.get(i)?)))
            .collect();
        let other = match ordinal.unknown {
            Unknown::Code(code) => Some(code),
            Unknown::Reject | Unknown::None => None,
        };
        let missing = if ordinal.categories.missing {
            ordinal.codes.get(listed.len()).copied()
        } else {
            other
        };
        // One category that is 1 where all else is 0 is what `NormDiscrete` is for.
        if let ([(value, 1.0)], Some(0.0), Some(0.0)) = (pairs.as_slice(), other, missing) {
            let base = format!("{}={value}", self.names.text(field));
            let expr = Expr::Indicator(field, value.clone());
            let name = self.derive(&base, ordinal.kind, false, expr);
            self.names.set_indicator(name);
            return Ok(Item::Field(name));
        }
        let base = format!("ordinal({})", self.names.text(field));
        let expr = Expr::Map { field, pairs, other, missing };
        Ok(Item::Field(self.derive(&base, ordinal.kind, false, expr)))
    }
}

/// A category as the standard writes it.
pub(super) fn category(labels: &Labels, index: usize) -> Option<String> {
    labels.get(index).map(|value| scalar_text(&value))
}

/// A value as the standard writes it.
pub(crate) fn scalar_text(value: &Scalar) -> String {
    match value {
        Scalar::F64(value) => crate::number::text(*value),
        Scalar::I64(_) | Scalar::Bool(_) | Scalar::Text(_) => value.to_string(),
    }
}

/// The standard's name of a kind.
pub(super) const fn dtype(kind: Kind) -> &'static str {
    match kind {
        Kind::F32 => "float",
        Kind::F64 => "double",
        Kind::I64 => "integer",
        Kind::Bool => "boolean",
        Kind::Text => "string",
    }
}

/// x without its fraction as a category number; −1 for what no category set can hold.
pub(super) fn category_code(x: &Expr, kind: Kind) -> Expr {
    const LARGEST: f64 = 16_777_216.0;
    let bound = |function, at| Expr::Apply(function, vec![x.clone(), number(at, kind)]);
    let choose = |test, yes, no| Expr::Apply("if", vec![test, yes, no]);
    let whole = Expr::Apply("floor", vec![x.clone()]);
    let inside = choose(bound("lessThan", LARGEST), whole, number(-1.0, kind));
    let near = choose(bound("lessThan", 0.0), number(0.0, kind), inside);
    present(x.clone(), choose(bound("lessOrEqual", -1.0), number(-1.0, kind), near))
}

/// x without its fraction.
fn truncate(x: Expr, kind: Kind) -> Expr {
    let negative = Expr::Apply("lessThan", vec![x.clone(), number(0.0, kind)]);
    // The sum makes 0 of −0, which engines tell apart.
    let up = Expr::Apply("+", vec![Expr::Apply("ceil", vec![x.clone()]), number(0.0, kind)]);
    let down = Expr::Apply("floor", vec![x.clone()]);
    present(x, Expr::Apply("if", vec![negative, up, down]))
}

/// −1, 0 or 1; zeros stay.
pub(super) fn sign(x: Expr, kind: Kind) -> Expr {
    let below = apply("lessThan", [x.clone(), number(0.0, kind)]);
    let above = apply("greaterThan", [x.clone(), number(0.0, kind)]);
    let inner = apply("if", [below, number(-1.0, kind), x.clone()]);
    present(x, apply("if", [above, number(1.0, kind), inner]))
}

/// Halves away from zero: the fraction of a float is exact.
fn round(x: Expr, whole: Expr, kind: Kind) -> Expr {
    let fraction = apply("-", [x.clone(), whole.clone()]);
    let above = apply("greaterOrEqual", [fraction.clone(), number(0.5, kind)]);
    let below = apply("lessOrEqual", [fraction, number(-0.5, kind)]);
    let up = apply("+", [whole.clone(), number(1.0, kind)]);
    let down = apply("-", [whole.clone(), number(1.0, kind)]);
    present(x, apply("if", [above, up, apply("if", [below, down, whole])]))
}

/// |x| above 1e-35, else missing: LightGBM's zero.
pub(super) fn nonzero(x: NameId, kind: Kind) -> Expr {
    let size = Expr::Apply("abs", vec![Expr::Field(x)]);
    let above = Expr::Apply("greaterThan", vec![size, number(1e-35, kind)]);
    present(Expr::Field(x), Expr::Apply("if", vec![above, Expr::Field(x)]))
}

/// x, or 0 where it is missing.
pub(super) fn or_zero(x: NameId, kind: Kind) -> Expr {
    if_missing(Expr::Field(x), number(0.0, kind), Expr::Field(x))
}
