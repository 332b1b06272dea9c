//! Elementary operators on elements. Chains that lowering writes become the constructs they came from.

use holdall_diag::Failure;
use holdall_graph::{Attribute, Node, Weight};
use holdall_tabular::{
    Aggregate, BinaryOp, Categories, Constant, Decision, Estimator, Impute, Kind, Labels, Link,
    OneHot, Op, Scalar, Scale, ScaleForm, UnaryOp, Unknown, Width,
};

use super::{
    Raise, attributes,
    attributes::refuse,
    read_weight,
    sym::{Chosen, Const, Stage, Sym, Val},
};

impl Raise<'_> {
    pub(super) fn elementary(&mut self, node: &Node) -> Result<Sym, Failure> {
        use BinaryOp as B;
        use UnaryOp as U;
        match node.op_type.as_str() {
            "Identity" => self.meaning(node, 0),
            "Constant" => match node.attribute("value") {
                Some(Attribute::Tensor(tensor)) => {
                    read_weight(&Weight::Tensor(tensor.clone())).map(Sym::Const)
                }
                _ => Err(refuse(node, "a constant that is no tensor of numbers")),
            },
            "Cast" => self.cast(node),
            "Reshape" | "Squeeze" => self.reshape(node),
            "Unsqueeze" => self.unsqueeze(node),
            "Gather" => {
                let axis = attributes::int(node, "axis", 0)?;
                self.gather(node, axis)
            }
            "Concat" => self.concat(node),
            "Shape" => self.extents(node),
            "CumSum" => self.running(node),
            "MatMul" => self.matmul(node),
            "Gemm" => self.gemm(node),
            "Softmax" => self.softmax(node),
            "ArgMax" => self.arg_max(node),
            "Sigmoid" => {
                let margins = self.arg_value(node, 0)?;
                Ok(Sym::Linked { link: Link::Logistic, margins, binary: false })
            }
            "Where" => self.select(node),
            "Neg" => self.function(node, U::Neg),
            "Abs" => self.function(node, U::Abs),
            "Exp" => self.function(node, U::Exp),
            "Log" => self.function(node, U::Ln),
            "Sqrt" => self.function(node, U::Sqrt),
            "Floor" => self.function(node, U::Floor),
            "Ceil" => self.function(node, U::Ceil),
            "Tanh" => self.function(node, U::Tanh),
            "Not" => self.function(node, U::Not),
            "IsNaN" => self.function(node, U::IsNan),
            "Add" => self.add(node),
            "Sub" => self.subtract(node),
            "Mul" => self.multiply(node),
            "Div" => self.divide(node),
            "Pow" => self.operation(node, B::Pow).map(Sym::Value),
            "And" => self.operation(node, B::And).map(Sym::Value),
            "Or" => self.operation(node, B::Or).map(Sym::Value),
            "Less" => self.operation(node, B::Lt).map(Sym::Value),
            "LessOrEqual" => self.operation(node, B::Le).map(Sym::Value),
            "Greater" => self.compare(node, B::Gt),
            "GreaterOrEqual" => self.compare(node, B::Ge),
            "Equal" => self.equal(node),
            _ => Err(refuse(node, "no counterpart in tabular models")),
        }
    }

    fn function(&mut self, node: &Node, op: UnaryOp) -> Result<Sym, Failure> {
        let sym = self.meaning(node, 0)?;
        if op == UnaryOp::IsNan && matches!(sym, Sym::Linked { .. }) {
            return Ok(Sym::Guard(Box::new(sym)));
        }
        let value = self.as_value(node, &sym)?;
        let kind = if op == UnaryOp::IsNan { Kind::Bool } else { value.kind };
        self.push(Op::Unary { op, arg: value.id }, kind, value.width, value.scalar).map(Sym::Value)
    }

    pub(super) fn constant_value(&mut self, constant: &Const) -> Result<Val, Failure> {
        let width = u32::try_from(constant.values.len()).unwrap_or(u32::MAX);
        let scalar = width == 1;
        let op = Op::Constant(Constant {
            kind: constant.kind,
            width: if scalar { Width::Scalar } else { Width::Vector(width) },
            values: constant.values.clone(),
        });
        self.push(op, constant.kind, width, scalar)
    }

    fn operation(&mut self, node: &Node, op: BinaryOp) -> Result<Val, Failure> {
        self.operation_of(node, op, 0, 1)
    }

    fn operation_of(
        &mut self,
        node: &Node,
        op: BinaryOp,
        left: usize,
        right: usize,
    ) -> Result<Val, Failure> {
        let (left, right) = (self.arg_value(node, left)?, self.arg_value(node, right)?);
        self.combine(node, op, left, right)
    }

    /// `Where(l ≤ r or IsNaN(l), l, r)` is the smaller, with ≥ the larger.
    fn extreme(&self, node: &Node) -> Option<BinaryOp> {
        let mut test = self.producer(node, 0)?;
        if test.op_type == "Or" {
            let nan = self.producer(test, 1)?;
            if nan.op_type != "IsNaN" || nan.inputs.first() != node.inputs.get(1) {
                return None;
            }
            test = self.producer(test, 0)?;
        }
        let same = test.inputs.as_slice() == node.inputs.get(1..3)?;
        match test.op_type.as_str() {
            "LessOrEqual" if same => Some(BinaryOp::Min),
            "GreaterOrEqual" if same => Some(BinaryOp::Max),
            _ => None,
        }
    }

    fn combine(
        &mut self,
        node: &Node,
        op: BinaryOp,
        mut left: Val,
        mut right: Val,
    ) -> Result<Val, Failure> {
        // A scalar meets each element of a vector; a vector of one does not.
        if left.width == 1 && right.width > 1 && !left.scalar {
            return Err(refuse(node, "a vector of one element against a longer one"));
        }
        if right.width == 1 && left.width > 1 && !right.scalar {
            return Err(refuse(node, "a vector of one element against a longer one"));
        }
        if left.width == right.width && left.scalar != right.scalar {
            (left, right) = (self.vector(left)?, self.vector(right)?);
        }
        let kind = if op.is_test() { Kind::Bool } else { left.kind };
        let scalar = left.scalar && right.scalar;
        let width = left.width.max(right.width);
        self.push(Op::Binary { op, left: left.id, right: right.id }, kind, width, scalar)
    }

    /// A value and the numbers that are added to, subtracted from or multiplied with its elements.
    fn with_numbers(
        &mut self,
        node: &Node,
        either_side: bool,
    ) -> Result<Option<(Val, Vec<f64>)>, Failure> {
        let (sym, constant) = match (self.meaning(node, 0)?, self.meaning(node, 1)?) {
            (Sym::Const(_), Sym::Const(_)) => return Ok(None),
            (Sym::Const(constant), sym) if either_side => (sym, constant),
            (sym, Sym::Const(constant)) => (sym, constant),
            _ => return Ok(None),
        };
        let Some(value) = self.try_value(&sym)? else { return Ok(None) };
        let fits = value.kind.is_float() && constant.is_row();
        let Some(numbers) = constant.floats().filter(|_| fits) else {
            return Ok(None);
        };
        let width = value.width as usize;
        Ok(match numbers.as_slice() {
            [one] => Some((value, vec![*one; width])),
            all if all.len() == width => Some((value, numbers)),
            _ => None,
        })
    }

    fn scaled(&mut self, value: Val, scale: Scale) -> Result<Sym, Failure> {
        self.push(Op::Scale(scale), value.kind, value.width, value.scalar).map(Sym::Value)
    }

    fn add(&mut self, node: &Node) -> Result<Sym, Failure> {
        let Some((value, numbers)) = self.with_numbers(node, true)? else {
            return self.operation(node, BinaryOp::Add).map(Sym::Value);
        };
        let zero = |list: &[f64]| list.iter().all(|v| v.total_cmp(&0.0).is_eq());
        let folded = match self.op_of(value) {
            Some(Op::Linear(linear)) if zero(&linear.intercepts) => {
                let mut linear = linear.clone();
                linear.intercepts = numbers;
                Op::Linear(linear)
            }
            Some(Op::Trees(trees)) if zero(&trees.base) => {
                let mut trees = trees.clone();
                trees.base = numbers;
                trees.base_last = true;
                Op::Trees(trees)
            }
            Some(Op::Estimator(Estimator::LinearTrees(linear))) if linear.trees.base.is_empty() => {
                let mut linear = linear.clone();
                linear.trees.base = numbers;
                linear.trees.base_last = true;
                Op::Estimator(Estimator::LinearTrees(linear))
            }
            Some(Op::Scale(scale))
                if scale.form == ScaleForm::MultiplyAdd && scale.offset.is_none() =>
            {
                Op::Scale(Scale { offset: Some(numbers), ..scale.clone() })
            }
            _ => Op::Scale(Scale {
                arg: value.id,
                form: ScaleForm::MultiplyAdd,
                offset: Some(numbers),
                factor: None,
            }),
        };
        self.push(folded, value.kind, value.width, value.scalar).map(Sym::Value)
    }

    fn subtract(&mut self, node: &Node) -> Result<Sym, Failure> {
        match self.with_numbers(node, false)? {
            Some((value, numbers)) => self.scaled(
                value,
                Scale {
                    arg: value.id,
                    form: ScaleForm::SubtractDivide,
                    offset: Some(numbers),
                    factor: None,
                },
            ),
            None => self.operation(node, BinaryOp::Sub).map(Sym::Value),
        }
    }

    fn multiply(&mut self, node: &Node) -> Result<Sym, Failure> {
        if let (Sym::Raised(value), Sym::Const(matrix)) =
            (self.meaning(node, 0)?, self.meaning(node, 1)?)
        {
            return Ok(Sym::Products(value, matrix));
        }
        let Some((value, numbers)) = self.with_numbers(node, true)? else {
            return self.operation(node, BinaryOp::Mul).map(Sym::Value);
        };
        let scale = match self.op_of(value) {
            Some(Op::Scale(scale))
                if scale.form == ScaleForm::SubtractDivide && scale.factor.is_none() =>
            {
                let form = ScaleForm::SubtractMultiply;
                Scale { form, factor: Some(numbers), ..scale.clone() }
            }
            _ => Scale {
                arg: value.id,
                form: ScaleForm::MultiplyAdd,
                offset: None,
                factor: Some(numbers),
            },
        };
        self.scaled(value, scale)
    }

    fn divide(&mut self, node: &Node) -> Result<Sym, Failure> {
        let (left, right) = (self.meaning(node, 0)?, self.meaning(node, 1)?);
        if let Some(margins) = self.logistic(node, &left)? {
            return Ok(Sym::Linked { link: Link::Logistic, margins, binary: false });
        }
        if let (Sym::Linked { link: Link::Logistic, margins, binary: false }, Sym::Sum(of)) =
            (&left, &right)
            && **of == left
        {
            return Ok(Sym::Shares(*margins));
        }
        let Some((value, numbers)) = self.with_numbers(node, false)? else {
            return self.operation(node, BinaryOp::Div).map(Sym::Value);
        };
        let same = numbers.first().copied().filter(|first| {
            numbers.iter().all(|number| number.total_cmp(first).is_eq()) && *first > 0.0
        });
        match (self.op_of(value), same) {
            (Some(Op::Trees(trees)), Some(by))
                if trees.aggregate == Aggregate::Sum
                    && by.is_finite()
                    && !(trees.base_last && trees.base.iter().any(|b| b.abs() > 0.0)) =>
            {
                let mut trees = trees.clone();
                trees.aggregate = Aggregate::DivideBy(by);
                self.push(Op::Trees(trees), value.kind, value.width, false).map(Sym::Value)
            }
            (Some(Op::Estimator(Estimator::LinearTrees(linear))), Some(by))
                if linear.trees.aggregate == Aggregate::Sum
                    && by.is_finite()
                    && linear.trees.base.is_empty() =>
            {
                let mut linear = linear.clone();
                linear.trees.aggregate = Aggregate::DivideBy(by);
                let op = Op::Estimator(Estimator::LinearTrees(linear));
                self.push(op, value.kind, value.width, false).map(Sym::Value)
            }
            (Some(Op::Scale(scale)), _)
                if scale.form == ScaleForm::SubtractDivide && scale.factor.is_none() =>
            {
                let scale = Scale { factor: Some(numbers), ..scale.clone() };
                self.scaled(value, scale)
            }
            _ => {
                let form = ScaleForm::SubtractDivide;
                let scale = Scale { arg: value.id, form, offset: None, factor: Some(numbers) };
                self.scaled(value, scale)
            }
        }
    }

    /// The x of 1 ÷ (1 + e⁻ˣ).
    fn logistic(&mut self, node: &Node, left: &Sym) -> Result<Option<Val>, Failure> {
        let Sym::Const(one) = left else { return Ok(None) };
        let negated = self
            .producer(node, 1)
            .filter(|sum| sum.op_type == "Add" && one.is_all(1.0))
            .filter(|sum| self.constant_arg(sum, 0).is_some_and(|c| c.is_all(1.0)))
            .and_then(|sum| self.producer(sum, 1))
            .filter(|power| power.op_type == "Exp")
            .and_then(|power| self.producer(power, 0))
            .filter(|negated| negated.op_type == "Neg")
            .cloned();
        match negated {
            Some(negated) => self.arg_value(&negated, 0).map(Some),
            None => Ok(None),
        }
    }

    fn compare(&mut self, node: &Node, op: BinaryOp) -> Result<Sym, Failure> {
        let sym = self.meaning(node, 0)?;
        if !sym.is_score() {
            return self.operation(node, op).map(Sym::Value);
        }
        let than = self.constant_arg(node, 1).and_then(|constant| constant.floats());
        let value = match (self.try_value(&sym)?, self.meaning(node, 1)?) {
            (Some(_), right) if self.try_value(&right)?.is_some() => {
                Some(self.operation(node, op)?)
            }
            _ => None,
        };
        match (than.as_deref(), value) {
            (Some(&[than]), value) => {
                let decision = if op == BinaryOp::Gt {
                    Decision::MarginAbove(than)
                } else {
                    Decision::MarginAtLeast(than)
                };
                Ok(Sym::Test(value, Chosen::By(Box::new(sym), decision)))
            }
            (_, Some(value)) => Ok(Sym::Value(value)),
            (_, None) => Err(refuse(node, "an operand is no value of its own")),
        }
    }

    fn equal(&mut self, node: &Node) -> Result<Sym, Failure> {
        let left = self.meaning(node, 0)?;
        let listed = self.constant_arg(node, 1);
        match (&left, &listed) {
            (Sym::Code(value, categories), Some(codes)) => {
                let in_order = codes.ints().is_some_and(|codes| {
                    codes.iter().copied().eq((0..).take(categories.values.len()))
                });
                if !in_order {
                    return Err(refuse(node, "codes that are not the positions of all categories"));
                }
                Ok(Sym::Indicators(*value, categories.clone()))
            }
            (Sym::Sum(of), Some(zero)) if zero.is_all(0.0) => Ok(Sym::NoSum(of.clone())),
            (Sym::Value(value), Some(listed))
                if value.scalar
                    && listed.values.len() > 1
                    && listed.is_row()
                    && value.kind == listed.kind =>
            {
                Ok(Sym::Indicators(*value, Categories::new(listed.values.clone())))
            }
            _ => self.operation(node, BinaryOp::Eq).map(Sym::Value),
        }
    }

    pub(super) fn one_hot(
        &mut self,
        value: Val,
        categories: &Categories,
        kind: Kind,
    ) -> Result<Val, Failure> {
        let width = u32::try_from(categories.len()).unwrap_or(u32::MAX);
        let number = if kind == Kind::Bool { Kind::I64 } else { kind };
        let op = Op::OneHot(OneHot {
            arg: value.id,
            categories: categories.clone(),
            drop: None,
            unknown: Unknown::None,
            kind: number,
        });
        let made = self.push(op, number, width, false)?;
        if kind != Kind::Bool {
            return Ok(made);
        }
        let one = Const { kind: Kind::I64, shape: vec![1, 1], values: Labels::I64(vec![1]) };
        let one = self.constant_value(&one)?;
        let op = Op::Binary { op: BinaryOp::Eq, left: made.id, right: one.id };
        self.push(op, Kind::Bool, width, false)
    }

    fn cast(&mut self, node: &Node) -> Result<Sym, Failure> {
        let to = match attributes::int(node, "to", 0)? {
            1 => Kind::F32,
            6 | 7 => Kind::I64,
            9 => Kind::Bool,
            11 => Kind::F64,
            other => return Err(refuse(node, format!("to element type {other}"))),
        };
        match self.meaning(node, 0)? {
            Sym::Trees(ensemble, Stage::Direct) if to == Kind::I64 => {
                Ok(Sym::Trees(ensemble, Stage::Numbers))
            }
            Sym::Test(_, chosen) if to == Kind::I64 => Ok(Sym::Position(chosen)),
            Sym::Position(chosen) if to == Kind::I64 => Ok(Sym::Position(chosen)),
            sym @ (Sym::Label(..) | Sym::Estimated(_)) if to == Kind::I64 => Ok(sym),
            Sym::Indicators(value, categories) => {
                self.one_hot(value, &categories, to).map(Sym::Value)
            }
            sym => {
                let value = self.as_value(node, &sym)?;
                if to == Kind::Bool && value.kind == Kind::Bool {
                    return Ok(Sym::Value(value));
                }
                if to == Kind::Bool || value.kind == Kind::Text {
                    return Err(refuse(node, format!("from {} to {to}", value.kind)));
                }
                self.cast_to(value, to).map(Sym::Value)
            }
        }
    }

    fn select(&mut self, node: &Node) -> Result<Sym, Failure> {
        if let (Sym::NoSum(of), Sym::Const(_), Sym::Shares(margins)) =
            (self.meaning(node, 0)?, self.meaning(node, 1)?, self.meaning(node, 2)?)
            && matches!(&*of, Sym::Linked { margins: found, .. } if *found == margins)
        {
            return Ok(Sym::Linked { link: Link::LogisticNormalized, margins, binary: false });
        }
        if let (Sym::Guard(of), Sym::Const(lowest)) =
            (self.meaning(node, 0)?, self.meaning(node, 1)?)
            && lowest.is_all(f64::NEG_INFINITY)
            && self.meaning(node, 2)? == *of
        {
            return Ok(Sym::Guarded(of));
        }
        if let Some(sym) = self.imputed(node)? {
            return Ok(sym);
        }
        if let Some(op) = self.extreme(node) {
            return self.operation_of(node, op, 1, 2).map(Sym::Value);
        }
        let condition = self.arg_value(node, 0)?;
        let (yes, no) = (self.arg_value(node, 1)?, self.arg_value(node, 2)?);
        if !(condition.scalar && yes.scalar && no.scalar) {
            return Err(refuse(node, "a choice between vectors"));
        }
        let op = Op::If { condition: condition.id, yes: yes.id, no: no.id };
        self.push(op, yes.kind, 1, true).map(Sym::Value)
    }

    /// `Where(IsNaN(x) or x = sentinel, replacements, x)`.
    fn imputed(&mut self, node: &Node) -> Result<Option<Sym>, Failure> {
        let Some(with) = self.constant_arg(node, 1) else { return Ok(None) };
        let subject = node.inputs.get(2).copied().flatten();
        let about = |test: &Node| test.inputs.first().copied().flatten() == subject;
        let Some(condition) = self.producer(node, 0) else { return Ok(None) };
        let (nan, sentinel) = match condition.op_type.as_str() {
            "IsNaN" if about(condition) => (true, None),
            "Equal" if about(condition) => (false, self.constant_arg(condition, 1)),
            "Or" => {
                let (Some(first), Some(second)) =
                    (self.producer(condition, 0), self.producer(condition, 1))
                else {
                    return Ok(None);
                };
                let both = first.op_type == "IsNaN" && second.op_type == "Equal";
                if !both || !about(first) || !about(second) {
                    return Ok(None);
                }
                (true, self.constant_arg(second, 1))
            }
            _ => return Ok(None),
        };
        if !nan && sentinel.is_none() {
            return Ok(None);
        }
        let value = self.arg_value(node, 2)?;
        let width = value.width as usize;
        let with = match with.values {
            Labels::F64(list) if list.len() == 1 => Labels::F64(vec![list.iter().sum(); width]),
            Labels::I64(list) if list.len() == 1 => Labels::I64(vec![list.iter().sum(); width]),
            other => other,
        };
        let sentinel = match sentinel.map(|constant| constant.values) {
            None => None,
            Some(values) if values.len() == 1 => values.get(0),
            Some(_) => return Ok(None),
        };
        if matches!(sentinel, Some(Scalar::Bool(_) | Scalar::Text(_))) || with.len() != width {
            return Ok(None);
        }
        let op = Op::Impute(Impute { arg: value.id, nan, sentinel, with });
        self.push(op, value.kind, value.width, value.scalar).map(|value| Some(Sym::Value(value)))
    }
}
