//! Operators that move elements, sum them, and pick the largest.

use std::sync::Arc;

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{Kind, Labels, Linear, Link, Matrix, Op, Ordinal, Summation, Unknown};

use super::{
    Raise, attributes,
    attributes::refuse,
    sym::{Block, Chosen, Const, Stage, Sym, Val},
};

impl Raise<'_> {
    pub(super) fn reshape(&mut self, node: &Node) -> Result<Sym, Failure> {
        let sym = self.meaning(node, 0)?;
        let shape = self.constant_arg(node, 1);
        let shape = shape.as_ref().and_then(Const::ints).unwrap_or_default();
        let size = |extent: i64| u32::try_from(extent).ok().filter(|&n| n > 0);
        match (&sym, shape) {
            (Sym::Position(_) | Sym::Label(..) | Sym::Estimated(_), [_] | [_, 1]) => Ok(sym),
            (Sym::Trees(ensemble, Stage::Direct | Stage::Looked), &[-1, rounds, outputs]) => {
                let (Some(rounds), Some(outputs)) = (size(rounds), size(outputs)) else {
                    return Err(refuse(node, "empty rounds"));
                };
                if rounds.checked_mul(outputs) != Some(ensemble.targets) {
                    return Err(refuse(node, "rounds that do not fit the targets"));
                }
                Ok(Sym::Trees(Arc::clone(ensemble), Stage::Rounds(rounds, outputs)))
            }
            (_, shape) => {
                let value = self.as_value(node, &sym)?;
                let width = i64::from(value.width);
                match shape {
                    &[-1, columns] | &[0, columns] if columns == width || columns == -1 => Ok(sym),
                    [_] if width == 1 => Ok(Sym::Block(Block::new(value, Vec::new()))),
                    _ => Err(refuse(node, "rows of another width")),
                }
            }
        }
    }

    pub(super) fn unsqueeze(&mut self, node: &Node) -> Result<Sym, Failure> {
        let axes = self.constant_arg(node, 1);
        let axes = match axes.as_ref().and_then(Const::ints) {
            Some(axes) => axes.to_vec(),
            None => attributes::ints(node, "axes")?.to_vec(),
        };
        if axes != [1] {
            return Err(refuse(node, "an axis other than 1"));
        }
        match self.meaning(node, 0)? {
            sum @ Sym::Sum(_) => Ok(sum),
            Sym::Block(_) => Err(refuse(node, "an axis among several")),
            sym => {
                let value = self.as_value(node, &sym)?;
                self.vector(value).map(Sym::Raised)
            }
        }
    }

    pub(super) fn running(&mut self, node: &Node) -> Result<Sym, Failure> {
        let axis = self.constant_arg(node, 1);
        let axis = axis.as_ref().and_then(Const::ints).and_then(|axis| axis.first().copied());
        let plain = attributes::int(node, "exclusive", 0)? == 0
            && attributes::int(node, "reverse", 0)? == 0;
        match (self.meaning(node, 0)?, axis) {
            (Sym::Trees(ensemble, Stage::Rounds(rounds, outputs)), Some(1)) if plain => {
                Ok(Sym::Trees(ensemble, Stage::Running(rounds, outputs)))
            }
            (sym @ Sym::Products(..), Some(2)) if plain => Ok(Sym::Running(Box::new(sym), 2)),
            (sym @ Sym::Linked { .. }, Some(1)) if plain => Ok(Sym::Running(Box::new(sym), 1)),
            _ => Err(refuse(node, "running sums by themselves")),
        }
    }

    /// `Gather` along an axis, and `ArrayFeatureExtractor`.
    pub(super) fn gather(&mut self, node: &Node, axis: i64) -> Result<Sym, Failure> {
        let (data, indices) = (self.meaning(node, 0)?, self.meaning(node, 1)?);
        match (data, indices) {
            // Rows of a matrix are no labels.
            (Sym::Const(labels), Sym::Position(chosen))
                if labels.shape.first() == Some(&(labels.values.len() as u64))
                    || (axis == 1 && labels.is_row()) =>
            {
                Ok(Sym::Label(labels.values, chosen))
            }
            (Sym::Const(table), Sym::Trees(ensemble, Stage::Numbers)) if axis == 0 => {
                let found = ensemble
                    .looked_up(&table)
                    .ok_or_else(|| refuse(node, "leaf numbers beyond the table"))?;
                let stage = match *table.shape.as_slice() {
                    [_, width] => {
                        let width = u32::try_from(width).unwrap_or(1).max(1);
                        Stage::Rounds(found.targets / width, width)
                    }
                    _ => Stage::Looked,
                };
                Ok(Sym::Trees(Arc::new(found), stage))
            }
            (Sym::Const(codes), Sym::Value(position)) if axis == 0 => {
                self.ordinal(node, &codes, position)
            }
            (data, Sym::Const(indices)) if indices.shape.len() < 2 || axis != 1 => {
                // One position without an axis leaves none.
                let alone = node.op_type == "Gather"
                    && axis == 1
                    && indices.shape.is_empty()
                    && matches!(data, Sym::Value(_));
                let indices = indices
                    .ints()
                    .map(<[i64]>::to_vec)
                    .ok_or_else(|| refuse(node, "positions that are no integers"))?;
                let made = self.taken(node, data, &indices, axis)?;
                match made {
                    Sym::Value(value) if alone => Ok(Sym::Block(Block::new(value, Vec::new()))),
                    made => Ok(made),
                }
            }
            _ => Err(refuse(node, "positions that depend on the row")),
        }
    }

    /// Elements at constant positions.
    fn taken(
        &mut self,
        node: &Node,
        data: Sym,
        indices: &[i64],
        axis: i64,
    ) -> Result<Sym, Failure> {
        match (data, indices) {
            (Sym::Trees(ensemble, Stage::Running(rounds, outputs)), [last])
                if axis == 1 && *last == i64::from(rounds) - 1 =>
            {
                let summation =
                    if ensemble.wide { Summation::SequentialF64 } else { Summation::SequentialF32 };
                self.added_as(&ensemble, outputs, summation).map(Sym::Value)
            }
            (Sym::Running(of, 2), [last]) if axis == 2 => {
                let Sym::Products(value, matrix) = *of else {
                    return Err(refuse(node, "a sum of something else"));
                };
                self.sequential(node, value, &matrix, *last)
            }
            (Sym::Running(of, 1), [last]) if axis == 1 => match &*of {
                Sym::Linked { margins, .. } if *last == i64::from(margins.width) - 1 => {
                    Ok(Sym::Sum(of))
                }
                _ => Err(refuse(node, "a part of a running sum")),
            },
            (Sym::Linked { link, margins, binary }, &[class]) if axis == 1 => {
                let class = u32::try_from(class)
                    .map_err(|error| refuse(node, "a negative position").caused_by(error))?;
                Ok(Sym::Probability { link, margins, binary, class })
            }
            (data, indices) if axis == 1 => {
                let value = self.as_value(node, &data)?;
                self.columns(node, value, indices)
            }
            _ => Err(refuse(node, format!("positions along axis {axis}"))),
        }
    }

    fn columns(&mut self, node: &Node, value: Val, indices: &[i64]) -> Result<Sym, Failure> {
        let width = i64::from(value.width);
        let indices: Vec<u32> = indices
            .iter()
            .map(|&i| if i < 0 { i + width } else { i })
            .map(|i| u32::try_from(i).ok().filter(|&i| i < value.width))
            .collect::<Option<_>>()
            .ok_or_else(|| refuse(node, "a position beyond the vector"))?;
        if let ([one], Some(Op::Concat(args))) = (indices.as_slice(), self.op_of(value))
            && args.len() == value.width as usize
            && let Some(&id) = args.get(*one as usize)
        {
            return Ok(Sym::Value(Val { id, width: 1, scalar: true, ..value }));
        }
        let count = u32::try_from(indices.len()).unwrap_or(u32::MAX);
        let value = self.vector(value)?;
        self.push(Op::Select { arg: value.id, indices }, value.kind, count, false).map(Sym::Value)
    }

    /// Codes looked up by the position of a category, 0 standing for none.
    fn ordinal(&mut self, node: &Node, codes: &Const, position: Val) -> Result<Sym, Failure> {
        let found = match self.op_of(position) {
            Some(&Op::Cast { arg, to: Kind::I64 }) => self.model.nodes.get(arg),
            _ => None,
        };
        let one_hot = found.and_then(|found| {
            let Op::Linear(linear) = &found.op else { return None };
            let counted = (1..).zip(&linear.coefficients.data);
            let counts = linear.coefficients.rows == 1
                && counted.into_iter().all(|(i, v)| f64::from(i).total_cmp(v).is_eq())
                && linear.intercepts == [0.0];
            let Op::OneHot(one_hot) = &self.model.nodes.get(linear.arg)?.op else { return None };
            (counts && one_hot.drop.is_none()).then(|| one_hot.clone())
        });
        let (Some(one_hot), Some(codes_list)) = (one_hot, codes.floats()) else {
            return Err(refuse(node, "a table looked up by row"));
        };
        let [unlisted, listed @ ..] = codes_list.as_slice() else {
            return Err(refuse(node, "an empty table"));
        };
        if listed.len() != one_hot.categories.len() {
            return Err(refuse(node, "codes and categories disagree"));
        }
        let op = Op::Ordinal(Ordinal {
            arg: one_hot.arg,
            categories: one_hot.categories,
            codes: listed.to_vec(),
            unknown: Unknown::Code(*unlisted),
            kind: codes.kind,
        });
        self.push(op, codes.kind, 1, true).map(Sym::Value)
    }

    /// The sums of products added in order.
    fn sequential(
        &mut self,
        node: &Node,
        value: Val,
        matrix: &Const,
        last: i64,
    ) -> Result<Sym, Failure> {
        let (Labels::F64(data), [1, rows, columns]) = (&matrix.values, matrix.shape.as_slice())
        else {
            return Err(refuse(node, "no matrix"));
        };
        let rows = u32::try_from(*rows).unwrap_or(u32::MAX);
        if *columns != u64::from(value.width) || last != i64::from(value.width) - 1 {
            return Err(refuse(node, "a part of a sum"));
        }
        let summation = match value.kind {
            Kind::F32 => Summation::SequentialF32,
            Kind::F64 => Summation::SequentialF64,
            Kind::I64 | Kind::Bool | Kind::Text => return Err(refuse(node, "sums of integers")),
        };
        self.weighted(value, rows, data.clone(), summation)
    }

    fn weighted(
        &mut self,
        value: Val,
        rows: u32,
        data: Vec<f64>,
        summation: Summation,
    ) -> Result<Sym, Failure> {
        let op = Op::Linear(Linear {
            arg: value.id,
            coefficients: Matrix { rows, columns: value.width, data },
            intercepts: vec![0.0; rows as usize],
            summation,
        });
        self.push(op, value.kind, rows, false).map(Sym::Value)
    }

    pub(super) fn matmul(&mut self, node: &Node) -> Result<Sym, Failure> {
        let matrix =
            self.constant_arg(node, 1).ok_or_else(|| refuse(node, "a product of two values"))?;
        self.product(node, &matrix, false)
    }

    pub(super) fn gemm(&mut self, node: &Node) -> Result<Sym, Failure> {
        let plain = ["alpha", "beta"].iter().all(|name| match node.attribute(name) {
            None => true,
            Some(holdall_graph::Attribute::Float(value)) => value.total_cmp(&1.0).is_eq(),
            Some(_) => false,
        });
        if !plain || attributes::int(node, "transA", 0)? != 0 {
            return Err(refuse(node, "scaled or transposed rows"));
        }
        let matrix =
            self.constant_arg(node, 1).ok_or_else(|| refuse(node, "a product of two values"))?;
        let transposed = attributes::int(node, "transB", 0)? != 0;
        let Sym::Value(value) = self.product(node, &matrix, transposed)? else {
            return Err(refuse(node, "no product"));
        };
        if node.inputs.len() < 3 {
            return Ok(Sym::Value(value));
        }
        let added = self.constant_arg(node, 2).and_then(|constant| constant.floats());
        let (Some(Op::Linear(linear)), Some(added)) = (self.op_of(value), added) else {
            return Err(refuse(node, "a sum with something other than a constant"));
        };
        let mut linear = linear.clone();
        linear.intercepts = match added.as_slice() {
            [one] => vec![*one; value.width as usize],
            all if all.len() == value.width as usize => added,
            _ => return Err(refuse(node, "intercepts and rows disagree")),
        };
        self.push(Op::Linear(linear), value.kind, value.width, false).map(Sym::Value)
    }

    fn product(&mut self, node: &Node, matrix: &Const, transposed: bool) -> Result<Sym, Failure> {
        let value = self.arg_value(node, 0)?;
        let value = self.vector(value)?;
        let (Labels::F64(data), &[first, second]) = (&matrix.values, matrix.shape.as_slice())
        else {
            return Err(refuse(node, "expected a matrix of floats"));
        };
        let (columns, rows) = if transposed { (second, first) } else { (first, second) };
        if columns != u64::from(value.width) || !value.kind.is_float() || rows == 0 {
            return Err(refuse(node, "matrix and vector disagree"));
        }
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let data = if transposed {
            data.clone()
        } else {
            (0..rows as usize)
                .flat_map(|r| data.iter().skip(r).step_by(rows as usize).copied())
                .collect()
        };
        let summation = if value.kind == Kind::F32 { Summation::AnyF32 } else { Summation::AnyF64 };
        self.weighted(value, rows, data, summation)
    }

    pub(super) fn concat(&mut self, node: &Node) -> Result<Sym, Failure> {
        let mut syms = Vec::with_capacity(node.inputs.len());
        for position in 0..node.inputs.len() {
            syms.push(self.meaning(node, position)?);
        }
        if let Some(sym) = self.both_probabilities(node, &syms)? {
            return Ok(sym);
        }
        let axis = attributes::int(node, "axis", 1)?;
        if axis != 1 && axis != -1 {
            return Err(refuse(node, "rows joined below one another"));
        }
        let mut args = Vec::with_capacity(syms.len());
        let mut total = 0_u32;
        let mut kind = None;
        for sym in &syms {
            let value = self.as_value(node, sym)?;
            total = total.saturating_add(value.width);
            if *kind.get_or_insert(value.kind) != value.kind {
                return Err(refuse(node, "values of different kinds"));
            }
            args.push(value.id);
        }
        let kind = kind.ok_or_else(|| refuse(node, "nothing to join"))?;
        self.push(Op::Concat(args), kind, total, false).map(Sym::Value)
    }

    /// `[1 − p, p]`.
    fn both_probabilities(&mut self, node: &Node, syms: &[Sym]) -> Result<Option<Sym>, Failure> {
        let [_, second] = syms else { return Ok(None) };
        let subtracts = self.producer(node, 0).is_some_and(|first| {
            first.op_type == "Sub"
                && self.constant_arg(first, 0).is_some_and(|c| c.is_all(1.0))
                && first.inputs.get(1) == node.inputs.get(1)
        });
        if !subtracts {
            return Ok(None);
        }
        let (link, margins) = match second {
            Sym::Linked { link: Link::Logistic, margins, binary: false } => {
                (Link::Logistic, *margins)
            }
            other => match self.try_value(other)? {
                Some(value) => (Link::Identity, value),
                None => return Ok(None),
            },
        };
        if margins.width != 1 || margins.scalar {
            return Ok(None);
        }
        Ok(Some(Sym::Linked { link, margins, binary: true }))
    }

    pub(super) fn softmax(&mut self, node: &Node) -> Result<Sym, Failure> {
        let axis = attributes::int(node, "axis", -1)?;
        if axis != 1 && axis != -1 {
            return Err(refuse(node, format!("along axis {axis}")));
        }
        let symmetric = self.producer(node, 0).filter(|both| {
            both.op_type == "Concat"
                && both.inputs.len() == 2
                && self.producer(both, 0).is_some_and(|first| {
                    first.op_type == "Neg" && first.inputs.first() == both.inputs.get(1)
                })
        });
        if let Some(both) = symmetric.cloned() {
            let margins = self.arg_value(&both, 1)?;
            if margins.width == 1 && !margins.scalar {
                return Ok(Sym::Linked { link: Link::SoftmaxSymmetric, margins, binary: true });
            }
        }
        let margins = self.arg_value(node, 0)?;
        Ok(Sym::Linked { link: Link::Softmax, margins, binary: false })
    }

    pub(super) fn arg_max(&mut self, node: &Node) -> Result<Sym, Failure> {
        let axis = attributes::int(node, "axis", 0)?;
        if (axis != 1 && axis != -1) || attributes::int(node, "select_last_index", 0)? != 0 {
            return Err(refuse(node, "another axis, or the last of equals"));
        }
        // NaN replaced by the lowest number is how the model ranks it.
        let guarded = self.producer(node, 0).filter(|guard| {
            guard.op_type == "Where"
                && self.constant_arg(guard, 1).is_some_and(|c| c.is_all(f64::NEG_INFINITY))
                && self.producer(guard, 0).is_some_and(|test| {
                    test.op_type == "IsNaN" && test.inputs.first() == guard.inputs.get(2)
                })
        });
        let scores = match guarded {
            Some(guard) => self.meaning(guard, 2)?,
            None => self.meaning(node, 0)?,
        };
        if !scores.is_score() {
            return Err(refuse(node, "the position of the largest of something else"));
        }
        Ok(Sym::Position(Chosen::Largest(Box::new(scores))))
    }
}
