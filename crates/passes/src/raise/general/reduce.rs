//! Sums and other reductions along axes, running sums, sorting.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{
    BinaryOp, Comparison, Distances, Kind, Labels, Linear, Matrix, Metric, Op, ReduceOp, Summation,
    Transform, UnaryOp,
};

use super::{MAX_ELEMENTS, Operand, fold, layout::place, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    sym::{Block, Const, Sym, Val},
};

/// Which elements go together, in order of the result, and the axes of the result.
type Grouping = (Vec<Vec<u32>>, Vec<Option<u64>>);

/// The most reductions that one operator is taken apart into.
const MAX_GROUPS: usize = 1 << 13;

impl Raise<'_> {
    pub(super) fn reduced(&mut self, node: &Node) -> Result<Sym, Failure> {
        let operand = self.operand(node, 0)?;
        let from = operand.axes();
        let arg = node.op_type.starts_with("Arg");
        let mut axes = if arg {
            vec![attributes::int(node, "axis", 0)?]
        } else {
            self.known_ints(node, 1, "axes")?
        };
        if axes.is_empty() {
            axes = (0_i64..).take(from.len()).collect();
        }
        if attributes::int(node, "select_last_index", 0)? != 0 {
            return Err(refuse(node, "the last of equals"));
        }
        let dropped: Vec<usize> = axes.iter().filter_map(|&axis| place(axis, from.len())).collect();
        let keep = attributes::int(node, "keepdims", 1)? != 0;
        let (groups, to) = grouped(&from, &dropped, keep)
            .ok_or_else(|| refuse(node, "rows reduced to one, or too many elements"))?;
        let value = match operand {
            Operand::Block(block) => block.value,
            Operand::Const(constant) => {
                let values = fold::sums(&constant.values, &groups, constant.kind == Kind::F32);
                let values = values.filter(|_| node.op_type == "ReduceSum");
                let values = values.ok_or_else(|| refuse(node, "a reduction of a constant"))?;
                let shape = to.iter().map(|axis| axis.unwrap_or(1)).collect();
                return Ok(Sym::Const(Const { kind: constant.kind, shape, values }));
            }
        };
        let made = match node.op_type.as_str() {
            "ReduceSum" => self.sums(node, value, &groups, false)?,
            "ReduceMean" => {
                let sums = self.sums(node, value, &groups, false)?;
                let length = groups.first().map_or(1, Vec::len);
                #[expect(clippy::cast_precision_loss, reason = "a number of elements")]
                let by = self.number(sums.kind, length as f64)?;
                let op = Op::Binary { op: BinaryOp::Div, left: sums.id, right: by.id };
                self.push(op, sums.kind, sums.width, sums.scalar)?
            }
            "ReduceMax" => self.groups(node, value, &groups, ReduceOp::Max)?,
            "ReduceMin" => self.groups(node, value, &groups, ReduceOp::Min)?,
            "ReduceProd" => self.groups(node, value, &groups, ReduceOp::Product)?,
            "ReduceL1" => self.groups(node, value, &groups, ReduceOp::SumAbs)?,
            "ReduceSumSquare" | "ReduceL2" => {
                let squares = Op::Binary { op: BinaryOp::Mul, left: value.id, right: value.id };
                let squares = self.push(squares, value.kind, value.width, value.scalar)?;
                let sums = self.sums(node, squares, &groups, false)?;
                if node.op_type == "ReduceL2" {
                    match self.rooted(sums)? {
                        Some(made) => made,
                        None => self.unary(UnaryOp::Sqrt, sums)?,
                    }
                } else {
                    sums
                }
            }
            "ReduceLogSumExp" => self.log_sum(node, value, &groups)?,
            "ArgMax" => self.groups(node, value, &groups, ReduceOp::ArgMax)?,
            "ArgMin" => self.groups(node, value, &groups, ReduceOp::ArgMin)?,
            _ => return Err(refuse(node, "no counterpart in tabular models")),
        };
        Ok(with_axes(&to, made))
    }

    /// ln Σ eˣ, the largest subtracted first.
    fn log_sum(&mut self, node: &Node, value: Val, groups: &[Vec<u32>]) -> Result<Val, Failure> {
        let most = self.groups(node, value, groups, ReduceOp::Max)?;
        let mut of = vec![0_u32; value.width as usize];
        for (group, members) in (0_u32..).zip(groups) {
            for &member in members {
                if let Some(slot) = of.get_mut(member as usize) {
                    *slot = group;
                }
            }
        }
        let most_of_each = if most.scalar { most } else { self.picked(most, of)? };
        let op = Op::Binary { op: BinaryOp::Sub, left: value.id, right: most_of_each.id };
        let apart = self.push(op, value.kind, value.width, value.scalar && most.scalar)?;
        let powers = self.unary(UnaryOp::Exp, apart)?;
        let sums = self.groups(node, powers, groups, ReduceOp::Sum)?;
        let logs = self.unary(UnaryOp::Ln, sums)?;
        let (left, right) = if logs.scalar == most.scalar {
            (logs, most)
        } else {
            (self.vector(logs)?, self.vector(most)?)
        };
        let op = Op::Binary { op: BinaryOp::Add, left: left.id, right: right.id };
        self.push(op, left.kind, left.width, left.scalar)
    }

    /// Each group of elements as one.
    fn groups(
        &mut self,
        node: &Node,
        value: Val,
        groups: &[Vec<u32>],
        op: ReduceOp,
    ) -> Result<Val, Failure> {
        if groups.len() > MAX_GROUPS {
            return Err(refuse(node, "too many reductions"));
        }
        let kind = match op {
            ReduceOp::ArgMax | ReduceOp::ArgMin => Kind::I64,
            _ => value.kind,
        };
        if matches!(value.kind, Kind::Text | Kind::Bool) {
            return Err(refuse(node, format!("elements of {}", value.kind)));
        }
        if let [only] = groups {
            let part = self.picked(value, only.clone())?;
            let made = self.reduce_vector(part, op)?;
            return Ok(Val { kind, ..made });
        }
        if groups.iter().all(|group| group.len() == 1) && kind == value.kind {
            let picks: Vec<u32> = groups.iter().flatten().copied().collect();
            return self.picked(value, picks);
        }
        let mut args = Vec::with_capacity(groups.len());
        for group in groups {
            let part = self.picked(value, group.clone())?;
            args.push(self.reduce_vector(part, op)?.id);
        }
        let width = u32::try_from(args.len()).unwrap_or(u32::MAX);
        self.push(Op::Concat(args), kind, width, false)
    }

    /// Sums of groups: weighted sums and distances where the terms are those.
    fn sums(
        &mut self,
        node: &Node,
        value: Val,
        groups: &[Vec<u32>],
        ordered: bool,
    ) -> Result<Val, Failure> {
        if let Some(made) = self.compared(value, groups, ordered)? {
            return Ok(made);
        }
        self.groups(node, value, groups, ReduceOp::Sum)
    }

    /// Σ w·x, Σ (x − p)² and Σ |x − p| over constants w and points p.
    fn compared(
        &mut self,
        value: Val,
        groups: &[Vec<u32>],
        ordered: bool,
    ) -> Result<Option<Val>, Failure> {
        let length = groups.first().map_or(0, Vec::len);
        let in_order = groups.iter().flatten().copied().eq(0..value.width);
        let even = groups.iter().all(|group| group.len() == length);
        if length == 0 || !in_order || !even || value.scalar {
            return Ok(None);
        }
        let squared = match self.op_of(value) {
            Some(&Op::Binary { op: BinaryOp::Mul, left, right }) if left == right => {
                let inner = match self.model.nodes.get(left).map(|node| &node.op) {
                    Some(&Op::Unary { op: UnaryOp::Abs, arg }) => arg,
                    _ => left,
                };
                Some((inner, Metric::SquaredEuclidean))
            }
            Some(&Op::Unary { op: UnaryOp::Abs, arg }) => Some((arg, Metric::CityBlock)),
            _ => None,
        };
        if let Some((inner, metric)) = squared {
            let found = match self.model.nodes.get(inner).map(|node| &node.op) {
                Some(&Op::Binary { op: BinaryOp::Sub, left, right }) => {
                    self.tiled_against(left, right, length)
                }
                _ => None,
            };
            let Some((arg, points)) = found.filter(|_| value.kind == Kind::F64) else {
                return Ok(None);
            };
            let arg = self.picked_first(arg, length)?;
            let rows = u32::try_from(groups.len()).unwrap_or(u32::MAX);
            let columns = u32::try_from(length).unwrap_or(u32::MAX);
            let op = Op::Transform(Transform::Distances(Box::new(Distances {
                arg: arg.id,
                points: Matrix { rows, columns, data: points },
                comparison: Comparison::plain(metric),
            })));
            return self.push(op, Kind::F64, rows, false).map(Some);
        }
        let Some(&Op::Binary { op: BinaryOp::Mul, left, right }) = self.op_of(value) else {
            return Ok(None);
        };
        let found = self
            .tiled_against(left, right, length)
            .or_else(|| self.tiled_against(right, left, length));
        let Some((arg, data)) = found.filter(|_| value.kind.is_float()) else {
            return Ok(None);
        };
        let arg = self.picked_first(arg, length)?;
        let rows = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        let columns = u32::try_from(length).unwrap_or(u32::MAX);
        let summation = match (value.kind, ordered) {
            (Kind::F32, true) => Summation::SequentialF32,
            (Kind::F32, false) => Summation::AnyF32,
            (_, true) => Summation::SequentialF64,
            (_, false) => Summation::AnyF64,
        };
        let op = Op::Linear(Linear {
            arg: arg.id,
            coefficients: Matrix { rows, columns, data },
            intercepts: vec![0.0; rows as usize],
            summation,
        });
        self.push(op, value.kind, rows, false).map(Some)
    }

    /// A vector repeated, and the constants it meets.
    fn tiled_against(
        &self,
        left: holdall_tabular::ValueId,
        right: holdall_tabular::ValueId,
        length: usize,
    ) -> Option<(Val, Vec<f64>)> {
        let Op::Constant(constant) = &self.model.nodes.get(right)?.op else { return None };
        let Labels::F64(data) = &constant.values else { return None };
        let value = *self.values.get(&left)?;
        if value.width as usize == length && data.len() == length && !value.scalar {
            return Some((value, data.clone()));
        }
        let repeats = match &self.model.nodes.get(left)?.op {
            Op::Select { arg: _, indices } => {
                let first = indices.get(..length)?;
                indices.len() == data.len() && indices.chunks(length).all(|chunk| chunk == first)
            }
            Op::Concat(args) => {
                let first = args.get(..length)?;
                args.len() == data.len() && args.chunks(length).all(|chunk| chunk == first)
            }
            _ => false,
        };
        repeats.then(|| (value, data.clone()))
    }

    fn picked_first(&mut self, value: Val, length: usize) -> Result<Val, Failure> {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let made = self.picked(value, (0..length).collect())?;
        self.vector(made)
    }

    pub(super) fn running_block(&mut self, node: &Node) -> Result<Sym, Failure> {
        let Operand::Block(block) = self.operand(node, 0)? else {
            return Err(refuse(node, "a running sum of a constant"));
        };
        let axis = self.known_ints(node, 1, "axis")?;
        let axis = axis.first().and_then(|&axis| place(axis, block.axes().len()));
        let plain = attributes::int(node, "exclusive", 0)? == 0
            && attributes::int(node, "reverse", 0)? == 0;
        match axis {
            Some(axis) if plain && block.axes().get(axis) != Some(&None) => {
                Ok(Sym::RunningBlock(block, axis))
            }
            _ => {
                Err(refuse(node, "running sums of rows, backwards, or without the element itself"))
            }
        }
    }

    /// A part of a running sum is a sum.
    pub(super) fn part_of_running(
        &mut self,
        node: &Node,
        (block, axis): (&Block, usize),
        indices: &Const,
    ) -> Result<Option<Sym>, Failure> {
        let Some(&[at]) = indices.ints() else { return Ok(None) };
        let from = block.axes();
        let Some(&Some(extent)) = from.get(axis) else { return Ok(None) };
        let Some(at) = u64::try_from(at).ok().filter(|&at| at < extent) else { return Ok(None) };
        let Some((mut groups, to)) = grouped(&from, &[axis], !indices.shape.is_empty()) else {
            return Ok(None);
        };
        for group in &mut groups {
            group.truncate(usize::try_from(at + 1).unwrap_or(usize::MAX));
        }
        let sums = self.sums(node, block.value, &groups, true)?;
        Ok(Some(with_axes(&to, sums)))
    }

    /// All running sums along an axis.
    pub(super) fn prefixes(&mut self, block: &Block, axis: usize) -> Result<Block, Failure> {
        let from = block.axes();
        let unfit = || Failure::unsupported(crate::codes::SHAPE, "a running sum of too much");
        let (groups, _) = grouped(&from, &[axis], true).ok_or_else(unfit)?;
        let length = groups.first().map_or(0, Vec::len);
        if length * groups.len() > MAX_ELEMENTS {
            return Err(unfit());
        }
        let mut sum: Option<Val> = None;
        let mut args = Vec::new();
        let mut order: BTreeMap<u32, u32> = BTreeMap::new();
        let mut next = 0;
        for step in 0..length {
            let places: Vec<u32> =
                groups.iter().filter_map(|group| group.get(step).copied()).collect();
            for &place in &places {
                order.insert(place, next);
                next += 1;
            }
            let part = self.picked(block.value, places)?;
            let part = self.vector(part)?;
            let made = match sum {
                None => part,
                Some(sum) => {
                    let op = Op::Binary { op: BinaryOp::Add, left: sum.id, right: part.id };
                    self.push(op, part.kind, part.width, false)?
                }
            };
            sum = Some(made);
            args.push(made.id);
        }
        let all = self.push(Op::Concat(args), block.value.kind, next, false)?;
        let value = self.picked(all, order.into_values().collect())?;
        Ok(Block { value, ..block.clone() })
    }

    /// Sums along the last axis, of the elements or their squares.
    pub(super) fn last_sums(
        &mut self,
        node: &Node,
        block: &Block,
        squared: bool,
    ) -> Result<Val, Failure> {
        let from = block.axes();
        let (groups, _) = grouped(&from, &[from.len().saturating_sub(1)], false)
            .ok_or_else(|| refuse(node, "too many elements"))?;
        let mut value = block.value;
        if squared {
            let op = Op::Binary { op: BinaryOp::Mul, left: value.id, right: value.id };
            value = self.push(op, value.kind, value.width, value.scalar)?;
        }
        self.sums(node, value, &groups, false)
    }

    pub(super) fn softmax_block(&mut self, node: &Node) -> Result<Sym, Failure> {
        let Operand::Block(block) = self.operand(node, 0)? else {
            return Err(refuse(node, "of a constant"));
        };
        let axis = place(attributes::int(node, "axis", -1)?, block.axes().len());
        let last = axis == Some(block.axes().len().saturating_sub(1));
        if !last || block.dims.len() != 1 {
            return Err(refuse(node, "along an axis other than the last of two"));
        }
        let made = self.shares_of(block.value, holdall_tabular::NormalizeBy::Softmax)?;
        Ok(with_axes(&block.axes(), made))
    }
}

/// Which elements are reduced together, in order of the result, and the axes of the result.
fn grouped(from: &[Option<u64>], dropped: &[usize], keep: bool) -> Option<Grouping> {
    if dropped.iter().any(|&axis| from.get(axis).copied().flatten().is_none()) {
        return None;
    }
    let strides = super::layout::strides(from);
    let axis_of = |i: usize| Some((from.get(i).copied()??, strides.get(i).copied()?));
    let outer: Vec<(u64, u64)> =
        (0..from.len()).filter(|i| !dropped.contains(i)).filter_map(axis_of).collect();
    let inner: Vec<(u64, u64)> =
        (0..from.len()).filter(|i| dropped.contains(i)).filter_map(axis_of).collect();
    let starts = fold::positions(&outer)?;
    let steps = fold::positions(&inner)?;
    if starts.len().checked_mul(steps.len())? > MAX_ELEMENTS << 4 || steps.is_empty() {
        return None;
    }
    let groups =
        starts.iter().map(|&start| steps.iter().map(|&step| start + step).collect()).collect();
    let to = from
        .iter()
        .enumerate()
        .filter(|(i, _)| keep || !dropped.contains(i))
        .map(|(i, axis)| if dropped.contains(&i) { Some(1) } else { *axis })
        .collect();
    Some((groups, to))
}
