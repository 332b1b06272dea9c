//! Operators on tensors of any rank, read element by element. Where no construct is recognised, a tensor is a
//! vector of the model with the shape that its elements have in each row: arithmetic stays arithmetic, moving
//! elements is selecting, sums are sums in order.

mod choose;
mod coded;
mod coupling;
mod elementwise;
mod fold;
mod join;
mod layout;
mod matrix;
mod reduce;
mod scan;
mod sort;

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{
    BinaryOp, Constant, Kind, Labels, Op, Reduce, ReduceOp, Transform, UnaryOp, Width,
};

use super::{
    Raise,
    attributes::refuse,
    sym::{Block, Chosen, Const, Sym, Val},
};
use holdall_tabular::{Decision, Impute, Link, Normalize, NormalizeBy};

pub(super) use coded::unnamed;

/// The most elements of a row that are looked at one by one.
pub(super) const MAX_ELEMENTS: usize = 1 << 16;

/// The number of rows among extents.
pub(super) const ROWS: i64 = i64::MIN;

/// The most elements that are moved or written out in reading one graph.
const MAX_MOVED: usize = 1 << 26;

/// An operand: the same for every row, or not.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Const(Const),
    Block(Block),
}

impl Operand {
    fn axes(&self) -> Vec<Option<u64>> {
        match self {
            Self::Const(constant) => constant.shape.iter().copied().map(Some).collect(),
            Self::Block(block) => block.axes(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Const(constant) => constant.kind,
            Self::Block(block) => block.value.kind,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Const(constant) => constant.values.len(),
            Self::Block(block) => block.value.width as usize,
        }
    }
}

/// An operand with other axes, its elements picked by position.
fn with_axes(axes: &[Option<u64>], value: Val) -> Sym {
    let dims = axes.iter().copied().flatten().collect();
    let rows = axes.iter().position(Option::is_none).unwrap_or(0);
    match (rows, axes.len()) {
        (0, 2) => Sym::Value(value),
        _ => Sym::Block(Block { value, dims, rows }),
    }
}

impl Raise<'_> {
    /// Reads an operator of `ai.onnx` without any recognition.
    pub(super) fn general(&mut self, node: &Node) -> Result<Vec<Sym>, Failure> {
        use BinaryOp as B;
        use UnaryOp as U;
        let one = |sym: Sym| vec![sym];
        match node.op_type.as_str() {
            "Reshape" | "Flatten" => self.reshaped(node).map(one),
            "Squeeze" => self.squeezed(node).map(one),
            "Unsqueeze" => self.raised(node).map(one),
            "Transpose" => self.transposed(node).map(one),
            "Gather" => self.gathered(node).map(one),
            "Slice" => self.sliced(node).map(one),
            "Split" => self.split(node),
            "Tile" => self.tiled(node).map(one),
            "Expand" => self.expanded(node).map(one),
            "Concat" => self.joined(node).map(one),
            "Where" => self.chosen(node).map(one),
            "Cast" => self.converted(node).map(one),
            "CumSum" => self.running_block(node).map(one),
            "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceMin" | "ReduceProd" | "ReduceL1"
            | "ReduceL2" | "ReduceSumSquare" | "ReduceLogSumExp" | "ArgMax" | "ArgMin" => {
                self.reduced(node).map(one)
            }
            "MatMul" => self.multiplied(node).map(one),
            "Gemm" => self.affine(node).map(one),
            "Softmax" => self.softmax_block(node).map(one),
            "Neg" => self.each(node, U::Neg).map(one),
            "Abs" => self.each(node, U::Abs).map(one),
            "Exp" => self.each(node, U::Exp).map(one),
            "Log" => self.each(node, U::Ln).map(one),
            "Sqrt" => self.each(node, U::Sqrt).map(one),
            "Floor" => self.each(node, U::Floor).map(one),
            "Ceil" => self.each(node, U::Ceil).map(one),
            "Round" => self.each(node, U::RoundEven).map(one),
            "Sign" => self.each(node, U::Sign).map(one),
            "Sin" => self.each(node, U::Sin).map(one),
            "Cos" => self.each(node, U::Cos).map(one),
            "Tan" => self.each(node, U::Tan).map(one),
            "Asin" => self.each(node, U::Asin).map(one),
            "Acos" => self.each(node, U::Acos).map(one),
            "Atan" => self.each(node, U::Atan).map(one),
            "Sinh" => self.each(node, U::Sinh).map(one),
            "Cosh" => self.each(node, U::Cosh).map(one),
            "Asinh" => self.each(node, U::Asinh).map(one),
            "Acosh" => self.each(node, U::Acosh).map(one),
            "Atanh" => self.each(node, U::Atanh).map(one),
            "Erf" => self.each(node, U::Erf).map(one),
            "Tanh" => self.each(node, U::Tanh).map(one),
            "Sigmoid" => self.each(node, U::Logistic).map(one),
            "Not" => self.each(node, U::Not).map(one),
            "IsNaN" => self.each(node, U::IsNan).map(one),
            "Reciprocal" => self.reciprocal(node).map(one),
            "Relu" => self.rectified(node).map(one),
            "Clip" => self.clipped(node).map(one),
            "Add" | "Sum" => self.pairs(node, B::Add).map(one),
            "Sub" => self.pairs(node, B::Sub).map(one),
            "Mul" => self.pairs(node, B::Mul).map(one),
            "Div" => self.pairs(node, B::Div).map(one),
            "Pow" => self.power(node).map(one),
            "Min" => self.pairs(node, B::Min).map(one),
            "Max" => self.pairs(node, B::Max).map(one),
            "And" => self.pairs(node, B::And).map(one),
            "Or" => self.pairs(node, B::Or).map(one),
            "Xor" => self.pairs(node, B::Xor).map(one),
            "Less" => self.pairs(node, B::Lt).map(one),
            "LessOrEqual" => self.pairs(node, B::Le).map(one),
            "Greater" => self.pairs(node, B::Gt).map(one),
            "GreaterOrEqual" => self.pairs(node, B::Ge).map(one),
            "Equal" => self.pairs(node, B::Eq).map(one),
            "Mod" => self.remainder(node).map(one),
            "TopK" => self.top(node),
            "Scan" => self.scanned(node),
            "Loop" => self.coupling(node),
            "GatherElements" => self.gathered_elements(node).map(one),
            "ConstantOfShape" => self.filled(node).map(one),
            _ => Err(refuse(node, "no counterpart in tabular models")),
        }
    }

    /// An operand as a constant or a tensor.
    pub(super) fn operand(&mut self, node: &Node, position: usize) -> Result<Operand, Failure> {
        let sym = self.meaning(node, position)?;
        self.operand_of(&sym)?
            .ok_or_else(|| refuse(node, format!("input {position} is no tensor of its own")))
    }

    pub(super) fn operand_of(&mut self, sym: &Sym) -> Result<Option<Operand>, Failure> {
        let plain = |value: Val| Block::new(value, vec![u64::from(value.width)]);
        Ok(Some(Operand::Block(match sym {
            Sym::Const(constant) => return Ok(Some(Operand::Const(constant.clone()))),
            Sym::Extents(extents) if !extents.contains(&ROWS) => {
                let shape = vec![extents.len() as u64];
                let values = Labels::I64(extents.clone());
                return Ok(Some(Operand::Const(Const { kind: Kind::I64, shape, values })));
            }
            Sym::Extents(_) => return Ok(None),
            Sym::Block(block) => block.clone(),
            Sym::Raised(value) => Block::new(*value, vec![1, u64::from(value.width)]),
            Sym::Products(value, matrix) => self.products(*value, matrix)?,
            Sym::RunningBlock(block, axis) => self.prefixes(block, *axis)?,
            Sym::Trees(_, super::sym::Stage::Direct) | Sym::Value(_) | Sym::Test(Some(_), _) => {
                return Ok(self.try_value(sym)?.map(plain).map(Operand::Block));
            }
            Sym::Linked { .. }
            | Sym::Probability { .. }
            | Sym::Sum(_)
            | Sym::NoSum(_)
            | Sym::Shares(_)
            | Sym::Indicators(..)
            | Sym::Position(_)
            | Sym::Label(..)
            | Sym::Code(..)
            | Sym::Test(None, _)
            | Sym::Guard(_)
            | Sym::Guarded(_)
            | Sym::Estimated(_) => match self.whole(sym)? {
                Some(value) => plain(value),
                None => return Ok(None),
            },
            Sym::Trees(ensemble, super::sym::Stage::Numbers) => {
                let direct = Sym::Trees(std::sync::Arc::clone(ensemble), super::sym::Stage::Direct);
                let Some(sums) = self.try_value(&direct)? else { return Ok(None) };
                plain(self.cast_to(sums, Kind::I64)?)
            }
            Sym::Running(..) | Sym::Trees(..) => return Ok(None),
        })))
    }

    /// A meaning that is more than a value, computed as one.
    pub(super) fn whole(&mut self, sym: &Sym) -> Result<Option<Val>, Failure> {
        Ok(Some(match sym {
            Sym::Linked { link, margins, binary } => {
                return self.link(*link, *margins, *binary);
            }
            Sym::Probability { link, margins, binary, class } => {
                let Some(all) = self.link(*link, *margins, *binary)? else { return Ok(None) };
                if *class >= all.width {
                    return Ok(None);
                }
                self.picked(all, vec![*class])?
            }
            Sym::Sum(of) => {
                let Some(value) = self.whole(of)? else { return Ok(None) };
                let sum = self.reduce_vector(value, ReduceOp::Sum)?;
                self.vector(sum)?
            }
            Sym::NoSum(of) => {
                let Some(sum) = self.whole(&Sym::Sum(of.clone()))? else { return Ok(None) };
                let zero = self.number(sum.kind, 0.0)?;
                let op = Op::Binary { op: BinaryOp::Eq, left: sum.id, right: zero.id };
                self.push(op, Kind::Bool, sum.width, sum.scalar)?
            }
            Sym::Shares(margins) => {
                let each = self.unary(UnaryOp::Logistic, *margins)?;
                let sum = self.reduce_vector(each, ReduceOp::Sum)?;
                let op = Op::Binary { op: BinaryOp::Div, left: each.id, right: sum.id };
                self.push(op, each.kind, each.width, each.scalar)?
            }
            Sym::Guard(of) => {
                let Some(value) = self.whole(of)? else { return Ok(None) };
                self.unary(UnaryOp::IsNan, value)?
            }
            Sym::Guarded(of) => {
                let Some(value) = self.whole(of)? else { return Ok(None) };
                self.without_nan(value)?
            }
            Sym::Position(chosen) => return self.position(chosen),
            Sym::Test(None, Chosen::By(scores, decision)) => {
                return self.decided(scores, *decision);
            }
            Sym::Label(labels, chosen) => {
                let Some(position) = self.position(chosen)? else { return Ok(None) };
                self.listed(position, labels, labels.kind())?
            }
            Sym::Estimated(id) => {
                let classes = match self.model.nodes.get(*id).map(|node| &node.op) {
                    Some(Op::Classify(classify)) => classify.classes.kind(),
                    _ => return Ok(None),
                };
                let op = Op::Part { estimate: *id, part: holdall_tabular::Part::Label };
                self.push(op, classes, 1, true)?
            }
            Sym::Code(value, categories) => {
                let codes = Labels::I64((0_i64..).take(categories.len()).collect());
                let default = holdall_tabular::Scalar::I64(-1);
                self.looked(*value, &categories.values, &codes, Some(default))?
            }
            other => return self.try_value(other),
        }))
    }

    fn position(&mut self, chosen: &Chosen) -> Result<Option<Val>, Failure> {
        match chosen {
            Chosen::Largest(scores) => {
                let Some(value) = self.whole(scores)? else { return Ok(None) };
                let value = if value.kind.is_float() { self.without_nan(value)? } else { value };
                self.reduce_vector(value, ReduceOp::ArgMax).map(Some)
            }
            Chosen::By(scores, decision) => {
                let Some(test) = self.decided(scores, *decision)? else { return Ok(None) };
                self.cast_to(test, Kind::I64).map(Some)
            }
        }
    }

    /// −∞ in place of NaN, which is never the largest.
    fn without_nan(&mut self, value: Val) -> Result<Val, Failure> {
        let with = Labels::F64(vec![f64::NEG_INFINITY; value.width as usize]);
        let op = Op::Impute(Impute { arg: value.id, nan: true, sentinel: None, with });
        self.push(op, value.kind, value.width, value.scalar)
    }

    fn decided(&mut self, scores: &Sym, decision: Decision) -> Result<Option<Val>, Failure> {
        let (op, than) = match decision {
            Decision::MarginAbove(than) | Decision::ProbabilityAbove(than) => (BinaryOp::Gt, than),
            Decision::MarginAtLeast(than) => (BinaryOp::Ge, than),
            Decision::LargestProbability | Decision::LargestMargin => return Ok(None),
        };
        let Some(value) = self.whole(scores)? else { return Ok(None) };
        let than = self.number(value.kind, than)?;
        let op = Op::Binary { op, left: value.id, right: than.id };
        self.push(op, Kind::Bool, value.width, value.scalar).map(Some)
    }

    /// Margins put through a link.
    fn link(&mut self, link: Link, margins: Val, binary: bool) -> Result<Option<Val>, Failure> {
        let margins = self.vector(margins)?;
        if binary {
            let second = match link {
                Link::Identity => margins,
                Link::Logistic => self.unary(UnaryOp::Logistic, margins)?,
                Link::SoftmaxSymmetric => {
                    let negated = self.unary(UnaryOp::Neg, margins)?;
                    let both = Op::Concat(vec![negated.id, margins.id]);
                    let both = self.push(both, margins.kind, 2, false)?;
                    return self.shares_of(both, NormalizeBy::Softmax).map(Some);
                }
                Link::Exp | Link::Softmax | Link::LogisticNormalized => return Ok(None),
            };
            let one = self.number(margins.kind, 1.0)?;
            let op = Op::Binary { op: BinaryOp::Sub, left: one.id, right: second.id };
            let first = self.push(op, margins.kind, second.width, second.scalar)?;
            let both = Op::Concat(vec![first.id, second.id]);
            return self.push(both, margins.kind, 2, false).map(Some);
        }
        Ok(Some(match link {
            Link::Identity => margins,
            Link::Logistic => self.unary(UnaryOp::Logistic, margins)?,
            Link::Exp => self.unary(UnaryOp::Exp, margins)?,
            Link::Softmax => self.shares_of(margins, NormalizeBy::Softmax)?,
            Link::LogisticNormalized => self.logistic_shares(margins)?,
            Link::SoftmaxSymmetric => return Ok(None),
        }))
    }

    /// Logistic values divided by their sum, equal shares where all of them are 0.
    fn logistic_shares(&mut self, margins: Val) -> Result<Val, Failure> {
        let each = self.unary(UnaryOp::Logistic, margins)?;
        let sum = self.reduce_vector(each, ReduceOp::Sum)?;
        let zero = self.number(each.kind, 0.0)?;
        let op = Op::Binary { op: BinaryOp::Eq, left: sum.id, right: zero.id };
        let none = self.push(op, Kind::Bool, 1, true)?;
        // 1 ÷ n then, and what was there otherwise.
        let none = self.cast_to(none, each.kind)?;
        let count = self.number(each.kind, f64::from(each.width))?;
        let op = Op::Binary { op: BinaryOp::Mul, left: none.id, right: count.id };
        let more = self.push(op, each.kind, 1, true)?;
        let op = Op::Binary { op: BinaryOp::Add, left: sum.id, right: more.id };
        let sum = self.push(op, each.kind, 1, true)?;
        let op = Op::Binary { op: BinaryOp::Add, left: each.id, right: none.id };
        let each = self.push(op, each.kind, each.width, false)?;
        let op = Op::Binary { op: BinaryOp::Div, left: each.id, right: sum.id };
        self.push(op, each.kind, each.width, false)
    }

    pub(super) fn shares_of(&mut self, value: Val, by: NormalizeBy) -> Result<Val, Failure> {
        let value = self.vector(value)?;
        let op = Op::Transform(Transform::Normalize(Normalize { arg: value.id, by }));
        self.push(op, value.kind, value.width, false)
    }

    pub(super) fn unary(&mut self, op: UnaryOp, arg: Val) -> Result<Val, Failure> {
        let kind = if op.is_test() { Kind::Bool } else { arg.kind };
        self.push(Op::Unary { op, arg: arg.id }, kind, arg.width, arg.scalar)
    }

    pub(super) fn number(&mut self, kind: Kind, value: f64) -> Result<Val, Failure> {
        self.scalar_constant(kind, Labels::F64(vec![value]))
    }

    pub(super) fn scalar_constant(&mut self, kind: Kind, values: Labels) -> Result<Val, Failure> {
        let op = Op::Constant(Constant { kind, width: Width::Scalar, values });
        self.push(op, kind, 1, true)
    }

    /// Accounts for elements that are written out.
    fn charge(&mut self, elements: usize) -> Result<(), Failure> {
        self.moved = self.moved.saturating_add(elements);
        if self.moved > MAX_MOVED {
            let message = format!("more than {MAX_MOVED} elements, each read by itself");
            return Err(Failure::limit(crate::codes::TOO_LARGE, message));
        }
        Ok(())
    }

    pub(super) fn vector_constant(&mut self, kind: Kind, values: Labels) -> Result<Val, Failure> {
        self.charge(values.len())?;
        let width = u32::try_from(values.len()).unwrap_or(u32::MAX);
        let op = Op::Constant(Constant { kind, width: Width::Vector(width), values });
        self.push(op, kind, width, false)
    }

    /// All elements as one scalar.
    pub(super) fn reduce_vector(&mut self, value: Val, op: ReduceOp) -> Result<Val, Failure> {
        let value = self.vector(value)?;
        let kind = match op {
            ReduceOp::ArgMax | ReduceOp::ArgMin | ReduceOp::Count => Kind::I64,
            _ => value.kind,
        };
        let op =
            Op::Transform(Transform::Reduce(Reduce { arg: value.id, op, skip_missing: false }));
        self.push(op, kind, 1, true)
    }

    /// Elements by position: as they are, as part of what was joined, or selected.
    pub(super) fn picked(&mut self, value: Val, mut indices: Vec<u32>) -> Result<Val, Failure> {
        self.charge(indices.len())?;
        let same =
            indices.len() == value.width as usize && indices.iter().copied().eq(0..value.width);
        if same {
            return Ok(value);
        }
        let mut from = self.vector(value)?;
        loop {
            match self.op_of(from) {
                Some(Op::Select { arg, indices: inner }) => {
                    let outer: Option<Vec<u32>> =
                        indices.iter().map(|&i| inner.get(i as usize).copied()).collect();
                    let (Some(outer), Some(&value)) = (outer, self.values.get(arg)) else { break };
                    indices = outer;
                    from = value;
                }
                Some(Op::Constant(constant)) => {
                    let (kind, values) = (constant.kind, fold::pick(&constant.values, &indices));
                    return self.vector_constant(kind, values);
                }
                _ => break,
            }
        }
        if indices.len() == from.width as usize && indices.iter().copied().eq(0..from.width) {
            return Ok(from);
        }
        let width = u32::try_from(indices.len()).unwrap_or(u32::MAX);
        if let Some(Op::Concat(args)) = self.op_of(from)
            && args.len() == from.width as usize
        {
            let args: Option<Vec<_>> =
                indices.iter().map(|&i| args.get(i as usize).copied()).collect();
            if let Some(args) = args {
                return self.push(Op::Concat(args), from.kind, width, false);
            }
        }
        let from = self.vector(from)?;
        self.push(Op::Select { arg: from.id, indices }, from.kind, width, false)
    }

    /// One element as a scalar.
    pub(super) fn element(&mut self, node: &Node, value: Val, at: u32) -> Result<Val, Failure> {
        let (mut from, mut at) = (value, at);
        loop {
            if from.scalar {
                return Ok(from);
            }
            match self.op_of(from) {
                Some(Op::Select { arg, indices }) => {
                    let (Some(&i), Some(&value)) = (indices.get(at as usize), self.values.get(arg))
                    else {
                        return Err(refuse(node, "an element that is not there"));
                    };
                    (from, at) = (value, i);
                }
                Some(Op::Concat(args)) => {
                    let mut before = 0;
                    let mut found = None;
                    for arg in args {
                        let Some(&part) = self.values.get(arg) else { break };
                        if at < before + part.width {
                            found = Some((part, at - before));
                            break;
                        }
                        before += part.width;
                    }
                    let Some(found) = found else {
                        return Err(refuse(node, "an element that is not there"));
                    };
                    (from, at) = found;
                }
                Some(Op::Constant(constant)) => {
                    let (kind, values) = (constant.kind, fold::pick(&constant.values, &[at]));
                    return self.scalar_constant(kind, values);
                }
                _ => break,
            }
        }
        if let Some(&found) = self.elements.get(&(from.id, at)) {
            return Ok(found);
        }
        let alone = if from.width == 1 {
            from
        } else {
            self.push(Op::Select { arg: from.id, indices: vec![at] }, from.kind, 1, false)?
        };
        let op = match from.kind {
            Kind::F32 | Kind::F64 | Kind::I64 => ReduceOp::Max,
            Kind::Bool => ReduceOp::Any,
            Kind::Text => return Err(refuse(node, "one of several computed texts")),
        };
        let made = self.reduce_vector(alone, op)?;
        self.elements.insert((from.id, at), made);
        Ok(made)
    }
}
