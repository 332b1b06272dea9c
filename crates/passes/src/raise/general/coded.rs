//! Tables looked up by position or key.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{Kind, Labels, Lookup, Op, Scalar, Transform};

use super::{MAX_ELEMENTS, Operand, fold, layout::place, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    sym::{Const, Sym, Val},
};

impl Raise<'_> {
    pub(super) fn gathered(&mut self, node: &Node) -> Result<Sym, Failure> {
        let axis = attributes::int(node, "axis", 0)?;
        let (data, mut indices) = (self.meaning(node, 0)?, self.operand(node, 1)?);
        if let (Sym::Position(_), Operand::Block(at)) = (self.meaning(node, 1)?, &mut indices)
            && self.is_flat(node, 1)?
        {
            at.dims = Vec::new();
        }
        match (data, indices) {
            (Sym::Extents(extents), Operand::Const(indices)) => {
                let picked = indices.ints().unwrap_or_default().iter();
                let picked: Option<Vec<i64>> = picked
                    .map(|&i| place(i, extents.len()).and_then(|i| extents.get(i).copied()))
                    .collect();
                picked.map(Sym::Extents).ok_or_else(|| refuse(node, "an extent of no axis"))
            }
            (Sym::RunningBlock(block, along), Operand::Const(indices)) => {
                let here = place(axis, block.axes().len());
                if here == Some(along)
                    && let Some(sum) = self.part_of_running(node, (&block, along), &indices)?
                {
                    return Ok(sum);
                }
                let block = self.prefixes(&block, along)?;
                self.gathered_at(node, Operand::Block(block), axis, &indices)
            }
            (sym, Operand::Const(indices)) => {
                let operand =
                    self.operand_of(&sym)?.ok_or_else(|| refuse(node, "a part of no tensor"))?;
                self.gathered_at(node, operand, axis, &indices)
            }
            (Sym::Const(table), Operand::Block(at)) => {
                if place(axis, table.shape.len()) != Some(0) {
                    return Err(refuse(node, "columns of a table that depend on the row"));
                }
                let value = self.rows_of_table(node, &table, at.value)?;
                let mut axes = at.axes();
                axes.extend(table.shape.iter().skip(1).copied().map(Some));
                Ok(with_axes(&axes, value))
            }
            _ => Err(refuse(node, "positions that depend on the row")),
        }
    }

    /// Whether the position of a largest element has lost its second axis.
    fn is_flat(&self, node: &Node, at: usize) -> Result<bool, Failure> {
        let mut made = self.producer(node, at);
        while let Some(cast) =
            made.filter(|made| matches!(made.op_type.as_str(), "Cast" | "Identity"))
        {
            made = self.producer(cast, 0);
        }
        match made.map(|made| (made, made.op_type.as_str())) {
            Some((made, "ArgMax")) => Ok(attributes::int(made, "keepdims", 1)? == 0),
            Some((_, "Squeeze")) => Ok(true),
            Some((made, "Reshape")) => {
                let shape = self.constant_arg(made, 1);
                Ok(shape.is_some_and(|shape| shape.values.len() == 1))
            }
            _ => Err(refuse(node, "a position of unknown shape")),
        }
    }

    /// `ArrayFeatureExtractor`: elements of the last axis. Of a constant list by positions of rows it makes one
    /// long row; what follows takes it apart again, so it stands as rows.
    pub(in crate::raise) fn extracted(&mut self, node: &Node) -> Result<Sym, Failure> {
        match (self.operand(node, 0)?, self.operand(node, 1)?) {
            (data, Operand::Const(indices)) => {
                let chosen = indices.ints().map(<[i64]>::to_vec);
                let chosen = chosen.ok_or_else(|| refuse(node, "positions of another kind"))?;
                let shape = [chosen.len() as u64];
                let axis = data.axes().len().saturating_sub(1);
                self.along(node, data, axis, &chosen, &shape)
            }
            (Operand::Const(list), Operand::Block(at)) => {
                let flat = Const { shape: vec![list.values.len() as u64], ..list };
                let value = self.rows_of_table(node, &flat, at.value)?;
                Ok(with_axes(&[None, Some(u64::from(value.width))], value))
            }
            (Operand::Block(_), Operand::Block(_)) => {
                Err(refuse(node, "positions that depend on the row"))
            }
        }
    }

    fn gathered_at(
        &mut self,
        node: &Node,
        operand: Operand,
        axis: i64,
        indices: &Const,
    ) -> Result<Sym, Failure> {
        let axis = place(axis, operand.axes().len()).ok_or_else(|| refuse(node, "no such axis"))?;
        let chosen = indices.ints().ok_or_else(|| refuse(node, "positions of another kind"))?;
        self.along(node, operand, axis, chosen, &indices.shape)
    }

    /// Rows of a constant table by positions that depend on the row.
    fn rows_of_table(&mut self, node: &Node, table: &Const, at: Val) -> Result<Val, Failure> {
        let rows = table.shape.first().copied().unwrap_or(0);
        let columns = table.values.len() as u64 / rows.max(1);
        let count = u64::from(at.width) * columns;
        if at.kind != Kind::I64 || count * rows > MAX_ELEMENTS as u64 {
            return Err(refuse(node, "a large table looked up by row"));
        }
        let mut args = Vec::new();
        for i in 0..at.width {
            let position = self.element(node, at, i)?;
            for column in 0..columns {
                let places: Vec<u32> = (0..rows)
                    .map(|row| u32::try_from(row * columns + column).unwrap_or(u32::MAX))
                    .collect();
                let values = fold::pick(&table.values, &places);
                args.push(self.listed(position, &values, table.kind)?);
            }
        }
        if let [one] = *args.as_slice() {
            return Ok(one);
        }
        let width = u32::try_from(args.len()).unwrap_or(u32::MAX);
        let ids = args.iter().map(|value| value.id).collect();
        self.push(Op::Concat(ids), table.kind, width, false)
    }

    /// The value at a position.
    pub(super) fn listed(&mut self, at: Val, values: &Labels, kind: Kind) -> Result<Val, Failure> {
        let keys = Labels::I64((0_i64..).take(values.len()).collect());
        let found = self.looked(at, &keys, values, None)?;
        self.cast_to(found, kind)
    }

    /// The value of a key.
    pub(in crate::raise) fn looked(
        &mut self,
        arg: Val,
        keys: &Labels,
        values: &Labels,
        default: Option<Scalar>,
    ) -> Result<Val, Failure> {
        let arg = if arg.scalar || arg.width != 1 {
            arg
        } else {
            self.element(&unnamed("Gather"), arg, 0)?
        };
        let op = Op::Transform(Transform::Lookup(Lookup {
            args: vec![arg.id],
            keys: vec![keys.clone()],
            values: values.clone(),
            default,
            missing: None,
        }));
        self.push(op, values.kind(), 1, true)
    }
}

pub(in crate::raise) fn unnamed(op_type: &str) -> Node {
    Node {
        domain: String::new(),
        op_type: op_type.to_owned(),
        name: String::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        attributes: Vec::new(),
    }
}
