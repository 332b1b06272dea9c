//! Operators that move elements. The axis of rows stays whole.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{Kind, Labels, Op};

use super::{MAX_ELEMENTS, Operand, fold, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    sym::{Const, Sym},
};

impl Raise<'_> {
    /// Integers known when reading: a constant, extents, or an attribute of older opsets.
    pub(super) fn known_ints(
        &mut self,
        node: &Node,
        position: usize,
        name: &str,
    ) -> Result<Vec<i64>, Failure> {
        if node.inputs.get(position).copied().flatten().is_some() {
            return match self.meaning(node, position)? {
                Sym::Const(constant) => constant.ints().map(<[i64]>::to_vec),
                Sym::Extents(extents) => Some(extents),
                _ => None,
            }
            .ok_or_else(|| refuse(node, format!("input {position} depends on the row")));
        }
        Ok(attributes::ints(node, name)?.to_vec())
    }

    /// `Shape`.
    pub(in crate::raise) fn extents(&mut self, node: &Node) -> Result<Sym, Failure> {
        let axes = self.operand(node, 0)?.axes();
        let extents = axes.iter().map(|axis| match axis {
            Some(extent) => i64::try_from(*extent).unwrap_or(i64::MAX),
            None => super::ROWS,
        });
        Ok(Sym::Extents(extents.collect()))
    }

    pub(super) fn reshaped(&mut self, node: &Node) -> Result<Sym, Failure> {
        let operand = self.operand(node, 0)?;
        let from = operand.axes();
        if node.op_type == "Flatten" {
            let axis = attributes::int(node, "axis", 1)?;
            let rows_first = from.first() == Some(&None) && axis == 1;
            if !rows_first {
                return Err(refuse(node, "rows that are not the first axis"));
            }
            let axes = [None, Some(operand.len() as u64)];
            return reaxed(node, operand, &axes);
        }
        let wanted = self.known_ints(node, 1, "shape")?;
        let total = operand.len() as u64;
        if let Operand::Const(constant) = operand {
            let known: u64 = wanted.iter().filter(|&&n| n > 0).map(|&n| n.unsigned_abs()).product();
            let shape = wanted.iter().enumerate().map(|(i, &n)| match n {
                -1 => total.checked_div(known).unwrap_or(0),
                0 => constant.shape.get(i).copied().unwrap_or(0),
                n => n.unsigned_abs(),
            });
            return Ok(Sym::Const(Const { shape: shape.collect(), ..constant }));
        }
        let rows = from.iter().position(Option::is_none).unwrap_or(0);
        let is_rows = |i: usize, n: i64| n == 0 && i == rows && from.get(i) == Some(&None);
        let is_rows = |i: usize, n: i64| n == super::ROWS || is_rows(i, n);
        let kept = wanted.iter().enumerate().any(|(i, &n)| is_rows(i, n));
        let known: u64 =
            wanted
                .iter()
                .enumerate()
                .filter(|&(i, &n)| n > 0 || (n == 0 && !is_rows(i, n)))
                .map(|(i, &n)| {
                    if n > 0 {
                        n.unsigned_abs()
                    } else {
                        from.get(i).copied().flatten().unwrap_or(1)
                    }
                })
                .product();
        let axes: Vec<Option<u64>> = wanted
            .iter()
            .enumerate()
            .map(|(i, &n)| match n {
                super::ROWS => None,
                0 => from.get(i).copied().unwrap_or(Some(1)),
                -1 if kept => Some(total.checked_div(known).unwrap_or(0)),
                -1 => None,
                n => Some(n.unsigned_abs()),
            })
            .collect();
        let one_rows = axes.iter().filter(|axis| axis.is_none()).count() == 1;
        let place = axes.iter().position(Option::is_none).unwrap_or(0);
        // Elements keep their order only where as many of them stand before the rows as before.
        let before = |axes: &[Option<u64>], at: usize| -> u64 {
            axes.iter().take(at).copied().flatten().product()
        };
        if !one_rows
            || fold::elements(&axes) != usize::try_from(total).ok()
            || before(&axes, place) != before(&from, rows)
        {
            return Err(refuse(node, "rows of another width"));
        }
        reaxed(node, operand, &axes)
    }

    /// `ConstantOfShape`.
    pub(super) fn filled(&mut self, node: &Node) -> Result<Sym, Failure> {
        let extents = self.known_ints(node, 0, "")?;
        let value = match attributes::tensor(node, "value")? {
            Some(tensor) => {
                let weight = holdall_graph::Weight::Tensor(tensor.clone());
                crate::raise::read_weight(&weight)?
            }
            None => Const { kind: Kind::F32, shape: vec![1], values: Labels::F64(vec![0.0]) },
        };
        let axes: Vec<Option<u64>> = extents.iter().map(|&n| u64::try_from(n).ok()).collect();
        let count = fold::elements(&axes).filter(|&count| count > 0 && count <= MAX_ELEMENTS);
        let count = count.ok_or_else(|| refuse(node, "too many elements, or none"))?;
        let values = fold::pick(&value.values, &vec![0; count]);
        if axes.iter().all(Option::is_some) {
            let shape = axes.iter().copied().flatten().collect();
            return Ok(Sym::Const(Const { kind: value.kind, shape, values }));
        }
        if axes.iter().filter(|axis| axis.is_none()).count() > 1 {
            return Err(refuse(node, "rows along two axes"));
        }
        let made = self.vector_constant(value.kind, values)?;
        Ok(with_axes(&axes, made))
    }

    pub(super) fn squeezed(&mut self, node: &Node) -> Result<Sym, Failure> {
        let operand = self.operand(node, 0)?;
        let from = operand.axes();
        let axes = self.known_ints(node, 1, "axes")?;
        let drop: Vec<usize> = if axes.is_empty() {
            (0..from.len()).filter(|&i| from.get(i) == Some(&Some(1))).collect()
        } else {
            axes.iter().filter_map(|&axis| place(axis, from.len())).collect()
        };
        if drop.iter().any(|&i| from.get(i) != Some(&Some(1))) {
            return Err(refuse(node, "an axis of more than one element"));
        }
        let left: Vec<Option<u64>> =
            from.iter().enumerate().filter(|(i, _)| !drop.contains(i)).map(|(_, a)| *a).collect();
        reaxed(node, operand, &left)
    }

    pub(super) fn raised(&mut self, node: &Node) -> Result<Sym, Failure> {
        if let Sym::Extents(extents) = self.meaning(node, 0)? {
            return Ok(Sym::Extents(extents));
        }
        let operand = self.operand(node, 0)?;
        let from = operand.axes();
        let axes = self.known_ints(node, 1, "axes")?;
        let rank = from.len() + axes.len();
        let mut added: Vec<usize> = axes.iter().filter_map(|&axis| place(axis, rank)).collect();
        added.sort_unstable();
        let mut to = from;
        for at in added {
            if at > to.len() {
                return Err(refuse(node, "an axis beyond the others"));
            }
            to.insert(at, Some(1));
        }
        reaxed(node, operand, &to)
    }

    pub(super) fn transposed(&mut self, node: &Node) -> Result<Sym, Failure> {
        let operand = self.operand(node, 0)?;
        let from = operand.axes();
        let order = attributes::ints(node, "perm")?;
        let order: Vec<usize> = if order.is_empty() {
            (0..from.len()).rev().collect()
        } else {
            order.iter().filter_map(|&axis| place(axis, from.len())).collect()
        };
        let to: Vec<Option<u64>> = order.iter().filter_map(|&i| from.get(i).copied()).collect();
        if to.len() != from.len() {
            return Err(refuse(node, "an order of other axes"));
        }
        let strides = strides(&from);
        let axes: Vec<(u64, u64)> = order
            .iter()
            .filter_map(|&i| Some((from.get(i).copied()??, strides.get(i).copied()?)))
            .collect();
        let indices = fold::positions(&axes).ok_or_else(|| refuse(node, "too many elements"))?;
        self.moved(node, operand, &to, indices)
    }

    /// A tensor of some elements of another.
    fn moved(
        &mut self,
        node: &Node,
        operand: Operand,
        axes: &[Option<u64>],
        indices: Vec<u32>,
    ) -> Result<Sym, Failure> {
        if indices.is_empty() {
            return Err(refuse(node, "nothing is left"));
        }
        match operand {
            Operand::Const(constant) => {
                let shape: Option<Vec<u64>> = axes.iter().copied().collect();
                let shape = shape.ok_or_else(|| refuse(node, "a constant with rows"))?;
                let values = fold::pick(&constant.values, &indices);
                Ok(Sym::Const(Const { kind: constant.kind, shape, values }))
            }
            Operand::Block(block) => {
                let value = self.picked(block.value, indices)?;
                Ok(with_axes(axes, value))
            }
        }
    }

    /// Elements of an axis by position; `shape` is that of the positions.
    pub(super) fn along(
        &mut self,
        node: &Node,
        operand: Operand,
        axis: usize,
        chosen: &[i64],
        shape: &[u64],
    ) -> Result<Sym, Failure> {
        let from = operand.axes();
        let Some(&Some(extent)) = from.get(axis) else {
            return Err(refuse(node, "rows by position"));
        };
        let inner: u64 = from.iter().skip(axis + 1).copied().flatten().product();
        let outer: u64 = from.iter().take(axis).copied().flatten().product();
        let mut indices = Vec::new();
        if chosen.len() as u64 * inner * outer > MAX_ELEMENTS as u64 * 16 {
            return Err(refuse(node, "too many elements"));
        }
        for o in 0..outer {
            for &at in chosen {
                let at = if at < 0 { at + i64::try_from(extent).unwrap_or(i64::MAX) } else { at };
                let at = u64::try_from(at)
                    .ok()
                    .filter(|&at| at < extent)
                    .ok_or_else(|| refuse(node, "a position beyond the axis"))?;
                for i in 0..inner {
                    let place = (o * extent + at) * inner + i;
                    indices.push(u32::try_from(place).unwrap_or(u32::MAX));
                }
            }
        }
        let mut to = from;
        to.splice(axis..=axis, shape.iter().copied().map(Some));
        self.moved(node, operand, &to, indices)
    }

    pub(super) fn sliced(&mut self, node: &Node) -> Result<Sym, Failure> {
        if let Sym::Extents(extents) = self.meaning(node, 0)? {
            return Ok(Sym::Extents(extents));
        }
        let starts = self.known_ints(node, 1, "starts")?;
        let ends = self.known_ints(node, 2, "ends")?;
        let mut axes = self.known_ints(node, 3, "axes")?;
        let steps = self.known_ints(node, 4, "steps")?;
        if axes.is_empty() {
            axes = (0_i64..).take(starts.len()).collect();
        }
        let mut sym = None;
        for (i, &axis) in axes.iter().enumerate() {
            let operand = match &sym {
                None => self.operand(node, 0)?,
                Some(sym) => {
                    self.operand_of(sym)?.ok_or_else(|| refuse(node, "a part of no tensor"))?
                }
            };
            let from = operand.axes();
            let axis = place(axis, from.len()).ok_or_else(|| refuse(node, "no such axis"))?;
            let (start, end) = (starts.get(i).copied(), ends.get(i).copied());
            let (Some(start), Some(end)) = (start, end) else {
                return Err(refuse(node, "starts without ends"));
            };
            let step = steps.get(i).copied().unwrap_or(1);
            let Some(&Some(extent)) = from.get(axis) else {
                return Err(refuse(node, "some of the rows"));
            };
            let extent = i64::try_from(extent).unwrap_or(i64::MAX);
            let bound =
                |at: i64| (if at < 0 { at.saturating_add(extent) } else { at }).clamp(0, extent);
            if step < 1 {
                return Err(refuse(node, "backwards"));
            }
            let step = usize::try_from(step).unwrap_or(usize::MAX);
            let chosen: Vec<i64> = (bound(start)..bound(end)).step_by(step).collect();
            let shape = [chosen.len() as u64];
            sym = Some(self.along(node, operand, axis, &chosen, &shape)?);
        }
        sym.ok_or_else(|| refuse(node, "no axis"))
    }

    pub(super) fn split(&mut self, node: &Node) -> Result<Vec<Sym>, Failure> {
        let operand = self.operand(node, 0)?;
        let from = operand.axes();
        let axis = place(attributes::int(node, "axis", 0)?, from.len());
        let axis = axis.ok_or_else(|| refuse(node, "no such axis"))?;
        let Some(&Some(extent)) = from.get(axis) else {
            return Err(refuse(node, "some of the rows"));
        };
        let extent = i64::try_from(extent).unwrap_or(i64::MAX);
        let mut lengths = self.known_ints(node, 1, "split")?;
        if lengths.is_empty() {
            let parts = i64::try_from(node.outputs.len().max(1)).unwrap_or(1);
            let each = (extent + parts - 1) / parts;
            lengths = (0..parts).map(|i| each.min(extent - i * each)).collect();
        }
        let (mut made, mut start) = (Vec::new(), 0_i64);
        for length in lengths {
            let chosen: Vec<i64> = (start..start.saturating_add(length).min(extent)).collect();
            start = start.saturating_add(length);
            let shape = [chosen.len() as u64];
            made.push(self.along(node, operand.clone(), axis, &chosen, &shape)?);
        }
        Ok(made)
    }

    pub(super) fn tiled(&mut self, node: &Node) -> Result<Sym, Failure> {
        let operand = self.operand(node, 0)?;
        let times = self.known_ints(node, 1, "repeats")?;
        let mut sym = super::elementwise::sym_of(operand);
        for (axis, &times) in times.iter().enumerate() {
            if times == 1 {
                continue;
            }
            let operand =
                self.operand_of(&sym)?.ok_or_else(|| refuse(node, "no tensor is repeated"))?;
            let from = operand.axes();
            // Repeated once a row: what stands for every row already.
            if times == super::ROWS && from.iter().all(Option::is_some) {
                return self.for_every_row(node, &operand, axis);
            }
            let Some(&Some(extent)) = from.get(axis) else {
                return Err(refuse(node, "rows repeated"));
            };
            let (extent, times) = (i64::try_from(extent).unwrap_or(i64::MAX), times.max(0));
            let chosen: Vec<i64> = (0..times).flat_map(|_| 0..extent).collect();
            let shape = [chosen.len() as u64];
            sym = self.along(node, operand, axis, &chosen, &shape)?;
        }
        Ok(sym)
    }

    /// A constant that a first axis of 1 repeats for every row.
    fn for_every_row(
        &mut self,
        node: &Node,
        operand: &Operand,
        axis: usize,
    ) -> Result<Sym, Failure> {
        let mut axes = operand.axes();
        match axes.get_mut(axis) {
            Some(extent @ Some(1)) => *extent = None,
            _ => return Err(refuse(node, "several constants for every row")),
        }
        let value = self.over(node, operand, &axes)?;
        Ok(with_axes(&axes, value))
    }

    pub(super) fn expanded(&mut self, node: &Node) -> Result<Sym, Failure> {
        let operand = self.operand(node, 0)?;
        let wanted = self.known_ints(node, 1, "shape")?;
        let wanted: Vec<Option<u64>> = wanted.iter().map(|&n| u64::try_from(n).ok()).collect();
        let mut from = operand.axes();
        while from.len() < wanted.len() {
            from.insert(0, Some(1));
        }
        let axes = fold::broadcast(&from, &wanted)
            .ok_or_else(|| refuse(node, "a shape that does not fit"))?;
        let value = self.over(node, &operand, &axes)?;
        let count = fold::elements(&axes).unwrap_or(1);
        let value = if value.scalar && count > 1 {
            let width = u32::try_from(count).unwrap_or(u32::MAX);
            self.push(Op::Concat(vec![value.id; count]), value.kind, width, false)?
        } else {
            value
        };
        Ok(with_axes(&axes, value))
    }
}

/// A tensor with other axes and the same elements in the same order.
fn reaxed(node: &Node, operand: Operand, axes: &[Option<u64>]) -> Result<Sym, Failure> {
    match operand {
        Operand::Const(constant) => {
            let shape: Option<Vec<u64>> = axes.iter().copied().collect();
            let shape = shape.ok_or_else(|| refuse(node, "a constant with rows"))?;
            Ok(Sym::Const(Const { shape, ..constant }))
        }
        Operand::Block(block) => Ok(with_axes(axes, block.value)),
    }
}

/// An axis counted from the end where it is negative.
pub(super) fn place(axis: i64, rank: usize) -> Option<usize> {
    let rank_signed = i64::try_from(rank).ok()?;
    let axis = if axis < 0 { axis + rank_signed } else { axis };
    usize::try_from(axis).ok().filter(|&axis| axis < rank.max(1))
}

/// Strides of the elements of a row; 0 for the axis of rows.
pub(super) fn strides(axes: &[Option<u64>]) -> Vec<u64> {
    let mut made = vec![0; axes.len()];
    let mut stride = 1_u64;
    for (slot, axis) in made.iter_mut().zip(axes).rev() {
        if let Some(extent) = axis {
            *slot = stride;
            stride = stride.saturating_mul(*extent);
        }
    }
    made
}
