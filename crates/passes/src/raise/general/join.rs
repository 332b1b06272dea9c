//! Tensors side by side.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{Kind, Labels, Op};

use super::{Operand, coded::unnamed, fold, layout::place, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    sym::{Block, Const, Sym, Val},
};

impl Raise<'_> {
    pub(super) fn joined(&mut self, node: &Node) -> Result<Sym, Failure> {
        let mut syms = Vec::new();
        for position in 0..node.inputs.len() {
            syms.push(self.meaning(node, position)?);
        }
        if syms.iter().any(|sym| matches!(sym, Sym::Extents(_))) {
            return extents_of(&syms).ok_or_else(|| refuse(node, "extents and something else"));
        }
        let mut operands = Vec::new();
        for sym in &syms {
            let operand =
                self.operand_of(sym)?.ok_or_else(|| refuse(node, "an operand is no tensor"))?;
            operands.push(operand);
        }
        let rows = operands.iter().find(|o| matches!(o, Operand::Block(_))).map(Operand::axes);
        let axes = rows.clone().or_else(|| operands.first().map(Operand::axes)).unwrap_or_default();
        let axis = place(attributes::int(node, "axis", 0)?, axes.len())
            .ok_or_else(|| refuse(node, "no such axis"))?;
        let kind = operands.first().map_or(Kind::F64, Operand::kind);
        let fits = |operand: &Operand| {
            let own = operand.axes();
            operand.kind() == kind
                && own.len() == axes.len()
                && own.iter().zip(&axes).enumerate().all(|(i, (a, b))| i == axis || a == b)
        };
        if !operands.iter().all(fits) {
            return Err(refuse(node, "operands of different shapes or kinds"));
        }
        let mut total = axes.clone();
        let mut extent = 0;
        let mut starts = Vec::new();
        let mut start = 0_u64;
        for operand in &operands {
            match operand.axes().get(axis) {
                Some(Some(own)) => extent += own,
                _ => return Err(refuse(node, "rows joined below one another")),
            }
            starts.push(start);
            start += operand.len() as u64;
        }
        if let Some(slot) = total.get_mut(axis) {
            *slot = Some(extent);
        }
        let outer: u64 = axes.iter().take(axis).copied().flatten().product();
        let mut indices = Vec::new();
        for o in 0..outer {
            for (operand, start) in operands.iter().zip(&starts) {
                let block = operand.len() as u64 / outer.max(1);
                for i in 0..block {
                    indices.push(u32::try_from(start + o * block + i).unwrap_or(u32::MAX));
                }
            }
        }
        if rows.is_none() {
            let all = joined_labels(&operands).ok_or_else(|| refuse(node, "constants of kinds"))?;
            let shape = total.iter().map(|axis| axis.unwrap_or(1)).collect();
            let values = fold::pick(&all, &indices);
            return Ok(Sym::Const(Const { kind, shape, values }));
        }
        let mut args = Vec::new();
        for operand in &operands {
            let value = match operand {
                Operand::Const(constant) => {
                    self.vector_constant(constant.kind, constant.values.clone())?
                }
                Operand::Block(block) => block.value,
            };
            args.push(value.id);
        }
        let width = u32::try_from(start).unwrap_or(u32::MAX);
        let all = self.push(Op::Concat(args), kind, width, false)?;
        let value = self.picked(all, indices)?;
        Ok(with_axes(&total, value))
    }

    /// What stood apart as a product of a vector with each row of a matrix.
    pub(super) fn products(&mut self, value: Val, matrix: &Const) -> Result<Block, Failure> {
        let left = Block::new(value, vec![1, u64::from(value.width)]);
        let node = unnamed("Mul");
        let made = self.pair(
            &node,
            holdall_tabular::BinaryOp::Mul,
            &Operand::Block(left),
            &Operand::Const(matrix.clone()),
        )?;
        match made {
            Operand::Block(block) => Ok(block),
            Operand::Const(_) => Err(refuse(&node, "a product of constants")),
        }
    }
}

fn joined_labels(operands: &[Operand]) -> Option<Labels> {
    let mut all: Option<Labels> = None;
    for operand in operands {
        let Operand::Const(constant) = operand else { return None };
        all = Some(match (all, &constant.values) {
            (None, values) => values.clone(),
            (Some(Labels::F64(a)), Labels::F64(b)) => Labels::F64([a, b.clone()].concat()),
            (Some(Labels::I64(a)), Labels::I64(b)) => Labels::I64([a, b.clone()].concat()),
            (Some(Labels::Bool(a)), Labels::Bool(b)) => Labels::Bool([a, b.clone()].concat()),
            (Some(Labels::Text(a)), Labels::Text(b)) => Labels::Text([a, b.clone()].concat()),
            (Some(_), _) => return None,
        });
    }
    all
}

fn extents_of(syms: &[Sym]) -> Option<Sym> {
    let mut all = Vec::new();
    for sym in syms {
        match sym {
            Sym::Extents(extents) => all.extend(extents),
            Sym::Const(constant) => all.extend(constant.ints()?),
            _ => return None,
        }
    }
    Some(Sym::Extents(all))
}
