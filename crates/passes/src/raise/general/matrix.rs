//! Products of matrices.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{BinaryOp, Kind, Labels, Linear, Matrix, Op, Summation};

use super::{MAX_ELEMENTS, Operand, elementwise, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    sym::{Block, Const, Sym, Val},
};

impl Raise<'_> {
    pub(super) fn multiplied(&mut self, node: &Node) -> Result<Sym, Failure> {
        let (left, right) = (self.operand(node, 0)?, self.operand(node, 1)?);
        self.product_of(node, left, right)
    }

    fn product_of(&mut self, node: &Node, left: Operand, right: Operand) -> Result<Sym, Failure> {
        match (left, right) {
            (Operand::Block(block), Operand::Const(matrix)) => {
                let (data, [inner, outer]) = matrix_of(node, &matrix)?;
                // [N, …, k] × [k, m]
                let axes = block.axes();
                if axes.last() != Some(&Some(inner)) {
                    return Err(refuse(node, "matrix and vector disagree"));
                }
                let transposed = turned(&data, inner, outer);
                let made = self.products_along(node, &block, (inner, outer), &transposed)?;
                let mut to = axes;
                to.pop();
                if matrix.shape.len() > 1 {
                    to.push(Some(outer));
                }
                Ok(with_axes(&to, made))
            }
            (Operand::Const(matrix), Operand::Block(block)) => {
                let (data, [outer, inner]) = matrix_of(node, &matrix)?;
                // [m, k] × [k, N]
                if block.axes() != [Some(inner), None] {
                    return Err(refuse(node, "matrix and columns disagree"));
                }
                let made = self.products_along(node, &block, (inner, outer), &data)?;
                Ok(with_axes(&[Some(outer), None], made))
            }
            (Operand::Block(left), Operand::Block(right)) => {
                // [N, rows, terms] × [N, terms, columns], by products and sums.
                let unfit = || refuse(node, "a product of two values");
                let (own, other) = (left.axes(), right.axes());
                let ([None, Some(rows), Some(terms)], [None, Some(same), Some(columns)]) =
                    (own.as_slice(), other.as_slice())
                else {
                    return Err(unfit());
                };
                if terms != same {
                    return Err(unfit());
                }
                let extents = [*rows, *terms, *columns];
                let made = self.dots_between(node, left.value, right.value, extents)?;
                Ok(with_axes(&[None, Some(*rows), Some(*columns)], made))
            }
            (Operand::Const(_), Operand::Const(_)) => Err(refuse(node, "a product of constants")),
        }
    }

    fn dots_between(
        &mut self,
        node: &Node,
        left: Val,
        right: Val,
        [rows, terms, columns]: [u64; 3],
    ) -> Result<Val, Failure> {
        if rows * terms * columns > MAX_ELEMENTS as u64 {
            return Err(refuse(node, "a product of large values"));
        }
        let place = |at: u64| u32::try_from(at).unwrap_or(u32::MAX);
        let mut ids = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                let along = (0..terms).map(|term| place(row * terms + term)).collect();
                let down = (0..terms).map(|term| place(term * columns + column)).collect();
                let (along, down) = (self.picked(left, along)?, self.picked(right, down)?);
                let (along, down) = (self.vector(along)?, self.vector(down)?);
                let op = Op::Binary { op: BinaryOp::Mul, left: along.id, right: down.id };
                let products = self.push(op, along.kind, along.width, false)?;
                ids.push(self.reduce_vector(products, holdall_tabular::ReduceOp::Sum)?.id);
            }
        }
        let width = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        self.push(Op::Concat(ids), left.kind, width, false)
    }

    /// Every run of `inner` elements times each row of a matrix.
    fn products_along(
        &mut self,
        node: &Node,
        block: &Block,
        (inner, outer): (u64, u64),
        data: &[f64],
    ) -> Result<Val, Failure> {
        let value = self.vector(block.value)?;
        if !value.kind.is_float() {
            return Err(refuse(node, format!("products of {}", value.kind)));
        }
        let columns = u32::try_from(inner).unwrap_or(u32::MAX);
        let rows = u32::try_from(outer).unwrap_or(u32::MAX);
        let runs = u64::from(value.width) / inner.max(1);
        if runs > 1 << 10 || outer == 0 {
            return Err(refuse(node, "products of too many vectors"));
        }
        let summation = if value.kind == Kind::F32 { Summation::AnyF32 } else { Summation::AnyF64 };
        let mut made = Vec::new();
        for run in 0..u32::try_from(runs).unwrap_or(u32::MAX) {
            let part = self.picked(value, (run * columns..(run + 1) * columns).collect())?;
            let part = self.vector(part)?;
            let op = Op::Linear(Linear {
                arg: part.id,
                coefficients: Matrix { rows, columns, data: data.to_vec() },
                intercepts: vec![0.0; rows as usize],
                summation,
            });
            made.push(self.push(op, value.kind, rows, false)?);
        }
        if let [one] = *made.as_slice() {
            return Ok(one);
        }
        let ids = made.iter().map(|value| value.id).collect();
        let width = rows.saturating_mul(u32::try_from(made.len()).unwrap_or(u32::MAX));
        self.push(Op::Concat(ids), value.kind, width, false)
    }

    pub(super) fn affine(&mut self, node: &Node) -> Result<Sym, Failure> {
        let scalar = |name: &str| match node.attribute(name) {
            Some(holdall_graph::Attribute::Float(value)) => f64::from(*value),
            _ => 1.0,
        };
        let mut sides = Vec::new();
        for (position, name) in [(0, "transA"), (1, "transB")] {
            let operand = self.operand(node, position)?;
            let turn = attributes::int(node, name, 0)? != 0;
            sides.push(match operand {
                Operand::Const(constant) if turn => {
                    let (data, [rows, columns]) = matrix_of(node, &constant)?;
                    let values = Labels::F64(turned(&data, rows, columns));
                    Operand::Const(Const {
                        kind: constant.kind,
                        shape: vec![columns, rows],
                        values,
                    })
                }
                Operand::Block(block) if turn && block.dims.len() == 1 => {
                    Operand::Block(Block { rows: 1 - block.rows.min(1), ..block })
                }
                operand => operand,
            });
        }
        let (Some(right), Some(left)) = (sides.pop(), sides.pop()) else {
            return Err(refuse(node, "a product of one"));
        };
        let product = self.product_of(node, left, right)?;
        let mut sum =
            self.operand_of(&product)?.ok_or_else(|| refuse(node, "a product of constants"))?;
        let alpha = scalar("alpha");
        if (alpha - 1.0).abs() > 0.0 {
            let by = elementwise::one_of(sum.kind(), alpha);
            sum = self.pair(node, BinaryOp::Mul, &sum, &by)?;
        }
        if node.inputs.get(2).copied().flatten().is_some() {
            let mut added = self.operand(node, 2)?;
            let beta = scalar("beta");
            if (beta - 1.0).abs() > 0.0 {
                let by = elementwise::one_of(added.kind(), beta);
                added = self.pair(node, BinaryOp::Mul, &added, &by)?;
            }
            sum = self.pair(node, BinaryOp::Add, &sum, &added)?;
        }
        Ok(elementwise::sym_of(sum))
    }
}

fn matrix_of(node: &Node, constant: &Const) -> Result<(Vec<f64>, [u64; 2]), Failure> {
    let shape = match *constant.shape.as_slice() {
        [rows, columns] | [1, rows, columns] => [rows, columns],
        [rows] => [rows, 1],
        _ => return Err(refuse(node, "expected a matrix of floats")),
    };
    match &constant.values {
        Labels::F64(data) => Ok((data.clone(), shape)),
        _ => Err(refuse(node, "expected a matrix of floats")),
    }
}

/// A matrix given by rows, by columns.
fn turned(data: &[f64], rows: u64, columns: u64) -> Vec<f64> {
    let (rows, columns) = (
        usize::try_from(rows).unwrap_or(usize::MAX),
        usize::try_from(columns).unwrap_or(usize::MAX),
    );
    (0..columns)
        .flat_map(|c| (0..rows).filter_map(move |r| data.get(r * columns + c).copied()))
        .collect()
}
