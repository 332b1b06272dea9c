//! Functions of elements, with the broadcasting of the specification.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{
    BinaryOp, Comparison, Distances, Kind, Labels, Metric, Op, Transform, UnaryOp,
};

use super::{MAX_ELEMENTS, Operand, fold, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    sym::{Const, Sym, Val},
};

impl Raise<'_> {
    pub(super) fn each(&mut self, node: &Node, op: UnaryOp) -> Result<Sym, Failure> {
        match self.operand(node, 0)? {
            Operand::Const(constant) => {
                let values = fold::unary(op, &constant.values, constant.kind == Kind::F32)
                    .ok_or_else(|| refuse(node, "a function of a constant"))?;
                let kind = if op.is_test() { Kind::Bool } else { constant.kind };
                Ok(Sym::Const(Const { kind, values, ..constant }))
            }
            Operand::Block(block) => {
                if op == UnaryOp::Sqrt
                    && let Some(made) = self.rooted(block.value)?
                {
                    return Ok(with_axes(&block.axes(), made));
                }
                let value = fitting(node, block.value, op == UnaryOp::Not)?;
                let made = self.unary(op, value)?;
                Ok(with_axes(&block.axes(), made))
            }
        }
    }

    /// The root of squared distances is the distance.
    pub(in crate::raise) fn rooted(&mut self, value: Val) -> Result<Option<Val>, Failure> {
        let Some(Op::Transform(Transform::Distances(found))) = self.op_of(value) else {
            return Ok(None);
        };
        if found.comparison != Comparison::plain(Metric::SquaredEuclidean) {
            return Ok(None);
        }
        let made = Distances {
            arg: found.arg,
            points: found.points.clone(),
            comparison: Comparison::plain(Metric::Euclidean),
        };
        let op = Op::Transform(Transform::Distances(Box::new(made)));
        self.push(op, Kind::F64, value.width, false).map(Some)
    }

    /// A function of two operands or more, from left to right.
    pub(super) fn pairs(&mut self, node: &Node, op: BinaryOp) -> Result<Sym, Failure> {
        let mut sum = self.operand(node, 0)?;
        for position in 1..node.inputs.len() {
            let next = self.operand(node, position)?;
            sum = self.pair(node, op, &sum, &next)?;
        }
        Ok(match sum {
            Operand::Const(constant) => Sym::Const(constant),
            Operand::Block(block) => with_axes(&block.axes(), block.value),
        })
    }

    pub(super) fn pair(
        &mut self,
        node: &Node,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
    ) -> Result<Operand, Failure> {
        if left.kind() != right.kind() {
            let what = format!("{} against {}", left.kind(), right.kind());
            return Err(refuse(node, what));
        }
        let axes = fold::broadcast(&left.axes(), &right.axes())
            .ok_or_else(|| refuse(node, "shapes that do not fit each other"))?;
        if let (Operand::Const(a), Operand::Const(b)) = (left, right) {
            let (x, y) = (constant_over(a, &axes), constant_over(b, &axes));
            let values = match (x, y) {
                (Some(x), Some(y)) => fold::binary(op, &x, &y, a.kind == Kind::F32),
                _ => None,
            };
            let values = values.ok_or_else(|| refuse(node, "arithmetic of constants"))?;
            let kind = if op.is_test() { Kind::Bool } else { a.kind };
            let shape = axes.iter().map(|axis| axis.unwrap_or(1)).collect();
            return Ok(Operand::Const(Const { kind, shape, values }));
        }
        let (x, y) = (self.over(node, left, &axes)?, self.over(node, right, &axes)?);
        let (mut x, mut y) = (x, y);
        // A scalar meets each element of a vector; a vector of one does not.
        if x.scalar && !y.scalar && y.width == 1 {
            x = self.vector(x)?;
        }
        if y.scalar && !x.scalar && x.width == 1 {
            y = self.vector(y)?;
        }
        let kind = if op.is_test() { Kind::Bool } else { x.kind };
        let (width, scalar) = (x.width.max(y.width), x.scalar && y.scalar);
        let made = self.push(Op::Binary { op, left: x.id, right: y.id }, kind, width, scalar)?;
        Ok(match with_axes(&axes, made) {
            Sym::Block(block) => Operand::Block(block),
            _ => Operand::Block(super::Block::new(made, vec![u64::from(made.width)])),
        })
    }

    /// An operand laid out over the axes of the result; a scalar where it is one for all elements.
    pub(super) fn over(
        &mut self,
        node: &Node,
        operand: &Operand,
        axes: &[Option<u64>],
    ) -> Result<Val, Failure> {
        let count = fold::elements(axes)
            .filter(|&count| count > 0 && count <= MAX_ELEMENTS << 4)
            .ok_or_else(|| refuse(node, "too many elements, or none"))?;
        match operand {
            Operand::Const(constant) if constant.values.len() == 1 => {
                if count == 1 {
                    return self.scalar_constant(constant.kind, constant.values.clone());
                }
                self.scalar_constant(constant.kind, constant.values.clone())
            }
            Operand::Const(constant) => {
                let values = constant_over(constant, axes)
                    .ok_or_else(|| refuse(node, "a constant of another shape"))?;
                self.vector_constant(constant.kind, values)
            }
            Operand::Block(block) if block.value.width == 1 && block.value.scalar => {
                Ok(block.value)
            }
            Operand::Block(block) => {
                let indices = fold::sources(&block.axes(), axes)
                    .ok_or_else(|| refuse(node, "a shape that does not fit"))?;
                self.picked(block.value, indices)
            }
        }
    }

    pub(super) fn power(&mut self, node: &Node) -> Result<Sym, Failure> {
        let (left, mut right) = (self.operand(node, 0)?, self.operand(node, 1)?);
        if let Operand::Const(constant) = &mut right
            && let Some(floats) = constant.floats()
        {
            if floats == [2.0] && left.kind().is_float() {
                return self.pair(node, BinaryOp::Mul, &left, &left).map(sym_of);
            }
            constant.kind = left.kind();
            constant.values = Labels::F64(floats);
        }
        self.pair(node, BinaryOp::Pow, &left, &right).map(sym_of)
    }

    pub(super) fn reciprocal(&mut self, node: &Node) -> Result<Sym, Failure> {
        let value = self.operand(node, 0)?;
        let one = one_of(value.kind(), 1.0);
        self.pair(node, BinaryOp::Div, &one, &value).map(sym_of)
    }

    pub(super) fn rectified(&mut self, node: &Node) -> Result<Sym, Failure> {
        let value = self.operand(node, 0)?;
        let zero = one_of(value.kind(), 0.0);
        self.pair(node, BinaryOp::Max, &value, &zero).map(sym_of)
    }

    /// `Clip`: bounds as operands, or as attributes before opset 11.
    pub(super) fn clipped(&mut self, node: &Node) -> Result<Sym, Failure> {
        let mut value = self.operand(node, 0)?;
        for (position, name, op) in [(1, "min", BinaryOp::Max), (2, "max", BinaryOp::Min)] {
            let bound = if node.inputs.get(position).copied().flatten().is_some() {
                self.operand(node, position)?
            } else {
                match node.attribute(name) {
                    Some(holdall_graph::Attribute::Float(bound)) => {
                        one_of(value.kind(), f64::from(*bound))
                    }
                    _ => continue,
                }
            };
            value = self.pair(node, op, &value, &bound)?;
        }
        Ok(sym_of(value))
    }

    pub(super) fn remainder(&mut self, node: &Node) -> Result<Sym, Failure> {
        let op = if attributes::int(node, "fmod", 0)? == 0 {
            BinaryOp::Modulo
        } else {
            BinaryOp::Remainder
        };
        self.pairs(node, op)
    }
}

fn fitting(node: &Node, value: Val, logical: bool) -> Result<Val, Failure> {
    let fits = if logical { value.kind == Kind::Bool } else { value.kind != Kind::Text };
    if fits { Ok(value) } else { Err(refuse(node, format!("elements of {}", value.kind))) }
}

pub(super) fn sym_of(operand: Operand) -> Sym {
    match operand {
        Operand::Const(constant) => Sym::Const(constant),
        Operand::Block(block) => with_axes(&block.axes(), block.value),
    }
}

pub(super) fn one_of(kind: Kind, value: f64) -> Operand {
    Operand::Const(Const { kind, shape: Vec::new(), values: Labels::F64(vec![value]) })
}

/// A constant laid out over axes.
pub(super) fn constant_over(constant: &Const, axes: &[Option<u64>]) -> Option<Labels> {
    let own: Vec<Option<u64>> = constant.shape.iter().copied().map(Some).collect();
    let flat: Vec<Option<u64>> = axes.iter().map(|axis| Some(axis.unwrap_or(1))).collect();
    let indices = fold::sources(&own, &flat)?;
    Some(fold::pick(&constant.values, &indices))
}
