//! The largest or smallest elements in order, and elements by positions that depend on the row.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{BinaryOp, Impute, Kind, Labels, Op, ReduceOp, Scalar, UnaryOp};

use super::{MAX_ELEMENTS, Operand, layout::place, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    sym::{Sym, Val},
};

impl Raise<'_> {
    /// `TopK` along the last of two axes: the extreme is taken and put out of reach, so many times over.
    pub(super) fn top(&mut self, node: &Node) -> Result<Vec<Sym>, Failure> {
        let count = self.known_ints(node, 1, "k")?;
        let count = count.first().copied().unwrap_or(attributes::int(node, "k", 0)?);
        let Operand::Block(block) = self.operand(node, 0)? else {
            return Err(refuse(node, "the largest of a constant"));
        };
        let axes = block.axes();
        let value = self.vector(block.value)?;
        let last = place(attributes::int(node, "axis", -1)?, axes.len());
        let rounds = u32::try_from(count).ok().filter(|&count| count > 0 && count <= value.width);
        let size = |rounds: u32| rounds as usize * value.width as usize;
        let (Some(1), [None, Some(_)], Some(rounds)) = (last, axes.as_slice(), rounds) else {
            return Err(refuse(node, "sorting along another axis than the last of two"));
        };
        if !value.kind.is_float() || size(rounds) > MAX_ELEMENTS {
            return Err(refuse(node, "sorting of integers, or of too many"));
        }
        let largest = attributes::int(node, "largest", 1)? != 0;
        let most = if value.kind == Kind::F32 { f64::from(f32::MAX) } else { f64::MAX };
        let (far, edge) = if largest { (f64::NEG_INFINITY, -most) } else { (f64::INFINITY, most) };
        let (extreme, position, away) = if largest {
            (ReduceOp::Max, ReduceOp::ArgMax, BinaryOp::Sub)
        } else {
            (ReduceOp::Min, ReduceOp::ArgMin, BinaryOp::Add)
        };
        // What is infinitely far already is brought back before what was taken goes there.
        let sound = self.filled_nan(value, far)?;
        let mut left = self.replaced(sound, far, edge)?;
        let (mut values, mut places) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            values.push(self.reduce_vector(left, extreme)?.id);
            let at = self.reduce_vector(left, position)?;
            places.push(at.id);
            let here = self.here(value, at)?;
            let one = self.number(value.kind, 1.0)?;
            let rest = Op::Binary { op: BinaryOp::Sub, left: one.id, right: here.id };
            let rest = self.push(rest, value.kind, value.width, false)?;
            let apart = Op::Binary { op: BinaryOp::Div, left: here.id, right: rest.id };
            let apart = self.push(apart, value.kind, value.width, false)?;
            let op = Op::Binary { op: away, left: left.id, right: apart.id };
            let moved = self.push(op, value.kind, value.width, false)?;
            // What was infinite on the near side is NaN now.
            left = self.filled_nan(moved, far)?;
        }
        let values = self.push(Op::Concat(values), value.kind, rounds, false)?;
        let values = self.replaced(values, edge, far)?;
        let places = self.push(Op::Concat(places), Kind::I64, rounds, false)?;
        let to = [None, Some(u64::from(rounds))];
        Ok(vec![with_axes(&to, values), with_axes(&to, places)])
    }

    fn replaced(&mut self, value: Val, from: f64, to: f64) -> Result<Val, Failure> {
        let with = Labels::F64(vec![to; value.width as usize]);
        let sentinel = Some(Scalar::F64(from));
        let op = Op::Impute(Impute { arg: value.id, nan: false, sentinel, with });
        self.push(op, value.kind, value.width, value.scalar)
    }

    fn filled_nan(&mut self, value: Val, by: f64) -> Result<Val, Failure> {
        let with = Labels::F64(vec![by; value.width as usize]);
        let op = Op::Impute(Impute { arg: value.id, nan: true, sentinel: None, with });
        self.push(op, value.kind, value.width, value.scalar)
    }

    /// 1 at a position, 0 elsewhere.
    fn here(&mut self, value: Val, at: Val) -> Result<Val, Failure> {
        let numbers = Labels::I64((0..i64::from(value.width)).collect());
        let numbers = self.vector_constant(Kind::I64, numbers)?;
        let op = Op::Binary { op: BinaryOp::Eq, left: numbers.id, right: at.id };
        let equal = self.push(op, Kind::Bool, value.width, false)?;
        self.cast_to(equal, value.kind)
    }

    /// `GatherElements` along the last of two axes.
    pub(super) fn gathered_elements(&mut self, node: &Node) -> Result<Sym, Failure> {
        let axis = attributes::int(node, "axis", 0)?;
        let (data, at) = (self.operand(node, 0)?, self.operand(node, 1)?);
        let (Operand::Block(data), Operand::Block(at)) = (data, at) else {
            return Err(refuse(node, "constants by position"));
        };
        let two = |axes: &[Option<u64>]| matches!(axes, [None, Some(_)]);
        let value = self.vector(data.value)?;
        if place(axis, 2) != Some(1)
            || !two(&data.axes())
            || !two(&at.axes())
            || at.value.width as usize * value.width as usize > MAX_ELEMENTS
        {
            return Err(refuse(node, "positions along another axis than the last of two"));
        }
        let mut found = Vec::new();
        for place in 0..at.value.width {
            let position = self.element(node, at.value, place)?;
            found.push(self.element_at(node, value, position)?.id);
        }
        let made = self.push(Op::Concat(found), value.kind, at.value.width, false)?;
        Ok(with_axes(&at.axes(), made))
    }

    /// The element of a vector at a position, whatever the others are.
    fn element_at(&mut self, node: &Node, value: Val, at: Val) -> Result<Val, Failure> {
        let here = self.here(value, at)?;
        match value.kind {
            Kind::I64 => {
                let op = Op::Binary { op: BinaryOp::Mul, left: here.id, right: value.id };
                let alone = self.push(op, Kind::I64, value.width, false)?;
                self.reduce_vector(alone, ReduceOp::Sum)
            }
            Kind::F32 | Kind::F64 => {
                // All others go to −∞; those that cannot are NaN then.
                let one = self.number(value.kind, 1.0)?;
                let rest = Op::Binary { op: BinaryOp::Sub, left: one.id, right: here.id };
                let rest = self.push(rest, value.kind, value.width, false)?;
                let apart = Op::Binary { op: BinaryOp::Div, left: rest.id, right: here.id };
                let apart = self.push(apart, value.kind, value.width, false)?;
                let moved = Op::Binary { op: BinaryOp::Sub, left: value.id, right: apart.id };
                let moved = self.push(moved, value.kind, value.width, false)?;
                let moved = self.filled_nan(moved, f64::NEG_INFINITY)?;
                let found = self.reduce_vector(moved, ReduceOp::Max)?;
                let nan = self.unary(UnaryOp::IsNan, value)?;
                let nan = self.cast_to(nan, value.kind)?;
                let op = Op::Binary { op: BinaryOp::Mul, left: nan.id, right: here.id };
                let own = self.push(op, value.kind, value.width, false)?;
                let own = self.reduce_vector(own, ReduceOp::Max)?;
                let none = self.number(value.kind, 0.0)?;
                let op = Op::Binary { op: BinaryOp::Gt, left: own.id, right: none.id };
                let condition = self.push(op, Kind::Bool, 1, true)?;
                let gap = self.number(value.kind, f64::NAN)?;
                let op = Op::If { condition: condition.id, yes: gap.id, no: found.id };
                self.push(op, value.kind, 1, true)
            }
            Kind::Bool | Kind::Text => Err(refuse(node, format!("elements of {}", value.kind))),
        }
    }
}
