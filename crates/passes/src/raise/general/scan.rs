//! `Scan` over the rows of a constant matrix, as distances are written: every row is met at once.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_graph::{Attribute, Graph, Node, ValueId};
use holdall_tabular::{BinaryOp, UnaryOp};

use super::{Operand, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    read_weight,
    sym::{Block, Const, Sym},
};

/// A value of the body: the state is `[N, 1, width]`, a scanned row `[1, rows, width]`.
struct Body<'g> {
    graph: &'g Graph,
    meanings: BTreeMap<ValueId, Operand>,
}

impl Body<'_> {
    fn operand(&self, node: &Node, position: usize) -> Result<Operand, Failure> {
        let unknown = || refuse(node, "a body that takes more than its own values");
        let id = node.inputs.get(position).copied().flatten().ok_or_else(unknown)?;
        if let Some(found) = self.meanings.get(&id) {
            return Ok(found.clone());
        }
        self.graph
            .weight_of(id)
            .map(read_weight)
            .transpose()?
            .map(Operand::Const)
            .ok_or_else(unknown)
    }

    /// The axes of a reduction, from the input or the attribute.
    fn axes(&self, node: &Node) -> Result<Vec<i64>, Failure> {
        if node.inputs.get(1).copied().flatten().is_none() {
            return Ok(attributes::ints(node, "axes")?.to_vec());
        }
        match self.operand(node, 1)? {
            Operand::Const(constant) => constant.ints().map(<[i64]>::to_vec),
            Operand::Block(_) => None,
        }
        .ok_or_else(|| refuse(node, "axes that depend on the row"))
    }
}

impl Raise<'_> {
    pub(super) fn scanned(&mut self, node: &Node) -> Result<Vec<Sym>, Failure> {
        let Some(Attribute::Graph(body)) = node.attribute("body") else {
            return Err(refuse(node, "no body"));
        };
        let unfit = || refuse(node, "a body that is no distance to the rows of a matrix");
        let (state, rows) = (self.operand(node, 0)?, self.operand(node, 1)?);
        let (Operand::Block(state), Operand::Const(rows)) = (&state, &rows) else {
            return Err(unfit());
        };
        let two = node.inputs.len() == 2 && body.inputs.len() == 2 && body.outputs.len() == 2;
        let axes = state.axes();
        let ([None, Some(width)], &[count, own]) = (axes.as_slice(), rows.shape.as_slice()) else {
            return Err(unfit());
        };
        let plain = ["scan_input_axes", "scan_input_directions", "scan_output_axes"]
            .iter()
            .all(|name| matches!(node.attribute(name), None | Some(Attribute::Ints(_))));
        if !two || !plain || own != *width {
            return Err(unfit());
        }
        let raised = Block::new(state.value, vec![1, own]);
        let stacked = Const { shape: vec![1, count, own], ..rows.clone() };
        let (Some(&first), Some(&second)) = (body.inputs.first(), body.inputs.get(1)) else {
            return Err(unfit());
        };
        let mut inner = Body { graph: body.as_ref(), meanings: BTreeMap::new() };
        let kept = Operand::Block(raised.clone());
        inner.meanings.insert(first, kept.clone());
        inner.meanings.insert(second, Operand::Const(stacked));
        for (_, step) in body.nodes.iter() {
            let made = self.step(step, &inner)?;
            if let Some(output) = step.outputs.first().copied().flatten() {
                inner.meanings.insert(output, made);
            }
        }
        let result = |at: usize| body.outputs.get(at).and_then(|id| inner.meanings.get(id));
        let (Some(after), Some(Operand::Block(distances))) = (result(0), result(1)) else {
            return Err(unfit());
        };
        if *after != kept || distances.dims != [count] || distances.rows != 0 {
            return Err(unfit());
        }
        let state = with_axes(&state.axes(), state.value);
        Ok(vec![state, with_axes(&[Some(count), None], distances.value)])
    }

    /// An operator of the body; its axis 1 is the last.
    fn step(&mut self, node: &Node, body: &Body<'_>) -> Result<Operand, Failure> {
        let first = body.operand(node, 0)?;
        let pair = |op: BinaryOp| -> Result<_, Failure> { Ok((op, body.operand(node, 1)?)) };
        let (op, second) = match node.op_type.as_str() {
            "Identity" => return Ok(first),
            "Sub" => pair(BinaryOp::Sub)?,
            "Add" => pair(BinaryOp::Add)?,
            "Mul" => pair(BinaryOp::Mul)?,
            "Abs" => {
                let Operand::Block(block) = first else {
                    return Err(refuse(node, "a function of a constant"));
                };
                let value = self.unary(UnaryOp::Abs, block.value)?;
                return Ok(Operand::Block(Block { value, ..block }));
            }
            "ReduceSumSquare" | "ReduceSum" => {
                let axes = body.axes(node)?;
                let last = matches!(axes.as_slice(), [1 | -1]);
                let Operand::Block(block) = first else {
                    return Err(refuse(node, "a sum of constants"));
                };
                if !last || attributes::int(node, "keepdims", 1)? != 0 || block.dims.len() != 2 {
                    return Err(refuse(node, "a sum along another axis"));
                }
                let squared = node.op_type == "ReduceSumSquare";
                let value = self.last_sums(node, &block, squared)?;
                let count = block.dims.first().copied().unwrap_or(1);
                return Ok(Operand::Block(Block::new(value, vec![count])));
            }
            _ => return Err(refuse(node, "no counterpart in tabular models, within a scan")),
        };
        self.pair(node, op, &first, &second)
    }
}
