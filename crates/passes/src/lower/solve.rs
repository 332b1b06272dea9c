//! Weights that solve a system of equations a row: the Cholesky factor, written out step by step.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::Matrix;

use super::{Context, build::inexpressible, neighbors::Counted};

impl Context<'_> {
    /// `[N, count]`: the weights whose mean of the near rows comes closest to the row, by the Cholesky factor of
    /// the products of what lies between them.
    pub(super) fn barycentric(
        &mut self,
        counted: &Counted,
        x: ValueId,
        rows: &Matrix,
        by: f64,
    ) -> Result<ValueId, Failure> {
        let near = self.of_rows(counted, rows)?;
        let x = self.builder.raised(x, 1)?;
        let apart = self.builder.two("Sub", near, x)?;
        let count = counted.count as usize;
        let mut lines = Vec::with_capacity(count);
        for place in 0..counted.count {
            let line = self.builder.columns(apart, &[place])?;
            lines.push(self.builder.flattened(line, 1)?);
        }
        let mut products: Vec<Vec<ValueId>> = Vec::with_capacity(count);
        for (i, &line) in lines.iter().enumerate() {
            let mut row = Vec::with_capacity(i + 1);
            for &other in lines.iter().take(i + 1) {
                let product = self.builder.two("Mul", other, line)?;
                row.push(self.row_sum(product, rows.columns)?);
            }
            products.push(row);
        }
        let mut trace = None;
        for line in products.iter().filter_map(|row| row.last()) {
            trace = Some(self.sum_so_far(trace, *line)?);
        }
        let trace = trace.ok_or_else(|| inexpressible("no neighbours"))?;
        let zero = self.builder.number(0.0)?;
        let apart = self.builder.two("Greater", trace, zero)?;
        let by = self.builder.number(by)?;
        let ridge = self.builder.two("Mul", by, trace)?;
        let ridge = self.builder.choose(apart, ridge, by)?;
        let mut factor: Vec<Vec<ValueId>> = Vec::with_capacity(count);
        for row in &products {
            let Some((own, row)) = row.split_last() else { continue };
            let mut line = self.forward(&factor, row)?;
            let mut known = None;
            for &v in &line {
                let square = self.builder.two("Mul", v, v)?;
                known = Some(self.sum_so_far(known, square)?);
            }
            let mut rest = self.builder.two("Add", *own, ridge)?;
            if let Some(known) = known {
                rest = self.builder.two("Sub", rest, known)?;
            }
            line.push(self.builder.one("Sqrt", rest)?);
            factor.push(line);
        }
        let one = self.builder.number(1.0)?;
        let half = self.forward(&factor, &vec![one; count])?;
        let weights = self.backward(&factor, &half)?;
        self.builder.joined(&weights, 1)
    }

    /// One more term of a sum that is added in order.
    pub(super) fn sum_so_far(
        &mut self,
        sum: Option<ValueId>,
        term: ValueId,
    ) -> Result<ValueId, Failure> {
        match sum {
            Some(sum) => self.builder.two("Add", sum, term),
            None => Ok(term),
        }
    }

    /// The v of L·v = b, for as many rows as there are.
    pub(super) fn forward(
        &mut self,
        factor: &[Vec<ValueId>],
        b: &[ValueId],
    ) -> Result<Vec<ValueId>, Failure> {
        let mut made: Vec<ValueId> = Vec::with_capacity(b.len());
        for (line, &b) in factor.iter().zip(b) {
            let Some((diagonal, line)) = line.split_last() else { continue };
            let mut known = None;
            for (&l, &v) in line.iter().zip(&made) {
                let product = self.builder.two("Mul", l, v)?;
                known = Some(self.sum_so_far(known, product)?);
            }
            let rest = match known {
                Some(known) => self.builder.two("Sub", b, known)?,
                None => b,
            };
            made.push(self.builder.two("Div", rest, *diagonal)?);
        }
        Ok(made)
    }

    /// The w of Lᵀ·w = v.
    pub(super) fn backward(
        &mut self,
        factor: &[Vec<ValueId>],
        v: &[ValueId],
    ) -> Result<Vec<ValueId>, Failure> {
        let mut made = v.to_vec();
        for i in (0..v.len()).rev() {
            let at = |line: &Vec<ValueId>| line.get(i).copied();
            let mut known = None;
            for (line, &w) in factor.iter().zip(&made).skip(i + 1) {
                let Some(l) = at(line) else { continue };
                let product = self.builder.two("Mul", l, w)?;
                known = Some(self.sum_so_far(known, product)?);
            }
            let (Some(slot), Some(diagonal)) = (made.get(i).copied(), factor.get(i).and_then(at))
            else {
                continue;
            };
            let rest = match known {
                Some(known) => self.builder.two("Sub", slot, known)?,
                None => slot,
            };
            let solved = self.builder.two("Div", rest, diagonal)?;
            if let Some(slot) = made.get_mut(i) {
                *slot = solved;
            }
        }
        Ok(made)
    }
}
